//! A row of the outbox: one piece of news for one destination.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Written, and not sent yet.
pub const WAITING: &str = "waiting";
/// About to be sent: whoever finds it so does not know whether it arrived.
pub const SENDING: &str = "sending";
/// Delivered.
pub const SENT: &str = "sent";
/// Not deliverable for too long.
pub const GIVEN_UP: &str = "given_up";
/// Noted without a message.
pub const QUIET: &str = "quiet";

/// A row of `ai_alert_outbox`.
#[derive(Clone, Debug, Default, PartialEq, Row, Serialize, Deserialize)]
pub struct Line {
    /// The destination's name.
    pub destination: String,
    /// The account; empty where it is about all or about a token.
    pub klaviyo_public_id: String,
    /// What it is about.
    pub topic: String,
    /// How often the same has happened.
    pub turn: u32,
    /// `opened` or `closed`.
    pub change: String,
    /// Id of the news.
    pub alert_id: String,
    /// Id of the message.
    pub message_id: String,
    /// Its kind.
    pub kind: String,
    /// How bad it is.
    pub severity: String,
    /// What people call the account.
    pub store: String,
    /// It in a sentence.
    pub words: String,
    /// What became of it.
    pub state: String,
    /// 1 if an earlier try may have arrived.
    pub unsure: u8,
    /// Runs that tried.
    pub tries: u32,
    /// Why the last try failed.
    pub error: String,
    /// When it was made, in seconds since 1970 as all times here.
    pub made_at: u32,
    /// Not tried before.
    pub next_try_at: u32,
    /// When the state was written.
    pub updated_at: u32,
    /// Of the rows of one key the highest counts.
    pub version: u64,
}
