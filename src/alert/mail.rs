//! Mail over SMTP: `AIVIEWS_SMTP_URL` says where, `AIVIEWS_SMTP_USER` and `AIVIEWS_SMTP_PASSWORD` (or `.._FILE`) who,
//! `AIVIEWS_SMTP_FROM` in whose name.
//!
//! The dialogue is led command by command, so that it is known whether a message that failed can have arrived: only
//! where it was handed over whole and no answer came.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use url::Url;

use super::secret::{Secret, variable};
use super::undelivered::{Fate, Undelivered};
use super::wall::Wall;
use crate::exit::{ExitCode, Failure};

/// How long connecting may take, greeting and encryption included.
const LONGEST_GREETING: Duration = Duration::from_secs(20);
/// How long the server may take to judge sender, password and recipients.
const LONGEST_ENVELOPE: Duration = Duration::from_secs(60);
/// How long it may take to receive the message and to answer: filters look at it first.
const LONGEST_MESSAGE: Duration = Duration::from_secs(120);

/// A message in words, in HTML, and with pictures that the HTML shows.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// The recipients: `ann@example.com` or `Ann <ann@example.com>`.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text, for those who read no HTML.
    pub text: String,
    /// The same in HTML.
    pub html: Option<String>,
    /// What the HTML shows by `<img src="cid:..">`.
    pub inline: Vec<Inline>,
    /// The id without its angle brackets, where it must be the same in another try; else one is made.
    pub message_id: Option<String>,
}

/// A part that the HTML shows in its place.
#[derive(Clone, Debug)]
pub struct Inline {
    /// The name after `cid:`.
    pub content_id: String,
    /// The name of its file.
    pub file_name: String,
    /// Its type, such as `image/png`.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A mail server as the environment describes it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `smtps://host`, `smtp://host:587`.
    pub url: String,
    /// The user there.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The sender; else the user.
    pub from: Option<String>,
}

/// A mail server, and who we are there.
#[derive(Clone, Debug)]
pub struct Mailer {
    host: String,
    port: u16,
    encryption: Encryption,
    login: Option<(String, Secret)>,
    from: Mailbox,
    wall: Wall,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// From the first byte on.
    Immediate,
    /// Asked for after the greeting, and needed.
    StartTls,
    /// None: a server on this machine, or one that the URL says has none.
    None,
}

impl Mailer {
    /// The server that the environment names.
    pub fn from_environment(wall: Wall) -> Result<Mailer> {
        let Some(url) = variable("AIVIEWS_SMTP_URL")? else {
            return Err(usage("AIVIEWS_SMTP_URL is not set: there is no mail server to send by", EXAMPLE));
        };
        let password = Secret::from_environment("AIVIEWS_SMTP_PASSWORD")?;
        let (user, from) = (variable("AIVIEWS_SMTP_USER")?, variable("AIVIEWS_SMTP_FROM")?);
        Mailer::new(Settings { url, user, password, from }, wall)
    }

