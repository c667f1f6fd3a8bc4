//! What comes next: the sample accounts that it is tested by, and forecasts of several days against what came.

use std::time::Instant;

use aiviews::account::AccountId;
use aiviews::db::Db;
use aiviews::exit::stop::Stop;
use aiviews::outlook;
use aiviews::refresh::{self, Order};
use aiviews::seed::{self, Size};
use chrono::{Days, NaiveDate};
use indicatif::ProgressBar;

use serde_json::{Value, json};

use crate::child::Place;
use crate::support::{self, rows};

const SIZE: Size = Size { accounts: 1, days: 150, seed: 3, stories: true, known_on: None };

async fn make(db: &Db, size: Size) {
    let (_sender, stop) = Stop::by_hand();
    seed::seed(db, size, &stop, &ProgressBar::hidden()).await.expect("seed");
}

async fn today(db: &Db) -> NaiveDate {
    rows(db, "SELECT today()").await[0][0].parse().expect("a date")
}

/// Everything that the sources have of accounts with a story, or of the others.
async fn fingerprint(db: &Db, condition: &str) -> Vec<Vec<String>> {
    let of = |kind: &str| {
        format!(
            "SELECT '{kind}', count(), sum(cityHash64(*)) FROM {kind}_statistics_latest WHERE klaviyo_public_id {condition}"
        )
    };
    let mut all = rows(db, ["campaign", "flow", "form", "segment"].map(of).join(" UNION ALL ")).await;
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_with_a_story_change_no_other_and_show_what_was_known() {
    let db = support::database("stories").await;
    make(&db, Size { stories: false, ..SIZE }).await;
    let without = fingerprint(&db, "NOT LIKE 'St%'").await;
    make(&db, SIZE).await;
    assert_eq!(fingerprint(&db, "NOT LIKE 'St%'").await, without);
    let numbers = async |what: &str, source: &str, account: &str, condition: &str| {
        let text = format!(
            "SELECT toString({what}) FROM {source}_statistics_latest WHERE klaviyo_public_id = '{account}' AND {condition}"
        );
        rows(&db, text).await[0][0].parse::<f64>().expect("a number")
    };
    let a_day = "sum(conversion_value) / uniqExact(date)";
    // The half of it is gone since 60 days, a quarter is left of a holiday, and a sale is worth three days.
    let before = numbers(a_day, "flow", "StBrk1", "date <= today() - 60").await;
    let after = numbers(a_day, "flow", "StBrk1", "date BETWEEN today() - 59 AND today() - 7").await;
    assert!((0.45..0.55).contains(&(after / before)), "{before} {after}");
    let usual = numbers(a_day, "flow", "StHol1", "date <= today() - 31").await;
    let holiday = numbers(a_day, "flow", "StHol1", "date BETWEEN today() - 30 AND today() - 24").await;
    assert!((0.2..0.3).contains(&(holiday / usual)), "{usual} {holiday}");
    let sale = "campaign_name LIKE 'Anniversary Sale%'";
    assert_eq!(numbers("uniqExact(date)", "campaign", "StSal1", sale).await, 3.0);
    let flow = "flow_name = 'Welcome Series' AND date <= today()";
    assert_eq!(numbers("today() - max(date)", "flow", "StDea1", flow).await, 6.0);
    // Opens are gone, clicks go on.
    let broken = "date >= today() - 4 AND send_channel = 'email'";
    assert_eq!(numbers("sum(opens_unique)", "flow", "StTrk1", broken).await, 0.0);
    assert!(numbers("sum(clicks_unique)", "flow", "StTrk1", broken).await > 100.0);
    // The same days as they were known 20 days ago: what was old is the same, what was young had earned less.
    let last_day = today(&db).await - Days::new(20);
    let old = format!("LIKE 'St%' AND date BETWEEN today() - 120 AND toDate('{last_day}') - 7");
    let (old_now, yesterday) = (fingerprint(&db, &old).await, format!("date = toDate('{last_day}') - 1"));
    let revenue = "sum(conversion_value)";
    let now = numbers(revenue, "flow", "StYng1", &yesterday).await;
    make(&db, Size { known_on: Some(last_day), ..SIZE }).await;
    assert_eq!(fingerprint(&db, &old).await, old_now);
    let then = numbers(revenue, "flow", "StYng1", &yesterday).await;
    assert!((0.35..0.55).contains(&(then / now)), "{then} of {now}");
    let later = "SELECT max(date), max(toDate(last_updated)) <= max(date) FROM flow_statistics_latest";
    assert_eq!(rows(&db, later).await, [[last_day.to_string(), "1".to_owned()]]);
    support::drop_database(&db).await;
}

/// One place for all that the program does: forecasts, leaves them out, fails at them, watches them, forgets them.
#[tokio::test(flavor = "multi_thread")]
async fn populate_forecasts_and_fails_no_refresh_by_it() {
    let place = Place::new();
    let serve = place.serve();
    let db = serve.db().await;
    place.run(&["seed", "--accounts", "1", "--days", "90", "--stories", "-q"]).expect(0);
    place.run(&["migrate", "-q"]).expect(0);
    let populate = |more: &[&str]| {
        let run = place.run(&[&["populate", "--json", "--days", "90"], more].concat()).expect(0);
        (serde_json::from_str::<Value>(&run.stdout).expect("JSON"), run.stderr)
    };
    let forecasts = "SELECT count(), uniqExact(klaviyo_public_id) FROM ai_revenue_forecast FINAL";
    let (report, _) = populate(&["--no-forecast"]);
    assert_eq!((&report["published"], report.get("outlook")), (&json!(7), None));
    assert_eq!(rows(&db, forecasts).await, [["0", "0"]]);
    let (report, _) = populate(&[]);
    assert_eq!((&report["outlook"]["forecast_accounts"], &report["published"]), (&json!(7), &json!(7)));
    // 28 days of all, email and SMS each; the channels add up.
    assert_eq!(rows(&db, forecasts).await, [["588", "7"]]);
    let sums = "SELECT (abs(sumIf(expected, send_channel = 'all') - sumIf(expected, send_channel != 'all'))) < 0.001 \
                FROM ai_revenue_forecast FINAL GROUP BY klaviyo_public_id, for_date";
    assert!(rows(&db, sums).await.iter().all(|row| row == &["1"]));
    let registry = "SELECT model, accounts, trained_to = today() - 7, aiviews_version FROM ai_model_registry";
    assert_eq!(rows(&db, registry).await, [["pool-2", "7", "1", env!("CARGO_PKG_VERSION")]]);
    // A second run of the day replaces the first.
    let (report, _) = populate(&["--klaviyo-id", "StSal1"]);
    assert_eq!(report["outlook"]["forecast_accounts"], 1);
    assert_eq!(rows(&db, forecasts).await, [["588", "7"]]);
    let outlook = "SELECT count(), countIf(expected IS NULL) FROM ai_revenue_outlook";
    assert_eq!(rows(&db, outlook).await, [["84", "0"]]);
    // What went wrong in the stories is an open event, and a run that finds the same writes nothing.
    let events = "SELECT klaviyo_public_id, kind, send_channel FROM ai_anomaly_events FINAL \
                  WHERE closed_on IS NULL AND kind IN ('flow_stopped', 'tracking_broken') ORDER BY kind";
    let found = [["StDea1", "flow_stopped", "email"], ["StTrk1", "tracking_broken", "email"]];
    assert_eq!(rows(&db, events).await, found);
    assert_eq!(report["outlook"]["events_changed"], 0);
    let status: Value = serde_json::from_str(&place.run(&["status", "--json"]).stdout).expect("JSON");
    let open = "SELECT countIf(severity = 'critical'), countIf(severity = 'high'), countIf(severity = 'medium'), \
                countIf(severity = 'low') FROM ai_anomaly_events FINAL WHERE closed_on IS NULL";
    let told =
        ["critical", "high", "medium", "low"].map(|severity| status["open_events"][severity].to_string());
    assert_eq!(rows(&db, open).await, [told]);
    // A thing has a name, and what it is about is no name.
    let asked =
        place.run(&["query", "anomalies", "-k", "StDea1", "-k", "StTrk1", "--format", "json"]).expect(0);
    let asked: Value = serde_json::from_str(&asked.stdout).expect("JSON");
    let named = |kind: &str| {
        let all = asked["rows"].as_array().expect("rows");
        all.iter().find(|row| row["kind"] == kind).expect(kind)["name"].clone()
    };
    assert_eq!((named("flow_stopped"), named("tracking_broken")), (json!("Welcome Series"), json!("")));
    // A table that takes no row: the refresh is done, and what did not work is told.
    support::execute(&db, "ALTER TABLE ai_revenue_landing ADD CONSTRAINT none CHECK 0").await;
    let (report, stderr) = populate(&[]);
    assert_eq!((&report["exit_codes"], &report["published"]), (&json!([0]), &json!(7)));
    assert!(report["outlook"]["error"].as_str().is_some_and(|error| error.contains("none")), "{report}");
    assert!(stderr.contains("no forecast was made, the refreshed tables are as they should be"), "{stderr}");
    support::execute(&db, "ALTER TABLE ai_revenue_landing DROP CONSTRAINT none").await;
    // Forecasts that were sure, and wrong.
    let past = "INSERT INTO ai_forecast_accuracy (klaviyo_public_id, send_channel, made_on, for_date, horizon, expected, \
                actual, error, bias, covered_80, naive, naive_error, updated_at) SELECT 'StSal1', 'all', today() - 40 - number % 4, \
                today() - 8 - intDiv(number, 4), 1, 10, 20, 10, -10, number % 2, 15, 5, now() FROM numbers(56)";
    support::execute(&db, past).await;
    let status = place.run(&["status"]);
    let told = "StSal1: the 80 % band is too narrow, it covered 50 % of the days; last week's weekday, repeated, was closer";
    assert!(status.stdout.contains(told), "{}", status.stdout);
    place.run(&["forget", "--klaviyo-id", "StSal1", "--yes"]).expect(0);
    for table in aiviews::schema::outlook_of_accounts() {
        let left = format!(
            "SELECT countIf(klaviyo_public_id = 'StSal1'), uniqExact(klaviyo_public_id) > 5 FROM {table}"
        );
        let others = if ["ai_forecast_accuracy", "ai_anomaly_events"].contains(&table) { "0" } else { "1" };
        assert_eq!(rows(&db, left).await, [["0", others]], "{table}");
    }
    killed_anywhere_it_is_made_again(&place, &db).await;
}

/// Killed right after each of its writes, one run after the other, and then let be: nothing is lost, nothing is there twice.
async fn killed_anywhere_it_is_made_again(place: &Place, db: &Db) {
    let tables = [
        ("ai_forecast_accuracy", "updated_at"),
        ("ai_revenue_vintage", "made_at"),
        ("ai_revenue_forecast", "made_at"),
        ("ai_revenue_landing", "made_at"),
        ("ai_anomaly_events", "updated_at"),
    ];
    let begin = async || {
        for (table, _) in tables {
            support::execute(db, &format!("TRUNCATE TABLE {table}")).await;
        }
        let past = "INSERT INTO ai_revenue_forecast (klaviyo_public_id, send_channel, made_on, for_date, horizon, expected, \
                    model, known_on, made_at) SELECT 'StTrk1', 'all', today() - 20, today() - 20 + number, number + 1, 10, 'm', \
                    today() - 20, now() - 1728000 FROM numbers(12)";
        support::execute(db, past).await;
    };
    let all = async || {
        let mut all = Vec::new();
        for (table, moment) in tables {
            let text = format!(
                "SELECT * EXCEPT {moment} FROM {table} FINAL WHERE klaviyo_public_id = 'StTrk1' ORDER BY ALL"
            );
            let found = rows(db, &text).await;
            assert!(!found.is_empty(), "{table}");
            all.push(found);
        }
        all
    };
    let run = ["populate", "--days", "90", "--table", outlook::STANDS_ON, "-k", "StTrk1"];
    begin().await;
    place.run(&run).expect(0);
    let expected = all().await;
    begin().await;
    // What came, what is young, days, periods, the model, events.
    for write in 1..=6 {
        let ended = place.run_with_fault(&format!("outlook:{write}=kill-after"), &run);
        assert_eq!(ended.code, None, "write {write}: {}", ended.stderr);
    }
    place.run(&run).expect(0);
    assert_eq!(all().await, expected);
}

/// Young days had earned 80 of 100 whenever a run saw them: they are grown up, and the forecast stands on all days.
#[tokio::test(flavor = "multi_thread")]
async fn young_days_grow_as_such_days_have_grown() {
    let db = support::database("grown").await;
    support::migrate(&db).await;
    let log = "INSERT INTO ai_refresh_log (run_id, klaviyo_public_id, table_name, as_of, state, started_at, \
               newest_source_update) SELECT 'r', 'acme', 'channel_performance_daily', today(), 'published', now(), now()";
    support::execute(&db, log).await;
    let days = "INSERT INTO channel_performance_daily (klaviyo_public_id, date, send_channel, total_revenue, updated_at) \
                SELECT 'acme', today() - 1 - number, 'email', if(number < 6, 80, 100), now() FROM numbers(70)";
    support::execute(&db, days).await;
    let options = outlook::Options {
        accounts: Vec::new(),
        made_on: today(&db).await,
        last_complete: today(&db).await - Days::new(1),
        today: today(&db).await,
        now: rows(&db, "SELECT toUnixTimestamp(now())").await[0][0].parse().expect("a time"),
    };
    let landing = "SELECT trained_to - today(), round(expected, 6) FROM ai_revenue_landing FINAL \
                   WHERE period = 'next_7_days' AND send_channel = 'all'";
    // Thirteen days are no measure yet, fourteen are.
    for (seen, trained_to) in [(13, "-7"), (14, "-1")] {
        let vintages = format!(
            "INSERT INTO ai_revenue_vintage (klaviyo_public_id, send_channel, for_date, seen_on, revenue, made_at) \
             SELECT 'acme', 'email', today() - 10 - day.number, today() - 10 - day.number + age.number + 1, 80, now() \
             FROM numbers({seen}) AS day CROSS JOIN numbers(6) AS age"
        );
        support::execute(&db, vintages).await;
        let accounts = outlook::refreshed(&db, &options).await.expect("accounts");
        let growth = outlook::forecast::growth::Growth::read(&db, &options, &accounts).await.expect("growth");
        outlook::forecast::run(&db, &options, &accounts, &growth.into()).await.expect("a forecast");
        assert_eq!(rows(&db, landing).await, [[trained_to, "700"]]);
    }
    support::drop_database(&db).await;
}

/// A forecast for a past day is one of that day only where the sources had nothing newer to say.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_later_is_no_forecast_of_then() {
    let db = support::database("known_then").await;
    support::migrate(&db).await;
    let (_sender, stop) = Stop::by_hand();
    let now = today(&db).await;
    let made_on = now - Days::new(30);
    for (known_on, knows, young) in [(made_on, made_on, 6), (now, now, 0)] {
        make(&db, Size { known_on: Some(known_on), ..SIZE }).await;
        let refreshing = refresh::Options {
            accounts: vec![AccountId::new("StSal1").expect("an id")],
            days: 100,
            as_of: Some(made_on),
            tables: refresh::tables_named(&[outlook::STANDS_ON.to_owned()]).expect("a table"),
            resume: false,
            allow_shrink: false,
            accounts_per_batch: None,
        };
        let order = Order { deadline: Instant::now(), late: false, forecast: true };
        let done = refresh::run(&db, &refreshing, order, &stop).await.expect("refreshed");
        let summary = done.work.outlook.expect("forecast");
        assert_eq!((summary.error, summary.forecast.forecast_accounts), (None, 1));
        let told = "SELECT any(known_on), (SELECT any(toDate(made_on) - trained_to) FROM ai_revenue_landing FINAL) \
                    FROM ai_revenue_forecast FINAL";
        // The day of the run itself is complete, as it lies in the past.
        assert_eq!(rows(&db, told).await, [[knows.to_string(), (young + i32::from(young > 0)).to_string()]]);
    }
    support::drop_database(&db).await;
}
