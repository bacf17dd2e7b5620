//! What is wrong with a configuration: everything is collected, so that one look mends it all.

use super::{At, SyntaxError};
use crate::model::{Failure, FailureKind, SourceLocation, Value};
use serde_json::json;
use std::cell::RefCell;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) at: SourceLocation,
    pub(crate) hint: Option<String>,
}

/// A file that is being read, and where its problems go.
#[derive(Debug)]
pub(crate) struct DocumentFile<'p> {
    /// The file's name for messages.
    pub(crate) file: String,
    problems: &'p RefCell<Vec<Problem>>,
}

impl<'p> DocumentFile<'p> {
    pub(crate) fn new(file: impl Into<String>, problems: &'p RefCell<Vec<Problem>>) -> Self {
        Self { file: file.into(), problems }
    }

    /// A place in the file.
    pub(crate) fn place(&self, at: At) -> SourceLocation {
        SourceLocation::new(&self.file, at.line, at.column)
    }

    /// Another file, read because of this one.
    pub(crate) fn other(&self, file: impl Into<String>) -> Self {
        Self::new(file, self.problems)
    }

    /// Something is wrong at a place.
    pub(crate) fn wrong(&self, at: At, message: impl Into<String>, hint: impl Into<Option<String>>) {
        let problem = Problem { message: message.into(), at: self.place(at), hint: hint.into() };
        self.problems.borrow_mut().push(problem);
    }

    /// The text is not what its language asks for.
    pub(crate) fn syntax(&self, language: &str, errors: Vec<SyntaxError>) {
        for error in errors {
            self.wrong(error.at, format!("`{}` is not valid {language}: {}", self.file, error.message), None);
        }
    }
}

/// The first problem as a failure; when there are several, its detail lists all of them under `problems`.
pub(crate) fn failure(mut problems: Vec<Problem>) -> Option<Failure> {
    // Stable: problems of another file stay behind those of the file that names it.
    let first_file = problems.first().map(|problem| problem.at.file.clone())?;
    problems.sort_by_key(|problem| (problem.at.file != first_file, problem.at.clone()));
    let detail = if problems.len() > 1 {
        json!({ "problems": problems.iter().map(row).collect::<Vec<_>>() })
    } else {
        Value::Null
    };
    let first = problems.into_iter().next()?;
    Some(Failure { hint: first.hint, ..Failure::new(FailureKind::Config, first.message).at(first.at).detail(detail) })
}

fn row(problem: &Problem) -> Value {
    json!({ "message": problem.message, "at": problem.at, "hint": problem.hint })
}
