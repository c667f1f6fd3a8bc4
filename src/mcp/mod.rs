//! The chatbot's door: a Model Context Protocol server over the summary tables.
//!
//! ```text
//! server   the protocol, with talk and http all that knows its crate  http  the HTTP face, tokens checked first
//! call     what each tool does                                  text    answers as a model reads them
//! caller   who calls, and how much at once                      token   the file of tokens
//! memory   notes and saved questions                            log     the chat log
//! talk     which conversation a request belongs to, who asks, and the prompt that it began with
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
mod talk;
mod text;
pub mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use caller::{Caller, Limits};
pub use http::{serve as serve_http, serve_handler as serve_handler_over_http};
pub use server::serve_stdio;
pub use token::Tokens;

use budget::{Budgets, Crossing};
use call::{Call, Facts};
use export::Exports;
use log::{ChatLog, Entry};
use price::Prices;
use talk::{Began, Running, Talk};

use crate::context::tokens;
use crate::db::retry::RetryPolicy;
use crate::db::{Db, QueryIds};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;

/// The longest that a call takes.
const LONGEST_CALL: Duration = Duration::from_secs(30);

/// What all calls share.
#[derive(Clone)]
pub struct Door(Arc<Shared>);

struct Shared {
    db: Db,
    /// Reads for statements that a model wrote: with rights that suffice for no more.
    reader: Db,
    log: ChatLog,
    limits: Limits,
    exports: Exports,
    began: Began,
    running: Running,
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
    /// Which conversation it belongs to, and who talks.
    pub talk: Talk,
}

impl Door {
    /// A door to a database; `reader` is the same one with rights for reading alone.
    pub fn new(db: Db, reader: Db, log: ChatLog, settings: Settings) -> Door {
        let (limits, exports, began, running) = Default::default();
        let (db, reader) = (impatient(&db), impatient(&reader));
        Door(Arc::new(Shared { db, reader, log, limits, exports, began, running, settings }))
    }

    /// The id of this process, which is one conversation where it serves one client.
    fn session_id(&self) -> String {
        self.0.db.run_id().to_owned()
    }

    /// Cancels a call, by its conversation and the client's id of the request.
    fn cancel(&self, caller: &Caller, conversation: &str, request_id: &str) {
        self.0.running.cancel(&[&caller.name, conversation, request_id]);
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
        let query_ids = QueryIds::default();
        let outcome = match self.0.limits.enter(caller) {
            Ok(_permit) => self.within_budget(caller, &request, &mut facts, &query_ids, gone).await,
            Err(error) => Err(error),
        };
        let answered = match &outcome {
            Ok(text) => Answered { text: text.clone(), image: facts.image.take(), is_error: false },
            Err(error) => Answered { text: call::failure_text(error), image: None, is_error: true },
        };
        self.tell(caller, &request, facts, &query_ids, &answered, started.elapsed());
        answered
    }

    async fn within_budget(
        &self,
        caller: &Caller,
        request: &Request,
        facts: &mut Facts,
        query_ids: &QueryIds,
        gone: CancellationToken,
    ) -> anyhow::Result<String> {
        // What a turn cost and how good it was is heard in any case.
        if request.tool != "feedback" {
            let budgets = &self.0.settings.budgets;
            let entered = budgets.enter(&self.0.db, caller, &request.arguments).await;
            let crossings = entered.inspect_err(|_| facts.verdict = budget::VERDICT.to_owned())?;
            self.tell_crossings(crossings);
        }
        self.within_time(caller, request, facts, query_ids, gone).await
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
        query_ids: &QueryIds,
        gone: CancellationToken,
    ) -> anyhow::Result<String> {
        let (_sender, stop) = Stop::by_hand();
        let ending = stop.clone();
        // The call itself goes on until its statement is killed: dropped, it would leave it running.
        let watch = tokio::spawn(async move {
            let _ = tokio::time::timeout(LONGEST_CALL, gone.cancelled()).await;
            ending.request(ExitCode::Interrupted);
        });
        let stoppable = |db: &Db| db.with_stop(&stop).interruptible().noting(query_ids);
        let (db, reader) = (stoppable(&self.0.db), stoppable(&self.0.reader));
        let call = Call { door: self, db, reader, caller, stop: &stop };
        let outcome = call.run(&request.tool, request.arguments.clone(), facts).await;
        watch.abort();
        match outcome {
            Err(_) if stop.code().is_some() => anyhow::bail!(
                "stopped: the call was cancelled, or took more than {} s: ask for fewer days, rows or accounts",
                LONGEST_CALL.as_secs()
            ),
            outcome => outcome,
        }
    }

    fn tell(
        &self,
        caller: &Caller,
        request: &Request,
        facts: Facts,
        query_ids: &QueryIds,
        answered: &Answered,
        took: Duration,
    ) {
        let statement = match self.0.settings.keeps_statements {
            true => facts.statement,
            false => hash_of(&facts.statement),
        };
        let mut entry = Entry {
            kind: "call".to_owned(),
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
            query_ids: query_ids.noted(),
            ..self.entry_of(caller, &request.talk)
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
                entry.prompt = self.0.began.with(&caller.name, &turn.conversation);
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

    /// Tells the log that a prompt was taken. What is asked from now on in this conversation is asked with it.
    fn tell_prompt(&self, caller: &Caller, talk: &Talk, prompt: String) {
        self.0.began.note(&caller.name, &talk.conversation, prompt.clone());
        self.0.log.tell(Entry { kind: "prompt".to_owned(), prompt, ..self.entry_of(caller, talk) });
    }

    /// A row of the log with who talks and where.
    fn entry_of(&self, caller: &Caller, talk: &Talk) -> Entry {
        Entry {
            gen_ai_conversation_id: talk.conversation.clone(),
            token_name: caller.name.clone(),
            client_name: talk.client.clone(),
            user_id: talk.user.clone(),
            prompt: self.0.began.with(&caller.name, &talk.conversation),
            ..Entry::default()
        }
    }
}

/// Somebody waits for the answer: a server that is away is told of within seconds, and asked again with the next call.
fn impatient(db: &Db) -> Db {
    db.with_retries(RetryPolicy {
        slow_delay: Duration::from_secs(2),
        transient_tries: 3,
        slow_tries: 2,
        statement_timeout: LONGEST_CALL + Duration::from_secs(5),
        outage_patience: Duration::from_secs(5),
        kill_timeout: Duration::from_secs(5),
        ..RetryPolicy::default()
    })
}

fn hash_of(statement: &str) -> String {
    use sha2::{Digest, Sha256};
    if statement.is_empty() {
        return String::new();
    }
    Sha256::digest(statement).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
