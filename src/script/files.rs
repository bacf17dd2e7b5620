//! Which workflows and plugins there are, and their texts: the project's files win over the embedded ones.
//!
//! Nothing outside the project's folders is ever read: names are checked, links are followed only inside the project.

use super::source_file::{Role, SourceFile, is_valid_name};
use crate::model::{Failure, FailureKind};
use std::collections::BTreeMap;
use std::path::Path;
use walkdir::WalkDir;

/// A script that is longer is not a script.
const MAX_BYTES: u64 = 1024 * 1024;

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileOrigin {
    /// A file of the project, or one that a run pinned.
    Project,
    /// Part of relwf.
    Embedded,
}

#[derive(Debug)]
pub(super) struct LibraryFile {
    /// Its text, or why it cannot be used.
    pub(super) text: Result<String, Failure>,
    /// Where it comes from.
    pub(super) origin: FileOrigin,
}

/// Every workflow and plugin, by path.
#[derive(Debug, Default)]
pub(super) struct LibraryFiles(BTreeMap<String, LibraryFile>);

impl LibraryFiles {
    /// The project's files over the embedded ones.
    ///
    /// # Errors
    ///
    /// `root` cannot be resolved. A single bad file is an error only when it is used.
    pub(super) fn open(root: &Path, embedded: &[SourceFile]) -> Result<Self, Failure> {
        let mut files = Self::of(embedded.to_vec(), FileOrigin::Embedded);
        if !root.exists() {
            return Ok(files);
        }
        let root = root.canonicalize().map_err(|error| {
            Failure::new(FailureKind::Io, format!("the project's folder {} cannot be read", root.display()))
                .cause(error)
        })?;
        for role in Role::ALL {
            files.add_folder(&root, role);
        }
        Ok(files)
    }

    /// These texts over the embedded ones.
    pub(super) fn over(files: Vec<SourceFile>, embedded: &[SourceFile]) -> Self {
        let mut all = Self::of(embedded.to_vec(), FileOrigin::Embedded);
        all.0.extend(Self::of(files, FileOrigin::Project).0);
        all
    }

    /// These texts and no others.
    pub(super) fn of(sources: Vec<SourceFile>, origin: FileOrigin) -> Self {
        Self(
            sources
                .into_iter()
                .map(|SourceFile { path, text }| (path, LibraryFile { text: Ok(text), origin }))
                .collect(),
        )
    }

    /// The file at a path like `plugins/slack.rhai`.
    pub(super) fn get(&self, path: &str) -> Option<&LibraryFile> {
        self.0.get(path)
    }

    /// The names of all files of one role, sorted.
    pub(super) fn names(&self, role: Role) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().filter_map(move |path| role.name(path))
    }

    fn add_folder(&mut self, root: &Path, role: Role) {
        let folder = root.join(role.folder());
        for entry in WalkDir::new(&folder).follow_links(true).sort_by_file_name().into_iter().flatten() {
            let Some(name) = entry.path().strip_prefix(&folder).ok().and_then(Path::to_str) else { continue };
            let Some(name) = name.strip_suffix(".rhai") else { continue };
            if !entry.file_type().is_file() {
                continue;
            }
            let path = role.path(name);
            let text = read(root, entry.path(), name, &path);
            self.0.insert(path, LibraryFile { text, origin: FileOrigin::Project });
        }
    }
}

/// The project's own files under `root`; one that cannot be used has no text.
///
/// # Errors
///
/// `root` cannot be resolved.
pub fn own_files(root: &Path) -> Result<Vec<SourceFile>, Failure> {
    let files = LibraryFiles::open(root, &[])?.0.into_iter();
    Ok(files.map(|(path, file)| SourceFile { path, text: file.text.unwrap_or_default() }).collect())
}

