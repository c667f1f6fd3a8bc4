//! The first wall: the text itself, before any parser sees it.
//!
//! It refuses what no question needs and what would let text be read in two ways: odd signs, odd names, clauses that
//! change settings or formats. It is stricter than ClickHouse's lexer, so where the two differ the statement is refused.

use std::collections::HashMap;

use super::refusal::{Refusal, Wall};

/// The longest statement, in bytes.
const LONGEST: usize = 20_000;
/// The most subqueries that a statement comes to once each name is replaced by what it stands for: the engine does that,
/// and twenty names that each use the one before twice come to a million.
const MOST_SUBQUERIES: usize = 200;
/// The most parentheses within each other.
const DEEPEST: usize = 60;

/// A word or sign outside strings and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text, quotes included.
    pub text: &'a str,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword, a bare name or a number.
    Word,
    /// A name in quotes.
    Name,
    /// A string.
    Text,
    /// Any other sign.
    Sign,
}

impl<'a> Token<'a> {
    fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// The name that a word or quoted name stands for.
    fn name(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Word => Some(self.text),
            Kind::Name => Some(&self.text[1..self.text.len() - 1]),
            Kind::Text | Kind::Sign => None,
        }
    }
}

fn refuse(rule: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(Wall::Lexer, rule, message)
}

/// Reads the text, or says why it is refused.
pub fn read(text: &str) -> Result<Vec<Token<'_>>, Refusal> {
    if text.len() > LONGEST {
        return Err(refuse("too_long", format!("a statement has at most {LONGEST} characters")));
    }
    let is_odd = |letter: &char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r');
    if text.contains(|letter: char| is_odd(&letter)) {
        return Err(refuse("control_character", "the statement has a control character"));
    }
    let tokens = split(text)?;
    check_parentheses(&tokens)?;
    check_words(&tokens)?;
    check_subqueries(&tokens)?;
    Ok(tokens)
}

/// Names that the statement gives to subqueries: `name AS (`.
pub fn defined_names<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    definitions(tokens).into_iter().map(|(name, _)| name).collect()
}

/// The same, each with the place of its parenthesis.
fn definitions<'a>(tokens: &[Token<'a>]) -> Vec<(&'a str, usize)> {
    let mut definitions = Vec::new();
    for (index, window) in tokens.windows(3).enumerate() {
        if !(window[1].is("AS") && window[2].is_sign("(")) {
            continue;
        }
        // `name (columns) AS (`: the name stands before the parenthesis.
        let at = if window[0].is_sign(")") { opening(tokens, index).checked_sub(1) } else { Some(index) };
        let name = at.and_then(|at| tokens.get(at)).copied();
        definitions.extend(name.and_then(|token| token.name()).map(|name| (name, index + 2)));
    }
    definitions
}

