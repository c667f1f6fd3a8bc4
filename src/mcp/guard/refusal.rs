//! Why a statement was not run.

use std::fmt;

/// The walls, outside in. The fourth is the server's: the grants of the user that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// The text itself.
    Lexer,
    /// What the engine's parser makes of it.
    Parser,
}

/// A statement that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The wall that refused.
    pub wall: Wall,
    /// The rule, as the log names it.
    pub rule: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(wall: Wall, rule: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { wall, rule, message: message.into() }
    }

    /// Wall and rule, such as `parser.function`.
    pub fn verdict(&self) -> String {
        let wall = match self.wall {
            Wall::Lexer => "lexer",
            Wall::Parser => "parser",
        };
        format!("{wall}.{}", self.rule)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "refused: {}", self.message)
    }
}

impl std::error::Error for Refusal {}