fn read(root: &Path, file: &Path, name: &str, path: &str) -> Result<String, Failure> {
    let wrong = |message: String| Failure::new(FailureKind::Script, message);
    if !is_valid_name(name) {
        return Err(wrong(format!("`{path}` has a name that cannot be used"))
            .hint("use only the letters a to z, digits, `-` and `_`"));
    }
    let unreadable =
        |error: std::io::Error| Failure::new(FailureKind::Io, format!("`{path}` cannot be read")).cause(error);
    let real = file.canonicalize().map_err(unreadable)?;
    if !real.starts_with(root) {
        return Err(wrong(format!("`{path}` is a link that leads out of the project"))
            .hint("put the file itself there; scripts are read only from inside the project"));
    }
    if std::fs::metadata(&real).map_err(unreadable)?.len() > MAX_BYTES {
        return Err(wrong(format!("`{path}` is larger than {} KiB", MAX_BYTES / 1024)));
    }
    let bytes = std::fs::read(&real).map_err(unreadable)?;
    // Some editors begin a file with a byte order mark; it is no part of the script.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| bytes.clone(), <[u8]>::to_vec);
    String::from_utf8(bytes).map_err(|_| wrong(format!("`{path}` is not UTF-8 text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(path: &str) -> SourceFile {
        SourceFile { path: path.into(), text: "embedded".into() }
    }

    #[test]
    fn the_projects_files_win_over_the_embedded_ones() {
        let project = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(project.path().join("plugins/chat")).unwrap();
        std::fs::write(project.path().join("plugins/slack.rhai"), "mine").unwrap();
        std::fs::write(project.path().join("plugins/chat/irc.rhai"), "irc").unwrap();
        std::fs::write(project.path().join("plugins/README.md"), "not a script").unwrap();
        let files = LibraryFiles::open(project.path(), &[embedded("plugins/slack.rhai"), embedded("workflows/a.rhai")])
            .unwrap();
        assert_eq!(files.names(Role::Plugin).collect::<Vec<_>>(), ["chat/irc", "slack"]);
        assert_eq!(files.names(Role::Workflow).collect::<Vec<_>>(), ["a"]);
        assert_eq!(files.get("plugins/slack.rhai").unwrap().text.as_deref(), Ok("mine"));
        assert_eq!(files.get("workflows/a.rhai").unwrap().origin, FileOrigin::Embedded);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_script() {
        let project = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(project.path().join("workflows")).unwrap();
        std::fs::write(project.path().join("workflows/a.rhai"), "\u{feff}//! A.\r\nfn run(p) { 1 }\r\n").unwrap();
        let files = LibraryFiles::open(project.path(), &[]).unwrap();
        assert_eq!(files.get("workflows/a.rhai").unwrap().text.as_deref(), Ok("//! A.\r\nfn run(p) { 1 }\r\n"));
    }

    #[cfg(unix)]
    #[test]
    fn links_may_not_leave_the_project() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("evil.rhai"), "secret").unwrap();
        let project = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(project.path().join("plugins")).unwrap();
        std::fs::create_dir_all(project.path().join("shared")).unwrap();
        std::fs::write(project.path().join("shared/fine.rhai"), "fine").unwrap();
        let link = |to: &Path, name: &str| {
            std::os::unix::fs::symlink(to, project.path().join("plugins").join(name)).unwrap();
        };
        link(&outside.path().join("evil.rhai"), "evil.rhai");
        link(outside.path(), "folder");
        link(&project.path().join("shared/fine.rhai"), "fine.rhai");
        let files = LibraryFiles::open(project.path(), &[]).unwrap();
        let text = |path: &str| files.get(path).unwrap().text.clone().map_err(|failure| failure.message);
        let out = |path: &str| Err(format!("`{path}` is a link that leads out of the project"));
        assert_eq!(text("plugins/evil.rhai"), out("plugins/evil.rhai"));
        assert_eq!(text("plugins/folder/evil.rhai"), out("plugins/folder/evil.rhai"));
        assert_eq!(text("plugins/fine.rhai"), Ok("fine".to_owned()));
    }
}
