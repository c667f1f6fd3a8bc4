//! The chatbot's door, spoken to as clients do: by lines on stdin and stdout, and over HTTP with tokens.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::child::Place;

/// Accounts of the seeded sources.
pub fn place() -> &'static (Place, Vec<String>) {
    static PLACE: OnceLock<(Place, Vec<String>)> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::lasting();
        for arguments in [
            &["seed", "--accounts", "3", "--days", "60", "-q"][..],
            &["migrate", "-q"],
            &["populate", "--days", "60", "-q"],
        ] {
            place.run(arguments).expect(0);
        }
        let ended = place.run(&["accounts", "--json"]).expect(0);
        let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let rows = document.as_array().expect("accounts").clone();
        let id = |row: &Value| row["klaviyo_public_id"].as_str().expect("an id").to_owned();
        (place, rows.iter().map(id).collect())
    })
}

/// A session over stdin and stdout.
pub struct Session {
    pub child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    next: u64,
}

impl Session {
    pub fn start(place: &Place, arguments: &[&str]) -> Session {
        let mut command = place.command(&[&["mcp"], arguments].concat());
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("aiviews starts");
        let (to, from) = (child.stdin.take(), child.stdout.take().expect("stdout"));
        let mut session = Session { child, to, from: BufReader::new(from), next: 1 };
        let hello = session.request(
            "initialize",
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}),
        );
        assert_eq!(hello["result"]["serverInfo"]["name"], "aiviews", "{hello}");
        session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        session
    }

    pub fn send(&mut self, message: &Value) {
        let to = self.to.as_mut().expect("open");
        writeln!(to, "{message}").and_then(|()| to.flush()).expect("written");
    }

    pub fn begin(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    pub fn answer(&mut self, id: u64) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).expect("text") > 0, "the session ended");
            let message: Value = serde_json::from_str(&line).expect("JSON");
            if message["id"] == id {
                return message;
            }
        }
    }

    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Sends a line that may be no message at all.
    pub fn send_line(&mut self, line: &str) {
        let to = self.to.as_mut().expect("open");
        writeln!(to, "{line}").and_then(|()| to.flush()).expect("written");
    }

    /// The text of a tool's answer, and whether it is an error.
    pub fn call(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let answer = self.request("tools/call", json!({"name": tool, "arguments": arguments}));
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        (text.to_owned(), answer["result"]["isError"] == true)
    }

    pub fn ok(&mut self, tool: &str, arguments: Value) -> String {
        let (text, is_error) = self.call(tool, arguments);
        assert!(!is_error, "{tool}: {text}");
        text
    }

    pub fn error(&mut self, tool: &str, arguments: Value) -> String {
        let (text, is_error) = self.call(tool, arguments);
        assert!(is_error, "{tool}: {text}");
        text
    }

    pub fn end(mut self) {
        drop(self.to.take());
        let ended = self.child.wait().expect("an end");
        assert!(ended.success(), "{ended}");
    }
}

/// Lines between the header and the count, as rows of cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let table = text.lines().skip(2).take_while(|line| !line.ends_with(" rows") && !line.ends_with(" row"));
    let table = table.collect::<Vec<_>>().join("\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.records().map(|row| row.expect("cells").iter().map(str::to_owned).collect()).collect()
}

