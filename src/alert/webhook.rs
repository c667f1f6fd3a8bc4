//! A message for any webhook: JSON, signed as the specification Standard Webhooks has it, for which there are libraries.
//!
//! `webhook-id` is the same in every try, which makes it the idempotency key. The signature is that of id, time and body,
//! so that neither can be exchanged, and an old message can be told by its time.

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::digest::Digest;
use super::secret::Secret;

/// The shortest secret that signs: shorter ones can be guessed.
const SHORTEST_SECRET: usize = 16;

/// What is posted.
pub fn payload(digest: &Digest) -> Value {
    json!({
        "type": "aiviews.alert",
        "id": digest.id,
        "title": digest.title,
        "text": digest.text(),
        "may_be_a_repeat": digest.may_be_a_repeat,
        "accounts": digest.accounts,
        "more_accounts": digest.more_accounts,
    })
}

/// The headers that prove where it comes from.
///
/// # Errors
///
/// The secret is too short, or `whsec_` stands before something that is no base64.
pub fn headers(secret: &Secret, id: &str, timestamp: u32, body: &str) -> Result<Vec<(&'static str, String)>> {
    let signature = signature(&key(secret)?, id, timestamp, body)?;
    Ok(vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
        ("idempotency-key", id.to_owned()),
    ])
}

fn key(secret: &Secret) -> Result<Vec<u8>> {
    let text = secret.reveal();
    let key = match text.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).unwrap_or_default(),
        None => text.as_bytes().to_vec(),
    };
    ensure!(
        key.len() >= SHORTEST_SECRET,
        "the secret that signs has fewer than {SHORTEST_SECRET} bytes, or is no base64 behind `whsec_`"
    );
    Ok(key)
}

fn signature(key: &[u8], id: &str, timestamp: u32, body: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's libraries are tested by.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}");
        let headers = headers(&secret, id, 1_614_265_330, body).expect("signed");
        let signed = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert!(headers.contains(&("webhook-signature", signed.to_owned())), "{headers:?}");
        assert!(headers.contains(&("idempotency-key", id.to_owned())));
    }

    #[test]
    fn a_secret_that_can_be_guessed_signs_nothing() {
        for short in ["hunter2", "whsec_aHVudGVyMg==", "whsec_no base64 at all, though it is long enough"] {
            let error = headers(&Secret::new(short), "id", 1, "{}").expect_err("refused");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
