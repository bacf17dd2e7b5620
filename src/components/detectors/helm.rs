//! A chart in Helm's `Chart.lock`: <https://helm.sh/docs/helm/helm_dependency_build/>. Helm 2 called it `requirements.lock`.
//!
//! Its `digest` is that of all dependencies together, and says nothing of one.

use super::{Detector, DetectorDeclaration, named};
use crate::components::Version;
use crate::document::{Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("Chart.lock");
    /// The chart.
    CHART: LocatedText = "chart", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "helm", doc: "A chart in Helm's `Chart.lock`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, CHART, "chart", |commit, file, chart| {
        commit.with(file, Language::Yaml, |lock| detect(lock, file, chart))
    })
}

/// Every copy: a chart may be there several times, under aliases.
fn detect(lock: &Node, file: &str, chart: &str) -> Result<Option<Version>, Failure> {
    named::table(lock, file)?;
    let mut locked = Vec::new();
    for entry in lock.get("dependencies").map(|charts| charts.items()).unwrap_or_default() {
        if entry.text("name") == Some(chart) {
            let version = named::required(entry, "version", chart, file)?;
            let source = entry.text("repository").filter(|repository| !repository.is_empty()).map(str::to_owned);
            locked.push(Version { source, ..Version::published(version) });
        }
    }
    Ok(Version::all(locked))
}
