//! aiviews.
#![deny(unsafe_code)]
pub mod engine;
