//! The names that a project's configuration knows, as far as scripts mention them. Knows no configuration.

/// What scripts may name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfiguredNames {
    pub environments: Vec<String>,
    pub components: Vec<String>,
    pub secrets: Vec<String>,
    /// The programs that `sh::run` may start.
    pub programs: Vec<String>,
}
