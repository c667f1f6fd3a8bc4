//! What kind of statement a text is, as far as that decides how it is run.

use super::lexer::{Kind, Lexer, Token};
use crate::engine::exception::Exception;

/// How a statement is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Shape {
    /// An insert whose data follow: the text up to `FORMAT` or `VALUES`, the data's format, where the data begin.
    Insert { head: usize, format: String, data: usize },
    /// A SELECT, whose result can be streamed.
    Select { format: Option<String> },
    /// Anything else.
    Other { format: Option<String> },
}

/// Tokens of a statement, the data of an insert aside: each takes memory.
const MOST_TOKENS: usize = 1_000_000;

/// Looks at the text. `complete` says that no more text will come.
///
/// `Ok(None)` asks for more text: an insert whose data have not begun yet.
pub fn shape(text: &[u8], complete: bool) -> Result<Option<Shape>, Exception> {
    let mut tokens = Lexer::new(text);
    let Some(first) = tokens.next() else {
        return if complete { Err(syntax_error("Empty query")) } else { Ok(None) };
    };
    if first.is("INSERT") {
        return insert(text, tokens, complete);
    }
    if !complete {
        return Ok(None);
    }
    let tokens: Vec<Token> = std::iter::once(first).chain(tokens).take(MOST_TOKENS + 1).collect();
    refuse_length(&tokens)?;
    refuse_unservable(&tokens)?;
    let format = format_clause(&tokens);
    let select = first.is("SELECT") || first.is("WITH") || first.is("FROM") || first.is_symbol(b'(');
    Ok(Some(if select { Shape::Select { format } } else { Shape::Other { format } }))
}

fn insert(text: &[u8], tokens: Lexer, complete: bool) -> Result<Option<Shape>, Exception> {
    let mut seen: Vec<Token> = Vec::new();
    let mut tokens = tokens.peekable();
    while let Some(token) = tokens.next() {
        let names_a_table = seen.last().is_some_and(|last| {
            last.is("INTO") || last.is("TABLE") || last.is("FUNCTION") || last.is_symbol(b'.')
        });
        if token.depth == 0 && !names_a_table {
            if token.is("VALUES") {
                return found(text, &seen, token.start, "Values".to_owned(), token.end());
            }
            if token.is("FORMAT")
                && let Some(name) = tokens.peek().filter(|next| next.kind == Kind::Word)
                && (complete || name.end() < text.len())
            {
                let data = name.end() + line_break(&text[name.end()..]);
                let format = String::from_utf8_lossy(name.text).into_owned();
                return found(text, &seen, token.start, format, data);
            }
            if is_select(token, tokens.peek()) && complete {
                seen.push(token);
                seen.extend(tokens.take(MOST_TOKENS + 1));
                refuse_length(&seen)?;
                refuse_unservable(&seen)?;
                if seen.windows(2).any(|pair| pair[0].is("input") && pair[1].is_symbol(b'(')) {
                    return Err(Exception::not_implemented(
                        "INSERT ... SELECT ... FROM input() is not served",
                    ));
                }
                return Ok(Some(Shape::Other { format: None }));
            }
            if is_select(token, tokens.peek()) {
                return Ok(None);
            }
        }
        seen.push(token);
        refuse_length(&seen)?;
    }
    refuse_unservable(&seen)?;
    Ok(complete.then_some(Shape::Other { format: None }))
}

fn found(
    text: &[u8],
    seen: &[Token],
    head: usize,
    format: String,
    data: usize,
) -> Result<Option<Shape>, Exception> {
    refuse_unservable(seen)?;
    debug_assert!(head <= data && data <= text.len());
    Ok(Some(Shape::Insert { head, format, data }))
}

fn is_select(token: Token, next: Option<&Token>) -> bool {
    let opens = |token: &Token| token.is("SELECT") || token.is("WITH");
    opens(&token) || token.is_symbol(b'(') && next.is_some_and(opens)
}

fn refuse_length(tokens: &[Token]) -> Result<(), Exception> {
    if tokens.len() > MOST_TOKENS {
        return Err(syntax_error("Statement too long"));
    }
    Ok(())
}

/// Statements that would touch files of this host, and a second statement after the first.
fn refuse_unservable(tokens: &[Token]) -> Result<(), Exception> {
    for pair in tokens.windows(2) {
        if pair[0].is("INTO") && pair[1].is("OUTFILE") || pair[0].is("FROM") && pair[1].is("INFILE") {
            return Err(Exception::not_implemented("INTO OUTFILE and FROM INFILE are not served"));
        }
        if pair[0].is_symbol(b';') && !pair[1].is_symbol(b';') {
            return Err(syntax_error("Multi-statements are not allowed"));
        }
    }
    Ok(())
}

