//! The sample service on a machine of its own: its work clone, and the bare repository that is its remote.

use super::bench;
use super::cli::{Machine, Said};
use std::path::PathBuf;

/// The sample service, not yet promoted.
pub struct Sample {
    pub machine: Machine,
    /// The work clone.
    pub path: PathBuf,
}

impl Sample {
    pub fn new() -> Self {
        let machine = Machine::new();
        let path = machine.service();
        Self { machine, path }
    }

    pub fn say(&self, args: &[&str]) -> Said {
        self.machine.say(&self.path, args)
    }

    /// In the work clone.
    pub fn git(&self, args: &[&str]) -> String {
        bench::git(&self.path, args)
    }

    /// In the remote.
    pub fn remote(&self, args: &[&str]) -> String {
        bench::git(&self.machine.path("demo/remote.git"), args)
    }

    /// All runs, the newest first.
    pub fn runs(&self) -> Vec<serde_json::Value> {
        self.say(&["runs", "--json"]).json()["runs"].as_array().unwrap().clone()
    }
}
