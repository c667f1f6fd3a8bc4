//! Names in SQL that is printed for people.

/// Words that GRANT and its like take for something else than a name.
const RESERVED: [&str; 6] = ["all", "any", "current_user", "except", "none", "null"];

/// A name as it can stand in a statement: bare where it is plain, else in back quotes.
pub fn quoted_name(name: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let begins_well = name.chars().next().is_some_and(is_letter);
    let is_plain = begins_well && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit());
    let is_reserved = RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word));
    match is_plain && !is_reserved {
        true => name.to_owned(),
        false => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted_name;

    #[test]
    fn what_is_not_plain_is_quoted() {
        for plain in ["aiviews", "Shop_2", "_x", "default"] {
            assert_eq!(quoted_name(plain), plain);
        }
        let odd = [
            ("my-shop", "`my-shop`"),
            ("2x", "`2x`"),
            ("None", "`None`"),
            ("", "``"),
            ("a`b\\", "`a\\`b\\\\`"),
        ];
        for (name, quoted) in odd {
            assert_eq!(quoted_name(name), quoted);
        }
    }
}
