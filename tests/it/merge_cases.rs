//! Named cases, each merged in both directions by the engine and by the real git at test time.
//!
//! A snapshot is written as `path:content` words. Contents: `A` ten lines of that letter; `A+3` line 3 changed; `A^3`
//! changed differently; `A-3` line 3 removed; `A*3` a line inserted after line 3; `A%` every other line changed; steps may follow each other;
//! `!A` executable; `@x` a link to x; `&1` a submodule at commit 1; `#` an empty file; `~1` a binary file; `_A` without a
//! final line feed; `$A` with CR LF.

use super::merge_answers::{Answer, difference};
use super::merge_support::{File, Planned, Repository, Snapshot};

/// How many there are: none gets lost unnoticed.
const CASE_COUNT: usize = 168;
const CROSSED_COUNT: usize = 16;
const MADE_COUNT: usize = 36;

const CASES: &[(&str, &str, &str, &str)] = &[
    // Nothing to decide.
    ("only ours changed", "f:A", "f:A+1", "f:A"),
    ("nothing changed", "f:A", "f:A", "f:A"),
    ("the same change", "f:A", "f:A+1", "f:A+1"),
    ("the same addition", "f:A", "f:A g:B", "f:A g:B"),
    ("the same deletion", "f:A g:B", "f:A", "f:A"),
    ("the same rename", "f:A", "g:A", "g:A"),
    ("the same rename, edited on one side", "f:A", "g:A+1", "g:A"),
    ("the same rename, edited on both sides", "f:A", "g:A+1", "g:A+8"),
    ("the same rename, in conflict", "f:A", "g:A+1", "g:A^1"),
    ("different files", "f:A g:B", "f:A+1 g:B", "f:A g:B+1"),
    ("files in one directory", "d/f:A d/g:B", "d/f:A+1 d/g:B", "d/f:A d/g:B+2"),
    ("additions beside each other", "f:A", "f:A g:B", "f:A h:C"),
    ("additions in a new directory of both", "f:A", "f:A d/g:B", "f:A d/h:C"),
    ("one deletes, one adds", "f:A g:B", "f:A", "f:A g:B h:C"),
    ("everything deleted", "f:A", "", "f:A"),
    ("everything deleted by both", "f:A", "", ""),
    ("one deletes all, one adds", "f:A", "", "f:A g:B"),
    // Contents.
    ("distant lines", "f:A", "f:A+1", "f:A+9"),
    ("the same line", "f:A", "f:A+5", "f:A^5"),
    ("touching lines", "f:A", "f:A+5", "f:A+6"),
    ("one line between", "f:A", "f:A+4", "f:A+6"),
    ("a conflict and a clean change", "f:A", "f:A+1+5", "f:A+1^5"),
    ("two conflicts", "f:A", "f:A+1+9", "f:A^1^9"),
    ("two close conflicts", "f:A", "f:A+3+5", "f:A^3^5"),
    ("insertions at one place", "f:A", "f:A*5", "f:A*5+5"),
    ("the same insertion", "f:A", "f:A*5", "f:A*5"),
    ("insertion beside deletion", "f:A", "f:A*5", "f:A-6"),
    ("deletion and change of a line", "f:A", "f:A-5", "f:A+5"),
    ("deletions that overlap", "f:A", "f:A-4-4", "f:A-5-5"),
    ("empty against text", "f:#", "f:A", "f:B"),
    ("emptied and changed", "f:A", "f:#", "f:A+1"),
    ("rewritten and changed", "f:A", "f:B", "f:A+1"),
    ("no final line feed on one side", "f:A", "f:_A", "f:A+1"),
    ("no final line feed, last line changed", "f:A", "f:_A", "f:A+10"),
    ("no final line feed on both, in conflict", "f:A", "f:_A+10", "f:_A^10"),
    ("no final line feed in the base", "f:_A", "f:A", "f:_A+1"),
    ("line ends changed on one side", "f:A", "f:$A", "f:A"),
    ("line ends changed against an edit", "f:A", "f:$A", "f:A+1"),
    ("CR LF everywhere, in conflict", "f:$A", "f:$A+5", "f:$A^5"),
    ("CR LF everywhere, clean", "f:$A", "f:$A+1", "f:$A+9"),
    ("a binary file on one side", "f:~1", "f:~2", "f:~1"),
    ("a binary file on both sides", "f:~1", "f:~2", "f:~3"),
    ("text became binary", "f:A", "f:~2", "f:A+1"),
    ("two binary files added", "g:A", "g:A f:~1", "g:A f:~2"),
    // Modes, types.
    ("made executable", "f:A", "f:!A", "f:A"),
    ("made executable and edited", "f:A", "f:!A", "f:A+1"),
    ("made executable by both", "f:A", "f:!A+1", "f:!A+9"),
    ("no longer executable and edited", "f:!A", "f:A", "f:!A+1"),
    ("added with two modes", "g:B", "g:B f:A", "g:B f:!A"),
    ("a link changed", "f:@x", "f:@y", "f:@x"),
    ("a link changed on both sides", "f:@x", "f:@y", "f:@z"),
    ("two links added", "g:A", "g:A f:@x", "g:A f:@y"),
    ("a link deleted and changed", "f:@x g:A", "g:A", "f:@y g:A"),
    ("a file became a link", "f:A", "f:@x", "f:A"),
    ("a file became a link, edited", "f:A", "f:@x", "f:A+1"),
    ("a link became a file, changed", "f:@x", "f:A", "f:@y"),
    ("a file and a link added", "g:B", "g:B f:A", "g:B f:@x"),
    ("a submodule moved", "s:&1 f:A", "s:&2 f:A", "s:&1 f:A"),
    ("a submodule moved on both sides", "s:&1 f:A", "s:&2 f:A", "s:&3 f:A"),
    ("two submodules added", "f:A", "s:&1 f:A", "s:&2 f:A"),
    ("a submodule deleted and moved", "s:&1 f:A", "f:A", "s:&2 f:A"),
    ("a submodule against a file", "f:A", "s:&1 f:A", "s:B f:A"),
    ("a submodule against a link", "f:A", "s:&1 f:A", "s:@x f:A"),
    ("a file became a submodule", "s:A f:B", "s:&1 f:B", "s:A+1 f:B"),
    ("a submodule against a directory", "f:A", "s:&1 f:A", "s/g:B f:A"),
    // Deletions.
    ("deleted and changed", "f:A g:B", "g:B", "f:A+1 g:B"),
    ("a directory deleted, a file in it changed", "d/f:A d/g:B h:C", "h:C", "d/f:A+1 d/g:B h:C"),
    ("a directory deleted, a file added to it", "d/f:A d/g:B h:C", "h:C", "d/f:A d/g:B d/n:D h:C"),
    ("a file of a directory deleted by both", "d/f:A d/g:B", "d/g:B", "d/g:B+1"),
    ("added differently", "g:B", "g:B f:A", "g:B f:C"),
    ("added a little differently", "g:B", "g:B f:A", "g:B f:A+1"),
    // Renames.
    ("renamed and edited", "f:A", "g:A", "f:A+1"),
    ("renamed with an edit and edited", "f:A", "g:A+9", "f:A+1"),
    ("renamed and in conflict", "f:A", "g:A+5", "f:A^5"),
    ("renamed and made executable", "f:A", "g:A", "f:!A"),
    ("renamed too differently", "f:A", "g:A%+1+3", "f:A+2"),
    ("renamed and deleted", "f:A h:C", "g:A h:C", "h:C"),
    ("renamed with an edit and deleted", "f:A h:C", "g:A+1 h:C", "h:C"),
    ("renamed, edited, and the new name added", "f:A", "g:A", "f:A+1 g:B"),
    ("renamed, and the new name added alike", "f:A", "g:A", "f:A+1 g:A"),
    ("renamed, the new name added, in conflict", "f:A", "g:A+5", "f:A^5 g:B"),
    ("renamed, deleted, and the new name added", "f:A h:C", "g:A h:C", "g:B h:C"),
    ("renamed to two names", "f:A", "g:A", "h:A"),
    ("renamed to two names with edits", "f:A", "g:A+1", "h:A+9"),
    ("renamed to two names in conflict", "f:A", "g:A+5", "h:A^5"),
    ("a binary file renamed to two names", "f:~1", "g:~1", "h:~1"),
    ("two files renamed to one name", "f:A g:B", "h:A g:B", "f:A h:B"),
    ("two files renamed to one name, edited", "f:A g:B", "h:A g:B+1", "f:A+1 h:B"),
    ("two files renamed to one name, in conflict", "f:A g:B", "h:A+5 g:B^5", "f:A^5 h:B+5"),
    ("two files renamed to one name by one side", "f:A g:B", "h:A", "f:A g:B+1"),
    ("swapped names", "f:A g:B", "f:B g:A", "f:A+1 g:B"),
    ("swapped names, both edited", "f:A g:B", "f:B g:A", "f:A+1 g:B+1"),
    ("a chain of renames", "f:A g:B", "g:A h:B", "f:A+1 g:B+1"),
    ("renamed over a deleted file", "f:A g:B", "g:A", "f:A+1 g:B"),
    ("a link renamed and changed", "f:@x", "g:@x", "f:@y"),
    ("a submodule renamed and moved", "s:&1 f:A", "t:&1 f:A", "s:&2 f:A"),
    ("a renamed file became a link", "f:A", "g:A", "f:@x"),
    ("renamed by both, a link in its place", "f:A", "g:A f:@x", "g:A"),
    ("an empty file renamed and filled", "f:# g:A", "h:# g:A", "f:B g:A"),
    ("an exact copy is preferred by name", "a/f:A", "x/g:A y/f:A", "a/f:A+1"),
    ("the best of three candidates", "f:A", "g:A+1 h:A+1+2 i:A", "f:A+9"),
    ("a unique name wins early", "a/f:A", "b/f:A+1+2 c/g:A+1", "a/f:A+9"),
    ("two sources, one target", "f:A g:A+1", "h:A+2", "f:A+9 g:A+1+8"),
    ("two equal sources", "a/f:A b/f:A", "c/f:A", "a/f:A+1 b/f:A+9"),
    ("two equal sources of other names", "a/f:A b/g:A", "c/g:A", "a/f:A+1 b/g:A+9"),
    ("ties among new directories", "a/f:A", "p/x:A q/x:A r/x:A s/x:A", "a/f:A+1"),
    ("a source in a directory that shrank", "c/f:A c/g:B m/f:A", "c/g:B q:A", "c/f:A c/g:B m/f:A+1"),
    ("a source in a directory that vanished", "c/f:A m/f:A", "q:A", "c/f:A m/f:A+1"),
    // Directory renames.
    ("a directory renamed, a file added", "d/f:A d/g:B", "e/f:A e/g:B", "d/f:A d/g:B d/h:C"),
    ("a directory renamed, a file renamed into it", "d/f:A d/g:B x:C", "e/f:A e/g:B x:C", "d/f:A d/g:B d/x:C"),
    (
        "a directory renamed, a file renamed into it and edited",
        "d/f:A d/g:B x:C",
        "e/f:A e/g:B x:C+1",
        "d/f:A d/g:B d/x:C",
    ),
    ("a directory renamed, a directory added", "d/f:A d/g:B", "e/f:A e/g:B", "d/f:A d/g:B d/s/h:C"),
    ("a directory renamed, a file and a directory added", "d/f:A d/g:B", "e/f:A e/g:B", "d/f:A d/g:B d/n:D d/s/h:C"),
    ("a directory renamed by both", "d/f:A d/g:B", "e/f:A e/g:B", "x/f:A x/g:B x/h:C"),
    ("a directory renamed alike by both", "d/f:A d/g:B", "e/f:A e/g:B e/n:D", "e/f:A e/g:B e/h:C"),
    ("a directory split evenly", "d/f:A d/g:B", "e/f:A x/g:B", "d/f:A d/g:B d/h:C"),
    ("a directory split unevenly", "d/f:A d/g:B d/i:D", "e/f:A e/g:B x/i:D", "d/f:A d/g:B d/i:D d/h:C"),
    ("a directory partly renamed", "d/f:A d/g:B", "e/f:A d/g:B", "d/f:A d/g:B d/h:C"),
    ("a directory renamed, something in the way", "d/f:A d/g:B", "e/f:A e/g:B e/h:D", "d/f:A d/g:B d/h:C"),
    ("a directory renamed, the adder's own file in the way", "d/f:A d/g:B", "e/f:A e/g:B", "d/f:A d/g:B d/h:C e/h:D"),
    ("two directories merged into one", "d/f:A c/g:B", "e/f:A e/g:B", "d/f:A c/g:B d/h:C c/i:D"),
    ("two directories merged, additions collide", "d/f:A c/g:B", "e/f:A e/g:B", "d/f:A c/g:B d/h:C c/h:D"),
    ("a directory moved to the root", "d/f:A d/g:B x:C", "f:A g:B x:C", "d/f:A d/g:B d/h:D x:C"),
    ("the root's files moved into a directory", "f:A g:B", "d/f:A d/g:B", "f:A g:B h:C"),
    ("a nested directory renamed", "d/s/f:A d/s/g:B d/h:C", "d/t/f:A d/t/g:B d/h:C", "d/s/f:A d/s/g:B d/s/i:D d/h:C"),
    ("a directory and the one inside renamed", "d/f:A d/s/g:B", "e/f:A e/s/g:B", "d/f:A d/s/g:B d/s/i:D d/j:E"),
    (
        "an inner directory to elsewhere",
        "d/f:A d/h:D d/s/g:B",
        "e/f:A e/h:D x/g:B",
        "d/f:A d/h:D d/s/g:B d/s/i:C d/j:E",
    ),
    ("directories renamed into each other's place", "d/f:A e/g:B", "e/x/f:A e/g:B", "d/f:A d/y/g:B"),
    ("a chain of directory renames", "d/f:A d/g:B e/h:C", "e/f:A e/g:B e/h:C", "d/f:A d/g:B d/n:D x/h:C"),
    ("a place that its file left with its directory", "b/s/i:A c/h:B", "b/s/h:B b/s/s/h:C", "b/i:A"),
    ("a rename to a directory's place that follows it", "a/s/t/u/h:A b/u:B", "a/s/t/u:B", "b/u:B+1 t/u/h:A"),
    ("a rename to a directory's place, edited, that follows it", "a/s/t/u/h:A b/u:B", "a/s/t/u:B+9", "b/u:B+1 t/u/h:A"),
    (
        "a rename to a directory's place, in conflict, that follows it",
        "a/s/t/u/h:A b/u:B",
        "a/s/t/u:B^1",
        "b/u:B+1 t/u/h:A",
    ),
    ("a rename to a directory's place, unedited, that follows it", "a/s/t/u/h:A b/u:B", "a/s/t/u:B+1", "b/u:B t/u/h:A"),
    ("a rename into a directory renamed away", "d/f:A o/g:B", "s/f:A o/g:B", "d/f:A d/g:B"),
    ("followers meet", "a/f:A a/s/x:B d/f:C b/f.c:D", "a/f:A a/s/x:B a/s/f:C+1 a/f.c:D", "b/s/f:A b/f:C+2 b/f.c:D+1"),
    ("a renamed directory with an edited file", "d/f:A d/g:B", "e/f:A+1 e/g:B", "d/f:A+9 d/g:B d/h:C"),
    ("files renamed along with their directory", "d/f:A d/g:B", "e/p:A e/q:B", "d/f:A d/g:B d/h:C"),
    ("a directory renamed and deleted", "d/f:A d/g:B h:C", "e/f:A e/g:B h:C", "h:C"),
    // Files against directories.
    ("a file became a directory", "f:A g:B", "f/x:A g:B", "f:A g:B"),
    ("a file became a directory, edited", "f:A g:B", "f/x:C g:B", "f:A+1 g:B"),
    ("a directory became a file", "d/f:A g:B", "d:C g:B", "d/f:A g:B"),
    ("a directory became a file, edited", "d/f:A g:B", "d:C g:B", "d/f:A+1 g:B"),
    // git walks the trees again, with the renames known, when looking for these made it meet three times as many entries.
    (
        "a file gives way, eight entries",
        "c/d/i:A c/p/f:B p:C q:D",
        "c/d/i/t:E c/p/f:B+1 q:D+1",
        "c/d/i:A c/p/f:B q:D^1",
    ),
    ("a file gives way, nine", "c/d/i:A c/p/o/f:B p:C q:D", "c/d/i/t:E c/p/o/f:B+1 q:D+1", "c/d/i:A c/p/o/f:B q:D^1"),
    (
        "a file gives way, eleven of four",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C q:D u:E",
        "c/d/i/t:F c/p/f:B+1 c/p/g:B c/p/h:B q:D+1 u:E",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B q:D^1 u:E",
    ),
    (
        "a file gives way, twelve of four",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B c/p/j:B p:C q:D u:E",
        "c/d/i/t:F c/p/f:B+1 c/p/g:B c/p/h:B c/p/j:B q:D+1 u:E",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B c/p/j:B q:D^1 u:E",
    ),
    (
        "a file gives way to a rename that matters",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C q:D",
        "c/d/i/p:C c/p/f:B+1 c/p/g:B c/p/h:B q:D+1",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C+1 q:D^1",
    ),
    (
        "a file gives way beside a rename that matters",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C q:D",
        "c/d/i/t:F c/d/p:C c/p/f:B+1 c/p/g:B c/p/h:B q:D+1",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C+1 q:D^1",
    ),
    (
        "a file gives way to a rename that does not matter",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C q:D w:E",
        "c/d/i/w:E c/p/f:B+1 c/p/g:B c/p/h:B q:D+1",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B q:D^1 w:E",
    ),
    (
        "a file gives way to a renamed directory",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B c/p/j:B e/a:C e/b:F q:D",
        "c/d/i/a:C c/d/i/b:F c/p/f:B+1 c/p/g:B c/p/h:B c/p/j:B q:D+1",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B c/p/j:B e/a:C e/b:F e/n:G q:D^1",
    ),
    (
        "a file gives way beside a renamed directory",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B c/p/j:B c/p/k:B c/p/l:B e/a:C e/b:F q:D",
        "c/d/i/t:E f/a:C f/b:F c/p/f:B+1 c/p/g:B c/p/h:B c/p/j:B c/p/k:B c/p/l:B q:D+1",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B c/p/j:B c/p/k:B c/p/l:B e/a:C e/b:F e/n:G q:D^1",
    ),
    (
        "a file gives way and moves",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C q:D",
        "c/d/i/t:E y/i:A c/p/f:B+1 c/p/g:B c/p/h:B q:D+1",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B q:D^1",
    ),
    (
        "a file gives way, edited",
        "c/d/i:A c/p/f:B c/p/g:B c/p/h:B p:C q:D",
        "c/d/i/t:E c/p/f:B+1 c/p/g:B c/p/h:B q:D+1",
        "c/d/i:A+1 c/p/f:B c/p/g:B c/p/h:B q:D^1",
    ),
    (
        "a file gives way, many entries below the other side's directory",
        "c/d/i:A k/d/i:A c/p/f:B c/p/g:B k/p/f:B k/p/g:B p:C q:D",
        "c/d/i/t:E k/d/i:A c/p/f:B+1 c/p/g:B k/p/f:B k/p/g:B q:D+1",
        "c/d/i:A k/d/i/t:E c/p/f:B c/p/g:B k/p/f:B+1 k/p/g:B q:D^1",
    ),
    ("a file and a directory added", "g:B", "g:B f:A", "g:B f/x:C"),
    ("a file and a directory added, the aside taken", "g:B", "g:B f:A f~x:D", "g:B f/x:C"),
    ("a file renamed to where a directory is", "g:B", "f:B", "g:B f/x:C"),
    ("a file renamed to where a directory is, edited", "g:B", "f:B", "g:B+1 f/x:C"),
    ("a file in the way of a directory's rename", "d/f:A d/g:B", "e/f:A e/g:B", "d/f:A d/g:B e:C"),
    ("a link against a directory", "g:B", "g:B f:@x", "g:B f/x:C"),
    ("a directory's only file deleted, the name taken", "d/f:A g:B", "g:B d:C", "d/f:A g:B h:D"),
    ("a file follows a directory and stood in a directory's place", "a/s/h:A a/s/t/u/i:B", "b/s/h:A", "a/s/t:B"),
    ("a file follows a directory from a directory's place, the name taken", "c/i:A c/s/j:B", "c/s:C", "e/i:A e/s:C+10"),
    ("a renamed file and a follower below it", "a/k:B", "a/a:C a/k/a:D", "c/k:B"),
    (
        "ties visited in the order of names, not of trees",
        "k-x/p1:P+1+2+4+6+8 k-x/p2:P+2+2+4+6+8 k-x/p3:P+3+2+4+6+8 k/a:X+1 k/b:X^1 m:M k/z:Z",
        "k-x/p1:P+1+2+4+6+8 k-x/p2:P+2+2+4+6+8 k-x/p3:P+3+2+4+6+8 k-x/n:N k/a:X+1+9 k/b:X^1+9 m:M k/z:Z",
        "z/t:X-1 m:M k/z:Z",
    ),
    (
        "ties visited in the order of trees",
        "k-x/p1:P+1+2+4+6+8 k-x/p2:P+2+2+4+6+8 k-x/p3:P+3+2+4+6+8 k/a:X+1 k/b:X^1 m:M",
        "k-x/p1:P+1+2+4+6+8 k-x/p2:P+2+2+4+6+8 k-x/p3:P+3+2+4+6+8 k-x/n:N k/a:X+1+9 k/b:X^1+9 m:M",
        "z/t:X-1 m:M",
    ),
    ("names that sort around a directory", "f.c:A f/x:B f-y:C", "f.c:A+1 f/x:B f-y:C", "f.c:A f/x:B+1 f-y:C"),
];

