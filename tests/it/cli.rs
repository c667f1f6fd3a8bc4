//! The command line: the main job from end to end, exit codes, messages, `--json` and `--help`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use aiviews::schema::{TABLES, VIEWS};

use crate::program::{Program, Run};

#[test]
fn the_main_job_runs_on_the_embedded_engine() {
    main_job(&Program::new(), &[]);
}

#[test]
fn the_main_job_runs_against_a_server_by_url() {
    let (server, client) = (Program::new(), Program::new());
    let (mut process, url) = serve(&server);
    // A verb on the folder that a server holds goes through that server by itself.
    assert_eq!(server.run(&["status"]).code, 6);
    let environment = [("CLICKHOUSE_URL", url.as_str()), ("CLICKHOUSE_PASSWORD", "another-token")];
    let refused = Run::of(client.command(&["populate"]).envs(environment).output().expect("aiviews runs"));
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    assert!(refused.stderr.contains("CLICKHOUSE_PASSWORD") && !refused.stderr.contains("another-token"));
    main_job(&client, &[("CLICKHOUSE_URL", &url), ("CLICKHOUSE_PASSWORD", "a-token")]);
    process.kill().expect("the server is stopped");
    process.wait().expect("an end");
}

/// Starts a server on a free port; returns it with its address.
fn serve(program: &Program) -> (Child, String) {
    let mut command = program.command(&["serve", "--port", "0"]);
    let mut process =
        command.env("AIVIEWS_TOKEN", "a-token").stderr(Stdio::piped()).spawn().expect("a server");
    let mut line = String::new();
    BufReader::new(process.stderr.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let url = line.trim_end().rsplit(' ').next().expect("an address").to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{line}");
    (process, url)
}

/// Nobody listens on the port: tried again for a while, then told.
#[test]
fn an_unreachable_server_is_named() {
    let run = Program::new().run(&["status", "--url", "http://127.0.0.1:9"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains("http://127.0.0.1:9") && run.stderr.contains("hint: "), "{}", run.stderr);
}

fn main_job(program: &Program, environment: &[(&str, &str)]) {
    let run = |arguments: &[&str]| {
        let output =
            program.command(arguments).envs(environment.iter().copied()).output().expect("aiviews runs");
        let run = Run::of(output);
        assert!(!run.stderr.contains("a-token") && !run.stdout.contains("a-token"));
        run
    };
    let ok = |arguments: &[&str]| {
        let run = run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run.stdout
    };
    assert!(ok(&["migrate"]).contains("create table flow_ai_summary"));
    assert_eq!(ok(&["migrate"]).trim(), "nothing to do");
    assert!(ok(&["seed", "--accounts", "3", "--days", "40"]).contains("campaign"));
    let status = run(&["status"]);
    assert_eq!(
        (status.code, status.stdout.contains("XqkVGb: never refreshed")),
        (9, true),
        "{}",
        status.stdout
    );
    assert!(ok(&["populate", "--days", "30"]).starts_with("published 3 accounts"));
    assert!(ok(&["verify"]).contains(&format!("{} tables, {} views", TABLES.len(), VIEWS.len())));
    assert!(ok(&["status"]).contains("3 accounts with recent source rows, all fresh"));
}

/// What a caller of `--json` may rely on.
#[test]
fn reports_are_one_json_document() {
    let program = Program::new();
    program.json(&["migrate"]);
    assert_eq!(program.json(&["seed", "--accounts", "2", "--days", "30"])[0]["source"], "campaign");
    let dry = program.json(&["populate", "--days", "7", "--dry-run"]);
    assert_eq!((&dry["accounts"], &dry["partitions_to_swap"]), (&2.into(), &(2 * TABLES.len()).into()));
    let starts = |index: usize, words: &str| {
        let text = dry["statements"][index].as_str().unwrap_or_default();
        !text.contains('{') && text.lines().any(|line| line.starts_with(words))
    };
    // Two copies of sources, then each table made and filled.
    assert!((0..2 + TABLES.len()).all(|index| starts(index, "CREATE TABLE ") || index % 2 == 1), "{dry}");
    assert!((0..TABLES.len()).all(|table| starts(3 + 2 * table, "INSERT INTO `ai_staging_")), "{dry}");
    let report = program.json(&["populate", "--days", "7"]);
    assert_eq!((&report["published"], &report["exit_codes"][0]), (&2.into(), &0.into()), "{report}");
    for key in [
        "run_id",
        "start",
        "as_of",
        "failed",
        "held_back",
        "skipped",
        "rows_written",
        "rows_kept",
        "warnings",
    ] {
        assert!(!report[key].is_null(), "{key}");
    }
    let status = program.json(&["status"]);
    assert_eq!(status["runs"][0]["run_id"], report["run_id"]);
    assert_eq!(status["tables"].as_array().map(Vec::len), Some(TABLES.len()));
    assert_eq!(program.json(&["verify"])["ok"], true);
    // The account with the most rows: what `--table` and `--resume` leave alone shows in the report.
    let table = program.json(&["populate", "--days", "7", "--table", "segment_ai_trends"]);
    assert_eq!(table["rows_written"].as_object().map(|rows| rows.len()), Some(1));
    let resumed = program.json(&["populate", "--days", "7", "--resume"]);
    assert_eq!((&resumed["published"], &resumed["already_done"]), (&0.into(), &2.into()), "{resumed}");
}

#[test]
fn wrong_arguments_are_named_with_their_remedy() {
    let program = Program::new();
    program.ok(&["migrate"]);
    program.ok(&["seed", "--accounts", "2", "--days", "10"]);
    let cases: [(&[&str], &str); 15] = [
        (&["populate", "--klaviyo-id", "'; DROP TABLE x"], "is not a Klaviyo public id"),
        (&["populate", "--klaviyo-id", ""], "is not a Klaviyo public id"),
        (&["populate", "--klaviyo_id", "xqkvgb"], "did you mean `XqkVGb`"),
        (&["populate", "--klaviyo-id", "nobody"], "is in no source and in no table"),
        (&["populate", "--days", "0"], "--days"),
        (&["populate", "--days", "3651"], "--days"),
        (&["populate", "--as-of", "2999-01-01"], "lies in the future"),
        (&["populate", "--as-of", "2024-02-30"], "--as-of"),
        (&["populate", "--as-of", "1970-04-10", "--days", "1"], "reaches outside"),
        (&["populate", "--wait", "18446744073709551615s"], "at most 366d"),
        (&["migrate", "--wait", "18446744073709551615s 1s"], "--wait"),
        (&["status", "--max-age", "367d"], "at most 366d"),
        (&["populate", "--table", "users"], "`users` is not a summary table"),
        (&["forget", "--klaviyo-id", "XqkVGb"], "add --yes"),
        (&["status", "--url", "http://user:hunter2@127.0.0.1"], "holds a user, a password or parameters"),
    ];
    for (arguments, expected) in cases {
        let run = program.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}\n{}", run.stderr);
        assert!(run.stderr.contains(expected), "{arguments:?}\n{}", run.stderr);
        assert!(run.stdout.is_empty() && !run.stderr.contains("hunter2"), "{arguments:?}\n{}", run.stderr);
    }
    let status = program.run(&["status", "--json"]);
    assert!(status.stdout.contains("\"runs\": []"), "nothing was run: {}", status.stdout);
}

#[test]
fn a_password_never_travels_in_the_clear_to_another_host() {
    let run = Run::of(
        Program::new()
            .command(&["status", "--url", "http://ch.example.com:8123"])
            .env("CLICKHOUSE_PASSWORD", "hunter2")
            .output()
            .expect("aiviews runs"),
    );
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("in the clear") && run.stderr.contains("--insecure"), "{}", run.stderr);
    assert!(!run.stderr.contains("hunter2"));
}

