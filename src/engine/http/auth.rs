//! Who may talk to an open port: the right Host, then a token.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::http::request::Parts;
use sha2::{Digest, Sha256};

use super::reading::{Reader, Readers};
use super::strangers::Place;
use crate::engine::Entry;
use crate::engine::exception::Exception;

/// The user whose password is the token.
const USER: &str = "default";

/// What an open port asks for.
#[derive(Clone)]
pub struct Access {
    /// A digest, so that comparing takes the same time wherever two tokens differ.
    token: [u8; 32],
    readers: Option<Readers>,
    /// The web page whose scripts may ask.
    pub origin: Option<HeaderValue>,
}

/// What a token opens.
pub enum Pass {
    /// Knows the server's own token: user `default`, no limits but the engine's.
    Owner,
    /// What this reader may read.
    Reader(Reader),
}

impl Access {
    /// Admits whom the entry names.
    pub fn new(entry: &Entry) -> Self {
        let token = Sha256::digest(&entry.token).into();
        Self { token, readers: entry.readers.clone(), origin: entry.origin.clone() }
    }

    /// A web page can make a browser send requests to a loopback port under a name of its own: the name gives it away.
    pub fn check_host(&self, parts: &Parts) -> Result<(), Exception> {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        if ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Ok(());
        }
        Err(Exception::new(497, "ACCESS_DENIED", format!("Host {host:?} is not this server's name")))
    }

    /// Takes the password from X-ClickHouse-Key, Basic or the URL, in this order.
    async fn check_token(&self, parts: &Parts) -> Result<Pass, Exception> {
        let (user, password) = credentials(parts);
        let known: [u8; 32] = Sha256::digest(&password).into();
        if user == USER && known == self.token {
            return Ok(Pass::Owner);
        }
        if let Some(readers) = &self.readers
            && let Some(reader) = readers(user.clone(), password).await
        {
            return Ok(Pass::Reader(reader));
        }
        let message = format!(
            "{user}: Authentication failed: password is incorrect, or there is no user with such name"
        );
        Err(Exception::new(516, "AUTHENTICATION_FAILED", message))
    }
}

/// A connection of an open port.
#[derive(Clone)]
pub struct Guest {
    /// What the port asks for.
    pub access: Access,
    /// Among the strangers, until the first valid token.
    pub place: Arc<Place>,
}

impl Guest {
    /// Whoever has shown a token once may stay connected.
    pub async fn check_token(&self, parts: &Parts) -> Result<Pass, Exception> {
        let pass = self.access.check_token(parts).await?;
        self.place.welcome();
        Ok(pass)
    }
}

fn credentials(parts: &Parts) -> (String, String) {
    let header = |name: &str| String::from_utf8(parts.headers.get(name)?.as_bytes().to_vec()).ok();
    let (mut user, mut password) = (header("x-clickhouse-user"), header("x-clickhouse-key"));
    if password.is_none()
        && let Some((name, secret)) = header(AUTHORIZATION.as_str()).as_deref().and_then(basic)
    {
        (user, password) = (Some(name), Some(secret));
    }
    for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "user" => _ = user.get_or_insert_with(|| value.into_owned()),
            "password" => _ = password.get_or_insert_with(|| value.into_owned()),
            _ => {}
        }
    }
    (user.filter(|user| !user.is_empty()).unwrap_or_else(|| USER.to_owned()), password.unwrap_or_default())
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (user.to_owned(), password.to_owned()))
}
