//! Ready-made questions: what their SQL files say about themselves, and asking them.

pub mod answer;
pub mod decimals;
pub mod money;
mod parameter;
mod reach;
pub mod store;

use std::sync::LazyLock;

use anyhow::Result;

use crate::account::AccountId;
use crate::db::{Db, Statement};
use crate::exit::{ExitCode, Failure};
use crate::schema::TABLES;
use crate::sql::{self, Sql};

pub use answer::Answer;
pub use decimals::Decimals;
pub use money::Currency;
pub use parameter::{Parameter, Value};
pub use reach::Reach;
pub use store::{Store, Stores};

/// Settings of an answer, from strict on: a user's profile may forbid to change some, or any.
const SETTINGS: &[&[(&str, &str)]] =
    &[&[("readonly", "2"), ("max_execution_time", "30")], &[("max_execution_time", "30")]];

/// How like a known name a mistyped one has to be for a guess, from 0 to 1.
const LIKE: f64 = 0.8;

/// A question with what its file's header says.
#[derive(Debug, serde::Serialize)]
pub struct Question {
    /// Name, the file's.
    pub name: &'static str,
    /// The question in words.
    pub question: String,
    /// What one row of the answer is.
    pub row: &'static str,
    /// How to read the answer.
    pub answer: String,
    /// What to say where there is nothing to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<String>,
    /// What can be chosen.
    pub parameters: Vec<Parameter>,
    /// Columns of money; where each row has a unit of its own, only those of revenue are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<String>,
    /// How many decimals its figures are shown with.
    #[serde(skip)]
    pub decimals: Vec<(String, Decimals)>,
    /// The columns that a narrow terminal leaves out, the least important first; those with a `+` between them together.
    #[serde(skip)]
    pub least: Vec<String>,
    #[serde(skip)]
    statement: Sql,
}

/// Every question, in the order of the catalogue.
pub static QUESTIONS: LazyLock<Vec<Question>> =
    LazyLock::new(|| sql::QUESTIONS.iter().map(Question::parse).collect());

/// Looks a question up by its name.
pub fn find(name: &str) -> Result<&'static Question, Failure> {
    QUESTIONS.iter().find(|question| question.name == name).ok_or_else(|| {
        let names: Vec<&str> = QUESTIONS.iter().map(|question| question.name).collect();
        let near = names.iter().map(|known| (strsim::jaro_winkler(known, name), known));
        let near = near.filter(|(likeness, _)| *likeness > LIKE).max_by(|a, b| a.0.total_cmp(&b.0));
        let guess = near.map_or(String::new(), |(_, known)| format!("did you mean `{known}`? "));
        Failure::new(ExitCode::Usage, format!("there is no question `{}`", name.escape_default()))
            .hint(format!("{guess}there are: {}", names.join(", ")))
    })
}

impl Question {
    /// Reads the header of a file: `One row is`, then `question:`, `parameter:` and `answer:`, each of which goes on in
    /// indented lines. Panics on any other layout, which a test meets before a user does.
    fn parse(sql: &'static Sql) -> Question {
        let mut entries: Vec<String> = Vec::new();
        for line in sql.text.lines().map_while(|line| line.strip_prefix("-- ")) {
            match (line.strip_prefix("  "), entries.last_mut()) {
                (Some(more), Some(entry)) => entry.push_str(&format!(" {more}")),
                _ => entries.push(line.to_owned()),
            }
        }
        let all = |key: &str| -> Vec<String> {
            entries.iter().filter_map(|entry| entry.strip_prefix(key)).map(str::to_owned).collect()
        };
        let one = |key: &str| match &all(key)[..] {
            [text] => text.clone(),
            other => panic!("{}: {} lines begin with `{key}`", sql.name, other.len()),
        };
        let row = sql.text.lines().next().and_then(|line| line.strip_prefix("-- "));
        Question {
            name: sql.object(),
            question: format!("{}?", one("question: ")),
            row: row.unwrap_or_else(|| panic!("{}: no first line", sql.name)),
            answer: one("answer: "),
            empty: all("empty: ").first().cloned(),
            decimals: all("decimals: ").iter().flat_map(|text| decimals(sql.object(), text)).collect(),
            money: all("money: ").iter().flat_map(|text| text.split(", ").map(str::to_owned)).collect(),
            least: all("least: ").iter().flat_map(|text| text.split(", ")).map(str::to_owned).collect(),
            parameters: all("parameter: ").iter().map(|text| Parameter::parse(text)).collect(),
            statement: sql.composed(),
        }
    }

