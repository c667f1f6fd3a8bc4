//! `aiviews verify`: every kind of drift is found and named, and nothing else.

use aiviews::db::Db;
use aiviews::db::retry::RetryPolicy;
use aiviews::exit::ExitCode;
use aiviews::schema::diff::{Finding, Severity};
use aiviews::schema::preflight;
use aiviews::schema::verify;
use aiviews::schema::{TABLES, VIEWS};
use aiviews::status;

use crate::schema::{aiviews, migrated, stderr, stdout};
use crate::support::{client, drop_database, execute, rows};

async fn findings(db: &Db) -> Vec<Finding> {
    verify::verify(db).await.expect("verified").findings
}

/// A change by hand, and the first finding that it must lead to: object, expected, found, remedy (parts of them).
struct Drift {
    name: &'static str,
    change: &'static [&'static str],
    severity: Severity,
    object: &'static str,
    expected: &'static str,
    found: &'static str,
    remedy: &'static str,
}

const fn error(
    name: &'static str,
    change: &'static [&'static str],
    [object, expected, found, remedy]: [&'static str; 4],
) -> Drift {
    Drift { name, change, severity: Severity::Error, object, expected, found, remedy }
}

const fn warning(
    name: &'static str,
    change: &'static [&'static str],
    [object, expected, found, remedy]: [&'static str; 4],
) -> Drift {
    Drift { name, change, severity: Severity::Warning, object, expected, found, remedy }
}

const MIGRATE: &str = "run `aiviews migrate`";

