//! aiviews.
#![deny(unsafe_code)]
pub mod cmd;
pub mod engine;