/// Where the parenthesis closes that opens here.
fn closing(tokens: &[Token<'_>], opening: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(opening) {
        depth += usize::from(token.is_sign("("));
        depth -= usize::from(token.is_sign(")"));
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

fn check_subqueries(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let mut weights: HashMap<&str, usize> = HashMap::new();
    // Where a table may stand: `name.column` and `, name AS (` are no uses of the subquery.
    let is_use = |window: &[Token<'_>]| {
        let is_defined = matches!(window, [_, _, word, sign] if word.is("AS") && sign.is_sign("("));
        (window[0].is("FROM") || window[0].is("JOIN") || window[0].is_sign(","))
            && !window.get(2).is_some_and(|next| next.is_sign(".") || next.is_sign("("))
            && !is_defined
    };
    let weigh = |weights: &HashMap<&str, usize>, tokens: &[Token<'_>]| {
        let uses = (1..tokens.len()).filter(|at| is_use(&tokens[at - 1..tokens.len().min(at + 3)]));
        let weights = uses.filter_map(|at| weights.get(tokens[at].name()?));
        weights.fold(1_usize, |sum, weight| sum.saturating_add(*weight))
    };
    let definitions = definitions(tokens);
    // A name may be used before it is defined, or by itself: as often as there are names, until nothing grows.
    for _ in 0..definitions.len() {
        for (name, opening) in &definitions {
            let weight = weigh(&weights, &tokens[*opening..closing(tokens, *opening)]);
            let known = weights.entry(*name).or_default();
            *known = weight.max(*known).min(MOST_SUBQUERIES + 1);
        }
        if weights.values().any(|weight| *weight > MOST_SUBQUERIES) {
            break;
        }
    }
    match weigh(&weights, tokens) > MOST_SUBQUERIES {
        true => {
            Err(refuse("too_many_subqueries", "the named subqueries use each other too often: name fewer"))
        }
        false => Ok(()),
    }
}

/// Where the parenthesis opens that closes here.
fn opening(tokens: &[Token<'_>], closing: usize) -> usize {
    let mut depth = 0;
    for at in (0..=closing).rev() {
        depth += usize::from(tokens[at].is_sign(")"));
        depth -= usize::from(tokens[at].is_sign("("));
        if depth == 0 {
            return at;
        }
    }
    0
}

fn split(text: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            ' ' | '\n' | '\t' | '\r' => {
                rest = &rest[1..];
                continue;
            }
            '-' if rest.starts_with("--") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                let end = rest[2..].find("*/").map(|end| end + 4);
                let end = end.ok_or_else(|| refuse("unclosed", "a comment is not closed"))?;
                if rest[2..end - 2].contains("/*") {
                    return Err(refuse("comment", "a comment stands within a comment"));
                }
                rest = &rest[end..];
                continue;
            }
            '\'' => (Kind::Text, quoted(rest, '\'')?),
            '"' | '`' => (Kind::Name, quoted(rest, first)?),
            letter if is_word(letter) => (Kind::Word, rest.find(|it| !is_word(it)).unwrap_or(rest.len())),
            letter if "+-*/%=<>!|(),.[]:?".contains(letter) => (Kind::Sign, 1),
            ';' => return Err(refuse("semicolon", "one statement without `;`")),
            letter => {
                let shown = letter.escape_default();
                return Err(refuse("sign", format!("the sign `{shown}` is not allowed outside quotes")));
            }
        };
        tokens.push(Token { kind, text: &rest[..length] });
        rest = &rest[length..];
    }
    Ok(tokens)
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The length of a string or quoted name. In a string a backslash protects the next sign; names have none.
fn quoted(text: &str, quote: char) -> Result<usize, Refusal> {
    let is_name = quote != '\'';
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            let is_empty = is_name && at == 1;
            if is_name && (is_empty || text[at + 1..].starts_with(quote)) {
                return Err(refuse("name", "a quoted name is empty or holds a quote"));
            }
            return Ok(at + 1);
        }
        if letter == '\\' && !is_name {
            letters.next();
        }
        let is_plain = letter.is_alphanumeric() || matches!(letter, '_' | ' ' | '-' | '%' | '.' | '/');
        if is_name && !is_plain {
            return Err(refuse("name", "a quoted name has letters, digits, blanks and `_ - % . /` only"));
        }
    }
    Err(refuse("unclosed", "a quote is not closed"))
}

fn check_parentheses(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for token in tokens.iter().filter(|token| token.kind == Kind::Sign) {
        match token.text {
            "(" => open.push(")"),
            "[" => open.push("]"),
            closing @ (")" | "]") if open.pop() != Some(closing) => {
                return Err(refuse("parentheses", "a parenthesis closes that was not open"));
            }
            _ => {}
        }
        if open.len() > DEEPEST {
            return Err(refuse("too_deep", format!("at most {DEEPEST} parentheses within each other")));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(refuse("parentheses", "a parenthesis is not closed")) }
}

fn check_words(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let Some(first) = tokens.iter().find(|token| !token.is_sign("(")) else {
        return Err(refuse("empty", "there is no statement"));
    };
    if !(first.is("SELECT") || first.is("WITH")) {
        return Err(refuse("not_select", "a statement begins with SELECT or WITH"));
    }
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        let message = match () {
            () if token.is("SETTINGS") => "SETTINGS is not allowed: the server sets the limits",
            () if token.is("FORMAT") && !next.is_some_and(|next| next.is_sign("(")) => {
                "FORMAT is not allowed: the answer has its own format"
            }
            () if token.is("INTO") => "INTO is not allowed: a statement only reads",
            () if token.is("FINAL") => "leave out FINAL: the tables hold one version of a row",
            () if token.is("STREAM") => "STREAM is not allowed",
            () => continue,
        };
        return Err(refuse("clause", message));
    }
    Ok(())
}

