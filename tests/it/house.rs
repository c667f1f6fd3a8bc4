//! The house is as `src/lib.rs` says: a module uses only those below it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules that look up, each to be cut one day: none may join them, and one that is gone goes from this list.
const LOOK_UP: [(&str, &str); 4] =
    [("db", "refresh"), ("engine", "schema"), ("refresh", "status"), ("schema", "status")];

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)
}

/// The modules of the map, the top one first.
fn map() -> Vec<String> {
    let text = std::fs::read_to_string(source("lib.rs")).expect("src/lib.rs");
    let lines = text.lines().filter_map(|line| line.strip_prefix("//! - [`"));
    lines.map(|line| line.split('`').next().unwrap_or_default().to_owned()).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        match entry.is_dir() {
            true => files(&entry, found),
            false => {
                found.extend(entry.extension().is_some_and(|extension| extension == "rs").then_some(entry))
            }
        }
    }
}

#[test]
fn a_module_uses_only_those_below_it() {
    let map = map();
    let place = |module: &str| map.iter().position(|known| known == module);
    let mut all = Vec::new();
    files(&source(""), &mut all);
    let mut looks_up = BTreeSet::new();
    for file in all {
        let inside = file.strip_prefix(source("")).expect("inside");
        let module = inside.components().next().expect("a module").as_os_str().to_string_lossy().into_owned();
        let module = module.trim_end_matches(".rs").to_owned();
        let Some(here) = place(&module) else {
            assert!(["lib", "main"].contains(&module.as_str()), "`{module}` is not on the map");
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            // `crate::{a, b}` names several.
            let list = rest.strip_prefix('{').map_or(rest, |list| list.split('}').next().unwrap_or_default());
            let names = list.split([',', ' ', '\n']).map(|name| name.split([':', ';', '(', ')', '<']).next());
            let names: Vec<&str> = match rest.starts_with('{') {
                true => names.flatten().collect(),
                false => names.flatten().take(1).collect(),
            };
            let above = names.into_iter().filter(|name| place(name).is_some_and(|there| there < here));
            looks_up.extend(above.map(|name| (module.clone(), name.to_owned())));
        }
    }
    let expected = LOOK_UP.map(|(module, above)| (module.to_owned(), above.to_owned()));
    assert_eq!(looks_up, BTreeSet::from(expected));
    assert!(map.len() <= 18, "a nineteenth module on the street wants a wing");
}
