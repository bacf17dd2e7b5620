//! Which process a run goes by: relwf.toml, workflows and plugins as the remote publishes them, or the files of the folder.
//!
//! The branch that a person happens to stand on must not decide by which rules a release lands.

use super::project::{Project, Scripts};
use crate::config;
use crate::git::{self, Keep, LogRange, Mirror};
use crate::model::{BranchName, CommitId, Failure, FailureKind, ProcessOrigin, TaskContext, TreeId};
use crate::script::{SourceFile, own_files};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// The configuration's name in the repository.
const CONFIG: &str = "relwf.toml";

/// More files than this are not named one by one.
const NAMED: usize = 5;

/// Which process is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessChoice {
    /// Nothing was said: what is published, and no other one without a word.
    Unsaid,
    /// The files of this folder.
    Local,
    /// What the remote publishes.
    Published,
}

/// What it is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something is to be done by it.
    Run,
    /// To look: what would it do, is it right?
    Look,
}

/// The process that was chosen.
pub struct ChosenProcess {
    /// The project with its configuration and scripts.
    pub project: Project,
    /// Where they come from.
    pub origin: ProcessOrigin,
    /// The remote's mirror, as it was fetched to look.
    pub mirror: Mirror,
    /// The published files by name, where they are not the folder's.
    pub texts: BTreeMap<String, String>,
}

/// What a branch publishes.
struct Published {
    branch: BranchName,
    commit: CommitId,
    tree: TreeId,
    /// The project's folder in the repository: empty, or with a slash at its end.
    prefix: String,
    /// By path from the project's folder.
    files: BTreeMap<String, String>,
}

/// Chooses the process.
///
/// # Errors
///
/// Kind `config`: the folder's files differ from what is published and nothing was said of that, or there is no configuration; the
/// remote or the cache cannot be reached.
pub fn choose_process(
    project: Project,
    choice: ProcessChoice,
    purpose: Purpose,
    task: TaskContext<'_>,
) -> Result<ChosenProcess, Failure> {
    let keep = if purpose == Purpose::Run { Keep::Yes } else { Keep::No };
    let mirror = project.mirror(keep, task)?;
    let chosen = |project, origin, mirror| ChosenProcess { project, origin, mirror, texts: BTreeMap::new() };
    if let Some(file) = &project.invocation.config {
        let file = project.named(file);
        return Ok(chosen(project, ProcessOrigin::Named { file }, mirror));
    }
    let own = own_process(&project)?;
    let Some(published) = published(&project, &mirror)? else {
        let branch = mirror.default_branch()?;
        if choice == ProcessChoice::Published {
            return Err(nothing_published(branch.as_ref()));
        }
        if purpose == Purpose::Run && !own.contains_key(CONFIG) {
            return Err(unconfigured(&project, branch.as_ref()));
        }
        return Ok(chosen(project, ProcessOrigin::Unpublished { branch }, mirror));
    };
    let Published { branch, commit, .. } = &published;
    let (branch, commit) = (branch.clone(), *commit);
    let differences = differences(&own, &published.files);
    let by_published = match choice {
        ProcessChoice::Published => true,
        ProcessChoice::Local if !own.contains_key(CONFIG) => return Err(no_local(&project, &branch)),
        ProcessChoice::Local => false,
        // On a branch from before relwf there is no other process to choose.
        ProcessChoice::Unsaid => own.is_empty(),
    };
    let unpublished: Vec<String> = own.keys().filter(|path| !published.files.contains_key(*path)).cloned().collect();
    let as_it_is = choice != ProcessChoice::Published || unpublished.is_empty();
    if differences.is_empty() && as_it_is {
        return Ok(chosen(project, ProcessOrigin::Published { branch, commit, unpublished }, mirror));
    }
    if by_published {
        let project = as_published(&project, &published, &mirror)?;
        let origin = ProcessOrigin::Published { branch, commit, unpublished: Vec::new() };
        return Ok(ChosenProcess { project, origin, mirror, texts: published.files });
    }
    if choice == ProcessChoice::Unsaid && purpose == Purpose::Run {
        let are_old = were_published(&own, &published, &mirror)?;
        return Err(differs(&branch, commit, &differences, are_old));
    }
    Ok(chosen(project, ProcessOrigin::Local { branch, commit, differences }, mirror))
}

