//! Lesser tokens: who has one may only read, and what runs is what others make of the statement.
//!
//! The statement is taken from its place in a request, and nothing else is: no settings, no parameters, no session.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_ENCODING;
use hyper::http::request::Parts;

use super::lexer::{Kind, Lexer, Token};
use super::multipart;
use super::request::Request;
use crate::engine::exception::Exception;
use crate::engine::session;

/// Statements of lesser tokens that are at work at one time; the owner's find place beside them.
pub const MOST_READING: usize = 16;

/// Bytes of a statement that are looked at.
const LONGEST: usize = 64 * 1024;

/// How long the statement may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Parameters of a URL that change neither what is read nor what it costs: said by clients, and not heard.
const UNHEARD: [&str; 12] = [
    "buffer_size",
    "client_protocol_version",
    "enable_http_compression",
    "http_header_format",
    "http_headers_progress_interval_ms",
    "password",
    "query_id",
    "quota_key",
    "readonly",
    "send_progress_in_http_headers",
    "user",
    "wait_end_of_query",
];

/// Formats that need nothing but the rows. Others name files, or schemas in files.
const FORMATS: [&str; 14] = [
    "arrow",
    "arrowstream",
    "markdown",
    "msgpack",
    "native",
    "null",
    "orc",
    "parquet",
    "rowbinary",
    "rowbinarywithnames",
    "rowbinarywithnamesandtypes",
    "values",
    "vertical",
    "xml",
];

/// The same, by how their names begin.
const FAMILIES: [&str; 5] = ["csv", "json", "pretty", "tabseparated", "tsv"];

/// Says who has a token, by the name of the user and the token; none for one that is not known.
pub type Readers = Arc<dyn Fn(String, String) -> BoxFuture<'static, Option<Reader>> + Send + Sync>;

/// Makes of a reader's statement what may run.
pub type Reader = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Reading, Exception>> + Send + Sync>;

/// What runs in the place of a reader's statement.
pub struct Reading {
    /// The database that may be read.
    pub database: String,
    /// The text that is run: names of tables stand for the reader's rows.
    pub sql: String,
    /// Its parameters, values as they are.
    pub parameters: Vec<(String, String)>,
    /// The limits that it runs in.
    pub settings: Vec<(String, String)>,
    /// What an error is told as, by its code and text: the engine's own words can quote a row.
    pub words: fn(u32, &str) -> String,
}

/// The request that a reader's request becomes.
pub async fn request(reader: &Reader, parts: &Parts, body: Incoming) -> Result<Request, Exception> {
    let asked = asked(parts)?;
    let text = statement(asked.query, body).await?;
    let (text, format) = without_format(&text);
    let format = format.or(asked.format);
    if let Some(format) = &format
        && !is_plain(format)
    {
        let message = format!("the format {format:?} is not served to this token; JSON, CSV and Parquet are");
        return Err(Exception::not_implemented(message));
    }
    let reading = reader(text.to_owned()).await?;
    if let Some(database) = asked.database
        && database != reading.database
    {
        let message = format!("this token reads the database `{}` only", reading.database);
        return Err(denied(&message));
    }
    let parameters = reading.parameters.into_iter().map(|(name, value)| (name, session::escape(&value)));
    Ok(Request {
        query: reading.sql.into_bytes(),
        database: Some(reading.database),
        default_format: format,
        settings: reading.settings,
        parameters: parameters.collect(),
        only_reads: true,
        is_reader: true,
        words: Some(reading.words),
        ..Request::default()
    })
}

/// What a reader's URL and headers may say.
#[derive(Default)]
struct Asked {
    query: String,
    database: Option<String>,
    format: Option<String>,
}

