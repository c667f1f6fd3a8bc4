//! A report says what `query` and `context` say: its numbers are read back out of the page.

use std::io::Write;

use serde_json::Value;

use crate::clients::clients;
use crate::context::{SHOWCASE, json, succeed};

/// What stands between two marks, and what follows.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<(&'a str, &'a str)> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to)
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    between(tag, &format!(" {name}=\""), "\"").map(|(value, _)| value)
}

fn words(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            letter if !is_tag => text.push(letter),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The rows that `query` has for what the page says it has asked.
fn asked(account: &str, question: &str, parameters: &str) -> Vec<Value> {
    let given = parameters.split_whitespace().flat_map(|parameter| ["--param", parameter]);
    let arguments = ["query", question, "--klaviyo-id", account, "--json"];
    let document = json(&succeed(&arguments.into_iter().chain(given).collect::<Vec<_>>()));
    document["rows"].as_array().expect("rows").clone()
}

/// A cell of a table against the answer's.
fn same(cell: &str, expected: &Value, column: &str) {
    if let Some(value) = attribute(cell, "value") {
        assert_eq!(value.parse::<f64>().ok(), expected.as_f64(), "{column}: {cell}");
    } else if cell.contains("class=\"none\"") {
        assert!(expected.is_null(), "{column}: {cell} is {expected}");
    } else if let Some(day) = attribute(cell, "datetime") {
        assert_eq!(expected, day, "{column}");
    } else {
        let told = words(cell).to_lowercase();
        let own = ["all channels", "this month", "next month", "next 7 days", "mobile push"];
        let expected = expected.as_str().expect("a text").to_lowercase();
        let told = told.trim_end_matches('…');
        assert!(expected.starts_with(told) || own.contains(&told), "{column}: {told} is not {expected}");
    }
}

/// Compares every table and every figure of a page with its question; returns which these were.
fn compare(account: &str, page: &str) -> Vec<String> {
    let mut questions = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(" data-question=\"") {
        let is_list = before.rsplit('<').next().is_some_and(|tag| tag.starts_with("dl"));
        let (question, after) = after.split_once('"').expect("a name");
        let parameters = attribute(after, "data-parameters").expect("parameters");
        let (block, after) = after.split_once(if is_list { "</dl>" } else { "</table>" }).expect("an end");
        let rows = asked(account, question, parameters);
        match is_list {
            true => figures(block, &rows),
            false => table(block, &rows),
        }
        questions.push(question.to_owned());
        rest = after;
    }
    questions
}

fn figures(block: &str, rows: &[Value]) {
    let told: Vec<&str> = block.split("<data ").skip(1).collect();
    assert!(told.len() >= 4, "{block}");
    for tag in told {
        let tag = format!(" {tag}");
        let row: usize = attribute(&tag, "data-row").and_then(|row| row.parse().ok()).expect("a row");
        let column = attribute(&tag, "data-column").expect("a column");
        same(tag.split('>').next().unwrap_or_default(), &rows[row][column], column);
    }
}

fn table(block: &str, rows: &[Value]) {
    let (head, body) = block.split_once("<tbody>").expect("a body");
    let columns: Vec<&str> =
        head.split("data-column=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let told: Vec<&str> = body.split("<tr>").skip(1).collect();
    assert_eq!(told.len(), rows.len(), "{head}");
    for (row, expected) in told.iter().zip(rows) {
        let cells: Vec<&str> = row.split("</th>").flat_map(|part| part.split("</td>")).collect();
        assert_eq!(cells.len(), columns.len() + 1, "{row}");
        for (cell, column) in cells.iter().zip(&columns) {
            same(cell, &expected[column], column);
        }
    }
}

#[test]
fn every_number_of_a_page_is_that_of_the_questions_and_of_context() {
    let week = succeed(&["report", "--klaviyo-id", SHOWCASE]);
    let compared = compare(SHOWCASE, &week);
    for question in
        ["week_against_week", "weekly_revenue", "why_revenue_changed", "flows_by_revenue", "forms"]
    {
        assert!(compared.iter().any(|name| name == question), "{question} is not in {compared:?}");
    }
    drawn_in_proportion(&week);
    let text = words(&week);
    for row in asked(SHOWCASE, "revenue_outlook", "") {
        let told = row["in_words"].as_str().expect("a sentence");
        assert!(row["channel"] != "all" || text.contains(told), "{told}");
    }
    let month = succeed(&["report", "--klaviyo-id", SHOWCASE, "--month"]);
    let compared = compare(SHOWCASE, &month);
    assert!(compared.iter().any(|name| name == "monthly_history"), "{compared:?}");
    let context = json(&succeed(&["context", "--klaviyo-id", SHOWCASE, "--max-tokens", "9000", "--json"]));
    for (day, before) in [("complete_through", " to "), ("settled_through", "Revenue is final up to ")] {
        let day: chrono::NaiveDate = context[day].as_str().and_then(|day| day.parse().ok()).expect("a day");
        assert!(text.contains(&format!("{before}{}", day.format("%-d %B"))), "{day}");
    }
    let (list, _) = between(&week, "<section class=\"summary\">", "</section>").expect("sentences");
    let told: Vec<String> = list.split("<li>").skip(1).map(|item| plain(&words(item))).collect();
    let expected = context["insights"].as_array().expect("insights");
    assert_eq!(told.len(), expected.len(), "{list}");
    for (told, insight) in told.iter().zip(expected) {
        let text = plain(insight["text"].as_str().expect("a text"));
        assert!(told.starts_with(&text), "{told}\n{text}");
    }
}

/// The drawings say what the tables say: heights and places are in proportion to the figures.
fn drawn_in_proportion(page: &str) {
    let (columns, rest) = between(page, "<svg class=\"chart wide\"", "</svg>").expect("columns");
    let mut weeks = asked(SHOWCASE, "weekly_revenue", "");
    weeks.reverse();
    for (class, column) in [("one", "campaign_revenue"), ("two", "flow_revenue")] {
        // One of them is the legend's; the last column is what is expected, which has no parts.
        let heights = numbers(columns, &format!("rect class=\"{class}\""), "height");
        assert_eq!(heights.len(), weeks.len() + 1, "{columns}");
        let figures = weeks.iter().map(|week| week[column].as_f64().expect("money"));
        in_proportion(&heights[..weeks.len()], &figures.collect::<Vec<_>>(), 0.0);
    }
    let (dots, _) = between(rest, "<svg class=\"chart wide\"", "</svg>").expect("dots");
    let days = asked(SHOWCASE, "best_day_to_send", "");
    let of_day = |day: &str| {
        let channel = &days[0]["channel"];
        days.iter().find(|row| row["channel"] == *channel && row["day"] == day)
    };
    let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let drawn: Vec<&Value> = names.into_iter().filter_map(of_day).collect();
    let places = numbers(dots, "circle", "cx");
    let zero = numbers(dots, "line class=\"grid\"", "x1")[0];
    let figures = drawn.iter().map(|row| row["revenue_per_1000"].as_f64().expect("money"));
    in_proportion(&places[..drawn.len()], &figures.collect::<Vec<_>>(), zero);
}

/// Values of an attribute of these marks.
fn numbers(drawing: &str, mark: &str, name: &str) -> Vec<f64> {
    let mark = format!("<{mark}");
    drawing
        .split(&mark)
        .skip(1)
        .map(|mark| attribute(mark, name).and_then(|value| value.parse().ok()).expect("a number"))
        .collect()
}

/// A drawing is rounded to a tenth of a unit.
fn in_proportion(drawn: &[f64], figures: &[f64], zero: f64) {
    let greatest = (0..figures.len()).max_by(|a, b| figures[*a].total_cmp(&figures[*b])).expect("figures");
    let unit = (drawn[greatest] - zero) / figures[greatest];
    assert!(unit > 0.0, "{drawn:?}");
    for (place, figure) in drawn.iter().zip(figures) {
        assert!((place - zero - figure * unit).abs() < 0.2, "{drawn:?} is not {figures:?}");
    }
}

/// A sentence without what only its typesetting adds.
fn plain(text: &str) -> String {
    text.replace(['“', '”'], "\"").replace(',', "").to_lowercase()
}

#[test]
fn a_page_stands_alone_and_is_small() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.html");
    for account in [SHOWCASE, "CSL153"] {
        let output = file.to_str().expect("a path");
        succeed(&["report", "--klaviyo-id", account, "--output", output]);
        let page = std::fs::read_to_string(&file).expect("a page");
        assert!(page.len() <= 150_000 && page.ends_with("</html>"), "{} bytes", page.len());
        for foreign in ["<script", "<link", "<iframe", "src=", "href=", "url(", "@import", "NaN", "inf\""] {
            assert!(!page.contains(foreign), "{account}: {foreign}");
        }
        assert!(page.contains("lang=\"en\"") && page.contains("<title>") && page.contains("<h1>"));
    }
    let image = folder.path().join("page.PNG");
    succeed(&["report", "--klaviyo-id", SHOWCASE, "--output", image.to_str().expect("a path")]);
    let image = std::fs::read(image).expect("an image");
    assert!(image.starts_with(b"\x89PNG") && image.len() <= 300_000, "{} bytes", image.len());
    judged_by_axe(&file);
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 2, "nothing is left beside the page and the image");
}

