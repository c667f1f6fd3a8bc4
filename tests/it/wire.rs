//! A proxy between client and server that breaks the network on purpose. It never answers for the database, except
//! with an error; what it changes of a request (a clock, a version) the database itself then answers.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aiviews::db::Db;
use aiviews::db::http_client::Dial;
use aiviews::db::retry::RetryPolicy;
use aiviews::engine::Entry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::child::TOKEN;
use crate::support;

/// How a request is broken.
#[derive(Clone, Debug)]
pub enum Break {
    /// The connection is reset before the server sees anything.
    ResetBefore,
    /// The server does its work, the answer is lost.
    ResetAfter,
    /// Half of the answer arrives.
    ResetWithin,
    /// No answer ever comes, nothing reaches the server.
    Stall,
    /// The server does its work, and its answer comes a second later.
    Late,
    /// A gateway's page.
    Gateway,
    /// The answer turns into an exception, cut into small chunks.
    LateException,
    /// The chunked body ends without its last chunk.
    Truncated,
    /// The right answer, a few bytes at a time.
    Drip,
    /// A login page with status 200, of so many lines.
    Portal(usize),
    /// A page with status 404: another program, or another path.
    Missing,
    /// An error of ClickHouse with this code.
    Code(u32, &'static str),
    /// The server does its work, and tells this error all the same.
    DoneAndCode(u32, &'static str),
}

struct Rule {
    text: String,
    breaks: Break,
    times: usize,
}

/// Texts, and what they become.
type Pairs = Vec<(String, String)>;

#[derive(Default)]
struct Rules {
    rules: Mutex<Vec<Rule>>,
    /// One of ten requests is broken, by a sequence that begins with this number.
    weather: Mutex<Option<u64>>,
    broken: AtomicUsize,
    passed: AtomicUsize,
    rewrites: Mutex<Pairs>,
    /// A text whose first request, and what comes after it, is rewritten like this.
    later: Mutex<Option<(String, Pairs)>>,
    /// Two replicas behind one address.
    replicas: Mutex<Option<Replicas>>,
    /// Every request, decoded enough to be read.
    seen: Mutex<Vec<String>>,
}

/// What a load balancer in front of two replicas does, by a sequence that begins with a seed. Both are the one engine;
/// the second names itself otherwise, and a replica that lags swaps from a copy that has fewer rows.
struct Replicas {
    balancing: Balancing,
    state: u64,
    is_second: bool,
    stale_swaps: usize,
    switches: usize,
}

/// When a load balancer goes to another replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balancing {
    /// Between two requests, be it on one connection: now and then.
    Requests,
    /// Between two connections: now and then.
    Connections,
    /// With each connection, and no replica lags.
    EachConnection,
}

impl Replicas {
    fn one_of(&mut self, many: u64) -> bool {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33).is_multiple_of(many)
    }

    fn switch_if(&mut self, is_time: bool) {
        if is_time {
            self.is_second = !self.is_second;
            self.switches += 1;
        }
    }

    /// Whether a new connection reaches the second one.
    fn connected(&mut self) -> bool {
        let is_time = match self.balancing {
            Balancing::Requests => false,
            Balancing::Connections => self.one_of(60),
            Balancing::EachConnection => true,
        };
        self.switch_if(is_time);
        self.is_second
    }

    /// How this request is rewritten.
    fn turn(&mut self, request: &str, reached_second: bool) -> Pairs {
        let is_time = self.balancing == Balancing::Requests && self.one_of(60);
        self.switch_if(is_time);
        let is_second = match self.balancing {
            Balancing::Requests => self.is_second,
            Balancing::Connections | Balancing::EachConnection => reached_second,
        };
        let mut pairs = Vec::new();
        if is_second {
            pairs.push(("hostName() AS".to_owned(), "'second' AS".to_owned()));
        }
        if self.balancing == Balancing::EachConnection {
            return pairs;
        }
        let often = if is_second { 2 } else { 12 };
        if let Some((_, rest)) =
            request.split_once("REPLACE PARTITION").and_then(|it| it.1.split_once(" FROM "))
            && self.one_of(often)
        {
            let is_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
            let staging: String = rest.chars().take_while(is_name).collect();
            let table = crate::generations::TABLES.iter().find(|table| staging.ends_with(**table));
            pairs.push((format!("FROM {staging}"), format!("FROM stale_{}", table.expect("a table"))));
            self.stale_swaps += 1;
        }
        pairs
    }
}

