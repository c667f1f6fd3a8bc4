//! The chatbot's door: a Model Context Protocol server over the summary tables.
//!
//! ```text
//! server   the protocol, the only file that knows its crate     http    the HTTP face, tokens checked first
//! call     what each tool does                                  text    answers as a model reads them
//! caller   who calls, and how much at once                      token   the file of tokens
//! memory   notes and saved questions                            log     the chat log
//! describe tables and questions in words                        prompts templates, export  answers kept as CSV
//! price    what models cost                                     budget  what may be spent
//! otlp     turns that a chat application recorded
//! reader   the same tokens and guard for the port of `serve`
//! ```

pub mod budget;
mod call;
mod caller;
mod describe;
mod export;
pub mod guard;
mod http;
pub mod log;
pub mod memory;
pub mod otlp;
pub mod price;
mod prompts;
pub mod reader;
mod server;
mod text;
pub mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use caller::{Caller, Limits};
pub use http::serve as serve_http;
pub use server::serve_stdio;
pub use token::Tokens;

use budget::{Budgets, Crossing};
use call::{Call, Facts};
use export::Exports;
use log::{ChatLog, Entry};
use price::Prices;

use crate::context::tokens;
use crate::db::Db;
use crate::exit::ExitCode;
use crate::exit::stop::Stop;

/// The longest that a call takes.
const LONGEST_CALL: Duration = Duration::from_secs(30);

/// What all calls share.
#[derive(Clone)]
pub struct Door(Arc<Shared>);

struct Shared {
    db: Db,
    log: ChatLog,
    limits: Limits,
    exports: Exports,
    settings: Settings,
}

/// What an operator chose.
#[derive(Debug, Default)]
pub struct Settings {
    /// Whether the log keeps statements, or their hashes.
    pub keeps_statements: bool,
    /// What models cost.
    pub prices: Prices,
    /// What may be spent.
    pub budgets: Budgets,
}

/// A call's answer.
pub struct Answered {
    /// What the model reads.
    pub text: String,
    /// What it sees beside it, as PNG.
    pub image: Option<Vec<u8>>,
    /// Whether it says why there is no answer.
    pub is_error: bool,
}

/// What the protocol knows of a call.
pub struct Request {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
    /// The client's name and version.
    pub client: String,
    /// The conversation, where it is known.
    pub conversation: String,
}

impl Door {
    /// A door to a database.
    pub fn new(db: Db, log: ChatLog, settings: Settings) -> Door {
        let (limits, exports) = Default::default();
        Door(Arc::new(Shared { db, log, limits, exports, settings }))
    }

    /// The id of this process, which is one conversation where it serves one client.
    fn session_id(&self) -> String {
        self.0.db.run_id().to_owned()
    }

    /// Runs a call to its end, within its time. Its statements are killed when the caller goes away.
    pub async fn call(&self, caller: Caller, request: Request, gone: CancellationToken) -> Answered {
        let door = self.clone();
        let runtime = tokio::runtime::Handle::current();
        // On a thread of its own: a call that nobody waits for any more goes on until its statement is killed.
        let call = move || runtime.block_on(door.call_here(&caller, request, gone));
        tokio::task::spawn_blocking(call).await.unwrap_or_else(|_| Answered {
            text: "the call broke off: this is a fault of aiviews".to_owned(),
            image: None,
            is_error: true,
        })
    }

    async fn call_here(&self, caller: &Caller, request: Request, gone: CancellationToken) -> Answered {
        let started = Instant::now();
        let mut facts = Facts::default();
        let outcome = match self.0.limits.enter(caller) {
            Ok(_permit) => self.within_budget(caller, &request, &mut facts, gone).await,
            Err(error) => Err(error),
        };
        let answered = match &outcome {
            Ok(text) => Answered { text: text.clone(), image: facts.image.take(), is_error: false },
            Err(error) => Answered { text: call::failure_text(error), image: None, is_error: true },
        };
        self.tell(caller, &request, facts, &answered, started.elapsed());
        answered
    }

