//! The rules that every SQL file keeps.

use std::path::{Path, PathBuf};

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

#[test]
fn every_file_is_in_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for file in ["sql.rs", "schema.rs"] {
        code.push_str(&std::fs::read_to_string(root.join("src").join(file)).expect("code"));
    }
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
            let names_account = ["klaviyo_public_id", "account", "account_index"].contains(&column);
            assert!(is_table || names_account, "{}: PARTITION BY {column}", path.display());
        }
    }
}
