//! The `aiviews` command.
fn main() {}
