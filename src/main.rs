//! The `aiviews` command: parse, run, say how it ended, set the exit code.

use aiviews::{cli::Cli, cmd, engine, exit::ExitCode, output};
use clap::Parser;

fn main() {
    let code = output::catch_panics(run);
    engine::exit_at_once(code.number())
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::arguments_refused(error),
    };
    output::start(&cli.global);
    let wants_json = cli.command.wants_json();
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(cmd::run(cli));
            // A statement of the embedded engine that nobody waits for any more must not keep the process.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(error.into()),
    };
    output::finish(outcome, wants_json)
}