/// In what the folder's files differ from the published ones, as the mirror has them; `None` where they do not.
///
/// # Errors
///
/// The mirror or the folder cannot be read.
pub fn local_origin(project: &Project, mirror: &Mirror) -> Result<Option<ProcessOrigin>, Failure> {
    if project.invocation.config.is_some() {
        return Ok(None);
    }
    let Some(published) = published(project, mirror)? else { return Ok(None) };
    let differences = differences(&own_process(project)?, &published.files);
    let Published { branch, commit, .. } = published;
    Ok((!differences.is_empty()).then_some(ProcessOrigin::Local { branch, commit, differences }))
}

/// The folder's files.
fn own_process(project: &Project) -> Result<BTreeMap<String, String>, Failure> {
    let mut files: BTreeMap<String, String> =
        own_files(&project.config.root)?.into_iter().map(|file| (file.path, file.text)).collect();
    if project.config.file.is_some() {
        files.insert(CONFIG.to_owned(), project.config.text.clone());
    }
    Ok(files)
}

/// What the remote publishes: its default branch, or the one that `[process] branch` there, or here, names.
fn published(project: &Project, mirror: &Mirror) -> Result<Option<Published>, Failure> {
    let prefix = folder_in_repository(&project.config.root)?;
    let of = |branch: BranchName| -> Result<Option<Published>, Failure> {
        let Some(commit) = mirror.branch(&branch)? else { return Ok(None) };
        let (tree, prefix) = (mirror.tree(commit)?, prefix.clone());
        let files = process_files(mirror, tree, &prefix)?;
        Ok(Some(Published { branch, commit, tree, prefix, files }))
    };
    let default = mirror.default_branch()?.map(of).transpose()?.flatten();
    let there =
        default.as_ref().and_then(|found| found.files.get(CONFIG)).and_then(|text| config::process_branch(text));
    let elsewhere = match (there, &default) {
        (Some(branch), Some(default)) => Some(branch).filter(|branch| *branch != default.branch),
        (None, Some(default)) if !default.files.is_empty() => None,
        _ => project.config.process.clone(),
    };
    let found = match elsewhere {
        Some(branch) => of(branch)?,
        None => default,
    };
    Ok(found.filter(|found| !found.files.is_empty()))
}

/// relwf.toml and the scripts of a tree.
fn process_files(mirror: &Mirror, tree: TreeId, prefix: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut paths = vec![CONFIG.to_owned()];
    for folder in SourceFile::FOLDERS {
        let Some(below) = mirror.entry(tree, &format!("{prefix}{folder}"))? else { continue };
        let Ok(files) = mirror.list(below.into()) else { continue };
        paths.extend(
            files.into_iter().map(|(path, _)| format!("{folder}/{path}")).filter(|path| path.ends_with(".rhai")),
        );
    }
    let mut files = BTreeMap::new();
    for path in paths {
        if let Some(bytes) = mirror.read(tree, &format!("{prefix}{path}"))? {
            files.insert(path, String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned());
        }
    }
    Ok(files)
}

/// A folder's path from the root of the repository around it.
fn folder_in_repository(folder: &Path) -> Result<String, Failure> {
    let Some(around) = git::enclosing(folder)? else { return Ok(String::new()) };
    let (folder, root) = (folder.canonicalize(), around.root.canonicalize());
    let inside = match (&folder, &root) {
        (Ok(folder), Ok(root)) => folder.strip_prefix(root).ok(),
        _ => None,
    };
    let parts = inside.into_iter().flat_map(Path::components).filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Ok(parts.map(|part| format!("{part}/")).collect())
}

