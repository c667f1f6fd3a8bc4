//! `aiviews migrate --rebuild`: tables whose engine or keys differ.

use aiviews::db::Db;
use aiviews::exit::ExitCode;
use aiviews::schema::SummaryTable;
use aiviews::schema::migrate::{self, Rebuilds};
use aiviews::schema::preflight;

use crate::schema::{
    aiviews_on, differences, make_production_tables, migrate, migrated, production_ddl, stderr, stdout,
};
use crate::support::{database, drop_database, execute, rows};

const BY_MONTH: &str =
    "ENGINE = ReplacingMergeTree(updated_at) PARTITION BY (klaviyo_public_id, toYYYYMM(date))
    ORDER BY (klaviyo_public_id, date, campaign_id, send_channel)";

/// Production's tables, one of them made otherwise and filled with three versions of each row.
async fn odd_table(test: &str, storage: &str) -> Db {
    let db = database(test).await;
    make_production_tables(&db).await;
    execute(&db, "DROP TABLE campaign_ai_summary SYNC").await;
    let table = SummaryTable::find("campaign_ai_summary").expect("a table");
    execute(&db, production_ddl(table, storage)).await;
    execute(&db, "SYSTEM STOP MERGES campaign_ai_summary").await;
    for version in 1..=3 {
        execute(
            &db,
            format!(
                "INSERT INTO campaign_ai_summary (klaviyo_public_id, date, campaign_id, send_channel, opens, recipients,
                    updated_at)
                 SELECT concat('account', toString(number % 5)), toDate('2024-01-25') + intDiv(number, 50),
                    toString(number % 10), 'email', {version}, 10, {version} FROM numbers(1000)"
            ),
        )
        .await;
    }
    db
}

const ROWS: &str =
    "SELECT count(), uniqExact(klaviyo_public_id, date, campaign_id), min(opens), max(opens), sum(delivered)
    FROM campaign_ai_summary";

async fn old_name(db: &Db) -> String {
    let names = "SELECT name FROM system.tables
        WHERE database = currentDatabase() AND startsWith(name, 'campaign_ai_summary_before_')";
    let names = rows(db, names).await;
    let [name] = &names[..] else { panic!("{names:?}") };
    name[0].clone()
}

#[tokio::test]
async fn a_table_by_month_with_duplicates_is_rebuilt() {
    let db = odd_table("rebuild_month", BY_MONTH).await;
    let stored: u64 =
        rows(&db, "SELECT count() FROM campaign_ai_summary").await[0][0].parse().expect("a number");
    let keys = &rows(&db, "SELECT uniqExact(klaviyo_public_id, date, campaign_id) FROM campaign_ai_summary")
        .await[0][0];
    let done = migrate(&db, Rebuilds::Do).await.expect("rebuilt");
    let line = done.iter().find(|line| line.starts_with("rebuild")).expect("a rebuild");
    let dropped = stored - keys.parse::<u64>().expect("a number");
    assert!(line.contains(&format!("; {keys} rows copied, {dropped} duplicates left behind")), "{line}");
    assert!(line.contains("expected partition key klaviyo_public_id, found partition key"), "{line}");
    let delivered = (10 * keys.parse::<u64>().expect("a number")).to_string();
    assert_eq!(rows(&db, ROWS).await, [[keys, keys, "3", "3", &delivered]]);
    let old = old_name(&db).await;
    assert_eq!(rows(&db, format!("SELECT count() FROM {old}")).await, [[stored.to_string()]]);
    assert_eq!(differences(&db).await, []);
    assert_eq!(migrate(&db, Rebuilds::Do).await.expect("nothing"), Vec::<String>::new());
}

#[tokio::test]
async fn other_engines_and_sorting_keys_are_rebuilt() {
    let storages = [
        ("plain", "ENGINE = MergeTree PARTITION BY klaviyo_public_id ORDER BY (klaviyo_public_id, date)"),
        (
            "unversioned",
            "ENGINE = ReplacingMergeTree PARTITION BY klaviyo_public_id
            ORDER BY (klaviyo_public_id, date, campaign_id, send_channel)",
        ),
        (
            "finer",
            "ENGINE = ReplacingMergeTree(updated_at) ORDER BY (klaviyo_public_id, date, campaign_id, send_channel, opens)",
        ),
    ];
    for (name, storage) in storages {
        let db = odd_table(&format!("rebuild_{name}"), storage).await;
        migrate(&db, Rebuilds::Do).await.expect(name);
        let after = &rows(&db, ROWS).await[0];
        assert_eq!(after[0], after[1], "{name}: one row per key");
        assert_eq!(after[2..4], ["3", "3"], "{name}: the newest version");
        assert_eq!(differences(&db).await, [], "{name}");
        drop_database(&db).await;
    }
}

