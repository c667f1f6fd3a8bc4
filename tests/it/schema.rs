//! What tests of the schema share: databases as production has them, migrations, and what the server shows of both.

use std::fmt::Write;
use std::process::{Command, Output};

use aiviews::db::Db;
use aiviews::engine::Entry;
use aiviews::exit::stop::Stop;
use aiviews::schema::diff::Difference;
use aiviews::schema::migrate::{self, Rebuilds, Survey};
use aiviews::schema::{SummaryTable, TABLES};
use aiviews::sql;

use crate::support::{execute, rows};

/// Migrates and returns one line per action, with its note.
pub async fn migrate(db: &Db, rebuilds: Rebuilds) -> anyhow::Result<Vec<String>> {
    let plan = migrate::plan(&differences(db).await, rebuilds);
    assert!(plan.by_hand.is_empty(), "{:#?}", plan.by_hand);
    let (_sender, stop) = Stop::by_hand();
    let mut done = Vec::new();
    let line =
        |action: &migrate::Action, note: Option<String>| format!("{action}; {}", note.unwrap_or_default());
    migrate::execute(db, &plan.actions, &stop, |action, note| done.push(line(action, note))).await?;
    Ok(done)
}

/// Where the database differs from what migrate makes.
pub async fn differences(db: &Db) -> Vec<Difference> {
    Survey::read(db).await.expect("the schema can be read").differences()
}

/// A migrated database with sources.
pub async fn migrated(test: &str) -> Db {
    let db = crate::support::database(test).await;
    migrate(&db, Rebuilds::Leave).await.expect("migrated");
    for ddl in &sql::SEED_CREATE {
        db.statement(ddl).execute().await.expect(&ddl.name);
    }
    db
}

/// `CREATE TABLE` of a summary table as production has it: the contract's columns, no comments.
pub fn production_ddl(table: &SummaryTable, storage: &str) -> String {
    let columns: Vec<String> = sql::CONTRACT
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{}\ttable\t", table.name)))
        .map(|line| line.split('\t').skip(1).collect::<Vec<_>>().join(" "))
        .collect();
    format!("CREATE TABLE {} ({}) {storage}", table.name, columns.join(", "))
}

/// Makes all summary tables as production has them.
pub async fn make_production_tables(db: &Db) {
    for table in &TABLES {
        let key = table.definition().sorting_key;
        let storage = format!(
            "ENGINE = ReplacingMergeTree(updated_at) PARTITION BY klaviyo_public_id ORDER BY ({key})"
        );
        execute(db, production_ddl(table, &storage)).await;
    }
}

/// Everything that the server knows of the database's tables, views and columns, as one text. Settings are sorted: those
/// that came later stand last.
pub async fn schema_text(db: &Db) -> String {
    let objects =
        "WITH splitByString(' SETTINGS ', replaceAll(engine_full, currentDatabase(), '')) AS storage
        SELECT name, engine, storage[1], arraySort(splitByString(', ', storage[2])), comment,
            replaceAll(as_select, currentDatabase(), '')
        FROM system.tables WHERE database = currentDatabase() ORDER BY name";
    let columns = "SELECT table, position, name, type, default_kind, default_expression, comment
        FROM system.columns WHERE database = currentDatabase() ORDER BY table, position";
    let mut text = String::new();
    for row in rows(db, objects).await.into_iter().chain(rows(db, columns).await) {
        let _ = writeln!(text, "{}", row.join(" | "));
    }
    text
}

/// Runs the program on an embedded engine in this folder.
pub fn aiviews(data_dir: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aiviews"))
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .env_remove("CLICKHOUSE_URL")
        .env_remove("CLICKHOUSE_DATABASE")
        .output()
        .expect("the program starts")
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs the program against this database, over HTTP. The test needs a runtime with several threads.
pub async fn aiviews_on(db: &Db, arguments: &[&str]) -> Output {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let (url, user, password) = match variable("CLICKHOUSE_TEST_URL") {
        url if !url.is_empty() => {
            (url, variable("CLICKHOUSE_TEST_USER"), variable("CLICKHOUSE_TEST_PASSWORD"))
        }
        _ => (serve().await, String::new(), "test-token".to_owned()),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_aiviews"));
    command.args(arguments).args(["--url", &url, "--user", &user, "--database", db.database()]);
    command.env("CLICKHOUSE_PASSWORD", password);
    tokio::task::spawn_blocking(move || command.output().expect("the program starts")).await.expect("joined")
}

/// Serves the engine of this process until the test's runtime ends.
async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let engine = crate::support::engine();
    let entry = Entry { token: "test-token".to_owned(), ..Entry::default() };
    tokio::spawn(async move { engine.serve(listener, entry, || {}, std::future::pending()).await });
    url
}
