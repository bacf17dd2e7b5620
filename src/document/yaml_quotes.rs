//! Quoted scalars whose further lines are indented less than YAML 1.2 asks for, or with tabs. Ruby's reader, which is that of
//! Travis, takes them, so people write them; here they are indented anew before the text is read once more.
//!
//! Lines stay lines: only columns within such a scalar change.

/// The text with each further line of a quoted scalar indented behind the scalar's start; `None` where there is none.
pub fn indented(text: &str) -> Option<String> {
    let mut whole = String::with_capacity(text.len() + 256);
    let mut scan = Scan::default();
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        match scan.quote {
            Some(quote) if !line.trim().is_empty() => {
                let rest = line.trim_start_matches([' ', '\t']);
                whole.extend(std::iter::repeat_n(' ', quote.column + 1));
                whole.push_str(rest);
                changed = true;
            }
            _ => whole.push_str(line),
        }
        scan.line(line.trim_end_matches(['\n', '\r']));
    }
    changed.then_some(whole)
}

#[derive(Clone, Copy)]
struct Quote {
    mark: char,
    /// Where it was opened.
    column: usize,
}

/// Where the text stands at the beginning of a line.
#[derive(Default)]
struct Scan {
    quote: Option<Quote>,
    /// Within `|` or `>`: lines that are indented more than this belong to it.
    block: Option<usize>,
}

impl Scan {
    fn line(&mut self, line: &str) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if self.quote.is_none()
            && let Some(parent) = self.block
        {
            if line.trim().is_empty() || indent > parent {
                return;
            }
            self.block = None;
        }
        // May a scalar begin here?
        let mut fresh = true;
        let mut before = ' ';
        let mut characters = line.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if let Some(Quote { mark, .. }) = self.quote {
                match character {
                    '\\' if mark == '"' => drop(characters.next()),
                    '\'' if mark == '\'' && next == Some('\'') => drop(characters.next()),
                    _ if character == mark => self.quote = None,
                    _ => {}
                }
                (fresh, before) = (false, character);
                continue;
            }
            let spaced = next.is_none_or(char::is_whitespace);
            match character {
                '#' if before.is_whitespace() => return,
                '"' | '\'' if fresh => self.quote = Some(Quote { mark: character, column: at }),
                '|' | '>' if fresh && header(&line[at + 1..]) => return self.block = Some(parent(line)),
                '[' | '{' | ',' => fresh = true,
                '-' | '?' | ':' if spaced => fresh = true,
                // A tag or an anchor comes before its scalar.
                '!' | '&' if fresh => while characters.next_if(|(_, c)| !c.is_whitespace()).is_some() {},
                _ if character.is_whitespace() => {}
                _ => fresh = false,
            }
            before = character;
        }
    }
}

/// What may follow `|` or `>` on its line: indicators and a comment.
fn header(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c == '+' || c == '-' || c.is_ascii_digit());
    rest.trim_start().is_empty() || rest.starts_with(char::is_whitespace) && rest.trim_start().starts_with('#')
}

/// The indentation of what a block scalar on this line belongs to: of its key, or of its dash.
fn parent(line: &str) -> usize {
    let mut column = line.len() - line.trim_start_matches(' ').len();
    let mut dash = column;
    while let Some(rest) = line.get(column..).and_then(|rest| rest.strip_prefix("- ")) {
        dash = column;
        column += 2 + rest.len() - rest.trim_start_matches(' ').len();
    }
    let block = line.get(column..).is_some_and(|rest| rest.starts_with(['|', '>', '!', '&']));
    if block { dash } else { column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_further_lines_of_quoted_scalars_are_indented() {
        let text = "a: |\n  it's \"so\n  b\n- c: >-  # d\n    'e\n  f: \"g\n h \\\"\n\n\ti\" # it's\nj: 'k''\nl'\nm: don't\nn: x\n";
        let indented = indented(text).unwrap();
        assert_eq!(
            indented,
            "a: |\n  it's \"so\n  b\n- c: >-  # d\n    'e\n  f: \"g\n      h \\\"\n\n      i\" # it's\nj: 'k''\n    l'\nm: don't\nn: x\n"
        );
        assert_eq!(super::indented("a: 'b'\nc: [\"d\", 'e']\n"), None);
    }
}
