//! Who holds a data folder, as its lock file says.

use serde::{Deserialize, Serialize};

/// The process that holds a folder.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id, 0 if unknown.
    pub pid: u32,
    /// Where it serves, if it does.
    pub url: Option<String>,
    /// The token to go with the URL: a secret.
    pub token: Option<String>,
}

impl Owner {
    pub(super) fn remedy(&self) -> String {
        match &self.url {
            Some(url) => format!("it serves at {url}"),
            None => "wait until it ends, or use `aiviews serve` and connect to that".to_owned(),
        }
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Owner")
            .field("pid", &self.pid)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
