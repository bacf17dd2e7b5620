//! What GitHub's workflows and composite actions use: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>.

use super::{Detector, DetectorDeclaration, DetectorInput, git_name, named};
use crate::components::Version;
use crate::document::{Language, LocatedText, Node, OPTIONAL, REQUIRED, RepoFile, Table, keys};
use crate::model::Failure;

keys! {
    /// A workflow or an `action.yml`. Without it all of `.github/workflows` and `.github/actions` count.
    FILE: RepoFile = "file", OPTIONAL;
    /// The repository of the action, like `acme/setup`, or an action or workflow in it, like `acme/actions/setup`.
    ACTION: LocatedText = "action", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "actions",
    doc: "An action or a reusable workflow that GitHub's workflows use.",
    keys: KEYS,
    read,
};

#[derive(Debug)]
struct Actions {
    file: Option<String>,
    action: String,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, action) = (table.file(FILE), table.owned(ACTION));
    // A file that was given and is wrong has been reported.
    Some(Box::new(Actions { file, action: action? }))
}

impl Detector for Actions {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        let files = match &self.file {
            Some(file) => vec![file.clone()],
            None => commit.manifests.files().list()?.into_iter().map(|(path, _)| path).filter(|p| counts(p)).collect(),
        };
        let mut found = Vec::new();
        for file in &files {
            if let Some(root) = commit.manifests.document(file, Language::Yaml)? {
                named::table(&root, file)?;
                found.extend(uses(&root).filter_map(|uses| version(uses, &self.action)));
            }
        }
        Ok(Version::all(found))
    }

    fn sought(&self) -> String {
        let file = self.file.as_deref().unwrap_or(".github/workflows");
        format!("`uses:` of `{}` in `{file}`", self.action)
    }
}

/// Is it a workflow, or an action of the repository's own?
fn counts(path: &str) -> bool {
    let Some((folder, name)) = path.strip_prefix(".github/").and_then(|path| path.rsplit_once('/')) else {
        return false;
    };
    match folder {
        "workflows" => name.ends_with(".yml") || name.ends_with(".yaml"),
        _ => folder.starts_with("actions/") && (name == "action.yml" || name == "action.yaml"),
    }
}

/// Every `uses:` of a job, of a job's steps and of a composite action's steps.
fn uses(root: &Node) -> impl Iterator<Item = &str> {
    let jobs = root.get("jobs").map(|jobs| jobs.entries()).unwrap_or_default();
    let jobs = jobs.iter().map(|job| &job.value).chain(root.get("runs"));
    jobs.flat_map(|job| {
        let steps = job.get("steps").map(|steps| steps.items()).unwrap_or_default();
        std::iter::once(job).chain(steps).filter_map(|node| node.text("uses"))
    })
}

/// The version of `acme/setup@v1`, where that is the action or in its repository. GitHub's names have no case.
fn version(uses: &str, action: &str) -> Option<Version> {
    let (name, reference) = uses.split_once('@').unwrap_or((uses, ""));
    let begins = name.get(..action.len()).is_some_and(|start| start.eq_ignore_ascii_case(action));
    let ends = matches!(name.get(action.len()..)?.chars().next(), None | Some('/'));
    (begins && ends).then(|| git_name::version(reference, uses))
}
