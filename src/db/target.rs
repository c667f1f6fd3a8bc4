//! Where to connect: a ClickHouse server by URL, or the embedded engine in a folder. Checked before any I/O.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use url::{Host, Url};

use crate::db::env_file::EnvFile;
use crate::exit::{ExitCode, Failure};

/// The database that the embedded engine uses unless another is named.
pub const DEFAULT_DATABASE: &str = "aiviews";

/// What stands between the addresses of shards.
const BETWEEN_SHARDS: char = ',';

/// Where to connect, as the command line and the environment say it.
#[derive(Args, Clone, Debug)]
pub struct Connect {
    /// ClickHouse's HTTP address, such as https://host:8443; without it the embedded engine is used; for `populate` also
    /// several, with commas between them
    #[arg(long, env = "CLICKHOUSE_URL", global = true, help_heading = "Connection")]
    pub url: Option<String>,
    /// User on the server
    #[arg(long, env = "CLICKHOUSE_USER", global = true, help_heading = "Connection")]
    pub user: Option<String>,
    /// File that holds the password (or set CLICKHOUSE_PASSWORD; a password is never an argument)
    #[arg(
        long,
        env = "CLICKHOUSE_PASSWORD_FILE",
        global = true,
        value_name = "FILE",
        help_heading = "Connection"
    )]
    pub password_file: Option<PathBuf>,
    /// Database of the sources and the summary tables
    #[arg(long, env = "CLICKHOUSE_DATABASE", global = true, help_heading = "Connection")]
    pub database: Option<String>,
    /// Cluster whose servers all get the tables and views, by ON CLUSTER and with Replicated engines
    #[arg(long, env = "CLICKHOUSE_CLUSTER", global = true, value_name = "NAME", help_heading = "Connection")]
    pub cluster: Option<String>,
    /// Folder of the embedded engine's data (default: the user's data folder)
    #[arg(long, env = "AIVIEWS_DATA_DIR", global = true, value_name = "DIR", help_heading = "Connection")]
    pub data_dir: Option<PathBuf>,
    /// The engine's library, if scripts/install-libchdb did not fetch it
    #[arg(long, env = "AIVIEWS_LIBCHDB", global = true, value_name = "FILE", help_heading = "Connection")]
    pub libchdb: Option<PathBuf>,
    /// Allow a password over plain http to another host
    #[arg(long, global = true, help_heading = "Connection")]
    pub insecure: bool,
}

/// The user of a server who reads what a chatbot wrote.
#[derive(Args, Clone, Debug, Default)]
pub struct SqlUser {
    /// User of the server who runs the statements of `sql`: one that may only read (see `aiviews grants --for mcp`)
    #[arg(long, env = "CLICKHOUSE_CHATBOT_USER", value_name = "USER")]
    pub sql_user: Option<String>,
    /// File that holds that user's password (or set CLICKHOUSE_CHATBOT_PASSWORD)
    #[arg(long, env = "CLICKHOUSE_CHATBOT_PASSWORD_FILE", value_name = "FILE")]
    pub sql_password_file: Option<PathBuf>,
}

/// A place to connect to.
#[derive(Clone)]
pub enum Target {
    /// A server over http or https.
    Server(Server),
    /// The engine inside this process.
    Embedded(Embedded),
}

/// A ClickHouse server.
#[derive(Clone)]
pub struct Server {
    /// Address without user, password or query.
    pub url: Url,
    /// Who connects; `default` where nobody is named.
    pub user: String,
    /// Password; never printed.
    pub password: String,
    /// Database; without one the server's default for this user.
    pub database: Option<String>,
}

/// The embedded engine.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// Folder of its data.
    pub data_dir: PathBuf,
    /// The library, if named.
    pub library: Option<PathBuf>,
    /// The database that summary tables and sources are in.
    pub database: String,
}

impl Target {
    /// Decides by flags, then the environment, then the `.env` file of the current folder.
    ///
    /// # Errors
    ///
    /// Whatever leaves it in doubt which server is meant: nobody wants the embedded engine instead by accident.
    pub fn from_options(options: &Connect) -> Result<Target> {
        let given = Given::by(options)?;
        match given.text(&options.url, "CLICKHOUSE_URL") {
            Some(urls) if urls.contains(BETWEEN_SHARDS) => {
                let hint = "only `populate` runs on several: name one of them";
                Err(usage("CLICKHOUSE_URL names several servers", hint))
            }
            Some(url) => Ok(Target::Server(server(&url, &given)?)),
            None => {
                given.refuse_half_a_server()?;
                Ok(Target::Embedded(embedded(options, given.database()?)?))
            }
        }
    }