/// The proxy with its server behind it.
pub struct Proxy {
    pub url: String,
    rules: Arc<Rules>,
}

impl Proxy {
    /// In front of the engine of this process.
    pub async fn start() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = listener.local_addr().expect("an address").port();
        let engine = support::engine();
        tokio::spawn(async move {
            engine
                .serve(
                    listener,
                    Entry { token: TOKEN.to_owned(), ..Entry::default() },
                    || {},
                    std::future::pending(),
                )
                .await
                .expect("serves");
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let rules = Arc::new(Rules::default());
        let shared = rules.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let rules = shared.clone();
                tokio::spawn(async move {
                    // A broken connection is what this is about.
                    let _ = pass(client, server, &rules).await;
                });
            }
        });
        Proxy { url, rules }
    }

    /// The next `times` requests that contain this text (or all texts between ` & `) are broken.
    pub fn breaks(&self, text: &str, breaks: Break, times: usize) {
        self.breaks_each(&[text], breaks, times);
    }

    /// The same for each of these texts.
    pub fn breaks_each(&self, texts: &[&str], breaks: Break, times: usize) {
        self.rules.broken.store(0, Ordering::SeqCst);
        self.rules.passed.store(0, Ordering::SeqCst);
        let rule = |text: &&str| Rule { text: (*text).to_owned(), breaks: breaks.clone(), times };
        *self.rules.rules.lock().expect("no panic") = texts.iter().map(rule).collect();
    }

    /// From now on one of ten requests is broken, whichever, in any of these ways; or none.
    pub fn storms(&self, seed: Option<u64>) {
        self.rules.broken.store(0, Ordering::SeqCst);
        *self.rules.weather.lock().expect("no panic") = seed;
    }

    /// Late answers that have reached their client.
    pub fn passed(&self) -> usize {
        self.rules.passed.load(Ordering::SeqCst)
    }

    pub fn broken(&self) -> usize {
        self.rules.broken.load(Ordering::SeqCst)
    }

    /// From now on this text of a request becomes that one; nothing is broken any more.
    pub fn rewrites(&self, pairs: &[(&str, &str)]) {
        self.rules.rules.lock().expect("no panic").clear();
        *self.rules.later.lock().expect("no panic") = None;
        let pairs = pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
        *self.rules.rewrites.lock().expect("no panic") = pairs.collect();
        self.rules.seen.lock().expect("no panic").clear();
    }

    /// The same from the first request on that contains this text.
    pub fn rewrites_from(&self, text: &str, always: &[(&str, &str)], then: &[(&str, &str)]) {
        self.rewrites(always);
        let then = then.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        *self.rules.later.lock().expect("no panic") = Some((text.to_owned(), then));
    }

    /// From now on two replicas answer, or one.
    pub fn balances(&self, how: Option<(Balancing, u64)>) {
        let replicas = how.map(|(balancing, state)| Replicas {
            balancing,
            state,
            is_second: false,
            stale_swaps: 0,
            switches: 0,
        });
        *self.rules.replicas.lock().expect("no panic") = replicas;
    }

    /// How often the replicas took turns, and how often one swapped from fewer rows.
    pub fn balanced(&self) -> (usize, usize) {
        let replicas = self.rules.replicas.lock().expect("no panic");
        replicas.as_ref().map_or((0, 0), |replicas| (replicas.switches, replicas.stale_swaps))
    }

    /// The requests since the last rewriting was set.
    pub fn seen(&self) -> Vec<String> {
        self.rules.seen.lock().expect("no panic").clone()
    }

    /// A connection through the proxy, with short rests.
    pub fn db(&self, database: &str) -> Db {
        let dial = Dial {
            url: self.url.clone(),
            user: "default".to_owned(),
            password: TOKEN.to_owned(),
            database: Some(database.to_owned()),
        };
        Db::new(dial.client().0, "proxy", &format!("{database}_proxied"), quick()).dialed(dial)
    }
}

