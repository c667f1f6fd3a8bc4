//! Sends one message to one destination, and tries again as the schedule of retries has it.

use std::time::{Duration, Instant};

use tracing::{debug, warn};

use super::config::{Destination, Source, Way};
use super::digest::Digest;
use super::mail::{Mailer, Message};
use super::undelivered::{Fate, Undelivered};
use super::wall::Wall;
use super::{post, slack, webhook};
use crate::db;
use crate::db::retry::{Class, RetryPolicy};
use crate::exit::stop::Stop;

/// A destination that wants to be left alone for longer is: the next run tries again.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// How messages leave.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Which addresses they may go to.
    pub wall: Wall,
    /// When they are tried again.
    pub retries: RetryPolicy,
    /// The server's clock, in seconds since 1970, at this moment.
    pub clock: (u32, Instant),
    /// Whether the run is to end.
    pub stop: Stop,
}

impl Sender {
    /// Sends the message. What is known of one that failed is in the error.
    pub async fn send(&self, destination: &Destination, digest: &Digest) -> Result<(), Undelivered> {
        // The id tells a webhook that it has it. Of the others the next run says that it may be a repeat.
        let knows_ids = matches!(destination.way, Way::Webhook { .. });
        let schedule = Schedule { retries: self.retries, stop: &self.stop, knows_ids };
        schedule.follow(&destination.name, async || self.send_once(destination, digest).await).await
    }

    async fn send_once(&self, destination: &Destination, digest: &Digest) -> Result<(), Undelivered> {
        let read = |source: &Source| source.read().map_err(|error| unusable(&error));
        debug!(destination = destination.name, message = digest.id, "sending");
        match &destination.way {
            Way::Slack { url } => {
                post::post(
                    self.wall,
                    &read(url)?,
                    &[],
                    slack::payload(digest).to_string(),
                    post::LONGEST_ANSWER,
                )
                .await
            }
            Way::Webhook { url, secret } => {
                let body = webhook::payload(digest).to_string();
                let now = self.clock.0 + self.clock.1.elapsed().as_secs() as u32;
                let headers = webhook::headers(&read(secret)?, &digest.id, now, &body);
                post::post(
                    self.wall,
                    &read(url)?,
                    &headers.map_err(|error| unusable(&error))?,
                    body,
                    post::LONGEST_ANSWER,
                )
                .await
            }
            Way::Mail { to } => {
                let mailer = Mailer::from_environment(self.wall).map_err(|error| unusable(&error))?;
                let message = Message {
                    to: to.clone(),
                    subject: digest.title.clone(),
                    text: digest.text(),
                    message_id: Some(mailer.message_id(&digest.id)),
                    ..Message::default()
                };
                mailer.send(&message).await
            }
        }
    }
}

/// When a message is tried again.
pub struct Schedule<'a> {
    /// The schedule of retries that statements have.
    pub retries: RetryPolicy,
    /// Whether the run is to end.
    pub stop: &'a Stop,
    /// Whether the other side takes a message of the same id once.
    pub knows_ids: bool,
}

impl Schedule<'_> {
    /// Does it again as long as that is worth it.
    pub async fn follow(
        &self,
        destination: &str,
        mut work: impl AsyncFnMut() -> Result<(), Undelivered>,
    ) -> Result<(), Undelivered> {
        let mut tries = 0;
        loop {
            let Err(failure) = work().await else { return Ok(()) };
            let Some(rest) = self.rest(&failure, tries) else { return Err(failure) };
            tries += 1;
            let delay_ms = rest.as_millis() as u64;
            warn!(destination, try_number = tries, delay_ms, "{failure}; trying again");
            if self.stop.or_done(tokio::time::sleep(rest)).await.is_none() {
                return Err(failure);
            }
        }
    }

    /// How long to rest before another try; none where no other try is worth it now.
    fn rest(&self, failure: &Undelivered, tries: usize) -> Option<Duration> {
        let (class, asked) = match failure.fate {
            Fate::Later(asked) => (Class::Transient, asked),
            Fate::Unknown if self.knows_ids => (Class::UnknownOutcome, None),
            Fate::Unknown | Fate::Refused => return None,
        };
        let own = self.retries.delays(class).nth(tries)?;
        Some(own.max(asked.unwrap_or_default())).filter(|rest| *rest <= LONGEST_REST)
    }
}

/// A destination that is not set up as it should be.
fn unusable(error: &anyhow::Error) -> Undelivered {
    let hint = db::hint_of(error).unwrap_or_else(|| "see the config of the alerts".to_owned());
    Undelivered::refused(db::exit_code_of(error), format!("{error:#}"), hint)
}
