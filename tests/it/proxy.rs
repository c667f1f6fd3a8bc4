//! What a refresh makes of a network that breaks, and of a server that is another than it seems.

use std::time::Duration;

use aiviews::account::AccountId;
use aiviews::db::retry::RetryPolicy;
use aiviews::db::{Db, Privilege, QueryError};
use aiviews::exit::ExitCode;
use aiviews::refresh::privilege;
use aiviews::refresh::{Options, report::Report};
use chrono::Days;
use clickhouse::Client;

use crate::child::{Place, TOKEN};
use crate::generations::{TABLES, fill, leftovers, make_sources, options, shown, states};
use crate::support::{self, rows, sql};
use crate::wire::{Break, Proxy, quick};

async fn refresh(db: &Db) -> anyhow::Result<Report> {
    let accounts = ["acc0", "acc1"].map(|id| AccountId::new(id).expect("plain")).to_vec();
    let mut report = support::refresh(db, &Options { accounts, ..options() }).await?;
    report.settle(None);
    Ok(report)
}

pub async fn world(test: &str) -> (Db, Proxy) {
    let db = support::database(test).await;
    make_sources(&db).await;
    support::migrate(&db).await;
    fill(&db, &["acc0", "acc1"], 1).await;
    refresh(&db).await.expect("a clean run");
    (db, Proxy::start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_kind_of_statement_is_survived() {
    let (db, proxy) = world("network").await;
    let mut clean = Vec::new();
    for generation in [1, 2] {
        fill(&db, &["acc0", "acc1"], generation).await;
        refresh(&db).await.expect("a clean run");
        clean.push(shown(&db, &TABLES).await);
    }
    let breaks = [
        Break::ResetBefore,
        Break::ResetAfter,
        Break::ResetWithin,
        Break::Gateway,
        Break::LateException,
        Break::Truncated,
        Break::Drip,
        Break::Code(241, "Memory limit exceeded"),
        Break::Code(159, "Timeout exceeded"),
    ];
    let statements = [
        "CREATE TABLE IF NOT EXISTS",
        "INSERT INTO {staging:Identifier}",
        // The client sends the text of an insert in the address.
        "INSERT INTO `ai_refresh_log`",
        "REPLACE PARTITION",
        "DROP TABLE",
    ];
    // A long run breaks one kind of statement in each run, a short one all kinds in the same.
    let broken_together = if std::env::var_os("AIVIEWS_TEST_LONG").is_some() { 1 } else { statements.len() };
    let mut runs = 0;
    for breaks in &breaks {
        for statements in statements.chunks(broken_together) {
            runs += 1;
            fill(&db, &["acc0", "acc1"], runs % 2 + 1).await;
            proxy.breaks_each(statements, breaks.clone(), 1);
            let report = refresh(&proxy.db(db.database())).await;
            let what = format!("{breaks:?} at {statements:?}");
            let report = report.unwrap_or_else(|error| panic!("{what}: {error:#}"));
            let expected = (statements.len(), 2, vec![0]);
            assert_eq!((proxy.broken(), report.published, report.exit_codes), expected, "{what}");
            assert_eq!(shown(&db, &TABLES).await, clean[(runs % 2) as usize], "{what}");
            assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{what}");
        }
    }
    println!("{runs} runs, each with {broken_together} broken statements");
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_tried_as_its_class_says() {
    let db = support::database("classes").await;
    let proxy = Proxy::start().await;
    let proxied = proxy.db(db.database());
    let transient = [
        198, 202, 203, 209, 210, 225, 242, 244, 254, 265, 279, 285, 425, 439, 473, 519, 574, 733, 738, 745,
        749, 762, 999,
    ];
    let never = [
        16, 36, 43, 44, 47, 53, 60, 62, 70, 81, 115, 122, 164, 184, 192, 193, 194, 243, 246, 349, 395, 407,
        452, 456, 457, 497, 516, 740,
    ];
    let classes: [(&[u32], usize, Option<ExitCode>); 6] = [
        (&transient, 6, Some(ExitCode::Unreachable)),
        (&[241, 252, 236], 3, Some(ExitCode::Unreachable)),
        (&[216], 1, Some(ExitCode::LockHeld)),
        (&[319, 3, 32, 33], 2, Some(ExitCode::Unreachable)),
        (&[159, 160, 394, 735], 2, Some(ExitCode::Unreachable)),
        (&never, 1, None),
    ];
    for (codes, tries, exit) in classes {
        for code in codes {
            proxy.breaks("SELECT 41", Break::Code(*code, "as told"), 100);
            let error = proxied.statement(&sql("SELECT 41")).execute().await.expect_err("broken");
            assert_eq!(proxy.broken(), tries, "code {code}");
            assert_eq!(error.downcast_ref::<QueryError>().expect("a query error").code, Some(*code));
            let expected = exit.unwrap_or(match code {
                164 | 192..=194 | 497 | 516 => ExitCode::AccessDenied,
                16 | 47 | 60 | 81 => ExitCode::SchemaMismatch,
                _ => ExitCode::Failed,
            });
            assert_eq!(aiviews::db::exit_code_of(&error), expected, "code {code}");
        }
    }
    proxy.breaks("SELECT 41", Break::Code(252, "Too many partitions for single INSERT block"), 100);
    proxied.statement(&sql("SELECT 41")).execute().await.expect_err("broken");
    assert_eq!(proxy.broken(), 1, "too many partitions never pass");
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lasting_fault_ends_the_run_and_the_old_rows_stay() {
    let (db, proxy) = world("lasting").await;
    let before = shown(&db, &TABLES).await;
    fill(&db, &["acc0", "acc1"], 2).await;
    let lasting = [
        (Break::ResetBefore, ExitCode::Unreachable),
        (Break::Gateway, ExitCode::Unreachable),
        (Break::Truncated, ExitCode::Unreachable),
        (Break::Portal(1), ExitCode::Unreachable),
        (Break::Stall, ExitCode::Unreachable),
        (Break::Code(243, "Cannot reserve 1 MiB, not enough space"), ExitCode::Failed),
        (
            Break::Code(
                497,
                "Not enough privileges. To execute this query, it's necessary to have the grant INSERT",
            ),
            ExitCode::AccessDenied,
        ),
        (Break::Code(252, "Too many parts (3000)"), ExitCode::Unreachable),
    ];
    for (breaks, code) in lasting {
        let what = format!("{breaks:?}");
        proxy.breaks("INSERT INTO {staging:Identifier}", breaks, 1000);
        let policy = RetryPolicy {
            statement_timeout: Duration::from_millis(700),
            kill_timeout: Duration::from_millis(700),
            ..quick()
        };
        let error = refresh(&proxy.db(db.database()).with_retries(policy)).await.expect_err(&what);
        assert_eq!(aiviews::db::exit_code_of(&error), code, "{what}: {error:#}");
        if what == "Portal(1)" {
            assert_eq!(proxy.broken(), TABLES.len(), "a login page does not go away by asking again");
        }
        let text = format!("{error:#}");
        assert!(text.len() < 1200 && text.contains("proxy") && !text.contains(TOKEN), "{what}: {text}");
        assert_eq!(shown(&db, &TABLES).await, before, "{what}");
    }
    // Memory that one account alone lacks fails that account, and the batch of both was halved first.
    proxy.breaks(
        "INSERT INTO {staging:Identifier} & ['acc0'",
        Break::Code(241, "Memory limit exceeded"),
        1000,
    );
    let report = refresh(&proxy.db(db.database())).await.expect("a report");
    assert_eq!((report.failed.len(), report.published), (1, 1));
    support::drop_database(&db).await;
}

/// REPLACE PARTITION can commit its part and fail after it, for want of room for what is left to write.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_seen_before_a_swap_and_survived_within_one() {
    let (db, proxy) = world("full_disk").await;
    let before = shown(&db, &TABLES).await;
    fill(&db, &["acc0", "acc1"], 2).await;
    proxy.rewrites(&[("max(d.unreserved_space) AS", "toUInt64(least(max(d.unreserved_space), 9000000)) AS")]);
    let error = refresh(&proxy.db(db.database())).await.expect_err("no room");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::Failed);
    let text = format!("{error:#}");
    assert!(text.contains("`campaign_ai_summary`") && text.contains("8 MiB free"), "{text}");
    assert!(aiviews::db::hint_of(&error).expect("a hint").contains("make room"));
    assert!(with(&proxy, "REPLACE PARTITION").is_empty() && !with(&proxy, "unreserved_space").is_empty());
    assert_eq!((shown(&db, &TABLES).await, leftovers(&db).await), (before, Vec::<Vec<String>>::new()));
    let full = [
        (243, "Cannot reserve 1.00 MiB, not enough space"),
        (75, "Cannot write to file /x: , errno: 28, strerror: No space left on device"),
    ];
    for (code, text) in full {
        proxy.rewrites(&[]);
        proxy.breaks("REPLACE PARTITION", Break::DoneAndCode(code, text), 1);
        let report = refresh(&proxy.db(db.database())).await.expect("a report");
        assert_eq!((proxy.broken(), report.published, report.exit_codes), (1, 2, vec![0]), "{code}");
        assert_eq!(with(&proxy, "REPLACE PARTITION").len(), 2 * TABLES.len() + 1, "one is done again");
    }
    let clean = shown(&db, &TABLES).await;
    proxy.breaks("REPLACE PARTITION", Break::DoneAndCode(full[0].0, full[0].1), 1000);
    let error = refresh(&proxy.db(db.database())).await.expect_err("still full");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::Failed);
    let healed = refresh(&db).await.expect("a report");
    assert_eq!((healed.published, shown(&db, &TABLES).await), (2, clean));
    support::drop_database(&db).await;
}

/// Bad weather over all statements of a run: whatever becomes of it, one rerun makes what a clean run makes.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenth_of_all_requests_may_break() {
    let runs = if std::env::var_os("AIVIEWS_TEST_LONG").is_some() { 50 } else { 4 };
    let (db, proxy) = world("weather").await;
    let mut clean = Vec::new();
    for generation in [1, 2] {
        fill(&db, &["acc0", "acc1"], generation).await;
        refresh(&db).await.expect("a clean run");
        clean.push(shown(&db, &TABLES).await);
    }
    let (mut broken, mut failed) = (0, 0);
    for run in 0..runs {
        let what = format!("run {run}");
        fill(&db, &["acc0", "acc1"], (run % 2) as u32 + 1).await;
        proxy.storms(Some(run));
        let client = Client::default().with_url(&proxy.url).with_user("default").with_password(TOKEN);
        let client = client.with_database(db.database());
        let through = refresh(&Db::new(client, "proxy", &format!("storm_{run}"), quick())).await;
        broken += proxy.broken();
        proxy.storms(None);
        match through {
            Ok(report) if report.exit_codes == [0] => {
                assert_eq!(shown(&db, &TABLES).await, clean[(run % 2) as usize], "{what}");
            }
            _ => failed += 1,
        }
        refresh(&db).await.unwrap_or_else(|error| panic!("{what}: {error:#}"));
        assert_eq!(shown(&db, &TABLES).await, clean[(run % 2) as usize], "{what}");
        assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{what}");
    }
    let twice = "SELECT run_id, klaviyo_public_id, table_name, state, count() AS rows FROM ai_refresh_log \
                 WHERE startsWith(run_id, 'storm_') GROUP BY ALL HAVING rows > 1";
    assert_eq!(rows(&db, twice).await, Vec::<Vec<String>>::new(), "logged twice");
    println!("{runs} runs, {broken} broken requests, {failed} runs failed and were healed by the next");
    assert!(broken > runs as usize, "hardly any weather: {broken}");
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_or_a_silent_port_is_no_database() {
    let proxy = Proxy::start().await;
    // What cannot be read as rows is looked at once more, as text: a page ends it, an exception is tried again.
    let requests = [
        (Break::Portal(1), 2),
        (Break::Portal(2000), 2),
        (Break::Missing, 1),
        (Break::Gateway, 6),
        (Break::LateException, 12),
        (Break::ResetAfter, 2),
    ];
    for (breaks, tries) in requests {
        proxy.breaks("SELECT", breaks.clone(), 1000);
        let mut db = proxy.db("system");
        let error = db.probe().await.expect_err("no database");
        assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::Unreachable, "{breaks:?}: {error:#}");
        assert_eq!(proxy.broken(), tries, "{breaks:?}");
    }
    proxy.breaks("SELECT", Break::Portal(1), 1000);
    let place = Place::new().with("CLICKHOUSE_URL", &proxy.url).with("CLICKHOUSE_PASSWORD", TOKEN);
    let ended = place.run(&["populate"]).expect(5);
    assert!(ended.stderr.contains(&format!("at {}", proxy.url)), "{}", ended.stderr);
    assert!(ended.stderr.contains("is not ClickHouse") && ended.stderr.contains("hint:"), "{}", ended.stderr);
    assert_eq!(proxy.broken(), 2, "tried again");
    let client = Client::default().with_url("http://127.0.0.1:9").with_password("hunter2");
    let error = Db::new(client, "http://127.0.0.1:9", "run", quick()).probe().await.expect_err("refused");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::Unreachable);
    let text = format!("{error:#}");
    assert!(text.contains("127.0.0.1:9") && !text.contains("hunter2"), "{text}");
}

