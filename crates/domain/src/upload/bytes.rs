//! Where the bytes lie: a folder on SQLite, rows on PostgreSQL.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kernel::{Fault, Id, Millis, UploadId};
use storage::{Db, Tx};

use super::{FOLDER, Readable, Upload, UploadError, store};
use crate::Platform;
use crate::access::{Reach, SystemScope};

/// Rows of one page of [`store::list_kept`].
const PAGE: i64 = 5_000;

fn folder(db: &Db) -> Option<PathBuf> {
    db.folder().map(|dir| dir.join(FOLDER))
}

/// Takes the bytes of one upload, in order.
pub enum Writer {
    /// Into a file of the folder.
    Folder(File, PathBuf),
    /// Into rows that the caller writes: how many there were.
    Chunks(i64),
}

impl Writer {
    pub fn create(db: &Db, id: &UploadId) -> io::Result<Self> {
        let Some(dir) = folder(db) else {
            return Ok(Self::Chunks(0));
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let path = dir.join(id.as_str());
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self::Folder(file, path))
    }

    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Folder(file, _) => file.write_all(piece),
            Self::Chunks(written) => {
                *written += 1;
                Ok(())
            }
        }
    }

    /// The number of the row that the piece just written makes, where pieces are rows.
    pub fn chunk(&self) -> Option<i64> {
        match self {
            Self::Folder(..) => None,
            Self::Chunks(written) => Some(written - 1),
        }
    }

    /// Both the file and its name are on disk after this.
    pub fn sync(self) -> io::Result<()> {
        let Self::Folder(file, path) = self else {
            return Ok(());
        };
        file.sync_all()?;
        path.parent()
            .map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }

    pub fn discard(self) {
        if let Self::Folder(_, path) = self {
            // What stays behind is an orphan, and goes as one.
            let _ = fs::remove_file(path);
        }
    }
}

/// The file of an upload's bytes, on SQLite.
pub fn path(db: &Db, id: &UploadId) -> Option<PathBuf> {
    folder(db).map(|dir| dir.join(id.as_str()))
}

/// The bytes of an upload, whatever it is said of them.
pub async fn open<R: Reach + Clone + Send + 'static>(
    platform: &Platform,
    reach: &R,
    upload: &Upload,
) -> Result<Box<dyn Readable>, UploadError> {
    if let Some(dir) = folder(&platform.db) {
        let file = File::open(dir.join(upload.id.as_str())).map_err(Fault::internal)?;
        return Ok(Box::new(file));
    }
    let mut file = spool(platform)?;
    let mut size = 0;
    for seq in 0.. {
        let (reach, operator, id) = (reach.clone(), upload.operator.clone(), upload.id.clone());
        let find = move |tx: &mut dyn Tx| store::chunk(tx, &reach, &operator, &id, seq);
        let Some(piece) = platform.db.read(find).await? else {
            break;
        };
        size += i64::try_from(piece.len()).unwrap_or(i64::MAX);
        file.write_all(&piece).map_err(Fault::internal)?;
    }
    if size != upload.size {
        return Err(Fault::internal(format!("{} has lost bytes", upload.id)).into());
    }
    file.seek(SeekFrom::Start(0)).map_err(Fault::internal)?;
    Ok(Box::new(file))
}

pub fn spool(platform: &Platform) -> Result<File, Fault> {
    let path = std::env::temp_dir().join(format!("epissure-{}", platform.token()?));
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(&path).map_err(Fault::internal)?;
    fs::remove_file(&path).map_err(Fault::internal)?;
    Ok(file)
}

/// When an id was made: its first 48 bits are milliseconds of real time.
pub fn made_at(id: &str) -> Option<Millis> {
    let id = UploadId::parse(id)?;
    let (_, digits) = id.as_str().split_once('_')?;
    i64::from_str_radix(digits.get(..12)?, 16).ok().map(Millis)
}

/// Removes files made before `before` that no kept upload names; tells of uploads without one.
pub async fn reconcile_folder(
    platform: &Platform,
    scope: SystemScope,
    before: Millis,
) -> Result<u64, Fault> {
    let Some(dir) = folder(&platform.db).filter(|dir| dir.is_dir()) else {
        return Ok(0);
    };
    // The names first: an upload that arrives in between is young and left alone.
    let mut names = names(&dir).map_err(Fault::internal)?;
    let mut after = String::new();
    loop {
        let from = after.clone();
        let list = move |tx: &mut dyn Tx| store::list_kept(tx, &scope, &from, PAGE);
        let page = platform.db.read(list).await?;
        let Some(last) = page.last() else { break };
        last.as_str().clone_into(&mut after);
        for id in page {
            if !names.remove(id.as_str()) && !dir.join(id.as_str()).exists() {
                tracing::error!(upload = %id, "its bytes are gone");
            }
        }
    }
    let mut gone = 0;
    for name in names {
        if made_at(&name).is_some_and(|at| at < before) {
            fs::remove_file(dir.join(name)).map_err(Fault::internal)?;
            gone += 1;
        }
    }
    Ok(gone)
}

fn names(dir: &Path) -> io::Result<HashSet<String>> {
    let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().into_string()));
    let names: io::Result<Vec<_>> = entries.collect();
    Ok(names?.into_iter().filter_map(Result::ok).collect())
}
