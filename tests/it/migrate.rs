//! `aiviews migrate`: from nothing, from production's tables, from half a migration.

use aiviews::db::Db;
use aiviews::exit::ExitCode;
use aiviews::exit::stop::Stop;
use aiviews::schema::diff::Mend;
use aiviews::schema::ledger::STEPS;
use aiviews::schema::migrate::{self, Rebuilds, Survey};
use aiviews::schema::preflight;
use aiviews::schema::verify;
use aiviews::schema::{ALERT_TABLES, OUTLOOK_TABLES, TABLES, all_views};
use aiviews::sql::{CHAT_LOG, REFRESH_LOG};

use crate::child::Place;
use crate::generations::{fill, make_sources};
use crate::schema::{
    aiviews, aiviews_on, differences, make_production_tables, migrate, schema_text, stderr, stdout,
};
use crate::support::{database, drop_database, execute, rows, sql};

/// Tables beside those of summaries and of the outlook: run log, ledger, chat log, notes, saved questions.
const OWN_TABLES: usize = 5;

/// What a migration of an empty database does: tables, steps, views.
fn actions() -> usize {
    TABLES.len() + OWN_TABLES + OUTLOOK_TABLES.len() + ALERT_TABLES.len() + STEPS.len() + all_views().count()
}

#[tokio::test]
async fn an_empty_database_gets_the_contract() {
    let db = database("empty").await;
    let report = verify::verify_sql(&db).await.expect("verified");
    assert!(report.ok, "{:#?}", report.findings);
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn a_second_migration_does_nothing() {
    let db = database("second").await;
    assert_eq!(migrate(&db, Rebuilds::Leave).await.expect("migrated").len(), actions());
    assert_eq!(differences(&db).await, []);
    let ledger = "SELECT count() FROM ai_schema_ledger";
    assert_eq!(rows(&db, ledger).await, [[STEPS.len().to_string()]]);
    assert_eq!(migrate(&db, Rebuilds::Do).await.expect("migrated"), Vec::<String>::new());
    assert_eq!(rows(&db, ledger).await, [[STEPS.len().to_string()]]);
}

#[tokio::test]
async fn production_tables_are_adopted_without_losing_a_row() {
    let (db, fresh) = (database("adopted").await, database("adopted_fresh").await);
    make_production_tables(&db).await;
    execute(
        &db,
        "INSERT INTO campaign_ai_summary (klaviyo_public_id, date, campaign_id, recipients, bounced, conversions)
         VALUES ('a', '2024-01-01', 'c1', 100, 20, 3), ('a', '2024-01-01', 'c2', 5, 7, 0)",
    )
    .await;
    execute(
        &db,
        "INSERT INTO flow_weekly_rollup (klaviyo_public_id, week_start_date, flow_id, total_recipients, avg_open_rate,
            avg_click_rate, avg_conversion_rate)
         VALUES ('a', '2024-01-01', 'f1', 1000, 0.25, nan, 1e30), ('b', '2024-01-01', 'f1', 30, 0.05, 0, 0.1)",
    )
    .await;
    migrate(&db, Rebuilds::Leave).await.expect("migrated");
    migrate(&fresh, Rebuilds::Leave).await.expect("migrated");
    assert_eq!(differences(&db).await, []);
    assert_eq!(
        schema_text(&db).await,
        schema_text(&fresh).await,
        "contract tables and steps make the present DDL"
    );
    let campaigns =
        "SELECT campaign_id, recipients, delivered, conversion_uniques, has_prior_week, label_basis
        FROM campaign_ai_summary ORDER BY campaign_id";
    assert_eq!(
        rows(&db, campaigns).await,
        [["c1", "100", "80", "3", "0", "none"], ["c2", "5", "0", "0", "0", "none"]]
    );
    let weeks = "SELECT klaviyo_public_id, total_delivered, total_opens_unique, total_clicks_unique,
            total_conversion_uniques, revenue_prior_week
        FROM flow_weekly_rollup ORDER BY klaviyo_public_id";
    let expected = [["a", "1000", "250", "0", "4294967295", "0"], ["b", "30", "2", "0", "3", "0"]];
    assert_eq!(rows(&db, weeks).await, expected);
}

