//! A fresh database for each test, on the one engine of this process or on a server by URL.

use std::path::PathBuf;
use std::sync::OnceLock;

use aiviews::db::Db;
use aiviews::db::retry::RetryPolicy;
use aiviews::engine::{Engine, EngineOptions};
use aiviews::exit::stop::Stop;
use aiviews::refresh::report::Report;
use aiviews::refresh::{self, Options, Order};
use aiviews::schema::migrate::{Rebuilds, Survey, execute as execute_plan, plan};
use aiviews::sql::Sql;
use clickhouse::Client;

/// A folder that is this test process's own; those of earlier ones are removed. It lies in `TMPDIR` where that is set:
/// in memory, a test takes a third of the time that it takes on a disk.
pub fn own_folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let parent = std::env::var_os("TMPDIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").into());
        let parent = PathBuf::from(parent).join("engines");
        for entry in std::fs::read_dir(&parent).into_iter().flatten().flatten() {
            let alive = PathBuf::from("/proc").join(entry.file_name()).exists();
            if !alive {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        parent.join(std::process::id().to_string())
    })
}

/// A client of the engine that tests run on.
pub fn client() -> Client {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    match variable("CLICKHOUSE_TEST_URL") {
        url if !url.is_empty() => {
            let client = Client::default().with_url(url).with_user(match variable("CLICKHOUSE_TEST_USER") {
                user if user.is_empty() => "default".to_owned(),
                user => user,
            });
            match variable("CLICKHOUSE_TEST_PASSWORD") {
                password if password.is_empty() => client,
                password => client.with_password(password),
            }
        }
        _ => engine().client(),
    }
}

/// The variable that names a ClickHouse Keeper or a ZooKeeper, as host:port.
pub const KEEPER: &str = "AIVIEWS_TEST_KEEPER";

/// Lets the engine keep tables in the Keeper that the environment names.
fn join_keeper(data_dir: &std::path::Path) {
    let Ok(address) = std::env::var(KEEPER) else { return };
    let (host, port) = address.split_once(':').expect("host:port");
    let folder = data_dir.join("aiviews.config.d");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = format!(
        "<clickhouse><zookeeper><node><host>{host}</host><port>{port}</port></node></zookeeper>\
         <keeper_map_path_prefix>/aiviews_{}</keeper_map_path_prefix></clickhouse>",
        std::process::id()
    );
    std::fs::write(folder.join("keeper.xml"), text).expect("a file");
}

/// The engine of this process: there can be only one.
pub fn engine() -> Engine {
    static JOINED: OnceLock<()> = OnceLock::new();
    JOINED.get_or_init(|| join_keeper(&own_folder().join("data")));
    let options = EngineOptions { data_dir: own_folder().join("data"), ..EngineOptions::default() };
    Engine::open(&options).unwrap_or_else(|error| panic!("{error}"))
}

/// A fresh, empty database named after the test.
pub async fn database(test: &str) -> Db {
    let client = client();
    let name = format!("it_{test}_{}", std::process::id());
    for statement in
        [format!("DROP DATABASE IF EXISTS {name} SYNC"), format!("CREATE DATABASE {name} ENGINE = Atomic")]
    {
        client.query(&statement).execute().await.expect(&statement);
    }
    let mut db =
        Db::new(client.with_database(&name), "test engine", &format!("{test}_run"), RetryPolicy::default());
    db.probe().await.expect("the server answers");
    db
}

/// A whole run, as `populate` does it, without a forecast.
pub async fn refresh(db: &Db, options: &Options) -> anyhow::Result<Report> {
    let (_sender, stop) = Stop::by_hand();
    let order = Order { deadline: std::time::Instant::now(), late: false, forecast: false };
    let done = refresh::run(db, options, order, &stop).await?;
    done.released.map(|()| done.work)
}

/// A statement of a test: the catalogue has only the program's own.
pub fn sql(text: impl Into<String>) -> Sql {
    Sql { name: "test".into(), text: text.into().into() }
}

/// Runs a statement of a test.
pub async fn execute(db: &Db, text: impl Into<String>) {
    let sql = sql(text);
    db.statement(&sql).execute().await.unwrap_or_else(|error| panic!("{error:#}\n{}", sql.text));
}

/// The answer as rows of text cells; NULL is `\N`.
pub async fn rows(db: &Db, text: impl Into<String>) -> Vec<Vec<String>> {
    let sql = sql(text);
    let answer = db.statement(&sql).fetch_format("TabSeparated").await;
    let bytes = answer.unwrap_or_else(|error| panic!("{error:#}\n{}", sql.text));
    let text = String::from_utf8(bytes).expect("UTF-8");
    text.lines().map(|line| line.split('\t').map(unescape).collect()).collect()
}

fn unescape(cell: &str) -> String {
    if cell == "\\N" {
        return cell.to_owned();
    }
    let mut letters = cell.chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, false) => text.push(letter),
            _ => text.push(match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('0') => '\0',
                Some('b') => '\u{8}',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                other => other.unwrap_or('\\'),
            }),
        }
    }
    text
}

/// Removes a test's database.
pub async fn drop_database(db: &Db) {
    execute(&db.with_database("system"), format!("DROP DATABASE IF EXISTS {} SYNC", db.database())).await;
}

/// Makes the summary tables, the views, the run log and the ledger.
pub async fn migrate(db: &Db) {
    let (_sender, stop) = Stop::by_hand();
    let survey = Survey::read(db).await.expect("the schema can be read");
    let plan = plan(&survey.differences(), Rebuilds::Leave);
    execute_plan(db, &plan.actions, &stop, |_, _| {}).await.expect("migrate");
}

/// The same database through a client with a setting of its own.
pub async fn with_setting(db: &Db, name: &str, value: &str) -> Db {
    let client = client().with_database(db.database()).with_setting(name, value);
    let mut db =
        Db::new(client, "test engine", &format!("{}_{name}_{value}", db.run_id()), RetryPolicy::default());
    db.probe().await.expect("the server answers");
    db
}