/// A whole conversation: each ready-made question has the rows that `aiviews query` has, then what one account may not see,
/// what is refused, what is remembered, and what the log says of all this.
#[test]
fn a_conversation_over_stdio() {
    let (place, accounts) = place();
    let place = &place.copy();
    let [mine, other, ..] = &accounts[..] else { panic!("{accounts:?}") };
    let queried: Vec<(String, Value)> =
        ["week_against_week", "top_campaigns", "flows_by_revenue", "channels_compared", "monthly_history"]
            .iter()
            .map(|name| {
                let ended = place.run(&["query", name, "--klaviyo-id", mine, "--json"]).expect(0);
                ((*name).to_owned(), serde_json::from_str(&ended.stdout).expect("JSON"))
            })
            .collect();
    let mut session = Session::start(place, &["--klaviyo-id", mine]);

    let tools = session.request("tools/list", json!({}));
    assert_eq!(tools["result"]["tools"].as_array().expect("tools").len(), 10);
    let listed = session.ok("accounts", json!({}));
    assert!(listed.contains(mine.as_str()) && !listed.contains(other.as_str()), "{listed}");
    for of in ["weeks", "months", "weekdays", "channels", "flows", "segments", "forms"] {
        let answer = session.request("tools/call", json!({"name": "chart", "arguments": {"of": of}}));
        let [text, image] = &answer["result"]["content"].as_array().expect("content")[..] else {
            panic!("{of}: {answer}")
        };
        assert!(text["text"].as_str().is_some_and(|text| text.contains(mine.as_str())), "{text}");
        assert_eq!((&image["type"], &image["mimeType"]), (&json!("image"), &json!("image/png")));
        let data = image["data"].as_str().expect("an image");
        // The first bytes of every PNG; and a picture is bounded, whatever the data are.
        assert!(data.starts_with("iVBORw0KGgo") && data.len() < 400_000, "{of}: {} letters", data.len());
    }
    let refused = session.error("chart", json!({"of": "weeks", "account": other}));
    assert!(refused.contains("there is no account"), "{refused}");
    assert!(session.error("chart", json!({"of": "pies"})).contains("weeks, months"));
    for (name, expected) in &queried {
        let text = session.ok("ask", json!({"question": name}));
        let expected: Vec<Vec<String>> = expected["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                let columns = expected["columns"].as_array().expect("columns");
                columns.iter().map(|column| plain(&row[column.as_str().expect("a name")])).collect()
            })
            .collect();
        let told = rows(&text);
        assert_eq!(told[1..], expected, "{name}\n{text}");
    }
    assert!(session.ok("ask", json!({})).contains("week_against_week("));
    assert!(session.ok("describe", json!({"about": "ai_flow_recent"})).contains("klaviyo_public_id"));

    // Nothing of another account, whichever way.
    for arguments in [json!({"account": other}), json!({"account": "nobody"})] {
        assert!(session.error("context", arguments).contains("there is no account"));
    }
    assert!(
        session
            .error("ask", json!({"question": "top_campaigns", "accounts": [other]}))
            .contains("there is no account")
    );
    let seen = session
        .ok("sql", json!({"statement": "SELECT DISTINCT klaviyo_public_id FROM channel_performance_daily"}));
    assert!(seen.contains(mine.as_str()) && !seen.contains(other.as_str()), "{seen}");
    assert!(
        session.error("sql", json!({"statement": "SELECT 1 SETTINGS readonly = 0"})).contains("SETTINGS")
    );
    assert!(
        session.error("sql", json!({"statement": "SELECT * FROM system.one"})).contains("without a database")
    );

    // Cuts are said, and the rest is there.
    let long = "SELECT arrayJoin(range(450)) AS n ORDER BY n";
    let first = session.ok("sql", json!({"statement": long}));
    assert!(first.contains("rows 1 to 200 of 450: call again with offset=200"), "{first}");
    let last = session.ok("sql", json!({"statement": long, "offset": 400}));
    assert!(last.contains("rows 401 to 450 of 450") && last.contains("\n449\n"), "{last}");
    let csv = session.ok("sql", json!({"statement": long, "csv": true}));
    let uri = csv.rsplit(' ').next().expect("a name").to_owned();
    let read = session.request("resources/read", json!({"uri": uri}));
    assert_eq!(read["result"]["contents"][0]["text"].as_str().expect("CSV").lines().count(), 451);

    // What people tell stays, and appears.
    session.ok(
        "remember",
        json!({"store_name": "Büro \"Nord\"", "currency": "EUR", "note": "site was down on 3 May"}),
    );
    let long = format!("{} to the end", "word ".repeat(90));
    session.ok("remember", json!({"note": long}));
    assert!(session.ok("notes", json!({})).contains(&long), "a note is not cut");
    let context = session.ok("context", json!({}));
    assert!(
        context.contains("\"Büro 'Nord'\", complete through")
            && context.contains("Money in EUR, ")
            && context.contains("down on 3 May"),
        "{context}"
    );
    session.ok("save", json!({"name": "sends", "question": "How many sends?", "statement": "SELECT sum(total_sends) AS sends FROM channel_performance_daily"}));
    assert!(session.ok("ask", json!({"question": "sends"})).contains("1 row"));
    session.ok(
        "feedback",
        json!({"score": 0.5, "correction": "the week was wrong", "model": "m", "input_tokens": 10}),
    );
    let wrong = json!({"score": 0, "about": "weather in May", "correction": "there is none"});
    session.ok("feedback", wrong);

    // Bad input is told in words, or as the protocol has it.
    assert!(session.error("ask", json!({"question": 7})).contains("the arguments do not fit"));
    assert!(session.error("ask", json!({"colour": "red"})).contains("unknown field `colour`"));
    assert!(session.error("sql", json!({})).contains("missing field `statement`"));
    assert!(session.error("sql", json!({"statement": "x".repeat(100_000)})).contains("at most 20000"));
    let unknown = session.request("tools/call", json!({"name": "weather"}));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    let prompt =
        session.request("prompts/get", json!({"name": "weekly_review", "arguments": {"account": mine}}));
    assert!(
        prompt["result"]["messages"][0]["content"]["text"].as_str().expect("text").contains(mine.as_str())
    );
    let refused =
        session.request("prompts/get", json!({"name": "weekly_review", "arguments": {"account": other}}));
    assert_eq!(refused["error"]["code"], -32602);
    // What follows a prompt is asked with it, and by whom the client says.
    let meta = json!({"user.id": "ada", "gen_ai.conversation.id": "c7"});
    session
        .request("tools/call", json!({"name": "describe", "arguments": {"about": "views"}, "_meta": meta}));
    session.ok("feedback", json!({"score": 1, "model": "m2"}));
    session.end();

    let usage = place.run(&["usage", "--by", "question", "--json"]).expect(0);
    let usage: Value = serde_json::from_str(&usage.stdout).expect("JSON");
    let of =
        |name: &str| usage["usage"].as_array().expect("rows").iter().find(|row| row["name"] == name).cloned();
    assert_eq!(of("week_against_week").expect("asked")["calls"], 1, "{usage}");
    assert_eq!(of("sql").expect("asked")["refusals"], 3, "{usage}");
    assert!(usage["unanswered"].to_string().contains("SETTINGS readonly"), "{usage}");
    let missing = json!({"asked": "weather in May", "error": "there is none", "times": "1"});
    let unanswered = usage["unanswered"].as_array().expect("rows");
    let told = unanswered.iter().find(|row| row["asked"] == missing["asked"]).expect("told");
    assert_eq!((&told["error"], told["times"].to_string().trim_matches('"')), (&missing["error"], "1"));
    assert!(usage["slow"].is_array(), "{usage}");
    assert!(place.run(&["usage"]).expect(0).stdout.contains("asked, and no answer:"));

    // The log has it all, with the rule that refused.
    let serve = place.serve();
    let text = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let text = "SELECT countIf(gen_ai_tool_name = 'ask' AND error = ''), countIf(verdict = 'lexer.clause'), \
             countIf(verdict = 'parser.qualified_table'), countIf(prompt = 'weekly_review@1'), \
             countIf(score = 0.5 AND gen_ai_request_model = 'm'), countIf(client_name = 'test 1'), \
             countIf(payload_tokens = 0 AND kind != 'prompt'), \
             countIf(gen_ai_tool_name IN ('sql', 'context') AND error = '' AND NOT startsWith(query_ids[1], run_id)), \
             countIf(user_id = 'ada' AND gen_ai_conversation_id = 'c7' AND prompt = ''), \
             countIf(kind = 'turn' AND gen_ai_request_model = 'm2' AND prompt = 'weekly_review@1') FROM ai_chat_log";
        crate::support::rows(&serve.db().await, text).await
    });
    assert_eq!(text[0][..5], ["7", "1", "1", "2", "1"].map(str::to_owned), "{text:?}");
    assert!(text[0][5].parse::<u32>().expect("a number") > 20, "{text:?}");
    assert_eq!(text[0][6..], ["0", "0", "1", "1"].map(str::to_owned), "{text:?}");
    // An account that leaves takes along what was asked and told about it.
    place.run(&["forget", "--klaviyo-id", mine, "--yes"]).expect(0);
    let left = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let text = format!(
            "SELECT (SELECT count() FROM ai_chat_log WHERE has(klaviyo_public_ids, '{mine}')), (SELECT count() FROM ai_notes)"
        );
        crate::support::rows(&serve.db().await, text).await
    });
    assert_eq!(left, [["0", "0"]]);
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace('"', "'"),
        other => other.to_string(),
    }
}