#[tokio::test]
async fn every_step_can_run_twice_on_old_and_new_tables() {
    let (old, new) = (database("steps_old").await, database("steps_new").await);
    make_production_tables(&old).await;
    for table in &TABLES {
        new.statement(&table.ddl).execute().await.expect(table.name);
    }
    for db in [&old, &new] {
        db.statement(&REFRESH_LOG).execute().await.expect("the run log");
        db.statement(&CHAT_LOG).execute().await.expect("the chat log");
        let events = OUTLOOK_TABLES.iter().find(|table| table.object() == "ai_anomaly_events");
        db.statement(events.expect("a table")).execute().await.expect("the events");
    }
    execute(&old, "ALTER TABLE ai_anomaly_events DROP COLUMN days").await;
    execute(&old, "ALTER TABLE ai_chat_log DROP COLUMN user_id, DROP COLUMN query_ids").await;
    let columns = ["newest_source_date", "newest_source_update", "sources_end"];
    let dropped = columns.map(|column| format!("DROP COLUMN {column}")).join(", ");
    execute(&old, format!("ALTER TABLE ai_refresh_log {dropped}")).await;
    let before = schema_text(&new).await;
    for step in STEPS.iter().chain(&STEPS) {
        for db in [&old, &new] {
            db.statement(&step.sql)
                .execute()
                .await
                .unwrap_or_else(|error| panic!("{}: {error:#}", step.name()));
        }
    }
    assert_eq!(schema_text(&new).await, before);
    migrate(&old, Rebuilds::Leave).await.expect("migrated");
    assert_eq!(differences(&old).await, []);
}

/// The statements that a migration would run now.
async fn statements_left(db: &Db) -> Vec<String> {
    let plan = migrate::plan(&differences(db).await, Rebuilds::Leave);
    let statements = plan.actions.iter().flat_map(|action| migrate::statements(db, action));
    statements.map(|statement| statement.text().to_owned()).collect()
}

#[tokio::test]
async fn after_every_statement_what_is_left_is_the_rest() {
    let db = database("rest").await;
    make_production_tables(&db).await;
    let all = statements_left(&db).await;
    for (index, statement) in all.iter().enumerate() {
        assert!(preflight::check_schema(&db).await.is_err(), "before statement {index}");
        execute(&db, statement).await;
        let left = statements_left(&db).await;
        // A step that ran but was not recorded runs again.
        let is_recorded =
            all.get(index + 1).is_none_or(|next| !next.contains("INSERT INTO ai_schema_ledger"));
        assert_eq!(left, all[index + usize::from(is_recorded)..], "after statement {index}");
    }
    assert!(preflight::check_schema(&db).await.is_ok());
}

#[tokio::test]
async fn an_interrupted_migration_is_resumed() {
    let whole = database("interrupted_whole").await;
    make_production_tables(&whole).await;
    let statements = statements_left(&whole).await;
    migrate(&whole, Rebuilds::Leave).await.expect("migrated");
    let expected = schema_text(&whole).await;
    for count in (1..statements.len()).step_by(6) {
        let db = database("interrupted").await;
        make_production_tables(&db).await;
        for statement in &statements[..count] {
            execute(&db, statement).await;
        }
        migrate(&db, Rebuilds::Leave).await.expect("migrated");
        assert_eq!(schema_text(&db).await, expected, "after {count} statements");
        let ledger = "SELECT count(), uniqExact(version) FROM ai_schema_ledger FINAL";
        let steps = STEPS.len().to_string();
        assert_eq!(rows(&db, ledger).await, [[steps.clone(), steps]]);
        drop_database(&db).await;
    }
}

