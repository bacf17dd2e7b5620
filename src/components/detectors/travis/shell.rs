//! As much of the shell's grammar as it takes to find one command in a script: comments, continued lines, `;` and `&&`, words.
//!
//! Quotes are followed within a line only, so that a stray apostrophe (in a here-document, say) spoils no further line.

/// The lines of a script as the shell sees them: without comments and empty lines, continued lines joined.
pub fn lines(script: &str) -> Vec<String> {
    let mut whole = Vec::new();
    let mut line = String::new();
    for part in script.lines() {
        let part = uncommented(part).trim_end();
        let backslashes = part.len() - part.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            line.push_str(&part[..part.len() - 1]);
            continue;
        }
        line.push_str(part);
        if line.trim_end().ends_with('|') || line.trim_end().ends_with("&&") {
            if !line.ends_with(' ') {
                line.push(' ');
            }
            continue;
        }
        push(&mut whole, &mut line);
    }
    push(&mut whole, &mut line);
    whole
}

fn push(whole: &mut Vec<String>, line: &mut String) {
    let text = std::mem::take(line);
    if !text.trim().is_empty() {
        whole.push(text.trim().to_owned());
    }
}

/// A command of a line, and whether it runs whatever the ones before it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'l> {
    pub text: &'l str,
    pub certain: bool,
}

/// The commands of a line: what stands between `;`, `&&` and `||`. A pipeline stays whole.
pub fn commands(line: &str) -> Vec<Command<'_>> {
    let mut commands = Vec::new();
    let mut start = 0;
    let mut certain = true;
    let mut scan = Scan::default();
    let mut bytes = line.bytes().enumerate().peekable();
    while let Some((offset, byte)) = bytes.next() {
        if scan.next(byte) != Quoting::Nothing {
            continue;
        }
        let next = bytes.peek().map(|&(_, byte)| byte);
        let width = match (byte, next) {
            (b';', _) => 1,
            (b'&', Some(b'&')) | (b'|', Some(b'|')) => 2,
            _ => continue,
        };
        if width == 2 {
            bytes.next();
        }
        commands.push(Command { text: line[start..offset].trim(), certain });
        // A test or a failure decides about what follows; after `a=1 && b=2` both are set all the same.
        certain = match byte {
            b';' => true,
            b'|' => false,
            _ => !condition(line[start..offset].trim()) && certain,
        };
        start = offset + width;
    }
    commands.push(Command { text: line[start..].trim(), certain });
    commands.retain(|command| !command.text.is_empty());
    commands
}

/// A command that only asks something.
fn condition(command: &str) -> bool {
    let asks = ["[", "[[", "test", "!", "grep", "which", "case"];
    command.split_whitespace().next().is_some_and(|word| asks.contains(&word))
}

/// The words of a command, as they are written: with their quotes.
pub fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut scan = Scan::default();
    for character in command.chars() {
        let mut encoded = [0; 4];
        // Every byte is scanned; what decides is whether the character stands outside of all quotes.
        let mut plain = true;
        for byte in character.encode_utf8(&mut encoded).bytes() {
            plain &= scan.next(byte) == Quoting::Nothing;
        }
        match plain && character.is_whitespace() {
            true if word.is_empty() => {}
            true => words.push(std::mem::take(&mut word)),
            false => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A word without its quotes.
pub fn unquoted(word: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => text.extend(characters.next()),
            _ => text.push(character),
        }
    }
    text
}

/// `NAME=value`, without the value's quotes.
pub fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then(|| (name.to_owned(), unquoted(value)))
}

/// The line without its comment: a `#` that begins a word, outside quotes.
fn uncommented(line: &str) -> &str {
    let mut scan = Scan::default();
    let mut before = b' ';
    for (offset, byte) in line.bytes().enumerate() {
        if byte == b'#'
            && scan.quote.is_none()
            && !scan.escaped
            && matches!(before, b' ' | b'\t' | b';' | b'&' | b'(' | b'|')
        {
            return &line[..offset];
        }
        scan.next(byte);
        before = byte;
    }
    line
}

/// Where in the grammar a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Nothing,
    /// Quotes, backticks, `$(…)`, or behind a backslash.
    Something,
}

#[derive(Default)]
struct Scan {
    quote: Option<u8>,
    escaped: bool,
    dollar: bool,
    substitutions: usize,
}

impl Scan {
    /// Takes the next byte; says where it stands.
    fn next(&mut self, byte: u8) -> Quoting {
        let dollar = std::mem::take(&mut self.dollar);
        if std::mem::take(&mut self.escaped) {
            return Quoting::Something;
        }
        match (self.quote, byte) {
            (Some(b'\''), b'\'') => self.quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => self.escaped = true,
            (Some(quote), _) if quote == byte => self.quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => self.quote = Some(byte),
            (None, b'$') => self.dollar = true,
            (None, b'(') if dollar || self.substitutions > 0 => self.substitutions += 1,
            (None, b')') if self.substitutions > 0 => self.substitutions -= 1,
            (None, _) if self.substitutions == 0 => return Quoting::Nothing,
            (None, _) => {}
        }
        Quoting::Something
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read_as_the_shell_reads_them() {
        let script =
            "# all of it\n  a --x \\\n    --y # z\n\nb |\n  # between\n  c &&\nd \"# no comment\" \\# e#f $#\ng\\\\\n";
        assert_eq!(lines(script), ["a --x     --y", "b |   c && d \"# no comment\" \\# e#f $#", "g\\\\"]);
    }

    #[test]
    fn a_line_is_split_where_commands_end() {
        let line = "if [ x ]; then a | b -c 'd;e' && f \"$(g; h)\" || i $(j && k) `l;m`; fi;";
        let texts = |line| commands(line).iter().map(|command| command.text.to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(line), ["if [ x ]", "then a | b -c 'd;e'", "f \"$(g; h)\"", "i $(j && k) `l;m`", "fi"]);
        assert_eq!(texts("ä;ö&&ü"), ["ä", "ö", "ü"]);
        let certain = |line| commands(line).iter().map(|command| command.certain).collect::<Vec<_>>();
        assert_eq!(certain("a && b || c; d"), [true, true, false, true]);
        assert_eq!(certain("[ -z x ] && a"), [true, false]);
    }

    #[test]
    fn words_keep_their_quotes_and_lose_them_when_asked() {
        assert_eq!(words(" a  \"b c\"d 'e f' $(g h) i\\ j ü"), ["a", "\"b c\"d", "'e f'", "$(g h)", "i\\ j", "ü"]);
        assert_eq!(unquoted("\"b c\"d'e\"f'\\g"), "b cde\"fg");
        assert_eq!(assignment("A_1=\"x y\""), Some(("A_1".to_owned(), "x y".to_owned())));
        assert_eq!((assignment("1A=x"), assignment("--a=x"), assignment("a")), (None, None, None));
    }
}
