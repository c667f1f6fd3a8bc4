//! A text that nobody may see: it is shown by no message, whatever is printed.

use std::fmt;
use std::path::Path;

use anyhow::Result;

use crate::exit::{ExitCode, Failure};

/// A password, or an address that opens a door.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text that came from where secrets may stand.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The variable, or the file that the variable with `_FILE` at its end names.
    pub fn from_environment(name: &str) -> Result<Option<Secret>> {
        let file = format!("{name}_FILE");
        match (variable(name)?, variable(&file)?) {
            (Some(text), _) => plain(text, name).map(Some),
            (None, Some(path)) => Secret::in_file(Path::new(&path)).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The first line of a file.
    pub fn in_file(path: &Path) -> Result<Secret> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(ExitCode::Usage, format!("cannot read the secret in `{name}`: {error}"))
                .hint("name a text file that this user can read")
        })?;
        plain(
            text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).to_owned(),
            &format!("`{name}`"),
        )
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}

/// A variable that is set to something.
pub fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::new(ExitCode::Usage, format!("{name} is not UTF-8")).hint("set it anew").into())
        }
    }
}

fn plain(text: String, what: &str) -> Result<Secret> {
    match text.chars().any(char::is_control) {
        true => Err(Failure::new(ExitCode::Usage, format!("{what} has a control character"))
            .hint("a secret is one line of text")
            .into()),
        false => Ok(Secret(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_and_is_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "hunter2\r\n").expect("written");
        let secret = Secret::in_file(&file).expect("read");
        assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), ("hunter2", "(secret)"));
        for (text, said) in [("hun\nter2\n", "control character"), ("hunter2\0", "control character")] {
            std::fs::write(&file, text).expect("written");
            let error = format!("{:#}", Secret::in_file(&file).expect_err("refused"));
            assert!(error.contains(said) && !error.contains("hun"), "{error}");
        }
    }
}
