//! Texts as sequences of numbered lines: equal lines have equal numbers across all texts of one merge.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// A line's number.
pub(super) type Token = u32;

/// How far ahead a line is looked for before it is taken for a new one.
const FURTHER: usize = 256;

/// Gives lines their numbers.
#[derive(Default)]
pub(super) struct Interner<'t> {
    tokens: HashMap<&'t [u8], Token, BuildHasherDefault<LineHasher>>,
}

/// A text cut into lines; a line includes its line feed.
pub(super) struct Lines<'t> {
    text: &'t [u8],
    ends: Vec<u32>,
    pub(super) tokens: Vec<Token>,
}

impl<'t> Interner<'t> {
    pub(super) fn lines(&mut self, text: &'t [u8]) -> Lines<'t> {
        let mut lines = Lines { text, ends: Vec::new(), tokens: Vec::new() };
        self.tokens.reserve(text.len() / 64);
        let mut end = 0;
        while let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
            let line = &rest[..memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)];
            lines.push(line.len(), self.token(line));
            end += line.len();
        }
        lines
    }

    /// As [`lines`](Self::lines) for a text that has most lines in common with another, which are compared and not hashed.
    pub(super) fn lines_like(&mut self, text: &'t [u8], other: &Lines<'t>) -> Lines<'t> {
        let mut lines = Lines { text, ends: Vec::with_capacity(other.len()), tokens: Vec::with_capacity(other.len()) };
        let (mut end, mut beside) = (0, 0);
        while let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
            let candidate = other.text(beside..(beside + 1).min(other.len()));
            if candidate.ends_with(b"\n") && rest.starts_with(candidate) {
                lines.push(candidate.len(), other.tokens[beside]);
                end += candidate.len();
                beside += 1;
                continue;
            }
            let line = &rest[..memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)];
            let token = self.token(line);
            lines.push(line.len(), token);
            end += line.len();
            // Further down in the other, or a line of its own: the next lines tell.
            let near = other.tokens.iter().skip(beside).take(FURTHER).position(|near| *near == token);
            beside = near.map_or(beside, |near| beside + near + 1);
        }
        lines
    }

    fn token(&mut self, line: &'t [u8]) -> Token {
        let next = self.tokens.len() as Token;
        *self.tokens.entry(line).or_insert(next)
    }

    /// How many different lines there are.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }
}

impl<'t> Lines<'t> {
    fn push(&mut self, length: usize, token: Token) {
        self.ends.push(self.ends.last().copied().unwrap_or(0) + length as u32);
        self.tokens.push(token);
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of some lines.
    pub(super) fn text(&self, lines: Range<usize>) -> &'t [u8] {
        let at = |line: usize| if line == 0 { 0 } else { self.ends[line - 1] as usize };
        if lines.start >= lines.end { &[] } else { &self.text[at(lines.start)..at(lines.end)] }
    }
}

/// A fast hash for lines; it need not resist an adversary because equality is always checked.
#[derive(Default)]
pub(super) struct LineHasher(u64);

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl LineHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MIX);
    }
}

impl Hasher for LineHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 29
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let mut array = [0; 8];
            array.copy_from_slice(word);
            self.add(u64::from_le_bytes(array));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(words.remainder()) {
            *to = *from;
        }
        self.add(u64::from_le_bytes(last));
    }

    fn write_usize(&mut self, length: usize) {
        self.add(length as u64);
    }
}