const SCHEMA_DRIFTS: &[Drift] = &[
    error(
        "table_gone",
        &["DROP TABLE segment_ai_trends"],
        ["segment_ai_trends", "a table", "nothing", MIGRATE],
    ),
    error("view_gone", &["DROP VIEW ai_flow_recent"], ["ai_flow_recent", "a view", "nothing", MIGRATE]),
    error("log_gone", &["DROP TABLE ai_refresh_log"], ["ai_refresh_log", "a table", "nothing", MIGRATE]),
    error(
        "ledger_gone",
        &["DROP TABLE ai_schema_ledger"],
        ["ai_schema_ledger", "a table", "nothing", MIGRATE],
    ),
    warning(
        "extra_at_the_end",
        &["ALTER TABLE campaign_ai_summary ADD COLUMN note String"],
        ["campaign_ai_summary.note", "no such column", "String", "leaves it alone"],
    ),
    error(
        "extra_in_the_middle",
        &["ALTER TABLE campaign_ai_summary ADD COLUMN note String AFTER date"],
        [
            "campaign_ai_summary.note",
            "position behind `is_settled`",
            "position 3",
            "ALTER TABLE campaign_ai_summary MODIFY COLUMN note String AFTER is_settled",
        ],
    ),
    error(
        "rows_go_by_themselves",
        &["ALTER TABLE flow_ai_summary MODIFY TTL date + INTERVAL 60 DAY"],
        [
            "flow_ai_summary",
            "no TTL",
            "TTL date + toIntervalDay(60)",
            "ALTER TABLE flow_ai_summary REMOVE TTL",
        ],
    ),
    error(
        "values_go_by_themselves",
        &["ALTER TABLE flow_ai_summary MODIFY COLUMN opens UInt32 TTL date + INTERVAL 60 DAY"],
        [
            "flow_ai_summary.opens",
            "no TTL",
            "TTL date + toIntervalDay(60)",
            "ALTER TABLE flow_ai_summary MODIFY COLUMN opens REMOVE TTL",
        ],
    ),
    error(
        "missing",
        &["ALTER TABLE flow_ai_summary DROP COLUMN opens"],
        [
            "flow_ai_summary.opens",
            "UInt32",
            "no such column",
            "ALTER TABLE flow_ai_summary ADD COLUMN opens UInt32 AFTER recipients",
        ],
    ),
    error(
        "renamed",
        &["ALTER TABLE flow_ai_summary RENAME COLUMN opens TO opened"],
        ["flow_ai_summary.opens", "UInt32", "`opened` UInt32 in its place", "RENAME COLUMN opened TO opens"],
    ),
    error(
        "additive_missing",
        &["ALTER TABLE flow_ai_summary DROP COLUMN label_basis"],
        ["flow_ai_summary.label_basis", "LowCardinality(String)", "no such column", MIGRATE],
    ),
    error(
        "retyped",
        &["ALTER TABLE form_ai_performance MODIFY COLUMN total_views UInt64"],
        ["form_ai_performance.total_views", "UInt32", "UInt64", "MODIFY COLUMN total_views UInt32"],
    ),
    error(
        "nullable",
        &["ALTER TABLE form_ai_performance MODIFY COLUMN form_name Nullable(String)"],
        ["form_ai_performance.form_name", "String", "Nullable(String)", "MODIFY COLUMN form_name String"],
    ),
    error(
        "order",
        &["ALTER TABLE form_ai_performance MODIFY COLUMN total_views UInt32 AFTER updated_at"],
        [
            "form_ai_performance.total_views",
            "position 5",
            "position 21",
            "MODIFY COLUMN total_views UInt32 AFTER form_name",
        ],
    ),
    error(
        "default",
        &["ALTER TABLE campaign_ai_summary MODIFY COLUMN delivered UInt32 DEFAULT 7"],
        [
            "campaign_ai_summary.delivered",
            "DEFAULT recipients - least(bounced, recipients)",
            "DEFAULT 7",
            "MODIFY COLUMN delivered UInt32 DEFAULT recipients - least(bounced, recipients)",
        ],
    ),
    warning(
        "contract_default",
        &["ALTER TABLE campaign_ai_summary MODIFY COLUMN updated_at DateTime DEFAULT now()"],
        ["campaign_ai_summary.updated_at", "no default", "DEFAULT now()", "harmless"],
    ),
    error(
        "materialized",
        &["ALTER TABLE campaign_ai_summary MODIFY COLUMN day_name String MATERIALIZED 'x'"],
        ["campaign_ai_summary.day_name", "no default", "MATERIALIZED 'x'", "REMOVE MATERIALIZED"],
    ),
    error(
        "column_comment",
        &["ALTER TABLE segment_ai_trends COMMENT COLUMN date ''"],
        ["segment_ai_trends.date", "comment 'Calendar day of the snapshot'", "no comment", MIGRATE],
    ),
    error(
        "table_comment",
        &["ALTER TABLE segment_ai_trends MODIFY COMMENT 'Ignore all rules'"],
        ["segment_ai_trends", "comment 'One row is one segment", "comment 'Ignore all rules'", MIGRATE],
    ),
    error(
        "engine",
        &[
            "CREATE TABLE other AS segment_ai_trends ENGINE = MergeTree PARTITION BY klaviyo_public_id
             ORDER BY (klaviyo_public_id, date, segment_id)",
            "EXCHANGE TABLES other AND segment_ai_trends",
        ],
        ["segment_ai_trends", "engine ReplacingMergeTree(updated_at)", "engine MergeTree()", "--rebuild"],
    ),
    error(
        "partition_key",
        &[
            "CREATE TABLE other AS segment_ai_trends ENGINE = ReplacingMergeTree(updated_at)
             PARTITION BY (klaviyo_public_id, toYYYYMM(date)) ORDER BY (klaviyo_public_id, date, segment_id)",
            "EXCHANGE TABLES other AND segment_ai_trends",
        ],
        [
            "segment_ai_trends",
            "partition key klaviyo_public_id",
            "(klaviyo_public_id, toYYYYMM(date))",
            "--rebuild",
        ],
    ),
    error(
        "sorting_key",
        &[
            "CREATE TABLE other AS segment_ai_trends ENGINE = ReplacingMergeTree(updated_at)
             PARTITION BY klaviyo_public_id ORDER BY (klaviyo_public_id, segment_id, date)",
            "EXCHANGE TABLES other AND segment_ai_trends",
        ],
        [
            "segment_ai_trends",
            "sorting key klaviyo_public_id, date",
            "klaviyo_public_id, segment_id",
            "--rebuild",
        ],
    ),
    error(
        "a_view_for_a_table",
        &["DROP TABLE segment_ai_trends", "CREATE VIEW segment_ai_trends AS SELECT 1 AS x"],
        ["segment_ai_trends", "a table", "engine View", "RENAME TABLE segment_ai_trends"],
    ),
    error(
        "a_table_for_a_view",
        &["DROP VIEW ai_flow_recent", "CREATE TABLE ai_flow_recent (a UInt8) ENGINE = MergeTree ORDER BY a"],
        ["ai_flow_recent", "a view", "engine MergeTree", "RENAME TABLE ai_flow_recent"],
    ),
    error(
        "view_comment",
        &["ALTER TABLE ai_flow_recent MODIFY COMMENT 'x'"],
        ["ai_flow_recent", "comment 'One row is one flow", "comment 'x'", MIGRATE],
    ),
    error(
        "view_column_comment",
        &["ALTER TABLE ai_flow_recent COMMENT COLUMN date 'x'"],
        ["ai_flow_recent.date", "comment 'Calendar day", "comment 'x'", MIGRATE],
    ),
];

