//! Money as people write it: a currency of ISO 4217 with its sign.

use std::fmt;

use serde::{Serialize, Serializer};

use super::decimals::separated;

/// Signs that English readers know a currency by. `$` alone is the dollar of the United States; other currencies are named by
/// their code.
const SIGNS: [(&str, &str); 19] = [
    ("AUD", "A$"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("HKD", "HK$"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KRW", "₩"),
    ("MXN", "MX$"),
    ("NGN", "₦"),
    ("NZD", "NZ$"),
    ("PHP", "₱"),
    ("TRY", "₺"),
    ("TWD", "NT$"),
    ("UAH", "₴"),
    ("USD", "$"),
    ("VND", "₫"),
];

/// A currency that money is paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Looks a code up, in capitals or not. Gold, tests and "no currency" have codes too, but nothing is paid in them.
    pub fn from_code(code: &str) -> Option<Currency> {
        let currency = iso_currency::Currency::from_code(&code.to_ascii_uppercase())?;
        currency.exponent().map(|_| Currency(currency))
    }

    /// Three capitals, such as `EUR`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of its smallest coin: 2 for most, 0 for yen, 3 for Kuwaiti dinars.
    pub fn decimals(self) -> usize {
        self.0.exponent().unwrap_or(2).into()
    }

    /// What stands before an amount: `€`, or `SEK ` where a sign would be taken for another currency.
    pub fn sign(self) -> String {
        let sign = SIGNS.iter().find(|(code, _)| *code == self.code());
        sign.map_or_else(|| format!("{} ", self.code()), |(_, sign)| (*sign).to_owned())
    }

    /// An amount with so many decimals: `-€1,234.50`.
    pub fn amount(self, number: f64, decimals: usize) -> String {
        let text = separated(number, decimals);
        let (minus, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        format!("{minus}{}{digits}", self.sign())
    }

    /// An amount to its smallest coin: `€54,584.11`, `¥54,584`.
    pub fn exact(self, number: f64) -> String {
        self.amount(number, self.decimals())
    }

    /// A whole amount: `€54,584`.
    pub fn whole(self, number: f64) -> String {
        self.amount(number, 0)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap_or_else(|| panic!("{code} is unknown"))
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        assert_eq!(currency("EUR").whole(54_584.11), "€54,584");
        assert_eq!(currency("eur").exact(-1234.5), "-€1,234.50");
        assert_eq!(currency("USD").exact(0.004), "$0.00");
        assert_eq!(currency("USD").exact(-0.004), "$0.00", "no minus before nothing");
        assert_eq!(currency("CAD").whole(54_584.0), "CA$54,584");
        assert_eq!(currency("JPY").exact(54_584.0), "¥54,584");
        assert_eq!(currency("KWD").exact(1.5), "KWD 1.500");
        assert_eq!(currency("SEK").whole(-999.6), "-SEK 1,000");
    }

    #[test]
    fn only_what_is_paid_in_is_a_currency() {
        for text in ["", "EU", "EURO", "XYZ", "XXX", "XAU", "€", "eü"] {
            assert_eq!(Currency::from_code(text), None, "{text}");
        }
        for (code, _) in SIGNS {
            assert_eq!(currency(code).code(), code);
        }
    }
}