/// The store's name and currency, told by a person or by a chatbot, stand in every answer; a wrong one is refused.
#[test]
fn what_people_tell_appears_in_every_answer() {
    let (place, accounts) = place();
    let place = &place.copy();
    let [mine, other, ..] = &accounts[..] else { panic!("{accounts:?}") };
    assert!(place.run(&["notes"]).expect(0).stdout.contains("nothing is known yet"));
    let before = place.run(&["context", "-k", mine, "--max-tokens", "2000"]).expect(0).stdout;
    assert!(before.contains("Money in account currency"), "{before}");

    let told = ["notes", "-k", mine, "--store-name", "Blue \"Shop\"", "--currency", "eur", "--note", "moved"];
    let stdout = place.run(&told).expect(0).stdout;
    assert!(stdout.contains("EUR") && stdout.contains("moved"), "{stdout}");
    for (wrong, said) in [
        (&["-k", mine, "--currency", "EURO"][..], "`EURO` is no currency"),
        (&["-k", mine, "--store-name", " "], "1 to 500 characters"),
        (&["-k", "nobody", "--currency", "EUR"], "has no row"),
        (&["--currency", "EUR"], "--klaviyo-id"),
    ] {
        let ended = place.run(&[&["notes"], wrong].concat()).expect(2);
        assert!(ended.stderr.contains(said), "{wrong:?}: {}", ended.stderr);
    }

    let context = place.run(&["context", "-k", mine, "--max-tokens", "2000"]).expect(0).stdout;
    assert!(context.starts_with(&format!("Klaviyo account {mine} \"Blue 'Shop'\", ")), "{context}");
    assert!(context.contains("Money in EUR, rates") && !context.contains("account currency"), "{context}");
    let document = place.run(&["context", "-k", mine, "--json"]).expect(0).stdout;
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!((&document["store_name"], &document["currency"]), (&json!("Blue \"Shop\""), &json!("EUR")));

    let ask = |more: &[&str]| {
        place.run(&[&["query", "channels_compared", "-k", mine], more].concat()).expect(0).stdout
    };
    let table = ask(&[]);
    assert!(
        table.starts_with(&format!("Blue \"Shop\" ({mine})\n\n")) && table.contains("money in EUR"),
        "{table}"
    );
    let answer: Value = serde_json::from_str(&ask(&["--json"])).expect("JSON");
    let revenue = answer["rows"][0]["revenue"].as_f64().expect("a number");
    let amount = match revenue as u64 {
        whole @ ..1000 => format!("€{whole}."),
        whole => format!("€{},", whole / 1000),
    };
    assert!(table.contains(&amount), "{revenue}: {table}");
    assert!(!ask(&["--format", "csv"]).contains('€'), "numbers stay numbers");
    assert_eq!(
        answer["stores"],
        json!([{"account": mine, "store_name": "Blue \"Shop\"", "currency": "EUR"}])
    );
    let both = place.run(&["query", "stores_compared", "-k", mine, "-k", other]).expect(0).stdout;
    let line = |of: &str| {
        both.lines().find(|line| line.contains(of) && !line.contains("refreshed")).map(str::to_owned)
    };
    assert!(line(mine).is_some_and(|line| line.contains('€')), "{both}");
    assert!(line(other).is_some_and(|line| !line.contains('€')), "its currency is not known: {both}");

    // A chatbot is told the same, and may correct it.
    let mut session = Session::start(place, &["--klaviyo-id", mine]);
    assert!(session.ok("ask", json!({"question": "top_campaigns"})).contains(", money in EUR: complete"));
    assert!(session.error("remember", json!({"currency": "XXX"})).contains("`XXX` is no currency"));
    session.ok("remember", json!({"currency": "JPY"}));
    session.end();
    assert!(ask(&[]).contains('¥'));
    let cleared =
        place.run(&["notes", "-k", mine, "--clear", "--currency", "USD", "--json"]).expect(0).stdout;
    let cleared: Value = serde_json::from_str(&cleared).expect("JSON");
    assert_eq!(cleared.as_array().map(Vec::len), Some(1), "{cleared}");
    assert_eq!((&cleared[0]["kind"], &cleared[0]["text"]), (&json!("currency"), &json!("USD")));
}

