//! Trees as git stores them: entries, their order, and what makes a tree damaged.
//!
//! git's own program reads many a damaged tree and makes something of it, or crashes over it. What two programs read differently
//! is read by neither here.

use crate::model::{ObjectId, quoted_path};
use std::cmp::Ordering;

/// The type bits of a mode.
pub(crate) const KIND: u32 = 0o170_000;
/// The mode of a directory.
pub(crate) const DIRECTORY: u32 = 0o040_000;
/// The mode of a symbolic link.
pub(crate) const LINK: u32 = 0o120_000;
/// The mode of a submodule.
pub(crate) const SUBMODULE: u32 = 0o160_000;
/// The type bits of an ordinary file.
pub(crate) const REGULAR: u32 = 0o100_000;

/// One name of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TreeEntry<'t> {
    pub(crate) name: &'t [u8],
    /// As git reads it, whatever old programs wrote: 100644, 100755, or the mode of a directory, a link or a submodule.
    pub(crate) mode: u32,
    pub(crate) id: ObjectId,
}

impl<'t> TreeEntry<'t> {
    /// The first entry of a raw tree, and what follows it.
    pub(crate) fn split(data: &'t [u8]) -> Option<(Self, &'t [u8])> {
        let space = memchr::memchr(b' ', data).filter(|space| *space > 0)?;
        let mut mode = 0_u32;
        for digit in &data[..space] {
            // git keeps sixteen bits.
            mode = (mode << 3 | u32::from(digit.checked_sub(b'0').filter(|digit| *digit < 8)?)) & 0xffff;
        }
        let data = &data[space + 1..];
        let end = memchr::memchr(0, data)?;
        let id: [u8; 20] = data.get(end + 1..end + 21)?.try_into().ok()?;
        Some((Self { name: &data[..end], mode: canonical(mode), id: ObjectId::from_bytes(id) }, &data[end + 21..]))
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.mode == DIRECTORY
    }

    fn place(&self) -> (&'t [u8], bool) {
        (self.name, self.is_directory())
    }
}

fn canonical(mode: u32) -> u32 {
    match mode & KIND {
        REGULAR if mode & 0o100 != 0 => 0o100_755,
        REGULAR => 0o100_644,
        LINK => LINK,
        DIRECTORY => DIRECTORY,
        _ => SUBMODULE,
    }
}

/// git's order of names, each with whether it is a directory: as if directories' names ended in a slash.
pub(crate) fn order(a: (&[u8], bool), b: (&[u8], bool)) -> Ordering {
    let common = a.0.len().min(b.0.len());
    a.0[..common].cmp(&b.0[..common]).then_with(|| {
        let end = |(name, directory): (&[u8], bool)| match name.get(common) {
            Some(byte) => *byte,
            None if directory => b'/',
            None => 0,
        };
        end(a).cmp(&end(b)).then_with(|| a.0.len().cmp(&b.0.len()))
    })
}

/// What is wrong with a raw tree, if anything is (`git fsck` has names for all of it).
pub(crate) fn fault(data: &[u8]) -> Option<String> {
    let (mut rest, mut last) = (data, None);
    // The files whose names what comes next may begin with: a directory of such a name comes later, not next.
    let mut files: Vec<&[u8]> = Vec::new();
    while !rest.is_empty() {
        let Some((entry, after)) = TreeEntry::split(rest) else { return Some("its entries cannot be read".to_owned()) };
        let says = |what: &str| Some(format!("its entry `{}` {what}", quoted_path(entry.name)));
        match entry.name {
            b"" => return Some("it has an entry without a name".to_owned()),
            b"." | b".." => return says("would lead out of it"),
            name if name.eq_ignore_ascii_case(b".git") => return says("has git's own name"),
            name if memchr::memchr(b'/', name).is_some() => return says("has a slash in its name"),
            _ if entry.id == ObjectId::ZERO => return says("has the null id"),
            _ => {}
        }
        while files.pop_if(|file| !entry.name.starts_with(file)).is_some() {}
        match last.map(|last| order(last, entry.place())) {
            Some(Ordering::Equal) => return says("is there twice"),
            _ if entry.is_directory() && files.last() == Some(&entry.name) => {
                return says("is a file and a directory at once");
            }
            Some(Ordering::Greater) => return says("is not in git's order"),
            _ => {}
        }
        if !entry.is_directory() {
            files.push(entry.name);
        }
        (last, rest) = (Some(entry.place()), after);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(entries: &[(&str, &str)]) -> Vec<u8> {
        let entry = |(mode, name): &(&str, &str)| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &[7; 20]].concat();
        entries.iter().flat_map(entry).collect()
    }

    #[test]
    fn modes_are_read_as_git_reads_them() {
        for (mode, read) in [
            ("100644", 0o100_644),
            ("100664", 0o100_644),
            ("100600", 0o100_644),
            ("100000", 0o100_644),
            ("0100644", 0o100_644),
            ("1100644", 0o100_644),
            ("100775", 0o100_755),
            ("100777", 0o100_755),
            ("120777", LINK),
            ("040000", DIRECTORY),
            ("40755", DIRECTORY),
            ("160755", SUBMODULE),
            ("140000", SUBMODULE),
            ("644", SUBMODULE),
            ("0", SUBMODULE),
        ] {
            assert_eq!(TreeEntry::split(&raw(&[(mode, "f")])).unwrap().0.mode, read, "{mode}");
        }
        for mode in ["", "100648", "-1", "0x10"] {
            assert_eq!(TreeEntry::split(&raw(&[(mode, "f")])), None, "{mode}");
        }
    }

    #[test]
    fn each_kind_of_damage_is_told() {
        let (file, folder) = ("100644", "40000");
        for (entries, what) in [
            (&[(file, "../evil")][..], "slash"),
            (&[(file, "..")], "out of it"),
            (&[(folder, ".GIT")], "git's own name"),
            (&[(file, "")], "without a name"),
            (&[(file, "f"), (file, "f")], "twice"),
            (&[(folder, "f"), (file, "f")], "not in git's order"),
            (&[(file, "f"), (folder, "f")], "a file and a directory"),
            (&[(file, "f"), (file, "f.c"), (file, "f.c.d"), (file, "f.d"), (folder, "f")], "a file and a directory"),
            (&[(file, "g"), (file, "f")], "not in git's order"),
            (&[(folder, "f"), (file, "f.c")], "not in git's order"),
            (&[("100648", "f")], "cannot be read"),
        ] {
            assert!(
                fault(&raw(entries)).is_some_and(|why| why.contains(what)),
                "{entries:?}: {:?}",
                fault(&raw(entries))
            );
        }
        assert!(fault(b"100644 f\0\0\0").is_some());
        assert!(fault(&[&b"100644 f\0"[..], &[0; 20]].concat()).is_some_and(|why| why.contains("null id")));
        let sound =
            [(file, "f"), (file, "f.c"), (folder, "f.d"), (file, "f.e"), (folder, "f0"), (file, "g"), (folder, "h")];
        assert_eq!(fault(&raw(&sound)), None);
        assert_eq!(fault(b""), None);
    }
}