/// Statements with this text, of those that came since the last rewriting.
fn with(proxy: &Proxy, text: &str) -> Vec<String> {
    proxy.seen().into_iter().filter(|request| request.contains(text)).collect()
}

/// The values that a parameter had in these requests.
fn values(requests: &[String], parameter: &str) -> std::collections::BTreeSet<String> {
    let field = format!("name=\"param_{parameter}\"\r\n\r\n");
    let value = |rest: &str| rest.split("\r\n").next().unwrap_or_default().to_owned();
    requests.iter().flat_map(|request| request.split(&field).skip(1).map(value)).collect()
}

const CLOCK: [&str; 2] =
    ["toUnixTimestamp(now(serverTimezone())) AS now", "toDate(now(serverTimezone())) AS today"];

/// Puts another clock before the run; the views keep theirs.
fn shift_clock(proxy: &Proxy, to: &str) {
    let shifted = CLOCK.map(|text| text.replace("now(serverTimezone())", to));
    let pairs: Vec<(&str, &str)> = CLOCK.into_iter().zip(shifted.iter().map(String::as_str)).collect();
    proxy.rewrites(&pairs);
}

/// The first answer comes from before midnight, all work is done after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_across_midnight_has_one_date() {
    let (db, proxy) = world("midnight").await;
    shift_clock(&proxy, "(now(serverTimezone()) - INTERVAL 1 DAY)");
    fill(&db, &["acc0", "acc1"], 2).await;
    let before = shown(&db, &TABLES).await;
    let report = refresh(&proxy.db(db.database())).await.expect("a report");
    assert_eq!(report.published, 2);
    let window = report.window;
    let clock = rows(&db, "SELECT today() - 1, today()").await.remove(0);
    let (yesterday, today) = (&clock[0], &clock[1]);
    assert_eq!(window.as_of.to_string(), *yesterday, "the run keeps the day on which it began");
    assert_eq!(window.last_complete, window.as_of - Days::new(1));
    assert_eq!(with(&proxy, ") AS now,").len(), 1, "the clock is read once");
    let all = proxy.seen();
    for (parameter, expected) in [
        ("as_of", window.as_of.to_string()),
        ("last_complete", window.last_complete.to_string()),
        ("start", window.start.to_string()),
        ("updated_at", window.updated_at.to_string()),
    ] {
        assert_eq!(values(&all, parameter), [expected].into(), "{parameter}");
    }
    let written = "SELECT countDistinct(updated_at), max(date) FROM campaign_ai_summary \
                   WHERE date <= today() - 1 AND date > today() - 8";
    assert_eq!(rows(&db, written).await, [["1", yesterday]]);
    // The new day's rows were there before, and are not this run's to touch.
    let kept = format!("SELECT min(delivered) < 2000 FROM campaign_ai_summary WHERE date = '{today}'");
    assert_eq!(rows(&db, kept).await, [["1"]]);
    assert_ne!(shown(&db, &TABLES).await, before);
    support::drop_database(&db).await;
}

