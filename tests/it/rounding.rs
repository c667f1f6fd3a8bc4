//! Every figure that is told was rounded once, from its exact value: in the questions, the sections and the sentences.

use aiviews::account::AccountId;
use aiviews::context::{self, Insight, Payload, Section};
use aiviews::db::Db;
use aiviews::exit::stop::Stop;
use aiviews::question::{self, Answer, QUESTIONS, Question, Reach};
use aiviews::refresh::Options;
use aiviews::schema::TABLES;
use aiviews::seed::{self, Size};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::support;

/// An account made so that a figure that is rounded twice differs: see the test's arithmetic.
const EDGE: &str = "EDGE01";

/// Seeded accounts, and the one on the edge.
async fn accounts(db: &Db) -> Vec<AccountId> {
    support::migrate(db).await;
    let (_sender, stop) = Stop::by_hand();
    let size = Size { accounts: 8, days: 60, seed: 23, stories: false, known_on: None };
    seed::seed(db, size, &stop, &ProgressBar::hidden()).await.expect("seed");
    // Yesterday's day is another than the six before it, so that the week is what it has to be.
    let edge = format!(
        "INSERT INTO flow_statistics (klaviyo_public_id, date, flow_id, flow_message_id, flow_name, send_channel, \
         recipients, delivered, opens, opens_unique, clicks, clicks_unique, conversions, conversion_uniques, \
         conversion_value, last_updated, updated_at) \
         SELECT '{EDGE}', today() - number, 'f', 'm', 'Edge', 'email', 1000000, 1000000, 500000, 414963, 400000, \
             314968, 20, 20, multiIf(number = 1, 181.3525, number < 8, 179.4963, 155.642357), now64(3), now64(3) \
         FROM numbers(1, 59)"
    );
    support::execute(db, edge).await;
    let options = Options {
        accounts: Vec::new(),
        days: 60,
        as_of: None,
        tables: TABLES.iter().collect(),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    };
    support::refresh(db, &options).await.expect("populate");
    let ids = support::rows(db, "SELECT DISTINCT klaviyo_public_id FROM channel_performance_daily").await;
    ids.iter().map(|row| AccountId::new(&row[0]).expect("an id")).collect()
}

/// Rounded from the exact value, a half to the even neighbour.
fn once(exact: f64, decimals: usize) -> f64 {
    format!("{exact:.decimals$}").parse().expect("a number")
}

