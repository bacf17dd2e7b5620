//! Wildcards of paths as git matches them (gitignore(5), gitattributes(5)): `*`, `?`, `[…]`, `**`, and `\` before what is meant.

use std::collections::HashSet;

/// What a wildcard may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wild {
    /// Anything: the text is one name.
    Name,
    /// `*`, `?` and `[…]` stay within a name, `**` does not.
    Path,
}

/// Does the pattern match the whole text? With `fold` case does not count (`core.ignoreCase`).
pub(super) fn matches(pattern: &[u8], text: &[u8], wild: Wild, fold: bool) -> bool {
    Matcher { pattern, text, wild, fold, tried: HashSet::new() }.from(0, 0)
}

struct Matcher<'p> {
    pattern: &'p [u8],
    text: &'p [u8],
    wild: Wild,
    fold: bool,
    /// Where in pattern and text a star, or what is behind it, was tried: in vain, where it comes up again. A pattern of many stars
    /// would try it very often.
    tried: HashSet<(usize, usize)>,
}

impl Matcher<'_> {
    fn from(&mut self, mut at: usize, mut place: usize) -> bool {
        while let Some(sign) = self.pattern.get(at) {
            if *sign == b'*' {
                return self.star(at, place);
            }
            let Some(byte) = self.text.get(place).copied() else { return false };
            let next = match sign {
                b'?' => Some(at + 1).filter(|_| !self.ends_name(byte)),
                b'[' => self.class(at + 1, byte).filter(|_| !self.ends_name(byte)),
                b'\\' => self.pattern.get(at + 1).filter(|meant| self.same(**meant, byte)).map(|_| at + 2),
                _ => Some(at + 1).filter(|_| self.same(*sign, byte)),
            };
            let Some(next) = next else { return false };
            (at, place) = (next, place + 1);
        }
        place == self.text.len()
    }

    fn star(&mut self, at: usize, place: usize) -> bool {
        if !self.tried.insert((at, place)) {
            return false;
        }
        let stars = self.pattern[at..].iter().take_while(|sign| **sign == b'*').count();
        let (before, rest) = (&self.pattern[..at], at + stars);
        let after = &self.pattern[rest..];
        let is_alone = before.last().is_none_or(|sign| *sign == b'/')
            && (after.is_empty() || after.starts_with(b"/") || after.starts_with(b"\\/"));
        let crosses = self.wild == Wild::Name || stars > 1 && is_alone;
        if self.wild == Wild::Path && crosses && after.starts_with(b"/") && self.from(rest + 1, place) {
            return true;
        }
        let end = match memchr::memchr(b'/', &self.text[place..]) {
            Some(slash) if !crosses => place + slash,
            _ => self.text.len(),
        };
        if after.is_empty() {
            return end == self.text.len();
        }
        // What was tried from here before was tried from all that follows, too.
        for place in place..=end {
            if !self.tried.insert((rest, place)) {
                return false;
            }
            if self.from(rest, place) {
                return true;
            }
        }
        false
    }

    fn ends_name(&self, byte: u8) -> bool {
        self.wild == Wild::Path && byte == b'/'
    }

    fn same(&self, one: u8, two: u8) -> bool {
        one == two || self.fold && one.eq_ignore_ascii_case(&two)
    }

    /// Behind the class that begins here, where it has the byte.
    fn class(&self, mut at: usize, byte: u8) -> Option<usize> {
        let byte = if self.fold { byte.to_ascii_lowercase() } else { byte };
        let negated = matches!(self.pattern.get(at)?, b'!' | b'^');
        at += usize::from(negated);
        let (mut found, mut last) = (false, None);
        loop {
            let mut sign = *self.pattern.get(at)?;
            let name = if sign == b'[' { named(&self.pattern[at..]) } else { None };
            if sign == b'\\' {
                at += 1;
                sign = *self.pattern.get(at)?;
                found |= sign == byte;
                last = Some(sign);
            } else if let (b'-', Some(first), Some(_)) =
                (sign, last, self.pattern.get(at + 1).filter(|sign| **sign != b']'))
            {
                at += 1;
                if self.pattern[at] == b'\\' {
                    at += 1;
                }
                let range = first..=*self.pattern.get(at)?;
                found |= range.contains(&byte) || self.fold && range.contains(&byte.to_ascii_uppercase());
                last = None;
            } else if let Some(name) = name {
                found |= self.is_of(name, byte)?;
                at += name.len() + 3;
                last = None;
            } else {
                found |= sign == byte;
                last = Some(sign);
            }
            at += 1;
            if *self.pattern.get(at)? == b']' {
                return (found != negated).then_some(at + 1);
            }
        }
    }

    /// Whether the byte is of a named class; there are no others.
    fn is_of(&self, name: &[u8], byte: u8) -> Option<bool> {
        Some(match name {
            b"alnum" => byte.is_ascii_alphanumeric(),
            b"alpha" => byte.is_ascii_alphabetic(),
            b"blank" => matches!(byte, b' ' | b'\t'),
            b"cntrl" => byte.is_ascii_control(),
            b"digit" => byte.is_ascii_digit(),
            b"graph" => byte.is_ascii_graphic(),
            b"lower" => byte.is_ascii_lowercase(),
            b"print" => matches!(byte, b' '..=b'~'),
            b"punct" => byte.is_ascii_punctuation(),
            b"space" => byte.is_ascii_whitespace() || byte == 11,
            b"upper" => byte.is_ascii_uppercase() || self.fold && byte.is_ascii_lowercase(),
            b"xdigit" => byte.is_ascii_hexdigit(),
            _ => return None,
        })
    }
}

/// The name in `[:name:]`, up to the next `]`.
fn named(class: &[u8]) -> Option<&[u8]> {
    let rest = class.strip_prefix(b"[:")?;
    rest[..memchr::memchr(b']', rest)?].strip_suffix(b":")
}
