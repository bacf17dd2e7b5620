//! A repository of the size that few have: 500,000 files and, on demand, 1,000,000 commits.
//!
//! master takes a commit at a time, each changing one file. staging is promoted by a merge commit now and then, and ends
//! with hotfixes of its own; `plain` is staging's last promotion without them, so that it has nothing that master lacks.

use std::io::{self, BufWriter, Write};

/// Files are `a/b/c.txt`: the numbers of `a`, `b` and `c`.
const SHAPE: [usize; 3] = [100, 100, 50];
/// Files take turns with these contents.
const BLOBS: usize = 1000;
/// A promotion after each this many commits.
const PROMOTED: usize = 10_000;

/// How much of it.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Commits on master.
    pub commits: usize,
    /// How many of them are not promoted yet.
    pub waiting: usize,
}

impl Scale {
    /// Files in the tree.
    pub const FILES: usize = SHAPE[0] * SHAPE[1] * SHAPE[2];

    /// Writes the repository as a stream for `git fast-import`.
    pub fn write(self, to: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 20, to);
        for blob in 0..BLOBS {
            let text: String = (0..12).map(|line| format!("line {line} of text {blob}\n")).collect();
            writeln!(out, "blob\nmark :{}\ndata {}\n{text}", blob + 1, text.len())?;
        }
        head(&mut out, "master", 0, "Begin")?;
        for file in 0..Self::FILES {
            change(&mut out, file, file)?;
        }
        let last = self.commits - self.waiting;
        let mut promoted = 0;
        for number in 1..self.commits {
            head(&mut out, "master", number, &format!("Change {number}"))?;
            change(&mut out, touched(number), number)?;
            if number == PROMOTED.min(last) {
                writeln!(out, "reset refs/heads/staging\nfrom refs/heads/master\n")?;
                promoted = number;
            } else if number % PROMOTED == 0 && number < last || number == last {
                head(&mut out, "staging", number, "Promote master")?;
                writeln!(out, "merge refs/heads/master")?;
                for earlier in promoted + 1..=number {
                    change(&mut out, touched(earlier), earlier)?;
                }
                promoted = number;
            }
        }
        writeln!(out, "reset refs/heads/plain\nfrom refs/heads/staging\n")?;
        for hotfix in 0..3 {
            head(&mut out, "staging", self.commits + hotfix, "Hotfix")?;
            change(&mut out, hotfix * 7 + 3, hotfix + 500)?;
        }
        writeln!(out, "done")?;
        out.flush()
    }
}

/// The file that a commit changes: all over the tree, never one of the hotfixes'.
fn touched(number: usize) -> usize {
    100 + (number * 7919) % (Scale::FILES - 100)
}

fn head(out: &mut dyn Write, branch: &str, number: usize, message: &str) -> io::Result<()> {
    let who = format!("A Dev <dev@example.com> {} +0000", 1_200_000_000 + number * 300);
    let length = message.len();
    writeln!(out, "commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\ndata {length}\n{message}")
}

fn change(out: &mut dyn Write, file: usize, version: usize) -> io::Result<()> {
    let [_, middle, inner] = SHAPE;
    let (folder, name) = (file / inner, file % inner);
    let mark = version % BLOBS + 1;
    writeln!(out, "M 100644 :{mark} part{:02}/module{:02}/file{name:02}.txt", folder / middle, folder % middle)
}
