//! Alerts: each thing is told once, whatever breaks, and what is told is true.

use std::time::Duration;

use aiviews::alert::post;
use aiviews::alert::secret::Secret;
use aiviews::alert::undelivered::Fate;
use aiviews::alert::wall::Wall;
use serde_json::{Value, json};

use crate::child::{Ended, Place, Serve};
use crate::inbox::{Answer, Inbox, Posted};
use crate::mail::Mailbox;
use crate::support::{execute, rows};

/// What nobody may see.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATH: &str = "/services/hunter2";

/// Sample accounts, refreshed, with a webhook to tell.
struct Alerts {
    place: Place,
    serve: Serve,
    inbox: Inbox,
}

impl Alerts {
    fn new() -> Alerts {
        let inbox = Inbox::start();
        let url = format!("http://127.0.0.1:{}{PATH}", inbox.port);
        let place = Place::new().with("HOOK_URL", &url).with("HOOK_SECRET", SECRET);
        let config = "[[destination]]\nname = 'hook'\nkind = 'webhook'\nurl_env = 'HOOK_URL'\nsecret_env = 'HOOK_SECRET'\n";
        std::fs::write(place.path("alerts.toml"), config).expect("written");
        let serve = place.serve();
        place.run(&["seed", "--accounts", "2", "--days", "20", "-q"]).expect(0);
        place.run(&["migrate", "-q"]).expect(0);
        place.run(&["populate", "--days", "20", "--no-forecast", "-q"]).expect(0);
        Alerts { place, serve, inbox }
    }

    fn run(&self, more: &[&str]) -> Ended {
        let arguments = ["alert", "--alert-config", "alerts.toml", "--allow-private"];
        self.place.run(&[&arguments, more].concat())
    }

    fn json(&self, code: i32) -> Value {
        let ended = self.run(&["--json"]).expect(code);
        serde_json::from_str(&ended.stdout).expect("JSON")
    }
}

/// Opens an event of an account, closes it on a day, or opens it anew.
async fn event(serve: &Serve, id: &str, account: &str, channel: &str, closed_on: &str) {
    let text = format!(
        "INSERT INTO ai_anomaly_events (event_id, klaviyo_public_id, send_channel, metric, kind, severity, opened_on, \
         last_seen_on, closed_on, observed, expected, words, updated_at) SELECT '{id}', '{account}', '{channel}', 'revenue', \
         'below_usual', 'high', today() - 2, today() - 2, {closed_on}, 1234.4, 2000, 'words', \
         (SELECT count() FROM ai_anomaly_events)"
    );
    execute(&serve.db().await, text).await;
}

async fn accounts(serve: &Serve) -> [String; 2] {
    let ids = "SELECT DISTINCT klaviyo_public_id FROM channel_performance_daily ORDER BY 1";
    let ids: Vec<String> = rows(&serve.db().await, ids).await.into_iter().flatten().collect();
    ids.try_into().expect("two accounts")
}

/// One place for all that the program does; every chapter leaves nothing untold.
#[tokio::test(flavor = "multi_thread")]
async fn each_thing_is_told_once_and_what_fails_waits() {
    let alerts = Alerts::new();
    told_once(&alerts).await;
    what_waited_for_a_week_is_given_up(&alerts).await;
    crashes(&alerts).await;
    conditions(&alerts).await;
    hostile_names(&alerts).await;
    mutes(&alerts).await;
    a_private_address_needs_a_flag(&alerts).await;
    nothing_is_left_of_who_leaves(&alerts).await;
}

async fn what_waited_for_a_week_is_given_up(alerts: &Alerts) {
    let db = alerts.serve.db().await;
    let old = "INSERT INTO ai_alert_outbox SELECT * REPLACE ('waiting' AS state, 'old' AS message_id, 'old' AS topic, \
               now() - INTERVAL 8 DAY AS made_at) \
               FROM (SELECT * FROM ai_alert_outbox FINAL WHERE state = 'sent' LIMIT 1)";
    execute(&db, old).await;
    let told = alerts.json(0);
    let expected = json!({"destination": "hook", "sent": 0, "waiting": 0, "given_up": 1});
    assert_eq!(told["destinations"][0], expected);
    assert!(alerts.inbox.take().is_empty());
    execute(&db, "ALTER TABLE ai_alert_outbox DELETE WHERE topic = 'old' SETTINGS mutations_sync = 2").await;
}

