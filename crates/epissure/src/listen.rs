//! Listeners: TCP, TLS, HTTP/1.1 and HTTP/2, everything bounded (trust D14, R9). What is served is
//! an axum router; who is at the other end travels in the request's extensions.

use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::config::Listen;
use crate::tasks::Tasks;

/// Connections of one listener at once; fewer when the process may open few files.
const CONNECTIONS_MAX: usize = 4_096;
/// Files left for everything else than connections.
const FILES_KEPT: usize = 256;
/// A TLS handshake takes at most this long.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// The head of a request takes at most this long to arrive.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// A connection without a byte for this long is closed.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// A request is answered within this, its body's arrival included.
const REQUEST_MAX: Duration = Duration::from_secs(60);
/// Longest a request that carries files may take: they come at the pace of the sender's line, and a
/// connection that falls silent is closed long before.
const UPLOAD_MAX: Duration = Duration::from_secs(3_600);
/// How often idleness is looked at.
const IDLE_TICK: Duration = Duration::from_secs(5);
/// Headers of one request.
const HEADERS_MAX: usize = 100;
/// Bytes of one request's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Requests under way on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Wait after an accept that failed for want of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end of a connection.
#[derive(Clone)]
pub struct Peer {
    /// Its address.
    pub remote: SocketAddr,
    /// The certificate it proved to hold, in DER.
    pub certificate: Option<Arc<[u8]>>,
}

/// Writes the peer into a request's extensions, under the types the edge reads.
pub type Stamp = fn(&mut Extensions, &Peer);

/// What one listener serves.
#[derive(Clone)]
pub struct Served {
    /// The TLS side.
    pub tls: TlsAcceptor,
    /// The routes.
    pub router: Router,
    /// How they learn who is calling.
    pub stamp: Stamp,
}

/// Binds every address that `listen` stands for, all on one port.
///
/// # Errors
/// The name has no address, or none can be bound.
pub async fn bind(listen: &Listen) -> Result<Vec<TcpListener>> {
    let shown = || format!("cannot listen on {} port {}", listen.address, listen.port);
    let found = (listen.address.as_str(), listen.port)
        .to_socket_addrs()
        .with_context(shown)?;
    let (mut listeners, mut port) = (Vec::new(), listen.port);
    for mut address in found {
        address.set_port(port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            // A machine without IPv6 still has the name's other address.
            Err(error) if listeners.is_empty() && error.kind() == std::io::ErrorKind::AddrInUse => {
                return Err(error).with_context(shown);
            }
            Err(error) => tracing::debug!(%address, %error, "address not bound"),
        }
    }
    if listeners.is_empty() {
        bail!(shown());
    }
    Ok(listeners)
}

/// Serves what arrives at `listeners` until the tasks are told to end.
pub fn serve(tasks: &Tasks, listeners: Vec<TcpListener>, served: &Served) {
    let room = Arc::new(Semaphore::new(connections_max()));
    for listener in listeners {
        let (here, served, room) = (tasks.clone(), served.clone(), Arc::clone(&room));
        tasks.spawn(accept(here, listener, served, room));
    }
}

/// The cap on connections of one listener: half of the files the process may open.
fn connections_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)?.parse::<usize>().ok());
    soft.map_or(CONNECTIONS_MAX, |files| {
        (files.saturating_sub(FILES_KEPT) / 2).clamp(16, CONNECTIONS_MAX)
    })
}

async fn accept(tasks: Tasks, listener: TcpListener, served: Served, room: Arc<Semaphore>) {
    let mut stop = tasks.stop();
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = stop.wait() => return,
            next = next => next,
        };
        let Ok(permit) = permit else { return };
        match accepted {
            Ok((stream, remote)) => {
                let connection = connection(tasks.clone(), stream, remote, served.clone());
                tasks.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                if !stop.pause(ACCEPT_PAUSE).await {
                    return;
                }
            }
        }
    }
}

