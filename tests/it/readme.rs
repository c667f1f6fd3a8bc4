//! The README tells the truth: its commands run, its SQL parses, the demo ends with answers.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{Program, Run, isolate};
use crate::support;

const README: &str = include_str!("../../README.md");

/// The fenced blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in README.lines().map(|line| line.strip_prefix("   ").unwrap_or(line)) {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(tag)) if tag == language => block = Some(String::new()),
            (Some(_), Some(_)) => blocks.extend(block.take()),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    assert!(!blocks.is_empty(), "no block of `{language}`");
    blocks
}

fn binary_folder() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_aiviews")).parent().expect("a folder")
}

#[test]
fn every_shell_command_works() {
    let program = Program::new();
    // One block forgets the account that the next one asks about.
    let script = blocks("sh").join("\naiviews -q populate\n");
    let mut command = Command::new("bash");
    isolate(&mut command, program.folder.path());
    let path = format!("{}:{}", binary_folder().display(), std::env::var("PATH").unwrap_or_default());
    command.args(["-euxo", "pipefail", "-c", &script]).env("PATH", path).stdin(Stdio::null());
    let run = Run::of(command.output().expect("bash runs"));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sql_statement_parses() {
    let db = support::database("readme_sql").await;
    for statement in blocks("sql").join("\n").split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
        let sql = support::sql("SELECT formatQuery({statement:String})");
        let formatted = db.statement(&sql).param("statement", statement).fetch_one::<String>().await;
        formatted.unwrap_or_else(|error| panic!("{statement}\n{error:#}"));
    }
}

#[test]
fn the_demo_ends_with_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Program::new();
    let mut command = Command::new("bash");
    isolate(&mut command, program.folder.path());
    command
        .arg(root.join("scripts/demo"))
        .env("AIVIEWS_PROGRAM", env!("CARGO_BIN_EXE_aiviews"))
        .stdin(Stdio::null());
    let run = Run::of(command.output().expect("bash runs"));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    for expected in [
        "published 20 accounts",
        "7 tables, 8 views",
        "all fresh",
        "REVENUE PER 1000",
        "REVENUE PER SEND",
        "Friday",
    ] {
        assert!(run.stdout.contains(expected), "{expected}\n{}", run.stdout);
    }
}
