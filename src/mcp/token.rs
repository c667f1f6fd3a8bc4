//! The file of bearer tokens: a line has a name, the hash of the token, and the accounts that it opens.
//!
//! `agency 9f86d08... XqkVGb,A1b2C3`, or `*` for every account; `#` begins a comment. The file holds no token, and it is
//! read again whenever it has changed: a line that is taken out shuts its token out with the next call.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::caller::Caller;
use crate::account::AccountId;
use crate::exit::{ExitCode, Failure};
use crate::mcp::guard::Scope;

/// The tokens that are known.
pub struct Tokens {
    file: PathBuf,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    changed: Option<(SystemTime, u64)>,
    entries: Vec<Entry>,
}

struct Entry {
    hash: [u8; 32],
    caller: Caller,
}

impl Tokens {
    /// Reads the file.
    pub fn open(file: &Path) -> Result<Tokens> {
        let tokens = Tokens { file: file.to_owned(), read: Mutex::default() };
        tokens.refresh(&mut tokens.read.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(tokens)
    }

    /// Whom this token belongs to. Nobody, where the file cannot be read any more.
    pub fn caller(&self, token: &str) -> Option<Caller> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.refresh(&mut read) {
            tracing::error!("{error:#}");
            *read = Read::default();
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        read.entries.iter().find(|entry| entry.hash == hash).map(|entry| entry.caller.clone())
    }

    fn refresh(&self, read: &mut Read) -> Result<()> {
        let name = self.file.display();
        let metadata = std::fs::metadata(&self.file).with_context(|| format!("cannot read `{name}`"))?;
        let changed = metadata.modified().ok().map(|time| (time, metadata.len()));
        if changed.is_some() && read.changed == changed {
            return Ok(());
        }
        let text = std::fs::read_to_string(&self.file).with_context(|| format!("cannot read `{name}`"))?;
        let entries = parse(&text).map_err(|(line, reason)| {
            Failure::new(ExitCode::Usage, format!("`{name}`, line {line}: {reason}"))
                .hint("a line is: NAME SHA256 ID[,ID..] or NAME SHA256 *; `aiviews mcp --make-token NAME` prints one")
        })?;
        *read = Read { changed, entries };
        Ok(())
    }
}

/// A new token, and the line of the file that opens these accounts to it.
pub fn make(name: &str, scope: &Scope) -> Result<(String, String)> {
    if !is_name(name) {
        return Err(Failure::new(
            ExitCode::Usage,
            "a token's name has letters, digits, `_`, `.` and `-` only",
        )
        .into());
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no random bytes for a token")?;
    let token = hexadecimal(&bytes);
    let accounts = match scope {
        Scope::All => "*".to_owned(),
        Scope::Accounts(accounts) => accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(","),
    };
    let line = format!("{name} {} {accounts}", hexadecimal(&Sha256::digest(&token)));
    Ok((token, line))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(plain)
}

fn parse(text: &str) -> Result<Vec<Entry>, (usize, &'static str)> {
    let mut entries: Vec<Entry> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let entry = entry(&words).map_err(|reason| (index + 1, reason))?;
        if entries.iter().any(|other| other.caller.name == entry.caller.name) {
            return Err((index + 1, "the name stands there twice"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(words: &[&str]) -> Result<Entry, &'static str> {
    let [name, hash, accounts] = *words else { return Err("not three words") };
    if !is_name(name) {
        return Err("the name has other signs than letters, digits, `_`, `.` and `-`");
    }
    let hash = digest(hash).ok_or("the second word is no SHA-256 in hexadecimal")?;
    let scope = match accounts {
        "*" => Scope::All,
        list => {
            let ids = list.split(',').map(AccountId::new).collect::<Option<Vec<_>>>();
            Scope::Accounts(ids.ok_or("the third word is no list of Klaviyo public ids")?)
        }
    };
    Ok(Entry { hash, caller: Caller { name: name.to_owned(), scope } })
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let is_plain = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes: Option<Vec<u8>> = is_plain
        .then(|| (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect())?;
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_accounts_until_its_line_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tokens");
        let account = AccountId::new("XqkVGb").expect("an id");
        let (token, line) = make("agency", &Scope::Accounts(vec![account])).expect("a token");
        assert!(!line.contains(&token), "only the hash");
        std::fs::write(&file, format!("# who\n\n{line} # since May\n")).expect("written");
        let tokens = Tokens::open(&file).expect("read");
        let caller = tokens.caller(&token).expect("known");
        assert_eq!(
            (caller.name.as_str(), caller.scope),
            ("agency", Scope::Accounts(vec![AccountId::new("XqkVGb").expect("an id")]))
        );
        assert!(tokens.caller("guess").is_none());
        std::fs::write(&file, "# nobody\n").expect("written");
        assert!(tokens.caller(&token).is_none());
        std::fs::write(&file, "a line that is wrong\n").expect("written");
        assert!(tokens.caller(&token).is_none(), "a broken file opens nothing");
    }

    #[test]
    fn a_wrong_line_is_named() {
        let hash = "0".repeat(64);
        for (expected, text) in [
            (1, "a b".to_owned()),
            (2, format!("\na {hash} x;y")),
            (1, format!("a {} *", &hash[1..])),
            (1, format!("a! {hash} *")),
            (2, format!("a {hash} *\na {hash} x")),
        ] {
            assert_eq!(parse(&text).map(|entries| entries.len()).expect_err(&text).0, expected);
        }
        assert!(make("a b", &Scope::All).is_err());
    }
}
