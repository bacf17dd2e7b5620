//! What people write who come from other languages, and what Rhai says instead. Knows words only, no syntax trees.

const IMPORT: &str = "Rhai says `import \"slack\" as slack;`";

const BLOCK: &str = "a block stands in braces: `if a { … }`, `for x in list { … }`";
const NAMED: &str = "arguments have no names; what takes several takes a map: `git::merge(#{ source: …, target: … })`";

/// Words that stand where the parser stops.
const STOPS: [(&[&str], &str); 18] = [
    (&["and"], "Rhai says `&&`"),
    (&["or"], "Rhai says `||`"),
    (&["not"], "Rhai says `!x`, and `x !in list`"),
    (&["is"], "Rhai says `==`; nothing is `()`"),
    (&["instanceof"], "Rhai says `type_of(x) == \"map\"`"),
    (&["=>"], "a closure is written `|x| …`; “at least” is `>=`; `=>` stands only in `switch`"),
    (&["->"], "a closure is written `|x| …`; a field is read with `.`"),
    (&["==="], "Rhai says `==`"),
    (&["!=="], "Rhai says `!=`"),
    (&["<>"], "Rhai says `!=`"),
    (&["++"], "Rhai says `x += 1`"),
    (&["--"], "Rhai says `x -= 1`"),
    (&["?"], "Rhai says `if a { b } else { c }`"),
    (&["?:"], "Rhai says `a ?? b`"),
    (&["then", "do"], BLOCK),
    (&["of"], "Rhai says `for x in list { … }`"),
    (&["except", "rescue"], "Rhai says `try { … } catch (error) { … }`"),
    (&["case", "default"], "Rhai says `switch x { \"a\" => …, _ => … }`"),
];

/// Words after which the parser stops, because Rhai does not know them.
const OPENINGS: [(&[&str], &str); 13] = [
    (&["elif", "elseif", "elsif"], "Rhai says `else if`"),
    (&["finally", "ensure"], "what is always to be done goes into `flow::always(|| …)`"),
    (&["function", "def", "func", "fun"], "Rhai says `fn name(a, b) { … }`, at the top level of the file"),
    (&["lambda"], "a closure is written `|x| …`"),
    (&["raise"], "Rhai says `throw`"),
    (&["echo", "puts", "say"], "Rhai says `print(…)`"),
    (&["del", "delete"], "Rhai says `map.remove(\"key\")`, and `list.remove(0)`"),
    (&["unless"], "Rhai says `if !… { … }`"),
    (&["foreach"], "Rhai says `for x in list { … }`"),
    (&["not"], "Rhai says `!x`, and `x !in list`"),
    (
        &["string", "int", "bool", "float", "char", "auto", "val", "local", "my"],
        "a variable is made with `let x = …`; it has no type",
    ),
    (&["f", "r"], "a text with values is written `… ${x} …`, in backticks"),
    (&["from"], IMPORT),
];

/// Words that Rhai keeps for itself.
const RESERVED: [(&[&str], &str); 9] = [
    (&["null", "nil"], "Rhai says `()`"),
    (&["var"], "Rhai says `let`"),
    (&["print"], "it is called like a function: `print(…)`"),
    (&["new"], "there are no classes: a map is written `#{ key: value }`, and `throw` takes a text or a map"),
    (&["await", "async"], "leave it out: calls wait until they are answered; `flow::parallel` does several at once"),
    (&["match", "case", "default"], "Rhai says `switch x { \"a\" => …, _ => … }`"),
    (&["#"], "a comment begins with `//`"),
    (&["$"], "a variable has no `$`; a text with values is written `… ${x} …`, in backticks"),
    (&["use", "package"], IMPORT),
];

/// Names of values.
const VALUES: [(&[&str], &str); 5] = [
    (&["None", "NULL", "Null", "undefined", "Nil"], "Rhai says `()`"),
    (&["True", "TRUE"], "Rhai says `true`"),
    (&["False", "FALSE"], "Rhai says `false`"),
    (&["pass"], "leave the block empty: `{ }`"),
    (&["console"], "Rhai says `print(…)`"),
];

