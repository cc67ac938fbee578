//! The quarantine: every file that comes from outside passes here (trust D14, D22, D23). Its bytes
//! are bounded, digested and kept under an id of ours while they arrive; its own name is data and
//! names no file. Until a scanner has called it clean nothing reads it.
//!
//! Where the bytes lie (architecture §3): on SQLite in `<data>/files/<id>`, the file and its folder
//! on disk before the row that names them is committed, so that every row has its file; on
//! PostgreSQL in rows of 1 MiB. Bytes that no row names are what a reception that died left behind:
//! [`reconcile`] removes them.

mod bytes;
pub mod labels;
pub mod store;
pub mod text;

use std::io::{self, Read, Seek};
use std::sync::Arc;

use kernel::{Fault, Millis, OperatorId, Refusal, UploadId, codes};
use sha2::{Digest, Sha256};
use storage::{Lane, Tx};

use crate::Platform;
use crate::access::{Ctx, Reach, SystemScope};
use crate::platform::hex;
use crate::release::stored_enum;
use text::{Bounds, Checker};

/// Bytes kept at once.
pub const PIECE_BYTES: usize = 1024 * 1024;
/// Longest name kept, in characters.
pub const NAME_MAX: usize = 200;
/// Bytes that no row names are removed once they are this old, in milliseconds of real time: longer
/// than any reception lasts.
pub const ORPHAN_MS: i64 = Millis::DAY;
/// The folder of bytes in the data folder, on SQLite.
pub const FOLDER: &str = "files";

stored_enum! {
    /// What a file is for.
    Purpose {
        /// A file of the OI's reference data.
        Reference = "reference",
        /// What the platform made of one: refused lines, a report.
        Report = "report",
        /// Addresses whose eligibility an operator asks for.
        Lot = "lot",
    }
}

impl Purpose {
    /// Most bytes of such a file (trust D14).
    #[must_use]
    pub fn max_bytes(self) -> u64 {
        match self {
            Self::Reference | Self::Report => 2 * 1024 * 1024 * 1024,
            Self::Lot => 16 * 1024 * 1024,
        }
    }

    /// Its bounds as a text, when it comes from outside.
    #[must_use]
    pub fn bounds(self) -> Option<Bounds> {
        match self {
            Self::Reference => Some(Bounds::REFERENCE),
            Self::Lot => Some(Bounds::LOT),
            Self::Report => None,
        }
    }

    /// The code with which such a file is refused.
    fn code(self) -> &'static codes::Code {
        match self {
            Self::Reference | Self::Report => &codes::EIMP04,
            Self::Lot => &codes::ELOT01,
        }
    }

    fn refused(self, detail: impl Into<String>) -> UploadError {
        Refusal::new(self.code()).because(detail).into()
    }
}

stored_enum! {
    /// How far a file is.
    State {
        /// Its bytes are kept, nobody has looked at them.
        Received = "received",
        /// It may be read.
        Clean = "clean",
        /// It may not, and its bytes go.
        Refused = "refused",
    }
}

/// A file that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Whose it is; the OI's own operator for its staff.
    pub operator: OperatorId,
    /// Its id, which is also the name of its bytes.
    pub id: UploadId,
    /// What it is for.
    pub purpose: Purpose,
    /// How far it is.
    pub state: State,
    /// The name it came with, without folders; never the name of a file of ours.
    pub file_name: String,
    /// In bytes.
    pub size: i64,
    /// SHA-256, in hexadecimal.
    pub digest: String,
    /// What looked at it.
    pub scanner: String,
    /// What that found; empty for nothing.
    pub finding: String,
    /// When it was received, business time.
    pub received: Millis,
}

/// Bytes that can be read from anywhere.
pub trait Readable: Read + Seek + Send {}
impl<T: Read + Seek + Send> Readable for T {}

/// What a scanner says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing against it.
    Clean,
    /// What it found.
    Bad(String),
}

/// Looks at files before anybody reads them. The one there is looks at nothing and says so by its
/// name; an antivirus daemon takes its place here.
pub trait Scanner: Send + Sync {
    /// Its name, as shown and recorded.
    fn name(&self) -> &'static str;

    /// Looks at a whole file.
    ///
    /// # Errors
    /// It cannot be read, or the scanner is away: the file then stays in quarantine.
    fn scan(&self, file: &mut dyn Readable) -> io::Result<Finding>;
}

/// Scans nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoScanner;

impl Scanner for NoScanner {
    fn name(&self) -> &'static str {
        "none"
    }

    fn scan(&self, _: &mut dyn Readable) -> io::Result<Finding> {
        Ok(Finding::Clean)
    }
}

