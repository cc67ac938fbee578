//! The control socket, `<data>/epissure.sock`: how the command line writes while a server holds the
//! data. One JSON line asks; JSON lines answer, the last one with the result. Only the owner of the
//! folder (and root) can connect; who that is comes from the kernel, not from the request.

use std::fs;
use std::io::{BufRead, BufReader as StdReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use crate::house::os_user;
use crate::request::{Answer, Desk, Progress, Request};
use crate::tasks::Tasks;

/// Longest request, in bytes: a certificate and its circumstances.
const REQUEST_MAX: u64 = 256 * 1024;

/// What is sent.
#[derive(Serialize, Deserialize)]
struct Asked {
    reason: String,
    request: Request,
}

/// What is answered, one line each.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Progress(Progress),
    Answer(Answer),
}

/// The socket of a running server, removed with it.
pub struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        // The next server replaces what stays behind.
        let _ = fs::remove_file(&self.0);
    }
}

/// Listens at `path`, a socket that nobody answers being replaced.
///
/// # Errors
/// Another server answers there, or the socket cannot be made.
pub fn listen(tasks: &Tasks, path: &Path, desk: Desk) -> Result<Socket> {
    if StdStream::connect(path).is_ok() {
        bail!("another server answers at {}", path.display());
    }
    if path.exists() {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path).with_context(|| path.display().to_string())?;
    // The folder is closed to others already: there is no moment at which they could connect.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let here = tasks.clone();
    tasks.spawn(accept(here, listener, desk));
    Ok(Socket(path.to_owned()))
}

async fn accept(tasks: Tasks, listener: UnixListener, desk: Desk) {
    let mut stop = tasks.stop();
    loop {
        let accepted = tokio::select! {
            () = stop.wait() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let desk = desk.clone();
        tasks.spawn(async move {
            if let Err(error) = attend(stream, desk).await {
                tracing::warn!("control socket: {error:#}");
            }
        });
    }
}

async fn attend(mut stream: UnixStream, desk: Desk) -> Result<()> {
    let user = os_user(stream.peer_cred()?.uid());
    let mut text = String::new();
    let (reader, mut writer) = stream.split();
    BufReader::new(reader.take(REQUEST_MAX))
        .read_line(&mut text)
        .await?;
    let asked: Asked = serde_json::from_str(&text).context("unreadable request")?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let work = desk.carry_out(&user, &asked.reason, asked.request, tell);
    tokio::pin!(work);
    let answer = loop {
        tokio::select! {
            answer = &mut work => break answer,
            Some(progress) = told.recv() => {
                // The work goes on when nobody listens any more.
                let _ = writer.write_all(&line(&Line::Progress(progress))?).await;
            }
        }
    };
    writer.write_all(&line(&Line::Answer(answer))?).await?;
    Ok(())
}

fn line(line: &Line) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Asks the server that holds the folder; `None` when there is none.
///
/// # Errors
/// The server ends in the middle.
pub fn ask(
    path: &Path,
    reason: &str,
    request: &Request,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Option<Answer>> {
    let Ok(mut stream) = StdStream::connect(path) else {
        return Ok(None);
    };
    let asked = Asked {
        reason: reason.to_owned(),
        request: request.clone(),
    };
    let mut bytes = serde_json::to_vec(&asked)?;
    bytes.push(b'\n');
    stream.write_all(&bytes)?;
    for line in StdReader::new(stream).lines() {
        match serde_json::from_str(&line?)? {
            Line::Progress(told) => progress(&told),
            Line::Answer(answer) => return Ok(Some(answer)),
        }
    }
    bail!("the server ended before it answered: whether it was done is unknown")
}
