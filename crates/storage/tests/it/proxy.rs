//! A proxy between the store and PostgreSQL that can lose a COMMIT or its answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;

/// A simple query "commit" on the wire.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

/// What becomes of the next COMMIT.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Loss {
    /// It never reaches the server.
    Commit = 1,
    /// The server commits; its answer is lost.
    Answer = 2,
}

pub struct Proxy {
    /// The URL to give to the store.
    pub url: String,
    next: Arc<AtomicU8>,
}

impl Proxy {
    /// A proxy in front of the server of `url`.
    pub fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (user, rest) = url.rsplit_once('@').unwrap();
        let (place, database) = rest.split_once('/').unwrap();
        let place = place.replace("%2F", "/");
        let next = Arc::new(AtomicU8::new(0));
        let proxy = Self {
            url: format!("{user}@{}/{database}", listener.local_addr().unwrap()),
            next: next.clone(),
        };
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                carry(client, Server::connect(&place), next.clone());
            }
        });
        proxy
    }

    pub fn lose(&self, loss: Loss) {
        self.next.store(loss as u8, Ordering::SeqCst);
    }
}

enum Server {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Server {
    fn connect(place: &str) -> Self {
        if place.starts_with('/') {
            return Self::Unix(UnixStream::connect(format!("{place}/.s.PGSQL.5432")).unwrap());
        }
        Self::Tcp(TcpStream::connect(place).unwrap())
    }

    fn twin(&self) -> Self {
        match self {
            Self::Unix(stream) => Self::Unix(stream.try_clone().unwrap()),
            Self::Tcp(stream) => Self::Tcp(stream.try_clone().unwrap()),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Unix(stream) => stream.read(buffer).unwrap_or(0),
            Self::Tcp(stream) => stream.read(buffer).unwrap_or(0),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Unix(stream) => stream.write_all(bytes).is_ok(),
            Self::Tcp(stream) => stream.write_all(bytes).is_ok(),
        }
    }

    fn close(&self) {
        let _ = match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

fn carry(client: TcpStream, server: Server, next: Arc<AtomicU8>) {
    let losing = Arc::new(AtomicBool::new(false));
    let (mut from, mut to, swallow) = (client.try_clone().unwrap(), server.twin(), losing.clone());
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        loop {
            let n = from.read(&mut buffer).unwrap_or(0);
            let sent = &buffer[..n];
            let mut loss = 0;
            if sent.windows(COMMIT.len()).any(|w| w == COMMIT) {
                loss = next.swap(0, Ordering::SeqCst);
            }
            if loss == Loss::Answer as u8 {
                swallow.store(true, Ordering::SeqCst);
            }
            if n == 0 || loss == Loss::Commit as u8 || !to.write(sent) {
                break;
            }
        }
        to.close();
        let _ = from.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server, client);
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        loop {
            let n = from.read(&mut buffer);
            if n == 0 || losing.load(Ordering::SeqCst) || to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        from.close();
        let _ = to.shutdown(Shutdown::Both);
    });
}
