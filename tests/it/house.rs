//! The house is as `src/lib.rs` says: a module uses only those below it, and no two files use each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files of `src` by their module, such as `engine::http::worker`, without their tests and comments.
struct House {
    map: Vec<String>,
    code: BTreeMap<String, String>,
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)
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

fn without_tests_and_comments(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let (mut depth, mut items) = (0, vec![String::new()]);
    for character in list.chars() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        match character {
            _ if depth < 0 => break,
            ',' if depth == 0 => items.push(String::new()),
            _ => items.last_mut().expect("an item").push(character),
        }
    }
    let inside = items.iter().filter(|item| !item.trim().is_empty()).flat_map(|item| expand(item.trim()));
    inside.map(|item| format!("{}{item}", prefix.trim())).collect()
}

/// The paths that a file names: those of its `use`s, and those that stand in its code.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, statement) in code.split("use ").enumerate() {
        let (tree, rest) = statement.split_once(';').unwrap_or(("", statement));
        let (tree, rest) = if at == 0 { ("", statement) } else { (tree, rest) };
        paths.extend(expand(tree));
        for start in ["crate::", "super::"] {
            paths.extend(rest.match_indices(start).map(|(at, _)| {
                let is_part =
                    |character: &char| character.is_alphanumeric() || ['_', ':'].contains(character);
                rest[at..].chars().take_while(is_part).collect()
            }));
        }
    }
    paths
}

impl House {
    fn read() -> House {
        let text = std::fs::read_to_string(source("lib.rs")).expect("src/lib.rs");
        let lines = text.lines().filter_map(|line| line.strip_prefix("//! - [`"));
        let map = lines.map(|line| line.split('`').next().unwrap_or_default().to_owned()).collect();
        let mut all = Vec::new();
        files(&source(""), &mut all);
        let module = |file: &Path| {
            let inside = file.strip_prefix(source("")).expect("inside").with_extension("");
            let parts = inside.iter().map(|part| part.to_string_lossy().into_owned());
            parts.filter(|part| part != "mod").collect::<Vec<_>>().join("::")
        };
        let code =
            |file: &Path| without_tests_and_comments(&std::fs::read_to_string(file).expect("a source file"));
        House { map, code: all.iter().map(|file| (module(file), code(file))).collect() }
    }

    /// The module that a path of this module leads to, and the item in it.
    fn resolve(&self, module: &str, path: &str) -> Option<(String, String)> {
        let mut parts: Vec<&str> = path.split("::").collect();
        let mut base: Vec<&str> = module.split("::").collect();
        match parts[0] {
            "crate" => base.clear(),
            "super" => {}
            child if self.code.contains_key(&format!("{module}::{child}")) => base.push(""),
            _ => return None,
        }
        parts.retain(|part| *part != "crate");
        while parts.first() == Some(&"super") {
            parts.remove(0);
            base.pop();
        }
        base.retain(|part| !part.is_empty());
        base.extend(parts);
        let known = (1..=base.len()).rev().find(|end| self.code.contains_key(&base[..*end].join("::")))?;
        let item = base.get(known).copied().unwrap_or_default().to_owned();
        Some((base[..known].join("::"), item))
    }

    /// Where an item that a module passes on comes from.
    fn origin(&self, module: String, item: &str) -> String {
        let passed_on = self.code[&module].split("pub use ").skip(1).flat_map(|statement| {
            expand(statement.split(';').next().unwrap_or_default()).into_iter().collect::<Vec<_>>()
        });
        let path = passed_on.filter(|path| path.ends_with(&format!("::{item}"))).find(|_| !item.is_empty());
        path.and_then(|path| self.resolve(&module, &path)).map_or(module, |(origin, _)| origin)
    }

    /// What each file uses of other files.
    fn imports(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let used = |(module, code): (&String, &String)| {
            let resolved = paths(code).into_iter().filter_map(|path| self.resolve(module, &path));
            resolved.map(|(used, item)| self.origin(used, &item)).filter(|used| used != module).collect()
        };
        self.code.iter().map(|entry| (entry.0.as_str(), used(entry))).collect()
    }
}

/// All of the program's code, without its tests and comments.
pub fn code() -> String {
    House::read().code.into_values().collect::<Vec<_>>().join("\n")
}

#[test]
fn a_module_uses_only_those_below_it() {
    let house = House::read();
    let wing = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    let place = |module: &str| house.map.iter().position(|known| *known == wing(module));
    let mut looks_up = BTreeSet::new();
    for (module, used) in house.imports() {
        let Some(here) = place(module) else {
            assert!(["lib", "main"].contains(&module), "`{module}` is not on the map");
            continue;
        };
        let above = used.iter().filter(|used| place(used).is_some_and(|there| there < here));
        looks_up.extend(above.map(|used| (module.to_owned(), used.clone())));
    }
    assert_eq!(looks_up, BTreeSet::new());
    assert!(house.map.len() <= 18, "a nineteenth module on the street wants a wing");
}

/// A folder's `mod.rs` and its rooms are one: it declares them, and they use what they share.
#[test]
fn no_two_files_use_each_other() {
    let house = House::read();
    let imports = house.imports();
    let is_inside = |one: &str, other: &str| one.starts_with(&format!("{other}::"));
    let beside = |module: &str| -> Vec<&str> {
        let used = imports.get(module).into_iter().flatten().map(String::as_str);
        used.filter(|used| !is_inside(used, module) && !is_inside(module, used)).collect()
    };
    let reached = |from: &str| {
        let (mut reached, mut next) = (BTreeSet::new(), beside(from));
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                next.extend(beside(module));
            }
        }
        reached
    };
    let in_circles: Vec<&str> =
        imports.keys().copied().filter(|module| reached(module).contains(module)).collect();
    assert_eq!(in_circles, Vec::<&str>::new());
}