async fn connection(tasks: Tasks, stream: TcpStream, remote: SocketAddr, served: Served) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let mut stop = tasks.stop();
    let handshake = tokio::time::timeout(HANDSHAKE_MAX, served.tls.accept(stream));
    let stream = tokio::select! {
        () = stop.wait() => return,
        done = handshake => match done {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%remote, %error, "handshake failed"),
            Err(_) => return tracing::debug!(%remote, "handshake too slow"),
        },
    };
    let certificates = stream.get_ref().1.peer_certificates();
    let certificate = certificates
        .and_then(<[_]>::first)
        .map(|der| Arc::from(der.as_ref()));
    let peer = Peer {
        remote,
        certificate,
    };
    let pulse = Arc::new(Pulse::new());
    let stream = TokioIo::new(Watched {
        stream,
        pulse: Arc::clone(&pulse),
    });
    let (router, stamp) = (served.router, served.stamp);
    let service = service_fn(move |mut request: Request<Incoming>| {
        stamp(request.extensions_mut(), &peer);
        answer(router.clone(), request)
    });
    let builder = builder(&tasks);
    let mut connection = pin!(builder.serve_connection(stream, service));
    let mut ending = false;
    loop {
        tokio::select! {
            done = connection.as_mut() => {
                if let Err(error) = done {
                    tracing::debug!(%remote, %error, "connection ended badly");
                }
                return;
            }
            () = stop.wait(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(IDLE_TICK) => {
                if pulse.silent_for() > IDLE_MAX {
                    return;
                }
            }
        }
    }
}

fn builder(tasks: &Tasks) -> Builder<Tasks> {
    let mut builder = Builder::new(tasks.clone());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX as u32)
        .keep_alive_interval(IDLE_MAX / 2)
        .keep_alive_timeout(HEAD_MAX);
    builder
}

/// Answers one request: in time, and whatever happens in its handler (trust D13).
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.headers().len() > HEADERS_MAX {
        return Ok(bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    let kind = request.headers().get(CONTENT_TYPE);
    let max = match kind.map(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
        Some(true) => UPLOAD_MAX,
        _ => REQUEST_MAX,
    };
    let handled = Unpanicking(Box::pin(router.oneshot(request.map(Body::new))));
    Ok(match tokio::time::timeout(max, handled).await {
        Ok(Some(Ok(response))) => response,
        Ok(None) => {
            tracing::error!("a handler panicked");
            bare(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(_) => bare(StatusCode::SERVICE_UNAVAILABLE),
    })
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A future that ends with `None` when the one inside panics.
struct Unpanicking<F>(Pin<Box<F>>);

impl<F: Future> Future for Unpanicking<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    }
}

/// When a connection last carried a byte, by a clock that nothing sets.
struct Pulse {
    born: Instant,
    last_ms: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self {
            born: Instant::now(),
            last_ms: AtomicU64::new(0),
        }
    }

    fn age(&self) -> Duration {
        self.born.elapsed()
    }

    fn beat(&self) {
        let ms = u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(ms, Ordering::Relaxed);
    }

    fn silent_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        self.age().saturating_sub(last)
    }
}

/// A stream whose pulse is taken.
struct Watched<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.beat();
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        if matches!(poll, Poll::Ready(Ok(n)) if n > 0) {
            self.pulse.beat();
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_that_panics_ends_with_nothing_and_another_with_its_value() {
        let panics = async { panic!("planted") };
        assert!(Unpanicking(Box::pin(panics)).await.is_none());
        assert_eq!(Unpanicking(Box::pin(async { 7 })).await, Some(7));
    }

    #[tokio::test]
    async fn every_address_of_a_name_listens_on_the_same_free_port() {
        let listen = Listen {
            address: "localhost".to_owned(),
            port: 0,
            public_url: String::new(),
        };
        let bound = bind(&listen).await.unwrap();
        let ports = bound.iter().map(|l| l.local_addr().unwrap().port());
        let first = bound[0].local_addr().unwrap().port();
        assert!(first != 0 && ports.into_iter().all(|port| port == first));
    }
}
