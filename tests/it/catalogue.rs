//! The rules that every SQL file keeps.

use std::path::{Path, PathBuf};

use aiviews::engine::codes;

use crate::support;

fn sql_files() -> Vec<(PathBuf, String)> {
    fn visit(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                visit(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                let text = std::fs::read_to_string(&path).expect("text");
                files.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sql"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    files
}

#[test]
fn a_file_is_one_introduced_statement() {
    for (path, text) in sql_files() {
        let path = path.display();
        assert!(text.trim_start().starts_with("-- "), "{path}: the first line says what one row is");
        assert!(!text.contains(';'), "{path}: one statement a file, and no semicolon");
        assert!(!text.contains('?'), "{path}: the client takes every question mark as a slot");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}: one newline at the end");
        for line in text.lines() {
            assert!(line.chars().count() <= 120, "{path}: {line}");
            assert_eq!(line.trim_end(), line, "{path}: white space at the end of `{line}`");
        }
        assert!(!text.contains("CREATE FUNCTION") && !text.contains("SQL SECURITY DEFINER"), "{path}");
    }
}

/// The file that includes a fragment says where it begins and ends: no comma at its end, and no tables to read from on
/// the level of a list.
#[test]
fn a_fragment_is_whole_steps_or_items_of_a_list() {
    let mut looked_at = 0;
    for (path, text) in sql_files()
        .into_iter()
        .filter(|(path, _)| path.parent().is_some_and(|folder| folder.ends_with("fragments")))
    {
        let last = text.trim_end().lines().last().unwrap_or_default().trim_start();
        assert!(!last.ends_with(',') && !last.starts_with("--"), "{}: {last}", path.display());
        let depth = |text: &str| text.matches('(').count() as i64 - text.matches(')').count() as i64;
        for (index, _) in text.match_indices("FROM ") {
            assert!(depth(&text[..index]) > 0, "{}: a list reads from nothing", path.display());
        }
        assert_eq!(depth(&text), 0, "{}", path.display());
        looked_at += 1;
    }
    assert!(looked_at > 15, "{looked_at}");
}

#[test]
fn every_file_is_in_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = crate::house::code();
    for (path, _) in sql_files() {
        let name = path.strip_prefix(root.join("sql")).expect("below sql").with_extension("");
        let name = name.to_str().expect("UTF-8");
        let object = name.rsplit('/').next().expect("a name");
        let is_table_file = aiviews::schema::TABLES.iter().any(|table| object == table.name);
        assert!(is_table_file || code.contains(&format!("\"{name}\"")), "{name} is not embedded");
    }
}

#[test]
fn a_window_never_crosses_accounts() {
    for (path, text) in sql_files() {
        for (index, _) in text.match_indices("PARTITION BY ") {
            let after = text[index + "PARTITION BY ".len()..].trim_start();
            let is_table = text[..index].trim_end().ends_with(')') && text.contains("CREATE TABLE");
            let column = after.split([',', ')', '\n', ' ']).next().unwrap_or_default();
            let column = column.rsplit('.').next().unwrap_or_default();
            // What the server says of its own tables has no accounts to keep apart.
            let names_account = ["klaviyo_public_id", "account", "account_index"].contains(&column)
                || text.contains("FROM system.parts");
            assert!(is_table || names_account, "{}: PARTITION BY {column}", path.display());
        }
    }
}

/// Without a word for it, `join_default_strictness` of the user's profile decides how many rows a join gives.
#[test]
fn a_join_says_all() {
    let mut looked_at = 0;
    for (path, text) in sql_files() {
        let code: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let words: Vec<&str> = code.iter().flat_map(|line| line.split_whitespace()).collect();
        for (index, _) in words.iter().enumerate().filter(|(_, word)| **word == "JOIN") {
            let kind = words[index.saturating_sub(2)..index].join(" ");
            let is_plain = kind.ends_with("ARRAY") || kind.ends_with("CROSS");
            let is_stated = kind == "ALL INNER" || kind == "ALL LEFT";
            assert!(is_plain || is_stated, "{}: {kind} JOIN", path.display());
            looked_at += usize::from(is_stated);
        }
    }
    assert!(looked_at > 20, "{looked_at}");
}

/// A table is filled by several inserts, each for some accounts of the batch, and the snapshots hold all of them.
#[test]
fn whoever_reads_a_snapshot_takes_the_asked_accounts_alone() {
    let mut looked_at = 0;
    for (path, text) in sql_files() {
        for (index, _) in text.match_indices("_source:Identifier} AS s") {
            let rest = &text[index..];
            let end = ["GROUP BY", "UNION ALL", "),\n"].iter().filter_map(|end| rest.find(end)).min();
            let condition = &rest[..end.expect("an end of the step")];
            let is_filtered = condition.contains("s.klaviyo_public_id IN {accounts:Array(String)}");
            assert!(is_filtered, "{}: {condition}", path.display());
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 7);
}

/// A run that crosses midnight has one date: its statements get it as a parameter and ask no clock themselves.
#[test]
fn no_statement_of_a_refresh_asks_a_clock() {
    let mut looked_at = 0;
    for (path, text) in sql_files() {
        let is_part =
            ["sql/refresh", "sql/checks"].iter().any(|folder| path.display().to_string().contains(folder));
        if !is_part {
            continue;
        }
        looked_at += 1;
        let code: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        for clock in ["today(", "now(", "now64(", "yesterday(", "nowInBlock("] {
            assert!(!code.join("\n").contains(clock), "{}: {clock}", path.display());
        }
    }
    assert!(looked_at > 30, "{looked_at}");
}

/// The clock of the machine that runs aiviews names runs, and measures silence; no row and no date comes from it.
#[test]
fn the_clock_of_this_machine_decides_nothing() {
    fn visit(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                visit(&path, found);
            } else if ["Utc::now", "Local::now", "SystemTime::now"]
                .iter()
                // Fonts and pictures are no text.
                .any(|clock| std::fs::read_to_string(&path).is_ok_and(|text| text.contains(clock)))
            {
                found.push(
                    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("below").display().to_string(),
                );
            }
        }
    }
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    // The run's id; when a lock file was taken, for people; whether this machine slept.
    assert_eq!(found, ["src/db/connection.rs", "src/lock/file.rs", "src/lock/mod.rs"]);
}

/// Each code has the name that ClickHouse itself gives it.
#[tokio::test(flavor = "multi_thread")]
async fn error_codes_bear_their_names() {
    let db = support::database("codes").await;
    let named = support::sql("SELECT arrayMap(code -> errorCodeToName(code), {codes:Array(UInt32)})");
    let numbers: Vec<u32> = codes::ALL.iter().map(|(code, _)| *code).collect();
    let names: Vec<String> = db.statement(&named).param("codes", numbers).fetch_one().await.expect("names");
    assert_eq!(names, codes::ALL.iter().map(|(_, name)| *name).collect::<Vec<_>>());
    support::drop_database(&db).await;
}
