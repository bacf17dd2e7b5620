//! The workflows and plugins that are part of relwf.

use super::source_file::SourceFile;

macro_rules! embed {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../", $path)))),*]
    };
}

/// Every file of `workflows/` and `plugins/`, by path.
pub(super) const SOURCES: [(&str, &str); 16] = embed![
    "plugins/dockerfile.rhai",
    "plugins/promotion.rhai",
    "plugins/slack.rhai",
    "workflows/back-merge.rhai",
    "workflows/close-change.rhai",
    "workflows/hotfix.rhai",
    "workflows/land-change.rhai",
    "workflows/promote-production.rhai",
    "workflows/promote-staging.rhai",
    "workflows/redeploy.rhai",
    "workflows/reland.rhai",
    "workflows/revert-release.rhai",
    "workflows/rollback.rhai",
    "workflows/sign-off.rhai",
    "workflows/tag-release.rhai",
    "workflows/update-ppcs.rhai",
];

/// The embedded workflows and plugins.
pub fn embedded() -> Vec<SourceFile> {
    SOURCES.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkdir::WalkDir;

    #[test]
    fn no_file_is_forgotten() {
        let root = env!("CARGO_MANIFEST_DIR");
        let mut files: Vec<String> = ["plugins", "workflows"]
            .iter()
            .flat_map(|folder| WalkDir::new(format!("{root}/{folder}")).into_iter().flatten())
            .filter(|entry| entry.file_type().is_file())
            .filter_map(|entry| Some(entry.path().strip_prefix(root).ok()?.to_str()?.to_owned()))
            .filter(|path| path.ends_with(".rhai"))
            .collect();
        files.sort();
        assert_eq!(files, SOURCES.map(|(path, _)| path));
    }
}