#[test]
fn an_unready_database_is_left_alone() {
    let program = Program::new();
    std::fs::create_dir(program.folder.path().join("data")).expect("an empty folder");
    program.ok(&["seed", "--accounts", "1", "--days", "1"]);
    let run = program.run(&["populate"]);
    assert_eq!(run.code, 6, "{}", run.stderr);
    assert!(run.stderr.contains("aiviews migrate"), "{}", run.stderr);
    let program = Program::new();
    program.ok(&["migrate"]);
    let run = program.run(&["populate"]);
    assert_eq!(run.code, 6, "{}", run.stderr);
    assert!(run.stderr.contains("campaign_statistics_latest"), "{}", run.stderr);
    assert_eq!(program.run(&["verify"]).code, 6);
    assert_eq!(program.run(&["verify", "--sql"]).code, 0);
}

#[test]
fn an_account_that_leaves_is_gone_and_the_others_stay() {
    let program = Program::new();
    program.ok(&["migrate"]);
    program.ok(&["seed", "--accounts", "3", "--days", "30"]);
    program.ok(&["populate", "--days", "30"]);
    let tables = |program: &Program| program.json(&["status"])["tables"].clone();
    let rows = |tables: &serde_json::Value| -> u64 {
        tables.as_array().into_iter().flatten().filter_map(|table| table["row_count"].as_u64()).sum()
    };
    let before = tables(&program);
    let forgotten = program.json(&["forget", "--klaviyo-id", "XqkVGb", "--yes"]);
    let removed = forgotten["rows_removed"].as_object().expect("tables");
    assert_eq!(removed.len(), TABLES.len(), "{forgotten}");
    let removed: u64 = removed.values().filter_map(serde_json::Value::as_u64).sum();
    let after = tables(&program);
    assert_eq!(rows(&before) - rows(&after), removed);
    for (before, after) in before.as_array().into_iter().flatten().zip(after.as_array().into_iter().flatten())
    {
        let accounts = |table: &serde_json::Value| table["accounts"].as_u64().unwrap_or_default();
        assert_eq!(accounts(before) - accounts(after), 1, "{after}");
    }
    let again = program.run(&["forget", "--klaviyo-id", "XqkVGb", "--yes"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("a source still has rows of account `XqkVGb`"), "{}", again.stderr);
    let mistyped = program.run(&["forget", "--klaviyo-id", "xqkvgb", "--yes"]);
    assert_eq!(mistyped.code, 2);
    assert!(mistyped.stderr.contains("did you mean `XqkVGb`"), "{}", mistyped.stderr);
    // Its sources are still there: the next run for all brings it back, unless it is to be ignored.
    assert_eq!(program.json(&["populate", "--days", "30"])["published"], 3);
    let ignored = program.run(&["forget", "--klaviyo-id", "XqkVGb", "--yes", "--ignore"]);
    assert_eq!((ignored.code, ignored.stderr.contains("brings it back")), (0, false), "{}", ignored.stderr);
    let others = program.json(&["populate", "--days", "30"]);
    assert_eq!((&others["published"], &others["ignored"]), (&2.into(), &1.into()));
    let status = program.json(&["status"]);
    assert_eq!((&status["fresh"], &status["ignored"]), (&2.into(), &serde_json::json!(["XqkVGb"])));
    assert_eq!(program.json(&["populate", "--klaviyo-id", "XqkVGb", "--days", "30"])["published"], 1);
    assert_eq!(program.json(&["status"])["fresh"], 3, "who is refreshed by name is back");
}

#[test]
fn seed_never_touches_other_sources() {
    let program = Program::new();
    program.ok(&["seed", "--accounts", "2", "--days", "5"]);
    let first = program.json(&["seed", "--accounts", "2", "--days", "5"]);
    assert_eq!(first, program.json(&["seed", "--accounts", "2", "--days", "5"]));
    assert_ne!(first, program.json(&["seed", "--accounts", "2", "--days", "5", "--seed", "2"]));
}

/// `--help` of every verb, pinned: `AIVIEWS_BLESS=1 cargo test` rewrites the files, to be read in the diff.
#[test]
fn help_is_pinned() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let program = Program::new();
    let top = program.ok(&["--help"]);
    let verbs: Vec<&str> = top
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    let mut files: Vec<String> =
        std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cmd"))
            .expect("src/cmd")
            .filter_map(|entry| entry.expect("a file").path().file_stem()?.to_str().map(str::to_owned))
            .filter(|name| !["mod", "common"].contains(&name.as_str()))
            .collect();
    files.sort();
    let mut sorted = verbs.clone();
    sorted.sort_unstable();
    assert_eq!(files, sorted, "`ls src/cmd` equals `--help`");
    let pages = std::iter::once(("aiviews", top.clone()))
        .chain(verbs.iter().map(|verb| (*verb, program.ok(&[verb, "--help"]))));
    for (name, page) in pages {
        let file = folder.join(format!("{name}.txt"));
        let page = page.lines().filter(|line| !line.contains("[env: ")).collect::<Vec<_>>().join("\n") + "\n";
        if std::env::var_os("AIVIEWS_BLESS").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&file, &page).expect("a file");
        }
        let pinned = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(page, pinned, "{name}: AIVIEWS_BLESS=1 rewrites tests/help");
    }
}