async fn told_once(alerts: &Alerts) {
    let [one, other] = accounts(&alerts.serve).await;
    let inbox = &alerts.inbox;
    // Nothing is wrong.
    assert_eq!(alerts.json(0), json!({"destinations": [{"destination": "hook", "sent": 0, "waiting": 0}]}));
    alerts.place.run(&["notes", "-k", &one, "--store-name", "Blue Shop", "--currency", "EUR"]).expect(0);
    event(&alerts.serve, "e1", &one, "email", "NULL").await;
    // A look changes nothing.
    let plan = alerts.run(&["--dry-run"]).expect(0).stdout;
    let day = rows(&alerts.serve.db().await, "SELECT formatDateTime(today() - 2, '%e %b')").await[0][0]
        .trim()
        .to_owned();
    let words = format!("Email revenue lower than usual on {day}: €1,234, about €2,000 expected.");
    assert_eq!(plan, format!("to hook (webhook)\nBlue Shop ({one}): 1 new alert\n\n- {words}\n"));
    assert!(inbox.take().is_empty());
    let told = alerts.json(0);
    assert_eq!(told["destinations"][0]["sent"], 1);
    let posted = inbox.take();
    let [first] = &posted[..] else { panic!("{posted:?}") };
    let message = first.json();
    assert_eq!(
        (&message["accounts"][0]["alerts"][0]["words"], &message["title"]),
        (&json!(words), &json!(format!("Blue Shop ({one}): 1 new alert")))
    );
    assert_eq!(first.path, PATH);
    assert_eq!(first.header("webhook-id"), message["id"].as_str().expect("an id"));
    assert_eq!(first.header("idempotency-key"), first.header("webhook-id"));
    // Once.
    assert_eq!(alerts.json(0)["destinations"][0]["sent"], 0);
    assert!(inbox.take().is_empty());
    // Two tries that fail, and one that does not: the same id.
    event(&alerts.serve, "e2", &other, "", "NULL").await;
    inbox.will(&[Answer::Status(500), Answer::TooMany(1)]);
    assert_eq!(alerts.json(0)["destinations"][0]["sent"], 1);
    let posted = inbox.take();
    assert_eq!(posted.len(), 3);
    assert!(posted.iter().all(|it| it.header("webhook-id") == posted[0].header("webhook-id")));
    // Refused: it waits, `status` tells of it, and no refresh fails by it.
    event(&alerts.serve, "e2", &other, "", "today()").await;
    inbox.will(&[Answer::Status(404), Answer::Status(410)]);
    let told = alerts.json(1);
    let error = "`127.0.0.1` answered 404";
    assert_eq!(
        told["destinations"][0],
        json!({"destination": "hook", "sent": 0, "waiting": 1, "error": error})
    );
    let refresh = [
        "populate",
        "--days",
        "20",
        "--no-forecast",
        "--alert",
        "--alert-config",
        "alerts.toml",
        "--allow-private",
        "--json",
    ];
    let report = alerts.place.run(&refresh).expect(0);
    let report: Value = serde_json::from_str(&report.stdout).expect("JSON");
    assert_eq!(
        (&report["published"], &report["alerts"]["destinations"][0]["waiting"]),
        (&json!(2), &json!(1))
    );
    let status = alerts.place.run(&["status", "--json"]).expect(9);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let undelivered = &status["alerts_undelivered"][0];
    assert_eq!((&undelivered["destination"], &undelivered["messages_waiting"]), (&json!("hook"), &json!(1)));
    assert!(undelivered["error"].as_str().is_some_and(|it| it.ends_with("answered 410")), "{undelivered}");
    let refused = inbox.take();
    assert_eq!(alerts.json(0)["destinations"][0], json!({"destination": "hook", "sent": 1, "waiting": 0}));
    let posted = inbox.take();
    assert_eq!(posted[0].header("webhook-id"), refused[0].header("webhook-id"));
    assert!(
        posted[0].json()["text"]
            .as_str()
            .is_some_and(|it| it.contains("1 over") && it.contains("- Over since "))
    );
    alerts.place.run(&["status"]).expect(0);
}

