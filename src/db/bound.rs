//! A statement with its values in place, for people who want to read it or run it in another client.

use serde_json::Value;

/// The text with each `{name:Type}` replaced by its value. A slot without a value stays.
pub fn bound(text: &str, parameters: &[(&'static str, Value)]) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, slot) = rest.split_at(start);
        whole.push_str(before);
        let end = slot.find('}').map_or(slot.len(), |end| end + 1);
        match literal(&slot[..end], parameters) {
            Some(literal) => whole.push_str(&literal),
            None => whole.push_str(&slot[..end]),
        }
        rest = &slot[end..];
    }
    whole.push_str(rest);
    whole
}

fn literal(slot: &str, parameters: &[(&'static str, Value)]) -> Option<String> {
    let (name, kind) = slot.strip_prefix('{')?.strip_suffix('}')?.split_once(':')?;
    let (_, value) = parameters.iter().rev().find(|(known, _)| *known == name)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(match (kind, value) {
        ("Identifier", _) => format!("`{}`", text.replace('\\', "\\\\").replace('`', "\\`")),
        ("String", _) => quoted(&text),
        ("Array(String)", _) => array(value),
        (_, Value::Array(_)) => format!("{}::{kind}", array(value)),
        // A sign would bind weaker than the type.
        (_, Value::Number(number)) if !text.starts_with('-') => format!("{number}::{kind}"),
        _ => format!("{}::{kind}", quoted(&text)),
    })
}

fn array(value: &Value) -> String {
    let item = |item: &Value| item.as_str().map_or_else(|| item.to_string(), quoted);
    let items: Vec<String> = value.as_array().into_iter().flatten().map(item).collect();
    format!("[{}]", items.join(", "))
}

/// A text as a string literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_stand_in_their_slots_by_type() {
        let parameters = [
            ("table", json!("we`ird")),
            ("accounts", json!(["a", "b'c"])),
            ("days", json!(30)),
            ("change", json!(-0.5)),
            ("day", json!("2024-03-10")),
            ("through", json!(["2024-03-09"])),
            ("name", json!("O'Neill\\ {days:UInt16}")),
        ];
        let text = "SELECT {days:UInt16}, {change:Float64}, {day:Date}, {through:Array(Date)}, {name:String} \
                    FROM {table:Identifier} WHERE a IN {accounts:Array(String)} AND {other:String}";
        assert_eq!(
            bound(text, &parameters),
            "SELECT 30::UInt16, '-0.5'::Float64, '2024-03-10'::Date, ['2024-03-09']::Array(Date), \
             'O''Neill\\\\ {days:UInt16}' FROM `we\\`ird` WHERE a IN ['a', 'b''c'] AND {other:String}"
        );
    }
}