fn given(question: &'static Question, values: &[(&str, &str)]) -> Vec<(&'static str, question::Value)> {
    let values: Vec<(String, String)> =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    question.values(&values).expect("values")
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_rounded_once() {
    let db = support::database("rounding").await;
    let accounts = accounts(&db).await;
    let reach = Reach::read(&db, &accounts).await.expect("the run log");
    let mut figures = 0;
    for question in QUESTIONS.iter() {
        let values = match question.name {
            "campaign" => given(question, &[("campaign", "e"), ("limit", "1000")]),
            "flow_across_stores" => given(question, &[("flow", "e"), ("limit", "1000")]),
            "low_open_rates" => given(question, &[("threshold", "100"), ("limit", "1000")]),
            _ => given(question, &[("limit", "1000")]),
        };
        let exact = question.ask_exactly(&db, &accounts, &values, &reach).await.expect("an answer");
        let shown = question.ask_within(&db, &accounts, &values, &reach).await.expect("an answer");
        assert_is_exact(question, &exact);
        figures += assert_rounded_once(question, &exact, &shown);
    }
    for account in &accounts {
        let payload = context::of_account(&db, account).await.expect("a payload");
        figures += assert_sections(&db, account, &reach, &payload).await;
        figures += payload.insights.iter().map(assert_sentence).sum::<usize>();
        payload.insights.iter().for_each(assert_claims_what_it_may);
        assert_agree(&payload);
        if account.as_str() == EDGE {
            assert_edge(&payload);
        }
    }
    support::drop_database(&db).await;
    assert!(figures > 5000, "only {figures} figures");
}

/// No column of rates is rounded where it is computed: nearly all of its figures go on after the sixth decimal.
fn assert_is_exact(question: &Question, exact: &Answer) {
    let of_rates = |name: &&String| name.ends_with("_pct") || name.contains("per_1000");
    for name in exact.columns.iter().filter(of_rates) {
        let cells = (0..exact.rows.len()).filter_map(|row| exact.number(row, name));
        let figures: Vec<f64> = cells.filter(|number| number.fract() != 0.0).collect();
        let endless = figures.iter().filter(|number| once(**number, 6) != **number).count();
        assert!(2 * endless >= figures.len(), "{}.{name} was rounded: {figures:?}", question.name);
    }
}

/// What is shown is the exact figure with as many decimals as the question says, or more where it says `+`.
fn assert_rounded_once(question: &Question, exact: &Answer, shown: &Answer) -> usize {
    assert_eq!((&exact.columns, exact.rows.len()), (&shown.columns, shown.rows.len()));
    let mut figures = 0;
    for (row, name) in (0..exact.rows.len()).flat_map(|row| exact.columns.iter().map(move |name| (row, name)))
    {
        let (cell, told) = (exact.cell(row, name), shown.cell(row, name));
        let decimals = question.decimals.iter().find(|(column, _)| column == name);
        let (Some(number), Some((_, decimals)), false) =
            (cell.as_f64(), decimals, cell.is_i64() || cell.is_u64())
        else {
            assert_eq!(cell, told, "{}.{name}", question.name);
            continue;
        };
        let most = if decimals.tell_apart { 6 } else { decimals.least };
        let can_be = |digits| told.as_f64() == Some(once(number, digits));
        assert!((decimals.least..=most).any(can_be), "{}.{name}: {told} of {number}", question.name);
        figures += 1;
    }
    figures
}

/// An answer as `context` asks for it.
async fn asked(db: &Db, account: &AccountId, reach: &Reach, name: &str, values: &[(&str, &str)]) -> Answer {
    let question = question::find(name).expect("known");
    let values = given(question, values);
    question.ask_exactly(db, std::slice::from_ref(account), &values, reach).await.expect("an answer")
}

/// Columns of movers, and where they come from.
const MOVED: [(&str, &str); 3] =
    [("change", "change"), ("orders", "conversions"), ("orders before", "conversions_before")];

/// Whole from this size on, else two decimals.
const WHOLE_FROM: f64 = 10.0;

/// A cell is the exact figure rounded once.
fn assert_cell(what: &str, told: &Value, exact: &Value, whole_from: f64) -> usize {
    let expected = match exact.as_f64() {
        Some(number) if !exact.is_i64() && !exact.is_u64() => {
            Some(once(number, if number.abs() >= whole_from { 0 } else { 2 }))
        }
        number => number,
    };
    assert_eq!(told.as_f64(), expected, "{what}: {told} of {exact}");
    usize::from(expected.is_some())
}

/// Columns of a section under the names of the answer that they come from, row by row.
fn assert_columns(section: &Section, exact: &Answer, columns: &[(&str, &str)]) -> usize {
    let mut figures = 0;
    for (title, name) in columns {
        let Some(column) = section.columns.iter().position(|it| it == title) else { continue };
        for (row, cells) in section.rows.iter().enumerate() {
            let what = format!("{}.{title}", section.name);
            figures += assert_cell(&what, &cells[column], exact.cell(row, name), WHOLE_FROM);
        }
    }
    figures
}

async fn assert_sections(db: &Db, account: &AccountId, reach: &Reach, payload: &Payload) -> usize {
    let ask = async |name: &str, limit: &str| asked(db, account, reach, name, &[("limit", limit)]).await;
    let timeline = asked(db, account, reach, "timeline", &[("months", "3"), ("limit", "1000")]).await;
    let rates = [("revenue", "revenue"), ("open", "open_rate_pct"), ("click", "click_rate_pct")];
    let mut figures = 0;
    for section in &payload.sections {
        figures += match section.name {
            "days" => assert_columns(section, &timeline.only("period", "day"), &rates),
            "weeks" => assert_columns(section, &timeline.only("period", "week"), &rates),
            "months" => assert_columns(section, &timeline.only("period", "month"), &rates),
            "channels" => {
                let channels = ask("channels_compared", "1000").await;
                assert_columns(section, &channels, &[&rates[..], &[("share%", "share_pct")]].concat())
            }
            "movers" => assert_columns(section, &ask("what_changed", "2").await, &MOVED),
            "segments" => {
                assert_columns(section, &ask("segments", "2").await, &[("week%", "week_change_pct")])
            }
            "forms" => assert_columns(
                section,
                &ask("forms", "2").await,
                &[("submit%", "submit_rate_pct"), ("views", "views")],
            ),
            "unusual" => {
                let columns = [("%", "rate_pct"), ("usual%", "usual_pct")];
                assert_columns(section, &ask("anomalies", "2").await, &columns)
            }
            "change" => assert_changes(section, &ask("week_against_week", "10").await),
            "weekdays" => assert_weekdays(section, &ask("best_day_to_send", "1000").await),
            "usual" => assert_usual(section, &ask("benchmarks", "1000").await),
            name => panic!("section `{name}` is not looked at"),
        };
    }
    figures
}

fn assert_changes(section: &Section, weeks: &Answer) -> usize {
    let told = |row: &usize| weeks.text(*row, "measure") != "conversions";
    let rows: Vec<usize> = (0..weeks.rows.len()).filter(told).collect();
    assert_eq!(rows.len(), section.rows[0].len());
    let cells = rows.iter().zip(&section.rows[0]);
    cells.map(|(row, cell)| assert_cell("change", cell, weeks.cell(*row, "change_pct"), WHOLE_FROM)).sum()
}

fn assert_weekdays(section: &Section, weekdays: &Answer) -> usize {
    let cells = section.columns.iter().zip(&section.rows[0]);
    let of_day = |(day, cell): (&String, &Value)| {
        let exact = (0..weekdays.rows.len()).find(|row| {
            weekdays.text(*row, "day").starts_with(day) && !weekdays.cell(*row, "stands_out").is_null()
        });
        assert_cell("weekdays", cell, weekdays.cell(exact.expect("a weekday"), "vs_other_days_pct"), 0.0)
    };
    cells.map(of_day).sum()
}

fn assert_usual(section: &Section, benchmarks: &Answer) -> usize {
    let mut figures = 0;
    for row in 0..benchmarks.rows.len() {
        let told =
            section.rows.iter().find(|told| told[0] == *benchmarks.cell(row, "channel")).expect("told");
        let first = if benchmarks.text(row, "kind") == "campaigns" { 1 } else { 3 };
        for (place, name) in ["open_rate_pct", "click_rate_pct"].into_iter().enumerate() {
            figures += assert_cell("usual", &told[first + place], benchmarks.cell(row, name), WHOLE_FROM);
        }
    }
    figures
}

/// Every number of a sentence is one of its figures, rounded once. Names, dates and the words of forecasts and events, which
/// round by rules of their own, are passed over.
fn assert_sentence(insight: &Insight) -> usize {
    if insight.figures.is_empty() || insight.figures[0].0 == "already_in" {
        return 0;
    }
    let constant = ["7", "1000"];
    let outside_names = insight.text.split('"').step_by(2).collect::<String>();
    let words = outside_names.split(' ').map(|word| word.trim_matches(['(', ')', ',', ':', '+', '-']));
    let numbers = words.filter(|word| !constant.contains(word)).filter_map(|word| word.parse::<f64>().ok());
    let is_figure = |number: f64| {
        insight.figures.iter().any(|(_, exact)| {
            number == once(exact.abs(), 0) || (exact.abs() < WHOLE_FROM && number == once(exact.abs(), 2))
        })
    };
    numbers.map(|number| assert!(is_figure(number), "{number}: {insight:?}")).count()
}

/// One thing is called better than another only where a rank test within one channel says so, which is the sentence about
/// weekdays. Nothing else compares channels, forms or flows, and nothing is advised: its cost is not in the data.
fn assert_claims_what_it_may(insight: &Insight) {
    assert_eq!(insight.advice, None, "{insight:?}");
    let text = insight.text.split('"').step_by(2).collect::<String>().to_lowercase();
    let compares = [
        " than ",
        "better",
        "worse",
        "best",
        "worst",
        "outperform",
        "should",
        "consider",
        "instead",
        "form ",
    ];
    if compares.iter().any(|word| text.contains(word)) {
        let figures: Vec<&str> = insight.figures.iter().map(|(name, _)| *name).collect();
        assert_eq!(figures, ["vs_other_days_pct", "revenue_per_1000", "sends"], "{insight:?}");
    }
    let channels = ["email", "sms", "push-notification"];
    assert!(channels.iter().filter(|channel| text.contains(*channel)).count() <= 1, "{insight:?}");
}

/// The change of revenue in the sentence is the one of the section.
fn assert_agree(payload: &Payload) {
    let is_week = |insight: &&Insight| insight.text.starts_with("Revenue of the last 7 days");
    let Some(sentence) = payload.insights.iter().find(is_week) else { return };
    let section = payload.sections.iter().find(|section| section.name == "change").expect("a section");
    let change = section.rows[0][0].as_f64().expect("a change").abs();
    assert!(sentence.text.contains(&format!(" {change} % ")), "{change}: {}", sentence.text);
}

/// 6 x 179.4963 + 181.3525 = 1,258.3303 after 7 x 155.642357 = 1,089.496499: +15.4965 %. Opens 41.4963 %, clicks 31.4968 %.
/// Each figure is just below a half: rounded to cents first, it would be the half and go up.
fn assert_edge(payload: &Payload) {
    let section = |name: &str| payload.sections.iter().find(|section| section.name == name).expect("told");
    let column = |name: &str, title: &str| -> Vec<Value> {
        let section = section(name);
        let column = section.columns.iter().position(|it| it == title).expect("a column");
        section.rows.iter().map(|row| row[column].clone()).collect()
    };
    assert_eq!(column("days", "revenue"), [181, 179, 179, 179, 179, 179, 179].map(|day| json!(day)));
    assert_eq!(column("days", "open"), [41; 7].map(|day| json!(day)));
    assert_eq!(column("weeks", "revenue")[0], json!(1089));
    assert_eq!(column("channels", "click"), [json!(31)]);
    assert_eq!(column("usual", "flow open"), [json!(41)]);
    assert_eq!(column("change", "revenue"), [json!(15)]);
    assert_eq!(
        payload.insights[0].text,
        "Revenue of the last 7 days is up 15 % on the 7 before (1258 after 1089): messages sent 0 %, revenue per 1000 \
         +15 %"
    );
}