/// The published files that are not the same here, by name; how lines end makes no difference.
fn differences(own: &BTreeMap<String, String>, published: &BTreeMap<String, String>) -> Vec<String> {
    let text = |files: &BTreeMap<String, String>, path: &str| files.get(path).map(|text| text.replace("\r\n", "\n"));
    published.keys().filter(|path| text(own, path) != text(published, path)).cloned().collect()
}

/// How many commits back it is looked whether the folder's files were published.
const LOOKED_BACK: usize = 100;

/// Are the folder's files what an earlier commit published? Then nothing was edited here, and the clone is behind.
fn were_published(own: &BTreeMap<String, String>, now: &Published, mirror: &Mirror) -> Result<bool, Failure> {
    let range = LogRange { from: now.commit, not: Vec::new(), first_parent: false, limit: Some(LOOKED_BACK) };
    for earlier in mirror.log(&range)? {
        let files = process_files(mirror, earlier.tree, &now.prefix)?;
        if !files.is_empty() && differences(own, &files).is_empty() && own.keys().all(|path| files.contains_key(path)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The project by its published files.
fn as_published(project: &Project, published: &Published, mirror: &Mirror) -> Result<Project, Failure> {
    let root = &project.config.root;
    let text = published.files.get(CONFIG).map_or("", String::as_str);
    let name = format!("{}:{}{CONFIG}", published.branch, published.prefix);
    // A list of targets may be kept out of the repository.
    let read = |file: &str| match mirror.read(published.tree, &format!("{}{file}", published.prefix)) {
        Ok(Some(bytes)) => Ok(bytes),
        _ => std::fs::read(root.join(file)),
    };
    let config = config::parse_with(text, &name, root, &read)?;
    let scripts = published.files.iter().filter(|(path, _)| *path != CONFIG);
    let scripts = scripts.map(|(path, text)| SourceFile { path: path.clone(), text: text.clone() }).collect();
    let mut invocation = project.invocation.clone();
    invocation.repo = Some(project.remote()?.url.to_string());
    Ok(Project::with(invocation, config).scripted(Scripts::Published(scripts)))
}

fn listed(files: &[String]) -> String {
    match files.get(NAMED..) {
        Some(more) if !more.is_empty() => format!("{} and {} more", files[..NAMED].join(", "), more.len()),
        _ => files.join(", "),
    }
}

fn differs(branch: &BranchName, commit: CommitId, differences: &[String], are_old: bool) -> Failure {
    let verb = if differences.len() == 1 { "differs" } else { "differ" };
    let message = format!("{} here {verb} from what {branch} publishes ({})", listed(differences), commit.short());
    Failure::new(FailureKind::Config, message)
        .hint(if are_old {
            format!(
                "they are what {branch} published earlier, nothing was edited: `git pull` brings this clone up to date, and `--process \
                 published` goes by those of {branch} at once"
            )
        } else {
            format!(
                "`--process published` goes by those of {branch}; `--process local` by these, and the change says so; to publish \
                 them: commit them, and push that to {branch}"
            )
        })
        .detail(json!({ "branch": branch, "commit": commit, "differences": differences }))
}

fn no_local(project: &Project, branch: &BranchName) -> Failure {
    Failure::new(FailureKind::Config, format!("there is no relwf.toml in {}", project.config.root.display()))
        .hint(format!("leave `--process local` out to go by what {branch} publishes"))
}

fn unconfigured(project: &Project, branch: Option<&BranchName>) -> Failure {
    let published = branch.map_or_else(|| "the remote".to_owned(), BranchName::to_string);
    let message =
        format!("there is no relwf.toml in {}, and {published} publishes none", project.config.root.display());
    Failure::new(FailureKind::Config, message)
        .hint("`relwf init` writes one: which branches are environments, what must be green, who deploys")
}

fn nothing_published(branch: Option<&BranchName>) -> Failure {
    let published = branch.map_or_else(|| "the remote".to_owned(), BranchName::to_string);
    Failure::new(FailureKind::Config, format!("{published} publishes no relwf.toml and no workflow"))
        .hint("commit relwf.toml there, or leave `--process published` out to go by the files of this folder")
}
