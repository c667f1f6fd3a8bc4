//! An answer: rows of cells under named columns, and how it is written out.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::decimals::{Decimals, separated};
use super::{Currency, Stores};
use crate::output::{self, Drawn};

/// The rows of an answer. The first column is the account.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Column names.
    pub columns: Vec<String>,
    /// Cells: text, number or null.
    pub rows: Vec<Vec<Value>>,
    /// How many rows there are of each account, those included that the limit cut off.
    pub of_rows: BTreeMap<String, u64>,
    /// The currency of each row, where it is known; nothing before somebody has said which columns are money.
    pub currencies: Vec<Option<Currency>>,
    /// Columns of money.
    pub money: Vec<String>,
}

/// The column in which a question tells how many rows of the account there are before its limit.
const OF_ROWS: &str = "of_rows";

/// The columns in which a question says a row in sentences of its own: rows of whole accounts, or any row.
const IN_WORDS: [&str; 2] = ["in_words", "words"];
/// The one of them that speaks of money.
const MONEY_WORDS: &str = IN_WORDS[0];
/// What stands before money in it, as a statement does not know the account's currency.
pub(super) const ANY_CURRENCY: char = '¤';

#[derive(Deserialize)]
struct Document {
    meta: Vec<Meta>,
    data: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
}

impl Answer {
    /// Reads the answer to a question.
    pub(super) fn parse(bytes: &[u8]) -> Result<Answer> {
        let mut answer = Answer::of_statement(bytes)?;
        answer.take_of_rows();
        Ok(answer)
    }

    /// Reads ClickHouse's JSONCompact, whatever the columns are.
    pub(crate) fn of_statement(bytes: &[u8]) -> Result<Answer> {
        let text = String::from_utf8_lossy(bytes);
        let document: Document = serde_json::from_str(&text).context("cannot read the server's answer")?;
        let is_number = |meta: &Meta| {
            let name = meta.type_name.trim_start_matches("LowCardinality(").trim_start_matches("Nullable(");
            let is_whole = name.trim_start_matches('U').starts_with("Int") && !name.starts_with("Interval");
            is_whole || name.starts_with("Float")
        };
        let numeric: Vec<bool> = document.meta.iter().map(is_number).collect();
        let row = |cells: Vec<Value>| {
            cells.into_iter().zip(&numeric).map(|(cell, number)| read(cell, *number)).collect()
        };
        Ok(Answer {
            columns: document.meta.into_iter().map(|meta| meta.name).collect(),
            rows: document.data.into_iter().map(row).collect(),
            ..Answer::default()
        })
    }

    /// Takes the column away that tells how many rows there are.
    fn take_of_rows(&mut self) {
        let Some(index) = self.columns.iter().position(|name| name == OF_ROWS) else { return };
        self.columns.remove(index);
        for row in &mut self.rows {
            let number = row.remove(index).as_u64().unwrap_or_default();
            self.of_rows.insert(plain(&row[0]), number);
        }
    }

    /// How many rows there are in all.
    pub fn rows_in_all(&self) -> u64 {
        self.of_rows.values().sum()
    }

    /// `10 of 23 rows` where the limit cut some off.
    pub fn cut(&self) -> Option<String> {
        let (shown, all) = (self.rows.len() as u64, self.rows_in_all());
        (all > shown).then(|| format!("{shown} of {all} rows"))
    }

    /// Every figure rounded, once and from its exact value, to what the question shows.
    pub fn rounded(mut self, decimals: &[(String, Decimals)]) -> Answer {
        for row in &mut self.rows {
            super::decimals::round_row(&self.columns, row, decimals);
        }
        super::decimals::round_columns(&self.columns, &mut self.rows, decimals);
        self
    }

    /// Takes the column away that says rows in sentences, and gives these, each once and with its row: those about whole
    /// accounts, or of every row that has one. None where there is no such column.
    pub fn take_words(&mut self) -> Vec<(usize, String)> {
        let place = |name: &'static str| Some((self.columns.iter().position(|column| column == name)?, name));
        let Some((index, column)) = IN_WORDS.into_iter().find_map(place) else { return Vec::new() };
        let is_told = |row: &usize| match column {
            "in_words" => self.cell(*row, "channel") == "all",
            _ => !self.text(*row, column).is_empty(),
        };
        let sentence = |row: usize| match self.text(row, "account") {
            account if account.is_empty() => self.text(row, column),
            account => format!("{account}: {}", self.text(row, column)),
        };
        let whole = (0..self.rows.len()).filter(is_told);
        let mut sentences: Vec<(usize, String)> = whole.map(|row| (row, sentence(row))).collect();
        sentences.dedup_by(|(_, text), (_, before)| text == before);
        self.columns.remove(index);
        self.rows.iter_mut().for_each(|row| {
            row.remove(index);
        });
        sentences
    }