/// Why a file is not received.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is refused; nothing of it is kept.
    #[error("{0}")]
    Refused(Refusal),
    /// The platform is broken or away.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refusal> for UploadError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<storage::Error> for UploadError {
    fn from(error: storage::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// The last part of a name, without control characters, bounded.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = last.chars().filter(|c| !c.is_control());
    shown.take(NAME_MAX).collect()
}

/// A file on its way in. Dropped before [`Receiver::finish`], nothing names what it has kept.
pub struct Receiver<'a> {
    platform: &'a Platform,
    ctx: Arc<Ctx>,
    upload: Upload,
    sink: Option<Sink>,
    piece: Vec<u8>,
}

/// What takes the pieces, moved to a thread that may block for each.
struct Sink {
    bytes: bytes::Writer,
    hash: Sha256,
    checker: Option<Checker>,
    size: u64,
}

impl Sink {
    /// Looks at a piece and keeps it where the engine wants it.
    fn take(&mut self, piece: &[u8], purpose: Purpose) -> Result<(), UploadError> {
        self.size += piece.len() as u64;
        if self.size > purpose.max_bytes() {
            return Err(purpose.refused(labels::too_large(purpose.max_bytes())));
        }
        if let Some(checker) = &mut self.checker {
            checker
                .feed(piece)
                .map_err(|fault| purpose.refused(fault.detail()))?;
        }
        self.hash.update(piece);
        self.bytes
            .write(piece)
            .map_err(|e| Fault::internal(e).into())
    }
}

impl<'a> Receiver<'a> {
    /// Ready for the first byte of a file called `name`.
    ///
    /// # Errors
    /// The place for its bytes cannot be made.
    pub fn begin(
        platform: &'a Platform,
        ctx: &Arc<Ctx>,
        purpose: Purpose,
        name: &str,
    ) -> Result<Self, UploadError> {
        let id: UploadId = ctx.ids().next();
        let bytes = bytes::Writer::create(&platform.db, &id).map_err(Fault::internal)?;
        let upload = Upload {
            operator: ctx.owner().clone(),
            id,
            purpose,
            state: State::Received,
            file_name: plain_name(name),
            size: 0,
            digest: String::new(),
            scanner: platform.scanner().name().to_owned(),
            finding: String::new(),
            received: ctx.now,
        };
        Ok(Self {
            platform,
            ctx: Arc::clone(ctx),
            upload,
            sink: Some(Sink {
                bytes,
                hash: Sha256::new(),
                checker: purpose.bounds().map(Checker::new),
                size: 0,
            }),
            piece: Vec::new(),
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Refused `EIMP04` or `ELOT01` beyond the limits of its purpose; a fault when they cannot be
    /// kept.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), UploadError> {
        while !bytes.is_empty() {
            let room = PIECE_BYTES - self.piece.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE_BYTES {
                self.keep().await?;
            }
        }
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), UploadError> {
        let piece = std::mem::take(&mut self.piece);
        let Some(mut sink) = self.sink.take() else {
            return Err(Fault::internal("a piece after a refusal").into());
        };
        let purpose = self.upload.purpose;
        let work = move || {
            let done = sink.take(&piece, purpose);
            (sink, piece, done)
        };
        let (sink, piece, done) = off_runtime(work).await?;
        if let Err(error) = done {
            // What was kept so far has no row: it goes now, or with the orphans.
            sink.bytes.discard();
            return Err(error);
        }
        if let Some(seq) = sink.bytes.chunk() {
            let reach = self.ctx.scope().clone();
            let (operator, id) = (self.upload.operator.clone(), self.upload.id.clone());
            let piece = piece.clone();
            let insert =
                move |tx: &mut dyn Tx| store::insert_chunk(tx, &reach, &operator, &id, seq, &piece);
            self.platform
                .db
                .write(Lane::Background, None, insert)
                .await?;
        }
        self.sink = Some(sink);
        self.piece = piece;
        self.piece.clear();
        Ok(())
    }

    /// The whole file is there: keeps it durably, and has it looked at.
    ///
    /// # Errors
    /// Refused `EIMP04` for an empty file, or one the scanner is against; a fault when it cannot be
    /// kept.
    pub async fn finish(mut self) -> Result<Upload, UploadError> {
        if !self.piece.is_empty() {
            self.keep().await?;
        }
        let Some(sink) = self.sink.take() else {
            return Err(Fault::internal("a file that was refused").into());
        };
        if sink.size == 0 {
            sink.bytes.discard();
            return Err(self.upload.purpose.refused(labels::EMPTY));
        }
        self.upload.size = i64::try_from(sink.size).unwrap_or(i64::MAX);
        self.upload.digest = hex(&sink.hash.finalize());
        let bytes = sink.bytes;
        off_runtime(move || bytes.sync())
            .await?
            .map_err(Fault::internal)?;
        let (reach, upload) = (self.ctx.scope().clone(), self.upload.clone());
        let insert = move |tx: &mut dyn Tx| store::insert(tx, &reach, &upload);
        self.platform
            .db
            .write(Lane::Foreground, None, insert)
            .await?;
        admit(self.platform, self.ctx.scope(), self.upload).await
    }
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Fault::internal)
}

/// Has a received upload looked at. One that was judged before stays what it is.
///
/// # Errors
/// Refused `EIMP04` when it is or was found bad; a fault when the scanner is away.
pub async fn admit<R: Reach + Clone + Send + 'static>(
    platform: &Platform,
    reach: &R,
    mut upload: Upload,
) -> Result<Upload, UploadError> {
    match upload.state {
        State::Clean => return Ok(upload),
        State::Refused => return Err(upload.purpose.refused(labels::NOT_CLEAN)),
        State::Received => {}
    }
    let mut file = bytes::open(platform, reach, &upload).await?;
    let scanner = Arc::clone(platform.scanner());
    upload.scanner = scanner.name().to_owned();
    let found = off_runtime(move || scanner.scan(file.as_mut())).await?;
    match found.map_err(|e| Fault::Unavailable(e.to_string()))? {
        Finding::Clean => upload.state = State::Clean,
        Finding::Bad(finding) => {
            upload.state = State::Refused;
            upload.finding = finding;
        }
    }
    let (reach, judged) = (reach.clone(), upload.clone());
    let note = move |tx: &mut dyn Tx| store::update_state(tx, &reach, &judged);
    platform.db.write(Lane::Foreground, None, note).await?;
    if upload.state == State::Refused {
        return Err(upload.purpose.refused(labels::INFECTED));
    }
    Ok(upload)
}

