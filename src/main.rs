//! The `aiviews` command: parse, run, print the error chain once, set the exit code.

use aiviews::{cli::Cli, cmd, engine, exit, output};
use clap::Parser;

fn main() {
    // A `.env` file is optional; variables that are set already win.
    let _ = dotenvy::dotenv();
    let cli = Cli::parse();
    output::start_logging(&cli.global);
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(cmd::run(cli));
            // A statement of the embedded engine that nobody waits for any more must not keep the process.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(error.into()),
    };
    let code = outcome.unwrap_or_else(|error| {
        output::report_error(&error);
        exit::code_of(&error)
    });
    engine::exit_at_once(code.number())
}