#[tokio::test]
async fn a_stop_between_actions_says_what_is_done() {
    let db = database("stopped").await;
    let plan = migrate::plan(&differences(&db).await, Rebuilds::Leave);
    let (sender, stop) = Stop::by_hand();
    let outcome = migrate::execute(&db, &plan.actions, &stop, |action, _| {
        if action.object() == "flow_ai_summary" {
            sender.send(Some(ExitCode::Interrupted)).expect("the receiver lives");
        }
    });
    let error = outcome.await.expect_err("stopped");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::Interrupted);
    let text = format!("{error:#}");
    let expected =
        format!("stopped at create table `channel_performance_daily`: 4 of {} actions are done", actions());
    assert!(text.starts_with(&expected), "{text}");
    migrate(&db, Rebuilds::Leave).await.expect("resumed");
    assert_eq!(differences(&db).await, []);
}

#[tokio::test]
async fn an_applied_step_that_changed_is_refused() {
    let db = database("checksum").await;
    migrate(&db, Rebuilds::Leave).await.expect("migrated");
    execute(
        &db,
        "INSERT INTO ai_schema_ledger (version, name, checksum, applied_at)
         SELECT version, name, reverse(checksum), now64(3) + 1 FROM ai_schema_ledger WHERE version = 3",
    )
    .await;
    let plan = migrate::plan(&differences(&db).await, Rebuilds::Leave);
    let [difference] = &plan.by_hand[..] else { panic!("{:#?}", plan.by_hand) };
    assert!(difference.expected.starts_with("step 3 `channel_performance_daily`"), "{}", difference.expected);
    assert_eq!(plan.actions.len(), 0);
    let error = preflight::check_schema(&db).await.expect_err("refused");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::SchemaMismatch);
}

#[tokio::test]
async fn a_database_of_a_newer_aiviews_is_refused() {
    let db = database("newer").await;
    migrate(&db, Rebuilds::Leave).await.expect("migrated");
    let newer = STEPS.len() + 1;
    let insert = "INSERT INTO ai_schema_ledger (version, name, checksum)";
    execute(&db, format!("{insert} VALUES ({newer}, 'something', 'x')")).await;
    let found = differences(&db).await;
    let [difference] = &found[..] else { panic!("{found:#?}") };
    assert!(matches!(&difference.mend, Mend::ByHand(remedy) if remedy.contains("upgrade")), "{difference:?}");
}

#[tokio::test]
async fn an_additive_column_that_was_dropped_comes_back_in_its_place() {
    let db = database("dropped").await;
    migrate(&db, Rebuilds::Leave).await.expect("migrated");
    let before = schema_text(&db).await;
    execute(&db, "ALTER TABLE campaign_ai_summary DROP COLUMN has_prior_week, DROP COLUMN delivered").await;
    execute(
        &db,
        "ALTER TABLE campaign_ai_summary COMMENT COLUMN date 'it''s \\\\ changed', MODIFY COMMENT ''",
    )
    .await;
    let done = migrate(&db, Rebuilds::Leave).await.expect("migrated");
    let expected = [
        "run step on campaign_ai_summary: number 1, adds `campaign_ai_summary.delivered`, `campaign_ai_summary.has_prior_week`; ",
        "comment campaign_ai_summary: 2 missing or different; ",
    ];
    assert_eq!(done, expected);
    assert_eq!(schema_text(&db).await, before);
}

#[tokio::test]
async fn two_migrations_at_once_end_like_one() {
    let (db, alone) = (database("at_once").await, database("at_once_alone").await);
    make_production_tables(&db).await;
    let (first, second) = tokio::join!(migrate(&db, Rebuilds::Leave), migrate(&db, Rebuilds::Leave));
    first.and(second).expect("both end well");
    migrate(&alone, Rebuilds::Leave).await.expect("migrated");
    assert_eq!(schema_text(&db).await, schema_text(&alone).await);
}

