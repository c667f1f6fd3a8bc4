//! A right on an object, as `GRANT` and `CHECK GRANT` write it.

use std::fmt;

/// A right on one object, or on some of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// Such as `INSERT`.
    pub right: &'static str,
    /// The columns that it is about; none means all.
    columns: Vec<String>,
    /// A table or view of the connection's database, or one of another with its database.
    pub object: String,
}

impl Privilege {
    /// Rights on an object.
    pub fn on(object: impl Into<String>, rights: &[&'static str]) -> Vec<Privilege> {
        let object = object.into();
        let privilege =
            |right: &&'static str| Privilege { right, columns: Vec::new(), object: object.clone() };
        rights.iter().map(privilege).collect()
    }

    /// Reading these columns: some users may read no others.
    pub fn read(object: &str, columns: impl Iterator<Item = String>) -> Privilege {
        Privilege { right: "SELECT", columns: columns.collect(), object: object.to_owned() }
    }

    /// The names that stand in it: all ours.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str).chain(self.object.split('.'))
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.right)?;
        if !self.columns.is_empty() {
            write!(formatter, "({})", self.columns.join(", "))?;
        }
        write!(formatter, " ON {}", self.object)
    }
}
