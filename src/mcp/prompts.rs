//! Prompt templates. A changed text gets another version, which the log names beside the answers.

/// A template.
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// Counts changes of the text.
    pub version: u32,
    /// What it is for.
    pub title: &'static str,
    /// The text; `{account}` stands for the account.
    text: &'static str,
}

/// All of them.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "weekly_review",
        version: 1,
        title: "Review the last week",
        text: "Review the last complete week of Klaviyo account {account}. Call `context`, then `ask` \
               week_against_week, top_campaigns and flows_by_revenue. Say in at most ten sentences what changed, by how \
               much and why; name the dates that the numbers reach. Claim nothing that no number says.",
    },
    Template {
        name: "explain_a_drop",
        version: 1,
        title: "Explain a drop of revenue",
        text: "Revenue of Klaviyo account {account} fell. Call `ask` week_against_week, what_changed, channels_compared and \
               anomalies, and `notes`. Tell messages sent and revenue per message apart, name campaigns and flows with \
               their share of the change, and say what the data cannot tell.",
    },
    Template {
        name: "plan_next_week",
        version: 1,
        title: "Plan the next week",
        text: "Plan next week's campaigns of Klaviyo account {account}. Call `context`, `ask` best_day_to_send, benchmarks \
               and top_campaigns, and `notes`. Propose at most three sends with day, channel and audience, each with the \
               number that speaks for it; where no day stands out, say so.",
    },
];

impl Template {
    /// The text about an account.
    pub fn about(&self, account: &str) -> String {
        self.text.replace("{account}", account)
    }

    /// Name and version, as the log has them.
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}
