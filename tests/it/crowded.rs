//! More accounts in one database than are comfortable: every verb that looks says so, with the remedy.

use aiviews::account::AccountId;
use aiviews::db::Db;
use aiviews::refresh::{Options, report::Report, tables_named};
use aiviews::schema::capacity::{self, COMFORTABLE, REMEDY};
use aiviews::schema::diff::Severity;
use aiviews::schema::verify;

use crate::child::{Place, TOKEN};
use crate::generations::{fill, make_sources};
use crate::support;
use crate::wire::{Break, Proxy};

async fn populate(db: &Db, accounts: &[&str]) -> Report {
    let options = Options {
        accounts: accounts.iter().map(|account| AccountId::new(account).expect("plain")).collect(),
        days: 7,
        as_of: None,
        tables: tables_named(&["form_ai_performance".to_owned()]).expect("a table"),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    };
    support::refresh(db, &options).await.expect("a refresh")
}

/// Making 5,001 partitions takes a minute, so the question is changed: every table counts 4,999 more than it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_too_many_partitions_is_told_of() {
    assert_eq!(COMFORTABLE, 5_000);
    let direct = support::database("crowded").await;
    make_sources(&direct).await;
    support::migrate(&direct).await;
    fill(&direct, &["acc0"], 1).await;
    let proxy = Proxy::start().await;
    let count = "uniqExact(p.partition_id) AS partitions";
    proxy.rewrites(&[(count, "uniqExact(p.partition_id) + 4999 AS partitions")]);
    let db = proxy.db(direct.database());
    populate(&db, &[]).await;
    assert_eq!(capacity::crowded(&db).await.expect("a count"), [], "as many as are comfortable");
    fill(&direct, &["acc0", "acc1"], 1).await;
    assert_eq!(populate(&db, &[]).await.warnings, Vec::<String>::new());

    assert_eq!(
        populate(&db, &["acc0"]).await.warnings,
        Vec::<String>::new(),
        "who waits for one is not told"
    );
    let warned = populate(&db, &[]).await.warnings;
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].starts_with("`form_ai_performance` has 5001 partitions, one per account"),
        "{warned:?}"
    );
    assert!(warned[0].ends_with(REMEDY), "{warned:?}");
    let report = verify::verify(&db).await.expect("a report");
    assert!(report.ok, "a warning fails no check: {report:?}");
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((finding.severity, finding.found.as_str()), (Severity::Warning, "5001"));
    assert_eq!((finding.object.as_str(), finding.remedy.as_str()), ("form_ai_performance", REMEDY));
    let place = Place::new()
        .with("CLICKHOUSE_URL", &proxy.url)
        .with("CLICKHOUSE_PASSWORD", TOKEN)
        .with("CLICKHOUSE_DATABASE", direct.database());
    // Six of the seven tables were never refreshed: that is stale.
    for (verb, code) in [("migrate", 0), ("verify", 0), ("status", 9)] {
        let ended = place.run(&[verb]).expect(code);
        let said = ended.stdout + &ended.stderr;
        assert!(said.contains("5001") && said.contains(REMEDY), "{verb}: {said}");
    }
    support::drop_database(&direct).await;
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
    assert_eq!(capacity::crowded(&reader).await.expect("no failure"), []);
    assert!(verify::verify(&reader).await.expect("a report").ok);
    assert_eq!(proxy.broken(), 2);
    support::drop_database(&db).await;
}
