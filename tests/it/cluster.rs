//! More than one server. None can be had here: the statements of each way are parsed by the engine, and a proxy in front
//! of it stands for servers that say they are replicas, switch, and lag.

use std::path::Path;

use aiviews::account::AccountId;
use aiviews::db::{self, Db, Way};
use aiviews::exit::ExitCode;
use aiviews::refresh::window::{Clock, Window};
use aiviews::refresh::{Options, report::Report, snapshot, staging};
use aiviews::schema::grants::{self, Audience};
use aiviews::schema::{self, TABLES as ALL_TABLES, topology};
use aiviews::sql::Sql;
use serde_json::Value;

use crate::child::{Place, Running, TOKEN};
use crate::generations::{TABLES, fill, make_sources, options, shown};
use crate::proxy::world;
use crate::support::{self, rows};
use crate::wire::{Balancing, Proxy};

/// The rewriting that makes one engine of a cluster `c`, and lets its user wait for replicas.
pub const ONE_FOR_ALL: [(&str, &str); 3] =
    [(" ON CLUSTER 'c'", ""), ("ENGINE = Replicated", "ENGINE = "), ("SYSTEM SYNC REPLICA ON", "SELECT ON")];

/// The rewriting that makes another server of it.
const ANOTHER: (&str, &str) = ("hostName() AS", "'another' AS");

/// Connections of each way, each found as a real one would be.
async fn ways(database: &str) -> Vec<Db> {
    let proxy = Proxy::start().await;
    let mut found = Vec::new();
    let (engine, cloud_mode) = ("(SELECT any(d.engine)", "(SELECT any(s.value)");
    for pairs in [vec![], vec![(engine, "(SELECT any('Replicated')")], vec![(cloud_mode, "(SELECT any('1')")]]
    {
        proxy.rewrites(&pairs);
        let mut db = proxy.db(database);
        db.probe().await.expect("a server");
        found.push(db);
    }
    proxy.rewrites(&[]);
    found.push(found[0].in_cluster(Some("my cluster")).expect("one server may be part of a cluster"));
    assert!(found[1].in_cluster(Some("c")).is_err() && found[2].in_cluster(Some("c")).is_err());
    let words: Vec<&str> = found.iter().map(|db| db.way().word()).collect();
    assert_eq!(words, ["plain", "replicated_database", "cloud", "cluster"]);
    found
}

/// The text with something in each slot and each parameter, so that it can be parsed.
fn filled(text: &str) -> String {
    let mut text = text.to_owned();
    for (slot, with) in [
        ("<<comment>>", "'c'"),
        ("<<comments>>", "MODIFY COMMENT 'c'"),
        ("<<settings>>", "fsync_after_insert = 1"),
        ("<<engine>>", "Memory"),
    ] {
        text = text.replace(slot, with);
    }
    for (opening, separator, closing) in [("<<", ">>", ">>"), ("{", ":", "}")] {
        while let Some(start) = text.find(opening) {
            let end = start + text[start..].find(closing).expect("an end") + closing.len();
            let slot = &text[start..end];
            let kind =
                slot.split_once(separator).map(|(_, kind)| kind.trim_end_matches('}')).unwrap_or_default();
            let with = match kind {
                "" | "Identifier" => "some_name".to_owned(),
                array if array.starts_with("Array") => "[]".to_owned(),
                _ => "'x'".to_owned(),
            };
            text.replace_range(start..end, &with);
        }
    }
    text
}

/// Every file of `sql/` that makes or changes an object.
fn ddl_files() -> Vec<Sql> {
    fn visit(folder: &Path, files: &mut Vec<Sql>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                visit(&path, files);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            let first = text.lines().find(|line| !line.starts_with("--")).unwrap_or_default();
            let is_ddl = ["CREATE ", "ALTER ", "DROP ", "RENAME ", "EXCHANGE ", "SYSTEM "];
            if path.extension().is_some_and(|it| it == "sql") && is_ddl.iter().any(|it| first.starts_with(it))
            {
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                files.push(Sql { name: name.into(), text: text.into() }.composed());
            }
        }
    }
    let mut files = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sql"), &mut files);
    assert!(files.len() > 60, "{}", files.len());
    files
}