/// A turn costs what the file of prices says, an unknown model an unknown amount; a budget tells its shares once each and
/// then refuses; what a chat application recorded is taken over once.
#[test]
fn prices_budgets_and_recorded_turns() {
    let (place, accounts) = place();
    let place = &place.copy();
    let mine = &accounts[0];
    std::fs::write(place.path("prices"), "m 4 20\n").expect("written");
    std::fs::write(place.path("budgets"), "token stdio day 5 calls\n").expect("written");
    place.run(&["mcp", "-k", mine, "--prices", "budgets"]).expect(2);
    std::fs::write(place.path("money"), "token stdio day 5 money\n").expect("written");
    let ended = place.run(&["mcp", "-k", mine, "--budgets", "money"]).expect(2);
    assert!(ended.stderr.contains("needs prices"), "{}", ended.stderr);

    let start = || Session::start(place, &["-k", mine, "--prices", "prices", "--budgets", "budgets"]);
    let mut session = start();
    for _ in 0..3 {
        session.ok("describe", json!({}));
    }
    session.ok("feedback", json!({"model": "m", "input_tokens": 200_000, "output_tokens": 10_000}));
    session.ok("feedback", json!({"model": "other", "input_tokens": 200_000, "output_tokens": 10_000}));
    session.end();
    // Another process goes on counting where the first ended.
    let mut session = start();
    for _ in 0..2 {
        session.ok("describe", json!({}));
    }
    for _ in 0..2 {
        let refused = session.error("describe", json!({}));
        assert!(refused.contains("budget is used up: token stdio day 5 calls"), "{refused}");
    }
    session.ok("feedback", json!({"score": 1}));
    session.end();

    // One turn of a model that has a price, one of another, and a span that is no turn.
    let span = |id: &str, model: &str| {
        json!({"traceId": "t", "spanId": id, "startTimeUnixNano": "1790000000000000000",
            "endTimeUnixNano": "1790000001500000000", "attributes": [
            {"key": "gen_ai.request.model", "value": {"stringValue": model}},
            {"key": "gen_ai.conversation.id", "value": {"stringValue": "c"}},
            {"key": "klaviyo_public_id", "value": {"stringValue": mine}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "100000"}},
            {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 5000}}]})
    };
    let other = json!({"traceId": "t", "spanId": "3", "startTimeUnixNano": "1", "attributes": []});
    let spans = json!([span("1", "m"), span("2", "other"), other]);
    let traces = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    std::fs::write(place.path("traces"), traces.to_string()).expect("written");
    let import = || {
        let ended = place.run(&["usage", "import", "traces", "--prices", "prices", "--json"]).expect(0);
        serde_json::from_str::<Value>(&ended.stdout).expect("JSON")
    };
    assert_eq!(import(), json!({"imported": 2, "known": 0, "without_price": 1}));
    assert_eq!(import(), json!({"imported": 0, "known": 2, "without_price": 0}));
    place.run(&["usage", "import", "prices"]).expect(1);

    let serve = place.serve();
    let told = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        // By hand: 200,000 x 4 and 10,000 x 20 a million are 1.00; 100,000 and 5,000 are 0.50.
        let text = "SELECT arrayStringConcat(arraySort(groupArrayIf(toString(rows), kind = 'budget')), ' '), \
             sumIf(cost, kind = 'turn'), countIf(kind = 'turn' AND isNull(cost)), anyIf(input_price, cost > 0), \
             countIf(verdict = 'budget'), uniqExactIf(gen_ai_conversation_id, kind = 'call'), \
             countIf(duration_ms = 1500 AND gen_ai_conversation_id = 'c' AND toYear(time) = 2026) FROM ai_chat_log";
        crate::support::rows(&serve.db().await, text).await
    });
    // 3 of 5 calls are 60 %, 4 are 80 %, 5 are all.
    assert_eq!(told, [["100 50 75", "1.5", "3", "4", "2", "2", "2"]]);
    // The views of the log, by hand: 5 calls and 2 refused ones; of 3 turns one costs 1.00, and one has the score 1. What
    // was imported is a day of its own.
    let views = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let db = serve.db().await;
        let daily = "SELECT token_name, klaviyo_public_ids, sum(calls), sum(refusals), sum(errors), sum(turns), \
             sum(input_tokens), sum(output_tokens), sum(cost), sum(turns_without_cost), sum(scored), sum(score_sum) \
             FROM ai_usage_daily GROUP BY ALL ORDER BY token_name";
        let models = "SELECT model, sum(turns), sum(input_tokens), sum(output_tokens), sum(cost), \
             sum(turns_without_cost), sum(scored), sum(wrong), uniqExact(usage_date) \
             FROM ai_model_performance GROUP BY model ORDER BY model";
        [crate::support::rows(&db, daily).await, crate::support::rows(&db, models).await]
    });
    let imported = format!("|['{mine}']|0|0|0|2|200000|10000|0.5|1|0|0");
    let daily = ["stdio|[]|7|2|0|3|400000|20000|1|2|1|1"];
    let lines = |rows: &[Vec<String>]| rows.iter().map(|row| row.join("|")).collect::<Vec<_>>();
    assert_eq!(lines(&views[0]), [imported.as_str(), daily[0]]);
    let models = ["|1|0|0|0|1|1|0|1", "m|2|300000|15000|1.5|0|0|0|2", "other|2|300000|15000|0|2|0|0|2"];
    assert_eq!(lines(&views[1]), models);
}

