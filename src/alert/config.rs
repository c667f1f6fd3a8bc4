//! Where alerts go: a file of TOML that names destinations, and where their secrets are.
//!
//! ```toml
//! digest = "account"                # one message per account, or "agency": one for all
//!
//! [[destination]]
//! name = "marketing"
//! kind = "slack"                    # an incoming webhook of Slack
//! url_env = "AIVIEWS_SLACK_URL"     # or url_file = "/etc/aiviews/slack-url"
//!
//! [[destination]]
//! name = "tickets"
//! kind = "webhook"
//! url_file = "/etc/aiviews/tickets-url"
//! secret_env = "AIVIEWS_TICKETS_SECRET"
//! accounts = ["XqkVGb"]             # these alone
//! kinds = ["failed", "held_back"]   # these alone
//! least = "medium"                  # from this severity on
//!
//! [[destination]]
//! name = "owners"
//! kind = "mail"
//! to = ["Ann <ann@example.com>"]
//! digest = "agency"
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;

use super::kind::{Kind, SEVERITIES, severity_of};
use super::mail;
use super::secret::Secret;
use crate::account::AccountId;
use crate::exit::{ExitCode, Failure};
use crate::output::printable;

/// How alerts are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One message per account
    #[default]
    Account,
    /// One message for all accounts
    Agency,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// In this variable.
    Variable(String),
    /// In this file.
    File(PathBuf),
}

impl Source {
    /// Reads it. The secret itself is in no error.
    pub fn read(&self) -> Result<Secret> {
        match self {
            Source::File(path) => Secret::in_file(path),
            Source::Variable(name) => Secret::from_environment(name)?.ok_or_else(|| {
                Failure::new(ExitCode::Usage, format!("the variable `{name}` is not set"))
                    .hint("the config of the alerts names it: set it where aiviews runs")
                    .into()
            }),
        }
    }
}

/// How a destination is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// An incoming webhook of Slack.
    Slack {
        /// Its address, which is a secret.
        url: Source,
    },
    /// Any webhook.
    Webhook {
        /// Its address.
        url: Source,
        /// What signs the messages.
        secret: Source,
    },
    /// Mail, by the server that the environment names.
    Mail {
        /// The recipients.
        to: Vec<String>,
    },
}

impl Way {
    /// The word in the file.
    pub fn word(&self) -> &'static str {
        match self {
            Way::Slack { .. } => "slack",
            Way::Webhook { .. } => "webhook",
            Way::Mail { .. } => "mail",
        }
    }
}

/// Somebody who is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Its name: what it was told is remembered by it.
    pub name: String,
    /// How it is reached.
    pub way: Way,
    /// How its alerts are put together.
    pub digest: Mode,
    accounts: Vec<String>,
    kinds: Vec<Kind>,
    least: usize,
}

impl Destination {
    /// A destination that wants everything.
    pub fn new(name: &str, way: Way, digest: Mode) -> Destination {
        Destination { name: name.to_owned(), way, digest, accounts: Vec::new(), kinds: Vec::new(), least: 0 }
    }

    /// Whether it is to be told of this. What is of no account is everybody's.
    pub fn wants(&self, account: &str, kind: Kind, severity: usize) -> bool {
        (self.accounts.is_empty() || account.is_empty() || self.accounts.iter().any(|it| it == account))
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && severity >= self.least
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    digest: Mode,
    #[serde(default)]
    destination: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    kind: String,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
    #[serde(default)]
    to: Vec<String>,
    digest: Option<Mode>,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    kinds: Vec<String>,
    least: Option<String>,
}

/// Reads the destinations. `digest` decides where it is given.
pub fn read(file: &Path, digest: Option<Mode>) -> Result<Vec<Destination>> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new(ExitCode::Usage, format!("cannot read the config of the alerts `{name}`: {error}"))
            .hint("name a file of TOML with --alert-config or AIVIEWS_ALERT_CONFIG: sql/README.md shows one")
    })?;
    parse(&text, digest).map_err(|(message, hint)| {
        Failure::new(ExitCode::Usage, format!("`{name}`: {message}")).hint(hint).into()
    })
}

