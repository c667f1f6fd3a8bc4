//! The verbs, one a file.

pub mod serve;
