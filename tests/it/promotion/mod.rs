//! Whole promotions through the command line, with the bundled workflows, against the fake GitHub and Travis.
//!
//! Every request passes through prism; where prism objects, the test fails.

mod again;
mod against;
mod builds;
mod candidates;
mod changed_by_others;
mod deployed;
mod doctor;
mod endings;
mod faults;
mod green;
mod killed;
mod outages;
mod races;
mod released;
mod stage;
