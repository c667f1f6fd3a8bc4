//! Klaviyo public ids: checked before anything is sent.

use std::fmt;

use serde::Serialize;

use crate::exit::{ExitCode, Failure};

/// The longest id that is accepted, in characters.
const LONGEST: usize = 64;

/// An account's Klaviyo public id, known to match `^[A-Za-z0-9_-]{1,64}$`. Rows are read with texts and checked here one by
/// one: if a row could not be read for the id that is in it, nothing of the answer could.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// Accepts an id, or returns nothing where it does not match.
    pub fn new(text: &str) -> Option<AccountId> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        let accepted = !text.is_empty() && text.len() <= LONGEST && text.chars().all(plain);
        accepted.then(|| AccountId(text.to_owned()))
    }

    /// Accepts an id that a user typed.
    pub fn from_argument(text: &str) -> Result<AccountId, Failure> {
        AccountId::new(text).ok_or_else(|| {
            let shown: String = text.chars().take(LONGEST + 1).flat_map(char::escape_default).collect();
            Failure::new(ExitCode::Usage, format!("`{shown}` is not a Klaviyo public id"))
                .hint("an id has letters, digits, `_` and `-`, at most 64, such as XqkVGb")
        })
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_accepted() {
        for good in ["XqkVGb", "a", "A_b-9", &"x".repeat(64)] {
            assert!(AccountId::new(good).is_some(), "{good}");
        }
        let long = "x".repeat(70_000);
        for bad in ["", "'", "`", "\\", "\\N", "{x:String}", "%00", "'; DROP", "a b", "é", "a\0", &long] {
            let error = AccountId::from_argument(bad).expect_err("refused");
            assert_eq!(error.code, ExitCode::Usage);
            assert!(error.to_string().len() < 1000);
        }
    }
}
