//! A message as people read it: a heading per account, at most three lines each.

use serde::Serialize;

use super::kind::{Change, severity_of};
use super::line::Line;
use crate::output::{counted, printable};

/// Lines per account; more are counted.
pub const MOST_LINES: usize = 3;
/// Accounts in one message; more are counted.
pub const MOST_ACCOUNTS: usize = 40;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Digest {
    /// Its id, the same in every try.
    pub id: String,
    /// What it says in one line.
    pub title: String,
    /// Whether an earlier try may have arrived.
    pub may_be_a_repeat: bool,
    /// The accounts, the worst first.
    pub accounts: Vec<Section>,
    /// Accounts that it has no room for.
    pub more_accounts: usize,
}

/// What is told of one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// The account; empty where it is about all or about a token.
    pub klaviyo_public_id: String,
    /// What people call it.
    pub store: String,
    /// The news, what is new first, the worst of it before the rest.
    pub alerts: Vec<Alert>,
    /// News that it has no room for.
    pub more: usize,
}

/// One piece of news.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub kind: String,
    /// opened or closed.
    pub change: String,
    /// low, medium, high or critical.
    pub severity: String,
    /// It in a sentence.
    pub words: String,
}

impl Digest {
    /// The message of these rows.
    pub fn new(lines: &[Line]) -> Digest {
        let mut lines: Vec<&Line> = lines.iter().collect();
        let is_over = |line: &Line| line.change == Change::Closed.word();
        lines.sort_by_key(|line| {
            (is_over(line), std::cmp::Reverse(severity_of(&line.severity)), line.topic.clone())
        });
        let mut accounts: Vec<Section> = Vec::new();
        for line in &lines {
            let place = accounts.iter().position(|it| it.klaviyo_public_id == line.klaviyo_public_id);
            let place = place.unwrap_or_else(|| {
                accounts.push(Section {
                    klaviyo_public_id: line.klaviyo_public_id.clone(),
                    store: printable(&line.store),
                    ..Section::default()
                });
                accounts.len() - 1
            });
            match &mut accounts[place] {
                section if section.alerts.len() < MOST_LINES => section.alerts.push(alert(line)),
                section => section.more += 1,
            }
        }
        let over = lines.iter().filter(|line| is_over(line)).count();
        let title = title(&accounts, lines.len() - over, over);
        let more_accounts = accounts.len().saturating_sub(MOST_ACCOUNTS);
        accounts.truncate(MOST_ACCOUNTS);
        Digest {
            id: lines.first().map(|line| line.message_id.clone()).unwrap_or_default(),
            title,
            may_be_a_repeat: lines.iter().any(|line| line.unsure > 0),
            accounts,
            more_accounts,
        }
    }

    /// All of it in plain text.
    pub fn text(&self) -> String {
        let mut parts = vec![self.title.clone()];
        for section in &self.accounts {
            let mut lines: Vec<String> = Vec::new();
            if self.accounts.len() > 1 {
                lines.push(section.store.clone());
            }
            lines.extend(section.alerts.iter().map(|alert| format!("- {}", alert.words)));
            lines.extend(section.rest());
            parts.push(lines.join("\n"));
        }
        parts.extend(self.rest());
        parts.extend(self.warning());
        parts.join("\n\n")
    }

    /// What it has no room for.
    pub fn rest(&self) -> Option<String> {
        (self.more_accounts > 0)
            .then(|| format!("And {} more.", counted(self.more_accounts as u64, "account")))
    }

    /// Where it may have come before.
    pub fn warning(&self) -> Option<String> {
        let warning = "You may have this message already: an earlier try to send it was not confirmed.";
        self.may_be_a_repeat.then(|| warning.to_owned())
    }
}

impl Section {
    /// What it has no room for.
    pub fn rest(&self) -> Option<String> {
        (self.more > 0).then(|| format!("and {} more", self.more))
    }
}

fn alert(line: &Line) -> Alert {
    Alert {
        id: line.alert_id.clone(),
        kind: line.kind.clone(),
        change: line.change.clone(),
        severity: line.severity.clone(),
        words: printable(&line.words),
    }
}

fn title(accounts: &[Section], new: usize, over: usize) -> String {
    let whose = match accounts {
        [one] => one.store.clone(),
        several => counted(several.len() as u64, "account"),
    };
    let what = match (new, over) {
        (0, over) => format!("{over} over"),
        (new, 0) => counted(new as u64, "new alert"),
        (new, over) => format!("{}, {over} over", counted(new as u64, "new alert")),
    };
    format!("{whose}: {what}")
}
