//! A webhook of ours: answers as it is told to, and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// With this status.
    Status(u16),
    /// 429, to be left alone for so many seconds.
    TooMany(u32),
    /// It takes the message and says nothing.
    Silence,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Posted {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// The webhook; its thread ends with the test process.
#[derive(Clone)]
pub struct Inbox {
    pub port: u16,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Inbox {
    pub fn start() -> Inbox {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inbox = Inbox { port, answers: Arc::default(), posted: Arc::default() };
        let here = inbox.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let here = here.clone();
                std::thread::spawn(move || here.serve(stream));
            }
        });
        inbox
    }

    /// The next answers; after them 200.
    pub fn will(&self, answers: &[Answer]) {
        self.answers.lock().expect("a lock").extend(answers);
    }

    /// What came since it was last asked.
    pub fn take(&self) -> Vec<Posted> {
        std::mem::take(&mut *self.posted.lock().expect("a lock"))
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let Some(posted) = read(&mut reader) else { return };
        self.posted.lock().expect("a lock").push(posted);
        let answer = self.answers.lock().expect("a lock").pop_front().unwrap_or(Answer::Status(200));
        let mut stream = stream;
        let text = match answer {
            Answer::Status(status) => format!(
                "HTTP/1.1 {status} x\r\ncontent-length: 14\r\nconnection: close\r\n\r\nservices/hunt2"
            ),
            Answer::TooMany(seconds) => format!(
                "HTTP/1.1 429 x\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            ),
            // Until the other side goes.
            Answer::Silence => return drop(reader.read(&mut [0])),
        };
        let _ = stream.write_all(text.as_bytes());
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Posted> {
    let mut line = || {
        let mut line = String::new();
        (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Posted { path, headers, body: String::from_utf8(body).ok()? })
}
