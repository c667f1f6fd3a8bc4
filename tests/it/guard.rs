//! SQL that somebody else wrote: what is refused, what is contained, and that the rest is answered rightly.

use aiviews::account::AccountId;
use aiviews::db::Db;
use aiviews::exit::stop::Stop;
use aiviews::mcp::guard::{self, Refusal, Scope, Wall, Walls};
use aiviews::question::Answer;
use aiviews::schema::{Column, Definition, Grain, TABLES};
use serde_json::Value;

use crate::support;

/// What every text of the account says that nobody may see; its numbers have this one in them.
pub const CANARY: &str = "CANARY";
pub const CANARY_NUMBER: &str = "7777";

/// A database with three accounts: `mine`, another like it, and the canary; and beside it a table that is not ours.
pub async fn agency(test: &str) -> Db {
    let db = support::database(test).await;
    support::migrate(&db).await;
    fill_agency(&db).await;
    db
}

/// The same in a database that has been migrated.
pub async fn fill_agency(db: &Db) {
    for account in ["mine", "other", CANARY] {
        fill(db, account).await;
    }
    for statement in [
        "CREATE TABLE customers (id UInt8, name String) ENGINE = MergeTree ORDER BY name",
        "CREATE TABLE CANARY_table (id UInt8) ENGINE = MergeTree ORDER BY id",
        "INSERT INTO customers VALUES (1, 'CANARY')",
        "CREATE VIEW customer_names AS SELECT name FROM customers",
        "CREATE VIEW customers_of AS SELECT name FROM customers WHERE id > {least_id:UInt8}",
    ] {
        support::execute(db, statement).await;
    }
}

/// Rows of an account in every summary table, computed from their keys.
async fn fill(db: &Db, account: &str) {
    for table in &TABLES {
        let definition = table.definition();
        let (dates, step) = match table.grain {
            Grain::Daily => ("today() - number", 70),
            Grain::Weekly => ("toMonday(today()) - 7 * number", 12),
        };
        let columns = &definition.columns;
        let values: Vec<String> =
            columns.iter().map(|column| value_of(&definition, column, account)).collect();
        let text = format!(
            "INSERT INTO {} ({}) SELECT {} FROM (SELECT number AS n, toString(i) AS i, channel, {dates} AS day \
             FROM numbers({step}) ARRAY JOIN [1, 2, 3] AS i, ['email', 'sms', 'email'] AS channel)",
            definition.name,
            definition.column_list(),
            values.join(", ")
        );
        support::execute(db, text).await;
    }
}

fn value_of(definition: &Definition, column: &Column, account: &str) -> String {
    let is_canary = account == CANARY;
    let hash = format!("cityHash64('{account}', '{}', '{}', day, i) % 100", definition.name, column.name);
    match (column.name.as_str(), column.column_type.as_str()) {
        ("klaviyo_public_id", _) => format!("'{account}'"),
        ("date" | "week_start_date", _) => "day".to_owned(),
        ("send_channel", _) if !is_canary => "channel".to_owned(),
        ("day_name", _) if !is_canary => "dateName('weekday', day)".to_owned(),
        ("day_of_week", _) => "toDayOfWeek(day)".to_owned(),
        (name, kind) if kind.contains("String") => match () {
            () if is_canary => format!("'{CANARY}'"),
            () if name.ends_with("_id") => format!("'{}' || i", &name[..1]),
            () => "['Welcome', 'Sale 1', 'Back in stock'][toUInt8(i)]".to_owned(),
        },
        (_, kind) if kind.starts_with("DateTime") => "toDateTime(today())".to_owned(),
        (_, "Date") => "day".to_owned(),
        (_, "UInt8") => format!("({hash}) % 2"),
        (_, kind) if kind.starts_with("Float") && is_canary => format!("{CANARY_NUMBER}.25"),
        (_, kind) if kind.starts_with("Float") => format!("({hash}) / 128"),
        (_, "UInt16") => format!("toUInt16({})", if is_canary { CANARY_NUMBER } else { hash.as_str() }),
        _ if is_canary => CANARY_NUMBER.to_owned(),
        _ => hash,
    }
}

pub fn mine() -> Scope {
    Scope::Accounts(vec![AccountId::new("mine").expect("an id")])
}