    /// Whether its rows are said in sentences about money.
    pub(super) fn has_words(&self) -> bool {
        self.columns.iter().any(|name| name == MONEY_WORDS)
    }

    /// With the sign of each account's currency before the money in its sentences; with none where that is not known.
    pub(super) fn with_signs(mut self, stores: &Stores) -> Answer {
        let index = self.columns.iter().position(|name| name == MONEY_WORDS);
        for row in &mut self.rows {
            let sign = stores.currency(&plain(&row[0])).map(Currency::sign).unwrap_or_default();
            if let Some(Value::String(words)) = index.and_then(|index| row.get_mut(index)) {
                *words = words.replace(ANY_CURRENCY, &sign);
            }
        }
        self
    }

    /// With the currency of each row's account, for the columns that are money. Asked before the account's column goes.
    pub fn in_currencies(mut self, money: &[String], stores: &Stores) -> Answer {
        self.currencies = self.rows.iter().map(|row| stores.currency(&plain(&row[0]))).collect();
        self.money = money.to_vec();
        self
    }

    /// With the stores' names in the account's column.
    pub fn with_names(mut self, stores: &Stores) -> Answer {
        for row in &mut self.rows {
            row[0] = Value::String(stores.title(&plain(&row[0])));
        }
        self
    }

    /// Without the account's column, where only one was asked about.
    pub fn without_account(mut self) -> Answer {
        self.columns.remove(0);
        for row in &mut self.rows {
            row.remove(0);
        }
        self
    }

    /// A cell by its column's name; null where there is no such cell.
    pub fn cell(&self, row: usize, column: &str) -> &Value {
        let index = self.columns.iter().position(|name| name == column);
        index.and_then(|index| self.rows.get(row)?.get(index)).unwrap_or(&Value::Null)
    }

    /// A cell's number, if it has one.
    pub fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.cell(row, column).as_f64()
    }

    /// A cell as text; null is empty.
    pub fn text(&self, row: usize, column: &str) -> String {
        plain(self.cell(row, column))
    }

    /// The row whose cell is this text.
    pub fn find(&self, column: &str, text: &str) -> Option<usize> {
        (0..self.rows.len()).find(|row| self.cell(*row, column) == text)
    }

    /// Only the rows whose cell is this text.
    pub fn only(&self, column: &str, text: &str) -> Answer {
        let wanted = (0..self.rows.len()).filter(|row| self.cell(*row, column) == text);
        let rows = wanted.map(|row| self.rows[row].clone()).collect();
        Answer { columns: self.columns.clone(), rows, ..Answer::default() }
    }

    /// The rows as objects with the columns' names.
    pub fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Value>| {
            let fields = self.columns.iter().cloned().zip(row.iter().cloned());
            Value::Object(fields.collect::<Map<String, Value>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// A table for people. These columns go first where there is no room for all.
    pub fn to_table(&self, least: &[String]) -> String {
        let titles = self.titles();
        let header: Vec<&str> = titles.iter().map(String::as_str).collect();
        let numeric: Vec<bool> = (0..self.columns.len()).map(|column| self.is_numeric(column)).collect();
        let least: Vec<String> = least.iter().map(|name| title(name)).collect();
        let least: Vec<&str> = least.iter().map(String::as_str).collect();
        output::table_of(&header, &self.cells(), &numeric, &least, &self.drawn())
    }

    /// The money of the rows, where it is one account's and of one unit: currencies and units are never drawn together.
    fn drawn(&self) -> Drawn {
        let is_one = self.columns.iter().all(|column| column != "account" && column != "measure");
        let columns = ["revenue", "expected"].into_iter().chain(self.money.iter().map(String::as_str));
        let is_there = |name: &&str| {
            self.money.iter().any(|money| money == name) && self.columns.iter().any(|column| column == name)
        };
        let Some(name) = columns.into_iter().find(is_there).filter(|_| is_one) else {
            return Drawn::default();
        };
        Drawn {
            title: title(name).to_uppercase(),
            values: (0..self.rows.len()).map(|row| self.number(row, name)).collect(),
            are_times: ["week_from", "month"].contains(&self.columns[0].as_str()),
        }
    }

    /// CSV with a header line, numbers as they are. Control characters are replaced.
    pub fn to_csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| inert(&plain(cell))))?;
        }
        let bytes = writer.into_inner().context("cannot finish the CSV")?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// A Markdown table.
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let mut lines = vec![line(&self.titles())];
        let dash = |index: usize| if self.is_numeric(index) { "--:" } else { "---" }.to_owned();
        lines.push(line(&(0..self.columns.len()).map(dash).collect::<Vec<_>>()));
        for row in self.cells() {
            lines.push(line(
                &row.iter().map(|cell| output::markdown(&output::printable(cell))).collect::<Vec<_>>(),
            ));
        }
        lines.join("\n")
    }

    /// A text about the answer, with its columns named as their titles are.
    pub fn titled(&self, text: &str) -> String {
        let named = |word: &str| {
            let name = word.trim_start_matches('(').trim_end_matches(['.', ',', ':', ';', ')']);
            match self.columns.iter().any(|column| column == name && name.contains('_')) {
                true => word.replacen(name, &format!("\"{}\"", title(name)), 1),
                false => word.to_owned(),
            }
        };
        text.split(' ').map(named).collect::<Vec<_>>().join(" ")
    }

    /// Column names as people write them.
    fn titles(&self) -> Vec<String> {
        self.columns.iter().map(|name| title(name)).collect()
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row[column].is_number())
            && self.rows.iter().all(|row| row[column].is_number() || row[column].is_null())
    }

    /// Cells as text: numbers of a column with equally many decimals and with separators, null as nothing.
    fn cells(&self) -> Vec<Vec<String>> {
        let decimals = |column: usize| {
            let longest =
                |row: &Vec<Value>| plain(&row[column]).split_once('.').map_or(0, |(_, digits)| digits.len());
            if self.is_numeric(column) { self.rows.iter().map(longest).max().unwrap_or(0) } else { 0 }
        };
        let decimals: Vec<usize> = (0..self.columns.len()).map(decimals).collect();
        let units = self.columns.iter().position(|column| column == "measure");
        let cell = |row: usize, column: usize| {
            let value = &self.rows[row][column];
            let Some(number) = value.as_f64() else { return plain(value) };
            // Where each row has a unit of its own, counts stand beside rates: a count has no decimals.
            let decimals = if units.is_some() && value.is_i64() { 0 } else { decimals[column] };
            let is_revenue = units.is_none_or(|units| plain(&self.rows[row][units]).starts_with("revenue"));
            match self.currencies.get(row).copied().flatten() {
                Some(currency) if is_revenue && self.money.contains(&self.columns[column]) => {
                    currency.amount(number, decimals)
                }
                _ => separated(number, decimals),
            }
        };
        let row = |row: usize| (0..self.columns.len()).map(|column| cell(row, column)).collect();
        (0..self.rows.len()).map(row).collect()
    }
}

