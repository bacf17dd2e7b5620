//! Secrets: resolved when a command is performed, never before, and taken out of everything that comes back.
//!
//! As data a secret is `{"$secret": name}`, with `before` and `after` where it stands inside a text. That is what the
//! journal, the plan and every listener see. Of other data such a key has one `$` more.

use super::EffectContext;
use crate::config::SecretSource;
use crate::model::{
    Failure, FailureKind, SECRET, Secret, TaskContext, Value, hidden_in, hidden_in_failure, keep_secret, plain_key,
    scrub,
};
use crate::process::{Leftovers, Program, Streams, run};
use std::time::Duration;

/// How long a program that answers a secret may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Resolves the secrets of one command and remembers them, to take them out of whatever comes back.
pub(super) struct Secrets<'a> {
    context: &'a EffectContext,
    task: TaskContext<'a>,
    known: Vec<Secret>,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(context: &'a EffectContext, task: TaskContext<'a>) -> Self {
        Self { context, task, known: Vec::new() }
    }

    /// The value as it is meant: with every secret inside put in, and the keys of other data as they were.
    pub(super) fn fill(&mut self, value: &Value) -> Result<Value, Failure> {
        Ok(match value {
            Value::Object(map) => match map.get(SECRET).and_then(Value::as_str) {
                Some(name) => {
                    let part = |key| map.get(key).and_then(Value::as_str).unwrap_or_default();
                    format!("{}{}{}", part("before"), self.resolve(name)?, part("after")).into()
                }
                None => {
                    let filled: Result<serde_json::Map<String, Value>, Failure> =
                        map.iter().map(|(key, value)| Ok((plain_key(key).to_owned(), self.fill(value)?))).collect();
                    filled?.into()
                }
            },
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect::<Result<Vec<_>, _>>()?.into(),
            other => other.clone(),
        })
    }

    /// The same for what must be a text in the end.
    pub(super) fn text(&mut self, value: &Value, what: &str) -> Result<String, Failure> {
        match self.fill(value)? {
            Value::String(text) => Ok(text),
            number @ (Value::Number(_) | Value::Bool(_)) => Ok(number.to_string()),
            _ => Err(Failure::new(FailureKind::Arguments, format!("{what} is not a text"))),
        }
    }

    fn resolve(&mut self, name: &str) -> Result<String, Failure> {
        let config = &self.context.config;
        let Some(secret) = config.secrets.get(name) else {
            let names: Vec<&str> = config.secrets.keys().map(String::as_str).collect();
            return Err(super::config::no_such("secret", name, &names));
        };
        let missing = |why: String| {
            Failure::new(FailureKind::Config, format!("the secret `{name}` is not there: {why}"))
                .hint("[secrets] in relwf.toml says where it comes from; `relwf doctor` checks it")
        };
        let text = match secret {
            SecretSource::Env(variable) => {
                (self.context.env)(variable).ok_or_else(|| missing(format!("the variable {variable} is not set")))?
            }
            SecretSource::File(path) => {
                let path = config.root.join(path);
                std::fs::read_to_string(&path).map_err(|error| missing(format!("{}: {error}", path.display())))?
            }
            SecretSource::Command(argv) => {
                let program = Program {
                    argv,
                    dir: &config.root,
                    env: &[],
                    without: &[],
                    stdin: None,
                    streams: Streams::Apart,
                    keep: 64 * 1024,
                    limit: Some(LIMIT),
                    leftovers: Leftovers::Leave,
                };
                // Its output is the secret: no line of it is shown, not even when it fails.
                let finished = run(program, self.task, &mut |_| {})?;
                if !finished.success() {
                    let program = argv.first().map_or("", String::as_str);
                    return Err(missing(format!("`{program}` ended with {}", finished.ending())));
                }
                finished.stdout
            }
        };
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err(missing("it is empty".to_owned()));
        }
        keep_secret(&text);
        self.remember(&text);
        Ok(text)
    }

    fn remember(&mut self, secret: &str) {
        // It may come back line by line, or as JSON writes it.
        let written = Value::from(secret).to_string();
        let forms = [secret, written.trim_matches('"')].into_iter().chain(secret.lines().map(str::trim));
        for form in forms.map(Secret::new) {
            if !form.is_empty() && !self.known.contains(&form) {
                self.known.push(form);
            }
        }
    }

    /// Every secret that was resolved here, in every form that is looked for.
    pub(super) fn known(&self) -> &[Secret] {
        &self.known
    }

    /// The text without any secret that was resolved here.
    pub(super) fn hide(&self, text: &str) -> String {
        scrub(text, &self.known)
    }

    /// The same for data; keys too.
    pub(super) fn hide_in(&self, value: Value) -> Value {
        if self.known.is_empty() {
            return value;
        }
        hidden_in(value, &|text| self.hide(text))
    }

    /// The same for a failure.
    pub(super) fn hide_failure(&self, failure: Failure) -> Failure {
        hidden_in_failure(failure, &|text| self.hide(text))
    }
}
