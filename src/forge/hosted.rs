//! What differs between hosted forges when one is opened: API path, token variables, constructor, pages.

use super::{Forge, PageNames};
use crate::git::RemoteUrl;
use crate::http::{Api, Client};
use crate::model::{Failure, Secret};
use std::sync::Arc;

/// A kind of forge that is reached over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Hosted {
    /// Where its API is on its host, e.g. `api/v4`.
    pub api_path: &'static str,
    /// The variables that hold its tokens, as messages name them.
    pub tokens: &'static [&'static str],
    /// The API at a base, with the token for it.
    pub api: fn(Client, &str, Option<&Secret>) -> Api,
    /// The repository that a remote is, over this API.
    pub open: OpenForge,
    /// The whole path of the project that a remote is, on the forge whose API is at that base.
    pub project: fn(&RemoteUrl, &str) -> Result<String, Failure>,
    /// How its pages are called.
    pub pages: PageNames,
}

/// Opens the repository that a remote is, over an API.
///
/// # Errors
///
/// Kind `config`: the remote is no repository there.
pub type OpenForge = fn(Arc<Api>, &RemoteUrl) -> Result<Arc<dyn Forge>, Failure>;
