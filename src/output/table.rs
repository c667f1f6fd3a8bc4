//! Tables for people: numbers on the right, and on a terminal never wider than it is.

use console::{Alignment, measure_text_width, pad_str, style};

use super::bars::Drawn;
use super::text::{printable, wrapped_at};

/// Spaces between columns.
const GAP: usize = 2;

/// A text column is not shortened below this for want of room, unless it is shorter by itself.
const LEAST_TEXT: usize = 15;

/// Between the names of columns that go together or stay together: half of a range says something else.
pub const TOGETHER: char = '+';

/// A column, ready to be laid out.
struct Column {
    title: String,
    cells: Vec<String>,
    is_numeric: bool,
    width: usize,
}

impl Column {
    fn new(title: &str, cells: Vec<String>, is_numeric: Option<bool>) -> Column {
        let is_number =
            |cell: &String| cell.is_empty() || cell.replace([',', '%'], "").parse::<f64>().is_ok();
        let title = title.to_uppercase();
        let is_numeric = is_numeric.unwrap_or_else(|| !cells.is_empty() && cells.iter().all(is_number));
        let mut column = Column { width: 0, is_numeric, cells, title };
        column.width = column.cell_width().max(measure_text_width(&column.title));
        column
    }

    fn cell_width(&self) -> usize {
        self.cells.iter().map(|cell| measure_text_width(cell)).max().unwrap_or(0)
    }

    /// As narrow as it can be with its title in several lines and nothing shortened.
    fn with_folded_title(&self) -> usize {
        let word = self.title.split(' ').map(measure_text_width).max().unwrap_or(0);
        self.cell_width().max(word)
    }

    /// Numbers, dates and times say something else when they are cut.
    fn least(&self) -> usize {
        let begins_with_digit =
            |cell: &String| cell.is_empty() || cell.starts_with(|letter: char| letter.is_ascii_digit());
        if self.is_numeric || self.cells.iter().all(begins_with_digit) {
            self.width
        } else {
            self.width.min(LEAST_TEXT.max(self.title.len().min(16)))
        }
    }

