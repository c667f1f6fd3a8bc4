//! The `.env` file of the current folder: `CLICKHOUSE_*` variables for those who do not have them in the environment.
//!
//! Own lines instead of a crate: those at hand put a variable's value in the place of `$NAME` (a password may have a
//! `$`), search the parent folders, and take every name, so that whoever can write one of these folders chooses the
//! library that is loaded.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;

use crate::exit::{ExitCode, Failure};

/// The only names that are taken; others belong to other programs.
const PREFIX: &str = "CLICKHOUSE_";

/// What a `.env` file sets.
#[derive(Clone, Default)]
pub struct EnvFile {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

/// Read once: a process that has confined itself no longer sees the file.
static READ: OnceLock<EnvFile> = OnceLock::new();

impl EnvFile {
    /// Reads the file of the current folder, if there is one.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or a line of it: the rest might name the server that is meant.
    pub fn read() -> Result<EnvFile> {
        if let Some(file) = READ.get() {
            return Ok(file.clone());
        }
        let Ok(folder) = std::env::current_dir() else { return Ok(EnvFile::default()) };
        let file = EnvFile::read_in(&folder)?;
        Ok(READ.get_or_init(|| file).clone())
    }

    fn read_in(folder: &Path) -> Result<EnvFile> {
        let path = folder.join(".env");
        // A folder of that name is a Python environment.
        if !path.exists() || path.is_dir() {
            return Ok(EnvFile::default());
        }
        let refused = |what: String| {
            Failure::new(ExitCode::Usage, what).hint(
            "it holds lines like CLICKHOUSE_URL=https://host:8443, a value with spaces in quotes, `#` before a comment",
        )
        };
        let bytes = std::fs::read(&path)
            .map_err(|error| refused(format!("cannot read `{}`: {error}", path.display())))?;
        match parse(&bytes) {
            Ok(values) => {
                let names: Vec<&str> = values.keys().map(String::as_str).collect();
                tracing::debug!("read `{}`: {}", path.display(), names.join(", "));
                Ok(EnvFile { path, values })
            }
            // Never the line itself: it may hold a password.
            Err((line, reason)) => {
                Err(refused(format!("cannot read `{}`, line {line}: {reason}", path.display())).into())
            }
        }
    }

    /// A value that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for EnvFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.values.keys().collect();
        formatter.debug_struct("EnvFile").field("path", &self.path).field("names", &names).finish()
    }
}

type BadLine = (usize, &'static str);

fn parse(bytes: &[u8]) -> Result<BTreeMap<String, String>, BadLine> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut values = BTreeMap::new();
    // Of another program's value that goes over several lines: the quote that ends it.
    let mut open: Option<char> = None;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let bad = |reason| (index + 1, reason);
        let line = std::str::from_utf8(line).map_err(|_| bad("it is not UTF-8"))?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(quote) = open {
            open = Some(quote).filter(|quote| !line.contains(*quote));
            continue;
        }
        if line.chars().any(|letter| letter.is_control() && letter != '\t') {
            return Err(bad("it has a control character"));
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let (name, value) = line.split_once('=').ok_or_else(|| bad("it is not NAME=VALUE"))?;
        let (name, text) = (name.trim_end(), value.trim_start());
        if !is_name(name) {
            return Err(bad("it is not NAME=VALUE"));
        }
        if name.starts_with(PREFIX) {
            values.insert(name.to_owned(), unquoted(text).map_err(bad)?);
        } else {
            let quote = text.chars().next().filter(|letter| matches!(letter, '"' | '\''));
            open = quote.filter(|quote| !text[1..].contains(*quote));
        }
    }
    Ok(values)
}

fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
    !name.is_empty() && name.chars().all(plain)
}