/// One address for two servers: who asks as this user is answered by the second, where he is the only one.
pub async fn two_users(first: u16, user: &'static str, second: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let request = read_request(&mut client).await?;
                let end = head_end(&request).unwrap_or(request.len());
                let head = String::from_utf8_lossy(&request[..end]).into_owned();
                let header = format!("x-clickhouse-user: {user}");
                let port = if head.contains(&header) { second } else { first };
                let mut passed = head.replace(&header, "x-clickhouse-user: default").into_bytes();
                passed.extend(&request[end..]);
                client.write_all(&answer(&passed, port).await?).await
            });
        }
    });
    url
}

/// The default policy with rests of a millisecond.
pub fn quick() -> RetryPolicy {
    RetryPolicy {
        first_delay: Duration::from_millis(1),
        slow_delay: Duration::from_millis(1),
        statement_timeout: Duration::from_secs(20),
        kill_timeout: Duration::from_secs(2),
        ..RetryPolicy::default()
    }
}

/// What the weather does to the next request: a linear congruential sequence, so that a seed is a run.
fn struck(rules: &Rules) -> Option<Break> {
    let mut weather = rules.weather.lock().expect("no panic");
    let state = weather.as_mut()?;
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let number = *state >> 33;
    if number % 10 != 0 {
        return None;
    }
    rules.broken.fetch_add(1, Ordering::SeqCst);
    let ways = [
        Break::ResetBefore,
        Break::ResetAfter,
        Break::ResetWithin,
        Break::Gateway,
        Break::LateException,
        Break::Truncated,
        Break::Code(241, "Memory limit exceeded"),
        Break::Code(159, "Timeout exceeded"),
    ];
    Some(ways[(number / 10) as usize % ways.len()].clone())
}

fn matching(rules: &Rules, request: &str) -> Option<Break> {
    if let Some(way) = struck(rules) {
        return Some(way);
    }
    let mut armed = rules.rules.lock().expect("no panic");
    let rule = armed
        .iter_mut()
        .find(|rule| rule.times > 0 && rule.text.split(" & ").all(|part| request.contains(part)))?;
    // Killing the query is not the statement itself.
    if request.contains("KILL QUERY") {
        return None;
    }
    rule.times -= 1;
    rules.broken.fetch_add(1, Ordering::SeqCst);
    Some(rule.breaks.clone())
}

/// The request with its texts replaced, and its length set right.
fn rewritten(rules: &Rules, request: Vec<u8>, reached_second: bool) -> Vec<u8> {
    let mut pairs = rules.rewrites.lock().expect("no panic");
    let Ok(text) = std::str::from_utf8(&request) else { return request };
    let mut later = rules.later.lock().expect("no panic");
    if later.as_ref().is_some_and(|(from, _)| text.contains(from)) {
        pairs.extend(later.take().map(|(_, then)| then).unwrap_or_default());
    }
    let mut pairs = pairs.clone();
    if let Some(replicas) = rules.replicas.lock().expect("no panic").as_mut() {
        pairs.extend(replicas.turn(text, reached_second));
    }
    if !pairs.iter().any(|(from, _)| text.contains(from)) {
        return request;
    }
    let end = head_end(&request).expect("a head");
    let (head, mut body) = (&text[..end], text[end..].to_owned());
    let before = format!("content-length: {}\r\n", body.len());
    for (from, to) in pairs.iter() {
        body = body.replace(from, to);
    }
    assert!(head.contains(&before), "a statement is sent with its length: {head}");
    (head.replace(&before, &format!("content-length: {}\r\n", body.len())) + &body).into_bytes()
}