    /// The title in lines of its width.
    fn title_lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in self.title.split(' ') {
            match lines.last_mut() {
                Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= self.width => {
                    line.push_str(&format!(" {word}"));
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }

    fn padded(&self, cell: &str) -> String {
        let alignment = if self.is_numeric { Alignment::Right } else { Alignment::Left };
        pad_str(cell, self.width, alignment, Some("…")).into_owned()
    }
}

/// A plain table with a header line, as wide as it needs to be, or on a terminal as wide as that. Where there is no room
/// for all, columns without a word go first, then these least important ones in their order, then the last ones.
pub fn table(header: &[&str], rows: &[Vec<String>], least: &[&str]) -> String {
    fitted(header, rows, &[], least, &Drawn::default(), super::width())
}

/// The same where it is known which columns are numbers, whatever stands beside the digits, with figures that are drawn
/// where a terminal has room.
pub fn table_of(
    header: &[&str],
    rows: &[Vec<String>],
    numeric: &[bool],
    least: &[&str],
    drawn: &Drawn,
) -> String {
    fitted(header, rows, numeric, least, drawn, super::width())
}

fn fitted(
    header: &[&str],
    rows: &[Vec<String>],
    numeric: &[bool],
    least: &[&str],
    drawn: &Drawn,
    limit: Option<usize>,
) -> String {
    let cells =
        |index: usize| rows.iter().map(|row| printable(row.get(index).map_or("", String::as_str))).collect();
    let column =
        |(index, title): (usize, &&str)| Column::new(title, cells(index), numeric.get(index).copied());
    let mut columns: Vec<Column> = header.iter().enumerate().map(column).collect();
    let left_out = limit.map(|limit| fit(&mut columns, least, limit)).unwrap_or_default();
    let mut lines = header_lines(&columns);
    lines.extend((0..rows.len()).map(|row| {
        line(columns.iter().map(|column| {
            let cell = &column.cells[row];
            let shown = column.padded(cell);
            if console::colors_enabled() { colored(cell, &shown) } else { shown }
        }))
    }));
    if let Some(limit) = limit {
        draw(&mut lines, drawn, &columns, limit);
    }
    if !left_out.is_empty() {
        let names = left_out.join(", ").to_lowercase();
        let told = wrapped_at(&format!("no room for: {names}"), limit.unwrap_or(usize::MAX));
        lines.push(style(told).dim().to_string());
    }
    lines.join("\n")
}

/// Puts a bar beside each row, or else one line below them all.
fn draw(lines: &mut Vec<String>, drawn: &Drawn, columns: &[Column], limit: usize) {
    let width = columns.iter().map(|column| column.width + GAP).sum::<usize>();
    let Some(mut bars) = drawn.bars(limit.saturating_sub(width)) else {
        lines.extend(drawn.course(limit));
        return;
    };
    if columns.last().is_some_and(|column| column.title == drawn.title) {
        // Bars right beside their figures need no title.
        bars[0].clear();
    }
    let first = lines.len() + 1 - bars.len();
    for (index, (line, bar)) in
        lines[first - 1..].iter_mut().zip(bars).enumerate().filter(|(_, (_, bar))| !bar.is_empty())
    {
        let padding = " ".repeat(width.saturating_sub(measure_text_width(line)));
        let bar = if index == 0 { style(bar).bold() } else { style(bar).cyan() };
        line.push_str(&format!("{padding}{bar}"));
    }
}

/// Makes the columns fit: titles in several lines, then shorter texts, then without the least important columns. Returns
/// the titles of these.
fn fit(columns: &mut Vec<Column>, least: &[&str], limit: usize) -> Vec<String> {
    let mut left_out = Vec::new();
    let total = |columns: &[Column], width: fn(&Column) -> usize| {
        columns.iter().map(width).sum::<usize>() + GAP * columns.len().saturating_sub(1)
    };
    if total(columns, |column| column.width) <= limit {
        return left_out;
    }
    for column in columns.iter_mut() {
        column.width = column.with_folded_title();
    }
    let titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    while columns.len() > 1 && total(columns, Column::least) > limit {
        let gone = columns.remove(least_important(columns, least)).title;
        let group = least.iter().find(|group| names(group, &gone)).copied().unwrap_or_default();
        left_out.extend(columns.extract_if(1.., |column| names(group, &column.title)).map(|it| it.title));
        left_out.push(gone);
    }
    left_out.sort_by_key(|title| titles.iter().position(|other| other == title));
    while total(columns, |column| column.width) > limit {
        // The widest gives way first. A single column may have to go below its least.
        let widest = columns
            .iter_mut()
            .filter(|column| column.width > column.least())
            .max_by_key(|column| column.width);
        match widest {
            Some(column) => column.width -= 1,
            None => match columns.first_mut() {
                Some(column) if column.width > 1 => column.width -= 1,
                _ => break,
            },
        }
    }
    left_out
}

/// Whether the title is one of these, which go together.
fn names(group: &str, title: &str) -> bool {
    group.split(TOGETHER).any(|one| one.to_uppercase() == title)
}

/// The column that goes next; the first one never does, as it says what the row is about.
fn least_important(columns: &[Column], least: &[&str]) -> usize {
    let place = |(index, column): (usize, &Column)| {
        let is_empty = column.cells.iter().all(String::is_empty);
        let named = least.iter().position(|group| names(group, &column.title));
        (!is_empty, named.unwrap_or(least.len()), usize::MAX - index)
    };
    (1..columns.len()).min_by_key(|index| place((*index, &columns[*index]))).unwrap_or(0)
}

fn header_lines(columns: &[Column]) -> Vec<String> {
    let titles: Vec<Vec<String>> = columns.iter().map(Column::title_lines).collect();
    let height = titles.iter().map(Vec::len).max().unwrap_or(0);
    let header = |row: usize| {
        line(columns.iter().zip(&titles).map(|(column, lines)| {
            // The last line of each title stands right above the cells.
            let text = (row + lines.len()).checked_sub(height).map_or("", |index| lines[index].as_str());
            style(column.padded(text)).bold().to_string()
        }))
    };
    (0..height).map(header).collect()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
    // Where there are no styles, nothing invisible stands at a line's end.
    line.trim_end().to_owned()
}

/// A label in the colour of what it means.
fn colored(cell: &str, shown: &str) -> String {
    let shown = style(shown.to_owned());
    match cell {
        "Excellent" | "Growing Fast" | "Growing" | "published" => shown.green(),
        "Good" => shown.cyan(),
        "Needs Attention" | "Shrinking Fast" | "failed" => shown.red(),
        "Shrinking" | "held_back" | "publishing" => shown.yellow(),
        "Not Enough Data" | "Average" | "Stable" => shown.dim(),
        _ => return shown.to_string(),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |name: &str, delivered: &str| {
            ["XqkVGb", name, delivered, "Excellent", "12.5"].map(str::to_owned).to_vec()
        };
        vec![row("Black Friday: everything must go, even the shelves", "1,234,567"), row("名前 ✂", "9")]
    }

    const HEADER: [&str; 5] = ["account", "campaign", "delivered", "rating of the opens", "revenue per 1000"];

    #[test]
    fn piped_tables_are_whole() {
        let text = fitted(&HEADER, &rows(), &[], &[], &Drawn::default(), None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].ends_with("RATING OF THE OPENS  REVENUE PER 1000"), "{text}");
        assert!(lines[1].contains("even the shelves  1,234,567  Excellent"), "{text}");
        assert!(lines[2].ends_with("12.5"), "{text}");
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        for width in 10..150 {
            let text = fitted(&HEADER, &rows(), &[], &[], &Drawn::default(), Some(width));
            assert!(text.lines().all(|line| measure_text_width(line) <= width.max(20)), "{width}\n{text}");
            assert!(width < 20 || text.contains("XqkVGb"), "{width}\n{text}");
        }
    }

    #[test]
    fn bars_stand_where_there_is_room_and_never_in_a_pipe() {
        let header = ["week from", "revenue"];
        let rows: Vec<Vec<String>> =
            (1..=4).map(|week| vec![format!("week {week}"), format!("{}", week * 10)]).collect();
        let values = [10.0, 20.0, 30.0, 40.0].map(Some).to_vec();
        let drawn = Drawn { title: "REVENUE".to_owned(), values, are_times: true };
        let of = |limit| fitted(&header, &rows, &[], &[], &drawn, limit);
        assert!(!of(None).contains(['━', '▁', '▇']), "{}", of(None));
        // Nine and seven columns and two gaps of two leave ten.
        let lines: Vec<String> =
            of(Some(30)).lines().map(|line| console::strip_ansi_codes(line).into_owned()).collect();
        assert_eq!(lines[0], "WEEK FROM  REVENUE");
        assert_eq!(lines[4], "week 4          40  ━━━━━━━━━━");
        let narrow = of(Some(26));
        assert!(!narrow.contains('━') && narrow.ends_with("revenue, old to new: ▇▆▄▃"), "{narrow}");
        for width in 12..60 {
            assert!(of(Some(width)).lines().all(|line| measure_text_width(line) <= width.max(18)), "{width}");
        }
    }

    #[test]
    fn the_least_important_columns_go_first() {
        let least = ["delivered", "campaign"];
        let text = fitted(&HEADER, &rows(), &[], &least, &Drawn::default(), Some(45));
        assert!(text.contains("Excellent") && text.ends_with("no room for: delivered"), "{text}");
        let text = fitted(&HEADER, &rows(), &[], &least, &Drawn::default(), Some(32));
        assert!(text.contains("Excellent") && text.contains("12.5"), "{text}");
        assert!(text.ends_with("no room for: campaign, delivered"), "{text}");
        let without_ratings =
            |row: Vec<String>| [row[..3].to_vec(), vec![String::new(), row[4].clone()]].concat();
        let rows: Vec<Vec<String>> = rows().into_iter().map(without_ratings).collect();
        let text = fitted(&HEADER, &rows, &[], &least, &Drawn::default(), Some(45));
        assert!(text.contains("1,234,567") && text.ends_with("no room for: rating of the opens"), "{text}");
    }

    #[test]
    fn columns_that_belong_together_go_together() {
        let least = ["delivered+revenue per 1000", "campaign"];
        let text = fitted(&HEADER, &rows(), &[], &least, &Drawn::default(), Some(45));
        assert!(
            text.contains("Excellent") && text.contains("no room for: delivered, revenue per 1000"),
            "{text}"
        );
        assert!(!text.contains("12.5") && !text.contains("1,234,567"), "{text}");
    }

    #[test]
    fn titles_fold_then_texts_are_shortened_then_the_last_columns_go() {
        let text = fitted(&HEADER, &rows(), &[], &[], &Drawn::default(), Some(100));
        assert!(text.contains("even the shelves") && text.contains("REVENUE\n"), "{text}");
        let text = fitted(&HEADER, &rows(), &[], &[], &Drawn::default(), Some(70));
        assert!(text.contains("…") && text.contains("12.5") && !text.contains("no room"), "{text}");
        let text = fitted(&HEADER, &rows(), &[], &[], &Drawn::default(), Some(42));
        assert!(text.contains("1,234,567") && text.contains("no room for: rating of the opens"), "{text}");
    }
}
