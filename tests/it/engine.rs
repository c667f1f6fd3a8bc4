//! The embedded engine, seen through the `clickhouse` crate.

use aiviews::engine::{Engine, EngineOptions};
use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

async fn client(database: &str) -> Client {
    let data_dir = std::env::temp_dir().join(format!("aiviews-engine-test-{}", std::process::id()));
    let options = EngineOptions { data_dir, ..EngineOptions::default() };
    let engine = Engine::open(&options).expect("the engine opens");
    let client = engine.client();
    client
        .query("CREATE DATABASE {name:Identifier}")
        .param("name", database)
        .execute()
        .await
        .expect("a database");
    client.with_database(database)
}

#[derive(Debug, PartialEq, Row, Serialize, Deserialize)]
struct Entry {
    id: u32,
    name: String,
}

#[tokio::test]
async fn rows_go_in_and_come_out() {
    let client = client("rows_go_in_and_come_out").await;
    client
        .query("CREATE TABLE entry (id UInt32, name String) ENGINE = MergeTree ORDER BY id")
        .execute()
        .await
        .expect("ddl");
    client.query("INSERT INTO entry VALUES (1, 'a;b')").execute().await.expect("values");
    let mut insert = client.insert::<Entry>("entry").await.expect("insert");
    insert.write(&Entry { id: 2, name: "x'\\\t\n{y:String}".into() }).await.expect("write");
    insert.end().await.expect("end");
    let rows: Vec<Entry> = client
        .query("SELECT id, name FROM entry WHERE name != {not:String} ORDER BY id")
        .param("not", "q'\\\t\n")
        .fetch_all()
        .await
        .expect("rows");
    assert_eq!(rows[0], Entry { id: 1, name: "a;b".into() });
    assert_eq!(rows[1].name, "x'\\\t\n{y:String}");
    let none: Vec<Entry> =
        client.query("SELECT id, name FROM entry WHERE id = 9").fetch_all().await.expect("no rows");
    assert!(none.is_empty());
    let error = client.query("SELECT * FROM nowhere").execute().await.expect_err("no such table").to_string();
    assert!(error.contains("Code: 60.") && error.contains("(official build))"), "{error}");
    let sum: u64 = client.query("SELECT sum(number) FROM numbers(1000000)").fetch_one().await.expect("sum");
    assert_eq!(sum, 499_999_500_000);
    let mut cursor = client.query("SELECT number FROM numbers(1000000)").fetch::<u64>().expect("cursor");
    let mut count = 0;
    while let Some(number) = cursor.next().await.expect("row") {
        assert_eq!(number, count);
        count += 1;
    }
    assert_eq!(count, 1_000_000);
}