    /// The same for a verb that speaks to several servers: one for each address between commas, as the same user.
    ///
    /// # Errors
    ///
    /// As for one; commas without an address, and an address that is named twice.
    pub fn shards(options: &Connect) -> Result<Vec<Target>> {
        let given = Given::by(options)?;
        let urls = given.text(&options.url, "CLICKHOUSE_URL").unwrap_or_default();
        if !urls.contains(BETWEEN_SHARDS) {
            return Ok(vec![Target::from_options(options)?]);
        }
        let mut targets: Vec<Target> = Vec::new();
        for url in urls.split(BETWEEN_SHARDS).map(str::trim).filter(|url| !url.is_empty()) {
            let target = Target::Server(server(url, &given)?);
            if targets.iter().any(|known| known.to_string() == target.to_string()) {
                return Err(usage(format!("{target} is named twice"), "name each shard once"));
            }
            targets.push(target);
        }
        match targets.is_empty() {
            true => {
                Err(usage("CLICKHOUSE_URL has no address between its commas", "name each shard's address"))
            }
            false => Ok(targets),
        }
    }

    /// The same server as another user, who reads what a chatbot wrote; none where nobody is named.
    ///
    /// # Errors
    ///
    /// The embedded engine has no users, and a password alone names none.
    pub fn as_sql_user(&self, options: &Connect, named: &SqlUser) -> Result<Option<Target>> {
        let given = Given::by(options)?;
        let user = given.text(&named.sql_user, "CLICKHOUSE_CHATBOT_USER");
        let password = given.chatbot_password(named.sql_password_file.as_deref())?;
        match (self, user) {
            (_, None) if password.is_empty() => Ok(None),
            (_, None) => Err(usage(
                "the password of a chatbot's user is set, but no user",
                "set CLICKHOUSE_CHATBOT_USER too",
            )),
            (Target::Embedded(_), Some(_)) => Err(usage(
                "CLICKHOUSE_CHATBOT_USER is set, but CLICKHOUSE_URL is not",
                "the embedded engine has no users: statements of chatbots run with a reader's rights there",
            )),
            (Target::Server(server), Some(user)) => {
                let user = sendable(user, "the name of the chatbot's user")?;
                refuse_in_the_clear(&server.url, &password, options)?;
                Ok(Some(Target::Server(Server { user, password, ..server.clone() })))
            }
        }
    }

    /// The embedded engine, for the verb that serves it; none where a server is named.
    pub fn embedded(options: &Connect) -> Result<Option<Embedded>> {
        match options.url.as_deref() {
            Some(url) if !url.is_empty() => Ok(None),
            _ => Ok(Some(embedded(options, None)?)),
        }
    }

    /// The cluster that flags, the environment or the `.env` file name.
    pub fn cluster(options: &Connect) -> Result<Option<String>> {
        Ok(Given::by(options)?.text(&options.cluster, "CLICKHOUSE_CLUSTER"))
    }

    /// Refuses a folder in which no engine has ever worked: a verb that only reads makes nothing.
    pub fn refuse_without_data(&self) -> Result<()> {
        let Target::Embedded(embedded) = self else { return Ok(()) };
        let folder = &embedded.data_dir;
        if crate::engine::has_data(folder) || folder.is_file() {
            return Ok(());
        }
        let what = if folder.exists() { "no data is in" } else { "there is no folder" };
        Err(usage(
            format!("{what} `{}`", folder.display()),
            "name the right one with --data-dir, or a server with CLICKHOUSE_URL; \
             to begin here: `aiviews seed`, `aiviews migrate`, `aiviews populate`",
        ))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Server(server) => {
                let host = server.url.origin().ascii_serialization();
                match &server.database {
                    Some(database) => write!(formatter, "{host}, database `{database}`"),
                    None => write!(formatter, "{host}, the user's default database"),
                }
            }
            Target::Embedded(embedded) => {
                write!(
                    formatter,
                    "embedded engine in {}, database `{}`",
                    embedded.data_dir.display(),
                    embedded.database
                )
            }
        }
    }
}

