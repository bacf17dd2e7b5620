//! Byte offsets → lines and columns.

/// A position in a text. Line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    pub line: usize,
    pub column: usize,
}

/// The characters before each block of this many bytes are counted once: a line may be as long as its file.
const BLOCK: usize = 256;

/// Where the lines of a text start.
#[derive(Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// How many characters begin before each block.
    characters: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    /// Finds the lines of a text.
    pub fn new(text: &'t str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        let characters = text.as_bytes().chunks(BLOCK).scan(0, |before, block| {
            let here = *before;
            *before += characters(block);
            Some(here)
        });
        Self { text, starts, characters: characters.collect() }
    }

    /// The position of a byte; offsets behind the text's end mean its end.
    pub fn at(&self, offset: usize) -> At {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        At { line, column: self.before(offset) - self.before(start) + 1 }
    }

    /// How many characters begin before a byte.
    fn before(&self, offset: usize) -> usize {
        // The text may end where a block would begin.
        let block = (offset / BLOCK).min(self.characters.len().saturating_sub(1));
        let counted = self.characters.get(block).copied().unwrap_or(0);
        counted + characters(self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default())
    }
}

/// Continuation bytes of UTF-8 look like 10xxxxxx; all others begin a character.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_those_of_a_count_from_the_start(parts in prop::collection::vec("[aä\\n]{0,300}", 0..4)) {
            let text = parts.concat();
            let index = LineIndex::new(&text);
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let before = &text[..offset];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                prop_assert_eq!(index.at(offset), At { line, column });
            }
        }
    }
}
