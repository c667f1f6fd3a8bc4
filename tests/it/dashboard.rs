//! Dashboards for Grafana: every statement runs on the engine with its macros expanded, and the documents are of Grafana's
//! own types.

use std::process::Command;

use aiviews::db::Db;
use aiviews::report::dashboard::Dashboard;
use serde_json::{Value, json};

use crate::clients::clients;
use crate::support;

/// What Grafana's plugin puts in the place of its macros, for 2024-03-01 to 2024-03-14, and of the variable.
fn expanded(statement: &str, accounts: &str) -> String {
    let mut text = statement.replace("${account:sqlstring}", accounts);
    text = text.replace("$__toTime", "toDateTime(1710460799)");
    while let Some((before, rest)) = text.split_once("$__dateFilter(") {
        let (column, after) = rest.split_once(')').expect("a column");
        let range = format!("{column} >= toDate('2024-03-01') AND {column} <= toDate('2024-03-14')");
        text = format!("{before}{range}{after}");
    }
    assert!(!text.contains('$'), "a macro or a variable is left: {text}");
    text
}

fn document(dashboard: Dashboard) -> Value {
    dashboard.document().expect("a document")
}

/// What is asked: of which panel, in which format, and the statement.
fn queries(document: &Value) -> Vec<(String, u64, String)> {
    let query = |title: &Value, target: &Value| {
        let text = target["rawSql"].as_str().expect("a statement").to_owned();
        (title.as_str().expect("a title").to_owned(), target["format"].as_u64().expect("a format"), text)
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let panels = list(&document["panels"]);
    let asked = panels.iter().flat_map(|panel| {
        list(&panel["targets"]).into_iter().map(|target| query(&panel["title"], &target)).collect::<Vec<_>>()
    });
    let marks = list(&document["annotations"]["list"]);
    asked.chain(marks.iter().map(|mark| query(&mark["name"], &mark["target"]))).collect()
}

async fn database() -> Db {
    let db = support::database("dashboards").await;
    support::migrate(&db).await;
    // Two accounts with the same campaign: 14 days of 100, of which the last 7 are 150; the other has nothing before.
    support::execute(
        &db,
        "INSERT INTO channel_performance_daily (klaviyo_public_id, date, send_channel, total_revenue)
         SELECT 'acme', toDate('2024-03-01') + number, 'email', if(number < 7, 100, 150) FROM numbers(14)
         UNION ALL SELECT 'it''s', toDate('2024-03-14'), 'sms', 7",
    )
    .await;
    support::execute(
        &db,
        "INSERT INTO campaign_ai_summary (klaviyo_public_id, date, campaign_id, campaign_name, send_channel, recipients,
             bounced, opens_unique, clicks_unique, unsubscribes, conversion_value)
         VALUES ('acme', '2024-03-05', 'c', 'Sale', 'email', 1010, 10, 400, 20, 5, 250),
             ('it''s', '2024-03-05', 'c', 'Sale', 'sms', 10, 0, 0, 1, 0, 7)",
    )
    .await;
    support::execute(
        &db,
        "INSERT INTO flow_ai_summary (klaviyo_public_id, date, flow_id, flow_name, flow_message_id, send_channel,
             recipients, bounced, opens_unique, clicks_unique, unsubscribes, conversion_value)
         VALUES ('acme', '2024-03-06', 'f', 'Cart', 'm', 'email', 1000, 0, 500, 30, 1, 150)",
    )
    .await;
    db
}

#[tokio::test]
async fn every_statement_runs_and_has_the_columns_that_its_format_needs() {
    let db = &database().await;
    columns(db).await;
    figures(db).await;
    support::drop_database(db).await;
}

