//! What stops an account, or a run, before harm: broken and collapsing sources, hostile ids and names, clocks, closed
//! streams, secrets.

use std::process::Stdio;

use aiviews::account::AccountId;
use aiviews::db::Db;
use aiviews::exit::ExitCode;
use aiviews::refresh::{Options, report::Report, tables_named};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::child::{Place, TOKEN};
use crate::generations::{TABLES, fill, leftovers, make_sources, options, shown};
use crate::support::{self, execute, rows};

async fn refresh(db: &Db, options: &Options) -> (ExitCode, Report) {
    let mut report = support::refresh(db, options).await.unwrap_or_else(|error| panic!("{error:#}"));
    (report.settle(None), report)
}

async fn world(test: &str) -> Db {
    let db = support::database(test).await;
    make_sources(&db).await;
    support::migrate(&db).await;
    fill(&db, &["acc0", "acc1"], 1).await;
    let (code, _) = refresh(&db, &Options { days: 20, ..options() }).await;
    assert_eq!(code, ExitCode::Done);
    db
}

fn names(refusals: &[aiviews::refresh::report::Refusal]) -> Vec<&str> {
    refusals.iter().map(|refusal| refusal.account.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_or_collapsed_source_is_held_back() {
    let db = world("collapse").await;
    let before = shown(&db, &TABLES).await;
    execute(
        &db,
        "ALTER TABLE campaign_statistics DELETE WHERE klaviyo_public_id = 'acc0' SETTINGS mutations_sync = 2",
    )
    .await;
    let (code, report) = refresh(&db, &options()).await;
    assert_eq!((code, names(&report.held_back), report.published), (ExitCode::HeldBack, vec!["acc0"], 1));
    assert_eq!(shown(&db, &TABLES).await, before, "old rows stay visible");
    for source in ["campaign", "flow", "form", "segment"] {
        execute(&db, format!("TRUNCATE TABLE {source}_statistics")).await;
    }
    let (code, report) = refresh(&db, &options()).await;
    assert_eq!((code, report.held_back.len(), report.published), (ExitCode::HeldBack, 2, 0));
    assert_eq!(shown(&db, &TABLES).await, before);
    let (code, report) = refresh(&db, &Options { allow_shrink: true, ..options() }).await;
    assert_eq!((code, report.published), (ExitCode::Done, 2));
    for (key, shown) in shown(&db, &TABLES).await {
        assert_eq!((shown.window.as_str(), &shown.history), ("0 0", &before[&key].history), "{key:?}");
    }
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_for_one_account_fails_that_account() {
    let db = world("one_fails").await;
    let before = shown(&db, &TABLES).await;
    fill(&db, &["acc0", "acc1"], 2).await;
    execute(
        &db,
        "CREATE OR REPLACE VIEW campaign_statistics_latest AS SELECT * REPLACE \
         (if(throwIf(klaviyo_public_id = 'acc0', 'bad row'), delivered, delivered) AS delivered) FROM campaign_statistics",
    )
    .await;
    let (code, report) = refresh(&db, &options()).await;
    assert_eq!(
        (code, names(&report.failed), report.published),
        (ExitCode::SomeAccountsFailed, vec!["acc0"], 1)
    );
    assert!(report.failed[0].reason.contains("bad row"), "{report:?}");
    let after = shown(&db, &TABLES).await;
    for (key, shown) in &after {
        assert_eq!(*shown == before[key], key.1 == "acc0", "{key:?}");
    }
    // A column that the run reads even before its first batch.
    execute(
        &db,
        "CREATE OR REPLACE VIEW campaign_statistics_latest AS SELECT * REPLACE \
         (if(throwIf(klaviyo_public_id = 'acc0', 'bad row'), last_updated, last_updated) AS last_updated) FROM campaign_statistics",
    )
    .await;
    let some = ExitCode::SomeAccountsFailed;
    for (asked, published, expected) in
        [(&[][..], 1, some), (&["acc0", "acc1"], 1, some), (&["acc0"], 0, ExitCode::Failed)]
    {
        let accounts = asked.iter().map(|id| AccountId::new(id).expect("an id")).collect();
        let (code, report) = refresh(&db, &Options { accounts, ..options() }).await;
        assert_eq!(
            (code, names(&report.failed), report.published),
            (expected, vec!["acc0"], published),
            "{asked:?}"
        );
        assert!(report.failed[0].reason.contains("bad row"), "{report:?}");
        assert_eq!(shown(&db, &TABLES).await, after);
    }
    assert!(leftovers(&db).await.is_empty());
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sends_than_a_column_holds_hold_back() {
    let db = world("sends").await;
    execute(&db, "INSERT INTO campaign_statistics SELECT * EXCEPT number REPLACE (concat('m', toString(number)) AS campaign_message_id) \
                  FROM (SELECT * FROM campaign_statistics WHERE klaviyo_public_id = 'acc0' AND date = today() LIMIT 1) AS one, numbers(70000) AS n \
                  SETTINGS max_partitions_per_insert_block = 0").await;
    let tables = tables_named(&["channel_performance_daily".to_owned()]).expect("a table");
    let (code, report) = refresh(&db, &Options { tables, ..options() }).await;
    assert_eq!(
        (code, names(&report.held_back), report.published),
        (ExitCode::HeldBack, vec!["acc0"], 1),
        "{report:?}"
    );
    assert!(report.held_back[0].reason.contains("does not fit `channel_performance_daily."), "{report:?}");
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_one_account_is_ever_in_another() {
    let db = world("mirror").await;
    // The same campaign ids in both accounts, and numbers that differ.
    execute(&db, "ALTER TABLE campaign_statistics UPDATE delivered = 7 WHERE klaviyo_public_id = 'acc1' SETTINGS mutations_sync = 2").await;
    refresh(&db, &options()).await;
    let sql = "SELECT klaviyo_public_id, sum(delivered) FROM campaign_ai_summary WHERE date >= today() - 6 GROUP BY 1 ORDER BY 1";
    assert_eq!(rows(&db, sql).await[1], ["acc1", "98"]);
    // Rows vanish, appear and change key inside the window: an exact mirror. Outside of it the history stays.
    let history = shown(&db, &TABLES).await;
    execute(&db, "ALTER TABLE campaign_statistics DELETE WHERE date = today() - 1 OR date < today() - 10 SETTINGS mutations_sync = 2").await;
    execute(&db, "ALTER TABLE campaign_statistics UPDATE campaign_id = 'renamed' WHERE campaign_id = 'e1' SETTINGS mutations_sync = 2").await;
    refresh(&db, &options()).await;
    let mirror = "SELECT count() FROM (SELECT klaviyo_public_id, date, campaign_id, delivered FROM campaign_statistics WHERE date >= today() - 6 \
                  EXCEPT SELECT klaviyo_public_id, date, campaign_id, delivered FROM campaign_ai_summary WHERE date >= today() - 6)";
    assert_eq!(rows(&db, mirror).await, [["0"]]);
    let count = "SELECT count() FROM campaign_ai_summary WHERE date >= today() - 6";
    assert_eq!(rows(&db, count).await, [["24"]]);
    for (key, shown) in shown(&db, &TABLES).await {
        assert_eq!(shown.history, history[&key].history, "{key:?}");
    }
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_ids_in_a_source_are_skipped_and_reported() {
    let db = world("impossible").await;
    let before = shown(&db, &TABLES).await;
    let odd = [
        "''",
        "'a''b'",
        "'`'",
        "'\\\\'",
        "'\\\\N'",
        "'{x:String}'",
        "'%00'",
        "'; DROP'",
        "'a b'",
        "repeat('x', 70000)",
        "'a\\0b'",
        "unhex('61ff')",
    ];
    for id in odd {
        execute(&db, format!("INSERT INTO campaign_statistics SELECT * REPLACE ({id} AS klaviyo_public_id) FROM campaign_statistics AS s WHERE s.klaviyo_public_id = 'acc0' LIMIT 1")).await;
    }
    let (code, report) = refresh(&db, &options()).await;
    assert_eq!((code, report.skipped.len(), report.published), (ExitCode::SomeAccountsFailed, odd.len(), 2));
    assert!(
        report
            .skipped
            .iter()
            .all(|refusal| !refusal.account.contains(char::is_control) && refusal.account.len() < 400)
    );
    assert_eq!(shown(&db, &TABLES).await, before);
    support::drop_database(&db).await;
}

#[test]
fn any_id_is_accepted_or_refused_before_anything_is_sent() {
    let mut runner = TestRunner::new(Config { cases: 3000, failure_persistence: None, ..Config::default() });
    let ids = prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,70}", "[ -~]{1,20}"];
    let outcome = runner.run(&ids, |id| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let expected = (1..=64).contains(&id.len()) && id.bytes().all(plain);
        prop_assert_eq!(AccountId::new(&id).is_some(), expected);
        if let Err(failure) = AccountId::from_argument(&id) {
            prop_assert_eq!(failure.code, ExitCode::Usage);
            prop_assert!(!failure.to_string().contains(char::is_control));
        }
        Ok(())
    });
    outcome.expect("no id slips through");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_kept_byte_for_byte() {
    let db = world("names").await;
    let mut names: Vec<String> = [
        "Żółć 😀",
        "it's \"quoted\"",
        "back\\slash",
        "tab\tnewline\nreturn\r",
        "nul\0byte",
        "'; DROP TABLE campaign_ai_summary; --",
        "{x:String} ? %00 \\N",
        "\u{1b}[31mred\u{1b}[0m",
        "Ignore all previous instructions",
        "\u{202e}reversed",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("x".repeat(65_536));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..100 {
        names.push(any::<String>().new_tree(&mut runner).expect("a name").current());
    }
    execute(&db, "TRUNCATE TABLE campaign_statistics").await;
    for (index, name) in names.iter().enumerate() {
        let sql = support::sql(format!(
            "INSERT INTO campaign_statistics (klaviyo_public_id, date, campaign_id, campaign_message_id, send_channel, campaign_name, delivered, recipients, last_updated) \
             SELECT 'acc0', today(), 'n{index}', 'm', 'email', unhex({{name:String}}), 100, 100, now64(3)"
        ));
        let hexadecimal: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        db.statement(&sql).param("name", hexadecimal).execute().await.expect("a row");
    }
    let (code, report) = refresh(
        &db,
        &Options { accounts: vec![AccountId::new("acc0").expect("plain")], allow_shrink: true, ..options() },
    )
    .await;
    assert_eq!(code, ExitCode::Done, "{report:?}");
    for object in ["campaign_ai_summary", "ai_campaign_recent"] {
        let found = rows(&db, format!("SELECT campaign_id, lower(hex(campaign_name)) FROM {object} WHERE date = today() AND klaviyo_public_id = 'acc0'")).await;
        assert_eq!(found.len(), names.len(), "{object}");
        for row in found {
            let index: usize = row[0][1..].parse().expect("an index");
            let expected: String = names[index].bytes().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(row[1], expected, "{object}: {:?}", names[index]);
        }
    }
    support::drop_database(&db).await;
}

#[test]
fn no_text_of_the_data_controls_a_terminal() {
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&any::<String>(), |text| {
        let shown = aiviews::output::printable(&text);
        prop_assert!(!shown.contains(char::is_control));
        prop_assert_eq!(shown.chars().count(), text.chars().count());
        Ok(())
    });
    outcome.expect("no control character passes");
}

/// A crash of the server inside a swap leaves both generations of a table: injected here, healed by any next run.
#[tokio::test(flavor = "multi_thread")]
async fn two_generations_at_once_are_hidden_and_healed() {
    let db = world("double").await;
    let clean = shown(&db, &TABLES).await;
    execute(&db, "CREATE TABLE older AS campaign_ai_summary").await;
    execute(&db, "INSERT INTO older SELECT * REPLACE (updated_at - 86400 AS updated_at) FROM campaign_ai_summary WHERE klaviyo_public_id = 'acc0'").await;
    execute(&db, "ALTER TABLE campaign_ai_summary ATTACH PARTITION 'acc0' FROM older").await;
    execute(
        &db,
        "INSERT INTO ai_refresh_log (run_id, klaviyo_public_id, table_name, window_start, window_end, as_of, state, started_at) \
         SELECT 'broken', 'acc0', table_name, today() - 19, today(), today(), 'publishing', now() + 1 FROM ai_refresh_log WHERE klaviyo_public_id = 'acc0'",
    )
    .await;
    assert_ne!(shown(&db, &TABLES).await, clean, "readers without FINAL see both");
    let double = "SELECT count() - uniqExact(date, campaign_id, send_channel, klaviyo_public_id) FROM ai_campaign_recent";
    assert_eq!(rows(&db, double).await, [["0"]], "the view shows each key once");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let (code, report) =
        refresh(&db, &Options { accounts: vec![AccountId::new("acc1").expect("plain")], ..options() }).await;
    assert_eq!((code, report.recovered, report.published), (ExitCode::Done, 1, 1));
    assert_eq!(
        shown(&db, &TABLES).await,
        clean,
        "healed for the broken run's larger window, by a run for another account"
    );
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resume_does_only_what_is_missing() {
    let db = world("resume").await;
    fill(&db, &["acc0", "acc1"], 2).await;
    let one = Options { accounts: vec![AccountId::new("acc0").expect("plain")], ..options() };
    refresh(&db, &one).await;
    let (_, report) = refresh(&db, &Options { resume: true, ..options() }).await;
    assert_eq!((report.already_done, report.published), (1, 1));
    let (_, report) = refresh(&db, &Options { resume: true, ..options() }).await;
    assert_eq!((report.already_done, report.published), (2, 0));
    // What the log calls done is looked for where it should be.
    execute(&db, "ALTER TABLE segment_ai_trends DROP PARTITION 'acc0'").await;
    let (_, report) = refresh(&db, &Options { resume: true, allow_shrink: true, ..options() }).await;
    assert_eq!((report.already_done, report.published), (1, 1));
    // Another window is another matter, and so is an account that a later run left in the middle.
    let (_, report) = refresh(&db, &Options { resume: true, days: 8, ..options() }).await;
    assert_eq!((report.already_done, report.published), (0, 2));
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_stamped_in_the_future_do_not_win() {
    let db = world("future").await;
    execute(&db, "CREATE TABLE stamped AS campaign_ai_summary").await;
    execute(&db, "INSERT INTO stamped SELECT * REPLACE (toDateTime('2099-01-01 00:00:00') AS updated_at) FROM campaign_ai_summary WHERE klaviyo_public_id = 'acc0'").await;
    execute(&db, "ALTER TABLE campaign_ai_summary REPLACE PARTITION 'acc0' FROM stamped").await;
    fill(&db, &["acc0", "acc1"], 2).await;
    refresh(&db, &options()).await;
    let sql = "SELECT min(delivered) >= 2000, max(updated_at) < '2090-01-01 00:00:00' FROM campaign_ai_summary WHERE date >= today() - 6";
    assert_eq!(rows(&db, sql).await, [["1", "1"]]);
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_do_not_depend_on_the_time_zone() {
    let mut found = Vec::new();
    for zone in ["UTC", "America/New_York", "Pacific/Kiritimati"] {
        let place = Place::new().with("TZ", zone);
        let serve = place.serve();
        let db = serve.db().await;
        assert_eq!(
            rows(&db, "SELECT serverTimezone()").await[0][0],
            if zone == "UTC" { "UTC" } else { zone }
        );
        make_sources(&db).await;
        place.run(&["migrate", "-q"]).expect(0);
        // Dates around both changes of New York's clocks in 2024.
        for source in ["campaign_statistics", "segment_statistics"] {
            let more = if source.starts_with("campaign") {
                "campaign_id, campaign_message_id, send_channel, delivered, recipients, opens_unique, conversion_value) SELECT 'acc0', toDate('2024-02-20') + number, 'c', 'm', 'email', 100 + number, 100 + number, number % 50, number * 3"
            } else {
                "segment_id, total_members, new_members, conversion_value) SELECT 'acc0', toDate('2024-02-20') + number, 's', 100 + number, number % 7, number"
            };
            execute(&db, format!("INSERT INTO {source} (klaviyo_public_id, date, {more} FROM numbers(280)"))
                .await;
        }
        let tables = ["campaign_ai_summary", "campaign_weekly_rollup", "segment_ai_trends"];
        for as_of in ["2024-03-11", "2024-11-04"] {
            let mut arguments = vec!["populate", "--days", "30", "--as-of", as_of, "-q"];
            arguments.extend(tables.iter().flat_map(|table| ["--table", table]));
            place.run(&arguments).expect(0);
        }
        let mut content = Vec::new();
        for table in tables {
            let select = format!("SELECT count(), sum(cityHash64(* EXCEPT updated_at)) FROM {table}");
            content.push(rows(&db, select).await);
        }
        found.push(content);
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_nowhere() {
    let place = Place::new();
    let serve = place.serve();
    make_sources(&serve.db().await).await;
    fill(&serve.db().await, &["acc0"], 1).await;
    let server = Place::new()
        .with("CLICKHOUSE_URL", &serve.url)
        .with("CLICKHOUSE_PASSWORD", TOKEN)
        .with("CLICKHOUSE_DATABASE", "aiviews");
    let mut said = String::new();
    for arguments in
        [&["migrate", "-vv"][..], &["status", "-vv"], &["verify", "-vv"], &["populate", "--table", "nothing"]]
    {
        let ended = server.run(arguments);
        said += &(ended.stdout + &ended.stderr);
    }
    let running = server.start_until(
        "swap:1=pause-before",
        &["populate", "-vv", "--days", "7", "--log-format", "json"],
        "pausing",
    );
    for process in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains(TOKEN), "a command line shows the password");
    }
    running.signal(rustix::process::Signal::USR1);
    let ended = running.end().expect(0);
    said += &(ended.stdout + &ended.stderr);
    let wrong = Place::new().with("CLICKHOUSE_URL", &serve.url).with("CLICKHOUSE_PASSWORD", "wrong-hunter2");
    let ended = wrong.run(&["populate", "-vv"]).expect(7);
    said += &(ended.stdout + &ended.stderr);
    assert!(!said.contains(TOKEN) && !said.contains("hunter2"), "an output shows the password");
    let log = rows(&serve.db().await, "SELECT * FROM ai_refresh_log").await;
    assert!(!format!("{log:?}").contains(TOKEN));
    assert!(
        said.contains("\"account\":\"acc0\"") && said.contains("\"table\":\"campaign_ai_summary\""),
        "{said}"
    );
    let history = server.run(&["status", "--klaviyo-id", "acc0", "--json"]).expect(0);
    let events: serde_json::Value = serde_json::from_str(&history.stdout).expect("JSON");
    assert_eq!(events.as_array().expect("a list").len(), 7, "{events}");
    assert_eq!(events[0]["state"], "published");
}

#[test]
fn closed_streams_and_a_missing_home_do_not_matter() {
    let place = Place::new();
    place.run(&["seed", "--accounts", "1", "--days", "10", "-q"]).expect(0);
    place.run(&["migrate", "-q"]).expect(0);
    let library = std::env::var("AIVIEWS_LIBCHDB").ok().or_else(|| {
        let folder = format!(".cache/aiviews/libchdb-{}/libchdb.so", aiviews::engine::INSTALLED_VERSION);
        Some(std::env::home_dir()?.join(folder).display().to_string())
    });
    let mut homeless = place.command(&["populate", "--days", "3", "--table", "form_ai_performance"]);
    homeless
        .env_remove("HOME")
        .env_remove("XDG_STATE_HOME")
        .env("AIVIEWS_LIBCHDB", library.expect("a library"));
    homeless.env("TMPDIR", place.path("")).stdout(Stdio::null());
    assert_eq!(homeless.output().expect("starts").status.code(), Some(0));

    let binary = env!("CARGO_BIN_EXE_aiviews");
    let shell = |script: String| {
        let mut command = std::process::Command::new("bash");
        command
            .args(["-c", &script])
            .env("AIVIEWS_DATA_DIR", place.path("data"))
            .env("XDG_STATE_HOME", place.path("state"));
        command.current_dir(place.path("")).output().expect("bash").status.code()
    };
    let populate = format!("{binary} populate --days 3 --table form_ai_performance -v");
    assert_eq!(shell(format!("{populate} >&- 2>&-")), Some(0), "closed");
    assert_eq!(
        shell(format!("set -o pipefail; {populate} 2>&1 | true")),
        Some(0),
        "a pipe that nobody reads"
    );
    assert_eq!(shell(format!("{populate} 2>/dev/full >/dev/null")), Some(0), "a full disk under the log");
    assert_eq!(shell(format!("{populate} >/dev/full 2>/dev/full")), Some(1), "a report that nobody gets");
}

#[test]
fn a_symlink_is_no_lock_file() {
    let place = Place::new();
    place.run(&["seed", "--accounts", "1", "--days", "3", "-q"]).expect(0);
    place.run(&["migrate", "-q"]).expect(0);
    let locks: Vec<_> = std::fs::read_dir(place.path("state/aiviews")).expect("a folder").flatten().collect();
    let path = locks[0].path();
    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/etc/passwd", &path).expect("a link");
    let ended = place.run(&["populate"]).expect(1);
    assert!(ended.stderr.contains("cannot open the lock file"), "{}", ended.stderr);
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(&path, "process 1 on this machine since ever").expect("a dead owner's file");
    place.run(&["populate", "-q", "--table", "form_ai_performance"]).expect(0);
}
