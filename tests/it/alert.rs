//! Alerts: each thing is told once, whatever breaks, and what is told is true.

use std::time::Duration;

use aiviews::alert::post;
use aiviews::alert::secret::Secret;
use aiviews::alert::undelivered::Fate;
use aiviews::alert::wall::Wall;
use serde_json::{Value, json};

use crate::child::{Ended, Place, Serve};
use crate::inbox::{Answer, Inbox};
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
    fn new(more: &str) -> Alerts {
        let inbox = Inbox::start();
        let url = format!("http://127.0.0.1:{}{PATH}", inbox.port);
        let place = Place::new().with("HOOK_URL", &url).with("HOOK_SECRET", SECRET);
        let config = format!(
            "[[destination]]\nname = 'hook'\nkind = 'webhook'\nurl_env = 'HOOK_URL'\nsecret_env = 'HOOK_SECRET'\n{more}"
        );
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

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_is_told_once_and_what_fails_waits() {
    let alerts = Alerts::new("");
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
