//! One HTTP client: retry classes, deadlines, redaction. Only this file names ureq.
