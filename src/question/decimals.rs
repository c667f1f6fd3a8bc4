//! How many decimals a figure is shown with. Figures are rounded once, from their exact value.

use serde_json::{Number, Value};

/// The decimals of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimals {
    /// At least so many.
    pub least: usize,
    /// More where figures side by side would look the same and are not: `2+` in a header.
    pub tell_apart: bool,
}

/// The most decimals that telling figures apart takes.
const MOST: usize = 6;
/// Figures of one row show their change if what they look like differs from it by less than this, a half percent.
const CHANGE_SHOWN: f64 = 0.005;

impl Decimals {
    /// Reads `1` or `2+`.
    pub(super) fn parse(text: &str) -> Option<Decimals> {
        let least = text.trim_end_matches('+').parse().ok()?;
        Some(Decimals { least, tell_apart: text.ends_with('+') })
    }
}

/// Rounds from the exact value, a half to the even neighbour; whole numbers without a point.
pub fn rounded(number: f64, decimals: usize) -> f64 {
    format!("{number:.decimals$}").parse().unwrap_or(number)
}

/// The same of a cell; what is no fraction stays.
pub fn rounded_cell(cell: &Value, decimals: usize) -> Value {
    match cell.as_f64() {
        Some(number) if !cell.is_i64() && !cell.is_u64() => number_of(rounded(number, decimals)),
        _ => cell.clone(),
    }
}

fn number_of(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// Rounds what is shown by itself, and a pair of columns in a row so that both show the change between them.
pub(super) fn round_row(columns: &[String], row: &mut [Value], decimals: &[(String, Decimals)]) {
    let place = |name: &str| columns.iter().position(|column| column == name);
    let pair: Vec<usize> =
        decimals.iter().filter(|(_, it)| it.tell_apart).filter_map(|(name, _)| place(name)).collect();
    if let [left, right] = pair[..] {
        let least = decimals.iter().find(|(_, it)| it.tell_apart).map_or(0, |(_, it)| it.least);
        let digits = match (row[left].as_f64(), row[right].as_f64()) {
            (Some(now), Some(before)) => {
                (least..MOST).find(|it| shows_change(now, before, *it)).unwrap_or(MOST)
            }
            _ => least,
        };
        row[left] = rounded_cell(&row[left], digits);
        row[right] = rounded_cell(&row[right], digits);
    }
    for (name, it) in decimals.iter().filter(|(_, it)| !it.tell_apart) {
        if let Some(column) = place(name) {
            row[column] = rounded_cell(&row[column], it.least);
        }
    }
}

fn shows_change(now: f64, before: f64, digits: usize) -> bool {
    let shown = rounded(now, digits) / rounded(before, digits);
    before == 0.0 || (shown - now / before).abs() < CHANGE_SHOWN
}

/// Rounds a column down which figures are told apart, if the question has just one such column.
pub(super) fn round_columns(columns: &[String], rows: &mut [Vec<Value>], decimals: &[(String, Decimals)]) {
    let apart: Vec<&(String, Decimals)> = decimals.iter().filter(|(_, it)| it.tell_apart).collect();
    let [(name, it)] = apart[..] else { return };
    let Some(column) = columns.iter().position(|column| column == name) else { return };
    let exact: Vec<f64> = rows.iter().filter_map(|row| row[column].as_f64()).collect();
    let digits = that_tell_apart(&exact, it.least);
    for row in rows.iter_mut() {
        row[column] = rounded_cell(&row[column], digits);
    }
}

/// So many decimals, three more than the least at most, that figures which differ look different. Beyond that the
/// difference is nothing to tell.
pub fn that_tell_apart(exact: &[f64], least: usize) -> usize {
    let tells_apart = |digits: &usize| {
        let pairs = exact
            .iter()
            .enumerate()
            .flat_map(|(index, one)| exact[..index].iter().map(move |two| (one, two)));
        pairs.into_iter().all(|(one, two)| one == two || rounded(*one, *digits) != rounded(*two, *digits))
    };
    (least..least + 3).find(tells_apart).unwrap_or(least + 3)
}

/// A number with separators of thousands.
pub(crate) fn separated(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if number < 0.0 && text.chars().any(|digit| matches!(digit, '1'..='9')) { "-" } else { "" };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn decimals(text: &str) -> Vec<(String, Decimals)> {
        let one = |pair: &str| {
            let (name, digits) = pair.split_once(' ').expect("a pair");
            (name.to_owned(), Decimals::parse(digits).expect("digits"))
        };
        text.split(", ").map(one).collect()
    }

    #[test]
    fn a_figure_is_rounded_from_its_exact_value() {
        assert_eq!(rounded(154.4627, 0), 154.0);
        assert_eq!(rounded(38.48, 0), 38.0);
        assert_eq!(rounded_cell(&json!(154.4627), 1), json!(154.5));
        assert_eq!(rounded_cell(&json!(12.0000001), 2), json!(12));
        assert_eq!(rounded_cell(&json!(12345), 0), json!(12345));
    }

    #[test]
    fn a_change_is_seen_in_the_figures_beside_it() {
        let mut row = vec![json!(0.1562), json!(0.1632), json!(-4.2892)];
        round_row(&columns(&["now", "before", "change"]), &mut row, &decimals("now 2+, before 2+, change 1"));
        assert_eq!(row, [json!(0.156), json!(0.163), json!(-4.3)]);
        let mut row = vec![json!(154.46), json!(77.231), json!(99.99)];
        round_row(&columns(&["now", "before", "change"]), &mut row, &decimals("now 2+, before 2+, change 1"));
        assert_eq!(row, [json!(154.46), json!(77.23), json!(100)]);
    }

    #[test]
    fn figures_of_a_column_are_told_apart() {
        let mut rows = vec![vec![json!(0.5)], vec![json!(0.4961)], vec![Value::Null], vec![json!(12.34)]];
        round_columns(&columns(&["week"]), &mut rows, &decimals("week 1+"));
        assert_eq!(rows, [[json!(0.5)], [json!(0.496)], [Value::Null], [json!(12.34)]]);
        let mut rows = vec![vec![json!(0.53)], vec![json!(0.41)]];
        round_columns(&columns(&["week"]), &mut rows, &decimals("week 1+"));
        assert_eq!(rows, [[json!(0.5)], [json!(0.4)]]);
    }
}