    /// A server by its settings.
    pub fn new(settings: Settings, wall: Wall) -> Result<Mailer> {
        let Settings { url, user, password, from } = settings;
        // The text itself may hold a password, so it is not repeated.
        let url = Url::parse(&url)
            .map_err(|error| usage(format!("AIVIEWS_SMTP_URL is not a URL: {error}"), EXAMPLE))?;
        if !url.username().is_empty() || url.password().is_some() {
            let hint = "use AIVIEWS_SMTP_USER, and AIVIEWS_SMTP_PASSWORD or AIVIEWS_SMTP_PASSWORD_FILE";
            return Err(usage("AIVIEWS_SMTP_URL holds a user or a password", hint));
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.is_empty() || !matches!(url.path(), "" | "/") {
            return Err(usage("AIVIEWS_SMTP_URL names no host alone", EXAMPLE));
        }
        let is_here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        let (encryption, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Encryption::Immediate, 465),
            ("smtp", None) if !is_here => (Encryption::StartTls, 587),
            ("smtp", None | Some("tls=none")) => (Encryption::None, 25),
            ("smtp", Some("tls=required")) => (Encryption::StartTls, 587),
            _ => return Err(usage("AIVIEWS_SMTP_URL has an unknown scheme or parameter", EXAMPLE)),
        };
        let login = match (user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(usage(
                    "AIVIEWS_SMTP_USER is set, but no password",
                    "set AIVIEWS_SMTP_PASSWORD_FILE",
                ));
            }
            (None, Some(_)) => {
                return Err(usage(
                    "an SMTP password is set, but AIVIEWS_SMTP_USER is not",
                    "set both or none",
                ));
            }
        };
        if login.is_some() && encryption == Encryption::None && !is_here {
            let message = format!("the SMTP password would travel in the clear to `{host}`");
            return Err(usage(message, "use smtps://, or leave out tls=none"));
        }
        let from = match from.or_else(|| login.as_ref().map(|(user, _)| user.clone())) {
            Some(from) => mailbox(&from, "AIVIEWS_SMTP_FROM")?,
            None => return Err(usage("AIVIEWS_SMTP_FROM is not set: mail needs a sender", EXAMPLE)),
        };
        Ok(Mailer { port: url.port().unwrap_or(port), host, encryption, login, from, wall })
    }

    /// How messages name the server.
    pub fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Sends a message: to all of its recipients, or to none.
    ///
    /// # Errors
    ///
    /// They name the server and the remedy. Only [`Fate::Unknown`] leaves it open whether the message arrived.
    pub async fn send(&self, message: &Message) -> Result<(), Undelivered> {
        let message = self.compose(message)?;
        let addresses = self.wall.addresses(&self.host, self.port).await?;
        let mut connection = self.within(LONGEST_GREETING, "greet", self.greet(&addresses)).await?;
        let bytes = message.formatted();
        self.within(LONGEST_ENVELOPE, "take the message", self.announce(&mut connection, &message, &bytes))
            .await?;
        match tokio::time::timeout(LONGEST_MESSAGE, connection.message(&bytes)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if error.status().is_some() => {
                return Err(self.failed("refused the message", &error));
            }
            Ok(Err(error)) => return Err(self.unknown(&said(&error))),
            Err(_) => return Err(self.unknown(&format!("no answer within {} s", LONGEST_MESSAGE.as_secs()))),
        }
        // It has arrived, whatever becomes of the goodbye.
        let _ = tokio::time::timeout(Duration::from_secs(2), connection.quit()).await;
        Ok(())
    }

    /// The message as it travels.
    fn compose(&self, message: &Message) -> Result<lettre::Message, Undelivered> {
        self.parts(message).map_err(|error| {
            let hint = "recipients look like ann@example.com or `Ann <ann@example.com>`";
            Undelivered::refused(ExitCode::Usage, format!("the mail cannot be written: {error:#}"), hint)
        })
    }

    fn parts(&self, message: &Message) -> Result<lettre::Message> {
        let id = message.message_id.clone().map_or_else(|| self.fresh_id(), Ok)?;
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(message.subject.replace(char::is_control, " "))
            .message_id(Some(format!("<{id}>")))
            // Nobody's holiday note answers a program.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for recipient in &message.to {
            builder = builder.to(mailbox(recipient, "the recipient")?);
        }
        let text = SinglePart::plain(message.text.clone());
        let Some(html) = &message.html else { return Ok(builder.singlepart(text)?) };
        let mut related = MultiPart::related().singlepart(SinglePart::html(html.clone()));
        for part in &message.inline {
            let kind = ContentType::parse(&part.content_type)?;
            let inline = Attachment::new_inline_with_name(part.content_id.clone(), part.file_name.clone());
            related = related.singlepart(inline.body(part.bytes.clone(), kind));
        }
        Ok(builder.multipart(MultiPart::alternative().singlepart(text).multipart(related))?)
    }

    /// An id for a message that is sent once.
    fn fresh_id(&self) -> Result<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).context("this machine gives no random numbers")?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(self.message_id(&digits))
    }

    /// A message id of our own with this name in it.
    pub fn message_id(&self, name: &str) -> String {
        format!("{name}@{}", self.from.email.domain())
    }

    async fn within<T>(
        &self,
        limit: Duration,
        what: &str,
        work: impl Future<Output = Result<T, Undelivered>>,
    ) -> Result<T, Undelivered> {
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let message =
                format!("mail server `{}` did not {what} within {} s", self.server(), limit.as_secs());
            Err(Undelivered::later(message, "check AIVIEWS_SMTP_URL, and that no firewall stands between"))
        })
    }

    async fn greet(&self, addresses: &[std::net::SocketAddr]) -> Result<AsyncSmtpConnection, Undelivered> {
        let cannot = |error: &lettre::transport::smtp::Error| self.failed("cannot be used", error);
        let tls = || TlsParameters::builder(self.host.trim_matches(['[', ']']).to_owned()).build_rustls();
        let immediate = match self.encryption {
            Encryption::Immediate => Some(tls().map_err(|error| cannot(&error))?),
            Encryption::StartTls | Encryption::None => None,
        };
        let name = hello_name();
        let connected =
            AsyncSmtpConnection::connect_tokio1(addresses, Some(LONGEST_GREETING), &name, immediate, None);
        let mut connection = connected.await.map_err(|error| cannot(&error))?;
        if self.encryption == Encryption::StartTls {
            if !connection.can_starttls() {
                return Err(Undelivered::refused(
                    ExitCode::Usage,
                    format!("mail server `{}` offers no encryption", self.server()),
                    "use smtps://, or for a relay within a network of your own smtp://host:25?tls=none",
                ));
            }
            let secured = connection.starttls(tls().map_err(|error| cannot(&error))?, &name).await;
            secured.map_err(|error| cannot(&error))?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            let known = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            known.map_err(|error| self.failed(&format!("refused the user `{user}`"), &error))?;
        }
        Ok(connection)
    }

    /// Everything that comes before the message itself.
    async fn announce(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &lettre::Message,
        bytes: &[u8],
    ) -> Result<(), Undelivered> {
        let envelope = message.envelope();
        let mut parameters = Vec::new();
        if !bytes.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mut addresses = envelope.to().iter().chain(envelope.from());
        if addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let sender = connection.command(Mail::new(envelope.from().cloned(), parameters)).await;
        sender.map_err(|error| self.failed(&format!("refused the sender `{}`", self.from.email), &error))?;
        for recipient in envelope.to() {
            let taken = connection.command(Rcpt::new(recipient.clone(), Vec::new())).await;
            taken.map_err(|error| self.failed(&format!("refused the recipient `{recipient}`"), &error))?;
        }
        let ready = connection.command(Data).await;
        ready.map(drop).map_err(|error| self.failed("refused the message", &error))
    }

    fn failed(&self, what: &str, error: &lettre::transport::smtp::Error) -> Undelivered {
        let message = format!("mail server `{}` {what}: {}", self.server(), said(error));
        let code = error.status().map(|code| code.to_string()).unwrap_or_default();
        match code.as_str() {
            "530" | "534" | "535" | "538" => Undelivered::refused(
                ExitCode::AccessDenied,
                message,
                "check AIVIEWS_SMTP_USER and AIVIEWS_SMTP_PASSWORD",
            ),
            _ if error.is_permanent() => Undelivered::refused(
                ExitCode::Failed,
                message,
                "check AIVIEWS_SMTP_FROM and the recipients with whoever runs the mail server",
            ),
            _ if error.is_tls() => Undelivered::refused(
                ExitCode::Failed,
                message,
                "smtps:// is for port 465, smtp:// for 587; an authority of your own goes into SSL_CERT_FILE",
            ),
            _ if error.is_client() => Undelivered::refused(ExitCode::Failed, message, EXAMPLE),
            _ => Undelivered::later(message, "check AIVIEWS_SMTP_URL; what passes by itself is tried again"),
        }
    }

    fn unknown(&self, why: &str) -> Undelivered {
        let message =
            format!("mail server `{}` took the message and did not confirm it: {why}", self.server());
        Undelivered::unknown(message, "it may have arrived: look at the mailbox before you send it again")
    }
}

