//! An operator's decision about an approval: the journal keeps it, the approval waits for it.

use jiff::Timestamp;

/// An operator's decision about an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalDecision {
    /// Yes or no.
    pub approved: bool,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}
