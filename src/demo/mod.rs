//! A sample service with history: a bare remote, a work clone with relwf.toml, and a handful of customers' agents.
//!
//! Everything is made from fixed texts and fixed dates, so every machine gets the same commit ids. Knows nothing of
//! workflows, terminals or the user's own configuration.

mod history;
mod story;

use crate::git::{NewRepository, work_clone};
use crate::model::{BranchName, CommitId, Failure, FailureKind};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The agent's revision that every customer runs at first: what production pins.
pub use story::PPC_OLD;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The bare repository.
    pub remote: PathBuf,
    /// The work clone with relwf.toml.
    pub clone: PathBuf,
    /// One file a customer: the version of the agent that runs there.
    pub customers: PathBuf,
    /// Where each branch is.
    pub branches: BTreeMap<BranchName, CommitId>,
}

/// The customers: id, ring, region.
pub const CUSTOMERS: [(&str, &str, &str); 6] = [
    ("lighthouse", "canary", "eu"),
    ("brickworks", "early", "eu"),
    ("tidewater", "early", "us"),
    ("harvest", "broad", "us"),
    ("northwind", "broad", "eu"),
    ("quarry", "broad", "ap"),
];

/// Makes the sample in `dir`, which must be empty or absent.
///
/// # Errors
///
/// Kind `usage` when there is something in the folder already; otherwise the folder cannot be written.
pub fn build(dir: &Path) -> Result<Sample, Failure> {
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(FailureKind::Usage, format!("{} exists and is not empty", dir.display()))
            .hint("name another folder with --dir"));
    }
    let sample = |branches| Sample {
        remote: dir.join("remote.git"),
        clone: dir.join("service"),
        customers: dir.join("customers"),
        branches,
    };
    let paths = sample(BTreeMap::new());
    fs::create_dir_all(&paths.customers).map_err(|error| cannot(dir, &error))?;
    let repository = NewRepository::bare(&paths.remote, &branch("master")?)?;
    let branches = history::write(&repository)?;
    work_clone(&paths.remote, &paths.clone, "../remote.git", ("Robin Sample", "robin@orders.example"))?;
    for (id, ..) in CUSTOMERS {
        let file = paths.customers.join(id);
        fs::write(&file, format!("{PPC_OLD}\n")).map_err(|error| cannot(&file, &error))?;
    }
    for (name, text) in story::BESIDE {
        let file = paths.clone.join(name);
        fs::create_dir_all(file.parent().unwrap_or(dir)).map_err(|error| cannot(&file, &error))?;
        fs::write(&file, text).map_err(|error| cannot(&file, &error))?;
    }
    let config = paths.clone.join("relwf.toml");
    fs::write(&config, configuration()).map_err(|error| cannot(&config, &error))?;
    Ok(sample(branches))
}

fn branch(name: &str) -> Result<BranchName, Failure> {
    name.parse().map_err(|error: crate::model::NameError| Failure::new(FailureKind::Bug, error.to_string()))
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::Io, format!("cannot write {}", path.display())).cause(error)
}

/// The sample's relwf.toml.
fn configuration() -> String {
    let mut text = story::CONFIGURATION.to_owned();
    for (id, ring, region) in CUSTOMERS {
        text.push_str(&format!(
            "\n[[fleet.target]]\nid = \"{id}\"\nring = \"{ring}\"\nlabels = {{ region = \"{region}\" }}\n\
             observe = {{ command = [\"sh\", \"fleet/observe\", \"{id}\"] }}\n\
             update = {{ command = [\"sh\", \"fleet/update\", \"{id}\"] }}\n"
        ));
    }
    text
}
