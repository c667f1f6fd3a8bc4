//! Connections that go on over several requests, by `session_id`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::request::SessionRequest;
use crate::engine::Engine;
use crate::engine::exception::Exception;
use crate::engine::libchdb::Connection;

/// Sessions at one time.
const MOST: usize = 1_000;

/// The open sessions.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

struct Session {
    connection: Arc<Mutex<Connection>>,
    expires: Instant,
}

impl Sessions {
    /// The session's connection, made if it is new; the flag says whether it is.
    pub fn enter(
        &self,
        engine: &Engine,
        wanted: &SessionRequest,
    ) -> Result<(Arc<Mutex<Connection>>, bool), Exception> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sessions.retain(|_, session| session.expires > now || Arc::strong_count(&session.connection) > 1);
        let expires = now + Duration::from_secs(wanted.timeout);
        if let Some(session) = sessions.get_mut(&wanted.id) {
            if Arc::strong_count(&session.connection) > 1 {
                return Err(Exception::new(
                    373,
                    "SESSION_IS_LOCKED",
                    "Session is locked by a concurrent client",
                ));
            }
            session.expires = expires;
            return Ok((session.connection.clone(), false));
        }
        if wanted.must_exist {
            return Err(Exception::new(372, "SESSION_NOT_FOUND", "Session not found"));
        }
        if sessions.len() == MOST {
            return Err(Exception::new(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many sessions"));
        }
        let connection = Arc::new(Mutex::new(engine.connect()?));
        sessions.insert(wanted.id.clone(), Session { connection: connection.clone(), expires });
        Ok((connection, true))
    }

    /// Ends a session.
    pub fn close(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
