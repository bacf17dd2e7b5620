//! By which process a run goes, where that is not what is published and here.

use crate::model::ProcessOrigin;
use crate::ui::out::{Form, Out};
use crate::ui::style::{DIM, WARNING, paint};

/// Says it. `fetched`: the published files are not those of the folder.
pub fn process(out: &Out, origin: &ProcessOrigin, fetched: bool) {
    let text = origin.text();
    match origin {
        ProcessOrigin::Published { .. } if !fetched => {}
        ProcessOrigin::Published { .. } => out.say(&format!("{} the process is {text}", paint(DIM, "note:"))),
        ProcessOrigin::Unpublished { .. } if out.form == Form::Json => {}
        ProcessOrigin::Unpublished { .. } => out.say(&format!("{} the process is {text}", paint(DIM, "note:"))),
        ProcessOrigin::Local { .. } => out.error_line(&format!("{} the process is {text}", paint(WARNING, "warning:"))),
        // It was asked for by name.
        ProcessOrigin::Named { .. } => {}
    }
}