/// A command in a hint is one that the program has.
#[test]
fn every_command_that_a_text_names_can_be_typed() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut commands = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Fonts and pictures are no text.
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let named = text.split("`aiviews ").skip(1).filter_map(|rest| rest.split('`').next());
            commands.extend(named.map(|command| command.replace("\\\n", " ")));
        }
    }
    assert!(commands.len() > 8 && commands.contains("accounts"), "{commands:?}");
    for command in commands {
        let words = std::iter::once("aiviews").chain(command.split_whitespace());
        let error = <aiviews::cmd::Cli as clap::Parser>::try_parse_from(words).err();
        let kind = error.map(|error| error.kind());
        use clap::error::ErrorKind;
        let is_known = matches!(
            kind,
            None | Some(
                ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            )
        );
        assert!(is_known, "`aiviews {command}`: {kind:?}");
    }
}

#[test]
fn a_mistyped_folder_or_database_is_named_and_not_made() {
    let program = Program::new();
    let typo = program.folder.path().join("typo");
    let folder = typo.to_str().expect("text");
    for verb in [
        &["status"][..],
        &["verify"],
        &["accounts"],
        &["query", "segments", "-k", "a"],
        &["context", "-k", "a"],
        &["populate"],
        &["populate", "--dry-run"],
        &["forget", "-k", "a", "--yes"],
    ] {
        let run = program.run(&[verb, &["--data-dir", folder]].concat());
        assert_eq!(run.code, 2, "{verb:?}\n{}", run.stderr);
        assert!(run.stderr.contains("there is no folder") && run.stderr.contains("hint: "), "{}", run.stderr);
        assert!(!typo.exists(), "{verb:?}");
    }
    let plan = program.ok(&["migrate", "--dry-run", "--data-dir", folder]);
    assert!(plan.contains("CREATE TABLE") && !typo.exists());
    program.ok(&["migrate"]);
    let run = program.run(&["status", "--database", "typo"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("there is no database `typo`"), "{}", run.stderr);
    assert!(program.run(&["status", "--database", "typo"]).stderr.contains("there is no database"));
}

#[test]
fn an_env_file_is_read_whole_or_refused() {
    let program = Program::new();
    let file = program.folder.path().join(".env");
    for (text, words) in [
        ("the server of the agency\nCLICKHOUSE_URL=http://127.0.0.1:1\n", "/.env`, line 1"),
        ("CLICKHOUSE_URL=http://127.0.0.1:1\nCLICKHOUSE_PASSWORD=hunter2 \0\n", "/.env`, line 2"),
        ("CLICKHOUSE_USER=me\nCLICKHOUSE_PASSWORD=hunter2\n", "CLICKHOUSE_URL is not"),
    ] {
        std::fs::write(&file, text).expect("written");
        let run = program.run(&["migrate"]);
        assert_eq!(run.code, 2, "{text}\n{}", run.stderr);
        assert!(run.stderr.contains(words) && !run.stderr.contains("hunter2"), "{}", run.stderr);
        assert!(!program.folder.path().join("data").exists());
    }
    // A parent's file is another project's, and so are other names.
    let child = program.folder.path().join("child");
    std::fs::create_dir(&child).expect("a folder");
    std::fs::write(child.join(".env"), "AIVIEWS_LIBCHDB=/tmp/evil.so\nCLICKHOUSE_DATABASE=shop\n")
        .expect("written");
    let output = program.command(&["migrate", "-v"]).current_dir(&child).output().expect("aiviews runs");
    let run = Run::of(output);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("child/.env`: CLICKHOUSE_DATABASE") && run.stderr.contains("`shop`"),
        "{}",
        run.stderr
    );
}