fn usage(message: impl Into<String>, hint: &str) -> anyhow::Error {
    Failure::new(ExitCode::Usage, message).hint(hint).into()
}

fn server(text: &str, given: &Given<'_>) -> Result<Server> {
    let example = "CLICKHOUSE_URL looks like https://host:8443 or http://127.0.0.1:8123";
    // The text itself may hold a password, so it is not repeated.
    let mut url = Url::parse(text)
        .map_err(|error| usage(format!("the ClickHouse URL is not a URL: {error}"), example))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(usage(format!("the ClickHouse URL has the scheme `{}`", url.scheme()), example));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        let hint =
            "use CLICKHOUSE_USER, CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE, and CLICKHOUSE_DATABASE";
        return Err(usage("the ClickHouse URL holds a user, a password or parameters", hint));
    }
    url.set_fragment(None);
    let password = given.password()?;
    refuse_in_the_clear(&url, &password, given.options)?;
    Ok(Server { url, user: given.user()?, password, database: given.database()? })
}

fn refuse_in_the_clear(url: &Url, password: &str, options: &Connect) -> Result<()> {
    if password.is_empty() || url.scheme() != "http" || is_loopback(url) || options.insecure {
        return Ok(());
    }
    let message = format!("a password would travel in the clear to `{}`", url.host_str().unwrap_or(""));
    Err(usage(message, "use https (port 8443), or --insecure if the network itself is private"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What flags and environment give, and the file where they give nothing.
struct Given<'a> {
    options: &'a Connect,
    file: EnvFile,
}

impl<'a> Given<'a> {
    fn by(options: &'a Connect) -> Result<Given<'a>> {
        let file = match options.url.as_deref() {
            // Set to nothing: no server, whatever the file says.
            Some("") => EnvFile::default(),
            _ => EnvFile::read()?,
        };
        Ok(Given { options, file })
    }
}

impl Given<'_> {
    fn text(&self, option: &Option<String>, name: &str) -> Option<String> {
        let given = option.clone().filter(|text| !text.is_empty());
        given.or_else(|| self.file.get(name).map(str::to_owned))
    }

    fn user(&self) -> Result<String> {
        let user = self.text(&self.options.user, "CLICKHOUSE_USER");
        sendable(user.unwrap_or_else(|| "default".to_owned()), "the user's name")
    }

    fn password(&self) -> Result<String> {
        if let Some(file) = &self.options.password_file {
            return password_in(file);
        }
        self.password_of("CLICKHOUSE_PASSWORD")
    }

    fn chatbot_password(&self, file: Option<&Path>) -> Result<String> {
        match file {
            Some(file) => password_in(file),
            None => self.password_of("CLICKHOUSE_CHATBOT_PASSWORD"),
        }
    }

    /// What a variable says, then the file that the `.env` file names, then the `.env` file itself.
    fn password_of(&self, variable: &'static str) -> Result<String> {
        if let Some(password) = password_variable(variable)? {
            return sendable(password, variable);
        }
        if let Some(file) = self.file.get(&format!("{variable}_FILE")) {
            return password_in(Path::new(file));
        }
        Ok(self.file.get(variable).unwrap_or_default().to_owned())
    }

    fn database(&self) -> Result<Option<String>> {
        let Some(name) = self.text(&self.options.database, "CLICKHOUSE_DATABASE") else {
            return Ok(None);
        };
        let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
        if !plain || name.len() > 128 {
            let hint = "a database name has letters, digits, `_` and `-`, at most 128";
            return Err(usage(format!("`{}` is not a database name", name.escape_default()), hint));
        }
        Ok(Some(name))
    }

    /// Somebody who names a user or a password means a server.
    fn refuse_half_a_server(&self) -> Result<()> {
        let set = [
            ("CLICKHOUSE_USER", self.text(&self.options.user, "CLICKHOUSE_USER").is_some()),
            (
                "CLICKHOUSE_PASSWORD_FILE",
                self.options.password_file.is_some() || self.file.get("CLICKHOUSE_PASSWORD_FILE").is_some(),
            ),
            (
                "CLICKHOUSE_PASSWORD",
                password_variable("CLICKHOUSE_PASSWORD")?.is_some()
                    || self.file.get("CLICKHOUSE_PASSWORD").is_some(),
            ),
        ];
        let Some((name, _)) = set.into_iter().find(|(_, is_set)| *is_set) else { return Ok(()) };
        let hint = format!("set CLICKHOUSE_URL to use a server, or unset {name} to use the embedded engine");
        Err(usage(format!("{name} is set, but CLICKHOUSE_URL is not"), &hint))
    }
}

fn password_variable(variable: &str) -> Result<Option<String>> {
    match std::env::var(variable) {
        Ok(password) => Ok(Some(password).filter(|password| !password.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(usage(format!("{variable} is not UTF-8"), &format!("set it anew, or use {variable}_FILE")))
        }
    }
}

fn password_in(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the password file `{}`", file.display()))
        .map_err(|error| {
            usage(format!("{error:#}"), "CLICKHOUSE_PASSWORD_FILE must name a readable text file")
        })?;
    let password = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    sendable(password.to_owned(), &format!("the password in `{}`", file.display()))
}

/// User and password travel in a header, which takes no control character. The text itself is not repeated.
fn sendable(text: String, what: &str) -> Result<String> {
    match text.chars().any(char::is_control) {
        true => Err(usage(format!("{what} has a control character"), "a line end in the middle is one, too")),
        false => Ok(text),
    }
}

fn embedded(options: &Connect, database: Option<String>) -> Result<Embedded> {
    let data_dir = match &options.data_dir {
        Some(folder) => folder.clone(),
        None => default_data_dir()?,
    };
    let database = database.unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    Ok(Embedded { data_dir, library: options.libchdb.clone(), database })
}

fn default_data_dir() -> Result<PathBuf> {
    use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
    let strategy = choose_base_strategy().map_err(|_| {
        usage("there is no home folder to keep the embedded engine's data in", "name one with --data-dir")
    })?;
    Ok(strategy.data_dir().join("aiviews"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn target(arguments: &[&str]) -> Result<Target> {
        let mut all = vec!["aiviews"];
        all.extend(arguments);
        all.push("status");
        Target::from_options(&crate::cmd::Cli::try_parse_from(all)?.global.connect)
    }

    #[test]
    fn a_secret_in_the_url_is_refused_and_not_repeated() {
        let error = target(&["--url", "http://me:hunter2@localhost:8123"]).err().expect("refused");
        assert_eq!(crate::db::exit_code_of(&error), ExitCode::Usage);
        assert!(!format!("{error:#}").contains("hunter2"));
    }

    #[test]
    fn shards_are_several_addresses_for_the_verb_that_takes_them() {
        let options = |url: &str| {
            let arguments = ["aiviews", "--url", url, "--database", "shop", "status"];
            crate::cmd::Cli::try_parse_from(arguments).expect("arguments").global.connect
        };
        let names = |url: &str| -> Result<Vec<String>> {
            Ok(Target::shards(&options(url))?.iter().map(Target::to_string).collect())
        };
        let two = names("http://a:8123, https://b:8443,").expect("two");
        assert_eq!(two, ["http://a:8123, database `shop`", "https://b:8443, database `shop`"]);
        assert_eq!(names("http://a:8123").expect("one").len(), 1);
        assert!(names("http://a,http://a:80/").is_err());
        let error = names(" , ").expect_err("no address");
        assert!(format!("{error:#}").contains("no address"), "{error:#}");
        let error = Target::from_options(&options("http://a,http://b")).err().expect("refused");
        assert!(format!("{error:#}").contains("several servers"), "{error:#}");
    }

    #[test]
    fn a_server_is_named_without_its_user() {
        let target = target(&["--url", "https://ch.example:8443", "--user", "me", "--database", "shop"]);
        assert_eq!(target.expect("valid").to_string(), "https://ch.example:8443, database `shop`");
    }

    #[test]
    fn odd_urls_and_databases_are_usage_errors() {
        for arguments in [["--url", "ftp://x"], ["--url", "nonsense"], ["--database", "a`b"]] {
            let error = target(&arguments).err().expect("refused");
            assert_eq!(crate::db::exit_code_of(&error), ExitCode::Usage, "{arguments:?}");
        }
    }
}
