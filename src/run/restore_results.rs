//! Before a run is resumed: local results of past effects (commits, say) that have been deleted since are created again.

use super::{Call, Command, Commands, History, Performing, Settled};
use crate::model::{Failure, RunId, SourceLocation, TaskContext};
use jiff::Timestamp;

/// Asks every effect that has an outcome to make again what is missing of it here.
///
/// # Errors
///
/// Something cannot be made again; the run is as it was.
pub fn restore(
    run: &RunId,
    history: &History,
    commands: &dyn Commands,
    task: TaskContext<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    let aside = history.aside.iter().map(|(key, entry)| (key, entry));
    for (key, entry) in history.entries.iter().chain(aside) {
        let (Some(intent), Some(Settled::Value(outcome))) = (&entry.intent, &entry.settled) else { continue };
        let call = Call { name: entry.name.clone(), args: entry.args.clone(), at: SourceLocation::new("", 0, 0) };
        // A function that this version does not know is the driver's to report, when the script asks for it.
        let Ok(Command::Effect(effect)) = commands.command(&call) else { continue };
        effect.restore(&Performing { run, key, task, now }, intent, outcome)?;
    }
    Ok(())
}