    /// What may be wrong with how it was asked: a typing mistake is no "nothing to report".
    pub fn hints(&self, values: &[(&str, Value)], answer: &Answer) -> Vec<String> {
        let fraction = |(name, value): &(&str, Value)| match value {
            Value::Number(number) if *number > 0.0 && *number < 1.0 => Some(format!(
                "`{name}` is in percent: {number} is {number} %, {} is {} %",
                percent(*number),
                percent(*number)
            )),
            _ => None,
        };
        let mut hints: Vec<String> = values.iter().filter_map(fraction).collect();
        if answer.rows.is_empty() {
            hints.extend(self.empty.clone());
        }
        hints
    }

    /// Checks the given values; the others take their default.
    pub fn values(&'static self, given: &[(String, String)]) -> Result<Vec<(&'static str, Value)>, Failure> {
        for (name, _) in given {
            if !self.parameters.iter().any(|parameter| parameter.name == *name) {
                let names: Vec<&str> =
                    self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                let message =
                    format!("question `{}` has no parameter `{}`", self.name, name.escape_default());
                return Err(
                    Failure::new(ExitCode::Usage, message).hint(format!("it has: {}", names.join(", ")))
                );
            }
        }
        let value = |parameter: &'static Parameter| {
            let given = given.iter().rev().find(|(name, _)| *name == parameter.name);
            let value = parameter.value(given.map(|(_, text)| text.as_str()));
            value.map(|value| (parameter.name.as_str(), value)).map_err(|reason| {
                let message = format!("question `{}`: {reason}", self.name);
                Failure::new(ExitCode::Usage, message)
                    .hint(format!("`{}`: {}", parameter.name, parameter.meaning))
            })
        };
        self.parameters.iter().map(value).collect()
    }

    /// Asks the question about accounts. It only reads, within a time limit.
    pub async fn ask(
        &self,
        db: &Db,
        accounts: &[AccountId],
        values: &[(&'static str, Value)],
    ) -> Result<Answer> {
        self.ask_within(db, accounts, values, &Reach::read(db, accounts).await?).await
    }

    /// The same where it is known already how far the accounts' numbers reach.
    pub async fn ask_within(
        &self,
        db: &Db,
        accounts: &[AccountId],
        values: &[(&'static str, Value)],
        reach: &Reach,
    ) -> Result<Answer> {
        Ok(self.ask_exactly(db, accounts, values, reach).await?.rounded(&self.decimals))
    }

    /// The same with every figure as it was computed, for those who round it themselves.
    pub async fn ask_exactly(
        &self,
        db: &Db,
        accounts: &[AccountId],
        values: &[(&'static str, Value)],
        reach: &Reach,
    ) -> Result<Answer> {
        let answer = Answer::parse(&self.bound(db, accounts, values, reach).fetch_within(SETTINGS).await?)?;
        match answer.has_words() {
            true => Ok(answer.with_signs(&Stores::read(db, accounts).await?)),
            false => Ok(answer),
        }
    }

    /// The statement with its values.
    fn bound<'db>(
        &self,
        db: &'db Db,
        accounts: &[AccountId],
        values: &[(&'static str, Value)],
        reach: &Reach,
    ) -> Statement<'db> {
        let mut statement = db.statement(&self.statement).param("accounts", accounts);
        if self.statement.text.contains("{published_through:") {
            statement = reach.bind(statement, accounts, &self.tables());
        }
        values.iter().fold(statement, |statement, (name, value)| statement.param(name, value))
    }

    /// The statement with its values in place, to be run in any client.
    pub fn script(
        &self,
        db: &Db,
        accounts: &[AccountId],
        values: &[(&'static str, Value)],
        reach: &Reach,
    ) -> String {
        // No statement knows a currency.
        self.bound(db, accounts, values, reach).script().replace(answer::ANY_CURRENCY, "")
    }

    /// The summary tables that the answer stands on.
    fn tables(&self) -> Vec<&'static str> {
        let names = TABLES.iter().map(|table| table.name);
        names.filter(|name| self.name == FRESHNESS || self.statement.text.contains(name)).collect()
    }
}

/// Reads `revenue 2, change_pct 1`.
fn decimals(name: &str, text: &str) -> Vec<(String, Decimals)> {
    let one = |pair: &str| {
        let read = pair
            .split_once(' ')
            .and_then(|(column, digits)| Some((column.to_owned(), Decimals::parse(digits)?)));
        read.unwrap_or_else(|| panic!("{name}: not decimals: {pair}"))
    };
    text.split(", ").map(one).collect()
}

/// A fraction as percent, for a hint.
fn percent(fraction: f64) -> f64 {
    decimals::rounded(fraction * 100.0, 6)
}

/// The question about freshness itself, which is about every table.
const FRESHNESS: &str = "data_freshness";

/// How far the numbers of these accounts reach, for those that have any.
pub async fn freshness(db: &Db, accounts: &[AccountId], reach: &Reach) -> Result<Answer> {
    let question = find(FRESHNESS)?;
    question.ask_within(db, accounts, &question.values(&[])?, reach).await
}

/// Refuses an account without a row in the summary tables: it is mistyped, or was never refreshed.
pub async fn refuse_unknown(db: &Db, accounts: &[AccountId], freshness: &Answer) -> Result<()> {
    let is_known = |account: &&AccountId| freshness.rows.iter().any(|row| row[0] == account.as_str());
    let Some(unknown) = accounts.iter().find(|account| !is_known(account)) else { return Ok(()) };
    let near: Vec<String> = db
        .statement(&sql::SUMMARIZED_ACCOUNTS)
        .param("lower_accounts", [unknown.as_str().to_lowercase()])
        .fetch_all()
        .await?;
    let failure =
        Failure::new(ExitCode::Usage, format!("account `{unknown}` has no row in the summary tables"));
    Err(match near.first() {
        Some(id) => failure.hint(format!("did you mean `{id}`: ids differ by upper and lower case")),
        None => failure.hint("check the Klaviyo public id, or run `aiviews populate` for it"),
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_can_be_read_and_names_the_parameters_that_the_sql_has() {
        for question in QUESTIONS.iter() {
            let text = &question.statement.text;
            for parameter in &question.parameters {
                let slot = format!("{{{}:{}}}", parameter.name, parameter.type_name());
                assert!(text.contains(&slot), "{}: no {slot}", question.name);
                if let Some(default) = &parameter.default {
                    assert!(parameter.value(Some(default)).is_ok(), "{}: {default}", question.name);
                }
            }
            let own = [
                "{accounts:Array(String)}",
                "{published_through:Array(Date)}",
                "{sources_stopped:Array(Date)}",
            ];
            let own: usize = own.iter().map(|slot| text.matches(slot).count()).sum();
            let slots = text.matches('{').count() - own;
            let declared: usize = question
                .parameters
                .iter()
                .map(|parameter| text.matches(&format!("{{{}:", parameter.name)).count())
                .sum();
            assert_eq!(slots, declared, "{}: a slot without `parameter:`", question.name);
            assert!(text.contains("{accounts:Array(String)}"), "{} reads every account", question.name);
            assert!(text.contains("LIMIT {limit:UInt16} BY account"), "{} has no limit", question.name);
            assert!(question.row.starts_with("One row is "), "{}", question.name);
            assert!(text.contains(" AS of_rows"), "{} does not tell how many rows it cut off", question.name);
            for column in &question.money {
                assert!(text.contains(&format!(" AS {column}")), "{}: no column {column}", question.name);
            }
            for line in text.lines().filter(|line| !line.trim_start().starts_with("--")) {
                let Some((_, column)) = line.trim_end_matches(',').rsplit_once(" AS ") else { continue };
                let is_money = ["revenue", "campaign_revenue", "flow_revenue"].contains(&column)
                    || column.contains("per_1000") && question.name != "list_health";
                let is_shown = question.decimals.iter().any(|(name, _)| name == column);
                let is_declared = question.money.iter().any(|name| name == column);
                assert!(is_declared || !is_money || !is_shown, "{}: {column} is money", question.name);
            }
            let least = question.least.iter().flat_map(|group| group.split(crate::output::TOGETHER));
            for column in question.decimals.iter().map(|(column, _)| column.as_str()).chain(least) {
                assert!(text.contains(&format!(" AS {column}")), "{}: no column {column}", question.name);
            }
        }
    }

    #[test]
    fn what_does_not_exist_is_named_with_what_does() {
        let error = find("weather").expect_err("unknown");
        assert_eq!(error.code, ExitCode::Usage);
        assert!(
            error
                .remedy()
                .is_some_and(|hint| hint.starts_with("there are: campaigns_this_week, top_campaigns"))
        );
        let error = find("flow_by_revenue").expect_err("mistyped");
        assert!(
            error
                .remedy()
                .is_some_and(|hint| hint.starts_with("did you mean `flows_by_revenue`? there are: "))
        );
        let question = find("top_campaigns").expect("known");
        let given = |name: &str, value: &str| question.values(&[(name.to_owned(), value.to_owned())]);
        assert!(
            given("colour", "1")
                .expect_err("unknown")
                .remedy()
                .is_some_and(|hint| hint == "it has: days, limit")
        );
        assert!(given("days", "0").expect_err("too few").to_string().contains("1 to 3650"));
        assert_eq!(given("days", "7").expect("valid")[0], ("days", Value::Integer(7)));
    }
}
