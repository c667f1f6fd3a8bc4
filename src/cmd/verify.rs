//! to come
use anyhow::Result;
use crate::cli::{Global, Verify};
use crate::exit::ExitCode;
pub(super) async fn run(_: &Global, _: &Verify) -> Result<ExitCode> { Ok(ExitCode::Done) }