/// A cancelled call leaves no statement running, and the session goes on.
#[test]
fn a_cancelled_call_is_killed() {
    let (place, accounts) = place();
    let place = &place.copy();
    let mut session = Session::start(place, &["--klaviyo-id", &accounts[0]]);
    let endless = "SELECT sum(cityHash64(a, b)) FROM (SELECT arrayJoin(range(1000000)) AS a) AS x \
                   CROSS JOIN (SELECT arrayJoin(range(1000000)) AS b) AS y";
    let started = Instant::now();
    let id = session.begin("tools/call", json!({"name": "sql", "arguments": {"statement": endless}}));
    std::thread::sleep(Duration::from_millis(500));
    session
        .send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}));
    // Both places are free again only when the statement has ended.
    loop {
        let text = session.call("sql", json!({"statement": "SELECT 1 AS n"})).0;
        if text.contains("1 row") {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(25), "{text}");
        std::thread::sleep(Duration::from_millis(100));
    }
    session.end();
}

/// A server that is killed in mid-conversation has lost no call that was answered more than a second before.
#[test]
fn a_kill_loses_at_most_a_second_of_the_log() {
    let (place, accounts) = place();
    let place = place.copy();
    let mut session = Session::start(&place, &["--klaviyo-id", &accounts[0]]);
    for _ in 0..10 {
        session.ok("describe", json!({}));
    }
    std::thread::sleep(Duration::from_millis(1500));
    session.child.kill().expect("killed");
    session.child.wait().expect("an end");
    let serve = place.serve();
    let logged = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        crate::support::rows(
            &serve.db().await,
            "SELECT countIf(gen_ai_tool_name = 'describe') FROM ai_chat_log",
        )
        .await
    });
    assert_eq!(logged, [["10"]]);
}

