//! Tokens of raw statistics, helper views and payloads, medians over the seeded accounts (`scripts/bench tokens`).
//!
//! Raw rows are counted exactly and weighed by the mean tokens of a sample. Exits 1 where a bar is missed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aiviews::account::AccountId;
use aiviews::context::{self, Format, tokens};
use aiviews::db::Db;
use aiviews::db::connection::open;
use aiviews::db::retry::RetryPolicy;
use aiviews::db::target::{DEFAULT_DATABASE, Embedded, Target};
use aiviews::engine::exit_at_once;
use aiviews::question::QUESTIONS;
use aiviews::sql::Sql;
use anyhow::{Context, Result, ensure};

/// Rows of a source that stand for the others.
const SAMPLE: u32 = 40;
/// The most tokens of a medium account's whole context.
const CONTEXT_BAR: usize = 530;
/// The least share of the raw rows' tokens that a payload saves, in percent.
const SAVED_BAR: f64 = 98.0;
/// The most tokens of one row of an answer.
const ROW_BAR: f64 = 30.0;

/// What answers a question without aiviews: days of source rows, and the helper view with a condition.
fn without_us(question: &str) -> (&'static [&'static str], u32, &'static str) {
    const BOTH: &[&str] = &["campaign", "flow"];
    const CAMPAIGN: &[&str] = &["campaign"];
    const FLOW: &[&str] = &["flow"];
    match question {
        "campaigns_this_week" => (CAMPAIGN, 8, "ai_campaign_recent WHERE 1"),
        "top_campaigns" => (CAMPAIGN, 30, "ai_best_performers WHERE type = 'campaign'"),
        "low_open_rates" => (CAMPAIGN, 90, ""),
        "flows_by_revenue" | "flow_across_stores" => (FLOW, 30, "ai_best_performers WHERE type = 'flow'"),
        "week_against_week" | "what_changed" => (BOTH, 14, "ai_best_performers WHERE 1"),
        "weekly_revenue" => (BOTH, 84, ""),
        "channels_compared" => (BOTH, 30, "ai_channel_comparison WHERE 1"),
        "best_day_to_send" => (CAMPAIGN, 90, "ai_day_of_week_patterns WHERE source = 'campaign'"),
        "anomalies" => (BOTH, 58, ""),
        "stores_compared" => (BOTH, 60, ""),
        "segments" => (&["segment"], 33, ""),
        "forms" => (&["form"], 30, ""),
        "monthly_history" => (BOTH, 365, "ai_historical_baseline WHERE 1"),
        "timeline" => (BOTH, 215, ""),
        "benchmarks" => (BOTH, 90, ""),
        "worst_campaigns" | "campaign" => (CAMPAIGN, 90, ""),
        "list_health" => (BOTH, 120, ""),
        "why_revenue_changed" => (BOTH, 14, ""),
        "revenue_outlook" => (BOTH, 365, "ai_revenue_outlook WHERE 1"),
        "data_freshness" => (&["campaign", "flow", "form", "segment"], 1, ""),
        "context" => (&["campaign", "flow", "form", "segment"], 125, ""),
        other => panic!("what answers {other} without aiviews"),
    }
}

/// Tokens of one question and account.
#[derive(Clone, Copy, Default)]
struct Cost {
    raw: usize,
    view: usize,
    payload: usize,
    rows: usize,
    row_tokens: usize,
}

#[tokio::main]
async fn main() {
    let outcome = measure().await;
    if let Err(error) = &outcome {
        eprintln!("error: {error:#}");
    }
    // The engine's own teardown is not waited for, as in the program.
    exit_at_once(if outcome.is_ok() { 0 } else { 1 })
}

async fn measure() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: tokens DATA_DIR")?);
    let target =
        Target::Embedded(Embedded { data_dir: folder, library: None, database: DEFAULT_DATABASE.to_owned() });
    let connection = open(&target, RetryPolicy::default(), std::time::Instant::now()).await?;
    let db = &connection.db;
    let ids =
        lines(db, "SELECT DISTINCT klaviyo_public_id FROM channel_performance_daily ORDER BY 1").await?;
    let accounts: Vec<AccountId> = ids.iter().filter_map(|id| AccountId::new(id)).collect();
    let mut costs: BTreeMap<&str, Vec<Cost>> = BTreeMap::new();
    let mut formats: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for account in &accounts {
        let weights = weights(db, account).await?;
        for question in QUESTIONS.iter() {
            let given = match question.name {
                "flow_across_stores" => vec![("flow".to_owned(), "welcome".to_owned())],
                "campaign" => vec![("campaign".to_owned(), "e".to_owned())],
                _ => Vec::new(),
            };
            let payload = context::of_question(db, account, question, &question.values(&given)?).await?;
            let rows = payload.sections[0].rows.len();
            let mut bare = payload.clone();
            bare.sections[0].rows.clear();
            let payload = tokens::count(&Format::Text.write(&payload));
            let row_tokens = payload - tokens::count(&Format::Text.write(&bare));
            let (raw, view) = outside(db, account, question.name, &weights).await?;
            costs.entry(question.name).or_default().push(Cost { raw, view, payload, rows, row_tokens });
        }
        let payload = context::of_account(db, account).await?;
        for (name, format) in [
            ("text", Format::Text),
            ("json", Format::Json),
            ("markdown", Format::Markdown),
            ("toon", Format::Toon),
        ] {
            formats.entry(name).or_default().push(tokens::count(&format.write(&payload)));
        }
        let (raw, view) = outside(db, account, "context", &weights).await?;
        let payload = tokens::count(&Format::Text.write(&payload));
        costs.entry("context").or_default().push(Cost { raw, view, payload, ..Cost::default() });
    }
    report(accounts.len(), &costs, &formats)
}