/// Killed before and after each step: the next run goes on, and the webhook gets each message by one id.
async fn crashes(alerts: &Alerts) {
    let [one, _] = accounts(&alerts.serve).await;
    // The first note is the news, the second that they are about to be sent.
    let faults = [
        ("alert-note:1=kill-before", 1),
        ("alert-note:1=kill-after", 1),
        ("alert-note:2=kill-after", 1),
        ("alert-send=kill-before", 1),
        ("alert-send=kill-after", 2),
        ("alert-record=kill-before", 2),
        ("alert-record=kill-after", 1),
    ];
    for (number, (fault, posts)) in faults.into_iter().enumerate() {
        event(&alerts.serve, &format!("crash{number}"), &one, "sms", "NULL").await;
        let arguments = ["alert", "--alert-config", "alerts.toml", "--allow-private"];
        let ended = alerts.place.run_with_fault(fault, &arguments);
        assert_eq!(ended.code, None, "{fault}: {}", ended.stderr);
        alerts.json(0);
        let posted = alerts.inbox.take();
        assert_eq!(posted.len(), posts, "{fault}");
        let id = |it: &Posted| it.header("webhook-id").to_owned();
        assert!(posted.iter().all(|it| id(it) == id(&posted[0])), "{fault}");
        // What may have arrived says so, which the first never does.
        let repeats: Vec<bool> = posted.iter().map(|it| it.json()["may_be_a_repeat"] == true).collect();
        let is_unsure = !["alert-note:1=kill-before", "alert-note:1=kill-after", "alert-record=kill-after"]
            .contains(&fault);
        let expected = if posts == 2 { vec![false, true] } else { vec![is_unsure] };
        assert_eq!(repeats, expected, "{fault}");
    }
}

/// Accounts that are stale, failed or held back, budgets and forecasts: told when it begins, and when it is over.
async fn conditions(alerts: &Alerts) {
    let [one, _] = accounts(&alerts.serve).await;
    let db = alerts.serve.db().await;
    let told = |ended: Ended| {
        ended.expect(0);
        let texts = alerts.inbox.take();
        texts.iter().flat_map(|it| words(&it.json())).collect::<Vec<String>>()
    };
    let stale = told(alerts.run(&["--max-age", "0s"]));
    assert_eq!(stale, vec!["The numbers are not up to date: last refreshed less than an hour ago."; 2]);
    assert_eq!(told(alerts.run(&[])), vec!["The numbers are up to date again."; 2]);
    let log = async |state: &str, minutes: u32| {
        let text = format!(
            "INSERT INTO ai_refresh_log (run_id, klaviyo_public_id, table_name, as_of, state, started_at) \
             SELECT '{state}', '{one}', 'flow_ai_summary', today(), '{state}', now() + INTERVAL {minutes} MINUTE"
        );
        execute(&db, text).await;
    };
    for (state, minutes, words) in [
        ("failed", 1, "The last refresh failed: the numbers are those of before."),
        (
            "held_back",
            2,
            "The last refresh was held back, because the new data looked wrong: the numbers are those of before.",
        ),
        ("published", 3, "The refresh works again."),
    ] {
        log(state, minutes).await;
        assert_eq!(told(alerts.run(&[])), [words]);
    }
    for percent in [50, 90] {
        let text = format!(
            "INSERT INTO ai_chat_log (kind, question, rows, token_name) VALUES \
             ('budget', 'token agency month 1000 calls', {percent}, 'agency')"
        );
        execute(&db, text).await;
    }
    assert_eq!(
        told(alerts.run(&[])),
        ["The chatbot of \"agency\" has used 90 % of its budget of 1000 calls a month."]
    );
    let past = format!(
        "INSERT INTO ai_forecast_accuracy (klaviyo_public_id, send_channel, made_on, for_date, horizon, expected, actual, \
         error, bias, covered_80, naive, naive_error, updated_at) SELECT '{one}', 'all', today() - 40 - number % 4, \
         today() - 8 - intDiv(number, 4), 1, 10, 20, 10, -10, number % 2, 15, 5, now() FROM numbers(56)"
    );
    execute(&db, past).await;
    let words = "The revenue forecast was off lately: 50 % of the days fell into its range, about 80 % should. Last week's \
                 numbers, repeated, were closer.";
    assert_eq!(told(alerts.run(&[])), [words]);
    execute(&db, "TRUNCATE TABLE ai_forecast_accuracy").await;
    // That it is found no more says nothing good of a forecast.
    assert_eq!(told(alerts.run(&[])), Vec::<String>::new());
}

fn words(message: &Value) -> Vec<String> {
    let accounts = message["accounts"].as_array().expect("accounts").iter();
    let alerts = accounts.flat_map(|account| account["alerts"].as_array().expect("alerts"));
    alerts.map(|alert| alert["words"].as_str().expect("words").to_owned()).collect()
}

