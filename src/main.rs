//! The `aiviews` command: parse, run, print the error chain once, set the exit code.

use aiviews::exit::ExitCode;
use aiviews::{cli::Cli, cmd, engine, exit, output};
use anyhow::Result;
use clap::Parser;
use tokio::runtime::Builder;

fn main() {
    // A `.env` file is optional; variables that are set already win.
    let _ = dotenvy::dotenv();
    let cli = Cli::parse();
    output::start_logging(&cli.global);
    // Before there are other threads: each inherits what the thread that starts it may do.
    let outcome = cmd::confine(&cli).and_then(|()| on_a_large_stack(|| run(cli)));
    let code = outcome.unwrap_or_else(|error| {
        output::report_error(&error);
        exit::code_of(&error)
    });
    engine::exit_at_once(code.number())
}

/// The engine parses a statement on the thread that hands it over, some calls a parenthesis.
const STACK: usize = 16 * 1024 * 1024;

fn run(cli: Cli) -> Result<ExitCode> {
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build()?;
    let outcome = runtime.block_on(cmd::run(cli));
    // A statement of the embedded engine that nobody waits for any more must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// The stack of the first thread is asked of `/proc`, which a confined process does not see.
fn on_a_large_stack(work: impl FnOnce() -> Result<ExitCode> + Send) -> Result<ExitCode> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)?;
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
