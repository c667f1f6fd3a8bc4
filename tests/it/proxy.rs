//! A proxy between client and server that breaks the network on purpose, and what the refresh makes of it.
//! It never answers for the database, except with an error.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aiviews::account::AccountId;
use aiviews::db::{Db, QueryError};
use aiviews::exit::{ExitCode, code_of};
use aiviews::refresh::{self, Options, report::Report};
use aiviews::retry::RetryPolicy;
use aiviews::stop::Stop;
use clickhouse::Client;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::child::{Place, TOKEN};
use crate::generations::{TABLES, fill, leftovers, make_sources, options, shown};
use crate::support::{self, sql};

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
    /// A gateway's page.
    Gateway,
    /// The answer turns into an exception, cut into small chunks.
    LateException,
    /// The chunked body ends without its last chunk.
    Truncated,
    /// The right answer, a few bytes at a time.
    Drip,
    /// A login page with status 200.
    Portal,
    /// An error of ClickHouse with this code.
    Code(u32, &'static str),
}

struct Rule {
    text: String,
    breaks: Break,
    times: usize,
}

#[derive(Default)]
struct Rules {
    rule: Mutex<Option<Rule>>,
    broken: AtomicUsize,
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
            engine.serve(listener, TOKEN.to_owned(), || {}, std::future::pending()).await.expect("serves");
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
        self.rules.broken.store(0, Ordering::SeqCst);
        *self.rules.rule.lock().expect("no panic") = Some(Rule { text: text.to_owned(), breaks, times });
    }

    pub fn broken(&self) -> usize {
        self.rules.broken.load(Ordering::SeqCst)
    }

    /// A connection through the proxy, with short rests.
    pub fn db(&self, database: &str) -> Db {
        let client = Client::default().with_url(&self.url).with_user("default").with_password(TOKEN);
        Db::new(client.with_database(database), "proxy", &format!("{database}_proxied"), quick())
    }
}

/// The default policy with rests of a millisecond.
fn quick() -> RetryPolicy {
    RetryPolicy {
        first_delay: Duration::from_millis(1),
        slow_delay: Duration::from_millis(1),
        statement_timeout: Duration::from_secs(20),
        kill_timeout: Duration::from_secs(2),
        ..RetryPolicy::default()
    }
}

fn matching(rules: &Rules, request: &str) -> Option<Break> {
    let mut rule = rules.rule.lock().expect("no panic");
    let rule = rule
        .as_mut()
        .filter(|rule| rule.times > 0 && rule.text.split(" & ").all(|part| request.contains(part)))?;
    // Killing the query is not the statement itself.
    if request.contains("KILL QUERY") {
        return None;
    }
    rule.times -= 1;
    rules.broken.fetch_add(1, Ordering::SeqCst);
    Some(rule.breaks.clone())
}