/// Tokens of the source rows and of the helper view's rows, as JSON.
async fn outside(
    db: &Db,
    account: &AccountId,
    question: &str,
    weights: &BTreeMap<&str, f64>,
) -> Result<(usize, usize)> {
    let (sources, days, view) = without_us(question);
    let mut raw = 0.0;
    for source in sources {
        let sql = format!(
            "SELECT count() FROM {source}_statistics_latest WHERE klaviyo_public_id = '{account}' AND date > today() - {days}"
        );
        let rows: f64 = lines(db, &sql).await?[0].parse()?;
        raw += rows * weights[source];
    }
    let mut seen = 0;
    if !view.is_empty() {
        let sql = format!("SELECT * FROM {view} AND klaviyo_public_id = '{account}'");
        let text = json(db, &sql).await?;
        seen = tokens::count(&text);
    }
    Ok((raw as usize, seen))
}

/// Mean tokens of a row of each source.
async fn weights(db: &Db, account: &AccountId) -> Result<BTreeMap<&'static str, f64>> {
    let mut weights = BTreeMap::new();
    for source in ["campaign", "flow", "form", "segment"] {
        let sql = format!(
            "SELECT * FROM {source}_statistics_latest WHERE klaviyo_public_id = '{account}' ORDER BY date DESC LIMIT {SAMPLE}"
        );
        let text = json(db, &sql).await?;
        weights.insert(source, tokens::count(&text) as f64 / text.lines().count().max(1) as f64);
    }
    Ok(weights)
}

async fn json(db: &Db, sql: &str) -> Result<String> {
    let sql = Sql { name: "bench".into(), text: sql.to_owned().into() };
    Ok(String::from_utf8_lossy(&db.statement(&sql).fetch_format("JSONEachRow").await?).into_owned())
}

async fn lines(db: &Db, sql: &str) -> Result<Vec<String>> {
    let sql = Sql { name: "bench".into(), text: sql.to_owned().into() };
    let bytes = db.statement(&sql).fetch_format("TabSeparated").await?;
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

fn report(
    accounts: usize,
    costs: &BTreeMap<&str, Vec<Cost>>,
    formats: &BTreeMap<&str, Vec<usize>>,
) -> Result<()> {
    println!("Tokens (o200k_base), medians over {accounts} seeded accounts.\n");
    println!("| whole context as | tokens |\n|---|--:|");
    for (format, counts) in formats {
        println!("| {format} | {} |", median(counts.clone()));
    }
    println!(
        "\n| question | raw rows as JSON | helper view as JSON | payload | saved | rows | tokens a row |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut missed = Vec::new();
    let names = QUESTIONS.iter().map(|question| question.name).chain(["context"]);
    for name in names {
        let all = &costs[name];
        let of = |part: fn(&Cost) -> usize| median(all.iter().map(part).collect());
        let (raw, view, payload) = (of(|cost| cost.raw), of(|cost| cost.view), of(|cost| cost.payload));
        let (rows, row_tokens): (usize, usize) =
            all.iter().fold((0, 0), |sum, cost| (sum.0 + cost.rows, sum.1 + cost.row_tokens));
        let per_row = if rows > 0 { row_tokens as f64 / rows as f64 } else { 0.0 };
        let saved = 100.0 * (1.0 - payload as f64 / raw.max(1) as f64);
        let shown = |tokens: usize| if tokens == 0 { "-".to_owned() } else { tokens.to_string() };
        let rows = shown(of(|cost| cost.rows));
        let per_row_shown = if name == "context" { "-".to_owned() } else { format!("{per_row:.1}") };
        println!(
            "| {name} | {} | {} | {payload} | {saved:.1} % | {rows} | {per_row_shown} |",
            shown(raw),
            shown(view)
        );
        if per_row > ROW_BAR {
            missed.push(format!("{name}: {per_row:.1} tokens a row"));
        }
        if name == "context" && (payload > CONTEXT_BAR || saved < SAVED_BAR) {
            missed.push(format!("context: {payload} tokens, {saved:.1} % saved"));
        }
    }
    ensure!(missed.is_empty(), "bars missed: {}", missed.join("; "));
    Ok(())
}
