//! By which process a run goes, where that is not what is published and here.

use crate::model::ProcessOrigin;
use crate::ui::out::{Form, Out};
use crate::ui::style::{DIM, WARNING, paint};

/// Says it. `fetched`: the published files are not those of the folder.
pub fn process(out: &Out, origin: &ProcessOrigin, fetched: bool) {
    let told = match origin {
        // Other rules than the published ones: said with --quiet and --json, too.
        ProcessOrigin::Local { .. } => {
            return out.error_line(&format!("{} the process is {}", paint(WARNING, "warning:"), origin.text()));
        }
        ProcessOrigin::Published { unpublished, .. } => fetched || !unpublished.is_empty(),
        ProcessOrigin::Unpublished { .. } => true,
        // It was asked for by name.
        ProcessOrigin::Named { .. } => false,
    };
    if told && out.form == Form::Text {
        out.say(&format!("{} the process is {}", paint(DIM, "note:"), origin.text()));
    }
}
