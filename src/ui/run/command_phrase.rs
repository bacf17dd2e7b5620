//! One-line description of a command.

use crate::model::{Value, short_id, unknown_what};
use crate::ui::style::{DIM, paint};

/// The function, then its arguments in short: `git::merge 1a2b3c4d5e into staging`.
pub fn phrase(command: &str, args: &Value) -> String {
    let arguments = match args {
        Value::Object(map) => {
            let shown: Vec<String> = map.iter().map(|(name, value)| format!("{name}: {}", short(value))).collect();
            shown.join(", ")
        }
        Value::Null => String::new(),
        other => short(other),
    };
    if arguments.is_empty() {
        command.to_owned()
    } else {
        format!("{command} {}", paint(DIM, clipped(&arguments, 100)))
    }
}

/// A value in a few characters.
pub fn short(value: &Value) -> String {
    if let Some(what) = unknown_what(value) {
        return format!("<{what}>");
    }
    match value {
        Value::String(text) => clipped(short_id(text), 60),
        Value::Array(items) if items.len() > 3 => format!("[{} items]", items.len()),
        Value::Array(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        // A map is known by its name or number.
        Value::Object(map) => ["id", "number", "commit", "name"]
            .into_iter()
            .find_map(|key| map.get(key))
            .map_or_else(|| format!("{{{} keys}}", map.len()), short),
        other => other.to_string(),
    }
}

fn clipped(text: &str, most: usize) -> String {
    let first = text.lines().next().unwrap_or_default();
    if first.chars().count() <= most && first.len() == text.trim_end().len() {
        return first.to_owned();
    }
    format!("{}…", first.chars().take(most).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_fits_on_a_line() {
        let args = json!({"source": "0123456789012345678901234567890123456789", "target": "staging",
                          "change": {"number": {"$unknown": "number of the change"}, "url": null}, "body": "a\nb"});
        let text = anstream::adapter::strip_str(&phrase("git::merge", &args)).to_string();
        assert_eq!(text, "git::merge body: a…, change: <number of the change>, source: 0123456789, target: staging");
    }
}
