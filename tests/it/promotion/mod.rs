//! Whole promotions through the command line, with the bundled workflows, against the fake GitHub and Travis.
//!
//! Every request passes through prism; where prism objects, the test fails.

mod against;
mod builds;
mod candidates;
mod deployed;
mod doctor;
mod faults;
mod green;
mod killed;
mod meddled;
mod races;
mod stage;