/// Names of functions and methods.
const FUNCTIONS: [(&[&str], &str); 21] = [
    (&["length", "size", "count", "strlen"], "Rhai says `x.len()`"),
    (&["strip", "chomp"], "Rhai says `x.trim();`, which changes `x` where it is"),
    (&["lower", "toLowerCase", "lowercase", "downcase", "tolower"], "Rhai says `x.to_lower()`"),
    (&["upper", "toUpperCase", "uppercase", "upcase", "toupper"], "Rhai says `x.to_upper()`"),
    (
        &["includes", "include", "has", "hasOwnProperty", "has_key", "containsKey"],
        "Rhai says `x in list`, `\"key\" in map`",
    ),
    (&["join"], "there is none: `let text = \"\"; for x in list { text += x; }`"),
    (&["str", "String", "string", "toString"], "Rhai says `x.to_string()`, or `${x}` in backticks"),
    (&["Number", "parseInt", "atoi", "toInteger"], "Rhai says `parse_int(text)`"),
    (&["substring", "substr", "slice"], "Rhai says `text.sub_string(from, length)`, `list.extract(from, length)`"),
    (
        &["println", "printf", "echo", "puts", "log", "info"],
        "Rhai says `print(…)`; `flow::note(text)` stays in the journal",
    ),
    (&["assert"], "Rhai says `if !… { throw \"…\"; }`"),
    (&["isinstance", "typeof", "getClass"], "Rhai says `type_of(x)`"),
    (&["forEach", "each"], "Rhai says `for x in list { … }`"),
    (&["add", "unshift"], "Rhai says `list.push(x);`, `list.insert(0, x);`"),
    (&["format", "sprintf"], "a text with values is written `… ${x} …`, in backticks"),
    (
        &["system", "exec", "shell", "spawn", "subprocess"],
        "programs are started with `sh::run(#{ argv: [\"make\"], effect: true })`",
    ),
    (&["fetch", "curl", "urlopen"], "a server is asked with `http::get(#{ url: \"…\" })`"),
    (&["die", "fail", "error", "panic", "Error", "Exception"], "Rhai says `throw \"…\"`"),
    (&["enumerate"], "Rhai says `for (item, index) in list { … }`"),
    (&["require"], IMPORT),
    (&["date", "Date", "today", "time"], "use `flow::now()`: it is the same when the run is resumed"),
];

/// Fields that other tools name otherwise.
const FIELDS: [&[&str]; 4] = [
    &["sha", "hash", "id", "commit", "commit_id", "revision"],
    &["title", "subject", "summary"],
    &["number", "id", "iid"],
    &["date", "time", "created_at"],
];

type Table = [(&'static [&'static str], &'static str)];

fn find(table: &Table, word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, instead)| *instead)
}

/// Instead of a word that is reserved.
pub(super) fn reserved(word: &str) -> Option<&'static str> {
    find(&RESERVED, word)
}

/// Instead of a variable that does not exist.
pub(super) fn value(name: &str) -> Option<&'static str> {
    find(&VALUES, name)
}

/// Instead of a function or a method that does not exist.
pub(super) fn function(name: &str) -> Option<&'static str> {
    find(&FUNCTIONS, name)
}

/// The field that was meant: one of the known ones that other tools call like this.
pub(super) fn field<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let group = FIELDS.iter().filter(|group| group.contains(&name));
    group.flat_map(|group| group.iter()).find_map(|same| known.clone().find(|known| known == same))
}

/// What stands around the place where the parser stopped, on its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Around<'t> {
    /// What it stopped at.
    pub(super) here: &'t str,
    /// What stands before that, the nearest first, each with its column.
    pub(super) before: Vec<(usize, &'t str)>,
    column: usize,
}

/// A habit of another language: its column, the word, what Rhai says instead.
pub(super) struct Habit<'t> {
    pub(super) column: usize,
    pub(super) word: &'t str,
    pub(super) instead: &'static str,
}

