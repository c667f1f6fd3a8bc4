//! Just enough of ClickHouse's lexical rules to find words outside of strings, comments and parentheses.

/// One token; comments and white space are none.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// What the bytes are to a parser.
    pub kind: Kind,
    /// Its bytes, quotes included.
    pub text: &'a [u8],
    /// Where it begins.
    pub start: usize,
    /// How many parentheses are open around it.
    pub depth: usize,
}

/// The kinds of token that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword, a bare name or a number.
    Word,
    /// A string, a quoted name or a heredoc.
    Quoted,
    /// Any other byte.
    Symbol,
}

impl Token<'_> {
    /// Whether it is this keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether it is this one-byte symbol.
    pub fn is_symbol(&self, symbol: u8) -> bool {
        self.kind == Kind::Symbol && self.text == [symbol]
    }

    /// The position after its last byte.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Yields the tokens of a text. Never fails: what is not closed reaches to the end.
pub struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
    depth: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, position: 0, depth: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.position..]
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let length = match rest {
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => 1,
                [b'-', b'-', ..] | [b'/', b'/', ..] | [b'#', b' ' | b'!', ..] => until(rest, b"\n"),
                [b'/', b'*', ..] => comment(rest),
                [0x80..=0xff, ..] => match unicode_blank(rest) {
                    Some(length) => length,
                    None => return,
                },
                _ => return,
            };
            self.position += length;
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let rest = self.rest();
        let (kind, length) = match *rest.first()? {
            quote @ (b'\'' | b'"' | b'`') => (Kind::Quoted, quoted(rest, quote)),
            b'$' => heredoc(rest).map_or((Kind::Symbol, 1), |length| (Kind::Quoted, length)),
            byte if is_word(byte) => (Kind::Word, word(rest)),
            0xe2 => typographic(rest).map_or((Kind::Symbol, 1), |length| (Kind::Quoted, length)),
            _ => (Kind::Symbol, 1),
        };
        if rest[0] == b')' {
            self.depth = self.depth.saturating_sub(1);
        }
        let token = Token { kind, text: &rest[..length], start: self.position, depth: self.depth };
        if rest[0] == b'(' {
            self.depth += 1;
        }
        self.position += length;
        Some(token)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Inside of a word a dollar belongs to it and opens no heredoc.
fn word(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_word(**byte) || **byte == b'$').count()
}

/// Length of a comment; comments nest, and one without an end goes to the end of the text.
fn comment(text: &[u8]) -> usize {
    let (mut position, mut depth) = (0, 0);
    while position < text.len() {
        match &text[position..] {
            [b'/', b'*', ..] => (position, depth) = (position + 2, depth + 1),
            [b'*', b'/', ..] => (position, depth) = (position + 2, depth - 1),
            _ => position += 1,
        }
        if depth == 0 {
            break;
        }
    }
    position
}

/// The length of a blank beyond ASCII, such as a no-break space.
fn unicode_blank(text: &[u8]) -> Option<usize> {
    let first = text.get(..text.len().min(4))?.utf8_chunks().next()?.valid().chars().next()?;
    let blank = first.is_whitespace()
        || matches!(first, '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    blank.then(|| first.len_utf8())
}

/// `‘...’` and `“...”`, as a word processor writes them; nothing is protected inside.
fn typographic(text: &[u8]) -> Option<usize> {
    let closing = match text {
        [0xe2, 0x80, opening @ (0x98 | 0x9c), ..] => [0xe2, 0x80, opening + 1],
        _ => return None,
    };
    Some(3 + until(&text[3..], &closing))
}

/// The length up to and with `end`, or all of it.
fn until(text: &[u8], end: &[u8]) -> usize {
    text.windows(end.len()).position(|window| window == end).map_or(text.len(), |at| at + end.len())
}

/// Inside quotes a backslash protects the next byte; a doubled quote reads as two tokens, which does no harm.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut position = 1;
    while let Some(&byte) = text.get(position) {
        match byte {
            b'\\' => position += 2,
            _ if byte == quote => return position + 1,
            _ => position += 1,
        }
    }
    text.len()
}

/// `$tag$ ... $tag$`
fn heredoc(text: &[u8]) -> Option<usize> {
    let tag = 2 + text[1..].iter().take_while(|byte| is_word(**byte)).count();
    let (opening, body) = (text.get(..tag)?, text.get(tag..)?);
    opening.ends_with(b"$").then(|| tag + until(body, opening))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let text = text.as_bytes();
        Lexer::new(text).map(|token| String::from_utf8_lossy(token.text).into_owned()).collect()
    }

    #[test]
    fn comments_and_strings_hide_what_they_hold() {
        assert_eq!(words("a -- ; b\n/* c ; */ d # e\n'x\\';' \"y;\""), ["a", "d", "'x\\';'", "\"y;\""]);
        assert_eq!(words("$tag$ ; 'x $tag$ z $1"), ["$tag$ ; 'x $tag$", "z", "$", "1"]);
    }

    #[test]
    fn words_end_where_they_do_for_the_engine() {
        assert_eq!(words("a ‘'’ b “\"” c"), ["a", "‘'’", "b", "“\"”", "c"]);
        assert_eq!(words("a // ' b\nc /* /* */ ' */ d"), ["a", "c", "d"]);
        assert_eq!(words("a\u{a0}b\u{3000}c\u{feff}d"), ["a", "b", "c", "d"]);
        assert_eq!(words("a$b$ c $b$ d $b$"), ["a$b$", "c", "$b$ d $b$"]);
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        assert_eq!(words("'abc\\"), ["'abc\\"]);
        assert_eq!(words("a /* b"), ["a"]);
        assert_eq!(words("$a"), ["$", "a"]);
    }

    #[test]
    fn depth_counts_open_parentheses() {
        let depths: Vec<usize> = Lexer::new(b"a (b (c)) d").map(|token| token.depth).collect();
        assert_eq!(depths, [0, 0, 1, 1, 2, 1, 0, 0]);
    }
}
