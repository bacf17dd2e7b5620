//! How bytes get to and from a remote.
