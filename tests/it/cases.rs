//! Golden cases: rows in, rows out, worked out by hand from the definitions (tests/cases/*.md).

use std::collections::BTreeMap;

use aiviews::account::AccountId;
use aiviews::db::Db;
use aiviews::outlook;
use aiviews::outlook::forecast::growth::Growth;
use aiviews::question::{self, Question, Reach, Value};
use aiviews::refresh::Options;
use aiviews::refresh::report::Report;
use aiviews::refresh::window::{Clock, Window, monday};
use aiviews::schema::{Definition, OUTLOOK_TABLES, OUTLOOK_VIEWS, SOURCES, SummaryTable, TABLES, VIEWS};
use aiviews::sql::REFRESH_LOG;
use chrono::{Datelike, Days, Months, NaiveDate};

use crate::expression::evaluate;
use crate::markdown::{Block, Case, Table, parse};
use crate::support;

macro_rules! case_files {
    ($($test:ident: $file:literal,)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            run_file(stringify!($test), include_str!(concat!("../cases/", $file, ".md"))).await;
        }
    )+
    #[test]
    fn every_case_file_is_run() {
        let listed = [$(concat!($file, ".md")),+];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let names = std::fs::read_dir(folder).expect("tests/cases").map(|entry| entry.expect("a file").file_name());
        let missing: Vec<_> = names.filter(|name| !listed.iter().any(|listed| name == listed)).collect();
        assert!(missing.is_empty(), "not run: {missing:?}");
    }};
}

case_files! {
    ai_best_performers: "ai_best_performers",
    ai_campaign_recent: "ai_campaign_recent",
    ai_campaign_weekly: "ai_campaign_weekly",
    ai_channel_comparison: "ai_channel_comparison",
    ai_day_of_week_patterns: "ai_day_of_week_patterns",
    ai_flow_recent: "ai_flow_recent",
    ai_flow_weekly: "ai_flow_weekly",
    ai_historical_baseline: "ai_historical_baseline",
    calendar: "calendar",
    events: "events",
    campaign_ai_summary: "campaign_ai_summary",
    campaign_ai_summary_anomalies: "campaign_ai_summary-anomalies",
    campaign_ai_summary_labels: "campaign_ai_summary-labels",
    campaign_ai_summary_trends: "campaign_ai_summary-trends",
    campaign_weekly_rollup: "campaign_weekly_rollup",
    channel_performance_daily: "channel_performance_daily",
    flow_ai_summary: "flow_ai_summary",
    flow_ai_summary_labels: "flow_ai_summary-labels",
    flow_weekly_rollup: "flow_weekly_rollup",
    forecast: "forecast",
    form_ai_performance: "form_ai_performance",
    freshness: "freshness",
    questions: "questions",
    questions_claims: "questions-claims",
    questions_money: "questions-money",
    rejected_and_held_back: "rejected-and-held-back",
    segment_ai_trends: "segment_ai_trends",
    today: "today",
    window_and_history: "window-and-history",
}