    async fn within_budget(
        &self,
        caller: &Caller,
        request: &Request,
        facts: &mut Facts,
        gone: CancellationToken,
    ) -> anyhow::Result<String> {
        // What a turn cost and how good it was is heard in any case.
        if request.tool != "feedback" {
            let budgets = &self.0.settings.budgets;
            let entered = budgets.enter(&self.0.db, caller, &request.arguments).await;
            let crossings = entered.inspect_err(|_| facts.verdict = budget::VERDICT.to_owned())?;
            self.tell_crossings(crossings);
        }
        self.within_time(caller, request, facts, gone).await
    }

    /// Tells the log, from where alerts take it, and whoever reads the server's own words.
    fn tell_crossings(&self, crossings: Vec<Crossing>) {
        for Crossing { budget, token, account, percent } in crossings {
            tracing::warn!(percent, "{percent} % of a budget is spent: {budget}");
            self.0.log.tell(Entry {
                kind: "budget".to_owned(),
                token_name: token,
                klaviyo_public_ids: Some(account).filter(|id| !id.is_empty()).into_iter().collect(),
                question: budget,
                rows: percent,
                ..Entry::default()
            });
        }
    }

    async fn within_time(
        &self,
        caller: &Caller,
        request: &Request,
        facts: &mut Facts,
        gone: CancellationToken,
    ) -> anyhow::Result<String> {
        let (_sender, stop) = Stop::by_hand();
        let ending = stop.clone();
        // The call itself goes on until its statement is killed: dropped, it would leave it running.
        let watch = tokio::spawn(async move {
            let _ = tokio::time::timeout(LONGEST_CALL, gone.cancelled()).await;
            ending.request(ExitCode::Interrupted);
        });
        let outcome =
            Call { door: self, db: self.0.db.with_stop(&stop).interruptible(), caller, stop: &stop }
                .run(&request.tool, request.arguments.clone(), facts)
                .await;
        watch.abort();
        match outcome {
            Err(_) if stop.code().is_some() => anyhow::bail!(
                "stopped: the call was cancelled, or took more than {} s: ask for fewer days, rows or accounts",
                LONGEST_CALL.as_secs()
            ),
            outcome => outcome,
        }
    }

    fn tell(&self, caller: &Caller, request: &Request, facts: Facts, answered: &Answered, took: Duration) {
        let statement = match self.0.settings.keeps_statements {
            true => facts.statement,
            false => hash_of(&facts.statement),
        };
        let mut entry = Entry {
            kind: "call".to_owned(),
            gen_ai_conversation_id: request.conversation.clone(),
            token_name: caller.name.clone(),
            client_name: request.client.clone(),
            klaviyo_public_ids: facts.accounts,
            gen_ai_tool_name: request.tool.chars().take(64).collect(),
            question: facts.question.chars().take(500).collect(),
            statement,
            verdict: facts.verdict,
            rows: facts.rows,
            payload_tokens: tokens::count(&answered.text) as u64,
            duration_ms: took.as_millis() as u64,
            run_id: self.0.db.run_id().to_owned(),
            error: if answered.is_error { answered.text.clone() } else { String::new() },
            ..Entry::default()
        };
        if let Some(turn) = facts.turn {
            entry.kind = "turn".to_owned();
            let price = self.0.settings.prices.of(&turn.model);
            entry.cost = price.and_then(|price| Some(price.of(turn.input_tokens?, turn.output_tokens?)));
            (entry.input_price, entry.output_price) = (price.map(|it| it.input), price.map(|it| it.output));
            if let Some(cost) = entry.cost {
                self.tell_crossings(self.0.settings.budgets.spend(caller, cost));
            }
            if !turn.conversation.is_empty() {
                entry.gen_ai_conversation_id = turn.conversation;
            }
            entry.gen_ai_request_model = turn.model;
            entry.gen_ai_usage_input_tokens = turn.input_tokens;
            entry.gen_ai_usage_output_tokens = turn.output_tokens;
            entry.score = turn.score;
            entry.correction = turn.correction;
        }
        self.0.log.tell(entry);
    }

    /// Tells the log that a prompt was taken.
    fn tell_prompt(&self, caller: &Caller, client: String, prompt: String) {
        let entry = Entry {
            kind: "prompt".to_owned(),
            token_name: caller.name.clone(),
            client_name: client,
            prompt,
            ..Entry::default()
        };
        self.0.log.tell(entry);
    }
}

fn hash_of(statement: &str) -> String {
    use sha2::{Digest, Sha256};
    if statement.is_empty() {
        return String::new();
    }
    Sha256::digest(statement).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
