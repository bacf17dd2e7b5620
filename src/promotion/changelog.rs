//! Changelogs: the commits of a component's own repository between both versions, from a mirror that is fetched for it.
//!
//! The time for a fetch and the number of commits listed are limited. What cannot be found out is said in the component's row, and
//! stops nothing: changelogs inform, and no commit's id depends on them.

use crate::components::{
    Changelog, ChangelogEntry, Component, ComponentDelta, VersionChange, git_names, repository_of,
};
use crate::git::{Credentials, Keep, LogRange, Mirror, RemoteUrl};
use crate::model::{Cancel, CommitId, Failure, FailureKind, TaskContext};
use crate::network::Routes;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long the fetch of one repository may take.
const FETCH: Duration = Duration::from_secs(60);
/// How many commits are listed.
const LISTED: usize = 50;

/// The repositories of components, and the way there.
pub struct ComponentRepositories {
    /// The cache folder, where there is one.
    pub cache: Result<PathBuf, Failure>,
    /// Each credential is for its own host alone.
    pub credentials: Arc<Credentials>,
    pub routes: Routes,
}

impl ComponentRepositories {
    /// Adds changelogs to the rows of the components that want one.
    ///
    /// # Errors
    ///
    /// ctrl-C.
    pub fn add_changelogs(
        &self,
        components: &[Component],
        rows: &mut [ComponentDelta],
        task: TaskContext<'_>,
    ) -> Result<(), Failure> {
        let mut opened: HashMap<String, Result<Mirror, Failure>> = HashMap::new();
        for row in rows {
            let wanted = components.iter().find(|component| component.name == row.name && component.changelog);
            let Some(component) = wanted.filter(|_| row.change == Some(VersionChange::Changed)) else { continue };
            let Some(address) = repository_of(component, row) else {
                let why = "it is unknown where its repository is; `repo` of the component says it";
                row.changelog = Some(Changelog::missing(why));
                continue;
            };
            let mirror = opened.entry(address.clone()).or_insert_with(|| self.fetched(&address, task));
            if task.cancel.is_raised() {
                return Err(Failure::new(FailureKind::Interrupted, "stopped while changelogs were fetched"));
            }
            let changelog = match mirror {
                Ok(mirror) => between(mirror, &address, row),
                Err(failure) => Err(failure.clone()),
            };
            row.changelog = Some(changelog.unwrap_or_else(|failure| Changelog::missing(failure.message)));
        }
        Ok(())
    }

    fn fetched(&self, address: &str, task: TaskContext<'_>) -> Result<Mirror, Failure> {
        let cache = self.cache.clone()?;
        let url = RemoteUrl::parse(address, Path::new("/"))?.by(&self.routes)?;
        within(FETCH, task, |task| {
            let mirror = Mirror::open(&cache, &url, Arc::clone(&self.credentials), Keep::Yes, task)?;
            mirror.sync(task)?;
            Ok(mirror)
        })
        .unwrap_or_else(|| {
            let message = format!(
                "fetching {url} takes longer than {} s, too long for a changelog; without `changelog` of the component it is not tried",
                FETCH.as_secs()
            );
            Err(Failure::new(FailureKind::Timeout, message))
        })
    }
}

fn between(mirror: &Mirror, address: &str, row: &ComponentDelta) -> Result<Changelog, Failure> {
    let (Some(from), Some(to)) = (&row.from, &row.to) else { return Ok(Changelog::default()) };
    let commit = |names: Vec<String>| -> Result<CommitId, Failure> {
        let found = names.iter().find_map(|name| mirror.resolve(name).ok());
        let shown = |name: &String| format!("`{}`", name.strip_prefix("refs/tags/").unwrap_or(name));
        let names: Vec<String> = names.iter().map(shown).collect();
        found.ok_or_else(|| match names.is_empty() {
            true => Failure::new(FailureKind::NotFound, "one of the versions is no single commit or tag"),
            false => Failure::new(FailureKind::NotFound, format!("{address} has no {}", names.join(" or "))),
        })
    };
    let name = row.name.to_string();
    let (from, to) = (commit(git_names(&name, from))?, commit(git_names(&name, to))?);
    let new = LogRange { from: to, not: vec![from], first_parent: false, limit: None };
    let gone = LogRange { from, not: vec![to], ..new.clone() };
    let (commit_count, removed_count) = (mirror.count(&new)?, mirror.count(&gone)?);
    let commits = mirror.log(&LogRange { limit: Some(LISTED), ..new })?;
    let entry = |commit: &crate::git::CommitInfo| ChangelogEntry {
        commit: commit.id.to_string(),
        summary: commit.summary.clone(),
        author: commit.author.name.clone(),
    };
    Ok(Changelog { commits: commits.iter().map(entry).collect(), commit_count, removed_count, warning: None })
}

/// Does something that looks at its flag; `None` when it takes longer than this.
fn within<T>(limit: Duration, task: TaskContext<'_>, work: impl FnOnce(TaskContext<'_>) -> T) -> Option<T> {
    const LOOK: Duration = Duration::from_millis(50);
    let (cancel, began) = (Cancel::new(), Instant::now());
    let (done, ended) = mpsc::channel::<()>();
    let answer = std::thread::scope(|scope| {
        let cancel = &cancel;
        scope.spawn(move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if task.cancel.is_raised() || began.elapsed() > limit {
                    cancel.raise();
                }
            }
        });
        let answer = work(TaskContext { cancel, ..task });
        drop(done);
        answer
    });
    (!cancel.is_raised() || task.cancel.is_raised()).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_stopped() {
        let cancel = Cancel::new();
        let task = TaskContext { cancel: &cancel, progress: &|_| {} };
        let endless = |task: TaskContext<'_>| {
            while !task.cancel.is_raised() {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        assert_eq!(within(Duration::from_millis(1), task, endless), None);
        assert_eq!(within(FETCH, task, |_| 1), Some(1));
        cancel.raise();
        assert_eq!(within(FETCH, task, endless), Some(()));
    }
}
