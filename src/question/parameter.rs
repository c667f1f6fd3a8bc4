//! A parameter of a question: `name Type range = default: meaning`, and the values that it takes.

use serde::Serialize;

/// A parameter as the header of a question's file states it.
#[derive(Debug, Serialize)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// What it decides.
    pub meaning: String,
    /// The value unless another is given; none where one has to be given.
    pub default: Option<String>,
    /// What it takes.
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind {
    Integer { least: u16, most: u16 },
    Number { least: f64, most: f64 },
    Choice { choices: Vec<String> },
    Text,
}

/// A checked value, ready to bind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Integer(u16),
    /// Any number.
    Number(f64),
    /// A text.
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Integer(number) => write!(formatter, "{number}"),
            Value::Number(number) => write!(formatter, "{number}"),
            Value::Text(text) => write!(formatter, "{text}"),
        }
    }
}

/// The longest text that a parameter takes, in characters.
const LONGEST_TEXT: usize = 200;

impl Parameter {
    /// Reads `days UInt16 1..90 = 30: meaning`, `flow String: meaning`, `kind String a|b = a: meaning`.
    pub(super) fn parse(text: &str) -> Parameter {
        let Some((declaration, meaning)) = text.split_once(": ") else { panic!("no meaning: {text}") };
        let (declaration, default) = match declaration.split_once(" = ") {
            Some((declaration, default)) => (declaration, Some(default.to_owned())),
            None => (declaration, None),
        };
        let words: Vec<&str> = declaration.split(' ').collect();
        let kind = match words[..] {
            [_, "UInt16", range] => range.split_once("..").and_then(|(least, most)| {
                Some(Kind::Integer { least: least.parse().ok()?, most: most.parse().ok()? })
            }),
            [_, "Float64", range] => range.split_once("..").and_then(|(least, most)| {
                Some(Kind::Number { least: least.parse().ok()?, most: most.parse().ok()? })
            }),
            [_, "String", choices] => {
                Some(Kind::Choice { choices: choices.split('|').map(str::to_owned).collect() })
            }
            [_, "String"] => Some(Kind::Text),
            _ => None,
        };
        let kind = kind.unwrap_or_else(|| panic!("not a parameter: {text}"));
        Parameter { name: words[0].to_owned(), meaning: meaning.to_owned(), default, kind }
    }

    /// The ClickHouse type.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Integer { .. } => "UInt16",
            Kind::Number { .. } => "Float64",
            Kind::Choice { .. } | Kind::Text => "String",
        }
    }

    /// Checks a given value, or takes the default; the error says what is accepted.
    pub(super) fn value(&self, given: Option<&str>) -> Result<Value, String> {
        let Some(text) = given.or(self.default.as_deref()) else {
            return Err(format!("the parameter `{}` has to be given", self.name));
        };
        let accepted = match &self.kind {
            Kind::Integer { least, most } => {
                let number = text.parse().ok().filter(|number| (*least..=*most).contains(number));
                number.map(Value::Integer).ok_or_else(|| format!("a whole number from {least} to {most}"))
            }
            Kind::Number { least, most } => {
                let number = text.parse().ok().filter(|number| (*least..=*most).contains(number));
                number.map(Value::Number).ok_or_else(|| format!("a number from {least} to {most}"))
            }
            Kind::Choice { choices } => {
                let known = choices.iter().find(|choice| *choice == text);
                known.cloned().map(Value::Text).ok_or_else(|| format!("one of {}", choices.join(", ")))
            }
            Kind::Text => {
                let fits = !text.is_empty() && text.chars().count() <= LONGEST_TEXT && !text.contains('\0');
                let value = fits.then(|| Value::Text(text.to_owned()));
                value.ok_or_else(|| format!("a text of 1 to {LONGEST_TEXT} characters"))
            }
        };
        accepted.map_err(|expected| {
            let shown: String = text.chars().take(40).flat_map(char::escape_default).collect();
            format!("the parameter `{}` has to be {expected}, not `{shown}`", self.name)
        })
    }
}