/// Over HTTP each token has its own accounts; without one, with a wrong one or from a web page nothing is served.
#[test]
fn tokens_open_their_own_accounts_over_http() {
    let (place, accounts) = place();
    let place = place.copy();
    let mut lines = String::new();
    let mut tokens = Vec::new();
    for (name, account) in ["first", "second"].iter().zip(accounts) {
        let made = place.run(&["mcp", "--make-token", name, "--klaviyo-id", account]).expect(0).stdout;
        let after =
            |title: &str| made.lines().find_map(|line| line.strip_prefix(title)).expect("told").to_owned();
        tokens.push(after("token: "));
        lines.push_str(&format!("{}\n", after("line for the file of tokens: ")));
    }
    std::fs::write(place.path("tokens"), &lines).expect("written");
    let mut child =
        place.command(&["mcp", "--http", "127.0.0.1:0", "--tokens", "tokens"]).spawn().expect("started");
    // The tokens' file stands in the folder in which the program runs.
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("stderr"));
    while !said.contains("http://") {
        assert!(stderr.read_line(&mut said).expect("text") > 0, "ended: {said}");
    }
    let address =
        said.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    let post = |headers: &str| {
        let body =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"accounts","arguments":{}}}"#;
        let mut stream = std::net::TcpStream::connect(&address).expect("connected");
        let length = body.len();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
             Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).expect("an answer");
        answer
    };
    let with = |token: &str, more: &str| {
        post(&format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n{more}"))
    };
    for (index, token) in tokens.iter().enumerate() {
        let answer = with(token, "");
        for (other, account) in accounts.iter().enumerate() {
            assert_eq!(answer.contains(account.as_str()), other == index, "{answer}");
        }
    }
    for refused in [post(&format!("Host: {address}\r\n")), with("guess", "")] {
        assert!(refused.starts_with("HTTP/1.1 401 ") && refused.contains("www-authenticate"), "{refused}");
    }
    let foreign = post(&format!("Host: example.com\r\nAuthorization: Bearer {}\r\n", tokens[0]));
    assert!(foreign.starts_with("HTTP/1.1 403 "), "{foreign}");
    assert!(with(&tokens[0], "Origin: http://example.com\r\n").starts_with("HTTP/1.1 403 "));
    // A line that is taken out shuts its token out.
    std::fs::write(place.path("tokens"), lines.lines().next().expect("a line")).expect("written");
    assert!(with(&tokens[0], "").starts_with("HTTP/1.1 200 "));
    assert!(with(&tokens[1], "").starts_with("HTTP/1.1 401 "));
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(child.id() as i32).expect("a process"),
        rustix::process::Signal::TERM,
    )
    .expect("told");
    assert_eq!(child.wait().expect("an end").code(), Some(143));
}