#[tokio::test]
async fn the_survey_is_a_handful_of_queries_on_an_empty_database() {
    let db = database("survey").await;
    let survey = Survey::read(&db).await.expect("read");
    assert_eq!(survey.live.objects, []);
    assert_eq!(survey.pending().len(), actions());
}

#[tokio::test]
async fn the_script_of_a_dry_run_is_the_migration() {
    let folder = tempfile::tempdir().expect("a folder");
    let dry_run = aiviews(folder.path(), &["migrate", "--dry-run"]);
    assert!(dry_run.status.success(), "{}", stderr(&dry_run));
    let db = database("dry_run").await;
    let script = stdout(&dry_run);
    for statement in script.split_inclusive(";\n").filter(|it| !it.trim().is_empty()) {
        db.statement(&sql(statement.trim_end().trim_end_matches(';'))).execute().await.expect(statement);
    }
    assert_eq!(differences(&db).await, []);
    let again = aiviews(folder.path(), &["migrate", "--dry-run"]);
    assert_eq!(stdout(&again), script, "a dry run changes nothing");
}

#[tokio::test]
async fn the_program_says_each_action_once_and_then_nothing_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = aiviews(folder.path(), &["migrate"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(stderr(&first).contains("target: embedded engine in"), "{}", stderr(&first));
    assert_eq!(stdout(&first).lines().next(), Some("create table ai_schema_ledger"));
    assert_eq!(stdout(&first).lines().count(), actions());
    let second = aiviews(folder.path(), &["migrate"]);
    assert_eq!(stdout(&second), "nothing to do\n");
    assert_eq!(stderr(&second), "");
    let json = aiviews(folder.path(), &["migrate", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one document");
    assert_eq!(document["ok"], true);
    assert_eq!(document["actions"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_refused_before_anything_is_changed() {
    let db = database("refused").await;
    make_production_tables(&db).await;
    execute(&db, "ALTER TABLE flow_ai_summary RENAME COLUMN opens TO opened").await;
    let before = schema_text(&db).await;
    let output = aiviews_on(&db, &["migrate"]).await;
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    let expected = "error: `flow_ai_summary.opens`: expected UInt32, found no such column, but `opened` UInt32 in its \
        place; nothing was changed\n\
        hint: if it was renamed: ALTER TABLE flow_ai_summary RENAME COLUMN opened TO opens\n";
    assert_eq!(stderr(&output), expected);
    assert_eq!(schema_text(&db).await, before);
    let json = aiviews_on(&db, &["migrate", "--json"]).await;
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one document");
    assert_eq!((json.status.code(), &document["ok"]), (Some(6), &serde_json::json!(false)));
    assert_eq!(document["problems"][0]["object"], "flow_ai_summary.opens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_before_the_migration_is_refused() {
    let db = database("unmigrated").await;
    for arguments in [&["populate"][..], &["forget", "--klaviyo-id", "a", "--yes"]] {
        let output = aiviews_on(&db, arguments).await;
        assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
        assert!(stderr(&output).ends_with("hint: run `aiviews migrate`\n"), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_at_once_end_like_one() {
    let (db, alone) = (database("programs").await, database("programs_alone").await);
    let (first, second) = tokio::join!(aiviews_on(&db, &["migrate"]), aiviews_on(&db, &["migrate"]));
    for output in [first, second] {
        assert!(matches!(output.status.code(), Some(0 | 4)), "{}", stderr(&output));
    }
    assert!(aiviews_on(&db, &["migrate"]).await.status.success());
    migrate(&alone, Rebuilds::Leave).await.expect("migrated");
    assert_eq!(schema_text(&db).await, schema_text(&alone).await);
}

/// Settings of every table of this database that holds what a run tells as done.
async fn durable(db: &Db) -> Vec<Vec<String>> {
    let settings = ["fsync_after_insert", "fsync_part_directory", "min_rows_to_fsync_after_merge"];
    let has = settings.map(|name| format!("countSubstrings(engine_full, '{name} = 1')")).join(" + ");
    let tables =
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'";
    rows(db, format!("{tables} AND {has} != 3 ORDER BY name")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_as_done_is_on_the_disk() {
    let db = database("durable").await;
    migrate(&db, Rebuilds::Leave).await.expect("migrated");
    db.statement(&aiviews::sql::REFRESH_LOCK).literal("comment", "a lock").execute().await.expect("a lock");
    let staging = db.statement(&aiviews::sql::CREATE_STAGING).param("staging", "ai_staging_x");
    staging.generated_name("target", TABLES[0].name).execute().await.expect("a staging table");
    let tables =
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'";
    // With the lock and the staging table.
    assert_eq!(
        rows(&db, tables).await,
        [[(TABLES.len() + OWN_TABLES + OUTLOOK_TABLES.len() + ALERT_TABLES.len() + 2).to_string()]]
    );
    assert_eq!(durable(&db).await, Vec::<Vec<String>>::new());
}

/// The engine counts the files and folders that it has written through to the disk. On an engine of its own: others sync
/// too.
#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_what_is_published_was_synced() {
    let place = Place::new();
    let serve = place.serve();
    let db = serve.db().await;
    make_sources(&db).await;
    fill(&db, &["acc0"], 1).await;
    place.run(&["migrate", "-q"]).expect(0);
    let synced = async || {
        let count = "SELECT sumIf(value, event = 'FileSync'), sumIf(value, event = 'DirectorySync') FROM system.events";
        let before = rows(&db, count).await.remove(0);
        place.run(&["populate", "--no-forecast", "-q"]).expect(0);
        let after = rows(&db, count).await.remove(0);
        let number = |text: &String| text.parse::<u64>().expect("a number");
        after.iter().zip(&before).map(|(after, before)| number(after) - number(before)).collect::<Vec<_>>()
    };
    let durable = synced().await;
    for table in &TABLES {
        let reset = "RESET SETTING fsync_after_insert, fsync_part_directory, min_rows_to_fsync_after_merge";
        execute(&db, format!("ALTER TABLE {} {reset}", table.name)).await;
    }
    let fleeting = synced().await;
    println!("synced: {durable:?}, without the settings {fleeting:?}");
    let parts = TABLES.len() as u64;
    assert!(
        durable[0] >= fleeting[0] + parts && durable[1] >= fleeting[1] + parts,
        "{durable:?} {fleeting:?}"
    );
}

/// As an aiviews that did not set them left it.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_before_are_made_durable_and_told_of_until_then() {
    let db = database("not_durable").await;
    let fresh = database("not_durable_fresh").await;
    for db in [&db, &fresh] {
        migrate(db, Rebuilds::Leave).await.expect("migrated");
    }
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    for table in tables.iter().chain(&["ai_refresh_log", "ai_schema_ledger"]) {
        let reset = "RESET SETTING fsync_after_insert, fsync_part_directory, min_rows_to_fsync_after_merge";
        execute(&db, format!("ALTER TABLE {table} {reset}")).await;
    }
    // The tables, the run log and the ledger.
    let reset = TABLES.len() + 2;
    assert_eq!(durable(&db).await.len(), reset);
    let report = verify::verify(&db).await.expect("verified");
    let told: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.expected.starts_with("settings fsync_after_insert = 1"))
        .map(|finding| finding.object.as_str())
        .collect();
    assert_eq!(told.len(), reset, "{:#?}", report.findings);
    assert!(preflight::check_schema(&db).await.is_ok(), "a refresh does without");
    let run = aiviews_on(&db, &["migrate"]).await;
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert_eq!(stdout(&run).matches("make durable ").count(), reset, "{}", stdout(&run));
    assert_eq!(durable(&db).await, Vec::<Vec<String>>::new());
    assert_eq!(schema_text(&db).await, schema_text(&fresh).await);
    assert_eq!(migrate(&db, Rebuilds::Leave).await.expect("again"), Vec::<String>::new());
}