/// The bytes of a clean upload.
///
/// # Errors
/// Refused `EIMP04` unless it is clean; a fault when its bytes are not to be had.
pub async fn open<R: Reach + Clone + Send + 'static>(
    platform: &Platform,
    reach: &R,
    upload: &Upload,
) -> Result<Box<dyn Readable>, UploadError> {
    if upload.state != State::Clean {
        return Err(upload.purpose.refused(labels::NOT_CLEAN));
    }
    bytes::open(platform, reach, upload).await
}

/// Forgets an upload within a unit of work: its bytes are to be removed by [`discard`] once that is
/// committed. Whatever dies in between leaves bytes that [`reconcile`] removes.
///
/// # Errors
/// Those of the store.
pub fn forget(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &UploadId,
) -> Result<(), storage::Error> {
    store::delete_chunks(tx, reach, operator, id)?;
    store::delete(tx, reach, operator, id)?;
    Ok(())
}

/// Removes the bytes of an upload that was forgotten.
pub async fn discard(platform: &Platform, id: &UploadId) {
    if let Some(path) = bytes::path(&platform.db, id) {
        // What stays behind is an orphan, and goes as one.
        let _ = off_runtime(move || std::fs::remove_file(path)).await;
    }
}

/// A file without a name, for what is only needed now: it goes when it is closed.
///
/// # Errors
/// The folder for temporary files cannot be written.
pub fn spool(platform: &Platform) -> Result<std::fs::File, Fault> {
    bytes::spool(platform)
}

/// Removes bytes that no kept upload names, once they are older than [`ORPHAN_MS`], and answers how
/// many files that was. An upload without its bytes is told to the log: that is never repaired.
///
/// # Errors
/// The store or the folder cannot be read.
pub async fn reconcile(platform: &Platform, scope: SystemScope) -> Result<u64, Fault> {
    let before = platform.clock.real_now().plus(-ORPHAN_MS);
    let mut gone = bytes::reconcile_folder(platform, scope, before).await?;
    let find = move |tx: &mut dyn Tx| store::list_orphans(tx, &scope, 100);
    for (operator, id) in platform.db.read(find).await? {
        if bytes::made_at(id.as_str()).is_some_and(|at| at < before) {
            let forget = move |tx: &mut dyn Tx| store::delete_chunks(tx, &scope, &operator, &id);
            platform.db.write(Lane::Background, None, forget).await?;
            gone += 1;
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests;
