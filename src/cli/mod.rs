//! What people type: clap types and one file a verb. Only this room names clap.
