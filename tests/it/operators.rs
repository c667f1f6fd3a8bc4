//! What a refresh at night tells, and to whom: log lines for machines, and the lines of `crontab.example` as they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::child::Place;
use crate::generations::{fill, make_sources};
use crate::support::{execute, rows};

/// A place with two accounts, migrated.
async fn world() -> Place {
    let place = Place::new();
    {
        let serve = place.serve();
        let db = serve.db().await;
        make_sources(&db).await;
        fill(&db, &["acc0", "acc1"], 1).await;
    }
    place.run(&["migrate", "-q"]).expect(0);
    place
}

const POPULATE: [&str; 7] =
    ["populate", "--days", "7", "--table", "segment_ai_trends", "--table", "campaign_ai_summary"];

/// Every line is one JSON object.
fn json_lines(text: &str) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(object).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_log_tells_of_each_table_of_each_account() {
    let place = world().await;
    let machine = [&POPULATE[..], &["--log-format", "json"]].concat();
    let ended = place.run(&machine).expect(0);
    assert_eq!(ended.stdout, "", "the summary is the log's last line");
    let lines = json_lines(&ended.stderr);
    let published: Vec<&Value> = lines.iter().filter(|line| line["message"] == "published").collect();
    let mut rows = BTreeMap::new();
    for line in &published {
        let text = |name: &str| line[name].as_str().expect(name).to_owned();
        assert!(line["elapsed_ms"].is_u64() && line["timestamp"].is_string(), "{line}");
        assert_eq!(line["span"]["run"], published[0]["span"]["run"], "{line}");
        assert!(!line["span"]["run"].as_str().expect("a run").is_empty(), "{line}");
        rows.insert((text("account"), text("table")), line["rows"].as_u64().expect("rows"));
    }
    let accounts_and_tables: Vec<(&str, &str)> =
        rows.keys().map(|(account, table)| (account.as_str(), table.as_str())).collect();
    let expected =
        ["acc0", "acc1"].map(|account| ["campaign_ai_summary", "segment_ai_trends"].map(|it| (account, it)));
    assert_eq!(accounts_and_tables, expected.concat());
    assert!(rows.values().all(|rows| *rows == 14), "{rows:?}");
    let last = lines.last().expect("a line");
    assert_eq!(
        (&last["message"], &last["published"], &last["rows_written"]),
        (&"run ended".into(), &2.into(), &56.into())
    );
    assert_eq!((&last["exit_code"], &last["failed"]), (&0.into(), &"".into()));

    // People get the steps and a summary; each table only with -v.
    let ended = place.run(&POPULATE).expect(0);
    assert!(ended.stdout.starts_with("published 2 accounts"), "{}", ended.stdout);
    assert!(!ended.stderr.contains("account="), "{}", ended.stderr);
    let ended = place.run(&[&POPULATE[..], &["-v"]].concat()).expect(0);
    assert_eq!(ended.stderr.matches(" published account=").count(), 4, "{}", ended.stderr);

    // What goes wrong is told in the same way, and with --json the document stands alone on stdout.
    execute(&place.serve().db().await, "TRUNCATE TABLE segment_statistics").await;
    let ended = place.run(&[&machine[..], &["--json"]].concat()).expect(8);
    let held_back: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(held_back["held_back"].as_array().expect("a list").len(), 2);
    let lines = json_lines(&ended.stderr);
    let told = |line: &&Value| line["account"] == "acc1" && line["state"] == "held_back";
    assert_eq!(lines.iter().filter(told).count(), 1, "{lines:?}");
    let last = lines.last().expect("a line");
    assert_eq!((&last["level"], &last["held_back"]), (&"ERROR".into(), &"acc0,acc1".into()));
    let quiet = place.run(&[&machine[..], &["-q"]].concat()).expect(8);
    let [line] = &json_lines(&quiet.stderr)[..] else { panic!("{}", quiet.stderr) };
    assert_eq!((&line["message"], &line["exit_code"]), (&"run ended".into(), &8.into()));
    let ended = place.run(&["populate", "--table", "nothing", "--log-format", "json"]).expect(2);
    let [line] = &json_lines(&ended.stderr)[..] else { panic!("{}", ended.stderr) };
    assert!(line["hint"].as_str().expect("a hint").contains("campaign_ai_summary"), "{line}");
    assert_eq!(line["exit_code"], 2);
}