/// The document of a failure, and a report that nobody can read.
#[test]
fn failures_are_json_and_unwritten_reports_are_failures() {
    let program = Program::new();
    for (arguments, code, name) in [
        (&["status", "--json"][..], 2, "usage"),
        (&["populate", "--days", "0", "--json"], 2, "usage"),
        (&["query", "segments", "--json"], 2, "usage"),
        (&["verify", "--json", "--url", "http://127.0.0.1:9"], 5, "unreachable"),
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}\n{}", run.stderr);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("one document");
        let error = &document["error"];
        assert_eq!((&error["code"], &error["exit_code"]), (&name.into(), &code.into()), "{document}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{document}");
    }
    for arguments in [
        &["completions", "bash"][..],
        &["context", "--schema"],
        &["context", "--schema", "--json"],
        &["query"],
        &["migrate", "--dry-run"],
        &["--help"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let run = Run::of(program.command(arguments).stdout(full).output().expect("aiviews runs"));
        assert_eq!(run.code, 1, "{arguments:?}\n{}", run.stderr);
        assert!(run.stderr.contains("cannot write the report"), "{arguments:?}\n{}", run.stderr);
    }
    let run = program.run(&["status", "--\u{1b}[31m\u{202e}x"]);
    assert!(run.code == 2 && !run.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", run.stderr);
    use std::os::unix::ffi::OsStrExt;
    let mut command = program.command(&["query"]);
    let run = Run::of(command.arg(std::ffi::OsStr::from_bytes(b"\xff")).output().expect("aiviews runs"));
    assert_eq!(run.code, 2, "{}", run.stderr);
}
