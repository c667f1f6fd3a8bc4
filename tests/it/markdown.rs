//! Reads golden cases: Markdown with a `##` heading a case, settings as list items, and tables of rows.
//! tests/README.md describes the format.

use aiviews::account::AccountId;

/// A table of cells under its header.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// One part of a case.
#[derive(Clone, Debug)]
pub enum Block {
    /// Rows for a raw source table: campaign, flow, form or segment.
    Source(String, Table),
    /// Rows straight into a summary table.
    Insert(String, Table),
    /// All rows of an object in the window.
    Expect(String, Table),
    /// A question with its parameters, and its whole answer in order.
    Ask(Vec<String>, Table),
    /// Some rows of an object.
    ExpectAmong(String, Table),
}

/// One case.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub title: String,
    pub as_of: Option<String>,
    pub days: u16,
    /// The day on which the outlook is made.
    pub forecast_on: Option<String>,
    pub held_back: Option<String>,
    pub rows_rejected: Option<u64>,
    pub blocks: Vec<Block>,
    /// How the ids of its accounts begin, where they are not to be mistaken for those of another case.
    pub accounts: Option<String>,
}

impl Case {
    /// Whether it says how rows of sources become rows of its accounts, and nothing else.
    pub fn is_of_accounts(&self) -> bool {
        let is_own = |block: &Block| match block {
            Block::Source(_, table) | Block::Expect(_, table) | Block::ExpectAmong(_, table) => {
                let column = account_column(&table.header);
                table
                    .rows
                    .iter()
                    .all(|row| column.is_none_or(|column| AccountId::new(&row[column]).is_some()))
            }
            Block::Insert(..) | Block::Ask(..) => false,
        };
        self.forecast_on.is_none()
            && self.held_back.is_none()
            && self.rows_rejected.is_none()
            && self.blocks.iter().all(is_own)
    }

    /// The same case of accounts whose ids begin so.
    pub fn with_accounts(&self, prefix: &str) -> Case {
        let mut case = Case { accounts: Some(prefix.to_owned()), ..self.clone() };
        for block in &mut case.blocks {
            let (Block::Source(_, table)
            | Block::Insert(_, table)
            | Block::Expect(_, table)
            | Block::ExpectAmong(_, table)
            | Block::Ask(_, table)) = block;
            let column = account_column(&table.header).unwrap_or_else(|| {
                table.header.push("klaviyo_public_id".to_owned());
                table.rows.iter_mut().for_each(|row| row.push("acme".to_owned()));
                table.header.len() - 1
            });
            table.rows.iter_mut().for_each(|row| row[column].insert_str(0, prefix));
        }
        case
    }
}

fn account_column(header: &[String]) -> Option<usize> {
    header.iter().position(|name| name == "klaviyo_public_id")
}

/// The cases of a file.
pub fn parse(text: &str) -> Vec<Case> {
    let sections = text.split("\n## ").skip(1);
    sections.map(parse_case).collect()
}

fn parse_case(section: &str) -> Case {
    let mut lines = section.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let mut case = Case { title, days: 90, ..Case::default() };
    let mut in_table = false;
    for line in lines.map(str::trim) {
        if let Some(setting) = line.strip_prefix("- ") {
            set(&mut case, setting);
        } else if let Some(cells) = line.strip_prefix('|') {
            add_row(&mut case, cells, in_table);
            in_table = true;
            continue;
        } else if let Some(block) = block(line) {
            case.blocks.push(block);
        }
        in_table = false;
    }
    case
}

fn set(case: &mut Case, setting: &str) {
    let Some((name, value)) = setting.split_once(": ") else { return };
    let value = value.trim().to_owned();
    match name {
        "as_of" => case.as_of = Some(value),
        "days" => case.days = value.parse().unwrap_or_else(|_| panic!("{}: days {value}", case.title)),
        "forecast_on" => case.forecast_on = Some(value),
        "held_back" => case.held_back = Some(value),
        "rows_rejected" => case.rows_rejected = value.parse().ok(),
        _ => {}
    }
}

fn block(line: &str) -> Option<Block> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["source", kind] => Some(Block::Source(kind.to_owned(), Table::default())),
        ["table", name] => Some(Block::Insert(name.to_owned(), Table::default())),
        ["expect", name] => Some(Block::Expect(name.to_owned(), Table::default())),
        ["expect", "among", name] => Some(Block::ExpectAmong(name.to_owned(), Table::default())),
        ["ask", ref question @ ..] => {
            Some(Block::Ask(question.iter().map(|word| (*word).to_owned()).collect(), Table::default()))
        }
        _ => None,
    }
}

fn add_row(case: &mut Case, line: &str, in_table: bool) {
    let cells: Vec<String> =
        line.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let title = case.title.clone();
    let Some(block) = case.blocks.last_mut() else { panic!("{title}: a table without `source` or `expect`") };
    let (Block::Source(_, table)
    | Block::Insert(_, table)
    | Block::Expect(_, table)
    | Block::ExpectAmong(_, table)
    | Block::Ask(_, table)) = block;
    if !in_table {
        table.header = cells;
    } else if !cells.iter().all(|cell| cell.chars().all(|letter| letter == '-')) {
        assert_eq!(cells.len(), table.header.len(), "{title}: {line}");
        table.rows.push(cells);
    }
}