/// Several merge bases: base, left, right, the two merges of them.
const CROSSED: &[(&str, [&str; 5])] = &[
    ("clean bases", ["f:A", "f:A+1", "f:A+9", "f:A+1+9+4", "f:A+1+9"]),
    ("bases in conflict, resolved alike", ["f:A", "f:A+5", "f:A^5", "f:A+5", "f:A+5+1"]),
    ("bases in conflict, resolved differently", ["f:A", "f:A+5", "f:A^5", "f:A+5", "f:A^5"]),
    ("bases in conflict, both go on", ["f:A", "f:A+5", "f:A^5", "f:A+5+1", "f:A^5+9"]),
    ("bases add differently", ["g:A", "g:A f:B", "g:A f:C", "g:A f:B", "g:A f:C"]),
    ("bases delete and change", ["f:A g:B", "g:B", "f:A+1 g:B", "g:B", "f:A+1 g:B"]),
    ("bases rename differently", ["f:A", "g:A", "h:A", "g:A+1", "h:A+9"]),
    ("bases rename and edit", ["f:A", "g:A", "f:A+1", "g:A+1+9", "g:A+1"]),
    ("bases hold binary files", ["f:~1", "f:~2", "f:~3", "f:~2", "f:~3"]),
    ("bases hold links", ["f:@x", "f:@y", "f:@z", "f:@y", "f:@z"]),
    ("bases hold submodules", ["s:&1 f:A", "s:&2 f:A", "s:&3 f:A", "s:&2 f:A", "s:&3 f:A"]),
    ("bases with types", ["g:A", "g:A f:B", "g:A f:@x", "g:A f:B", "g:A f:@x"]),
    (
        "bases move a directory",
        ["d/f:A d/g:B", "e/f:A e/g:B", "d/f:A d/g:B d/h:C", "e/f:A e/g:B e/h:C", "d/f:A d/g:B d/h:C"],
    ),
    ("bases with a file and a directory", ["g:A", "g:A f:B", "g:A f/x:C", "g:A f:B", "g:A f/x:C"]),
    ("bases with modes", ["f:A", "f:!A", "f:A+1", "f:!A+1", "f:A+1"]),
    ("bases rename to one name", ["f:A g:B", "h:A g:B", "f:A h:B", "h:A g:B", "f:A h:B"]),
];

