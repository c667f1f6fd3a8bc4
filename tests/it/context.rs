//! `aiviews query` and `aiviews context` as people and programs use them, on a small seeded agency.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use aiviews::account::AccountId;
use aiviews::context::{self, Format, tokens};
use aiviews::question::QUESTIONS;

use crate::clients::clients;
use crate::program::{Program, Run};
use crate::support;

/// Three seeded accounts, refreshed, and who serves their folder to all the tests.
static AGENCY: LazyLock<(Program, Child)> = LazyLock::new(|| {
    let program = Program::new();
    let serve = program.serve();
    program.ok(&["seed", "--accounts", "3", "--days", "60", "--quiet"]);
    program.ok(&["migrate", "--quiet"]);
    program.ok(&["populate", "--days", "60", "--quiet"]);
    (program, serve)
});

/// The agency's program.
pub fn program() -> &'static Program {
    &AGENCY.0
}

pub const SHOWCASE: &str = "XqkVGb";
/// With two channels, with three, and two weeks old.
const ACCOUNTS: [&str; 3] = [SHOWCASE, "r9YGgK", "CSL153"];

/// Runs a verb to its end: exit code, stdout, stderr.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let Run { code, stdout, stderr } = AGENCY.0.run(arguments);
    (code, stdout, stderr)
}

pub fn succeed(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(arguments);
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout
}

/// What a question has to be told.
fn needed(question: &str) -> &'static [&'static str] {
    match question {
        "flow_across_stores" => &["--param", "flow=e"],
        "campaign" => &["--param", "campaign=e"],
        _ => &[],
    }
}

pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_question_is_listed_and_answered_in_every_format() {
    let list = succeed(&["query"]);
    for question in QUESTIONS.iter() {
        assert!(list.contains(question.name) && list.contains(&question.question), "{list}");
        let flow = needed(question.name);
        let base = [&["query", question.name, "--klaviyo-id", SHOWCASE][..], flow].concat();
        let mut all = vec!["query", question.name, "--json"];
        all.extend(ACCOUNTS.iter().flat_map(|id| ["--klaviyo-id", id]));
        let document = json(&succeed(&[&base[..], &["--json"]].concat()));
        assert_eq!(document["accounts"][0], SHOWCASE);
        let rows = document["rows"].as_array().expect("rows").len();
        assert!(
            rows > 0 || matches!(question.name, "anomalies" | "low_open_rates" | "worst_campaigns"),
            "{} has no rows",
            question.name
        );
        assert!(document["freshness"][0]["complete_through"].is_string());
        let together = json(&succeed(&[&all[..], flow].concat()));
        let alone = document["rows"].as_array().expect("rows");
        let theirs = together["rows"].as_array().expect("rows");
        let (own, others): (Vec<_>, Vec<_>) = theirs.iter().partition(|row| row["account"] == SHOWCASE);
        assert!(others.iter().all(|row| ACCOUNTS.iter().any(|id| row["account"] == *id)), "{others:?}");
        let without_account = |row: &serde_json::Value| {
            let mut row = row.as_object().expect("a row").clone();
            row.remove("account");
            serde_json::Value::Object(row)
        };
        let own: Vec<serde_json::Value> = own.into_iter().map(without_account).collect();
        let alone: Vec<serde_json::Value> = alone.iter().map(without_account).collect();
        assert_eq!(own, alone, "{}: other accounts change the answer", question.name);
    }
    let asked = ["query", "flows_by_revenue", "--klaviyo-id", SHOWCASE, "--limit", "3", "--format"];
    let csv = succeed(&[&asked[..], &["csv"]].concat());
    assert!(csv.starts_with("flow,channel,") && csv.lines().count() == 4, "{csv}");
    let markdown = succeed(&[&asked[..], &["markdown"]].concat());
    assert!(
        markdown.starts_with("| flow | channel |") && markdown.contains("complete through"),
        "{markdown}"
    );
}