#[tokio::test]
async fn without_the_flag_everything_else_is_done() {
    let db = odd_table("rebuild_left", BY_MONTH).await;
    let plan = migrate::plan(&differences(&db).await, Rebuilds::Leave);
    assert_eq!(plan.rebuilds_left.len(), 1);
    assert_eq!(plan.rebuilds_left[0].object, "campaign_ai_summary");
    migrate(&db, Rebuilds::Leave).await.expect("the rest");
    let left = differences(&db).await;
    let [difference] = &left[..] else { panic!("{left:#?}") };
    assert!(difference.remedy().contains("aiviews migrate --rebuild"));
    let error = preflight::check_schema(&db).await.expect_err("refused");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::SchemaMismatch);
}

#[tokio::test]
async fn an_empty_table_is_rebuilt_and_a_second_rebuild_of_the_day_finds_a_free_name() {
    let db = migrated("rebuild_twice").await;
    let table = SummaryTable::find("campaign_ai_summary").expect("a table");
    for _ in 0..2 {
        execute(&db, "DROP TABLE campaign_ai_summary SYNC").await;
        execute(&db, production_ddl(table, BY_MONTH)).await;
        migrate(&db, Rebuilds::Do).await.expect("rebuilt");
    }
    let names = "SELECT count() FROM system.tables
        WHERE database = currentDatabase() AND startsWith(name, 'campaign_ai_summary_before_')";
    assert_eq!(rows(&db, names).await, [["2"]]);
    assert_eq!(differences(&db).await, []);
}

#[tokio::test]
async fn a_copy_that_an_interrupted_rebuild_left_is_removed() {
    let db = odd_table("rebuild_leftover", BY_MONTH).await;
    execute(
        &db,
        "CREATE TABLE campaign_ai_summary_rebuild_20200101_x (a UInt8) ENGINE = MergeTree ORDER BY a",
    )
    .await;
    migrate(&db, Rebuilds::Do).await.expect("rebuilt");
    let names = "SELECT count() FROM system.tables
        WHERE database = currentDatabase() AND startsWith(name, 'campaign_ai_summary_rebuild_')";
    assert_eq!(rows(&db, names).await, [["0"]]);
}

#[tokio::test]
async fn a_table_with_a_column_of_its_own_is_not_rebuilt() {
    let db = odd_table("rebuild_extra", BY_MONTH).await;
    execute(&db, "ALTER TABLE campaign_ai_summary ADD COLUMN note String").await;
    let before = rows(&db, ROWS.replace(", sum(delivered)", "")).await;
    let error = migrate(&db, Rebuilds::Do).await.expect_err("refused");
    assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::SchemaMismatch);
    assert!(format!("{error:#}").contains("`campaign_ai_summary.note` is not ours"), "{error:#}");
    assert_eq!(rows(&db, ROWS.replace(", sum(delivered)", "")).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_written_to_is_left_as_it_is() {
    let db = odd_table("rebuild_written", BY_MONTH).await;
    let writer = tokio::spawn({
        let db = db.clone();
        async move {
            for number in 0.. {
                execute(
                    &db,
                    format!(
                        "INSERT INTO campaign_ai_summary (klaviyo_public_id, date, campaign_id, updated_at)
                         VALUES ('account1', '2024-01-01', 'new{number}', 9)"
                    ),
                )
                .await;
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        }
    });
    let error = migrate(&db, Rebuilds::Do).await.expect_err("rows came in between");
    writer.abort();
    let text = format!("{error:#}");
    assert!(text.contains("rows were written to `campaign_ai_summary` while it was copied"), "{text}");
    let names = "SELECT count() FROM system.tables
        WHERE database = currentDatabase() AND name LIKE 'campaign_ai_summary\\_%'";
    assert_eq!(rows(&db, names).await, [["0"]], "no copy stays behind");
    assert!(differences(&db).await.iter().any(|it| it.found.contains("toYYYYMM")), "nothing was exchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_does_the_rest_says_how_and_rebuilds_when_told() {
    let db = odd_table("rebuild_program", BY_MONTH).await;
    let left = aiviews_on(&db, &["migrate"]).await;
    assert_eq!(left.status.code(), Some(6), "{}", stderr(&left));
    assert!(stdout(&left).contains("create view ai_flow_recent\n"), "{}", stdout(&left));
    let error = "error: `campaign_ai_summary`: expected partition key klaviyo_public_id, \
        found partition key (klaviyo_public_id, toYYYYMM(date)); everything else is as it should be\n\
        hint: run `aiviews migrate --rebuild`";
    assert!(stderr(&left).contains(error), "{}", stderr(&left));
    let dry_run = aiviews_on(&db, &["migrate", "--rebuild", "--dry-run"]).await;
    assert_eq!(dry_run.status.code(), Some(0), "{}", stderr(&dry_run));
    let script = stdout(&dry_run);
    assert!(
        script.contains("WHERE klaviyo_public_id >= '' AND") && !script.contains(":Identifier}"),
        "{script}"
    );
    let rebuilt = aiviews_on(&db, &["migrate", "--rebuild"]).await;
    assert_eq!(rebuilt.status.code(), Some(0), "{}", stderr(&rebuilt));
    assert_eq!(stdout(&rebuilt).lines().count(), 2, "{}", stdout(&rebuilt));
    assert!(
        stdout(&rebuilt).contains("duplicates left behind, the old table is `campaign_ai_summary_before_2")
    );
    assert_eq!(differences(&db).await, []);
}
