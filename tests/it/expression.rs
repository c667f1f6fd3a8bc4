//! Arithmetic in the cells of golden cases: numbers, `+ - * /` and parentheses.

/// The value of an expression.
pub fn evaluate(text: &str) -> Result<f64, String> {
    let mut parser = Parser { rest: text.trim() };
    let value = parser.sum()?;
    if parser.rest.is_empty() { Ok(value) } else { Err(format!("`{}` is left of `{text}`", parser.rest)) }
}

struct Parser<'text> {
    rest: &'text str,
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<f64, String> {
        let mut value = self.product()?;
        loop {
            if self.take('+') {
                value += self.product()?;
            } else if self.take('-') {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut value = self.atom()?;
        loop {
            if self.take('*') {
                value *= self.atom()?;
            } else if self.take('/') {
                value /= self.atom()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn atom(&mut self) -> Result<f64, String> {
        if self.take('-') {
            return Ok(-self.atom()?);
        }
        if self.take('(') {
            let value = self.sum()?;
            return if self.take(')') { Ok(value) } else { Err(format!("no `)` before `{}`", self.rest)) };
        }
        let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
        let end = self.rest.find(|letter| !is_number(letter)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        let value = number.parse().map_err(|_| format!("no number at `{}`", self.rest))?;
        self.rest = rest.trim_start();
        Ok(value)
    }

    fn take(&mut self, sign: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest.trim_start();
        true
    }
}

#[test]
fn arithmetic_has_its_precedence() {
    for (text, value) in [("1+2*3", 7.0), ("(150/120-1)*100", 25.0), ("-2 - -3", 1.0), ("8/2/2", 2.0)] {
        assert_eq!(evaluate(text), Ok(value), "{text}");
    }
    assert!(evaluate("1 2").is_err() && evaluate("(1").is_err() && evaluate("x").is_err());
}