/// Refuses a subquery that is named like an object: whoever reads the statement would take one for the other.
pub fn check_defined(tokens: &[Token<'_>], objects: &[&str]) -> Result<(), Refusal> {
    let taken = |name: &&str| objects.iter().any(|object| object.eq_ignore_ascii_case(name));
    match defined_names(tokens).into_iter().find(taken) {
        Some(name) => {
            Err(refuse("name_taken", format!("`{name}` is a table: give the subquery another name")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> &'static str {
        read(text).expect_err(text).rule
    }

    #[test]
    fn ordinary_text_passes() {
        for text in [
            "SELECT 1",
            "(SELECT 1) -- end",
            "WITH a AS (SELECT 'it''s; SETTINGS \\' x' AS \"Umsatz in %\") SELECT * FROM a /* ; */",
            "SELECT format('{}', 'ü “quoted” $tag$'), [1, 2][1], x -> 2, a ? 1 : 2 FROM t",
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn what_no_question_needs_is_refused_by_its_rule() {
        for (expected, text) in [
            ("empty", " -- nothing"),
            ("not_select", "DROP TABLE x"),
            ("semicolon", "SELECT 1; SELECT 2"),
            ("clause", "SELECT (SELECT 1 settings x = 1)"),
            ("clause", "SELECT 1 FORMAT CSV"),
            ("clause", "SELECT 1 INTO OUTFILE 'x'"),
            ("sign", "SELECT $a$ x $a$"),
            ("sign", "SELECT “a”"),
            ("sign", "SELECT {x:String}"),
            ("sign", "SELECT 1 # SETTINGS"),
            ("name", "SELECT `a\\nb`"),
            ("name", "SELECT \"a\nb\""),
            ("name", "SELECT `a``b`"),
            ("unclosed", "SELECT 'a\\'"),
            ("unclosed", "SELECT 1 /* a"),
            ("comment", "SELECT 1 /* a /* b */ */"),
            ("control_character", "SELECT '\0'"),
            ("parentheses", "SELECT 1) + (2"),
            ("parentheses", "SELECT (1]"),
            ("too_many_subqueries", &doubling(8)),
        ] {
            assert_eq!(rule(text), expected, "{text}");
        }
        assert_eq!(rule(&format!("SELECT {}1{}", "(".repeat(61), ")".repeat(61))), "too_deep");
        assert_eq!(rule(&format!("SELECT '{}'", "x".repeat(LONGEST))), "too_long");
    }

    /// Subqueries that each use the one before twice.
    fn doubling(levels: usize) -> String {
        let step = |level: usize| {
            format!(", c{level} AS (SELECT p.x, p.y FROM c{0} AS p JOIN c{0} AS q ON 1)", level - 1)
        };
        let steps: String = (1..levels).map(step).collect();
        format!("WITH c0 AS (SELECT 1 AS x){steps} SELECT c1.x, c1.y FROM c{}", levels - 1)
    }

    #[test]
    fn subqueries_may_use_each_other_some_times() {
        let often = format!(
            "WITH a AS (SELECT 1 AS x) SELECT {} FROM a, a AS b JOIN a AS c ON 1",
            ["a.x"; 300].join(", ")
        );
        for text in [
            &doubling(6),
            &often,
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn names_of_subqueries_are_found() {
        let tokens =
            read("WITH a AS (SELECT 1), \"b c\" AS (SELECT 2), d (x, y) AS (SELECT 1, 2) SELECT (1) AS e")
                .expect("read");
        assert_eq!(defined_names(&tokens), ["a", "b c", "d"]);
        assert_eq!(check_defined(&tokens, &["A"]).expect_err("taken").rule, "name_taken");
    }
}