type Wrong = (String, String);

fn parse(text: &str, digest: Option<Mode>) -> Result<Vec<Destination>, Wrong> {
    let file: File = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
    if file.destination.is_empty() {
        return Err((
            "it names no destination".to_owned(),
            "add [[destination]] with a name and a kind".to_owned(),
        ));
    }
    let mut names = BTreeSet::new();
    let mut destinations = Vec::new();
    for entry in file.destination {
        let name = printable(&entry.name);
        if !is_plain(&entry.name) || !names.insert(entry.name.clone()) {
            let hint = "each has a name of its own: letters, digits, `-` and `_`, at most 64";
            return Err((
                format!("the destination's name `{name}` is odd, or another has it"),
                hint.to_owned(),
            ));
        }
        let found = destination(entry, digest, file.digest);
        destinations.push(found.map_err(|(what, hint)| (format!("destination `{name}`: {what}"), hint))?);
    }
    Ok(destinations)
}

/// Never the line itself, nor a value: it may be an address that opens a door.
fn unreadable(text: &str, error: &toml::de::Error) -> Wrong {
    let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
    let words = error.message().lines().next().unwrap_or_default();
    let is_of_names = words.starts_with("unknown field") || words.starts_with("missing field");
    let why = if is_of_names { format!(": {words}") } else { String::new() };
    (
        format!("line {line} cannot be read{why}"),
        "addresses and passwords do not stand in it: url_env, url_file, secret_env and secret_file say where they are"
            .to_owned(),
    )
}

fn destination(entry: Entry, digest: Option<Mode>, of_file: Mode) -> Result<Destination, Wrong> {
    let wrong = |what: &str, hint: &str| (what.to_owned(), hint.to_owned());
    let url = || source(entry.url_env.as_deref(), entry.url_file.as_deref(), "url");
    let secret = || source(entry.secret_env.as_deref(), entry.secret_file.as_deref(), "secret");
    let way = match entry.kind.as_str() {
        "slack" => Way::Slack { url: url()? },
        "webhook" => Way::Webhook { url: url()?, secret: secret()? },
        "mail" if entry.to.is_empty() => {
            return Err(wrong("it has no recipients", "to = [\"ann@example.com\"]"));
        }
        "mail" => {
            if entry.to.iter().any(|to| mail::recipient(to).is_err()) {
                let hint = "recipients look like ann@example.com or Ann <ann@example.com>";
                return Err(wrong("a recipient is no mail address", hint));
            }
            Way::Mail { to: entry.to.clone() }
        }
        _ => return Err(wrong("its kind is unknown", "kind is slack, webhook or mail")),
    };
    let kinds: Option<Vec<Kind>> = entry.kinds.iter().map(|word| Kind::of(word)).collect();
    let Some(kinds) = kinds else {
        let known = Kind::ALL.map(Kind::word).join(", ");
        return Err((String::from("one of its kinds is unknown"), format!("kinds are {known}")));
    };
    if entry.accounts.iter().any(|account| AccountId::new(account).is_none()) {
        return Err(wrong("one of its accounts is no Klaviyo public id", "`aiviews accounts` lists them"));
    }
    let least = entry.least.as_deref().unwrap_or(SEVERITIES[0]);
    if !SEVERITIES.contains(&least) {
        return Err(wrong("its least severity is unknown", "least is low, medium, high or critical"));
    }
    Ok(Destination {
        name: entry.name,
        way,
        digest: digest.or(entry.digest).unwrap_or(of_file),
        accounts: entry.accounts,
        kinds,
        least: severity_of(least),
    })
}