/// Runs every case of a file and reports all that differ.
async fn run_file(name: &str, text: &str) {
    let cases = parse(text);
    assert!(!cases.is_empty(), "{name} has no case");
    let db = support::database(name).await;
    make_objects(&db).await;
    let mut failures = Vec::new();
    for group in &groups(&cases) {
        empty_tables(&db).await;
        for (case, outcome) in group.iter().zip(run_group(&db, group).await) {
            failures.extend(outcome.err().map(|differences| format!("## {}\n{differences}", case.title)));
        }
    }
    support::drop_database(&db).await;
    assert!(
        failures.is_empty(),
        "{} of {} cases differ\n\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

/// Cases of the same date and days share one run, each with accounts of its own; where a case is about the run as a
/// whole, or about more than sources and what becomes of them, it has a run for itself.
fn groups(cases: &[Case]) -> Vec<Vec<Case>> {
    let mut shared: BTreeMap<(&str, u16), Vec<Case>> = BTreeMap::new();
    let mut alone = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        match &case.as_of {
            Some(as_of) if case.is_of_accounts() => {
                shared
                    .entry((as_of, case.days))
                    .or_default()
                    .push(case.with_accounts(&format!("case{number}-")));
            }
            _ => alone.push(vec![case.clone()]),
        }
    }
    shared.into_values().chain(alone).collect()
}

async fn empty_tables(db: &Db) {
    let filled = "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0 \
                  AND name != 'ai_schema_ledger'";
    for row in support::rows(db, filled).await {
        support::execute(db, format!("TRUNCATE TABLE {}", row[0])).await;
    }
}

/// Summary tables and views as migrate makes them; sources that, unlike production's, pass duplicates on.
async fn make_objects(db: &Db) {
    support::migrate(db).await;
    // The days of the cases are older than what the tables of the outlook keep: a merge would take their rows.
    for table in OUTLOOK_TABLES.iter().map(|table| table.object()) {
        support::execute(db, format!("ALTER TABLE {table} REMOVE TTL")).await;
    }
    for source in SOURCES.iter() {
        let columns: Vec<String> =
            source.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        let raw = raw(&source.name);
        let create =
            format!("CREATE TABLE {raw} ({}) ENGINE = MergeTree ORDER BY tuple()", columns.join(", "));
        support::execute(db, create).await;
        support::execute(db, format!("CREATE VIEW {} AS SELECT * FROM {raw}", source.name)).await;
    }
}

fn raw(view: &str) -> String {
    view.trim_end_matches("_latest").to_owned()
}

/// What differs, case by case. Several cases are those of one run.
async fn run_group(db: &Db, cases: &[Case]) -> Vec<Result<(), String>> {
    let clock = Clock::read(db).await.expect("the clock");
    match prepare(db, cases, clock).await {
        Err(error) => cases.iter().map(|_| Err(error.clone())).collect(),
        Ok(window) => {
            let mut outcomes = Vec::new();
            for case in cases {
                outcomes.push(check(db, case, window.as_ref(), clock.today).await);
            }
            outcomes
        }
    }
}

/// Fills the tables and does the run, if there is one.
async fn prepare(db: &Db, cases: &[Case], clock: Clock) -> Result<Option<Window>, String> {
    let case = &cases[0];
    for block in cases.iter().flat_map(|case| &case.blocks) {
        match block {
            Block::Source(kind, table) => {
                insert(db, &format!("{kind}_statistics"), table, clock.today).await?
            }
            Block::Insert(name, table) => insert(db, name, table, clock.today).await?,
            Block::Expect(..) | Block::ExpectAmong(..) | Block::Ask(..) => {}
        }
    }
    let mut window = None;
    if let Some(as_of) = &case.as_of {
        let as_of = date(as_of, clock.today)?;
        window = Some(Window::new(Some(as_of), case.days, clock).map_err(|error| error.to_string())?);
        check_report(case, &populate(db, cases, as_of).await)?;
    }
    if let Some(made_on) = &case.forecast_on {
        look_ahead(db, case, date(made_on, clock.today)?, clock).await;
    }
    Ok(window)
}

/// Compares what came of a case.
async fn check(db: &Db, case: &Case, window: Option<&Window>, today: NaiveDate) -> Result<(), String> {
    let mut differences = Vec::new();
    for block in &case.blocks {
        let (object, table, among) = match block {
            Block::Expect(object, table) => (object, table, false),
            Block::ExpectAmong(object, table) => (object, table, true),
            Block::Ask(question, table) => {
                differences.extend(ask(db, question, table, today).await);
                continue;
            }
            _ => continue,
        };
        let found = actual(db, object, table, case.accounts.as_deref(), window.filter(|_| !among)).await;
        differences.extend(compare(object, table, among, found, today)?);
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// Asks `NAME [accounts=a,b] [parameter=value]...`; the answer must have exactly these rows, in this order.
async fn ask(db: &Db, words: &[String], expected: &Table, today: NaiveDate) -> Vec<String> {
    let question = question::find(&words[0]).unwrap_or_else(|error| panic!("{error}"));
    let mut given: Vec<(String, String)> = Vec::new();
    let mut accounts = vec!["acme"];
    for word in &words[1..] {
        match word.split_once('=').unwrap_or_else(|| panic!("not a parameter: {word}")) {
            ("accounts", list) => accounts = list.split(',').collect(),
            (name, value) => given.push((name.to_owned(), value.replace('+', " "))),
        }
    }
    let accounts: Vec<AccountId> =
        accounts.into_iter().map(|id| AccountId::new(id).expect("an id")).collect();
    let values = question.values(&given).unwrap_or_else(|error| panic!("{error}"));
    let answer = question.ask(db, &accounts, &values).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_script_says_the_same(db, question, &accounts, &values).await;
    let index = |name: &String| {
        let found = answer.columns.iter().position(|column| column == name);
        found.unwrap_or_else(|| panic!("{} has no column {name}", question.name))
    };
    let columns: Vec<usize> = expected.header.iter().map(index).collect();
    let same_row = |(row, found): (&Vec<String>, &Vec<serde_json::Value>)| {
        row.iter().zip(&columns).all(|(cell, column)| same_cell(cell, &found[*column], today))
    };
    if answer.rows.len() == expected.rows.len() && expected.rows.iter().zip(&answer.rows).all(same_row) {
        return Vec::new();
    }
    let show = |row: &Vec<serde_json::Value>| {
        columns.iter().map(|column| row[*column].to_string()).collect::<Vec<_>>().join(" | ")
    };
    let found: Vec<String> = answer.rows.iter().map(show).collect();
    let wanted: Vec<String> = expected.rows.iter().map(|row| row.join(" | ")).collect();
    vec![format!(
        "{}\n  expected\n    {}\n  found\n    {}",
        words.join(" "),
        wanted.join("\n    "),
        found.join("\n    ")
    )]
}

/// What `--show-sql` prints runs in any client as it stands, and gives the answer.
async fn assert_script_says_the_same(
    db: &Db,
    question: &'static Question,
    accounts: &[AccountId],
    values: &[(&'static str, Value)],
) {
    let reach = Reach::read(db, accounts).await.expect("how far the accounts reach");
    let exact = question.ask_exactly(db, accounts, values, &reach).await.expect("an answer");
    let script = question.script(db, accounts, values, &reach);
    let bytes = db.statement(&support::sql(script.as_str())).fetch_format("JSONCompact").await;
    let bytes = bytes.unwrap_or_else(|error| panic!("{}: {error:#}\n{script}", question.name));
    let document: serde_json::Value = serde_json::from_slice(&bytes).expect("a document");
    let names: Vec<&str> =
        document["meta"].as_array().expect("columns").iter().filter_map(|it| it["name"].as_str()).collect();
    let told: Vec<usize> = (0..names.len()).filter(|index| names[*index] != "of_rows").collect();
    assert!(told.iter().map(|index| names[*index]).eq(exact.columns.iter()), "{}: {names:?}", question.name);
    let text = |cell: &serde_json::Value| match cell {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        cell => cell.to_string(),
    };
    let rows = document["data"].as_array().expect("rows").iter();
    let found: Vec<Vec<String>> =
        rows.map(|row| told.iter().map(|index| text(&row[*index])).collect()).collect();
    let asked: Vec<Vec<String>> = exact.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let same = |(one, other): (&String, &String)| {
        one == other || (one.parse::<f64>().is_ok() && one.parse::<f64>() == other.parse::<f64>())
    };
    let is_same = found.len() == asked.len() && found.iter().flatten().zip(asked.iter().flatten()).all(same);
    assert!(is_same, "{}: {found:?}\nbut {asked:?}", question.name);
}

/// Whether an answer's cell is the expected one; a month is written as the first 7 letters of its date.
fn same_cell(expected: &str, found: &serde_json::Value, today: NaiveDate) -> bool {
    match found {
        serde_json::Value::Null => expected == "null",
        serde_json::Value::String(text) if text == expected => true,
        serde_json::Value::String(text) => match date(expected, today) {
            Ok(date) => date.to_string() == *text || (text.len() == 7 && date.to_string().starts_with(text)),
            Err(_) => unescape(expected) == *text || (expected == "''" && text.is_empty()),
        },
        number => same("Float64", expected, &number.to_string()),
    }
}

/// The outlook of the morning of a day, computed a week later: whether it knows what came then is up to the run log.
async fn look_ahead(db: &Db, case: &Case, made_on: NaiveDate, clock: Clock) {
    let options = outlook::Options {
        accounts: Vec::new(),
        made_on,
        last_complete: made_on - Days::new(1),
        today: made_on + Days::new(7),
        now: clock.now,
    };
    let failed = |error: anyhow::Error| -> ! { panic!("{}: {error:#}", case.title) };
    let accounts = outlook::refreshed(db, &options).await.unwrap_or_else(|error| failed(error));
    let growth = Growth::read(db, &options, &accounts).await.unwrap_or_else(|error| failed(error)).into();
    outlook::forecast::run(db, &options, &accounts, &growth).await.unwrap_or_else(|error| failed(error));
    outlook::events::run(db, &options, &accounts, &growth).await.unwrap_or_else(|error| failed(error));
}

async fn populate(db: &Db, cases: &[Case], as_of: NaiveDate) -> Report {
    let case = &cases[0];
    let expected = |table: &&SummaryTable| {
        case.held_back.is_some()
            || cases.iter().flat_map(|case| &case.blocks).any(|block| match block {
                Block::Expect(object, _) | Block::ExpectAmong(object, _) => {
                    object == table.name || VIEWS.iter().any(|view| view.object() == object)
                }
                _ => false,
            })
    };
    let options = Options {
        accounts: Vec::new(),
        days: case.days,
        as_of: Some(as_of),
        tables: TABLES.iter().filter(expected).collect(),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    };
    support::refresh(db, &options).await.unwrap_or_else(|error| panic!("{}: {error:#}", case.title))
}

fn check_report(case: &Case, report: &Report) -> Result<(), String> {
    let reasons: Vec<&String> = report.held_back.iter().map(|refusal| &refusal.reason).collect();
    match &case.held_back {
        None if !reasons.is_empty() => return Err(format!("held back: {reasons:?}")),
        Some(sum) => {
            let (column, value) = sum.split_once(" = ").unwrap_or((sum, ""));
            let named = format!("{value} does not fit `{column}`");
            if !reasons.iter().any(|reason| reason.contains(&named)) {
                return Err(format!("{sum} should hold an account back, found {reasons:?}"));
            }
        }
        _ => {}
    }
    if !report.failed.is_empty() {
        return Err(format!("failed: {:?}", report.failed));
    }
    let rejected = report.rows_rejected.values().sum::<u64>();
    match case.rows_rejected {
        Some(expected) if expected != rejected => {
            Err(format!("{rejected} rows rejected, expected {expected}"))
        }
        _ => Ok(()),
    }
}

/// Resolves a date cell: `2024-03-01`, `today-3`, `monday`, `monday-7`, `month`, `month-1`.
fn date(text: &str, today: NaiveDate) -> Result<NaiveDate, String> {
    if let Ok(date) = text.parse() {
        return Ok(date);
    }
    let (word, offset) = match text.find(['+', '-']) {
        Some(sign) => {
            (&text[..sign], text[sign..].parse::<i64>().map_err(|_| format!("not a date: {text}"))?)
        }
        None => (text, 0),
    };
    let days = chrono::Duration::days(offset);
    match word {
        "today" => Ok(today + days),
        "monday" => Ok(monday(today) + days),
        "month" => {
            let first = today.with_day(1).expect("every month has a first day");
            Ok(first - Months::new(offset.unsigned_abs() as u32))
        }
        _ => Err(format!("not a date: {text}")),
    }
}

fn dates(text: &str, today: NaiveDate) -> Result<Vec<NaiveDate>, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (date(first, today)?, date(last, today)?);
    Ok(first.iter_days().take_while(|day| *day <= last).collect())
}

/// Columns and types of a raw source table, summary table, view or the run log.
fn columns_of(object: &str) -> Vec<(String, String)> {
    let view = format!("{object}_latest");
    if let Some(source) = SOURCES.iter().find(|source| source.name == view) {
        return source.columns.clone();
    }
    if object == REFRESH_LOG.object() {
        let columns = Definition::parse(&REFRESH_LOG).columns.into_iter();
        return columns.map(|column| (column.name, column.column_type)).collect();
    }
    let outlook = || OUTLOOK_TABLES.iter().chain(&OUTLOOK_VIEWS).find(|ddl| ddl.object() == object);
    let table =
        SummaryTable::find(object).map(SummaryTable::definition).or_else(|| outlook().map(Definition::parse));
    let view = || VIEWS.iter().find(|view| view.object() == object).map(Definition::parse);
    let definition = table.or_else(view).unwrap_or_else(|| panic!("unknown object {object}"));
    definition.columns.into_iter().map(|column| (column.name, column.column_type)).collect()
}

/// The rows of a table of the case; a row of the run log about `all` is one row about each of the seven tables.
fn rows_of(table: &Table) -> Vec<Vec<String>> {
    let Some(column) = table.header.iter().position(|name| name == "table_name") else {
        return table.rows.clone();
    };
    let mut rows = Vec::new();
    for row in &table.rows {
        let is_meant = |name: &str| row[column] == "all" || row[column] == name;
        for summary in TABLES.iter().filter(|summary| is_meant(summary.name)) {
            let mut row = row.clone();
            row[column] = summary.name.to_owned();
            rows.push(row);
        }
    }
    rows
}

async fn insert(db: &Db, object: &str, table: &Table, today: NaiveDate) -> Result<(), String> {
    let columns = columns_of(object);
    let mut tuples = Vec::new();
    for row in &rows_of(table) {
        let given: BTreeMap<&str, &str> =
            table.header.iter().map(String::as_str).zip(row.iter().map(String::as_str)).collect();
        let date_columns = ["week_start_date", "window_start", "for_date"];
        let date_column = date_columns.into_iter().find(|name| given.contains_key(name)).unwrap_or("date");
        let text = given.get(date_column).ok_or_else(|| format!("{object}: a row without {date_column}"))?;
        for day in dates(text, today)? {
            let literal = |(name, kind): &(String, String)| {
                let given = given.get(name.as_str()).copied();
                literal(object, name, kind, given, &given_delivered(&table.header, row), day, today)
            };
            let literals: Result<Vec<String>, String> = columns.iter().map(literal).collect();
            tuples.push(format!("({})", literals?.join(", ")));
        }
    }
    if !tuples.is_empty() {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let text = format!("INSERT INTO {object} ({}) VALUES {}", names.join(", "), tuples.join(", "));
        support::execute(db, text).await;
    }
    Ok(())
}

fn given_delivered(header: &[String], row: &[String]) -> Option<String> {
    let index = header.iter().position(|name| name == "delivered")?;
    Some(row[index].clone())
}

/// A cell as a SQL literal, with the defaults of the case format.
fn literal(
    object: &str,
    name: &str,
    kind: &str,
    given: Option<&str>,
    delivered: &Option<String>,
    day: NaiveDate,
    today: NaiveDate,
) -> Result<String, String> {
    let is_source = object.ends_with("_statistics");
    let default = match name {
        "klaviyo_public_id" => "acme".to_owned(),
        "send_channel" => "email".to_owned(),
        "campaign_message_id" | "flow_message_id" => "m1".to_owned(),
        "campaign_id" => "c1".to_owned(),
        "flow_id" => "f1".to_owned(),
        "form_id" => "p1".to_owned(),
        "segment_id" => "s1".to_owned(),
        "date" | "week_start_date" | "window_start" | "for_date" => day.to_string(),
        "recipients" if is_source => delivered.clone().unwrap_or_else(|| "0".to_owned()),
        "last_updated" => format!("{day} 12:00:00"),
        "state" => "published".to_owned(),
        _ => String::new(),
    };
    let is_row_date = matches!(name, "date" | "week_start_date" | "window_start" | "for_date");
    let value = match given {
        Some(cell) if !is_row_date && cell != "''" => unescape(cell),
        Some("''") => String::new(),
        _ => default,
    };
    Ok(match kind {
        "Date" if value.is_empty() => "toDate(0)".to_owned(),
        "Date" => format!("'{}'", date(&value, today)?),
        "DateTime" | "DateTime64(3)" if value.is_empty() => "now()".to_owned(),
        "DateTime" | "DateTime64(3)" => match value.split_once(' ') {
            Some((day, time)) => format!("'{} {time}'", date(day, today)?),
            None => format!("'{value}'"),
        },
        "String" | "LowCardinality(String)" => quote(&value),
        _ if kind.starts_with("Array") => "[]".to_owned(),
        _ if value.is_empty() => "0".to_owned(),
        _ if matches!(value.as_str(), "NaN" | "inf" | "-inf") => value,
        _ => evaluate_number(&value)?,
    })
}

/// A number stays as it is written; only an expression is computed.
fn evaluate_number(text: &str) -> Result<String, String> {
    if text.parse::<f64>().is_ok() {
        return Ok(text.to_owned());
    }
    evaluate(text).map(|value| format!("{value:?}"))
}

fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

fn unescape(cell: &str) -> String {
    cell.replace("\\n", "\n").replace("\\t", "\t")
}

/// The rows of a case, of the columns that it expects; of a summary table those of the window.
async fn actual(
    db: &Db,
    object: &str,
    expected: &Table,
    accounts: Option<&str>,
    window: Option<&Window>,
) -> Vec<Vec<String>> {
    let of_window = SummaryTable::find(object).zip(window).map(|(table, window)| {
        let (start, end) = window.bounds(table.grain);
        format!("{} BETWEEN '{start}' AND '{end}'", table.grain.date_column())
    });
    let of_accounts = accounts.map(|prefix| format!("startsWith(klaviyo_public_id, '{prefix}')"));
    let conditions: Vec<String> = of_window.into_iter().chain(of_accounts).collect();
    let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
    support::rows(db, format!("SELECT {} FROM {object} WHERE {condition}", expected.header.join(", "))).await
}

fn compare(
    object: &str,
    expected: &Table,
    among: bool,
    mut actual: Vec<Vec<String>>,
    today: NaiveDate,
) -> Result<Vec<String>, String> {
    let columns: BTreeMap<String, String> = columns_of(object).into_iter().collect();
    let kinds: Vec<&str> = expected
        .header
        .iter()
        .map(|name| {
            columns.get(name).map(String::as_str).ok_or_else(|| format!("{object} has no column {name}"))
        })
        .collect::<Result<_, _>>()?;
    let key = key_columns(object, &expected.header);
    let mut differences = Vec::new();
    for row in &expected.rows {
        for row in spread(row, &expected.header, &kinds, today)? {
            let same_key = |found: &Vec<String>| {
                key.iter().all(|index| same(kinds[*index], &row[*index], &found[*index]))
            };
            if among && actual.iter().filter(|found| same_key(found)).count() != 1 {
                differences.push(format!("{object}: not exactly one row for {}", row.join(" | ")));
                continue;
            }
            let matches = |found: &Vec<String>| {
                (0..row.len()).all(|index| same(kinds[index], &row[index], &found[index]))
            };
            match actual.iter().position(matches) {
                Some(index) => drop(actual.swap_remove(index)),
                None => {
                    let near: Vec<String> = actual
                        .iter()
                        .filter(|found| same_key(found))
                        .map(|found| found.join(" | "))
                        .collect();
                    let header = expected.header.join(" | ");
                    differences.push(format!(
                        "{object}: {header}\n  expected {}\n  found    {}",
                        row.join(" | "),
                        near.join("\n       or ")
                    ));
                }
            }
        }
    }
    if !among && differences.is_empty() && !actual.is_empty() {
        let more: Vec<String> = actual.iter().map(|row| row.join(" | ")).collect();
        differences.push(format!("{object}: rows that were not expected:\n  {}", more.join("\n  ")));
    }
    Ok(differences)
}

/// The columns of the header that identify a row: those of the sorting key, for a view its texts and dates.
fn key_columns(object: &str, header: &[String]) -> Vec<usize> {
    let columns = columns_of(object);
    let outlook = OUTLOOK_TABLES.iter().find(|ddl| ddl.object() == object).map(Definition::parse);
    let table = SummaryTable::find(object).map(SummaryTable::definition).or(outlook);
    let sorting_key = table.map(|definition| definition.sorting_key);
    let is_key = |name: &&String| match &sorting_key {
        Some(key) => key.split(", ").any(|column| column == name.as_str()),
        None => {
            columns.iter().any(|(column, kind)| column == *name && matches!(kind.as_str(), "String" | "Date"))
        }
    };
    header.iter().enumerate().filter(|(_, name)| is_key(name)).map(|(index, _)| index).collect()
}

/// Resolves dates; a range of dates becomes a row for each.
fn spread(
    row: &[String],
    header: &[String],
    kinds: &[&str],
    today: NaiveDate,
) -> Result<Vec<Vec<String>>, String> {
    let mut rows = vec![Vec::new()];
    for (index, cell) in row.iter().enumerate() {
        let choices = match kinds[index] {
            "Date" if matches!(header[index].as_str(), "date" | "week_start_date" | "for_date") => {
                let step = if header[index] == "week_start_date" { 7 } else { 1 };
                dates(cell, today)?.iter().step_by(step).map(NaiveDate::to_string).collect()
            }
            "Date" => vec![date(cell, today)?.to_string()],
            _ if cell == "''" => vec![String::new()],
            _ if cell == "null" => vec!["\\N".to_owned()],
            "String" => vec![unescape(cell)],
            _ => vec![cell.clone()],
        };
        let longer = rows.iter().flat_map(|row: &Vec<String>| {
            choices.iter().map(|choice| row.iter().cloned().chain([choice.clone()]).collect::<Vec<String>>())
        });
        rows = longer.collect();
    }
    Ok(rows)
}

/// Whether a found cell is the expected one: texts to the letter, numbers within what a Float32 holds.
fn same(kind: &str, expected: &str, found: &str) -> bool {
    if expected == found {
        return true;
    }
    let is_number = kind.contains("Int") || kind.contains("Float");
    let (Ok(expected), Ok(found)) = (evaluate(expected), found.parse::<f64>()) else { return false };
    let tolerance = if kind.contains("Int") { 0.0 } else { 1e-6 * expected.abs() + 1e-9 };
    is_number && found.is_finite() && (expected - found).abs() <= tolerance
}

#[test]
fn relative_dates_are_resolved() {
    let today = NaiveDate::from_ymd_opt(2024, 3, 1).expect("a date");
    let resolve = |text| date(text, today).map(|date| date.to_string());
    assert_eq!(resolve("today-1").as_deref(), Ok("2024-02-29"));
    assert_eq!(resolve("monday-7").as_deref(), Ok("2024-02-19"));
    assert_eq!(resolve("month-1").as_deref(), Ok("2024-02-01"));
    assert_eq!(dates("2024-02-28..today", today).map(|dates| dates.len()), Ok(3));
    assert_eq!(today + Days::new(1), date("today+1", today).expect("a date"));
}
