//! aiviews.
pub mod engine;
