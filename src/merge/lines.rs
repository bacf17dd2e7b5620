//! Texts as sequences of numbered lines: equal lines have equal numbers across all texts of one merge.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;
use std::ops::Range;

/// A line's number.
pub(super) type Token = u32;

/// Which lines are gone from `before` and new in `after`.
pub(super) struct Changed {
    pub(super) before: Vec<bool>,
    pub(super) after: Vec<bool>,
}

/// How far ahead a line is looked for before it is taken for a new one.
const FURTHER: usize = 256;

/// Gives lines their numbers.
#[derive(Default)]
pub(super) struct Interner<'t> {
    tokens: HashTable<Token>,
    /// By number: a line and its hash.
    lines: Vec<(u64, &'t [u8])>,
    hasher: RandomState,
}

/// A text cut into lines; a line includes its line feed.
pub(super) struct TextLines<'t> {
    text: &'t [u8],
    ends: Vec<u32>,
    pub(super) tokens: Vec<Token>,
}

impl<'t> Interner<'t> {
    pub(super) fn lines(&mut self, text: &'t [u8]) -> TextLines<'t> {
        let mut lines = TextLines { text, ends: Vec::new(), tokens: Vec::new() };
        while let Some(line) = lines.next() {
            lines.push(line.len(), self.token(line));
        }
        lines
    }

    /// As [`lines`](Self::lines) for a text that has most lines in common with another, which are compared and not hashed.
    pub(super) fn lines_like(&mut self, text: &'t [u8], other: &TextLines<'t>) -> TextLines<'t> {
        let mut lines =
            TextLines { text, ends: Vec::with_capacity(other.len()), tokens: Vec::with_capacity(other.len()) };
        let known = self.len() as Token;
        let mut beside = 0;
        while let Some(line) = lines.next() {
            let same = lines.same(other, beside);
            if same > 0 {
                lines.extend(other, beside..beside + same);
                beside += same;
                continue;
            }
            let token = self.token(line);
            lines.push(line.len(), token);
            // Further down in the other, or a line of its own: the next lines decide.
            let ahead = &other.tokens[beside..other.len().min(beside + FURTHER)];
            if let Some(near) = (token < known).then(|| position(ahead, token)).flatten() {
                beside += near + 1;
            }
        }
        lines
    }

    fn token(&mut self, line: &'t [u8]) -> Token {
        let hash = self.hasher.hash_one(line);
        let same = |token: &Token| self.lines[*token as usize] == (hash, line);
        match self.tokens.entry(hash, same, |token| self.lines[*token as usize].0) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let next = self.lines.len() as Token;
                place.insert(next);
                self.lines.push((hash, line));
                next
            }
        }
    }

    /// How many different lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }
}

impl<'t> TextLines<'t> {
    /// The first line that is not numbered yet.
    fn next(&self) -> Option<&'t [u8]> {
        let rest = &self.text[self.end(self.len())..];
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        (end > 0).then(|| &rest[..end])
    }

    fn push(&mut self, length: usize, token: Token) {
        self.ends.push((self.end(self.len()) + length) as u32);
        self.tokens.push(token);
    }

    /// How many lines come next here and, from one on, in another text.
    fn same(&self, other: &TextLines<'_>, from: usize) -> usize {
        let (here, there) = (self.end(self.len()), other.end(from));
        let (rest, others) = (&self.text[here..], &other.text[there..]);
        let bytes = equal(rest, others);
        let ends = &other.ends[from..other.len().min(from + bytes)];
        let lines = ends.partition_point(|end| *end as usize <= there + bytes);
        // The other's last line may be the beginning of a longer one here.
        let cut = bytes == others.len() && bytes < rest.len() && !others.ends_with(b"\n");
        lines - usize::from(cut && lines > 0)
    }

    /// Takes over lines that come next here too.
    fn extend(&mut self, other: &TextLines<'_>, lines: Range<usize>) {
        let (here, there) = (self.end(self.len()), other.end(lines.start));
        self.ends.extend(other.ends[lines.clone()].iter().map(|end| (*end as usize - there + here) as u32));
        self.tokens.extend_from_slice(&other.tokens[lines]);
    }

    /// Where the first `lines` lines end.
    fn end(&self, lines: usize) -> usize {
        if lines == 0 { 0 } else { self.ends[lines - 1] as usize }
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of some lines.
    pub(super) fn text(&self, lines: Range<usize>) -> &'t [u8] {
        &self.text[self.bytes(&lines)]
    }

    /// Where some lines are in the text.
    pub(super) fn bytes(&self, lines: &Range<usize>) -> Range<usize> {
        if lines.start >= lines.end { 0..0 } else { self.end(lines.start)..self.end(lines.end) }
    }
}

/// Where a token is first among many: eight are compared at a time.
fn position(tokens: &[Token], wanted: Token) -> Option<usize> {
    let (eights, rest) = tokens.as_chunks::<8>();
    let eight = eights.iter().position(|eight| eight.iter().fold(false, |found, token| found | (*token == wanted)));
    let from = eight.map_or(tokens.len() - rest.len(), |eight| eight * 8);
    tokens[from..].iter().position(|token| *token == wanted).map(|at| from + at)
}

/// How many bytes two texts have in common before they differ.
fn equal(one: &[u8], two: &[u8]) -> usize {
    const WORD: usize = 32;
    let ((one_words, _), (two_words, _)) = (one.as_chunks::<WORD>(), two.as_chunks::<WORD>());
    let words = one_words.iter().zip(two_words).take_while(|(one, two)| one == two).count();
    let from = words * WORD;
    from + one[from..].iter().zip(&two[from..]).take_while(|(one, two)| one == two).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts of few different lines, long ones among them, that may end without a line feed.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            "[ab]{0,2}",
            (0..3_usize).prop_map(|number| format!("{}{number}", "the same for more than a word of bytes".repeat(2)))
        ];
        (prop::collection::vec(line, 0..600), any::<bool>()).prop_map(|(lines, ended)| {
            let text = lines.join("\n");
            if ended { format!("{text}\n").into_bytes() } else { text.into_bytes() }
        })
    }

    /// Another text, most of which is the same.
    fn like(text: Vec<u8>) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[ab\n]{0,9}");
        prop::collection::vec(edit, 0..6).prop_map(move |edits| {
            let mut other = text.clone();
            for (at, length, new) in edits {
                let at = at.index(other.len() + 1);
                let end = other.len().min(at + length.index(300));
                other.splice(at..end, new.into_bytes());
            }
            (text.clone(), other)
        })
    }

    proptest! {
        #[test]
        fn lines_of_a_text_like_another_are_those_that_it_has_by_itself((one, two) in text().prop_flat_map(like)) {
            let mut interner = Interner::default();
            let base = interner.lines(&one);
            let (alike, alone) = (interner.lines_like(&two, &base), interner.lines(&two));
            prop_assert_eq!(&alike.tokens, &alone.tokens);
            prop_assert_eq!(&alike.ends, &alone.ends);
            let lines: Vec<&[u8]> = two.split_inclusive(|byte| *byte == b'\n').collect();
            prop_assert_eq!(alone.len(), lines.len());
            for (line, text) in lines.iter().enumerate() {
                prop_assert_eq!(alone.text(line..line + 1), *text);
                prop_assert_eq!(interner.lines[alone.tokens[line] as usize].1, *text);
            }
        }
    }
}
