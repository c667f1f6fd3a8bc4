//! Mail, as a mail server that others wrote receives it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use aiviews::alert::mail::{Inline, Mailer, Message, Settings};
use aiviews::alert::secret::Secret;
use aiviews::alert::undelivered::Fate;
use aiviews::alert::wall::Wall;
use serde_json::{Value, json};

use crate::clients::clients;

/// A mail server of Python's, until dropped.
pub struct Mailbox {
    process: Child,
    lines: BufReader<ChildStdout>,
    pub port: u16,
}

impl Mailbox {
    pub fn start(settings: &[(&str, &str)]) -> Mailbox {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/mailbox.py");
        let mut command = Command::new(clients().join("python"));
        command.arg(script).envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("python starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut port = String::new();
        lines.read_line(&mut port).expect("a line");
        Mailbox { process, lines, port: port.trim().parse().expect("a port") }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The next message that has come.
    pub fn message(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn mailer(mailbox: &Mailbox, password: Option<&str>, wall: Wall) -> Mailer {
    let settings = Settings {
        url: mailbox.url(),
        user: password.map(|_| "ann".to_owned()),
        password: password.map(Secret::new),
        from: Some("Reports <reports@example.com>".to_owned()),
    };
    Mailer::new(settings, wall).expect("valid")
}

fn message(to: &[&str]) -> Message {
    Message {
        to: to.iter().map(|address| (*address).to_owned()).collect(),
        subject: "Umsätze, 3 Läden".to_owned(),
        text: "Revenue is “up”.\n.\nA dot alone ends nothing.".to_owned(),
        ..Message::default()
    }
}

#[tokio::test]
async fn text_html_and_pictures_arrive_as_they_are() {
    let mut mailbox = Mailbox::start(&[("AIVIEWS_TEST_MAIL_PASSWORD", "hunter2")]);
    let mailer = mailer(&mailbox, Some("hunter2"), Wall::Open);
    let picture = |name: &str, bytes: &[u8]| Inline {
        content_id: name.to_owned(),
        file_name: format!("{name}.png"),
        content_type: "image/png".to_owned(),
        bytes: bytes.to_owned(),
    };
    let html = "<p>Größe</p><img src=\"cid:chart-1\"><img src=\"cid:chart-2\">";
    let whole = Message {
        html: Some(html.to_owned()),
        inline: vec![picture("chart-1", b"\x89PNG\r\n\0\xff"), picture("chart-2", &[0; 3000])],
        message_id: Some(mailer.message_id("digest-1")),
        ..message(&["Ann <ann@example.com>", "bob@example.com"])
    };
    mailer.send(&whole).await.expect("taken");
    let came = mailbox.message();
    assert_eq!(came["from"], "reports@example.com");
    assert_eq!(came["to"], json!(["ann@example.com", "bob@example.com"]));
    assert_eq!((came["subject"].as_str(), came["user"].as_str()), (Some("Umsätze, 3 Läden"), Some("ann")));
    assert_eq!(came["message_id"], "<digest-1@example.com>");
    let shape =
        ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png"];
    assert_eq!(came["shape"], json!(shape));
    let parts = came["parts"].as_array().expect("parts");
    let text = |part: usize| parts[part]["content"].as_str().expect("text").trim_end().replace("\r\n", "\n");
    assert_eq!((text(0).as_str(), text(1).as_str()), (whole.text.as_str(), html));
    assert_eq!((parts[2]["id"].as_str(), text(2).as_str()), (Some("<chart-1>"), "89504e470d0a00ff"));
    assert_eq!((parts[3]["id"].as_str(), text(3).len()), (Some("<chart-2>"), 6000));
    mailer.send(&message(&["ann@example.com"])).await.expect("taken");
    assert_eq!(mailbox.message()["shape"], json!(["text/plain"]));
}

/// To all recipients or to none, and what is known of the message decides about another try.
#[tokio::test]
async fn what_failed_is_known_to_have_failed() {
    let mut mailbox = Mailbox::start(&[("AIVIEWS_TEST_MAIL_PASSWORD", "hunter2")]);
    let open = mailer(&mailbox, Some("hunter2"), Wall::Open);
    let server = format!("127.0.0.1:{}", mailbox.port);
    for (to, fate, said) in [
        (&["ann@example.com", "refused@example.com"][..], Fate::Refused, "no such mailbox"),
        (&["ann@example.com", "later@example.com"], Fate::Later(None), "try again later"),
        (&["silent@example.com"], Fate::Unknown, "did not confirm it"),
    ] {
        let error = open.send(&message(to)).await.expect_err("not taken");
        let words = error.to_string();
        assert_eq!(error.fate, fate, "{words}");
        assert!(words.contains(&server) && words.contains(said), "{words}");
        assert!(!error.remedy().is_empty());
    }
    assert_eq!(mailbox.message()["to"], json!(["silent@example.com"]), "the others sent nothing");
    let wrong = mailer(&mailbox, Some("not-it"), Wall::Open);
    let error = wrong.send(&message(&["ann@example.com"])).await.expect_err("refused");
    let words = format!("{error} {} {error:?}", error.remedy());
    assert!(error.fate == Fate::Refused && words.contains(&server) && !words.contains("not-it"), "{words}");
    let walled = mailer(&mailbox, Some("hunter2"), Wall::Public);
    let error = walled.send(&message(&["ann@example.com"])).await.expect_err("refused");
    assert!(error.to_string().contains("private address 127.0.0.1"), "{error}");
    drop(mailbox);
    let error = open.send(&message(&["ann@example.com"])).await.expect_err("nobody there");
    assert_eq!(error.fate, Fate::Later(None), "{error}");
    assert!(error.to_string().contains(&server), "{error}");
}
