//! More accounts in one database than are comfortable: every verb that looks says so, with the remedy.

use std::time::Duration;

use aiviews::account::AccountId;
use aiviews::difference::Severity;
use aiviews::partition_count::{self, COMFORTABLE, REMEDY};
use aiviews::refresh::{self, Options, report::Report, tables_named};
use aiviews::stop::Stop;
use aiviews::{status, verify};

use crate::generations::{fill, make_sources};
use crate::schema::{aiviews_on, stderr, stdout};
use crate::support::{self, execute};
use crate::wire::{Break, Proxy};

async fn populate(db: &aiviews::db::Db) -> Report {
    let options = Options {
        accounts: vec![AccountId::new("acc0").expect("plain")],
        days: 7,
        as_of: None,
        tables: tables_named(&["form_ai_performance".to_owned()]).expect("a table"),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    };
    let (_sender, stop) = Stop::by_hand();
    refresh::run(db, &options, &stop).await.expect("a refresh")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_too_many_partitions_is_told_of() {
    assert_eq!(COMFORTABLE, 5_000);
    let db = support::database("crowded").await;
    make_sources(&db).await;
    support::migrate(&db).await;
    fill(&db, &["acc0"], 1).await;
    let insert = format!(
        "INSERT INTO form_ai_performance (klaviyo_public_id, date, form_id) \
         SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1 \
         SELECT concat('a', toString(number)), today(), 'f' FROM numbers({COMFORTABLE})"
    );
    execute(&db, insert).await;
    assert_eq!(partition_count::crowded(&db).await.expect("a count"), [], "as many as are comfortable");
    assert_eq!(populate(&db).await.warnings, Vec::<String>::new());

    let warned = populate(&db).await.warnings;
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].starts_with("`form_ai_performance` has 5001 partitions, one per account"),
        "{warned:?}"
    );
    assert!(warned[0].ends_with(REMEDY), "{warned:?}");
    let status = status::read(&db, Duration::from_secs(3600)).await.expect("a status");
    assert_eq!(status.many_partitions.len(), 1);
    let report = verify::verify(&db).await.expect("a report");
    assert!(report.ok, "a warning fails no check: {report:?}");
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((finding.severity, finding.found.as_str()), (Severity::Warning, "5001"));
    assert_eq!((finding.object.as_str(), finding.remedy.as_str()), ("form_ai_performance", REMEDY));
    for verb in ["migrate", "status"] {
        let ended = aiviews_on(&db, &[verb]).await;
        assert!((stdout(&ended) + &stderr(&ended)).contains(&warned[0]), "{verb}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_may_not_look_at_parts_is_told_of_none() {
    let db = support::database("no_parts").await;
    support::migrate(&db).await;
    make_sources(&db).await;
    let proxy = Proxy::start().await;
    let denied = "Not enough privileges. To execute this query, it's necessary to have the grant SELECT ON system.parts";
    proxy.breaks("FROM system.parts", Break::Code(497, denied), 1000);
    let reader = proxy.db(db.database());
    assert_eq!(partition_count::crowded(&reader).await.expect("no failure"), []);
    assert!(verify::verify(&reader).await.expect("a report").ok);
    assert_eq!(proxy.broken(), 2);
    support::drop_database(&db).await;
}