async fn columns(db: &Db) {
    for dashboard in [Dashboard::Account, Dashboard::Agency] {
        let document = document(dashboard);
        let queries = queries(&document);
        assert!(queries.len() >= 6, "{}", queries.len());
        for (title, format, statement) in queries {
            for accounts in ["'acme'", "'acme','it''s'", "'nobody'"] {
                let statement = expanded(&statement, accounts);
                support::rows(db, statement.as_str()).await;
                if accounts != "'acme'" {
                    continue;
                }
                let columns = support::rows(db, format!("DESCRIBE ({statement})")).await;
                let (name, kind) = (columns[0][0].as_str(), columns[0][1].as_str());
                let is_time = name == "time" && kind == "DateTime('UTC')";
                let is_number = |kind: &str| kind.contains("Int") || kind.contains("Float");
                match format {
                    // A time series has its time first, then numbers; a text between tells the series apart.
                    0 => assert!(
                        is_time
                            && columns[1..].iter().any(|column| is_number(&column[1]))
                            && columns[1..].iter().filter(|column| column[1].contains("String")).count() <= 1,
                        "{title}: {columns:?}"
                    ),
                    _ => assert!(columns.len() > 2, "{title}: {columns:?}"),
                }
                if title == "Not as usual" {
                    let names: Vec<&str> = columns.iter().map(|column| column[0].as_str()).collect();
                    assert_eq!((is_time, &names[..]), (true, &["time", "timeEnd", "text", "tags"][..]));
                }
            }
        }
        let variables = document["templating"]["list"].as_array().expect("variables").clone();
        let query = variables[1]["query"].as_str().expect("a statement");
        assert_eq!(support::rows(db, query).await, [["acme"], ["it's"]]);
    }
}

/// Ratios of sums, of the asked account alone, worked out by hand.
async fn figures(db: &Db) {
    let account = queries(&document(Dashboard::Account));
    let agency = queries(&document(Dashboard::Agency));
    let ask = async |queries: &[(String, u64, String)], title: &str, accounts: &str| {
        let found = queries.iter().find(|(name, ..)| name == title).expect("a panel");
        support::rows(db, expanded(&found.2, accounts)).await
    };
    // 250 + 150; 1,000 + 1,000 delivered; 400/2,000; 50/2,000; 6/2,000.
    let totals = ask(&account, "The days shown", "'acme'").await;
    assert_eq!(totals, [["400", "2000", "200", "2.5", "3"]]);
    let weeks = ask(&account, "Revenue by week", "'acme'").await;
    assert_eq!(weeks, [["2024-03-04 00:00:00", "250", "150"]]);
    // 1,050 after 700; 7 after nothing.
    let changes = ask(&agency, "Change of revenue", "'acme','it''s'").await;
    assert_eq!(changes[0], ["acme", "1050", "700", "50"]);
    assert_eq!((changes[1][0].as_str(), changes[1][1].as_str()), ("it's", "7"));
    let alone = ask(&agency, "Change of revenue", "'acme'").await;
    assert_eq!(alone, changes[..1]);
    // Weeks of 300, 850 and 600 for 3, 7 and 4 days: 583.33 on the average.
    let index = ask(&agency, "Revenue by week against the account's own average", "'acme'").await;
    let of_average: Vec<&str> = index.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(of_average, ["51.4", "145.7", "102.9"]);
}

#[test]
fn a_dashboard_is_of_grafanas_types() {
    let folder = clients().join("dashboards");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut text = include_str!("../clients/dashboard.ts").to_owned();
    for (name, dashboard) in [("account", Dashboard::Account), ("agency", Dashboard::Agency)] {
        let document = document(dashboard);
        assert_eq!(document["templating"]["list"][0]["name"], json!("datasource"));
        text += &format!("export const {name}: Ours = {document};\n");
    }
    let file = folder.join("dashboards.mts");
    std::fs::write(&file, text).expect("written");
    let compiler = clients().join("node_modules/.bin/tsc");
    let judged = Command::new(compiler)
        .args(["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"])
        .arg(file)
        .output()
        .expect("the compiler starts");
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}");
}
