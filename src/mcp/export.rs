//! Long answers kept as CSV for a while, to be read as resources.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Exports that are kept; the oldest go first.
const KEPT: usize = 20;

/// The exports of all callers.
#[derive(Default)]
pub struct Exports(Mutex<VecDeque<Export>>);

struct Export {
    uri: String,
    owner: String,
    csv: String,
}

impl Exports {
    /// Keeps a CSV for its caller, under a name that nobody can guess.
    pub fn keep(&self, owner: &str, csv: String) -> String {
        let mut chance = [0; 16];
        // Without random bytes the owner still guards it.
        let _ = getrandom::fill(&mut chance);
        let name: String = chance.iter().map(|byte| format!("{byte:02x}")).collect();
        let uri = format!("aiviews://export/{name}.csv");
        let mut exports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        exports.push_back(Export { uri: uri.clone(), owner: owner.to_owned(), csv });
        while exports.len() > KEPT {
            exports.pop_front();
        }
        uri
    }

    /// The CSV, for its own caller.
    pub fn read(&self, owner: &str, uri: &str) -> Option<String> {
        let exports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        exports
            .iter()
            .find(|export| export.uri == uri && export.owner == owner)
            .map(|export| export.csv.clone())
    }
}
