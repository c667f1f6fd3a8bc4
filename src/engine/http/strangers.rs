//! Connections that have not shown a valid token yet: few at a time, and none for long. Where there are too many the
//! oldest goes, so that a client with the token always gets in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Connections without a token at one time.
const MOST: usize = 128;

/// How long one of them may stay.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The strangers of a port, in the order of their coming. Dropping a sender shuts the connection.
#[derive(Default)]
struct Waiting {
    next: u64,
    doors: BTreeMap<u64, oneshot::Sender<()>>,
}

/// What the connections of a port share.
#[derive(Clone, Default)]
pub struct Strangers(Arc<Mutex<Waiting>>);

/// A connection's place among them, until it is known or closed.
pub struct Place {
    number: u64,
    strangers: Strangers,
}

/// Completes when the connection has to go.
pub struct Farewell(oneshot::Receiver<()>);

impl Strangers {
    /// Takes a connection in; the oldest one goes for it if need be.
    pub fn enter(&self) -> (Arc<Place>, Farewell) {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.doors.len() >= MOST {
            waiting.doors.pop_first();
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.doors.insert(number, sender);
        (Arc::new(Place { number, strangers: self.clone() }), Farewell(receiver))
    }
}

impl Place {
    /// The connection has shown a valid token: it may stay.
    pub fn welcome(&self) {
        if let Some(sender) = self.leave() {
            let _ = sender.send(());
        }
    }

    fn leave(&self) -> Option<oneshot::Sender<()>> {
        self.strangers.0.lock().unwrap_or_else(PoisonError::into_inner).doors.remove(&self.number)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Farewell {
    /// Waits for the end of patience, or for the place; never completes for a connection that is known.
    pub async fn said(self, patience: Duration) {
        if let Ok(Ok(())) = tokio::time::timeout(patience, self.0).await {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_goes_after_a_while_and_who_is_known_stays() {
        let strangers = Strangers::default();
        let (_place, farewell) = strangers.enter();
        farewell.said(Duration::from_millis(1)).await;
        let (place, farewell) = strangers.enter();
        place.welcome();
        drop(place);
        let stays = farewell.said(Duration::from_millis(1));
        assert!(tokio::time::timeout(Duration::from_millis(50), stays).await.is_err(), "known");
    }

    #[tokio::test]
    async fn the_oldest_stranger_makes_room_for_the_newest() {
        let strangers = Strangers::default();
        let (_known, mut oldest) = strangers.enter();
        let (_place, mut second) = strangers.enter();
        let _others: Vec<_> = (2..=MOST).map(|_| strangers.enter()).collect();
        assert!(matches!(oldest.0.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        assert!(matches!(second.0.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
    }
}
