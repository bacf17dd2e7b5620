//! Loads the CA certificates that libgit2's OpenSSL trusts: the system's, or those set in git's configuration.
//!
//! OpenSSL keeps them for the whole process, and only ever adds. Reading them takes longer than opening a repository, so they are
//! loaded when the first server is connected to.

use super::GitError;
use super::error::git_message;
use crate::model::FailureKind;
use crate::network::Trust;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What is loaded already; `None` for this machine's own.
static LOADED: Mutex<BTreeSet<Option<PathBuf>>> = Mutex::new(BTreeSet::new());

/// Loads them, once per process and file; called before an https connection.
pub(super) fn load_once(trust: &Trust) -> Result<(), GitError> {
    let file = match trust {
        Trust::Machine => None,
        Trust::File { path, .. } => Some(path.clone()),
    };
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if loaded.contains(&file) {
        return Ok(());
    }
    match (trust, &file) {
        (Trust::File { source, .. }, Some(path)) => {
            trust.certificates().map_err(GitError::Failure)?;
            load(Some(path), &[]).map_err(|error| {
                let message =
                    format!("{source} names {}, which cannot be used: {}", path.display(), git_message(&error));
                GitError::new(FailureKind::Config, message).hint("it must be a PEM file with the CA's certificate")
            })?;
        }
        _ => {
            let found = openssl_probe::probe();
            if let Err(error) = load(found.cert_file.as_deref(), &found.cert_dir) {
                tracing::warn!(%error, "the certificates of this machine cannot be read; no https server will be trusted");
            }
        }
    }
    loaded.insert(file);
    Ok(())
}

fn load(file: Option<&Path>, folders: &[PathBuf]) -> Result<(), git2::Error> {
    // SAFETY: these calls change the settings of connections to come. They are made one at a time, under the lock of `LOADED`,
    // before the connection that needs them; OpenSSL itself guards its store of certificates against those that are open.
    #[allow(unsafe_code)]
    unsafe {
        file.map_or(Ok(()), |file| git2::opts::set_ssl_cert_file(file))
            .and_then(|()| folders.iter().try_for_each(|folder| git2::opts::set_ssl_cert_dir(folder)))
    }
}
