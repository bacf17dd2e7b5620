//! Whole promotions through the command line, with the bundled workflows, against the fake GitLab and the fake Forgejo.

mod forgejo;
mod gitlab;
pub mod stage;
