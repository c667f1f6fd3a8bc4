//! The `aiviews` command: parse, run, say how it ended, set the exit code.

use aiviews::{cmd, cmd::Cli, engine, exit::ExitCode, output};
use anyhow::Result;
use clap::Parser;
use tokio::runtime::Builder;

fn main() {
    let code = output::catch_panics(run);
    engine::exit_at_once(code.number())
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::arguments_refused(error),
    };
    output::start(&cli.global.talk);
    let wants_json = cli.command.wants_json();
    // Before there are other threads: each inherits what the thread that starts it may do.
    let outcome = cmd::confine(&cli).and_then(|()| on_a_large_stack(|| run_verb(cli)));
    output::finish(outcome, wants_json)
}

/// The engine parses a statement on the thread that hands it over, with several calls per parenthesis.
const STACK: usize = 16 * 1024 * 1024;

fn run_verb(cli: Cli) -> Result<ExitCode> {
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
