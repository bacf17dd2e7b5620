//! A small HTTP server that misbehaves on demand: it answers each connection with the next of the given turns.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// What happens on one connection, once the request has been read.
#[derive(Debug, Clone)]
pub enum Turn {
    /// These bytes are sent, then the connection is closed.
    Say(Vec<u8>),
    /// The same as soon as anything has come, whether it is a request or not.
    Interrupt(Vec<u8>),
    /// The connection is closed without a word, before anything was read.
    Close,
    /// The connection is closed without a word, after the request was read.
    ReadThenClose,
    /// Nothing is sent and nothing closed.
    Hang,
}

impl Turn {
    /// A whole answer.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} Because\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self::Say(format!("{head}Connection: close\r\n\r\n{body}").into_bytes())
    }
}

/// The server; its thread ends with the test process.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
}

/// The requests so far, and word of each.
#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    came: Condvar,
}

impl Server {
    /// Listens on a free port. After the last turn that one is repeated.
    pub fn start(turns: Vec<Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Seen::default());
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { return };
                let Some(turn) = turns.get(number).or_else(|| turns.last()) else { return };
                if !matches!(turn, Turn::Close | Turn::Interrupt(_)) {
                    let request = read(&mut stream);
                    seen.requests.lock().expect("no panic").push(request);
                    seen.came.notify_all();
                }
                match turn {
                    Turn::Say(bytes) => drop(stream.write_all(bytes)),
                    Turn::Interrupt(bytes) => {
                        let _ = stream.read(&mut [0; 4096]);
                        let _ = stream.write_all(bytes);
                    }
                    Turn::Close | Turn::ReadThenClose => {}
                    Turn::Hang => hanging.push(stream),
                }
            }
        });
        Self { address, seen: requests }
    }

    /// A URL of this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far, head and body as they came.
    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("no panic").clone()
    }

    /// Waits until a request has come.
    pub fn asked(&self) {
        let requests = self.seen.requests.lock().expect("no panic");
        drop(self.seen.came.wait_while(requests, |requests| requests.is_empty()).expect("no panic"));
    }
}

/// Reads a request to its end: the head, and as many bytes as it announces.
fn read(stream: &mut TcpStream) -> String {
    let _ = stream.set_read_timeout(Some(super::cli::HANGS));
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