/// A name is a name: no mention, no markup, no header, no command of a terminal. And three lines an account are enough.
async fn hostile_names(alerts: &Alerts) {
    const NAME: &str = "<!channel> *Shop* <b>&\u{1b}[31m\r\nBcc: eve@example.com";
    const SHOWN: &str = "<!channel> *Shop* <b>&\u{fffd}[31m\u{fffd}\u{fffd}Bcc: eve@example.com";
    let [one, _] = accounts(&alerts.serve).await;
    alerts.place.run(&["notes", "-k", &one, "--store-name", NAME]).expect(0);
    for number in 0..5 {
        event(&alerts.serve, &format!("hostile{number}"), &one, "<b>\u{7}\"push", "NULL").await;
    }
    let mailbox = Mailbox::start(&[]);
    let config = "[[destination]]\nname = 'chat'\nkind = 'slack'\nurl_env = 'HOOK_URL'\nkinds = ['event']\n\
                  [[destination]]\nname = 'mail'\nkind = 'mail'\nto = ['Ann <ann@example.com>']\nkinds = ['event']\n";
    std::fs::write(alerts.place.path("names.toml"), config).expect("written");
    let mut command = alerts.place.command(&[
        "alert",
        "--alert-config",
        "names.toml",
        "--allow-private",
        "--digest",
        "agency",
    ]);
    command.env("AIVIEWS_SMTP_URL", mailbox.url()).env("AIVIEWS_SMTP_FROM", "aiviews@example.com");
    let output = command.output().expect("aiviews starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let posted = alerts.inbox.take();
    let payload = posted[0].json();
    let sections = payload["blocks"].as_array().expect("blocks");
    let of_account =
        sections.iter().find(|it| it["elements"][0]["elements"][0]["text"] == format!("{SHOWN} ({one})"));
    let of_account = of_account.unwrap_or_else(|| panic!("{payload:#}"));
    assert_eq!(of_account["type"], "rich_text");
    assert_eq!(of_account["elements"][1]["elements"].as_array().map(Vec::len), Some(3));
    assert!(
        of_account["elements"][2]["elements"][0]["text"].as_str().is_some_and(|it| it.starts_with("and "))
    );
    // Only what Slack shows as it is holds a name, but for the notification, where nothing can begin a mention.
    let kinds: std::collections::BTreeSet<&str> =
        sections.iter().map(|it| it["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["header", "rich_text"]);
    assert_eq!((&sections[0]["text"]["type"], &payload["mrkdwn"]), (&json!("plain_text"), &json!(false)));
    assert!(!payload["text"].as_str().expect("a text").contains('<'), "{payload}");
    let mail = mailbox.message();
    assert_eq!(mail["to"], json!(["ann@example.com"]));
    assert!(!mail["headers"].as_array().expect("headers").iter().any(|it| it == "Bcc"), "{mail}");
    assert_eq!(mail["shape"], json!(["text/plain"]), "no HTML, so nothing is markup");
    let text = mail["parts"][0]["content"].as_str().expect("a text").replace("\r\n", "\n");
    assert!(text.contains(&format!("\n{SHOWN} ({one})\n- ")), "{text}");
    // The webhook: the same names, in JSON.
    alerts.json(0);
    let message = alerts.inbox.take()[0].json();
    assert_eq!(
        (&message["accounts"][0]["store"], &message["accounts"][0]["more"]),
        (&json!(format!("{SHOWN} ({one})")), &json!(2))
    );
    assert!(message["text"].as_str().is_some_and(|it| it.ends_with("\nand 2 more")), "{message}");
}

/// What is muted is told later where it is still the case, and never where it came and went.
async fn mutes(alerts: &Alerts) {
    let [one, other] = accounts(&alerts.serve).await;
    let tomorrow = rows(&alerts.serve.db().await, "SELECT today() + 1").await[0][0].clone();
    let mute = ["alert", "mute", "-k", &other, "--kind", "event", "--until", &tomorrow];
    assert!(alerts.place.run(&mute).expect(0).stdout.contains(&other));
    event(&alerts.serve, "muted", &other, "", "NULL").await;
    event(&alerts.serve, "gone", &other, "sms", "today()").await;
    event(&alerts.serve, "loud", &one, "", "NULL").await;
    alerts.json(0);
    let posted = alerts.inbox.take();
    assert_eq!(posted.len(), 1);
    assert_eq!(posted[0].json()["accounts"][0]["klaviyo_public_id"], one);
    let mutes = alerts.place.run(&["alert", "mutes", "--json"]).expect(0).stdout;
    let mutes: Value = serde_json::from_str(&mutes).expect("JSON");
    assert_eq!((&mutes[0]["kind"], &mutes[0]["muted_until"]), (&json!("event"), &json!(tomorrow)));
    alerts.place.run(&["alert", "unmute", "-k", &other]).expect(2);
    alerts.place.run(&["alert", "unmute", "-k", &other, "--kind", "event"]).expect(0);
    alerts.json(0);
    let posted = alerts.inbox.take();
    let told: Vec<String> = posted.iter().flat_map(|it| words(&it.json())).collect();
    assert!(told.iter().any(|it| it.starts_with("Revenue lower than usual")), "{told:?}");
    for wrong in
        [&["mute", "--until", "2020-01-01"][..], &["mute", "--until", &tomorrow, "--kind", "nonsense"]]
    {
        alerts.place.run(&[&["alert"], wrong].concat()).expect(2);
    }
}

async fn a_private_address_needs_a_flag(alerts: &Alerts) {
    let [one, _] = accounts(&alerts.serve).await;
    event(&alerts.serve, "private", &one, "push", "NULL").await;
    let https = format!("https://127.0.0.1:{}{PATH}", alerts.inbox.port);
    for url in [https, format!("http://127.0.0.1:{}{PATH}", alerts.inbox.port)] {
        let mut command = alerts.place.command(&["alert", "--alert-config", "alerts.toml", "--json", "-vv"]);
        let output = command.env("HOOK_URL", &url).output().expect("aiviews starts");
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--allow-private"), "{said}");
        assert!(alerts.inbox.take().is_empty());
        assert!(!said.contains("hunter2") && !said.contains(SECRET) && !said.contains("MfKQ9r8"), "{said}");
    }
    // With everything that can be told of it, too.
    let said = alerts.run(&["-vv"]).expect(0);
    assert_eq!(alerts.inbox.take().len(), 1);
    let table = rows(&alerts.serve.db().await, "SELECT toString(tuple(*)) FROM ai_alert_outbox").await;
    assert!(table.len() > 10);
    let said = format!("{}{}{table:?}", said.stdout, said.stderr);
    assert!(!said.contains("hunter2") && !said.contains("MfKQ9r8"), "{said}");
}

async fn nothing_is_left_of_who_leaves(alerts: &Alerts) {
    let [one, other] = accounts(&alerts.serve).await;
    let db = alerts.serve.db().await;
    alerts.place.run(&["alert", "mute", "-k", &one, "-k", &other, "--until", "2099-01-01"]).expect(0);
    alerts.place.run(&["forget", "-k", &one, "--yes"]).expect(0);
    for table in ["ai_alert_outbox", "ai_alert_mutes"] {
        let left = format!(
            "SELECT countIf(klaviyo_public_id = '{one}'), countIf(klaviyo_public_id = '{other}') > 0 FROM {table}"
        );
        assert_eq!(rows(&db, left).await, [["0", "1"]], "{table}");
    }
}

/// Whoever takes a message and says nothing may have it; who says when to come back is believed.
#[tokio::test]
async fn an_answer_says_what_is_known_of_the_message() {
    let inbox = Inbox::start();
    let url = Secret::new(format!("http://127.0.0.1:{}{PATH}", inbox.port));
    let post = |wall, limit| post::post(wall, &url, &[], "{}".to_owned(), Duration::from_millis(limit));
    for (answer, fate, said) in [
        (Answer::Silence, Fate::Unknown, "did not confirm the message: no answer within 0.3 s"),
        (Answer::TooMany(7), Fate::Later(Some(Duration::from_secs(7))), "answered 429"),
        (Answer::Status(503), Fate::Later(None), "answered 503"),
        (Answer::Status(302), Fate::Refused, "answered 302"),
        (Answer::Status(400), Fate::Refused, "answered 400"),
    ] {
        inbox.will(&[answer]);
        let error = post(Wall::Open, 300).await.expect_err("not taken");
        assert_eq!(error.fate, fate, "{error}");
        assert!(error.to_string().contains(said), "{error}");
        let shown = format!("{error} {error:?} {}", error.remedy());
        assert!(!shown.contains("hunt") && !shown.contains("services"), "{shown}");
    }
    assert_eq!(inbox.take().len(), 5);
    let error = post(Wall::Public, 300).await.expect_err("refused");
    assert!(error.fate == Fate::Refused && inbox.take().is_empty(), "{error}");
    // Without http as its reason, too.
    let url = Secret::new(format!("https://127.0.0.1:{}{PATH}", inbox.port));
    let error = post::post(Wall::Public, &url, &[], String::new(), Duration::from_secs(1))
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("at the private address 127.0.0.1"), "{error}");
    post(Wall::Open, 5000).await.expect("taken");
}
