//! The page for an account's owner: every number on it is one of `aiviews query`, and nothing in a name is markup.

use std::process::Child;
use std::sync::LazyLock;

use serde_json::Value;

use crate::program::Program;

const ACCOUNTS: [&str; 3] = ["XqkVGb", "r9YGgK", "CSL153"];

/// Three seeded accounts, refreshed, and who serves their folder to all the tests.
static AGENCY: LazyLock<(Program, Child)> = LazyLock::new(|| {
    let program = Program::new();
    let serve = program.serve();
    program.ok(&["seed", "--accounts", "3", "--days", "120", "--quiet"]);
    program.ok(&["migrate", "--quiet"]);
    program.ok(&["populate", "--days", "120", "--quiet"]);
    (program, serve)
});

fn page(arguments: &[&str]) -> String {
    AGENCY.0.ok(&[&["report"], arguments].concat())
}

fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split_once(&format!("{name}=\""))?.1.split_once('"').map(|(value, _)| value)
}

/// What `aiviews query` answers to the question that a part of the page names.
fn asked_again(account: &str, question: &str, parameters: &str) -> Value {
    let mut arguments = vec!["query", question, "--klaviyo-id", account];
    arguments.extend(parameters.split_whitespace().flat_map(|pair| ["--param", pair]));
    AGENCY.0.json(&arguments)
}

/// Every figure of the page, read back: the question, where it stands there, and its value.
fn compare(account: &str, page: &str) -> usize {
    let mut compared = 0;
    for part in page.split("data-question=\"").skip(1) {
        let question = part.split('"').next().expect("a name");
        let parameters = attribute(part, "data-parameters").expect("parameters");
        let part = part.split("</table>").next().expect("a part").split("</dl>").next().expect("a part");
        let answer = asked_again(account, question, parameters);
        let is_same = |row: usize, column: &str, value: &str| {
            let expected = &answer["rows"][row][column];
            assert_eq!(
                expected.as_f64(),
                value.parse().ok(),
                "{question} {parameters}: row {row}, {column}: {answer}"
            );
        };
        let columns: Vec<&str> = part
            .split("<th scope=\"col\"")
            .skip(1)
            .filter_map(|head| attribute(head, "data-column"))
            .collect();
        for (row, cells) in part.split("<th scope=\"row\"").skip(1).enumerate() {
            for (column, cell) in cells.split("<td").enumerate() {
                let Some(value) = cell.split("<data ").nth(1).and_then(|data| attribute(data, "value"))
                else {
                    continue;
                };
                is_same(row, columns[column], value);
                compared += 1;
            }
        }
        for data in part.split("<data data-row").skip(1) {
            let data = format!("data-row{data}");
            let row = attribute(&data, "data-row").and_then(|row| row.parse().ok()).expect("a row");
            is_same(
                row,
                attribute(&data, "data-column").expect("a column"),
                attribute(&data, " value").expect("a value"),
            );
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_number_is_one_of_a_question() {
    for (account, period) in [(ACCOUNTS[0], "--week"), (ACCOUNTS[1], "--month"), (ACCOUNTS[2], "--week")] {
        let page = page(&["-k", account, period]);
        let least = if account == ACCOUNTS[2] { 10 } else { 100 };
        let compared = compare(account, &page);
        assert!(compared > least, "{account}: {compared} figures only");
        assert!(page.len() <= 150 * 1024, "{account}: {} bytes", page.len());
        for foreign in ["http://", "https://", "<script", "<img", "@import", "url("] {
            assert!(!page.contains(foreign), "{account}: the page needs {foreign}");
        }
    }
}

/// The sentences are those of `context`.
#[test]
fn the_sentences_are_those_of_the_context() {
    let page = page(&["-k", ACCOUNTS[1]]);
    let context = AGENCY.0.json(&["context", "-k", ACCOUNTS[1]]);
    let insights = context["insights"].as_array().expect("a list");
    assert!(!insights.is_empty(), "{context}");
    let summary = page
        .split("<h2>What happened</h2>")
        .nth(1)
        .expect("a summary")
        .split("</section>")
        .next()
        .expect("its end");
    assert_eq!(summary.matches("<li>").count(), insights.len(), "{summary}");
    for figure in insights.iter().filter_map(|it| it["figures"].as_object()).flat_map(|it| it.values()) {
        let whole = figure.as_f64().expect("a number").abs();
        let digits = |text: &str| text.replace([',', '\u{a0}'], "");
        let rounded =
            [format!("{whole:.0}"), format!("{whole:.2}"), format!("{whole:.1}"), format!("{whole}")];
        assert!(rounded.iter().any(|it| digits(summary).contains(it.as_str())), "{figure}: {summary}");
    }
}

/// Names are data, also that of the store.
#[test]
fn nothing_in_a_name_is_markup() {
    let long = "é".repeat(500);
    for name in ["<script>alert(1)</script>", "\"><svg onload=x>", "\u{202e}drow", "& Söhne 🛍", &long] {
        AGENCY.0.ok(&["notes", "-k", ACCOUNTS[2], "--store-name", name, "--currency", "JPY", "-q"]);
        let page = page(&["-k", ACCOUNTS[2]]);
        assert!(
            !page.contains("<script") && !page.contains("<svg onload") && !page.contains('\u{202e}'),
            "{name}"
        );
        assert!(page.contains("¥") && page.len() < 150 * 1024, "{name}");
    }
    assert!(page(&["-k", ACCOUNTS[2]]).contains("éé…"), "a long name is cut");
}

#[test]
fn a_page_is_written_whole_or_not_at_all() {
    let file = AGENCY.0.folder.path().join("week.html");
    let path = file.display().to_string();
    assert_eq!(page(&["-k", ACCOUNTS[1], "-o", &path]), "");
    assert_eq!(std::fs::read_to_string(&file).expect("a page"), page(&["-k", ACCOUNTS[1]]));
    for (arguments, code, told) in [
        (&["-k", "nobody"][..], 2, "has no row"),
        (&["-k", ACCOUNTS[1], "-o", "/nosuch/week.html"], 1, "/nosuch/week.html"),
        (&["-k", ACCOUNTS[1], "--week", "--month"], 2, "--month"),
    ] {
        let run = AGENCY.0.run(&[&["report"], arguments].concat());
        assert!(run.code == code && run.stderr.contains(told), "{arguments:?}: {} {}", run.code, run.stderr);
    }
}