fn asked(parts: &Parts) -> Result<Asked, Exception> {
    if parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(Exception::not_implemented("a compressed statement is not served to this token"));
    }
    if multipart::boundary(&parts.headers).is_some() {
        return Err(Exception::not_implemented("a form is not served to this token"));
    }
    let mut asked = Asked::default();
    for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "query" => asked.query.push_str(&value),
            "database" => asked.database = Some(value.into_owned()),
            "default_format" => asked.format = Some(value.into_owned()),
            name if UNHEARD.contains(&name) => {}
            name => {
                let message = format!("`{name}` is not heard with this token: it takes a statement only");
                return Err(denied(&message));
            }
        }
    }
    let header = |name: &str| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
    asked.database = header("x-clickhouse-database").or(asked.database);
    asked.format = header("x-clickhouse-format").or(asked.format);
    asked.database = asked.database.filter(|name| !matches!(name.as_str(), "" | "default"));
    asked.format = asked.format.filter(|name| !name.is_empty());
    Ok(asked)
}

/// The statement: in the URL or in the body, not in two pieces.
async fn statement(query: String, body: Incoming) -> Result<String, Exception> {
    let read = tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await;
    let read = read.map_err(|_| Exception::bad_arguments("the statement takes too long to arrive"))?;
    let body = read
        .map_err(|error| Exception::bad_arguments(format!("cannot read the statement: {error}")))?
        .to_bytes();
    match (query.trim().is_empty(), body.trim_ascii().is_empty()) {
        (false, true) => Ok(query),
        (true, false) => String::from_utf8(body.to_vec())
            .map_err(|_| Exception::bad_arguments("the statement is not UTF-8")),
        (false, false) => Err(Exception::bad_arguments("the statement stands in the URL or in the body")),
        (true, true) => Err(Exception::new(62, "SYNTAX_ERROR", "Empty query")),
    }
}

/// The statement without `;` at its end and without the clause for the format, and that.
fn without_format(text: &str) -> (&str, Option<String>) {
    let mut tokens: Vec<Token> = Lexer::new(text.as_bytes()).collect();
    let mut end = text.len();
    while let Some(semicolon) = tokens.pop_if(|token| token.is_symbol(b';')) {
        end = semicolon.start;
    }
    if let [.., format, name] = &tokens[..]
        && format.is("FORMAT")
        && format.depth == 0
        && name.kind == Kind::Word
    {
        let name = String::from_utf8_lossy(name.text).into_owned();
        return (&text[..format.start], Some(name));
    }
    (&text[..end], None)
}

fn is_plain(format: &str) -> bool {
    let format = format.to_ascii_lowercase();
    FORMATS.contains(&format.as_str()) || FAMILIES.iter().any(|family| format.starts_with(family))
}

fn denied(message: &str) -> Exception {
    Exception::new(497, "ACCESS_DENIED", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_taken_from_the_end() {
        let of = |text| {
            let (text, format) = without_format(text);
            (text.trim_end().to_owned(), format.unwrap_or_default())
        };
        let cut = |text: &str, format: &str| (text.to_owned(), format.to_owned());
        assert_eq!(of("SELECT 1 FORMAT JSON;\n -- end"), cut("SELECT 1", "JSON"));
        assert_eq!(of("SELECT 1;; "), cut("SELECT 1", ""));
        assert_eq!(of("SELECT 'FORMAT CSV'"), cut("SELECT 'FORMAT CSV'", ""));
        // What is left is refused by who looks at the statement.
        assert_eq!(of("SELECT 1 FORMAT CSV FORMAT JSON"), cut("SELECT 1 FORMAT CSV", "JSON"));
        assert_eq!(of("(SELECT 1 FORMAT CSV)"), cut("(SELECT 1 FORMAT CSV)", ""));
        assert_eq!(of("SELECT 1; SELECT 2"), cut("SELECT 1; SELECT 2", ""));
        assert_eq!(of(""), cut("", ""));
    }

    #[test]
    fn formats_that_name_files_are_not_plain() {
        for format in ["JSONCompact", "CSVWithNames", "TSV", "PrettyCompact", "Parquet", "RowBinaryWithNames"]
        {
            assert!(is_plain(format), "{format}");
        }
        for format in ["Template", "CustomSeparated", "Protobuf", "CapnProto", "Avro", "MySQLWire", "x"] {
            assert!(!is_plain(format), "{format}");
        }
    }
}