/// What axe-core's rules find in a page.
fn judged_by_axe(page: &std::path::Path) {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/axe.mjs");
    let mut judge = std::process::Command::new("node")
        .arg(script)
        .env("AIVIEWS_TEST_CLIENTS", clients())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("node starts");
    let pages = format!("{}\n", page.display());
    judge.stdin.take().expect("stdin").write_all(pages.as_bytes()).expect("written");
    let said = judge.wait_with_output().expect("an end").stdout;
    assert_eq!(String::from_utf8_lossy(&said), "done\n");
}

#[test]
fn an_agency_gets_every_page_and_an_index_by_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("pages");
    succeed(&["report", "--all-accounts", "--output-dir", pages.to_str().expect("a path")]);
    let index = std::fs::read_to_string(pages.join("index.html")).expect("an index");
    let rows: Vec<&str> = index.split("<tr>").skip(2).collect();
    assert_eq!(rows.len(), 3, "{index}");
    let mut changes = Vec::new();
    for row in rows {
        let (file, _) = between(row, "href=\"", "\"").expect("a link");
        let account = file.trim_start_matches("account-").trim_end_matches(".html");
        assert!(pages.join(file).exists(), "{file}");
        let measures = asked(account, "week_against_week", "");
        let revenue = measures.iter().find(|row| row["measure"] == "revenue").expect("revenue");
        changes.push(revenue["change_pct"].as_f64().unwrap_or(f64::NEG_INFINITY));
    }
    assert!(changes.is_sorted_by(|a, b| a >= b), "{changes:?}");
}
