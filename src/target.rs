//! Where to connect: a ClickHouse server by URL, or the embedded engine in a folder. Checked before any I/O.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use url::{Host, Url};

use crate::cli::Global;
use crate::exit::{ExitCode, Failure};

/// The database that the embedded engine uses unless another is named.
pub const DEFAULT_DATABASE: &str = "aiviews";

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
    /// User name.
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
    /// Database.
    pub database: String,
}

impl Target {
    /// Decides by flags, environment and `.env` (which the caller has loaded).
    pub fn from_options(options: &Global) -> Result<Target> {
        match options.url.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => Ok(Target::Server(server(url, options)?)),
            None => Ok(Target::Embedded(embedded(options)?)),
        }
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

fn server(text: &str, options: &Global) -> Result<Server> {
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
    let password = password(options)?;
    if !password.is_empty() && url.scheme() == "http" && !is_loopback(&url) && !options.insecure {
        let hint = "use https (port 8443), or --insecure if the network itself is private";
        return Err(usage(
            format!("a password would travel in the clear to `{}`", url.host_str().unwrap_or("")),
            hint,
        ));
    }
    let user = options.user.clone().filter(|user| !user.is_empty());
    Ok(Server {
        url,
        user: user.unwrap_or_else(|| "default".to_owned()),
        password,
        database: database(options)?,
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn password(options: &Global) -> Result<String> {
    if let Some(file) = &options.password_file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the password file `{}`", file.display()))
            .map_err(|error| {
                usage(format!("{error:#}"), "CLICKHOUSE_PASSWORD_FILE must name a readable file")
            })?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(std::env::var("CLICKHOUSE_PASSWORD").unwrap_or_default())
}

fn database(options: &Global) -> Result<Option<String>> {
    let Some(name) = options.database.clone().filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    if !plain || name.len() > 128 {
        let hint = "a database name has letters, digits, `_` and `-`, at most 128";
        return Err(usage(format!("`{}` is not a database name", name.escape_default()), hint));
    }
    Ok(Some(name))
}

fn embedded(options: &Global) -> Result<Embedded> {
    let data_dir = match &options.data_dir {
        Some(folder) => folder.clone(),
        None => default_data_dir()?,
    };
    let database = database(options)?.unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
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
        Target::from_options(&crate::cli::Cli::try_parse_from(all)?.global)
    }

    #[test]
    fn a_secret_in_the_url_is_refused_and_not_repeated() {
        let error = target(&["--url", "http://me:hunter2@localhost:8123"]).err().expect("refused");
        assert_eq!(crate::exit::code_of(&error), ExitCode::Usage);
        assert!(!format!("{error:#}").contains("hunter2"));
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
            assert_eq!(crate::exit::code_of(&error), ExitCode::Usage, "{arguments:?}");
        }
    }
}