fn title(column: &str) -> String {
    // A key of JSON that is not a marketer's word.
    if column == "settled_through" {
        return "orders final through".to_owned();
    }
    column.replace("_pct", " %").replace('_', " ")
}

/// A cell as its column's type says: 64-bit numbers may come quoted, and whole floats have no point.
fn read(cell: Value, is_number: bool) -> Value {
    if !is_number {
        return cell;
    }
    let text = plain(&cell);
    let whole = text.parse::<i64>().ok().map(Number::from);
    let fraction = || text.parse().ok().filter(|number| *number != 0.0).and_then(Number::from_f64);
    let zero = || text.parse().is_ok_and(|number: f64| number == 0.0).then(|| Number::from(0));
    whole.or_else(fraction).or_else(zero).map_or(Value::Null, Value::Number)
}

/// A cell as it is, without quotes; null is nothing.
fn plain(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text that neither a terminal nor a spreadsheet takes for a command. Numbers begin like formulas: they stay.
fn inert(text: &str) -> String {
    let text = output::printable(text);
    let is_formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(rows: Vec<Vec<Value>>) -> Answer {
        let columns = ["account", "name", "change_pct"].map(str::to_owned).to_vec();
        Answer { columns, rows, ..Answer::default() }
    }

    #[test]
    fn numbers_are_read_by_type_and_written_for_people() {
        let bytes = br#"{"meta":[{"name":"account","type":"String"},{"name":"members","type":"UInt64"},
            {"name":"change_pct","type":"Nullable(Float64)"}],
            "data":[["7","12345678",-1234.5],["8",1,null],["9",0,-0]],"rows":3}"#;
        let answer = Answer::parse(bytes).expect("valid");
        assert_eq!(
            answer.rows,
            [
                [json!("7"), json!(12345678), json!(-1234.5)],
                [json!("8"), json!(1), Value::Null],
                [json!("9"), json!(0), json!(0)]
            ]
        );
        assert_eq!(answer.cells()[0], ["7", "12,345,678", "-1,234.5"]);
        assert_eq!(answer.cells()[1], ["8", "1", ""]);
        assert_eq!(separated(-0.001, 2), "0.00");
    }

    #[test]
    fn an_answer_that_was_cut_knows_of_how_many_rows() {
        let bytes = br#"{"meta":[{"name":"account","type":"String"},{"name":"of_rows","type":"UInt64"}],
            "data":[["a","3"],["a","3"],["b",1]],"rows":3}"#;
        let answer = Answer::parse(bytes).expect("valid");
        assert_eq!((answer.columns.len(), answer.rows_in_all()), (1, 4));
        assert_eq!(answer.cut().as_deref(), Some("3 of 4 rows"));
        assert_eq!(Answer::default().cut(), None);
    }

    #[test]
    fn sentences_about_the_whole_are_taken_once() {
        let columns = ["account", "channel", "in_words", "made_on"].map(str::to_owned).to_vec();
        let row =
            |account, channel, words| vec![json!(account), json!(channel), json!(words), json!("today")];
        let rows = vec![
            row("a", "all", "Up."),
            row("a", "all", "Up."),
            row("a", "sms", "Down."),
            row("b", "all", "Up."),
        ];
        let mut answer = Answer { columns, rows, ..Answer::default() };
        let mut alone = answer.clone().only("account", "b").without_account();
        assert_eq!(answer.take_words(), [(0, "a: Up.".to_owned()), (3, "b: Up.".to_owned())]);
        assert_eq!(answer.columns, ["account", "channel", "made_on"]);
        assert_eq!(answer.rows[2], [json!("a"), json!("sms"), json!("today")]);
        assert_eq!(alone.take_words(), [(0, "Up.".to_owned())]);
        let columns = ["channel", "words"].map(str::to_owned).to_vec();
        let rows = vec![vec![json!("sms"), json!("")], vec![json!("sms"), json!("It stopped.")]];
        let mut events = Answer { columns, rows, ..Answer::default() };
        assert_eq!(events.take_words(), [(1, "It stopped.".to_owned())], "of a channel, too");
        assert!(answer.take_words().is_empty(), "they are gone");
    }

    #[test]
    fn a_count_beside_rates_has_no_decimals() {
        let mut answer = answer(vec![
            vec![json!("acme"), json!("sent"), json!(1000)],
            vec![json!("acme"), json!("rate"), json!(1.25)],
        ]);
        assert_eq!(answer.cells()[0][2], "1,000.00");
        answer.columns[1] = "measure".to_owned();
        assert_eq!((answer.cells()[0][2].as_str(), answer.cells()[1][2].as_str()), ("1,000", "1.25"));
    }

    #[test]
    fn money_in_a_sentence_has_the_currency_of_its_account() {
        let stores = Stores::told(&[("acme", "currency", "EUR"), ("nord", "currency", "SEK")]);
        let row = |account: &str| vec![json!(account), json!("Between ¤52,000 and ¤61,000.")];
        let answer = Answer {
            columns: ["account", "in_words"].map(str::to_owned).to_vec(),
            rows: vec![row("acme"), row("nord"), row("other")],
            ..Answer::default()
        };
        let told = answer.with_signs(&stores);
        let words = (0..3).map(|row| told.text(row, "in_words")).collect::<Vec<_>>();
        let expected = [
            "Between €52,000 and €61,000.",
            "Between SEK 52,000 and SEK 61,000.",
            "Between 52,000 and 61,000.",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn money_has_the_currency_of_its_account() {
        let stores = Stores::told(&[("acme", "currency", "EUR"), ("acme", "store_name", "Blue Shop")]);
        let mut answer = answer(vec![
            vec![json!("acme"), json!("revenue"), json!(54_584.11)],
            vec![json!("acme"), json!("messages sent"), json!(1000)],
            vec![json!("other"), json!("revenue"), json!(7)],
        ]);
        answer.columns = ["account", "measure", "last_7_days"].map(str::to_owned).to_vec();
        let answer = answer.in_currencies(&["last_7_days".to_owned()], &stores);
        let last: Vec<String> = answer.cells().into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(last, ["€54,584.11", "1,000", "7"]);
        let table = answer.with_names(&stores).to_table(&[]);
        assert!(table.contains("Blue Shop (acme)  revenue         €54,584.11"), "{table}");
        assert!(table.contains("messages sent        1,000"), "on the right: {table}");
    }

    #[test]
    fn names_are_only_ever_text() {
        let name = "=1+1|\u{1b}[31m\n`x`\\|*b*<i>";
        let answer = answer(vec![vec![json!("acme"), json!(name), json!(1)]]);
        let csv = answer.to_csv().expect("written");
        assert_eq!(csv.lines().count(), 2, "{csv}");
        assert!(csv.contains(",'=1+1|\u{fffd}[31m\u{fffd}"), "{csv}");
        let markdown = answer.to_markdown();
        assert_eq!(markdown.lines().count(), 3, "{markdown}");
        assert!(markdown.contains("=1+1\\|\u{fffd}\\[31m\u{fffd}\\`x\\`\\\\\\|\\*b\\*\\<i\\>"), "{markdown}");
        assert!(!answer.to_table(&[]).contains(['\u{1b}']));
    }
}