impl Undelivered {
    /// Whether the message may have arrived.
    pub fn may_have_arrived(&self) -> bool {
        self.fate == Fate::Unknown
    }
}

const EXAMPLE: &str = "AIVIEWS_SMTP_URL looks like smtps://mail.example.com or smtp://mail.example.com:587 (STARTTLS), \
     AIVIEWS_SMTP_FROM like `Reports <reports@example.com>`";

fn usage(message: impl Into<String>, hint: &str) -> anyhow::Error {
    Failure::new(ExitCode::Usage, message).hint(hint).into()
}

/// Checks a recipient before anything is done for it.
pub fn recipient(text: &str) -> Result<()> {
    mailbox(text, "the recipient").map(drop)
}

fn mailbox(text: &str, what: &str) -> Result<Mailbox> {
    let shown = crate::output::printable(text);
    text.parse().map_err(|error| usage(format!("{what} `{shown}` is no mail address: {error}"), EXAMPLE))
}

/// The name of this machine, where it can be one.
fn hello_name() -> ClientId {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy().into_owned();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    match !name.is_empty() && name.chars().all(plain) {
        true => ClientId::Domain(name),
        false => ClientId::default(),
    }
}

/// What the server said, or what went wrong on the way, in one line.
fn said(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    crate::output::printable(&text.chars().take(300).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(url: &str, user: Option<&str>) -> Result<Mailer> {
        let password = user.map(|_| Secret::new("hunter2"));
        let (url, user) = (url.to_owned(), user.map(str::to_owned));
        Mailer::new(Settings { url, user, password, from: Some("a@example.com".to_owned()) }, Wall::Public)
    }

    #[test]
    fn the_url_says_how_to_encrypt() {
        for (url, expected) in [
            ("smtps://mail.example.com", (465, Encryption::Immediate)),
            ("smtp://mail.example.com", (587, Encryption::StartTls)),
            ("smtp://mail.example.com:2525", (2525, Encryption::StartTls)),
            ("smtp://relay:25?tls=none", (25, Encryption::None)),
            ("smtp://localhost", (25, Encryption::None)),
            ("smtp://localhost:587?tls=required", (587, Encryption::StartTls)),
        ] {
            let mailer = mailer(url, None).expect(url);
            assert_eq!((mailer.port, mailer.encryption), expected, "{url}");
        }
        assert!(mailer("smtp://relay:25?tls=none", Some("ann")).is_err(), "a password in the clear");
        assert!(mailer("smtp://127.0.0.1:25", Some("ann")).is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secret() {
        for url in [
            "smtp://ann:hunter2@mail.example.com",
            "hunter2",
            "https://mail.example.com/hunter2",
            "smtp://mail.example.com?tls=hunter2",
        ] {
            let error = mailer(url, None).expect_err(url);
            assert!(!format!("{error:#} {error:?}").contains("hunter2"), "{error:#}");
        }
        let shown = format!("{:?}", mailer("smtps://mail.example.com", Some("ann")).expect("valid"));
        assert!(shown.contains("ann") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn names_cannot_add_a_header() {
        let mailer = mailer("smtps://mail.example.com", None).expect("valid");
        let message = Message {
            to: vec!["Ann <ann@example.com>".to_owned()],
            subject: "Sale\r\nBcc: eve@example.com\n\nhello".to_owned(),
            ..Message::default()
        };
        let text = String::from_utf8(mailer.compose(&message).expect("written").formatted()).expect("text");
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        let odd = Message { to: vec!["ann@example.com\r\nBcc: eve@example.com".to_owned()], ..message };
        assert!(mailer.compose(&odd).is_err());
    }
}
