//! The file of prices: a line has a model and what a million tokens in and a million tokens out cost.
//!
//! `claude-sonnet-4-5 3 15`; a name that ends in `*` means every model that begins so; `#` begins a comment. A model that no
//! line means costs an unknown amount, not nothing.

use std::path::Path;

use anyhow::{Context, Result};

use crate::exit::{ExitCode, Failure};

/// What a million tokens cost, in the currency of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Tokens that the model reads.
    pub input: f64,
    /// Tokens that it writes.
    pub output: f64,
}

impl Price {
    /// What a turn cost.
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> f64 {
        (input_tokens as f64 * self.input + output_tokens as f64 * self.output) / 1_000_000.0
    }
}

/// The prices that are known.
#[derive(Debug, Default)]
pub struct Prices(Vec<(String, Price)>);

impl Prices {
    /// Reads the file.
    pub fn open(file: &Path) -> Result<Prices> {
        let name = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{name}`"))?;
        let lines = text.lines().enumerate().filter_map(|(index, line)| {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            (!words.is_empty()).then(|| (index + 1, parse(&words)))
        });
        let prices = lines.map(|(number, price)| {
            price.ok_or_else(|| {
                Failure::new(ExitCode::Usage, format!("`{name}`, line {number}: not a price"))
                    .hint("a line is: MODEL INPUT OUTPUT, money per million tokens")
            })
        });
        Ok(Prices(prices.collect::<Result<_, _>>()?))
    }

    /// The price of a model: its own line before the longest beginning that fits.
    pub fn of(&self, model: &str) -> Option<Price> {
        let fits = |name: &str| match name.strip_suffix('*') {
            Some(beginning) => model.starts_with(beginning),
            None => name == model,
        };
        let rank = |name: &str| (!name.ends_with('*'), name.len());
        self.0
            .iter()
            .filter(|(name, _)| fits(name))
            .max_by_key(|(name, _)| rank(name))
            .map(|(_, price)| *price)
    }
}

fn parse(words: &[&str]) -> Option<(String, Price)> {
    let [model, input, output] = words else { return None };
    let amount = |text: &str| text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    Some(((*model).to_owned(), Price { input: amount(input)?, output: amount(output)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Prices> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        Prices::open(file.path())
    }

    #[test]
    fn a_turn_costs_what_the_file_says() {
        let prices =
            read("# dollars\nlarge-* 3 15\nlarge-1 4 20 # newer\nlarge-1-mini* 0.5 1\n").expect("read");
        // 200,000 in at 4 a million and 10,000 out at 20 a million: 0.80 and 0.20.
        assert_eq!(prices.of("large-1").map(|price| price.of(200_000, 10_000)), Some(1.0));
        assert_eq!(prices.of("large-2"), Some(Price { input: 3.0, output: 15.0 }));
        assert_eq!(prices.of("large-1-mini-x"), Some(Price { input: 0.5, output: 1.0 }));
        assert_eq!(prices.of("other"), None, "unknown, not nothing");
    }

    #[test]
    fn a_line_that_is_no_price_is_named() {
        for text in ["a 1", "a 1 2 3", "a -1 2", "a one 2", "a nan 1"] {
            let error = read(&format!("b 1 2\n{text}\n")).expect_err(text);
            assert!(format!("{error:#}").contains("line 2"), "{error:#}");
        }
    }
}
