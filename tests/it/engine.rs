//! The embedded engine, seen through the unchanged `clickhouse` crate, and what opening it can meet.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use aiviews::engine::lock::FolderLock;
use aiviews::engine::{Engine, EngineError, EngineOptions};
use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncBufReadExt;

use crate::support::engine;

/// A client on an empty database of this name.
pub async fn fresh(database: &str) -> Client {
    let client = engine().client();
    let create = "CREATE DATABASE {name:Identifier} ENGINE = Atomic";
    client.query(create).param("name", database).execute().await.expect("a database");
    client.with_database(database)
}

async fn run(client: &Client, sql: &str) {
    client.query(sql).execute().await.unwrap_or_else(|error| panic!("`{sql}`: {error}"));
}

async fn failure(client: &Client, sql: &str) -> String {
    client.query(sql).execute().await.expect_err(sql).to_string()
}

async fn text(client: &Client, sql: &str, format: &str) -> String {
    let bytes = client.query(sql).fetch_bytes(format).expect(sql).collect().await;
    String::from_utf8(bytes.unwrap_or_else(|error| panic!("`{sql}`: {error}")).to_vec()).expect("text")
}

/// Waits until no statement with this id runs.
async fn gone(client: &Client, query_id: &str) {
    let sql = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = {id:String}";
    let start = Instant::now();
    while client.query(sql).param("id", query_id).fetch_one::<u64>().await.expect("processes") > 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "`{query_id}` still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the statement with this id runs.
async fn begun(client: &Client, query_id: &str) {
    let sql = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = {id:String}";
    let start = Instant::now();
    while client.query(sql).param("id", query_id).fetch_one::<u64>().await.expect("processes") == 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "`{query_id}` does not start");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Entry {
    id: u32,
    name: String,
}

fn odd_texts() -> Vec<Entry> {
    let texts =
        ["", "'", "\\", "\\N", "\t\n\r\0", "{x:String}", "`\"$1?;--", "a b", "żółć 😀", "null", "%00"];
    texts.iter().zip(1..).map(|(text, id)| Entry { id, name: (*text).to_owned() }).collect()
}

#[tokio::test]
async fn rows_go_in_and_come_out_byte_for_byte() {
    let client = fresh("rows_go_in").await;
    run(&client, "CREATE TABLE entry (id UInt32, name String) ENGINE = MergeTree ORDER BY id").await;
    let mut insert = client.insert::<Entry>("entry").await.expect("an insert");
    for entry in odd_texts() {
        insert.write(&entry).await.expect("a row");
    }
    insert.end().await.expect("all rows");
    let rows: Vec<Entry> =
        client.query("SELECT id, name FROM entry ORDER BY id").fetch_all().await.expect("rows");
    assert_eq!(rows, odd_texts());
}

#[tokio::test]
async fn parameters_arrive_byte_for_byte() {
    let client = fresh("parameters").await;
    for Entry { name, .. } in odd_texts() {
        let sql = "SELECT {value:String}, length({value:String}), {list:Array(String)}[2], {day:Date}";
        let query = client
            .query(sql)
            .param("value", &name)
            .param("list", vec!["x", &name])
            .param("day", "2024-02-29");
        let mut lines = query.fetch_bytes("JSONCompactEachRow").expect("a cursor").lines();
        let line = lines.next_line().await.expect("a result").expect("a row");
        let row: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(row, serde_json::json!([name, name.len(), name, "2024-02-29"]), "{line}");
    }
}

#[tokio::test]
async fn inserts_written_as_text_work() {
    let client = fresh("inserts_as_text").await;
    run(&client, "CREATE TABLE entry (id UInt32, name String) ENGINE = MergeTree ORDER BY id").await;
    run(&client, "INSERT INTO entry VALUES (1, 'a;b'), (2, upper('x'))").await;
    run(&client, "INSERT INTO entry (id, name) FORMAT CSV\n3,\"c;d\"\n").await;
    run(&client, "INSERT INTO entry SELECT number + 4, 'e' FROM numbers(2)").await;
    let insert = "INSERT INTO {table:Identifier} (id, name) VALUES ({id:UInt32}, {name:String})";
    let query = client.query(insert).param("table", "entry").param("id", 6).param("name", "it's; \\");
    query.execute().await.expect("an insert with parameters");
    let rows = text(&client, "SELECT * FROM entry ORDER BY id", "CSV").await;
    assert_eq!(rows, "1,\"a;b\"\n2,\"X\"\n3,\"c;d\"\n4,\"e\"\n5,\"e\"\n6,\"it's; \\\"\n");
}

#[tokio::test]
async fn an_empty_result_is_empty_in_every_format() {
    let client = fresh("empty_results").await;
    let sql = "SELECT 1 AS a, 'x' AS b WHERE 0";
    assert!(client.query(sql).fetch_all::<(u8, String)>().await.expect("no rows").is_empty());
    for format in ["TSV", "CSV", "JSONEachRow", "RowBinary", "Native", "MsgPack", "Values"] {
        assert_eq!(text(&client, sql, format).await, "", "{format}");
    }
    assert_eq!(text(&client, sql, "CSVWithNames").await, "\"a\",\"b\"\n");
    assert_eq!(text(&client, sql, "TSVWithNamesAndTypes").await, "a\tb\nUInt8\tString\n");
}

#[tokio::test]
async fn a_header_appears_once() {
    let client = fresh("headers").await;
    let sql = "SELECT number AS `a\nb` FROM numbers(300000)";
    for (format, header, lines) in [
        ("CSVWithNames", "\"a\nb\"\n0\n", 300_002),
        ("TSVWithNamesAndTypes", "a\\nb\nUInt64\n0\n", 300_002),
        ("JSONCompactEachRowWithNames", "[\"a\\nb\"]\n[0]\n", 300_001),
    ] {
        let result = text(&client, sql, format).await;
        assert!(result.starts_with(header), "{format}: {:?}", &result[..30]);
        assert_eq!(result.lines().count(), lines, "{format}");
    }
    let parsed: serde_json::Value =
        serde_json::from_str(&text(&client, "SELECT number FROM numbers(300000)", "JSON").await)
            .expect("one document");
    assert_eq!(parsed["rows"], 300_000);
}

#[tokio::test]
async fn a_million_rows_come_in_order() {
    let client = fresh("million").await;
    let mut cursor = client.query("SELECT number FROM numbers(1000000)").fetch::<u64>().expect("a cursor");
    let mut expected = 0;
    while let Some(number) = cursor.next().await.expect("a row") {
        assert_eq!(number, expected);
        expected += 1;
    }
    assert_eq!(expected, 1_000_000);
}

#[test]
fn a_large_result_takes_little_memory() {
    let answer = elsewhere("engine::read_much_in_this_process", &[("AIVIEWS_TEST_READ", "1".as_ref())]);
    let grown = answer.lines().find_map(|line| line.strip_prefix("grew by ")).expect("a measurement");
    let grown: usize = grown.trim_end_matches(" MB").parse().expect("a number");
    assert!(grown < 300, "a result of 1000 MB took {grown} MB");
}

/// In a process of its own, where no other test takes memory.
#[tokio::test]
async fn read_much_in_this_process() {
    if std::env::var_os("AIVIEWS_TEST_READ").is_none() {
        return;
    }
    let client = fresh("much").await;
    let before = resident_bytes();
    let sql = "SELECT repeat('x', 199) FROM numbers(5000000)";
    let mut cursor = client.query(sql).fetch_bytes("TSV").expect("a cursor");
    let (mut received, mut most) = (0, 0);
    while let Some(chunk) = cursor.next().await.expect("a chunk") {
        if received < 10_000_000 {
            // A reader that takes its time must not make the engine pile up rows.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        received += chunk.len();
        most = most.max(resident_bytes());
    }
    assert_eq!(received, 1_000_000_000);
    println!("\ngrew by {} MB", most.saturating_sub(before) / 1_000_000);
}

/// The memory of this process.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages") * 4096
}

#[tokio::test]
async fn errors_carry_code_and_text() {
    let client = fresh("errors").await;
    for (sql, code, part) in [
        ("SELECT * FROM nowhere", "Code: 60.", "nowhere"),
        ("SELEC 1", "Code: 62.", "Syntax error"),
        ("SELECT missing", "Code: 47.", "missing"),
        ("SELECT throwIf(1, 'on purpose')", "Code: 395.", "on purpose"),
        ("SELECT 1 FORMAT Nonsense", "Code: 73.", "Nonsense"),
        ("SELECT 1; SELECT 2", "Code: 62.", "Multi-statements"),
        ("CREATE TABLE a (x UInt8) ENGINE = Memory; DROP TABLE a", "Code: 62.", "Multi-statements"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "Code: 48.", "OUTFILE"),
        ("INSERT INTO entry SELECT * FROM input('a UInt8') FORMAT CSV", "Code: 48.", "input()"),
        ("SELECT * FROM `/etc/hostname`", "Code: 60.", "/etc/hostname"),
    ] {
        let error = failure(&client, sql).await;
        assert!(error.contains(code) && error.contains(part), "`{sql}`: {error}");
        assert!(error.trim_end().ends_with("(official build))"), "`{sql}`: {error}");
    }
    let query = client.query("SELECT 1").with_setting("no_such_setting", "1");
    assert!(query.execute().await.expect_err("unknown").to_string().contains("Code: 115."));
    let query = client.query("SELECT 1").with_setting("max_threads; DROP", "1");
    assert!(query.execute().await.expect_err("unknown").to_string().contains("Code: 115."));
    let error = engine().client().with_database("no_such_database").query("SELECT 1").execute().await;
    assert!(error.expect_err("unknown").to_string().contains("Code: 81."));
}

#[tokio::test]
async fn settings_count_for_one_request() {
    let client = fresh("settings").await;
    let sql = "SELECT toUInt64(getSetting('max_block_size'))";
    let changed = client.query(sql).with_setting("max_block_size", "1234").fetch_one::<u64>().await;
    assert_eq!(changed.expect("a value"), 1_234);
    assert_ne!(client.query(sql).fetch_one::<u64>().await.expect("a value"), 1_234);
    let defaults =
        "SELECT toUInt8(getSetting('implicit_select') OR getSetting('allow_introspection_functions'))";
    assert_eq!(client.query(defaults).fetch_one::<u8>().await.expect("a value"), 0);
    let limited = client.query("SELECT number FROM numbers(100)").with_setting("max_result_rows", "10");
    assert!(limited.fetch_all::<u64>().await.expect_err("too many").to_string().contains("Code: 396."));
    let readonly = client.query("CREATE TABLE a (x UInt8) ENGINE = Memory").with_setting("readonly", "1");
    assert!(readonly.execute().await.expect_err("read-only").to_string().contains("Code: 164."));
}

/// As people, dashboards and models write it: columns by the view's name, two views without an alias.
#[tokio::test]
async fn columns_of_views_are_found_by_the_views_name() {
    let client = fresh("qualified_view").await;
    run(&client, "CREATE TABLE entry (id String, x UInt8) ENGINE = ReplacingMergeTree ORDER BY id").await;
    run(&client, "INSERT INTO entry VALUES ('a', 1) ('b', 2)").await;
    run(&client, "CREATE VIEW twice AS SELECT id, x * 2 AS y FROM entry FINAL").await;
    run(&client, "CREATE VIEW thrice AS SELECT id, x * 3 AS y FROM entry FINAL").await;
    for (sql, expected) in [
        ("SELECT twice.y FROM twice WHERE twice.id = 'b'", "4\n"),
        ("SELECT qualified_view.twice.y FROM qualified_view.twice ORDER BY twice.id", "2\n4\n"),
        (
            "SELECT twice.y, thrice.y FROM twice JOIN thrice ON twice.id = thrice.id ORDER BY 1",
            "2\t3\n4\t6\n",
        ),
        ("SELECT twice.y, thrice.y FROM twice JOIN thrice USING (id) WHERE thrice.id = 'b'", "4\t6\n"),
    ] {
        assert_eq!(text(&client, sql, "TSV").await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_late_exception_is_an_error() {
    let client = fresh("late_exception").await;
    let sql =
        "SELECT number, throwIf(number = 900000, 'too late') FROM numbers(1000000) SETTINGS max_threads = 1";
    let mut cursor = client.query(sql).fetch::<(u64, u8)>().expect("a cursor");
    let mut rows = 0;
    let error = loop {
        match cursor.next().await {
            Ok(row) => assert!(row.is_some(), "the result ended as if complete after {rows} rows"),
            Err(error) => break error.to_string(),
        }
        rows += 1;
    };
    assert!(rows > 100_000 && error.contains("Code: 395.") && error.contains("too late"), "{rows}: {error}");
    let waiting = client
        .query(sql)
        .with_setting("wait_end_of_query", "1")
        .fetch::<(u64, u8)>()
        .expect("a cursor")
        .next()
        .await;
    assert!(waiting.expect_err("before the first row").to_string().contains("too late"));
}

#[tokio::test]
async fn an_insert_that_fails_in_the_middle_says_why() {
    let client = fresh("failing_insert").await;
    run(&client, "CREATE TABLE entry (id UInt32, name String, CONSTRAINT small CHECK id < 10) ENGINE = MergeTree ORDER BY id").await;
    let mut insert = client.insert::<Entry>("entry").await.expect("an insert");
    let name = "x".repeat(1_000);
    let mut outcome = Ok(());
    for id in 0..50_000 {
        outcome = insert.write(&Entry { id, name: name.clone() }).await;
        if outcome.is_err() {
            break;
        }
    }
    let error = match outcome {
        Ok(()) => insert.end().await.expect_err("the constraint").to_string(),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("Code: 469."), "{error}");
    let error =
        client.query("INSERT INTO nowhere VALUES (1)").execute().await.expect_err("no table").to_string();
    assert!(error.contains("Code: 60."), "{error}");
}

#[tokio::test]
async fn an_abandoned_insert_leaves_nothing_running() {
    let client = fresh("abandoned_insert").await;
    run(&client, "CREATE TABLE entry (id UInt32, name String) ENGINE = MergeTree ORDER BY id").await;
    let query_id = "abandoned-insert";
    let mut insert =
        client.insert::<Entry>("entry").await.expect("an insert").with_setting("query_id", query_id);
    for entry in odd_texts() {
        insert.write(&entry).await.expect("a row");
    }
    drop(insert);
    gone(&client, query_id).await;
    assert_eq!(client.query("SELECT count() FROM entry").fetch_one::<u64>().await.expect("a count"), 0);
}

#[tokio::test]
async fn a_dropped_client_leaves_nothing_running() {
    let client = fresh("dropped_client").await;
    for (query_id, sql) in [
        ("dropped-1", "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"),
        (
            "dropped-2",
            "SELECT sleepEachRow(0.1) FROM numbers(10000) SETTINGS max_block_size = 1, max_threads = 1",
        ),
        ("dropped-3", "SELECT number, repeat('x', 1000) FROM numbers(1000000000)"),
        (
            "dropped-4",
            "CREATE TABLE slow ENGINE = Memory AS SELECT number FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
        ),
    ] {
        let mut cursor =
            client.query(sql).with_setting("query_id", query_id).fetch_bytes("TSV").expect("a cursor");
        let reading = tokio::spawn(async move {
            while let Ok(Some(_)) = cursor.next().await {
                tokio::time::sleep(Duration::from_millis(1)).await
            }
        });
        begun(&client, query_id).await;
        reading.abort();
        gone(&client, query_id).await;
    }
}

#[tokio::test]
async fn kill_query_stops_a_statement() {
    let client = fresh("kill_query").await;
    let slow = client.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1");
    let slow = tokio::spawn(slow.with_setting("query_id", "to-be-killed").fetch_one::<u64>());
    begun(&client, "to-be-killed").await;
    let same = client.query("SELECT 1").with_setting("query_id", "to-be-killed").execute().await;
    assert!(same.expect_err("a duplicate id").to_string().contains("Code: 216."));
    run(&client, "KILL QUERY WHERE Settings['log_comment'] = 'to-be-killed' SYNC").await;
    let error = slow.await.expect("a task").expect_err("killed").to_string();
    assert!(error.contains("Code: 394."), "{error}");
}

#[tokio::test]
async fn sessions_keep_what_is_set_in_them() {
    let client = fresh("sessions").await;
    let session = client.clone().with_setting("session_id", "one");
    run(&session, "CREATE TEMPORARY TABLE kept (a UInt8)").await;
    run(&session, "SET max_block_size = 77").await;
    run(&session, "INSERT INTO kept VALUES (5)").await;
    let query = session.query("SELECT a, toUInt64(getSetting('max_block_size')) FROM kept");
    assert_eq!(query.fetch_one::<(u8, u64)>().await.expect("a row"), (5, 77));
    assert!(failure(&client, "SELECT * FROM kept").await.contains("Code: 60."));
    let missing = client.clone().with_setting("session_id", "two").with_setting("session_check", "1");
    assert!(failure(&missing, "SELECT 1").await.contains("Code: 372."));
    let slow = session.query("SELECT sleep(1)").with_setting("query_id", "in-session");
    let slow = tokio::spawn(slow.execute());
    begun(&client, "in-session").await;
    assert!(failure(&session, "SELECT 1").await.contains("Code: 373."));
    slow.await.expect("a task").expect("a result");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_run_at_once() {
    let client = fresh("many_at_once").await;
    let tasks: Vec<_> = (0..200_u64)
        .map(|number| {
            let query = client.query("SELECT {number:UInt64} + sum(number) FROM numbers(100000)");
            tokio::spawn(query.param("number", number).fetch_one::<u64>())
        })
        .collect();
    for (number, task) in (0..).zip(tasks) {
        assert_eq!(task.await.expect("a task").expect("a sum"), number + 4_999_950_000);
    }
}

#[test]
fn a_symlink_as_lock_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("aiviews.lock")).expect("a link");
    let error = FolderLock::acquire(folder.path()).err().expect("refused");
    assert!(matches!(error, EngineError::LockIsSymlink { .. }), "{error}");
}

#[test]
fn state_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let engine = engine();
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(engine.data_dir()), 0o700);
    for name in ["aiviews.lock", "aiviews.config.xml", "aiviews.engine-version"] {
        assert_eq!(mode(&engine.data_dir().join(name)), 0o600, "{name}");
    }
}

#[test]
fn one_process_has_one_folder_open() {
    let first = engine();
    let options = EngineOptions { data_dir: first.data_dir().to_owned(), ..EngineOptions::default() };
    assert_eq!(Engine::open(&options).expect("the same engine").data_dir(), first.data_dir());
    let other = tempfile::tempdir().expect("a folder");
    let options = EngineOptions { data_dir: other.path().to_owned(), ..EngineOptions::default() };
    let error = Engine::open(&options).err().expect("refused");
    assert!(matches!(error, EngineError::AlreadyOpen { .. }), "{error}");
}

/// Runs one of the tests in a process of its own and returns what it prints.
fn elsewhere(test: &str, variables: &[(&str, &OsStr)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args([test, "--exact", "--nocapture"]).envs(variables.iter().copied());
    let output = command.output().expect("a second process");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn open_elsewhere(folder: &Path, library: Option<&Path>) -> String {
    let mut variables = vec![("AIVIEWS_TEST_OPEN", folder.as_os_str())];
    variables.extend(library.map(|library| ("AIVIEWS_LIBCHDB", library.as_os_str())));
    elsewhere("engine::open_in_this_process", &variables)
}

/// What `open_elsewhere` runs; nothing without it.
#[test]
fn open_in_this_process() {
    let Some(folder) = std::env::var_os("AIVIEWS_TEST_OPEN") else { return };
    let options = EngineOptions { data_dir: folder.into(), ..EngineOptions::default() };
    match Engine::open(&options) {
        Ok(engine) => println!("opened {}", engine.identity().version),
        Err(error) => println!("{error:?}\n{error}\nhint: {}", error.remedy().unwrap_or_default()),
    }
}

#[test]
fn a_second_process_learns_who_has_the_folder() {
    let engine = engine();
    let answer = open_elsewhere(engine.data_dir(), None);
    assert!(
        answer.contains("Locked") && answer.contains(&format!("process {}", std::process::id())),
        "{answer}"
    );
    // Where another test of this process serves the folder, its address is the remedy.
    assert!(
        ["hint: wait until it ends", "hint: it serves at http://"].iter().any(|hint| answer.contains(hint)),
        "{answer}"
    );
}

#[test]
fn a_folder_is_free_again_after_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().join("a b/ü");
    use std::os::unix::fs::PermissionsExt;
    let mode = || std::fs::metadata(&data_dir).expect("a folder").permissions().mode() & 0o777;
    for _ in 0..2 {
        let answer = open_elsewhere(&data_dir, None);
        assert_eq!(mode(), 0o700);
        std::fs::set_permissions(&data_dir, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        assert!(answer.contains("opened 26."), "{answer}");
    }
}

#[test]
fn folders_that_cannot_be_used_are_named() {
    let answer = open_elsewhere(Path::new("/sys/kernel"), None);
    assert!(answer.contains("NotWritable") && answer.contains("/sys/kernel"), "{answer}");
    let answer = open_elsewhere(Path::new("/etc/hostname"), None);
    assert!(answer.contains("NotADirectory") && answer.contains("hint: choose another"), "{answer}");
    let answer = open_elsewhere(Path::new("/etc/hostname/below"), None);
    assert!(answer.contains("NotADirectory"), "{answer}");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("aiviews.engine-version"), "99.1.2").expect("a file");
    let answer = open_elsewhere(folder.path(), None);
    assert!(answer.contains("MadeByNewer") && answer.contains("99.1.2"), "{answer}");
}

#[test]
fn libraries_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().join("data");
    let missing = folder.path().join("missing.so");
    let answer = open_elsewhere(&data_dir, Some(&missing));
    assert!(answer.contains("NotFound") && answer.contains("missing.so"), "{answer}");
    assert!(answer.contains("hint: run scripts/install-libchdb"), "{answer}");
    let damaged = folder.path().join("damaged.so");
    std::fs::write(&damaged, "not a library").expect("a file");
    let answer = open_elsewhere(&data_dir, Some(&damaged));
    assert!(answer.contains("NotLoadable") && answer.contains("hint: remove it"), "{answer}");
    let answer = open_elsewhere(&data_dir, Some(&another_library()));
    assert!(answer.contains("Unsupported") && answer.contains("chdb_version"), "{answer}");
}

/// Some library of this system that is not the engine: one that this very program has loaded.
fn another_library() -> PathBuf {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    let path = maps.lines().filter_map(|line| line.split_once('/')).map(|(_, path)| format!("/{path}"));
    path.filter(|path| path.contains("libgcc_s") || path.contains("libm.so"))
        .map(PathBuf::from)
        .next()
        .expect("a library")
}

#[tokio::test]
async fn only_results_in_one_piece_are_bounded() {
    let client = fresh("bounded").await;
    let wide = "SELECT repeat('x', 10000 + number % 2) AS x FROM numbers(30000)";
    let error =
        client.query(wide).fetch_bytes("JSON").expect("a cursor").next().await.expect_err("too large");
    assert!(error.to_string().contains("Code: 396."), "{error}");
    run(&client, &format!("CREATE TABLE wide ENGINE = MergeTree ORDER BY x AS {wide}")).await;
    run(&client, &format!("INSERT INTO wide {wide}")).await;
    assert_eq!(client.query("SELECT count() FROM wide").fetch_one::<u64>().await.expect("a count"), 60_000);
}

/// The engine has threads that must not run into the clean-up at the end of the process.
#[test]
fn an_exit_code_survives_the_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["engine::exit_in_this_process", "--exact"]).env("AIVIEWS_TEST_EXIT", folder.path());
    assert_eq!(command.output().expect("a second process").status.code(), Some(42));
}

#[test]
fn exit_in_this_process() {
    let Some(folder) = std::env::var_os("AIVIEWS_TEST_EXIT") else { return };
    let options = EngineOptions { data_dir: folder.into(), ..EngineOptions::default() };
    let _engine = Engine::open(&options).expect("the engine opens");
    std::process::exit(42);
}
