//! Mail, as a mail server that others wrote receives it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use aiviews::alert::mail::{Inline, Mailer, Message, Settings};
use aiviews::alert::secret::Secret;
use aiviews::alert::undelivered::Fate;
use aiviews::alert::wall::Wall;
use serde_json::{Value, json};

use crate::clients::clients;
use crate::context::{SHOWCASE, json as context_json, program, succeed};
use crate::program::Run;

/// A mail server of Python's, until dropped.
pub struct Mailbox {
    process: Child,
    lines: Receiver<String>,
    pub port: u16,
}

impl Mailbox {
    pub fn start(settings: &[(&str, &str)]) -> Mailbox {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/mailbox.py");
        let mut command = Command::new(clients().join("python"));
        command.arg(script).envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("python starts");
        let stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        // Read at once: a mail with pictures is more than a pipe holds.
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let port = lines.recv().expect("a line");
        Mailbox { process, lines, port: port.trim().parse().expect("a port") }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The next message that has come.
    pub fn message(&self) -> Value {
        let line = self.lines.recv().expect("a line");
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
    let mailbox = Mailbox::start(&[("AIVIEWS_TEST_MAIL_PASSWORD", "hunter2")]);
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
    let mailbox = Mailbox::start(&[("AIVIEWS_TEST_MAIL_PASSWORD", "hunter2")]);
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

/// A report as a mail: the same figures as the page, charts that travel along, nothing that a mail program would not show.
#[test]
fn a_report_travels_as_a_mail_to_whom_the_file_names() {
    let mailbox = Mailbox::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("owners.txt");
    let file = file.to_str().expect("a path");
    std::fs::write(
        file,
        format!("{SHOWCASE} Ann <ann@example.com>, bob@example.com\nCSL153 eve@example.com\n"),
    )
    .expect("written");
    let url = mailbox.url();
    let send = |arguments: &[&str]| {
        let mut command = program().command(&[&["report", "--email-to", file], arguments].concat());
        command.env("AIVIEWS_SMTP_URL", &url).env("AIVIEWS_SMTP_FROM", "reports@example.com");
        Run::of(command.output().expect("aiviews runs"))
    };
    let walled = send(&[]);
    assert!(
        walled.code == 2 && walled.stderr.contains("--allow-private"),
        "{} {}",
        walled.code,
        walled.stderr
    );
    let sent = send(&["--allow-private", "--month"]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert!(!format!("{}{}", sent.stdout, sent.stderr).contains("@example.com"), "addresses are people's");
    let mails = [mailbox.message(), mailbox.message()];
    let of =
        |to: &str| mails.iter().find(|mail| mail["to"][0] == to).unwrap_or_else(|| panic!("{to}: {mails:?}"));
    assert_eq!(of("ann@example.com")["to"], json!(["ann@example.com", "bob@example.com"]));
    // One account a mail, and nothing of another's.
    let whole = of("eve@example.com").to_string();
    assert!(whole.contains("CSL153") && !whole.contains(SHOWCASE), "{whole}");
    let mail = of("ann@example.com");
    assert!(
        !mail.to_string().contains("CSL153")
            && mail["subject"].as_str().is_some_and(|it| it.contains("onthly")),
        "{mail}"
    );
    let parts = mail["parts"].as_array().expect("parts");
    let content = |part: usize| parts[part]["content"].as_str().expect("text");
    assert_eq!((&parts[0]["type"], &parts[1]["type"]), (&json!("text/plain"), &json!("text/html")));
    let (text, html) = (content(0), content(1));
    assert!(html.len() <= 100_000, "{}", html.len());
    let pictures = &parts[2..];
    assert!(pictures.len() >= 2 && pictures.iter().all(|it| it["type"] == "image/png"), "{}", mail["shape"]);
    for picture in pictures {
        let id = picture["id"].as_str().expect("an id").trim_matches(['<', '>']);
        assert!(html.contains(&format!("src=\"cid:{id}\"")), "{id}");
        assert!(picture["content"].as_str().is_some_and(|it| it.starts_with("89504e470d0a1a0a")));
    }
    assert_eq!(html.matches("<img").count(), pictures.len());
    assert_eq!(html.matches(" alt=\"").count(), pictures.len());
    for foreign in ["<style", "<script", "<svg", "http:", "https:", "<link", "class=", "NaN"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    // The figures are those of the question, which rounds as the page does.
    let stores = context_json(&succeed(&["query", "stores_compared", "-k", SHOWCASE, "--json"]));
    let delivered = stores["rows"][0]["delivered"].as_u64().expect("a number").to_string();
    let digits = |text: &str| text.replace(',', "");
    assert!(digits(text).contains(&format!("Messages delivered: {delivered}")), "{text}");
    assert!(digits(html).contains(&format!(">{delivered}<")), "{delivered}");
    // The id is the same for another try, and another for another account.
    assert_ne!(mails[0]["message_id"], mails[1]["message_id"]);
    assert_eq!(send(&["--allow-private", "--month", "-k", SHOWCASE]).code, 0);
    assert_eq!(mailbox.message()["message_id"], mail["message_id"]);
    supported(html);
    // One that is refused is told, and the others get theirs.
    std::fs::write(file, format!("{SHOWCASE} refused@example.com\nCSL153 eve@example.com\n"))
        .expect("written");
    let half = send(&["--allow-private"]);
    assert!(half.code == 3 && half.stderr.contains("no such mailbox"), "{} {}", half.code, half.stderr);
    assert_eq!(mailbox.message()["to"], json!(["eve@example.com"]));
    std::fs::write(file, "Nobody ann@example.com\n").expect("written");
    assert_eq!(send(&["--allow-private"]).code, 2);
}

/// What mail programs do not support, as caniemail.com has it.
fn supported(html: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/caniemail.mjs");
    let mut command = Command::new("node");
    command.arg(script).env("AIVIEWS_TEST_CLIENTS", clients()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("node starts");
    std::io::Write::write_all(&mut process.stdin.take().expect("a pipe"), html.as_bytes()).expect("written");
    let output = process.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let unsupported: std::collections::BTreeSet<&str> = said.lines().collect();
    // Programs that show mail in a page of their own take `body` for a box, and pass over words for who cannot see.
    // A `line-height` counts as a height there, which no program is without.
    let harmless =
        ["<body> element", "lang attribute", "role attribute", "width attribute", "height property"];
    assert_eq!(html.matches("height:").count(), html.matches("line-height:").count());
    let harmful: Vec<&&str> = unsupported.iter().filter(|it| !harmless.contains(*it)).collect();
    assert!(harmful.is_empty() && unsupported.contains("<body> element"), "{unsupported:?}");
}
