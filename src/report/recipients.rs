//! Who gets which account's report: a file with a line for each account. `XqkVGb Ann <ann@example.com>, bob@example.com`;
//! `#` begins a comment. An account that it does not name is sent to nobody.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::account::AccountId;
use crate::alert::mail;
use crate::exit::{ExitCode, Failure};

/// Recipients by account.
pub type Recipients = BTreeMap<AccountId, Vec<String>>;

/// Reads the file.
///
/// # Errors
///
/// A line that is not as it should be: nobody gets anything then.
pub fn read(file: &Path) -> Result<Recipients> {
    let name = file.display();
    let hint = "a line is: account, then its addresses with commas between: XqkVGb Ann <ann@example.com>, bob@example.com";
    let failure = |message: String| Failure::new(ExitCode::Usage, message).hint(hint);
    let text = std::fs::read_to_string(file)
        .map_err(|error| failure(format!("cannot read the recipients in `{name}`: {error}")))?;
    parse(&text).map_err(|(line, what)| failure(format!("`{name}`, line {line}: {what}")).into())
}

fn parse(text: &str) -> Result<Recipients, (usize, &'static str)> {
    let mut recipients = Recipients::new();
    for (index, line) in text.lines().enumerate() {
        let wrong = |what| (index + 1, what);
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (account, addresses) = line.split_once(char::is_whitespace).ok_or(wrong("no address"))?;
        let account = AccountId::new(account).ok_or(wrong("not a Klaviyo public id"))?;
        let addresses: Vec<String> = addresses.split(',').map(|address| address.trim().to_owned()).collect();
        if addresses.iter().any(|address| mail::recipient(address).is_err()) {
            return Err(wrong("not a mail address"));
        }
        if recipients.insert(account, addresses).is_some() {
            return Err(wrong("the account has a line already"));
        }
    }
    Ok(recipients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_an_account_and_its_addresses() {
        let text = "# comment\n\nXqkVGb  Ann <ann@example.com>, bob@example.com # the owners\nA1b2C3\teve@example.com";
        let recipients = parse(text).expect("valid");
        let of = |id: &str| recipients[&AccountId::new(id).expect("an id")].clone();
        assert_eq!(of("XqkVGb"), ["Ann <ann@example.com>", "bob@example.com"]);
        assert_eq!((of("A1b2C3"), recipients.len()), (vec!["eve@example.com".to_owned()], 2));
        for (text, what) in [
            ("XqkVGb", "no address"),
            ("a! ann@example.com", "not a Klaviyo public id"),
            ("XqkVGb ann", "not a mail address"),
            ("XqkVGb ann@example.com,", "not a mail address"),
            ("XqkVGb ann@example.com\u{b}Bcc: eve@example.com", "not a mail address"),
            ("XqkVGb a@example.com\nXqkVGb b@example.com", "the account has a line already"),
        ] {
            assert_eq!(parse(text).map_err(|(_, what)| what), Err(what), "{text}");
        }
    }
}