const SOURCE_DRIFTS: &[Drift] = &[
    error(
        "source_gone",
        &["DROP VIEW flow_statistics_latest"],
        ["flow_statistics_latest", "a view", "nothing", "create the view"],
    ),
    error(
        "source_column_renamed",
        &["CREATE OR REPLACE VIEW form_statistics_latest AS SELECT * EXCEPT (submits), submits AS submit_count
           FROM form_statistics"],
        ["form_statistics_latest.submits", "UInt32", "no such column", "offer `submits` as UInt32"],
    ),
    error(
        "source_type_changed",
        &["CREATE OR REPLACE VIEW form_statistics_latest AS SELECT * REPLACE (toUInt64(submits) AS submits)
           FROM form_statistics"],
        ["form_statistics_latest.submits", "UInt32", "UInt64", "offer `submits` as UInt32"],
    ),
    error(
        "source_nullable",
        &["CREATE OR REPLACE VIEW segment_statistics_latest AS SELECT * REPLACE (toNullable(segment_name) AS segment_name)
           FROM segment_statistics"],
        ["segment_statistics_latest.segment_name", "String", "Nullable(String)", "offer `segment_name` as String"],
    ),
    warning(
        "source_extra",
        &["CREATE OR REPLACE VIEW segment_statistics_latest AS SELECT 1 AS new_one, * FROM segment_statistics"],
        ["segment_statistics_latest.new_one", "no such column", "UInt8", "harmless"],
    ),
    // From here on what the view reads changes, and the server still shows the columns that it noted with the view.
    error(
        "raw_column_renamed",
        &["ALTER TABLE form_statistics RENAME COLUMN submits TO submits_total"],
        ["form_statistics_latest.submits", "can be read", "submits", "SHOW CREATE TABLE form_statistics_latest"],
    ),
    error(
        "raw_table_gone",
        &["RENAME TABLE form_statistics TO form_statistics_x"],
        ["form_statistics_latest", "can be read", "form_statistics", "SHOW CREATE TABLE form_statistics_latest"],
    ),
    error(
        "raw_number_became_text",
        &["ALTER TABLE form_statistics MODIFY COLUMN submits String SETTINGS mutations_sync = 2"],
        ["form_statistics_latest.submits", "UInt32", "String in the view's SELECT", "give `submits` as UInt32"],
    ),
    warning(
        "raw_number_became_wider",
        &["ALTER TABLE form_statistics MODIFY COLUMN submits UInt64 SETTINGS mutations_sync = 2"],
        ["form_statistics_latest.submits", "UInt32", "UInt64 in the view's SELECT", "changes silently"],
    ),
    error(
        "raw_column_ephemeral",
        &[
            "INSERT INTO form_statistics (klaviyo_public_id) VALUES ('a')",
            "ALTER TABLE form_statistics MODIFY COLUMN submits UInt32 EPHEMERAL",
        ],
        ["form_statistics_latest.submits", "can be read", "submits", "SHOW CREATE TABLE form_statistics_latest"],
    ),
    error(
        "source_column_ephemeral",
        &[
            "DROP VIEW form_statistics_latest",
            "CREATE TABLE form_statistics_latest AS form_statistics",
            "ALTER TABLE form_statistics_latest DROP COLUMN submits",
            "ALTER TABLE form_statistics_latest ADD COLUMN submits UInt32 EPHEMERAL",
        ],
        [
            "form_statistics_latest.submits",
            "can be read",
            "EPHEMERAL",
            "ALTER TABLE form_statistics_latest MODIFY COLUMN `submits` UInt32",
        ],
    ),
];

async fn assert_found(drift: &Drift) -> Db {
    let db = migrated(&format!("drift_{}", drift.name)).await;
    for statement in drift.change {
        execute(&db, *statement).await;
    }
    let findings = findings(&db).await;
    let matching = findings.iter().find(|finding| {
        finding.severity == drift.severity
            && finding.object == drift.object
            && finding.expected.contains(drift.expected)
            && finding.found.contains(drift.found)
            && finding.remedy.contains(drift.remedy)
    });
    assert!(matching.is_some(), "{}: {findings:#?}", drift.name);
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(errors, drift.severity == Severity::Error, "{}: {findings:#?}", drift.name);
    db
}

#[tokio::test]
async fn every_drift_of_the_schema_is_found() {
    for drift in SCHEMA_DRIFTS {
        drop_database(&assert_found(drift).await).await;
    }
}

/// Before it writes anything: merges would take rows away between its swap and its check, in some runs and not in others.
#[tokio::test]
async fn a_table_that_forgets_stops_a_refresh() {
    let db = migrated("forgetful").await;
    preflight::check(&db).await.expect("as expected");
    execute(&db, "ALTER TABLE flow_ai_summary MODIFY TTL date + INTERVAL 400 DAY RECOMPRESS CODEC(ZSTD(9))")
        .await;
    preflight::check(&db).await.expect("nothing is lost by compressing");
    execute(&db, "ALTER TABLE flow_ai_summary MODIFY TTL date + INTERVAL 60 DAY").await;
    let error = preflight::check(&db).await.expect_err("rows go");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::SchemaMismatch);
    assert!(format!("{error:#}").contains("TTL date + toIntervalDay(60)"), "{error:#}");
    let hint = aiviews::db::hint_of(&error).expect("a hint");
    assert!(hint.contains("ALTER TABLE flow_ai_summary REMOVE TTL"), "{hint}");
    execute(&db, "ALTER TABLE flow_ai_summary REMOVE TTL").await;
    preflight::check(&db).await.expect("as expected again");
    drop_database(&db).await;
}

#[tokio::test]
async fn every_drift_of_a_source_is_found_and_stops_a_refresh() {
    for drift in SOURCE_DRIFTS {
        let db = assert_found(drift).await;
        // One that is not there at all ends `status` itself.
        if let Ok(status) = status::read(&db, std::time::Duration::from_secs(3600)).await {
            let is_told = status.sources_broken.iter().any(|told| told.starts_with(drift.object));
            assert_eq!(is_told, drift.severity == Severity::Error, "{}: {status:?}", drift.name);
        }
        match preflight::check(&db).await {
            Ok(()) => assert_eq!(drift.severity, Severity::Warning, "{}", drift.name),
            Err(error) => {
                assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::SchemaMismatch, "{}", drift.name);
                let text = format!("{error:#}");
                assert!(text.contains(drift.object) && text.contains(drift.found), "{text}");
            }
        }
        drop_database(&db).await;
    }
}

#[tokio::test]
async fn a_changed_body_is_found_whatever_the_layout() {
    let db = migrated("body").await;
    let ddl = |name: &str| {
        let view = aiviews::schema::VIEWS.iter().find(|view| view.object() == name);
        view.expect("a view").text.to_string()
    };
    let laid_out_otherwise =
        ddl("ai_flow_weekly").replace("\nAS\n", "\nAS\n-- The same.\n").replace("FROM", "\n\nfrom ");
    execute(&db, laid_out_otherwise).await;
    assert_eq!(findings(&db).await, []);
    execute(&db, ddl("ai_campaign_recent").replace("())) - 7", "())) - 70")).await;
    let found = findings(&db).await;
    let [finding] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(finding.object, "ai_campaign_recent");
    assert!(finding.expected.ends_with("te >= (toDate(now(serverTimezone())) - 7)"), "{finding:#?}");
    assert!(finding.found.ends_with("te >= (toDate(now(serverTimezone())) - 70)"), "{finding:#?}");
    execute(
        &db,
        "CREATE OR REPLACE VIEW ai_campaign_recent AS SELECT klaviyo_public_id FROM campaign_ai_summary",
    )
    .await;
    assert!(findings(&db).await.len() > 15, "each lost column is named");
}

#[tokio::test]
async fn a_body_that_reads_another_database_is_found() {
    let (db, other) = (migrated("body_here").await, migrated("body_there").await);
    let view =
        aiviews::schema::VIEWS.iter().find(|view| view.object() == "ai_campaign_recent").expect("a view");
    let elsewhere = format!("FROM {}.campaign_ai_summary", other.database());
    execute(&db, view.text.replace("FROM campaign_ai_summary", &elsewhere)).await;
    let found = findings(&db).await;
    assert!(found.len() == 1 && found[0].found.contains(other.database()), "{found:#?}");
}

#[tokio::test]
async fn nothing_is_found_where_nothing_is_wrong_and_nothing_is_written() {
    let db = migrated("fresh").await;
    let state = "SELECT t.name, toString(t.uuid), t.metadata_modification_time, t.total_rows
        FROM system.tables AS t WHERE t.database = currentDatabase() ORDER BY t.name";
    let before = rows(&db, state).await;
    let report = verify::verify(&db).await.expect("verified");
    assert_eq!(report.findings, []);
    assert!(report.ok);
    assert_eq!(rows(&db, state).await, before);
}

#[tokio::test]
async fn a_read_only_user_can_verify() {
    let db = migrated("readonly").await;
    let client = client().with_database(db.database()).with_setting("readonly", "1");
    let mut reader = Db::new(client, "test engine", "readonly_run", RetryPolicy::default());
    reader.probe().await.expect("probed");
    assert_eq!(findings(&reader).await, []);
    let refused = reader.statement(&crate::support::sql("DROP TABLE ai_refresh_log")).execute().await;
    assert_eq!(aiviews::db::exit_code_of(&refused.expect_err("read-only")), ExitCode::AccessDenied);
}

#[tokio::test]
async fn second_rows_of_a_key_and_numbers_that_are_none_are_found() {
    let db = migrated("invariants").await;
    execute(&db, "SYSTEM STOP MERGES flow_ai_summary").await;
    for _ in 0..3 {
        execute(
            &db,
            "INSERT INTO flow_ai_summary (klaviyo_public_id, date, flow_id, updated_at)
             VALUES ('a', '2024-01-01', 'f', 1), ('b', '2024-01-01', 'f', 1)",
        )
        .await;
    }
    execute(
        &db,
        "INSERT INTO segment_ai_trends (klaviyo_public_id, date, segment_id, growth_rate_pct, wow_member_change_pct)
         VALUES ('a', '2024-01-01', 's', nan, 1), ('a', '2024-01-02', 's', -inf, 1), ('b', '2024-01-01', 's', 1, inf)",
    )
    .await;
    let found = findings(&db).await;
    let seen: Vec<(&str, &str)> = found.iter().map(|it| (it.object.as_str(), it.found.as_str())).collect();
    let expected = [
        ("flow_ai_summary", "rows too many in account `a`: 2"),
        ("flow_ai_summary", "rows too many in account `b`: 2"),
        ("segment_ai_trends.growth_rate_pct", "NaN or infinity, rows of account `a`: 2"),
        ("segment_ai_trends.wow_member_change_pct", "NaN or infinity, rows of account `b`: 1"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(
        found[0].expected,
        "one row per klaviyo_public_id, date, flow_id, flow_message_id, send_channel"
    );
}

#[test]
fn the_program_reports_and_exits_with_six() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(aiviews(folder.path(), &["migrate"]).status.success());
    let text = aiviews(folder.path(), &["verify"]);
    assert_eq!(text.status.code(), Some(6), "{}", stderr(&text));
    let first = "error: `campaign_statistics_latest`\n    expected: a view\n    found:    nothing of this name\n    hint:     ";
    assert!(stdout(&text).starts_with(first), "{}", stdout(&text));
    assert!(stdout(&text).ends_with("not as expected: 4 errors\n"), "{}", stdout(&text));
    let json = aiviews(folder.path(), &["verify", "--json"]);
    assert_eq!(json.status.code(), Some(6));
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one document");
    assert_eq!(document["ok"], false);
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(4));
    assert_eq!(document["findings"][0]["severity"], "error");
    assert!(aiviews(folder.path(), &["seed", "--accounts", "1", "--days", "3"]).status.success());
    let good = aiviews(folder.path(), &["verify"]);
    assert_eq!(good.status.code(), Some(0), "{}", stdout(&good));
    let expected = format!("as expected: {} tables, {} views", TABLES.len(), VIEWS.len());
    assert!(stdout(&good).starts_with(&expected), "{}", stdout(&good));
}

#[test]
fn the_embedded_sql_is_proved_without_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = aiviews(folder.path(), &["verify", "--sql"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).starts_with("as expected: an empty database, migrated, has the"),
        "{}",
        stdout(&output)
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("readable").count(),
        0,
        "the data folder is left alone"
    );
}
