//! Whose certificates libgit2's OpenSSL trusts: this machine's, or those that git's settings name instead.
//!
//! It holds what it was told for the whole process, and only ever adds. Reading takes longer than to open a repository: so it
//! is told not before there is a server.

use super::GitError;
use super::error::words;
use crate::model::FailureKind;
use crate::network::Trust;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What it was told already; `None` for this machine's own.
static TOLD: Mutex<BTreeSet<Option<PathBuf>>> = Mutex::new(BTreeSet::new());

/// Tells it, once per process and file; whoever connects by https calls it first.
pub(super) fn tell(trust: &Trust) -> Result<(), GitError> {
    let file = match trust {
        Trust::Machine => None,
        Trust::File { path, .. } => Some(path.clone()),
    };
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.contains(&file) {
        return Ok(());
    }
    match (trust, &file) {
        (Trust::File { source, .. }, Some(path)) => {
            trust.certificates().map_err(GitError::Failure)?;
            load(Some(path), &[]).map_err(|error| {
                let message = format!("{source} names {}, which cannot be used: {}", path.display(), words(&error));
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
    told.insert(file);
    Ok(())
}

fn load(file: Option<&Path>, folders: &[PathBuf]) -> Result<(), git2::Error> {
    // SAFETY: these calls change the settings of connections to come. They are made one at a time, under the lock of `TOLD`,
    // before the connection that needs them; OpenSSL itself guards its store of certificates against those that are open.
    #[allow(unsafe_code)]
    unsafe {
        file.map_or(Ok(()), |file| git2::opts::set_ssl_cert_file(file))
            .and_then(|()| folders.iter().try_for_each(|folder| git2::opts::set_ssl_cert_dir(folder)))
    }
}
