//! Where credentials come from, bound to one host; never shown.

/// Where a credential came from, for `doctor` and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSource(pub String);

/// A user name and a secret, for one host.
pub struct Credential;

/// The sources that are asked, in order.
pub struct Credentials;

impl Credentials {
    /// Asks the environment given here, then `gh`, then git's own helpers.
    pub fn new(_env: impl Fn(&str) -> Option<String> + Send + Sync + 'static, _forge_api: Option<&str>) -> Self {
        unimplemented!()
    }
}
