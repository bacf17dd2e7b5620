//! The colours and styles; dropped where the stream has no colours.

use anstyle::{AnsiColor, Style};
use std::fmt::Display;

/// Something went wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Something needs attention.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Something went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What to do next.
pub const HINT: Style = AnsiColor::Cyan.on_default();
/// Names: steps, runs, components.
pub const NAME: Style = Style::new().bold();
/// What one may skip.
pub const DIM: Style = Style::new().dimmed();
/// Our side of a conflict.
pub const OURS: Style = AnsiColor::Green.on_default();
/// Their side of a conflict.
pub const THEIRS: Style = AnsiColor::Blue.on_default();

/// The text in that style.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