#[test]
fn several_accounts_have_rows_of_their_own() {
    let listed = json(&succeed(&["status", "--json", "--max-age", "8000h"]));
    assert_eq!(listed["accounts"], 3);
    let (code, _, stderr) =
        run(&["query", "stores_compared", "--klaviyo-id", SHOWCASE, "--klaviyo-id", "Nobody"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("account `Nobody` has no row"), "{stderr}");
    let table = succeed(&["query", "channels_compared", "--klaviyo-id", SHOWCASE, "--klaviyo-id", SHOWCASE]);
    assert!(!table.contains("ACCOUNT"), "the same account twice is one account: {table}");
    let table = succeed(&["query", "stores_compared", "--all-accounts"]);
    assert_eq!(table.matches("complete through").count(), 1, "one state is told once: {table}");
    let every = ACCOUNTS.iter().all(|id| table.matches(id).count() == 2);
    assert!(every, "each has a row and is named with its state: {table}");
}

#[test]
fn a_mistake_is_exit_2_and_says_what_exists() {
    let ask = |more: &[&str]| run(&[&["query"], more].concat());
    for (arguments, told) in [
        (&["wether", "--klaviyo-id", SHOWCASE][..], "there are: campaigns_this_week"),
        (&["top_campaigns"], "needs an account"),
        (&["top_campaigns", "--klaviyo-id", "x y"], "is not a Klaviyo public id"),
        (&["top_campaigns", "--klaviyo-id", "xqkvgb"], "did you mean `XqkVGb`"),
        (&["top_campaigns", "--klaviyo-id", SHOWCASE, "--param", "colour=red"], "it has: days, limit"),
        (&["top_campaigns", "--klaviyo-id", SHOWCASE, "--threshold", "5"], "it has: days, limit"),
        (&["top_campaigns", "--klaviyo-id", SHOWCASE, "--days", "-1"], "a whole number from 1 to 3650"),
        (&["flow_across_stores", "--klaviyo-id", SHOWCASE], "`flow` has to be given"),
        (&["top_campaigns", "--klaviyo-id", SHOWCASE, "--param", "days"], "has no `=`"),
    ] {
        let (code, stdout, stderr) = ask(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
}

/// A typing mistake and a cut are no "nothing to report".
#[test]
fn a_cut_and_a_typing_mistake_are_told_in_every_format() {
    let about = |question: &str, more: &[&str]| {
        let (code, stdout, stderr) = run(&[&["query", question, "--klaviyo-id", SHOWCASE], more].concat());
        assert_eq!(code, 0, "{stderr}");
        (stdout, stderr)
    };
    let document = json(&about("flows_by_revenue", &["--limit", "2", "--json"]).0);
    let all = document["rows_in_all"][SHOWCASE].as_u64().expect("a number");
    assert!(all > 2 && document["is_cut"] == true, "{document}");
    let told = format!("2 of {all} rows");
    assert!(about("flows_by_revenue", &["--limit", "2"]).0.contains(&told));
    assert!(about("flows_by_revenue", &["--limit", "2", "--format", "csv"]).1.contains(&told));
    let whole = json(&about("flows_by_revenue", &["--limit", "1000", "--json"]).0);
    assert!(whole["is_cut"] == false && whole["hints"] == serde_json::json!([]), "{whole}");
    let (text, _) = about("low_open_rates", &["--threshold", "0.2"]);
    assert!(text.contains("0.2 is 0.2 %, 20 is 20 %"), "{text}");
    for (question, parameter) in [("flow_across_stores", "flow=nosuch"), ("campaign", "campaign=nosuch")] {
        let document = json(&about(question, &["--param", parameter, "--json"]).0);
        assert!(
            document["hints"][0].as_str().is_some_and(|hint| hint.contains("has this name or id")),
            "{document}"
        );
    }
}

#[test]
fn a_context_keeps_to_its_budget_and_names_what_it_left_out() {
    let mut asked = vec![("text", 150), ("text", 333), ("text", 600)];
    asked.extend([("json", 400), ("markdown", 400), ("toon", 400)]);
    for (format, max_tokens) in asked {
        let limit = max_tokens.to_string();
        let text =
            succeed(&["context", "--klaviyo-id", SHOWCASE, "--format", format, "--max-tokens", &limit]);
        assert!(tokens::count(&text) <= max_tokens, "{format} {max_tokens}");
        let says_so = text.contains("left out for room") || text.contains("\"left_out\":[\"");
        assert!(says_so || max_tokens == 600, "{text}");
    }
}

#[test]
fn a_context_tells_freshness_windows_and_insights() {
    let text = succeed(&["context", "--klaviyo-id", SHOWCASE, "--max-tokens", "5000"]);
    for part in [
        "complete through ",
        "refreshed ",
        "still grows",
        "\ndays (newest first",
        "\nweeks: ",
        "\nmonths: ",
        "\nchannels (",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

/// Large, thin, empty and hostile accounts, whole, cut to size and about one question: a validator judges them all.
#[tokio::test(flavor = "multi_thread")]
async fn the_json_keeps_to_its_published_schema() {
    let db = support::database("context_schema").await;
    support::migrate(&db).await;
    for rows in [
        // Nothing but a form that was seen long ago.
        "form_ai_performance (klaviyo_public_id, date, form_id, updated_at) VALUES ('empty', '2024-01-02', 'f', now())",
        // One day on each of five channels, all but one of them without opens, and names that are no plain text.
        "channel_performance_daily (klaviyo_public_id, date, send_channel, total_delivered, total_opens_unique, \
         total_revenue, updated_at) VALUES ('thin', today() - 1, 'email', 9, 3, 5.5, now()), \
         ('thin', today() - 1, 's \"m\" s', 2, 0, 0, now()), ('thin', today() - 1, 'push', 1, 0, 1, now()), \
         ('thin', today() - 1, 'mobile_push', 1, 0, 2, now()), ('thin', today() - 1, 'whatsapp', 1, 0, 3, now())",
        "flow_ai_summary (klaviyo_public_id, date, flow_id, flow_name, send_channel, delivered, conversion_value, \
         updated_at) VALUES ('thin', today() - 1, 'f', 'a\\n\"b\"|{}', 'email', 9, 5.5, now())",
    ] {
        support::execute(&db, format!("INSERT INTO {rows}")).await;
    }
    let mut documents = Vec::new();
    for id in ["empty", "thin"] {
        let account = AccountId::new(id).expect("an id");
        let payload = context::of_account(&db, &account).await.expect("a payload");
        documents.push(context::within(payload, Format::Json, 5000).expect("room"));
    }
    support::drop_database(&db).await;
    assert!(documents[0].contains("\"sections\":{}"), "{}", documents[0]);
    let channels = json(&documents[1])["sections"]["channels"]["rows"].as_array().expect("rows").len();
    assert_eq!(channels, 5, "every channel is told: {}", documents[1]);
    tokio::task::spawn_blocking(move || {
        let about = |id: &str, more: &[&str]| {
            succeed(&[&["context", "--klaviyo-id", id, "--json"], more].concat()).trim_end().to_owned()
        };
        for id in ACCOUNTS {
            documents.extend(["5000", "600", "300"].map(|most| about(id, &["--max-tokens", most])));
        }
        for question in QUESTIONS.iter() {
            let flow = needed(question.name);
            documents.push(about(SHOWCASE, &[&["--question", question.name], flow].concat()));
        }
        judge(&documents);
    })
    .await
    .expect("the validator agrees");
}

/// Hands documents to the validator.
fn judge(documents: &[String]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(clients().join("python"));
    command.arg(root.join("tests/clients/schema.py")).arg(root.join("src/context/context.schema.json"));
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = pipes.spawn().expect("python starts");
    let text = documents.join("\n");
    process.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("read");
    let run = Run::of(process.wait_with_output().expect("python ends"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout, format!("{} valid\n", documents.len()));
}

#[test]
fn a_question_s_context_and_the_schema_are_printed() {
    let text = succeed(&[
        "context",
        "--klaviyo-id",
        SHOWCASE,
        "--question",
        "flows_by_revenue",
        "--param",
        "limit=3",
    ]);
    assert!(
        text.contains("Question: Which flows earn the most? (days=30)\n") && text.lines().count() == 7,
        "{text}"
    );
    assert!(succeed(&["context", "--schema"]).contains("## ai_flow_recent: "));
    assert!(succeed(&["context", "--schema", "all"]).contains("## segment_ai_trends: "));
    let (code, _, stderr) = run(&["context"]);
    assert!(code == 2 && stderr.contains("--klaviyo-id"), "{stderr}");
}

/// A server whose user may change no setting: it refuses with code 164, and answers what comes without settings.
#[tokio::test]
async fn a_user_who_may_set_nothing_is_answered_too() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let mut refused = 0;
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = vec![0; 65536];
            let length = stream.read(&mut request).await.expect("a request");
            let head = String::from_utf8_lossy(&request[..length]);
            let line = head.lines().next().unwrap_or_default().to_owned();
            let sets = line.contains("readonly=") || line.contains("max_execution_time=");
            let (status, body) = match sets {
                true => (
                    "500 Internal Server Error",
                    "Code: 164. DB::Exception: Cannot modify setting in readonly mode",
                ),
                false => (
                    "200 OK",
                    "{\"meta\":[{\"name\":\"account\",\"type\":\"String\"}],\"data\":[[\"acme\"]]}",
                ),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.expect("an answer");
            refused += u32::from(sets);
            if !sets {
                return refused;
            }
        }
    });
    let client = clickhouse::Client::default().with_url(url);
    let db = aiviews::db::Db::new(
        client,
        "read-only server",
        "test_run",
        aiviews::db::retry::RetryPolicy::default(),
    );
    let account = aiviews::account::AccountId::new("acme").expect("an id");
    let reach = aiviews::question::Reach::default();
    let answer = aiviews::question::freshness(&db, &[account], &reach).await.expect("an answer");
    assert_eq!(answer.rows, [[serde_json::json!("acme")]]);
    assert_eq!(
        server.await.expect("the server ends"),
        2,
        "with readonly and limits, with limits, then without"
    );
}