/// What became of a statement.
#[derive(Debug)]
enum Fate {
    /// A wall refused it.
    Refused(Wall),
    /// The engine did.
    Failed(String),
    /// It ran.
    Answered(Answer),
}

impl Fate {
    fn shows_canary(&self) -> bool {
        let text = match self {
            Fate::Refused(_) => return false,
            Fate::Failed(text) => text.clone(),
            Fate::Answered(answer) => serde_json::to_string(&answer.rows).expect("JSON"),
        };
        text.contains(CANARY) || text.contains(CANARY_NUMBER)
    }
}

async fn try_with(db: &Db, text: &str, walls: Walls) -> Fate {
    let (_sender, stop) = Stop::by_hand();
    let checked = match guard::check_with(db, text, &mine(), walls).await {
        Ok(checked) => checked,
        Err(error) => {
            return match error.downcast_ref::<Refusal>() {
                Some(refusal) => Fate::Refused(refusal.wall),
                None => Fate::Failed(format!("{error:#}")),
            };
        }
    };
    match checked.run(db, 10_000, 0, &stop).await {
        Ok(rows) => Fate::Answered(rows.answer),
        Err(error) => Fate::Failed(format!("{error:#}")),
    }
}

/// An attack of the table: what stops it, whether it shows others' rows where that is away, the statement.
pub struct Attack {
    pub wall: String,
    leaks_without: bool,
    pub text: String,
}

pub fn attacks(database: &str) -> Vec<Attack> {
    let rows = include_str!("../data/attacks.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let (wall, text) = line.split_once('\t').expect("two columns");
        let text = text.replace("<long>", &"x".repeat(20_000));
        let text = text.replace("<deep>", &format!("{}1{}", "(".repeat(70), ")".repeat(70)));
        let text = text.replace("<this>", database).replace("<other>", &format!("{database}_other"));
        let text =
            text.replace("\\\\", "\u{1}").replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0");
        Attack {
            wall: wall.trim_end_matches('!').to_owned(),
            leaks_without: wall.ends_with('!'),
            text: text.replace('\u{1}', "\\"),
        }
    })
    .collect()
}

/// Each attack is stopped by the wall that the table names, and is not stopped where that wall is away: none is there
/// for show.
#[tokio::test(flavor = "multi_thread")]
async fn every_attack_is_refused_or_contained_by_its_wall() {
    let db = agency("guard_attacks").await;
    let other = format!("{}_other", db.database());
    support::execute(&db, format!("CREATE DATABASE {other}")).await;
    support::execute(
        &db,
        format!(
            "CREATE TABLE {other}.campaign_ai_summary ENGINE = MergeTree ORDER BY campaign_id AS \
                 SELECT campaign_id FROM campaign_ai_summary WHERE klaviyo_public_id = '{CANARY}'"
        ),
    )
    .await;
    let attacks = attacks(db.database());
    assert!(attacks.len() >= 170, "{}", attacks.len());
    let mut wrong = Vec::new();
    let mut only_lexer = 0;
    for Attack { wall, leaks_without, text } in &attacks {
        let shown: String = text.chars().take(200).collect();
        let fate = try_with(&db, text, Walls::ALL).await;
        let is_stopped = match (&fate, wall.as_str()) {
            (Fate::Refused(Wall::Lexer), "lexer") | (Fate::Refused(Wall::Parser), "parser") => true,
            // The engine's own parser may refuse it first.
            (Fate::Failed(_), "parser") => !leaks_without && !fate.shows_canary(),
            (Fate::Answered(_) | Fate::Failed(_), "shadow") => !fate.shows_canary(),
            _ => false,
        };
        if !is_stopped {
            wrong.push(format!("{wall} does not stop {shown}: {fate:?}"));
        }
        match wall.as_str() {
            "lexer" => {
                // Nothing runs: some of it would end the engine.
                let walls = Walls { lexer: false, ..Walls::ALL };
                only_lexer += usize::from(guard::check_with(&db, text, &mine(), walls).await.is_ok());
            }
            _ if *leaks_without => {
                let walls = match wall.as_str() {
                    "parser" => Walls { parser: false, ..Walls::ALL },
                    _ => Walls { shadow: false, ..Walls::ALL },
                };
                let fate = try_with(&db, text, walls).await;
                if !fate.shows_canary() {
                    wrong.push(format!("without {wall} still nothing is shown by {shown}: {fate:?}"));
                }
            }
            _ => {}
        }
    }
    // The engine's own words quote a row; ours do not, whatever walls stand.
    let quoting = "SELECT flow_name FROM flow_ai_summary WHERE klaviyo_public_id = 'CANARY' AND toUInt64(flow_name) = 0";
    let error = db.statement(&support::sql(quoting)).fetch_format("TSV").await.expect_err("no number");
    assert!(format!("{error:#}").contains(&format!("Cannot parse string '{CANARY}'")), "{error:#}");
    let walls = Walls { lexer: false, parser: false, shadow: false };
    let fate = try_with(&db, quoting, walls).await;
    assert!(matches!(fate, Fate::Failed(_)) && !fate.shows_canary(), "{fate:?}");
    support::execute(&db, format!("DROP DATABASE {other} SYNC")).await;
    support::drop_database(&db).await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
    assert!(only_lexer >= 3, "{only_lexer}");
    println!("{} attacks, {only_lexer} stopped by the lexer alone", attacks.len());
}

