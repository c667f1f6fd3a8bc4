//! The README tells the truth: its commands run, its SQL parses, the demo ends with answers.

use std::path::Path;
use std::process::{Command, Stdio};

use aiviews::question::QUESTIONS;
use aiviews::schema::{TABLES, VIEWS};

use crate::clients::{Server, clients};
use crate::generations::{fill, make_sources, options};
use crate::program::{Program, Run, isolate};
use crate::support;

const README: &str = concat!(include_str!("../../README.md"), include_str!("../../sql/README.md"));

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
    let prompt = std::fs::read_to_string(program.folder.path().join("prompt.txt")).expect("a prompt");
    assert!(
        prompt.contains("## ai_flow_recent: ") && prompt.contains("\nKlaviyo account XqkVGb, "),
        "{prompt}"
    );
    assert!(prompt.ends_with("\n\nHow was last week?\n"), "{prompt}");
    python_puts_a_helper_view_into_a_prompt(&program);
}

/// The Python lines, against a server on the folder that the shell's lines have filled; only the port is another.
fn python_puts_a_helper_view_into_a_prompt(program: &Program) {
    let block = blocks("python").join("\n");
    assert!(block.contains("port=8123"), "{block}");
    let mut server = Server::start(&program.folder.path().join("data"));
    let url = server.line(" at ");
    let token = server.line("token: ");
    let port = url.rsplit(':').next().expect("a port");
    let mut command = Command::new(clients().join("python"));
    let script = block.replace("port=8123", &format!("port={port}"));
    let run = Run::of(command.args(["-c", &script]).env("AIVIEWS_TOKEN", token).output().expect("python"));
    assert_eq!(server.stop("-TERM"), Some(143));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("\"revenue_last_30d\"") && run.stdout.contains("\n\"email\","),
        "{}",
        run.stdout
    );
}

/// Queries are run; of the statements that make users, which the embedded engine cannot have, the syntax is checked.
#[tokio::test(flavor = "multi_thread")]
async fn every_sql_statement_works() {
    let db = support::database("readme_sql").await;
    support::migrate(&db).await;
    make_sources(&db).await;
    fill(&db, &["XqkVGb"], 1).await;
    support::refresh(&db, &options()).await.expect("a refresh");
    for statement in blocks("sql").join("\n").split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
        let sql = support::sql("SELECT formatQuery({statement:String})");
        let formatted = db.statement(&sql).param("statement", statement).fetch_one::<String>().await;
        formatted.unwrap_or_else(|error| panic!("{statement}\n{error:#}"));
        if statement.starts_with("SELECT") {
            let answer = db.statement(&support::sql(statement)).fetch_format("TabSeparated").await;
            let answer = answer.unwrap_or_else(|error| panic!("{statement}\n{error:#}"));
            assert!(!answer.is_empty(), "{statement} has no rows");
        }
    }
    support::drop_database(&db).await;
}

#[test]
fn every_question_is_named() {
    for question in QUESTIONS.iter() {
        assert!(README.contains(&format!("`{}`", question.name)), "{}", question.name);
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
        &format!("{} tables, {} views", TABLES.len(), VIEWS.len()),
        "all fresh",
        "REVENUE PER 1000",
        "STANDS OUT",
        "Friday",
    ] {
        assert!(run.stdout.contains(expected), "{expected}\n{}", run.stdout);
    }
}