/// The statements that a run and a migration send in this way, beside those of the files.
async fn composed(db: &Db) -> Vec<String> {
    let clock = Clock::read(db).await.expect("a clock");
    let window = Window::new(None, 7, clock).expect("a window");
    let accounts = [AccountId::new("acc0").expect("plain")];
    let mut texts = Vec::new();
    for source in snapshot::needed(&ALL_TABLES.iter().collect::<Vec<_>>()) {
        for engine in ["ReplacingMergeTree", "ReplicatedReplacingMergeTree", "SharedReplacingMergeTree"] {
            let statements = snapshot::statements(db, source, engine, &window, &accounts);
            texts.extend(statements.iter().map(|it| it.text().to_owned()));
        }
    }
    for table in &ALL_TABLES {
        texts.push(staging::make_statement(db, table).text().to_owned());
        texts.push(staging::fill_statement(db, table, &window, &accounts).text().to_owned());
    }
    for step in schema::ledger::STEPS.iter() {
        texts.push(db.statement(&step.sql).text().to_owned());
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_every_way_is_parsed() {
    let engine = support::database("ways").await;
    let mut parsed = 0;
    for db in ways(engine.database()).await {
        let files = ddl_files();
        let mut texts = composed(&db).await;
        for file in &files {
            let text = db.statement(file).text().to_owned();
            if db.way().is_plain() {
                assert_eq!(text, file.text, "one server gets the file as it stands");
            }
            if matches!(db.way(), Way::Cluster(_) | Way::ReplicatedDatabase) {
                let engine = text.lines().find(|line| line.starts_with("ENGINE = ")).unwrap_or_default();
                let is_local = !engine.contains("MergeTree") || engine.contains("= Replicated");
                assert!(is_local, "{}: {engine}", file.name);
            }
            texts.push(db.statement(file).everywhere().text().to_owned());
            texts.push(text);
        }
        texts.sort();
        texts.dedup();
        for text in texts {
            let text = filled(&text);
            support::execute(&engine, format!("EXPLAIN AST {text}")).await;
            parsed += 1;
        }
    }
    assert!(parsed > 4 * 80, "{parsed}");
    support::drop_database(&engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_grant_of_a_cluster_is_parsed() {
    let engine = support::database("grants").await;
    let accounts = [AccountId::new("acc0").expect("plain")];
    for audience in [Audience::Refresher, Audience::Chatbot, Audience::Mcp] {
        let users = ["some user".to_owned()];
        for text in grants::statements(audience, "my-shop", &users, &accounts, Some("it's")) {
            support::execute(&engine, format!("EXPLAIN AST {text}")).await;
        }
    }
    support::drop_database(&engine).await;
}

#[test]
fn a_dry_run_prints_the_statements_of_a_cluster() {
    let printed = Place::new().run(&["migrate", "--cluster", "c", "--dry-run"]).expect(0).stdout;
    for table in &ALL_TABLES {
        let create = format!("CREATE TABLE IF NOT EXISTS {} ON CLUSTER 'c'\n", table.name);
        assert!(printed.contains(&create), "{}", table.name);
    }
    assert!(!printed.contains("ENGINE = ReplacingMergeTree") && !printed.contains("ENGINE = MergeTree"));
    let over_shards = "CREATE TABLE IF NOT EXISTS ai_flow_recent_all_shards ON CLUSTER 'c' AS ai_flow_recent\n\
                       ENGINE = Distributed('c', 'aiviews', ai_flow_recent, cityHash64(klaviyo_public_id));";
    assert!(printed.contains(over_shards), "{printed}");
}

pub async fn refresh(db: &Db) -> anyhow::Result<Report> {
    let accounts = ["acc0", "acc1"].map(|id| AccountId::new(id).expect("plain")).to_vec();
    let mut report = support::refresh(db, &Options { accounts, ..options() }).await?;
    report.settle(None);
    Ok(report)
}

/// A member of the cluster behind the proxy.
pub async fn member(proxy: &Proxy, database: &str) -> Db {
    let mut db = proxy.db(database);
    db.probe().await.expect("a server");
    db.in_cluster(Some("c")).expect("one server")
}

/// Names of tables that begin so.
pub async fn tables(db: &Db, prefix: &str) -> Vec<String> {
    let text = format!(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '{prefix}') ORDER BY name"
    );
    rows(db, text).await.into_iter().flatten().collect()
}

/// Two servers with accounts of their own: one run refreshes both, and the failure of one is not the other's.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_several_shards_refreshes_each_and_survives_the_loss_of_one() {
    let places = [Place::new(), Place::new()];
    let serves = [places[0].serve(), places[1].serve()];
    for (serve, accounts) in serves.iter().zip([["acc0", "acc1"], ["acc2", "acc3"]]) {
        let db = serve.db().await;
        make_sources(&db).await;
        support::migrate(&db).await;
        fill(&db, &accounts, 1).await;
    }
    let urls = format!("{},{}", serves[0].url, serves[1].url);
    let populate = |more: &[&str]| {
        let arguments =
            [&["populate", "--url", &urls, "--database", "aiviews", "--days", "7", "--json"], more].concat();
        let mut command = places[0].command(&arguments);
        command.env("CLICKHOUSE_PASSWORD", TOKEN);
        let ended = Running::new(command.spawn().expect("aiviews starts")).end();
        let json: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error} {ended:?}"));
        (ended, json)
    };
    let published = |json: &Value| -> Vec<u64> {
        let shards = json["shards"].as_array().expect("shards");
        shards.iter().map(|shard| shard["published"].as_u64().unwrap_or_default()).collect()
    };
    let (ended, json) = populate(&[]);
    ended.expect(0);
    assert_eq!(published(&json), [2, 2], "{json}");

    let (ended, json) = populate(&["-k", "acc3"]);
    ended.expect(0);
    assert_eq!(published(&json), [0, 1], "{json}");

    let (ended, json) = populate(&["-k", "acc3", "-k", "nosuch"]);
    let stderr = ended.expect(2).stderr;
    assert!(stderr.contains("account `nosuch` is in no source"), "{stderr} {json}");

    let lost = urls.split(',').nth(1).expect("two").to_owned();
    let [first, second] = serves;
    drop(second);
    let (ended, json) = populate(&[]);
    let stderr = ended.expect(3).stderr;
    assert!(stderr.contains(&lost), "{stderr}");
    assert_eq!(published(&json), [2, 0], "{json}");
    assert_eq!(json["shards"][1]["error"]["code"], "unreachable", "{json}");

    // With no shard left it is as with one server.
    drop(first);
    populate(&[]).0.expect(5);
}

async fn drop_all(db: &Db, prefix: &str) {
    for name in tables(db, prefix).await {
        support::execute(db, format!("DROP TABLE {name} SYNC")).await;
    }
}

/// What a replica that lags would swap: the same tables with a row or two less of each account.
async fn make_stale(db: &Db) {
    for table in TABLES {
        support::execute(db, format!("CREATE TABLE stale_{table} AS {table}")).await;
        let text = format!(
            "INSERT INTO stale_{table} SELECT * FROM {table} ORDER BY klaviyo_public_id, updated_at LIMIT 1 BY klaviyo_public_id"
        );
        support::execute(db, text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_switches_or_lags_ends_the_run_and_no_row_is_lost() {
    let (engine, proxy) = world("replicas").await;
    make_stale(&engine).await;
    let before = shown(&engine, &TABLES).await;
    fill(&engine, &["acc0", "acc1"], 2).await;
    proxy.rewrites(&ONE_FOR_ALL);
    let db = member(&proxy, engine.database()).await;

    // What is missing is named: neither macros nor engines are those of replicas, and there is no such cluster.
    let missing = topology::missing(&db).await.expect("what is missing");
    for object in [
        "campaign_ai_summary",
        "ai_refresh_log",
        "system.macros",
        "system.clusters",
        "ai_refresh_keeper_lock",
    ] {
        assert!(missing.iter().any(|it| it.object == object), "{object}: {missing:?}");
    }
    assert_eq!(topology::missing(&engine).await.expect("nothing is missing").len(), 0);

    // A switch while the run computes: nothing is swapped.
    proxy.rewrites_from("INSERT INTO {staging:Identifier}", &ONE_FOR_ALL, &[ANOTHER]);
    let error = refresh(&db).await.expect_err("another server answers");
    assert_eq!(db::exit_code_of(&error), ExitCode::Unreachable, "{error:#}");
    assert!(format!("{error:#}").contains("`another`"), "{error:#}");
    assert!(!proxy.seen().iter().any(|request| request.contains("REPLACE PARTITION")));
    assert_eq!(shown(&engine, &TABLES).await, before);

    // A switch while it publishes: it is not told as done, and what was staged stays.
    proxy.rewrites_from("REPLACE PARTITION", &ONE_FOR_ALL, &[ANOTHER]);
    let error = refresh(&db).await.expect_err("another server answers");
    assert_eq!(db::exit_code_of(&error), ExitCode::Unreachable, "{error:#}");
    for table in TABLES {
        let staging = format!("ai_staging_{}_{table}", db.run_id());
        assert_eq!(tables(&engine, &staging).await.len(), 1, "{table}");
    }

    // The next run has nothing to keep: all that was staged is there.
    proxy.rewrites(&ONE_FOR_ALL);
    assert_eq!(refresh(&db).await.expect("one server").exit_codes, [0]);
    let after = shown(&engine, &TABLES).await;
    assert_ne!(after, before);
    assert_eq!((tables(&engine, "ai_staging_").await.len(), tables(&engine, "ai_kept_").await.len()), (0, 0));
    let locks: Vec<String> =
        proxy.seen().into_iter().filter(|it| it.contains("CREATE TABLE ai_refresh_lock")).collect();
    assert!(
        locks.iter().all(|it| it.contains("ENGINE = MergeTree") && !it.contains("ON CLUSTER")),
        "{locks:?}"
    );

    // A replica that lags swaps fewer rows, and says nothing.
    let lagging = format!("FROM ai_staging_{}_{}", db.run_id(), TABLES[0]);
    proxy.rewrites(&[&ONE_FOR_ALL[..], &[(&lagging, &format!("FROM stale_{}", TABLES[0]))]].concat());
    let error = refresh(&db).await.expect_err("rows are missing");
    assert!(format!("{error:#}").contains("after publishing"), "{error:#}");
    proxy.rewrites(&ONE_FOR_ALL);
    assert_eq!(refresh(&db).await.expect("one server").exit_codes, [0]);
    let kept = tables(&engine, "ai_kept_").await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    // Whoever looks is told of it.
    let told = topology::missing(&db).await.expect("what is missing");
    assert!(told.iter().any(|it| it.object == kept[0] && it.remedy.contains("DROP TABLE")), "{told:?}");
    let rows_of =
        async |table: &str| rows(&engine, format!("SELECT count() FROM {table}")).await[0][0].clone();
    assert_ne!(rows_of(&kept[0]).await, rows_of(&format!("stale_{}", TABLES[0])).await);
    support::drop_database(&engine).await;
}

/// A run in the other two ways, as far as one engine can play them: it waits for the replicas of each table first, makes its
/// copies empty and fills them, and publishes what a run on one server publishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_publishes_the_same_in_every_way() {
    let (engine, proxy) = world("every_way").await;
    let mut clean = Vec::new();
    for generation in [1, 2] {
        fill(&engine, &["acc0", "acc1"], generation).await;
        refresh(&engine).await.expect("a clean run");
        clean.push(shown(&engine, &TABLES).await);
    }
    let waits = ("SYSTEM SYNC REPLICA", "SELECT 1 AS");
    let replicated = (
        "t.engine AS engine\nFROM system.tables AS t\nWHERE t.database = currentDatabase() AND t.name",
        "concat('Replicated', t.engine) AS engine\nFROM system.tables AS t\nWHERE t.database = currentDatabase() AND t.name",
    );
    for (number, (word, says_so)) in [
        ("replicated_database", ("(SELECT any(d.engine)", "(SELECT any('Replicated')")),
        ("cloud", ("(SELECT any(s.value)", "(SELECT any('1')")),
    ]
    .into_iter()
    .enumerate()
    {
        fill(&engine, &["acc0", "acc1"], number as u32 + 1).await;
        proxy.rewrites(&[&ONE_FOR_ALL[..], &[says_so, waits, replicated]].concat());
        let mut db = proxy.db(engine.database());
        db.probe().await.expect("a server");
        assert_eq!(db.way().word(), word);
        let report = refresh(&db).await.unwrap_or_else(|error| panic!("{word}: {error:#}"));
        assert_eq!(report.published, 2, "{word}");
        assert_eq!(shown(&engine, &TABLES).await, clean[number], "{word}");
        let seen = proxy.seen();
        let waited = seen.iter().filter(|it| it.contains("Waits until this replica has all")).count();
        assert_eq!(waited, ALL_TABLES.len() + 1, "{word}");
        assert!(
            seen.iter().any(|it| it.contains("insert_quorum=auto")) == (word == "replicated_database"),
            "{word}"
        );
        let sequential = seen.iter().filter(|it| it.contains("select_sequential_consistency=1")).count();
        assert!(sequential > 20, "{word}: {sequential}");
        assert!(seen.iter().any(|it| it.contains("Fills what was made empty")), "{word}");
    }
    support::drop_database(&engine).await;
}

const WAYS_TO_BALANCE: [Balancing; 3] =
    [Balancing::Requests, Balancing::Connections, Balancing::EachConnection];

/// Whatever the replicas do: what is told as published is there, and rows that a swap lost are in a table that stays.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_lag_by_chance_lose_nothing() {
    // `AIVIEWS_TEST_LONG=1` makes 10,000 runs, another number so many.
    let runs = match std::env::var("AIVIEWS_TEST_LONG").map(|text| text.parse()) {
        Err(_) => 5,
        Ok(Ok(runs @ 2..)) => runs,
        Ok(_) => 10_000,
    };
    let (engine, proxy) = world("lagging").await;
    make_stale(&engine).await;
    proxy.rewrites(&ONE_FOR_ALL);
    let db = member(&proxy, engine.database()).await;
    let mut clean = Vec::new();
    for generation in [1, 2] {
        fill(&engine, &["acc0", "acc1"], generation).await;
        refresh(&engine).await.expect("a clean run");
        clean.push(shown(&engine, &TABLES).await);
    }
    let (mut broken, mut switches, mut stale) = (0, 0, 0);
    for seed in 0..runs {
        let now = (seed % 2) as usize;
        fill(&engine, &["acc0", "acc1"], now as u32 + 1).await;
        let balancing = WAYS_TO_BALANCE[seed as usize % 3];
        proxy.balances(Some((balancing, seed)));
        let outcome = refresh(&db).await;
        let balanced = proxy.balanced();
        proxy.balances(None);
        (switches, stale) = (switches + balanced.0, stale + balanced.1);
        match outcome {
            Ok(report) => {
                assert_eq!((report.published, balanced.1), (2, 0), "seed {seed}");
                assert_eq!(shown(&engine, &TABLES).await, clean[now], "seed {seed}");
            }
            Err(error) => {
                assert_ne!(balancing, Balancing::EachConnection, "seed {seed}: {error:#}");
                broken += 1;
                // Each account that a swap left with fewer rows has all of them in a table that stays.
                for table in TABLES {
                    let staging = format!("ai_staging_{}_{table}", db.run_id());
                    let per_account = async |name: &str| {
                        rows(
                            &engine,
                            format!("SELECT klaviyo_public_id, count() FROM {name} GROUP BY 1 ORDER BY 1"),
                        )
                        .await
                    };
                    let live = per_account(table).await;
                    if live == per_account(&format!("stale_{table}")).await || balanced.1 > 0 {
                        assert!(!tables(&engine, &staging).await.is_empty(), "seed {seed}: {table} {live:?}");
                    }
                }
                refresh(&db).await.unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
                drop_all(&engine, "ai_kept_").await;
            }
        }
    }
    println!("{runs} runs, {broken} ended early, {switches} switches, {stale} swaps from fewer rows");
    // A few runs may have fair weather.
    let has_seen_all = broken > 0 && switches > 0 && stale > 0;
    assert!(has_seen_all || runs < 100, "{broken} {switches} {stale}");
    support::drop_database(&engine).await;
}
