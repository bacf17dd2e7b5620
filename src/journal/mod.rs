//! The SQLite store of runs. Only this room names rusqlite.