/// At least 95 % of what analysts write is answered, and as on a database that has that account alone.
#[tokio::test(flavor = "multi_thread")]
async fn ordinary_queries_are_answered_as_if_the_account_were_alone() {
    let agency = agency("guard_agency").await;
    let alone = support::database("guard_alone").await;
    support::migrate(&alone).await;
    fill(&alone, "mine").await;
    let queries: Vec<&str> = include_str!("../data/analyst.sql").split("\n\n").skip(1).collect();
    assert!(queries.len() >= 100, "{}", queries.len());
    let (mut refused, mut wrong) = (Vec::new(), Vec::new());
    for query in &queries {
        let expected = match rows_of(&alone, query).await {
            Ok(rows) => rows,
            Err(error) => {
                wrong.push(format!("{query}\n    is no query: {error:#}"));
                continue;
            }
        };
        let fate = try_with(&agency, query, Walls::ALL).await;
        let Fate::Answered(answer) = fate else {
            refused.push(format!("{query}\n    {fate:?}"));
            continue;
        };
        let rows: Vec<String> = answer.rows.iter().map(|row| rounded(row)).collect();
        let is_ordered = query.rfind("ORDER BY") > query.rfind(')');
        let (rows, expected) = if is_ordered { (rows, expected) } else { (sorted(rows), sorted(expected)) };
        if rows != expected || rows.is_empty() && !query.contains("EXCEPT") {
            wrong.push(format!("{query}\n    {rows:?}\n    {expected:?}"));
        }
    }
    support::drop_database(&agency).await;
    support::drop_database(&alone).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        refused.len() * 20 <= queries.len(),
        "{} of {}:\n{}",
        refused.len(),
        queries.len(),
        refused.join("\n")
    );
    println!("{} of {} queries answered", queries.len() - refused.len(), queries.len());
    println!("{}", refused.join("\n"));
}

async fn rows_of(db: &Db, query: &str) -> anyhow::Result<Vec<String>> {
    let checked =
        guard::check_with(db, query, &Scope::All, Walls { lexer: false, parser: false, shadow: false });
    let (_sender, stop) = Stop::by_hand();
    let rows = checked.await?.run(db, 10_000, 0, &stop).await?;
    Ok(rows.answer.rows.iter().map(|row| rounded(row)).collect())
}

/// A row as text, its fractions to nine digits: sums of floats differ in the last ones with their order.
fn rounded(row: &[Value]) -> String {
    fn cell(value: &Value) -> String {
        match value {
            Value::Number(number) if !number.is_i64() => {
                format!("{:.8e}", number.as_f64().unwrap_or(f64::NAN))
            }
            Value::Array(cells) => format!("[{}]", cells.iter().map(cell).collect::<Vec<_>>().join(", ")),
            Value::Object(cells) => {
                let cells = cells.iter().map(|(name, value)| format!("{name}: {}", cell(value)));
                format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        }
    }
    row.iter().map(cell).collect::<Vec<_>>().join(" | ")
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}
