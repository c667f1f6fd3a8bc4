//! The table of faults in tests/README.md: no row is missing, and every test that it names exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rows of the table of faults. Those with a letter came between them later.
fn expected_rows() -> Vec<String> {
    (1..=35).map(|number| number.to_string()).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Number and last cell of each row.
fn fault_rows() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("tests/README.md")).expect("tests/README.md");
    let section = text.split("## Faults and their tests").nth(1).expect("the section");
    let cells =
        |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let table =
        section.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| "));
    let rows = table.map(cells).filter(|cells| cells[0].starts_with(|letter: char| letter.is_ascii_digit()));
    rows.map(|cells| (cells[0].clone(), cells.last().expect("a cell").clone())).collect()
}

fn file_of(module: &str) -> PathBuf {
    match module.strip_suffix("::tests") {
        Some(path) => {
            let module = root().join("src").join(path.replace("::", "/"));
            let own = module.join("mod.rs");
            if own.exists() {
                return if module.join("tests.rs").exists() { module.join("tests.rs") } else { own };
            }
            let own = module.join("tests.rs");
            if own.exists() { own } else { module.with_extension("rs") }
        }
        None => root().join("tests/it").join(module).with_extension("rs"),
    }
}

#[test]
fn every_fault_has_a_test_that_exists_or_a_stated_limit() {
    let rows = fault_rows();
    let numbers = rows.iter().map(|(number, _)| number.clone());
    let numbers: Vec<String> = numbers.filter(|number| !number.ends_with(char::is_alphabetic)).collect();
    assert_eq!(numbers, expected_rows());
    let mut named = BTreeSet::new();
    for (number, tests) in &rows {
        let names: Vec<&str> =
            tests.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        assert!(
            !names.is_empty() || tests.contains("Limit: "),
            "row {number} has neither a test nor a limit"
        );
        for name in names {
            let (module, test) = name.rsplit_once("::").expect("a module");
            let text = std::fs::read_to_string(file_of(module)).unwrap_or_default();
            let is_there =
                text.contains(&format!("fn {test}()")) || text.contains(&format!("    {test}: \""));
            assert!(is_there, "row {number} names `{name}`, which does not exist");
            named.insert(name.to_owned());
        }
    }
    assert!(named.len() > 30, "{named:?}");
}