/// A value without its quotes and without a comment after it. A `$` is a `$`.
fn unquoted(text: &str) -> Result<String, &'static str> {
    let Some(quote) = text.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else {
        let comment = text.find(" #").or_else(|| text.find("\t#"));
        let value = text[..comment.unwrap_or(text.len())].trim_end();
        // Some programs take the first word, some take all.
        let is_clear = !value.contains([' ', '\t']);
        return is_clear.then(|| value.to_owned()).ok_or("a value with spaces stands in quotes");
    };
    let mut value = String::new();
    let mut letters = text[1..].chars();
    loop {
        match letters.next() {
            None => return Err("its quote has no end"),
            Some(letter) if letter == quote => break,
            Some('\\') if quote == '"' => match letters.next() {
                Some(letter @ ('"' | '\\' | '$')) => value.push(letter),
                Some(letter) => value.extend(['\\', letter]),
                None => return Err("its quote has no end"),
            },
            Some(letter) => value.push(letter),
        }
    }
    let rest = letters.as_str();
    let is_comment = rest.trim_start().starts_with('#') && rest.starts_with([' ', '\t']);
    if rest.trim().is_empty() || is_comment { Ok(value) } else { Err("something follows its quote") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Option<String> {
        let values = parse(line.as_bytes()).unwrap_or_else(|bad| panic!("{line}: {bad:?}"));
        values.get("CLICKHOUSE_PASSWORD").cloned()
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        let (secret, cases) = (
            "p$ecret#1",
            [
                "CLICKHOUSE_PASSWORD=p$ecret#1",
                "CLICKHOUSE_PASSWORD='p$ecret#1'",
                "CLICKHOUSE_PASSWORD=\"p$ecret#1\"",
                "CLICKHOUSE_PASSWORD=\"p\\$ecret#1\" # a comment",
                "export CLICKHOUSE_PASSWORD = p$ecret#1 # a comment",
                "\u{feff}CLICKHOUSE_PASSWORD=p$ecret#1\r\n",
                "# a comment\n\nCLIENT=Smith & Sons\nKEY=\"---\nBEGIN\n---\"\nCLICKHOUSE_PASSWORD=p$ecret#1",
            ],
        );
        for case in cases {
            assert_eq!(one(case).as_deref(), Some(secret), "{case}");
        }
        assert_eq!(one("CLICKHOUSE_PASSWORD=").as_deref(), Some(""));
        assert_eq!(one("CLICKHOUSE_PASSWORD=\"${HOME} a\\b\"").as_deref(), Some("${HOME} a\\b"));
        assert_eq!(one("AIVIEWS_LIBCHDB=/tmp/evil.so\nPATH=/tmp"), None);
    }

    #[test]
    fn only_names_of_clickhouse_are_taken() {
        let values = parse(b"AIVIEWS_LIBCHDB=x\nLD_PRELOAD=y\nCLICKHOUSE_URL=z").expect("read");
        assert_eq!(values.into_keys().collect::<Vec<_>>(), ["CLICKHOUSE_URL"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line_alone() {
        let cases: [&[u8]; 9] = [
            b"the server of the agency",
            b"CLICKHOUSE_PASSWORD=hunter2 and more",
            b"CLICKHOUSE_PASSWORD='hunter2",
            b"CLICKHOUSE_PASSWORD=\"hunter2\\",
            b"CLICKHOUSE_PASSWORD='hunter2'x",
            b"CLICKHOUSE_PASSWORD=hun\0ter2",
            b"CLICKHOUSE_PASSWORD=hun\x1bter2",
            b"CLICKHOUSE_PASSWORD=hunter2\xff",
            b"=hunter2",
        ];
        for case in cases {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join(".env"), [b"# first\n", case].concat()).expect("written");
            let error = EnvFile::read_in(folder.path()).expect_err("refused");
            let text = format!("{error:#}");
            assert!(text.contains("/.env`, line 2: ") && !text.contains("hun"), "{text}");
            assert_eq!(crate::db::exit_code_of(&error), ExitCode::Usage);
        }
    }
}