/// Readers see what was published last, whatever the clocks said.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_does_not_bring_old_rows_back() {
    let (db, proxy) = world("clock_back").await;
    let stamp = "SELECT toUnixTimestamp(max(updated_at)) FROM campaign_ai_summary";
    let before: u32 = rows(&db, stamp).await[0][0].parse().expect("a number");
    fill(&db, &["acc0", "acc1"], 2).await;
    refresh(&db).await.expect("a clean run");
    let newest = shown(&db, &TABLES).await;
    fill(&db, &["acc0", "acc1"], 1).await;
    refresh(&db).await.expect("a clean run");
    fill(&db, &["acc0", "acc1"], 2).await;
    shift_clock(&proxy, "toStartOfDay(now(serverTimezone()))");
    let report = refresh(&proxy.db(db.database())).await.expect("a report");
    assert!(report.window.updated_at <= before, "the clock went back");
    assert_eq!(shown(&db, &TABLES).await, newest);
    let older = "SELECT count() FROM campaign_ai_summary FINAL WHERE date > today() - 7 AND delivered < 2000";
    assert_eq!(rows(&db, older).await, [["0"]]);
    proxy.rewrites(&[]);
    let again = refresh(&proxy.db(db.database())).await.expect("a report");
    assert_eq!((again.published, again.recovered), (2, 0));
    assert_eq!(shown(&db, &TABLES).await, newest);
    assert!(states(&db).await.values().all(|state| state == "published"));
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old_is_refused_and_nothing_is_sent_to_it() {
    let (db, proxy) = world("old_server").await;
    proxy.rewrites(&[("version() AS version", "'24.3.5.46' AS version")]);
    let place = Place::new()
        .with("CLICKHOUSE_URL", &proxy.url)
        .with("CLICKHOUSE_PASSWORD", TOKEN)
        .with("CLICKHOUSE_DATABASE", db.database());
    for verb in ["migrate", "populate", "verify", "status"] {
        let ended = place.run(&[verb]).expect(6);
        assert!(ended.stderr.contains(" runs ClickHouse 24.3.5.46"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: aiviews needs ClickHouse 24.8 or newer"), "{}", ended.stderr);
    }
    assert_eq!(proxy.seen().len(), 4, "one question each");
    proxy.rewrites(&[("version() AS version", "'24.8.1.1' AS version")]);
    place.run(&["verify"]).expect(0);
    support::drop_database(&db).await;
}

/// An older server knows fewer settings, and fails (115) where it is sent one that it does not know.
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_server_does_not_know_are_not_sent() {
    let (db, proxy) = world("old_settings").await;
    let unknown = "enable_join_runtime_filters";
    proxy.breaks(&format!("{unknown}="), Break::Code(115, "Unknown setting"), 1000);
    let error = refresh(&proxy.db(db.database())).await.expect_err("a setting that is not known");
    assert_eq!(error.downcast_ref::<QueryError>().and_then(|error| error.code), Some(115), "{error:#}");
    let without = format!("FROM (SELECT * FROM system.settings WHERE name != '{unknown}')");
    proxy.rewrites(&[("FROM system.settings", &without)]);
    let mut probed = proxy.db(db.database());
    probed.probe().await.expect("the server answers");
    proxy.breaks(&format!("{unknown}="), Break::Code(115, "Unknown setting"), 1000);
    let report = refresh(&probed).await.expect("a report");
    assert_eq!((report.published, proxy.broken()), (2, 0));
    assert!(!with(&proxy, "join_use_nulls=0").is_empty(), "the others are sent");
    support::drop_database(&db).await;
}

/// Servers before `CHECK GRANT` are not asked twice; a privilege that lacks is named, whoever says so.
#[tokio::test(flavor = "multi_thread")]
async fn privileges_are_asked_for_where_the_server_can_be_asked() {
    let (db, proxy) = world("ask_grants").await;
    let proxied = proxy.db(db.database());
    let privileges = Privilege::on("campaign_ai_summary", &["SELECT", "INSERT", "ALTER DELETE"]);
    proxy.rewrites(&[]);
    privilege::refuse_missing(&proxied, &privileges).await.expect("granted");
    assert_eq!(with(&proxy, "CHECK GRANT").len(), 1, "one round trip");
    proxy.breaks("CHECK GRANT", Break::Code(62, "Syntax error: failed at position 1 (CHECK)"), 1000);
    privilege::refuse_missing(&proxied, &privileges).await.expect("cannot be asked");
    assert_eq!(proxy.broken(), 1);
    proxy.breaks("CHECK GRANT", Break::Code(516, "Authentication failed"), 1000);
    let error = privilege::refuse_missing(&proxied, &privileges).await.expect_err("refused");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::AccessDenied);
    assert!(aiviews::db::hint_of(&error).expect("a hint").contains("CLICKHOUSE_PASSWORD"));
    support::drop_database(&db).await;
}