/// A bug ends a run with 1 and a line to report; a name from the data is not in it, and the next run heals.
#[tokio::test(flavor = "multi_thread")]
async fn a_bug_says_where_it_is_and_nothing_of_the_data() {
    let place = world().await;
    for step in ["stage:1", "swap:1"] {
        let ended = place.run_with_fault(&format!("{step}=panic"), &POPULATE).expect(1);
        assert!(ended.stderr.contains("error: internal error at src/db/failpoint.rs:"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: this is a bug of aiviews"), "{}", ended.stderr);
        assert!(
            !ended.stderr.contains("a bug at step"),
            "the words of a panic are repeated: {}",
            ended.stderr
        );
        let ended = place.run(&[&POPULATE[..], &["--json"]].concat()).expect(0);
        let report: Value = serde_json::from_str(&ended.stdout).expect("one document");
        assert_eq!(report["published"], 2, "{report}");
    }
}

/// What `--dry-run` prints is no more and no less than what a run puts before readers.
#[tokio::test(flavor = "multi_thread")]
async fn the_script_of_a_dry_run_fills_what_a_run_publishes() {
    let place = world().await;
    let serve = place.serve();
    let db = serve.db().await;
    let dry = place.run(&[&POPULATE[..], &["--dry-run", "--json"]].concat()).expect(0);
    let dry: Value = serde_json::from_str(&dry.stdout).expect("one document");
    let statements: Vec<&str> =
        dry["statements"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for statement in &statements {
        execute(&db, *statement).await;
    }
    let all = |table: &str| format!("SELECT * EXCEPT updated_at FROM {table} ORDER BY ALL");
    let mut staged = BTreeMap::new();
    for table in ["campaign_ai_summary", "segment_ai_trends"] {
        let made = statements.iter().find_map(|it| it.split_once(&format!("_{table}` AS {table};")));
        let working = made.and_then(|(before, _)| before.rsplit('`').next()).expect("a working table");
        staged.insert(table, rows(&db, all(&format!("{working}_{table}"))).await);
    }
    place.run(&POPULATE).expect(0);
    for (table, staged) in &staged {
        assert_eq!(staged.len(), 28);
        assert_eq!(&rows(&db, all(table)).await, staged, "{table}");
    }
}

/// The query that the README gives for one account's night.
#[tokio::test(flavor = "multi_thread")]
async fn the_run_log_answers_what_happened_last_night() {
    let place = world().await;
    place.run(&POPULATE).expect(0);
    let serve = place.serve();
    let db = serve.db().await;
    execute(&db, "TRUNCATE TABLE segment_statistics").await;
    place.run(&POPULATE).expect(8);
    let readme = include_str!("../../sql/README.md");
    let query =
        readme.split("```sql\n").find(|block| block.contains("FROM ai_refresh_log FINAL")).expect("a query");
    let query = query.split("```").next().expect("its end").replace("XqkVGb", "acc1");
    let found = rows(&db, query.trim().trim_end_matches(';')).await;
    let states: BTreeSet<(&str, &str)> = found.iter().map(|row| (row[1].as_str(), row[2].as_str())).collect();
    let tables = ["campaign_ai_summary", "segment_ai_trends"];
    let expected = tables.iter().flat_map(|table| [(*table, "published"), (*table, "held_back")]);
    assert_eq!((found.len(), states), (4, expected.collect()));
    let why = found.iter().find(|row| row[2] == "held_back").expect("held back");
    assert!(why[5].contains("the source lost them"), "{found:?}");
}

/// The commands of `crontab.example`, without times and user.
fn cron_commands() -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("crontab.example"));
    let text = text.expect("crontab.example");
    let is_job = |line: &&str| line.starts_with(|letter: char| letter.is_ascii_digit());
    let jobs: Vec<&str> = text.lines().filter(is_job).collect();
    for job in &jobs {
        assert!(!job.contains('%'), "cron takes % for a new line: {job}");
    }
    let command = |job: &str| job.split_once("  aiviews  ").expect("times, user, command").1.to_owned();
    jobs.into_iter().map(command).collect()
}

/// Runs a command of the example as cron does, with this place in the place of the system's folders, and a `curl` that
/// notes what it is asked for.
fn run_as_cron(place: &Place, command: &str) -> (Output, String) {
    let folder = place.path("");
    let calls = place.path("calls");
    let _ = std::fs::remove_file(&calls);
    std::fs::create_dir_all(place.path("bin")).expect("a folder");
    let curl = place.path("bin/curl");
    std::fs::write(&curl, format!("#!/bin/sh\necho \"$*\" >> {}\n", calls.display())).expect("written");
    std::fs::set_permissions(&curl, PermissionsExt::from_mode(0o755)).expect("executable");
    let _ = std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_aiviews"), place.path("bin/aiviews"));
    let environment = place.command(&[]);
    let variables = environment.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let lines = variables.map(|(name, value)| format!("{}={}\n", name.display(), value.display()));
    std::fs::write(place.path("env"), lines.collect::<String>()).expect("written");
    let command = command
        .replace("/etc/aiviews", folder.display().to_string().trim_end_matches('/'))
        .replace("/var/log/aiviews", folder.display().to_string().trim_end_matches('/'));
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let output = Command::new("/bin/bash")
        .args(["-c", &command])
        .env_clear()
        .env("PATH", path)
        .env("HOME", &folder)
        .envs(std::env::var_os("AIVIEWS_LIBCHDB").map(|library| ("AIVIEWS_LIBCHDB", library)))
        .current_dir(&folder)
        .output()
        .expect("bash");
    (output, std::fs::read_to_string(&calls).unwrap_or_default())
}

/// Cron mails what a job prints.
fn mail(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_cron_does_what_it_says() {
    let place = world()
        .await
        .with("AIVIEWS_ALERT_CONFIG", "alerts.toml")
        .with("HOOK", "https://alerts.example.com/x");
    // A destination that hears of budgets alone, of which there are none.
    let config = "[[destination]]\nname = 'hook'\nkind = 'slack'\nurl_env = 'HOOK'\nkinds = ['budget']\n";
    std::fs::write(place.path("alerts.toml"), config).expect("written");
    let [nightly, corrections, alerts, morning, reports] = &cron_commands()[..] else { panic!("five jobs") };
    let (output, _) = run_as_cron(&place, morning);
    assert!(mail(&output).contains("acc0: never refreshed"), "{}", mail(&output));
    let (output, calls) = run_as_cron(&place, nightly);
    let log = std::fs::read_to_string(place.path("populate.log")).expect("a log");
    assert_eq!(mail(&output), "", "quiet when all is well: {log}");
    assert_eq!(calls, "-fsS -m 10 https://heartbeat.example.com/aiviews\n");
    assert_eq!(json_lines(&log).last().expect("a line")["published"], 2);
    for job in [morning, alerts] {
        assert_eq!(mail(&run_as_cron(&place, job).0), "", "{job}");
    }
    // Nobody said how mail is sent.
    std::fs::write(place.path("owners.txt"), "acc0 Ann <ann@example.com>\n").expect("written");
    let told = mail(&run_as_cron(&place, reports).0);
    assert!(
        told.contains("AIVIEWS_SMTP_URL") && told.starts_with("aiviews report --email-to ended with 2\n"),
        "{told}"
    );
    let (output, _) = run_as_cron(&place, corrections);
    let log = std::fs::read_to_string(place.path("populate.log")).expect("a log");
    assert_eq!(
        (mail(&output), &json_lines(&log).last().expect("a line")["published"]),
        (String::new(), &0.into())
    );

    execute(&place.serve().db().await, "TRUNCATE TABLE segment_statistics").await;
    let (output, calls) = run_as_cron(&place, nightly);
    assert!(mail(&output).starts_with("aiviews populate ended with 8, see "), "{}", mail(&output));
    assert_eq!(calls, "-fsS -m 10 https://heartbeat.example.com/aiviews/fail/8\n");
    // A correction of a day that the nightly window has left behind.
    let correct = "INSERT INTO campaign_statistics SELECT * REPLACE (today() - 95 AS date, now64(3) + 1 AS last_updated)
         FROM campaign_statistics WHERE klaviyo_public_id = 'acc1' LIMIT 1";
    execute(&place.serve().db().await, correct).await;
    let (output, _) = run_as_cron(&place, corrections);
    assert_eq!(mail(&output), "aiviews populate --late ended with 8\n");
}