impl<'t> Around<'t> {
    pub(super) fn read(text: &'t str, line: usize, column: usize) -> Self {
        let line = line.checked_sub(1).and_then(|line| text.lines().nth(line)).unwrap_or_default();
        let mut around = Self { here: "", before: Vec::new(), column };
        let (mut rest, mut at) = (line, 1);
        while let Some(first) = rest.chars().next() {
            let length = token(rest);
            let word = &rest[..length];
            // Of an operator that it does not know the parser may have read a part already.
            if at + word.chars().count() > column {
                (around.here, around.column) = (word, at);
                break;
            }
            if !first.is_whitespace() {
                around.before.insert(0, (at, word));
            }
            at += word.chars().count();
            rest = &rest[length..];
        }
        around
    }

    /// The word before, the second before that, …
    pub(super) fn back(&self, number: usize) -> &'t str {
        self.before.get(number).map_or("", |(_, word)| word)
    }

    /// The habit of which the parser stopped.
    pub(super) fn habit(&self) -> Option<Habit<'t>> {
        let opening = self.before.first().and_then(|(column, word)| {
            // Behind a dot it is a field's name.
            let is_word = !matches!(self.back(1), "." | "::");
            let is_before_text = !matches!(*word, "f" | "r") || self.here.starts_with('"');
            // `elif (…)`, `raise "…"`, `finally { … }`: never an operator.
            let begins =
                self.here.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\'' | '{' | '['));
            let instead = find(&OPENINGS, word).filter(|_| is_word && is_before_text && begins)?;
            Some(Habit { column: *column, word, instead })
        });
        let stop = || Some(Habit { column: self.column, word: self.here, instead: find(&STOPS, self.here)? });
        opening.or_else(stop).or_else(|| self.sign())
    }

    /// The habit that the signs around the place give away.
    fn sign(&self) -> Option<Habit<'t>> {
        let is = |instead| Some(Habit { column: self.column, word: self.here, instead });
        let bracket =
            self.before.iter().map(|(_, word)| *word).find(|word| matches!(*word, "{" | "(" | "[" | ";" | "}"));
        let begins = self.before.last().map_or("", |(_, word)| *word);
        match (self.here, self.back(0), self.back(1), bracket) {
            (":", _, "let" | "const", _) => is("a variable has no type: `let x = …`"),
            (":", _, "{", _) => is("a map is written `#{ key: value }`"),
            (":", _, _, Some("[")) => is("a part of a list is `list.extract(from, length)`"),
            (":", _, _, Some("(")) => is(NAMED),
            (":", "else", ..) => is(BLOCK),
            (":", ..) if matches!(begins, "if" | "for" | "while") => is(BLOCK),
            ("=", _, "{" | ",", _) => is("a map is written `#{ key: value }`"),
            ("=", _, "(", _) => is(NAMED),
            (",", _, "let" | "const", _) => is("each variable has a `let` of its own"),
            ("from", _, "import", _) => is(IMPORT),
            ("{", ")", ..) => {
                is("a closure stands between the brackets, as the last argument: `flow::step(\"name\", || { … })`")
            }
            _ => None,
        }
    }
}

/// The length of the token at the beginning, in bytes.
fn token(text: &str) -> usize {
    let run = |is: fn(char) -> bool| text.find(|c: char| !is(c)).unwrap_or(text.len());
    let Some(first) = text.chars().next() else { return 0 };
    match first {
        '"' | '`' => {
            let mut escaped = false;
            let end = text.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == first && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            end.map_or(text.len(), |(at, _)| at + 1)
        }
        c if c.is_whitespace() => run(char::is_whitespace),
        c if c.is_alphanumeric() || c == '_' => run(|c| c.is_alphanumeric() || c == '_'),
        c if "=<>!+-?&|:.".contains(c) => run(|c| "=<>!+-?&|:.".contains(c)),
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_place_is_read_in_tokens() {
        let around = Around::read("if p.to == \"a b\" {}\n  let x = f\"y\";", 2, 12);
        assert_eq!((around.here, around.back(0), around.back(1)), ("\"y\"", "f", "="));
        assert_eq!(Around::read("ids.map(x => x.id)", 1, 11).here, "=>");
        assert_eq!(Around::read("", 1, 1).here, "");
    }

    #[test]
    fn a_field_is_found_by_what_other_tools_call_it() {
        assert_eq!(field("sha", ["outcome", "commit"].into_iter()), Some("commit"));
        assert_eq!(field("sha", ["outcome"].into_iter()), None);
    }
}
