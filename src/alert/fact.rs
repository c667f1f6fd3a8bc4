//! What is the case, as far as people want to know it.

use chrono::NaiveDate;

use super::kind::Kind;

/// Something that is the case, or was a short while ago.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is about, the same in every run.
    pub topic: String,
    /// The account; empty where it is about all or about a token.
    pub account: String,
    /// Its kind.
    pub kind: Kind,
    /// 0 low to 3 critical.
    pub severity: usize,
    /// When it was over, if it is.
    pub over_on: Option<NaiveDate>,
    /// It in a sentence.
    pub words: String,
}

/// All that is known of a moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What is the case.
    pub facts: Vec<Fact>,
    /// The accounts of which it is known that they are refreshed: where nothing is said of one, nothing is wrong.
    pub watched: Vec<String>,
}