fn file(word: &str) -> File {
    let regular = |data: Vec<u8>| File { mode: "100644", data };
    let rest = word.get(1..).unwrap_or_default();
    match word.chars().next() {
        Some('!') => File { mode: "100755", ..file(rest) },
        Some('@') => File { mode: "120000", data: rest.into() },
        Some('&') => File { mode: "160000", data: format!("{:0>40}", rest).into() },
        Some('~') => regular(format!("\0binary {rest}\n").into()),
        Some('#') => regular(Vec::new()),
        Some('_') => {
            let mut data = file(rest).data;
            data.pop();
            regular(data)
        }
        Some('$') => regular(String::from_utf8(file(rest).data).unwrap().replace('\n', "\r\n").into()),
        _ => regular(text(word).into()),
    }
}

fn text(word: &str) -> String {
    let mut lines: Vec<String> = (1..=10).map(|line| format!("{} {line}\n", &word[..1])).collect();
    let mut at = 1;
    while let Some(step) = word[at..].chars().next() {
        let digits: String = word[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let line = digits.parse::<usize>().map_or(0, |line| line - 1);
        match step {
            '+' => lines[line] = format!("changed {}\n", line + 1),
            '^' => lines[line] = format!("altered {}\n", line + 1),
            '-' => drop(lines.remove(line)),
            '*' => lines.insert(line + 1, "inserted\n".into()),
            '%' => lines.iter_mut().step_by(2).for_each(|line| *line = format!("other {line}")),
            other => panic!("`{other}` in `{word}`"),
        }
        at += 1 + digits.len();
    }
    lines.concat()
}

fn snapshot(words: &str) -> Snapshot {
    let entry = |word: &str| word.split_once(':').map(|(path, content)| (path.to_owned(), file(content)));
    words.split_whitespace().map(|word| entry(word).unwrap()).collect()
}

/// Cases made by rule: every pair of edits of two lines of one file, at a distance of 0 to 5, plain and renamed.
fn made() -> Vec<(String, [String; 3])> {
    let mut cases = Vec::new();
    for distance in 0..6 {
        for (what, step) in [("a change", '+'), ("a deletion", '-'), ("an insertion", '*')] {
            let ours = format!("A+{}", 3);
            let theirs = format!("A{step}{}", 3 + distance);
            let name = format!("{what} {distance} lines below a change");
            cases.push((format!("{name}, renamed"), ["f:A".into(), format!("d/g:{ours}"), format!("f:{theirs}")]));
            cases.push((name, ["f:A".into(), format!("f:{ours}"), format!("f:{theirs}")]));
        }
    }
    cases
}

#[test]
fn every_case_merges_as_git_merges_it() {
    let mut names = Vec::new();
    let mut plan: Vec<Planned> = Vec::new();
    let mut pairs = Vec::new();
    let simple = CASES.iter().map(|(name, base, ours, theirs)| {
        ((*name).to_owned(), [(*base).to_owned(), (*ours).to_owned(), (*theirs).to_owned()])
    });
    for (name, [base, ours, theirs]) in simple.chain(made()) {
        let at = plan.len();
        plan.push(Planned { files: snapshot(&base), parents: vec![] });
        plan.push(Planned { files: snapshot(&ours), parents: vec![at] });
        plan.push(Planned { files: snapshot(&theirs), parents: vec![at] });
        for pair in [(at + 1, at + 2), (at + 2, at + 1)] {
            names.push(name.clone());
            pairs.push(pair);
        }
    }
    for (name, snapshots) in CROSSED {
        let at = plan.len();
        let parents = [vec![], vec![at], vec![at], vec![at + 1, at + 2], vec![at + 2, at + 1]];
        plan.extend(snapshots.iter().zip(parents).map(|(words, parents)| Planned { files: snapshot(words), parents }));
        for pair in [(at + 3, at + 4), (at + 4, at + 3)] {
            names.push(format!("{name} (criss-cross)"));
            pairs.push(pair);
        }
    }
    let repo = Repository::with(&plan);
    let (gits, ours) = (repo.gits(&pairs), repo.ours(&pairs));
    let wrong: Vec<String> = names
        .iter()
        .zip(gits.iter().zip(&ours))
        .filter_map(|(name, (git, ours))| Some(format!("{name}: {}", difference(git, ours)?)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ from git:\n{}", wrong.len(), names.len(), wrong.join("\n"));
    // The cases cover what they are meant to cover.
    assert_eq!(names.len(), 2 * (CASES.len() + made().len() + CROSSED.len()));
    assert_eq!((CASES.len(), CROSSED.len(), made().len()), (CASE_COUNT, CROSSED_COUNT, MADE_COUNT));
    let mut kinds: Vec<_> = gits
        .iter()
        .filter_map(|answer| match answer {
            Answer::Conflicts(conflicts) => Some(conflicts.told.iter().map(|(_, kind)| *kind)),
            Answer::Clean(_) => None,
        })
        .flatten()
        .collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds.len(), 11, "every kind of conflict occurs: {kinds:?}");
}