async fn pass(mut client: TcpStream, server: u16, rules: &Rules) -> std::io::Result<()> {
    let reached_second = rules.replicas.lock().expect("no panic").as_mut().is_some_and(Replicas::connected);
    let (request, decoded) = loop {
        let request = rewritten(rules, read_request(&mut client).await?, reached_second);
        let text = String::from_utf8_lossy(&request).into_owned();
        let decoded = text.replace('+', " ").replace("%20", " ").replace("%60", "`");
        rules.seen.lock().expect("no panic").push(decoded.clone());
        // A connection that asks who is at its other end is used afterwards.
        if !decoded.ends_with("server_id\nFORMAT TabSeparated") {
            break (request, decoded);
        }
        let answer =
            String::from_utf8_lossy(&answer(&request, server).await?).replace("connection: close\r\n", "");
        client.write_all(answer.as_bytes()).await?;
    };
    let Some(breaks) = matching(rules, &decoded) else {
        return client.write_all(&answer(&request, server).await?).await;
    };
    match breaks {
        Break::ResetBefore => reset(client),
        Break::ResetAfter => {
            answer(&request, server).await?;
            reset(client)
        }
        Break::ResetWithin => {
            let answer = answer(&request, server).await?;
            client.write_all(&answer[..answer.len() / 2]).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(client)
        }
        Break::Stall => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(())
        }
        Break::Late => {
            let answer = answer(&request, server).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.write_all(&answer).await?;
            rules.passed.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
        Break::Gateway => {
            let page = "<html><h1>503 Service Unavailable</h1>".repeat(200);
            let head = format!(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            client.write_all((head + &page).as_bytes()).await
        }
        Break::LateException => late_exception(client).await,
        Break::Truncated => {
            client
                .write_all(
                    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nab",
                )
                .await
        }
        Break::Drip => {
            for piece in answer(&request, server).await?.chunks(16) {
                client.write_all(piece).await?;
                client.flush().await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Ok(())
        }
        Break::Portal(lines) => {
            let page = "<html><title>Welcome to the airport</title></html>\n".repeat(lines);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            client.write_all((head + &page).as_bytes()).await
        }
        Break::Missing => {
            let page = "<html><head><title>404 Not Found</title></head></html>";
            let head = format!(
                "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            client.write_all((head + page).as_bytes()).await
        }
        Break::DoneAndCode(code, text) => {
            answer(&request, server).await?;
            client.write_all(&exception(code, text)).await
        }
        Break::Code(code, text) => client.write_all(&exception(code, text)).await,
    }
}

/// An answer of ClickHouse that is an error.
fn exception(code: u32, text: &str) -> Vec<u8> {
    let body = format!("Code: {code}. DB::Exception: {text}. (version 26.7.2.1 (official build))\n");
    let head = format!(
        "HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: {code}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

async fn late_exception(mut client: TcpStream) -> std::io::Result<()> {
    let tag = "abcdefghijklmnop";
    let head = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nX-ClickHouse-Exception-Tag: {tag}\r\nconnection: close\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await?;
    let message = "Code: 210. DB::Exception: the disk went away. (NETWORK_ERROR)\n";
    let body = format!("\r\n__exception__\r\n{tag}\r\n{message}{} {tag}\r\n__exception__\r\n", message.len());
    for piece in body.as_bytes().chunks(7) {
        client.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
        client.write_all(piece).await?;
        client.write_all(b"\r\n").await?;
        client.flush().await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    client.write_all(b"0\r\n\r\n").await
}

/// Closing with data unread, or with no linger, sends a reset.
fn reset(client: TcpStream) -> std::io::Result<()> {
    client.set_zero_linger()?;
    drop(client);
    Ok(())
}

/// The server's answer, which says that the connection ends with it.
async fn answer(request: &[u8], server: u16) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", server)).await?;
    let end = head_end(request).unwrap_or(request.len());
    let line_end = request.windows(2).position(|pair| pair == b"\r\n").unwrap_or(0) + 2;
    stream.write_all(&request[..line_end]).await?;
    stream.write_all(b"connection: close\r\n").await?;
    stream.write_all(&request[line_end..end]).await?;
    stream.write_all(&request[end..]).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// One request, whole: by its length or up to its last chunk.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = head_end(&bytes) {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let is_whole = match length {
                Some(length) => bytes.len() - end >= length,
                None if head.contains("transfer-encoding: chunked") => bytes.ends_with(b"0\r\n\r\n"),
                None => true,
            };
            if is_whole {
                return Ok(bytes);
            }
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}
