//! Finding and reading relwf.toml.

use super::keys::top;
use super::{CiConfig, Config, ForgeConfig, ShConfig, component, fleet, release, sections};
use crate::components::{Component, Detect};
use crate::document::{self, DocumentFile, Language, Node, Table};
use crate::model::{BranchName, ComponentName, Failure, FailureKind, SourceLocation};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The file's name.
const NAME: &str = "relwf.toml";

/// relwf.toml in `dir` or above, up to the enclosing repository's root. Outside of any repository only `dir` itself is
/// looked at: a file somewhere above may be a stranger's, and it names programs to run.
pub fn find(dir: &Path) -> Option<PathBuf> {
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let top = repository(&dir).unwrap_or(&dir);
    let inside = dir.ancestors().take_while(|folder| folder.starts_with(top));
    // A link that leads nowhere or a folder of that name counts: the defaults must never hold because of an accident.
    inside.map(|folder| folder.join(NAME)).find(|file| file.symlink_metadata().is_ok())
}

/// The root of the repository around a folder: where git's own folder is, or a file that leads there. Something else of that name is
/// none.
pub fn repository(dir: &Path) -> Option<&Path> {
    let is_git = |file: &Path| file.join("HEAD").symlink_metadata().is_ok() && file.join("objects").is_dir();
    let leads = |file: &Path| std::fs::read(file).is_ok_and(|text| text.starts_with(b"gitdir: "));
    dir.ancestors().find(|folder| {
        let file = folder.join(".git");
        is_git(&file) || leads(&file)
    })
}

/// Reads the file, or the defaults when there is none.
///
/// # Errors
///
/// Kind `config`: the file that was named is missing, or something in it is wrong; see [`parse`].
pub fn load(dir: &Path, file: Option<&Path>) -> Result<Config, Failure> {
    let named = file.map(|file| dir.join(file));
    let Some(path) = named.clone().or_else(|| find(dir)) else {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let root = repository(&dir).unwrap_or(&dir).to_owned();
        return parse("", NAME, &root).map(|config| Config { file: None, ..config });
    };
    // Messages call a file as the operator named it, and one that was found by its plain name.
    let name = file.map_or_else(|| NAME.to_owned(), |file| file.display().to_string());
    // `sub/../relwf.toml` must not make `sub/..` the root.
    let path = path.canonicalize().or_else(|_| std::path::absolute(&path)).unwrap_or(path);
    let unreadable = |why: String| {
        Failure::new(FailureKind::Config, format!("`{name}` cannot be read: {why}"))
            .at(SourceLocation::new(&name, 0, 0))
            .hint("give the path of a relwf.toml, or run `relwf init` to write one")
    };
    let bytes = std::fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
    let text = document::text(&bytes).map_err(|error| {
        Failure::new(FailureKind::Config, format!("`{name}` cannot be read: {}", error.message))
            .at(SourceLocation::new(&name, error.at.line, error.at.column))
    })?;
    let root = path.parent().unwrap_or(dir);
    parse(text, &name, root).map(|config| Config { file: Some(path.clone()), ..config })
}

/// Reads a text; `name` is the file's name for messages, `root` the folder that relative paths start from. The fleet's
/// file, when the text names one, is read too.
///
/// # Errors
///
/// Kind `config`, `at` the first thing that is wrong; with several, `detail.problems` lists all of them, the first included:
/// `[{ message, at, hint }]`.
pub fn parse(text: &str, name: &str, root: &Path) -> Result<Config, Failure> {
    parse_with(text, name, root, &|file| std::fs::read(root.join(file)))
}

/// Reads the bytes of a file beside relwf.toml.
pub type ReadBeside<'a> = &'a dyn Fn(&str) -> std::io::Result<Vec<u8>>;

/// The same with the fleet's file from elsewhere.
///
/// # Errors
///
/// See [`parse`].
pub fn parse_with(text: &str, name: &str, root: &Path, beside: ReadBeside<'_>) -> Result<Config, Failure> {
    let problems = RefCell::default();
    let source = DocumentFile::new(name, &problems);
    let config = read(text, &source, root, beside);
    match (config, document::failure(problems.take())) {
        (_, Some(failure)) => Err(failure),
        (Some(config), None) => Ok(config),
        // Cannot be: what is missing was a problem.
        (None, None) => Err(Failure::new(FailureKind::Bug, format!("`{name}` was not understood"))),
    }
}

/// The branch that a relwf.toml names in `[process]`; `None` where it names none, or cannot be read.
pub fn process_branch(text: &str) -> Option<BranchName> {
    let node = document::parse(text, Language::Toml).ok()?;
    node.get("process")?.text("branch")?.parse().ok()
}

fn read(text: &str, source: &DocumentFile<'_>, root: &Path, beside: ReadBeside<'_>) -> Option<Config> {
    let node = document::parse(text, Language::Toml).map_err(|errors| source.syntax("TOML", errors)).ok()?;
    let mut top = Table::new(&node, NAME, source)?;

    let repo = top.table(top::REPO, "[repo]").and_then(sections::repo);
    let process = top.table(top::PROCESS, "[process]").and_then(sections::process);
    let environments = named(top.tables(top::ENVIRONMENT, "[[environment]]"), "environment", sections::environment);
    let mut components = named(top.tables(top::COMPONENT, "[[component]]"), "component", component::read);
    if top.value(top::COMPONENT).is_none() {
        components.extend(counted_in_commits());
    }
    let forge = top.table(top::FORGE, "[forge]").map_or_else(ForgeConfig::default, sections::forge);
    let ci = top.table(top::CI, "[ci]").map_or_else(CiConfig::default, sections::ci);
    let release = top.table(top::RELEASE, "[release]").and_then(|table| release::read(table, &environments));
    let names = component_names(&node, &components);
    let fleet = top.table(top::FLEET, "[fleet]").and_then(|table| fleet::read(table, &names, root, beside));
    let sh = top.table(top::SH, "[sh]").map_or_else(ShConfig::default, sections::sh);
    let secrets = top.value(top::SECRETS).map_or_else(BTreeMap::new, |secrets| sections::secrets(secrets, source));
    top.finish();
    Some(Config {
        root: root.to_owned(),
        file: Some(root.join(NAME)),
        text: text.to_owned(),
        repo,
        process,
        environments,
        components,
        forge,
        ci,
        release,
        fleet,
        sh,
        secrets,
    })
}

/// Without any `[[component]]` the whole repository is one.
fn counted_in_commits() -> Option<Component> {
    let name: ComponentName = "commits".parse().ok()?;
    Some(Component { name, detect: Detect::commits(), repo: None, changelog: false })
}

/// The names of all components, those included that are wrong: that is a problem of its own.
fn component_names<'n>(node: &'n Node, components: &'n [Component]) -> Vec<&'n str> {
    let written = node.get("component").into_iter().flat_map(|list| list.items());
    let written = written.filter_map(|component| component.get("name")?.spelling());
    let names: BTreeSet<&str> = written.chain(components.iter().map(|component| component.name.as_str())).collect();
    names.into_iter().collect()
}

/// Reads tables whose `name` must be unique.
fn named<'n, 's, T>(tables: Vec<Table<'n, 's>>, what: &str, read: impl Fn(Table<'n, 's>) -> Option<T>) -> Vec<T> {
    let mut seen = HashMap::new();
    let read = |table: Table<'n, 's>| {
        let source = table.source;
        if let Some((name, at)) = table.peek("name") {
            fleet::unique(&mut seen, what, name, at, source);
        }
        read(table)
    };
    tables.into_iter().filter_map(read).collect()
}
