//! Which conversation a request belongs to, and who talks: what clients tell beside a call, believed for the log alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::http::request::Parts;
use rmcp::RoleServer;
use rmcp::service::RequestContext;
use tokio_util::sync::CancellationToken;

/// The header of a conversation over HTTP. It is given with the first answer, and clients repeat it.
pub const CONVERSATION: &str = "mcp-session-id";
/// Where clients put the id of a conversation into `_meta`: OpenTelemetry's name, and ChatGPT's.
const CONVERSATIONS: [&str; 2] = ["gen_ai.conversation.id", "openai/session"];
/// Where they put who asks.
const USERS: [&str; 3] = ["user.id", "enduser.id", "openai/subject"];
/// The longest id, in characters.
const LONGEST: usize = 100;
/// Conversations whose prompt is remembered.
const REMEMBERED: usize = 1_000;

/// What is known of who talks.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    /// The client's name and version.
    pub client: String,
    /// The conversation's id.
    pub conversation: String,
    /// The person's.
    pub user: String,
}

impl Talk {
    /// Of a request; `session` is its conversation where nothing else says so.
    pub fn of(context: &RequestContext<RoleServer>, session: &str) -> Talk {
        let meta = |names: &[&str]| {
            let text = names.iter().find_map(|name| context.meta.get(*name)?.as_str());
            text.map(short).filter(|text| !text.is_empty())
        };
        let of_header = || {
            let header = context.extensions.get::<Parts>()?.headers.get(CONVERSATION)?;
            header.to_str().ok().map(short)
        };
        let conversation = meta(&CONVERSATIONS).or_else(of_header).unwrap_or_else(|| session.to_owned());
        Talk { client: client(context), conversation, user: meta(&USERS).unwrap_or_default() }
    }
}

fn client(context: &RequestContext<RoleServer>) -> String {
    let told = context.meta.client_info().map(|client| (client.name, client.version));
    let begun = || {
        context.peer.peer_info().map(|info| (info.client_info.name.clone(), info.client_info.version.clone()))
    };
    let (name, version) = told.or_else(begun).unwrap_or_default();
    short(format!("{name} {version}").trim())
}

fn short(text: &str) -> String {
    crate::output::printable(&text.chars().take(LONGEST).collect::<String>())
}

/// The prompts that conversations began with; the oldest are forgotten.
#[derive(Default)]
pub struct Began(Mutex<VecDeque<Beginning>>);

struct Beginning {
    token: String,
    conversation: String,
    prompt: String,
}

impl Began {
    /// Notes that a prompt was taken.
    pub fn note(&self, token: &str, conversation: &str, prompt: String) {
        if conversation.is_empty() {
            return;
        }
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|it| it.token != token || it.conversation != conversation);
        begun.push_back(Beginning { token: token.to_owned(), conversation: conversation.to_owned(), prompt });
        while begun.len() > REMEMBERED {
            begun.pop_front();
        }
    }

    /// The prompt of a conversation; nothing where there was none.
    pub fn with(&self, token: &str, conversation: &str) -> String {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = begun.iter().find(|it| it.token == token && it.conversation == conversation);
        found.map(|it| it.prompt.clone()).unwrap_or_default()
    }
}

/// Token, conversation, and the client's id of the request.
type Name = [String; 3];

/// Calls that run, to be cancelled by name.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashMap<Name, CancellationToken>>>);

/// A call that runs, until dropped.
pub struct Entered(Running, Name);

impl Running {
    /// A call begins. One without a conversation cannot be told from others, and is not found.
    pub fn enter(&self, name: Name, cancelling: CancellationToken) -> Option<Entered> {
        if name[1].is_empty() {
            return None;
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), cancelling);
        Some(Entered(self.clone(), name))
    }

    /// Cancels the call of this name, if it runs.
    pub fn cancel(&self, name: &[&str; 3]) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cancelling) = running.get(&name.map(str::to_owned)) {
            cancelling.cancel();
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_cancelled_by_its_own_name_while_it_runs() {
        let running = Running::default();
        let cancelling = CancellationToken::new();
        let name = || ["a", "1", "7"].map(str::to_owned);
        let entered = running.enter(name(), cancelling.clone());
        running.cancel(&["b", "1", "7"]);
        assert!(!cancelling.is_cancelled(), "another token's");
        running.cancel(&["a", "1", "7"]);
        assert!(cancelling.is_cancelled());
        drop(entered);
        assert!(running.0.lock().expect("no panic").is_empty());
        assert!(running.enter(["a", "", "7"].map(str::to_owned), CancellationToken::new()).is_none());
    }

    #[test]
    fn a_conversation_has_the_prompt_that_its_own_token_took() {
        let began = Began::default();
        began.note("a", "1", "weekly_review@1".to_owned());
        began.note("a", "1", "explain_a_drop@1".to_owned());
        began.note("a", "", "plan_next_week@1".to_owned());
        assert_eq!(began.with("a", "1"), "explain_a_drop@1");
        assert_eq!((began.with("b", "1"), began.with("a", "")), (String::new(), String::new()));
        for number in 0..REMEMBERED {
            began.note("b", &number.to_string(), "x@1".to_owned());
        }
        assert_eq!(began.with("a", "1"), "", "the oldest is forgotten");
    }
}
