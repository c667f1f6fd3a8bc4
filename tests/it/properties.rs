//! Properties of a refresh on generated data: what must not change the rows, and what must stay.

use aiviews::account::AccountId;
use aiviews::db::Db;
use aiviews::exit::stop::Stop;
use aiviews::refresh::Options;
use aiviews::refresh::audit::{Audit, Objection};
use aiviews::refresh::batches::Batch;
use aiviews::refresh::report::Report;
use aiviews::refresh::window::{Clock, Window, monday};
use aiviews::refresh::{snapshot, staging};
use aiviews::schema::{Grain, SummaryTable, TABLES};
use aiviews::seed::{self, Size};
use chrono::{Days, NaiveDate};
use indicatif::ProgressBar;

use crate::support;

const SIZE: Size = Size { accounts: 3, days: 75, seed: 7, stories: false, known_on: None };
const SHOWCASE: &str = "XqkVGb";

/// A migrated database with the same sources for every test.
async fn seeded(test: &str) -> Db {
    let db = support::database(test).await;
    support::migrate(&db).await;
    let (_sender, stop) = Stop::by_hand();
    seed::seed(&db, SIZE, &stop, &ProgressBar::hidden()).await.expect("seed");
    db
}

fn options(days: u16) -> Options {
    Options {
        accounts: Vec::new(),
        days,
        as_of: None,
        tables: TABLES.iter().collect(),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    }
}

async fn populate(db: &Db, options: &Options) -> Report {
    let report = support::refresh(db, options).await.expect("populate");
    assert!(report.failed.is_empty() && report.held_back.is_empty(), "{report:?}");
    report
}

/// Number of rows and a checksum of their bits, the time of computing left out.
async fn fingerprint(db: &Db, table: &SummaryTable, condition: &str) -> Vec<String> {
    let name = table.name;
    let query = format!(
        "SELECT count(), groupBitXor(sipHash64(*)), sum(sipHash64(*)) \
         FROM (SELECT * EXCEPT updated_at FROM {name} WHERE {condition})"
    );
    support::rows(db, query).await.remove(0)
}

async fn assert_same(left: &Db, right: &Db, what: &str, condition: impl Fn(&SummaryTable) -> String) {
    for table in &TABLES {
        let condition = condition(table);
        let expected = fingerprint(left, table, &condition).await;
        assert_ne!(expected[0], "0", "{what}: `{}` has no row where {condition}", table.name);
        assert_eq!(fingerprint(right, table, &condition).await, expected, "{what}: `{}`", table.name);
    }
}

fn everything(_: &SummaryTable) -> String {
    "1".to_owned()
}

fn since(table: &SummaryTable, start: NaiveDate) -> String {
    match table.grain {
        Grain::Daily => format!("date >= '{start}'"),
        Grain::Weekly => format!("week_start_date >= '{}'", monday(start)),
    }
}

async fn days_ago(db: &Db, days: u64) -> NaiveDate {
    Clock::read(db).await.expect("the clock").today - Days::new(days)
}