/// The name after the last `FORMAT` outside of parentheses, if that stands where the clause does.
fn format_clause(tokens: &[Token]) -> Option<String> {
    let position = tokens.windows(2).rposition(|pair| {
        pair[0].depth == 0 && pair[0].is("FORMAT") && pair[1].kind == Kind::Word && !pair[1].is("FROM")
    })?;
    let after = tokens.get(position + 2);
    let clause = after.is_none_or(|token| token.is("SETTINGS") || token.is_symbol(b';'));
    clause.then(|| String::from_utf8_lossy(tokens[position + 1].text).into_owned())
}

/// The blanks after the format's name and one line break belong to the statement, the rest to the data.
fn line_break(text: &[u8]) -> usize {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0x0c)).count();
    match text.get(blanks..).unwrap_or_default() {
        [b'\r', b'\n', ..] => blanks + 2,
        [b'\n' | b';', ..] => blanks + 1,
        _ => blanks,
    }
}

fn syntax_error(message: &str) -> Exception {
    Exception::new(62, "SYNTAX_ERROR", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Shape {
        shape(text.as_bytes(), true).expect("served").expect("complete")
    }

    fn insert_of(text: &str) -> (String, String, String) {
        let Shape::Insert { head, format, data } = of(text) else { panic!("`{text}` is an insert") };
        (text[..head].to_owned(), format, text[data..].to_owned())
    }

    #[test]
    fn inserts_are_cut_where_their_data_begin() {
        let cut = |head: &str, format: &str, data: &str| (head.into(), format.into(), data.into());
        assert_eq!(insert_of("INSERT INTO t VALUES (1);"), cut("INSERT INTO t ", "Values", " (1);"));
        assert_eq!(insert_of("insert into t(a) format CSV\n1;2"), cut("insert into t(a) ", "CSV", "1;2"));
        assert_eq!(insert_of("INSERT INTO values VALUES"), cut("INSERT INTO values ", "Values", ""));
        assert_eq!(insert_of("INSERT INTO d.format FORMAT TSV"), cut("INSERT INTO d.format ", "TSV", ""));
    }

    #[test]
    fn a_select_feeds_an_insert_without_data() {
        assert_eq!(of("INSERT INTO t (a) SELECT 1 AS values"), Shape::Other { format: None });
        assert_eq!(of("INSERT INTO t (SELECT 1)"), Shape::Other { format: None });
        assert!(shape(b"INSERT INTO t SELECT * FROM input('a Int8')", true).is_err());
    }

    #[test]
    fn the_format_is_the_clause_at_the_end() {
        let select = |format: &str| Shape::Select { format: Some(format.to_owned()) };
        assert_eq!(of("SELECT 1 FORMAT JSON"), select("JSON"));
        assert_eq!(of("WITH 1 AS a SELECT a FORMAT CSV SETTINGS max_threads = 1;"), select("CSV"));
        assert_eq!(of("SELECT 'FORMAT x', format FROM t -- FORMAT TSV"), Shape::Select { format: None });
    }

    #[test]
    fn more_text_is_asked_for() {
        assert_eq!(shape(b"INSERT INTO t FORMAT CS", false).expect("served"), None);
        assert_eq!(shape(b"SELECT 1", false).expect("served"), None);
    }

    #[test]
    fn endless_statements_are_refused() {
        for start in ["SELECT ", "INSERT INTO t ", "INSERT INTO t SELECT "] {
            let text = start.to_owned() + &",".repeat(MOST_TOKENS + 1);
            let error = shape(text.as_bytes(), true).expect_err("too long");
            assert!(error.text.contains("Statement too long"), "{start}");
        }
    }

    #[test]
    fn second_statements_and_files_are_refused() {
        assert!(shape(b"SELECT 1; SELECT 2", true).is_err());
        assert!(shape(b"SELECT ';' ; -- end", true).is_ok());
        assert!(shape(b"SELECT 1 INTO OUTFILE 'x'", true).is_err());
        assert!(shape(b"INSERT INTO t FROM INFILE 'x' FORMAT CSV", true).is_err());
        for text in [
            "SELECT ‘'’ INTO OUTFILE '/x' --'",
            "SELECT “\"” INTO OUTFILE '/x' --\"",
            "SELECT 1 INTO\u{a0}OUTFILE '/x'",
            "SELECT 1 // '\n INTO OUTFILE '/x' --'",
            "SELECT 1 /* /* */ ' */ INTO OUTFILE '/x' --'",
            "SELECT 1 AS a$b$ INTO OUTFILE '/x' -- $b$",
        ] {
            assert!(shape(text.as_bytes(), true).is_err(), "{text}");
        }
    }
}