fn source(variable: Option<&str>, file: Option<&Path>, what: &str) -> Result<Source, Wrong> {
    match (variable, file) {
        (Some(name), None) if is_variable(name) => Ok(Source::Variable(name.to_owned())),
        (None, Some(path)) => Ok(Source::File(path.to_owned())),
        (Some(_), None) => Err((
            format!("`{what}_env` is no name of a variable"),
            format!("{what}_env = \"AIVIEWS_SOMETHING\", and the variable has the text itself"),
        )),
        _ => Err((
            format!("it needs `{what}_env` or `{what}_file`, one of them"),
            format!("{what}_env = \"AIVIEWS_SOMETHING\" names a variable that has it, {what}_file a file"),
        )),
    }
}

fn is_plain(name: &str) -> bool {
    let is_known = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    (1..=64).contains(&name.len()) && name.chars().all(is_known)
}

fn is_variable(name: &str) -> bool {
    let is_known = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !name.is_empty() && name.chars().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLACK: &str = "[[destination]]\nname = 'a'\nkind = 'slack'\nurl_env = 'URL'\n";

    #[test]
    fn a_file_names_destinations_and_where_their_secrets_are() {
        let text = "digest = 'agency'\n[[destination]]\nname = 'a'\nkind = 'webhook'\nurl_file = '/url'\n\
             secret_env = 'SECRET'\naccounts = ['XqkVGb']\nkinds = ['failed', 'event']\nleast = 'medium'\n\
             [[destination]]\nname = 'b'\nkind = 'mail'\nto = ['Ann <ann@example.com>']\ndigest = 'account'";
        let [webhook, mail] = parse(text, None).expect("valid").try_into().expect("two");
        assert_eq!((webhook.digest, mail.digest), (Mode::Agency, Mode::Account));
        let (url, secret) = (Source::File("/url".into()), Source::Variable("SECRET".to_owned()));
        assert_eq!(webhook.way, Way::Webhook { url, secret });
        assert!(webhook.wants("XqkVGb", Kind::Event, 1) && webhook.wants("", Kind::Failed, 3));
        assert!(!webhook.wants("XqkVGb", Kind::Event, 0) && !webhook.wants("Other1", Kind::Event, 3));
        assert!(!webhook.wants("XqkVGb", Kind::Stale, 3) && mail.wants("Other1", Kind::Stale, 0));
        let flagged = parse(text, Some(Mode::Agency)).expect("valid");
        assert!(flagged.iter().all(|it| it.digest == Mode::Agency), "the flag decides");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        let secret = "https://hooks.slack.com/services/T0/B0/hunter2";
        let cases = [
            (format!("{SLACK}url = '{secret}'"), "line 5 cannot be read: unknown field `url`"),
            (format!("[[destination]]\nname = 'a'\nkind = '{secret}'"), "its kind is unknown"),
            (
                format!("[[destination]]\nname = 'a'\nkind = 'slack'\nurl_env = '{secret}'"),
                "no name of a variable",
            ),
            (format!("{SLACK}digest = '{secret}'"), "line 5 cannot be read"),
            (format!("{SLACK}to = '{secret}'"), "line 5 cannot be read"),
            (format!("{SLACK}{secret}"), "line 5 cannot be read"),
            (format!("{SLACK}least = '{secret}'"), "least severity"),
            (format!("{SLACK}accounts = ['{secret}']"), "no Klaviyo public id"),
            (format!("{SLACK}kinds = ['{secret}']"), "one of its kinds"),
            (format!("{SLACK}{SLACK}"), "another has it"),
            (
                "[[destination]]\nname = 'a'\nkind = 'webhook'\nurl_env = 'URL'".to_owned(),
                "it needs `secret_env`",
            ),
            ("[[destination]]\nname = 'a'\nkind = 'mail'".to_owned(), "no recipients"),
            ("[[destination]]\nname = 'a'\nkind = 'mail'\nto = ['hunter2']".to_owned(), "no mail address"),
            (String::new(), "names no destination"),
        ];
        for (text, said) in cases {
            let (message, hint) = parse(&text, None).expect_err(&text);
            assert!(message.contains(said), "{message}");
            assert!(!format!("{message} {hint}").contains("hunter2"), "{message} {hint}");
        }
    }
}