/// No key twice, for readers without FINAL.
async fn assert_unique(db: &Db) {
    for table in &TABLES {
        let key = table.definition().sorting_key;
        let query =
            format!("SELECT count() FROM (SELECT 1 FROM {} GROUP BY {key} HAVING count() > 1)", table.name);
        assert_eq!(support::rows(db, query).await, [["0"]], "`{}`", table.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_twice_is_refreshing_once() {
    let (once, twice) = (seeded("once").await, seeded("twice").await);
    populate(&once, &options(60)).await;
    for _ in 0..3 {
        populate(&twice, &options(60)).await;
    }
    assert_same(&once, &twice, "three times", everything).await;
    assert_unique(&twice).await;
    // The log names the statement that computed each table: one per table, as each account was in the same batch.
    let named = "SELECT uniqExact(query_ids), min(length(query_ids)), countIf(NOT startsWith(query_ids[1], run_id)) \
                 FROM ai_refresh_log FINAL WHERE state = 'published'";
    assert_eq!(
        support::rows(&once, named).await,
        [[TABLES.len().to_string(), "1".to_owned(), "0".to_owned()]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_do_not_depend_on_the_number_of_days() {
    let (long, short) = (seeded("long").await, seeded("short").await);
    populate(&long, &options(75)).await;
    for days in [1, 7, 33] {
        for table in &TABLES {
            support::execute(&short, format!("TRUNCATE TABLE {}", table.name)).await;
        }
        populate(&short, &options(days)).await;
        let start = days_ago(&long, u64::from(days) - 1).await;
        assert_same(&long, &short, &format!("{days} days"), |table| since(table, start)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_alone_has_the_rows_it_has_among_all() {
    let (all, alone) = (seeded("all").await, seeded("alone").await);
    populate(&all, &options(30)).await;
    let account = AccountId::new(SHOWCASE).expect("an id");
    let report = populate(&alone, &Options { accounts: vec![account], ..options(30) }).await;
    assert_eq!(report.published, 1);
    assert_same(&all, &alone, "alone", |_| format!("klaviyo_public_id = '{SHOWCASE}'")).await;
    let others = format!("SELECT count() FROM flow_ai_summary WHERE klaviyo_public_id != '{SHOWCASE}'");
    assert_eq!(support::rows(&alone, others).await, [["0"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_threads_and_order_change_nothing() {
    let (whole, cut) = (seeded("whole").await, seeded("cut").await);
    populate(&whole, &options(30)).await;
    for accounts_per_batch in [1, 2] {
        populate(&cut, &Options { accounts_per_batch: Some(accounts_per_batch), ..options(30) }).await;
        assert_same(&whole, &cut, &format!("batches of {accounts_per_batch}"), everything).await;
    }
    let ids =
        support::rows(&cut, "SELECT DISTINCT klaviyo_public_id FROM flow_ai_summary ORDER BY 1 DESC").await;
    for threads in ["1", "3"] {
        let few = support::with_setting(&cut, "max_threads", threads).await;
        for id in &ids {
            let account = AccountId::new(&id[0]).expect("an id");
            populate(&few, &Options { accounts: vec![account], ..options(30) }).await;
        }
        assert_same(&whole, &cut, &format!("one by one, backwards, {threads} threads"), everything).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_outside_the_window_stays() {
    let (before, after) = (seeded("before").await, seeded("after").await);
    for db in [&before, &after] {
        populate(db, &options(75)).await;
    }
    // What is older than the window and all that it reads may vanish from the sources without a trace in the tables.
    for source in ["campaign", "flow", "form", "segment"] {
        let delete = format!(
            "ALTER TABLE {source}_statistics DELETE WHERE date < today() - 60 SETTINGS mutations_sync = 2"
        );
        support::execute(&after, delete).await;
    }
    let start = days_ago(&after, 2).await;
    populate(&after, &options(3)).await;
    assert_same(&before, &after, "history", |table| format!("NOT ({})", since(table, start))).await;
    assert_unique(&after).await;
}

/// The questions that dashboards put straight to the tables, without FINAL, after several refreshes.
#[tokio::test(flavor = "multi_thread")]
async fn plain_sums_over_the_tables_are_right() {
    let db = seeded("plain_sums").await;
    for days in [75, 7, 30, 1] {
        populate(&db, &options(days)).await;
    }
    let pairs = [
        (
            "SELECT klaviyo_public_id, week_start_date, round(sum(total_revenue), 2), sum(campaigns_sent) \
             FROM campaign_weekly_rollup GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT klaviyo_public_id, toMonday(date) AS week, round(sum(conversion_value), 2), \
             uniqExactIf((date, campaign_id, campaign_message_id, send_channel), recipients > 0) \
             FROM campaign_statistics_latest WHERE week >= toMonday(today() - 74) GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        (
            "SELECT klaviyo_public_id, send_channel, round(sum(total_revenue), 2), sum(total_recipients), \
             sum(total_sends) FROM channel_performance_daily GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT klaviyo_public_id, send_channel, round(sum(conversion_value), 2), sum(recipients), \
             countIf(recipients > 0) FROM (SELECT klaviyo_public_id, send_channel, conversion_value, recipients \
             FROM campaign_statistics_latest UNION ALL SELECT klaviyo_public_id, send_channel, conversion_value, \
             recipients FROM flow_statistics_latest) GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        (
            "SELECT klaviyo_public_id, date, campaign_id, round(toFloat64(open_rate), 5) FROM campaign_ai_summary \
             WHERE open_rate < 0.4 AND delivered > 0 AND send_channel = 'email' ORDER BY 1, 2, 3",
            "SELECT klaviyo_public_id, date, campaign_id, round(toFloat64(toFloat32(sum(opens_unique) / \
             sum(delivered))), 5) AS rate FROM campaign_statistics_latest WHERE send_channel = 'email' \
             GROUP BY 1, 2, 3 HAVING sum(delivered) > 0 AND toFloat32(rate) < 0.4 ORDER BY 1, 2, 3",
        ),
    ];
    for (question, truth) in pairs {
        let answer = support::rows(&db, question).await;
        assert!(answer.len() > 1, "{question}");
        assert_eq!(answer, support::rows(&db, truth).await, "{question}");
    }
    let anomalies = format!(
        "SELECT count() FROM campaign_ai_summary WHERE is_anomaly AND date >= today() - 30 \
         AND klaviyo_public_id = '{SHOWCASE}'"
    );
    assert_ne!(support::rows(&db, anomalies).await, [["0"]], "the sample data has true anomalies");
}

/// A table is written by several inserts where the accounts of a batch have a long history.
#[tokio::test(flavor = "multi_thread")]
async fn several_inserts_stage_the_rows_of_one() {
    let db = seeded("several_inserts").await;
    populate(&db, &options(75)).await;
    let window = Window::new(None, 30, Clock::read(&db).await.expect("the clock")).expect("a window");
    let accounts =
        support::rows(&db, "SELECT DISTINCT klaviyo_public_id FROM flow_statistics ORDER BY 1").await;
    let ids: Vec<String> = accounts.into_iter().flatten().collect();
    let accounts = ids.iter().map(|id| AccountId::new(id).expect("an id")).collect();
    let batch = Batch { accounts, ..Batch::default() };
    let engine = snapshot::engine_beside(&db).await.expect("an engine");
    let tables: Vec<&SummaryTable> = TABLES.iter().collect();
    for source in snapshot::needed(&tables) {
        let statements = snapshot::statements(&db, source, &engine, &window, &batch.accounts);
        snapshot::take(&db, source, statements, false).await.expect("a snapshot");
    }
    for table in tables {
        let staging = staging::name(&db, table);
        let mut found = Vec::new();
        // So many stored rows that each account has an insert of its own; none, so that all share one.
        for rows in [1_000_000, 0] {
            let stored = ids.iter().map(|id| ((table.name, id.as_str()), rows)).collect();
            let inserts = staging::stage(&db, table, &window, &batch, &stored, false).await.expect("staged");
            assert_eq!(inserts.len(), if rows > 0 { ids.len() } else { 1 }, "{staging}: {inserts:?}");
            found.push(support::rows(&db, format!("SELECT count(), sum(sipHash64(*)) FROM {staging}")).await);
            let parts = format!(
                "SELECT count(), uniqExact(partition) FROM system.parts \
                 WHERE active AND database = currentDatabase() AND table = '{staging}'"
            );
            assert_eq!(support::rows(&db, parts).await, [["3", "3"]], "{staging}: one part an account");
        }
        assert_ne!(found[0][0][0], "0", "{staging}");
        assert_eq!(found[0], found[1], "{staging}");
    }
}

/// What the audit must never let pass, put into a staging table by hand.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_finds_what_no_refresh_may_publish() {
    let db = support::database("audit").await;
    support::migrate(&db).await;
    let table = SummaryTable::find("form_ai_performance").expect("a table");
    let today = Clock::read(&db).await.expect("the clock").today;
    let window = Window::new(None, 7, Clock::read(&db).await.expect("the clock")).expect("a window");
    let account = AccountId::new("acme").expect("an id");
    let batch = Batch { accounts: vec![account.clone()], ..Batch::default() };
    let stored = Default::default();
    let audit = Audit { db: &db, table, window: &window, stored: &stored, allow_shrink: false };
    let row = |id: &str, rate: &str| format!("('{id}', '{today}', 'f1', {rate}, now())");
    let cases = [
        (vec![row("acme", "0.5")], None),
        (vec![row("acme", "0.5"), row("acme", "0.6")], Some("more than one row")),
        (vec![row("acme", "nan")], Some("a NaN or an infinite value")),
        (vec![row("acme", "-inf")], Some("a NaN or an infinite value")),
        (vec![row("acme", "0.5"), row("other", "0.5")], Some("staged unasked")),
    ];
    for (rows, expected) in cases {
        let staging = staging::name(&db, table);
        support::execute(&db, format!("DROP TABLE IF EXISTS {staging} SYNC")).await;
        support::execute(&db, format!("CREATE TABLE {staging} AS {}", table.name)).await;
        let columns = "klaviyo_public_id, date, form_id, submit_rate, updated_at";
        let insert = format!(
            "INSERT INTO {staging} ({columns}) SETTINGS optimize_on_insert = 0 VALUES {}",
            rows.join(", ")
        );
        support::execute(&db, insert).await;
        let findings = audit.run(&batch).await.expect("an audit");
        match (&findings[&account], expected) {
            (Ok(rows), None) => assert_eq!(rows.written, 1),
            (Err(Objection::Fault(text)), Some(expected)) => assert!(text.contains(expected), "{text}"),
            (found, _) => panic!("{rows:?}: {found:?}"),
        }
    }
}
