//! Whole promotions through the command line, with the bundled workflows, against the fake GitLab and the fake Forgejo.

mod comments;
mod doctor;
mod forgejo;
mod forgejo_api;
mod gitbeaker;
mod gitlab;
mod gitlab_ci;
mod races;
mod released;
pub mod stage;