async fn pass(mut client: TcpStream, server: u16, rules: &Rules) -> std::io::Result<()> {
    let request = read_request(&mut client).await?;
    let text = String::from_utf8_lossy(&request).into_owned();
    let decoded = text.replace('+', " ").replace("%20", " ").replace("%60", "`");
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
        Break::Portal => {
            let page = "<html><title>Welcome to the airport</title></html>";
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            client.write_all((head + page).as_bytes()).await
        }
        Break::Code(code, text) => {
            let body = format!("Code: {code}. DB::Exception: {text}. (version 26.7.2.1 (official build))\n");
            let head = format!(
                "HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: {code}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            client.write_all((head + &body).as_bytes()).await
        }
    }
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

async fn refresh(db: &Db) -> anyhow::Result<Report> {
    let (_sender, stop) = Stop::by_hand();
    let accounts = ["acc0", "acc1"].map(|id| AccountId::new(id).expect("plain")).to_vec();
    let mut report = refresh::run(db, &Options { accounts, ..options() }, &stop).await?;
    report.settle(None);
    Ok(report)
}

async fn world(test: &str) -> (Db, Proxy) {
    let db = support::database(test).await;
    make_sources(&db).await;
    support::migrate(&db).await;
    fill(&db, &["acc0", "acc1"], 1).await;
    refresh(&db).await.expect("a clean run");
    (db, Proxy::start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_kind_of_statement_is_survived() {
    let (db, proxy) = world("network").await;
    let mut clean = Vec::new();
    for generation in [1, 2] {
        fill(&db, &["acc0", "acc1"], generation).await;
        refresh(&db).await.expect("a clean run");
        clean.push(shown(&db, &TABLES).await);
    }
    let breaks = [
        Break::ResetBefore,
        Break::ResetAfter,
        Break::ResetWithin,
        Break::Gateway,
        Break::LateException,
        Break::Truncated,
        Break::Drip,
        Break::Code(241, "Memory limit exceeded"),
        Break::Code(159, "Timeout exceeded"),
    ];
    let statements = [
        "CREATE TABLE IF NOT EXISTS",
        "INSERT INTO {staging:Identifier}",
        // The client sends the text of an insert in the address.
        "INSERT INTO `ai_refresh_log`",
        "REPLACE PARTITION",
        "DROP TABLE",
    ];
    let mut runs = 0;
    for breaks in &breaks {
        for statement in statements {
            runs += 1;
            fill(&db, &["acc0", "acc1"], runs % 2 + 1).await;
            proxy.breaks(statement, breaks.clone(), 1);
            let report = refresh(&proxy.db(db.database())).await;
            let what = format!("{breaks:?} at `{statement}`");
            let report = report.unwrap_or_else(|error| panic!("{what}: {error:#}"));
            assert_eq!((proxy.broken(), report.published, report.exit_codes), (1, 2, vec![0]), "{what}");
            assert_eq!(shown(&db, &TABLES).await, clean[(runs % 2) as usize], "{what}");
            assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{what}");
        }
    }
    println!("{runs} runs, each with one broken statement");
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_tried_as_its_class_says() {
    let db = support::database("classes").await;
    let proxy = Proxy::start().await;
    let proxied = proxy.db(db.database());
    let transient = [
        198, 202, 203, 209, 210, 225, 242, 244, 254, 265, 279, 285, 425, 439, 473, 519, 574, 733, 738, 745,
        749, 762, 999,
    ];
    let never = [
        16, 36, 43, 44, 47, 53, 60, 62, 70, 81, 115, 122, 164, 184, 192, 193, 194, 243, 246, 349, 395, 407,
        452, 456, 457, 497, 516, 740,
    ];
    let classes: [(&[u32], usize, Option<ExitCode>); 6] = [
        (&transient, 6, Some(ExitCode::Unreachable)),
        (&[241, 252, 236], 3, Some(ExitCode::Unreachable)),
        (&[216], 1, Some(ExitCode::LockHeld)),
        (&[319, 3, 32, 33], 2, Some(ExitCode::Unreachable)),
        (&[159, 160, 394, 735], 2, Some(ExitCode::Unreachable)),
        (&never, 1, None),
    ];
    for (codes, tries, exit) in classes {
        for code in codes {
            proxy.breaks("SELECT 41", Break::Code(*code, "as told"), 100);
            let error = proxied.statement(&sql("SELECT 41")).execute().await.expect_err("broken");
            assert_eq!(proxy.broken(), tries, "code {code}");
            assert_eq!(error.downcast_ref::<QueryError>().expect("a query error").code, Some(*code));
            let expected = exit.unwrap_or(match code {
                164 | 192..=194 | 497 | 516 => ExitCode::AccessDenied,
                16 | 47 | 60 | 81 => ExitCode::SchemaMismatch,
                _ => ExitCode::Failed,
            });
            assert_eq!(code_of(&error), expected, "code {code}");
        }
    }
    proxy.breaks("SELECT 41", Break::Code(252, "Too many partitions for single INSERT block"), 100);
    proxied.statement(&sql("SELECT 41")).execute().await.expect_err("broken");
    assert_eq!(proxy.broken(), 1, "too many partitions never pass");
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lasting_fault_ends_the_run_and_the_old_rows_stay() {
    let (db, proxy) = world("lasting").await;
    let before = shown(&db, &TABLES).await;
    fill(&db, &["acc0", "acc1"], 2).await;
    let lasting = [
        (Break::ResetBefore, ExitCode::Unreachable),
        (Break::Gateway, ExitCode::Unreachable),
        (Break::Truncated, ExitCode::Unreachable),
        (Break::Stall, ExitCode::Unreachable),
        (Break::Code(243, "Cannot reserve 1 MiB, not enough space"), ExitCode::Failed),
        (
            Break::Code(
                497,
                "Not enough privileges. To execute this query, it's necessary to have the grant INSERT",
            ),
            ExitCode::AccessDenied,
        ),
        (Break::Code(252, "Too many parts (3000)"), ExitCode::Unreachable),
    ];
    for (breaks, code) in lasting {
        let what = format!("{breaks:?}");
        proxy.breaks("INSERT INTO {staging:Identifier}", breaks, 1000);
        let policy = RetryPolicy {
            statement_timeout: Duration::from_millis(700),
            kill_timeout: Duration::from_millis(700),
            ..quick()
        };
        let error = refresh(&proxy.db(db.database()).with_retries(policy)).await.expect_err(&what);
        assert_eq!(code_of(&error), code, "{what}: {error:#}");
        let text = format!("{error:#}");
        assert!(text.len() < 1200 && text.contains("proxy") && !text.contains(TOKEN), "{what}: {text}");
        assert_eq!(shown(&db, &TABLES).await, before, "{what}");
    }
    // Memory that one account alone lacks fails that account, and the batch of both was halved first.
    proxy.breaks(
        "INSERT INTO {staging:Identifier} & ['acc0'",
        Break::Code(241, "Memory limit exceeded"),
        1000,
    );
    let report = refresh(&proxy.db(db.database())).await.expect("a report");
    assert_eq!((report.failed.len(), report.published), (1, 1));
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_or_a_silent_port_is_no_database() {
    let proxy = Proxy::start().await;
    for (breaks, tries) in
        [(Break::Portal, 6), (Break::Gateway, 6), (Break::LateException, 6), (Break::ResetAfter, 2)]
    {
        proxy.breaks("SELECT", breaks.clone(), 1000);
        let mut db = proxy.db("system");
        let error = db.probe().await.expect_err("no database");
        assert!(matches!(code_of(&error), ExitCode::Unreachable | ExitCode::Failed), "{breaks:?}: {error:#}");
        assert_eq!(proxy.broken(), tries, "{breaks:?}");
    }
    let client = Client::default().with_url("http://127.0.0.1:9").with_password("hunter2");
    let error = Db::new(client, "http://127.0.0.1:9", "run", quick()).probe().await.expect_err("refused");
    assert_eq!(code_of(&error), ExitCode::Unreachable);
    let text = format!("{error:#}");
    assert!(text.contains("127.0.0.1:9") && !text.contains("hunter2"), "{text}");
}

/// The first signal lets the statement in flight end; the second one does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_leaves_at_once() {
    let (db, proxy) = world("signals").await;
    proxy.breaks("REPLACE PARTITION", Break::Stall, 1);
    let place = Place::new()
        .with("CLICKHOUSE_URL", &proxy.url)
        .with("CLICKHOUSE_PASSWORD", TOKEN)
        .with("CLICKHOUSE_DATABASE", db.database());
    let arguments = ["populate", "--days", "7", "--table", "segment_ai_trends", "-v"];
    let running = place.start_until("", &arguments, "publishing account");
    while proxy.broken() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.signal(Signal::INT);
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.signal(Signal::INT);
    let ended = running.end_within(Duration::from_secs(5));
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stderr.contains("once more to stop at once"), "{}", ended.stderr);
    // The next run of the same machine takes the lock over and heals.
    place.run(&arguments).expect(0);
    assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new());
    support::drop_database(&db).await;
}
