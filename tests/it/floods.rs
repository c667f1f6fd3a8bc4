//! Many connections to `serve` at once, of clients that go away, stay silent or have no token.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::attacks::{POST, send};
use crate::child::{Place, Serve, TOKEN};

/// Opens a connection and sends the begin of a request.
fn begin(serve: &Serve, request: &str) -> TcpStream {
    let address = serve.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("serve listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    stream.write_all(request.as_bytes()).expect("sent");
    stream
}

/// Waits until it is so; silent connections last longer by themselves.
#[track_caller]
fn wait_until<T: std::fmt::Debug>(mut look: impl FnMut() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(started.elapsed() < Duration::from_secs(15), "still {seen:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn count(pid: u32, folder: &str) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/{folder}")).expect("a process").count()
}

/// The engine's threads: those of the runtime go when they have been idle for some seconds.
fn engine_threads(pid: u32) -> usize {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process").flatten();
    let names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
    names.filter(|name| !name.starts_with("tokio")).count()
}

#[test]
fn inserts_whose_clients_go_away_leave_nothing_behind() {
    let place = Place::new();
    let serve = place.serve();
    let pid = serve.pid();
    assert_eq!(send(&serve, TOKEN, "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x", &POST), "");
    let (threads, files) = (engine_threads(pid), count(pid, "fd"));
    let running = || send(&serve, TOKEN, "SELECT count() FROM system.processes", &[]);
    let head = format!(
        "POST /?query=INSERT+INTO+t+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\nX-ClickHouse-Key: {TOKEN}\r\n\
         Content-Length: 1000000\r\n\r\n"
    );
    let clients: Vec<TcpStream> = (0..30).map(|_| begin(&serve, &(head.clone() + "1\n2\n"))).collect();
    wait_until(running, |said| said == "31\n");
    drop(clients);
    wait_until(running, |said| said == "1\n");
    // The first failure makes the engine open its own symbols, and 16 idle threads are kept for what comes next.
    wait_until(|| count(pid, "fd"), |&now| now <= files + 20);
    wait_until(|| engine_threads(pid), |&now| now <= threads + 20);
    assert_eq!(send(&serve, TOKEN, "SELECT count() FROM t", &[]), "0\n", "half an insert is none");
}

#[test]
fn who_has_the_token_is_answered_among_many_who_have_none() {
    let place = Place::new();
    let serve = place.serve();
    let pid = serve.pid();
    let files = count(pid, "fd");
    let known =
        format!("GET /?query=SELECT+1 HTTP/1.1\r\nHost: localhost\r\nX-ClickHouse-Key: {TOKEN}\r\n\r\n");
    let mut early = begin(&serve, &known);
    let mut answer = [0; 4096];
    assert!(early.read(&mut answer).expect("an answer") > 0);
    // Silent ones, begun heads, bodies that never come, and those who knock without a token.
    let body = "POST /?query=SELECT+1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n1";
    let requests = ["", "GET / HTTP/1.1\r\nHost: ", body, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    let strangers: Vec<TcpStream> = (0..400).map(|number| begin(&serve, requests[number % 4])).collect();
    assert_eq!(send(&serve, TOKEN, "SELECT 1", &[]), "1\n");
    wait_until(|| count(pid, "fd"), |&now| now <= files + 140);
    // A body without a token is not waited for.
    let mut refused = strangers.iter().skip(2).step_by(4).next_back().expect("a stranger");
    assert!(refused.read(&mut answer).expect("an answer") > 0);
    assert!(answer.starts_with(b"HTTP/1.1 403 "), "{}", String::from_utf8_lossy(&answer));
    // The connection of before is still the same.
    early.write_all(known.as_bytes()).expect("sent");
    assert!(early.read(&mut answer).expect("an answer") > 0);
}
