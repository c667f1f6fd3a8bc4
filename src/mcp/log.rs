//! The chat log: a row per call, written behind a bounded queue. It never delays or fails an answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clickhouse::Row;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::warn;

use crate::db::Db;
use crate::db::retry::RetryPolicy;

/// Rows that wait at most; more are dropped and counted.
const LONGEST_QUEUE: usize = 10_000;
/// How long a row waits: what a kill loses at most.
const PAUSE: Duration = Duration::from_millis(500);
/// Rows of one insert.
const MOST_ROWS: usize = 1_000;

/// A row of the log; its time is the server's.
#[derive(Clone, Debug, Default, Row, Serialize)]
pub struct Entry {
    /// `call` of a tool, or `turn` that the model's side told of.
    pub kind: String,
    /// The conversation's id, where the client tells one.
    pub gen_ai_conversation_id: String,
    /// The token's name.
    pub token_name: String,
    /// The client's name and version.
    pub client_name: String,
    /// The accounts.
    pub klaviyo_public_ids: Vec<String>,
    /// The tool.
    pub gen_ai_tool_name: String,
    /// The question.
    pub question: String,
    /// The statement.
    pub statement: String,
    /// `passed`, or the rule that refused.
    pub verdict: String,
    /// Rows shown.
    pub rows: u64,
    /// Tokens of the text that was answered.
    pub payload_tokens: u64,
    /// Milliseconds that it took.
    pub duration_ms: u64,
    /// What the query ids begin with.
    pub run_id: String,
    /// What failed.
    pub error: String,
    /// The model.
    pub gen_ai_request_model: String,
    /// Tokens that went in.
    pub gen_ai_usage_input_tokens: Option<u64>,
    /// Tokens that came out.
    pub gen_ai_usage_output_tokens: Option<u64>,
    /// What the turn cost; nothing where the price is unknown.
    pub cost: Option<f64>,
    /// The price of a million tokens in that the cost was computed with.
    pub input_price: Option<f64>,
    /// The price of a million tokens out.
    pub output_price: Option<f64>,
    /// From 0, wrong, to 1, right.
    pub score: Option<f64>,
    /// What was wrong.
    pub correction: String,
    /// The prompt that the conversation began with, and its version.
    pub prompt: String,
    /// Who asked, as far as the client tells it.
    pub user_id: String,
    /// The ids of the call's statements.
    pub query_ids: Vec<String>,
}

/// The way into the log.
#[derive(Clone)]
pub struct ChatLog {
    sender: mpsc::Sender<Entry>,
    dropped: std::sync::Arc<AtomicU64>,
}

/// The task that writes; to be ended, so that the last rows are written too.
pub struct Writer {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Begins to write.
pub fn start(db: &Db) -> (ChatLog, Writer) {
    let (sender, receiver) = mpsc::channel(LONGEST_QUEUE);
    let (stop, stopped) = oneshot::channel();
    let dropped = std::sync::Arc::<AtomicU64>::default();
    let retries = RetryPolicy {
        transient_tries: 1,
        slow_tries: 1,
        statement_timeout: Duration::from_secs(5),
        ..RetryPolicy::default()
    };
    let db = db.with_retries(retries);
    let task = tokio::spawn(write(db, receiver, stopped, dropped.clone()));
    (ChatLog { sender, dropped }, Writer { stop, task })
}

impl ChatLog {
    /// Takes a row, or drops it where too many wait.
    pub fn tell(&self, entry: Entry) {
        if self.sender.try_send(entry).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Writes what waits, then ends.
    pub async fn end(self) {
        drop(self.stop);
        let _ = self.task.await;
    }
}

async fn write(
    db: Db,
    mut receiver: mpsc::Receiver<Entry>,
    mut stopped: oneshot::Receiver<()>,
    dropped: std::sync::Arc<AtomicU64>,
) {
    let mut waiting: Vec<Entry> = Vec::new();
    let mut has_warned = false;
    loop {
        let is_last = tokio::time::timeout(PAUSE, &mut stopped).await.is_ok();
        while waiting.len() < MOST_ROWS
            && let Ok(entry) = receiver.try_recv()
        {
            waiting.push(entry);
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            warn!(lost, "the chat log cannot keep up: rows are dropped");
        }
        if !waiting.is_empty() {
            match db.insert("ai_chat_log", &waiting).await {
                Ok(()) => {
                    waiting.clear();
                    has_warned = false;
                }
                // Kept for the next try; said once, however long it lasts.
                Err(error) if !has_warned => {
                    has_warned = true;
                    warn!("the chat log cannot be written, answers go on: {error:#}");
                }
                Err(_) => {}
            }
        }
        if is_last {
            return;
        }
    }
}
