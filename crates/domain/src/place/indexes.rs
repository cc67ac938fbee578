//! The address index of a release: built from its rows, kept in a file, at most two in memory.
//!
//! A file is named after the release and the instant it was begun, so that a store that was
//! restored never reads the index of another history. It says nothing that the store does not:
//! whoever finds none builds it again.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use kernel::Fault;
use search::{Builder, Index, Scratch};
use storage::Db;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::store::{self, After, Batch};
use crate::release::store as releases;
use crate::release::{Release, ReleaseInfo};

/// Indexes in memory: that of the release in force, and that of the one to come or just left.
const LOADED_MAX: usize = 2;
/// Scratch memories kept between queries: as many as queries run at once.
const SCRATCHES_MAX: usize = 16;

struct Loaded {
    release: Release,
    index: Arc<Index>,
}

/// What there is of the index of a release before it is loaded.
struct Of {
    release: Release,
    /// Its file, whether it is there or not.
    path: Option<PathBuf>,
    /// In memory already: that of the release it was built on, when no address changed.
    shared: Option<Arc<Index>>,
}

/// Who waits for an index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Whoever searches.
    Search,
    /// A release that is not in force yet: everybody else goes first.
    Publication,
}

/// The indexes this process holds.
#[derive(Default)]
pub struct Indexes {
    /// Where files are kept; `None` keeps none.
    folder: Option<PathBuf>,
    /// The last one used comes last.
    loaded: Mutex<Vec<Loaded>>,
    /// Held while one is loaded or built: nobody builds what another is building.
    making: tokio::sync::Mutex<()>,
    #[expect(
        clippy::vec_box,
        reason = "some kilobytes each, handed to and fro at every query"
    )]
    scratches: Mutex<Vec<Box<Scratch>>>,
}

impl Indexes {
    /// With files in `folder`, which is made when it is needed.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// The index of `release`, if it is in memory.
    #[must_use]
    pub fn loaded(&self, release: Release) -> Option<Arc<Index>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let at = loaded.iter().position(|one| one.release == release)?;
        // The last one used stays longest.
        let one = loaded.remove(at);
        let index = Arc::clone(&one.index);
        loaded.push(one);
        Some(index)
    }

    fn keep(&self, release: Release, index: &Arc<Index>) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.len() == LOADED_MAX {
            loaded.remove(0);
        }
        loaded.push(Loaded {
            release,
            index: Arc::clone(index),
        });
    }

    /// The index of `release`: from memory, from its file, from that of the release it was built
    /// on when no address changed, or built. Building takes seconds for a million addresses.
    ///
    /// # Errors
    /// The store does not answer. A file that cannot be read or written is told in the log, and
    /// done without.
    pub async fn of(&self, db: &Db, release: Release) -> Result<Arc<Index>, Fault> {
        if let Some(index) = self.loaded(release) {
            return Ok(index);
        }
        let _making = self.making.lock().await;
        if let Some(index) = self.loaded(release) {
            return Ok(index);
        }
        let index = made(db, self.about(db, release).await?, For::Search).await?;
        self.keep(release, &index);
        Ok(index)
    }

    /// Sees to it that [`Indexes::of`] will not have to build: a process that publishes without
    /// searching does not load what only has another name.
    ///
    /// # Errors
    /// As [`Indexes::of`].
    pub async fn prepare(&self, db: &Db, release: Release) -> Result<(), Fault> {
        if self.loaded(release).is_some() {
            return Ok(());
        }
        let _making = self.making.lock().await;
        let of = self.about(db, release).await?;
        if of.shared.is_none() && of.is_written() {
            return Ok(());
        }
        let index = made(db, of, For::Publication).await?;
        self.keep(release, &index);
        Ok(())
    }

    /// What there is of the index of a release. When no address changed, it gets the file of the
    /// release it was built on under a second name.
    async fn about(&self, db: &Db, release: Release) -> Result<Of, Fault> {
        let mut of = Of {
            release,
            path: None,
            shared: None,
        };
        let info = db.get(move |tx| releases::by_number(tx, release)).await?;
        let Some(info) = info else { return Ok(of) };
        of.path = self.path(&info);
        let base = db.get(move |tx| releases::by_number(tx, info.base)).await?;
        let theirs = base.and_then(|base| self.path(&base));
        let theirs = theirs.filter(|path| path.exists() && !of.is_written());
        let loaded = self.loaded(info.base);
        if (theirs.is_some() || loaded.is_some()) && same(db, release).await? {
            of.shared = loaded;
            if let (Some(theirs), Some(own)) = (theirs, of.path.clone()) {
                // Where files have one name only, it is built as if there were none.
                blocking(move || fs::hard_link(&theirs, &own).is_ok()).await?;
            }
        }
        Ok(of)
    }

    fn path(&self, info: &ReleaseInfo) -> Option<PathBuf> {
        let name = format!("{}-{}.index", info.number.0, info.created_at.0);
        Some(self.folder.as_ref()?.join(name))
    }

    /// Removes the files of releases that are neither `kept` nor in memory.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn tidy(&self, db: &Db, kept: Release) -> Result<(), Fault> {
        let Some(folder) = self.folder.clone() else {
            return Ok(());
        };
        let mut names = Vec::new();
        let loaded: Vec<Release> = {
            let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            loaded.iter().map(|one| one.release).collect()
        };
        for release in loaded.into_iter().chain([kept]) {
            let info = db.get(move |tx| releases::by_number(tx, release)).await?;
            names.extend(info.and_then(|info| self.path(&info)));
        }
        blocking(move || {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()) {
                let ours = path.extension().is_some_and(|end| end == "index");
                if ours && !names.contains(&path) {
                    // What cannot be removed is only in the way.
                    let _ = fs::remove_file(path);
                }
            }
        })
        .await
    }

    /// Memory for a query, to be given back by [`Indexes::keep_scratch`].
    #[must_use]
    pub fn scratch(&self) -> Box<Scratch> {
        let mut scratches = self
            .scratches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        scratches.pop().unwrap_or_default()
    }

    /// Keeps the memory of a query for the next one.
    pub fn keep_scratch(&self, scratch: Box<Scratch>) {
        let mut scratches = self
            .scratches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if scratches.len() < SCRATCHES_MAX {
            scratches.push(scratch);
        }
    }
}

impl Of {
    fn is_written(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.exists())
    }
}

/// The index: shared, from its file, or built and written.
async fn made(db: &Db, of: Of, who: For) -> Result<Arc<Index>, Fault> {
    if let Some(index) = of.shared {
        return Ok(index);
    }
    if let Some(path) = of.path.clone()
        && let Some(index) = blocking(move || opened(&path)).await?
    {
        return Ok(Arc::new(index));
    }
    let index = Arc::new(built(db, of.release, who).await?);
    if let Some(path) = of.path {
        let written = Arc::clone(&index);
        blocking(move || {
            if let Err(error) = write(&path, &written) {
                tracing::warn!(%error, path = %path.display(), "no file of the address index");
            }
        })
        .await?;
    }
    Ok(index)
}

/// Work of the disk or the processor, off the threads that answer.
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(f)
        .await
        .map_err(Fault::internal)
}

/// What a file holds, if it is there and whole.
fn opened(path: &Path) -> Option<Index> {
    if !path.exists() {
        return None;
    }
    match Index::open(path) {
        Ok(index) => Some(index),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "the address index is built again");
            None
        }
    }
}

/// Whole or not at all under its name; it carries its own checksum, so that no power cut matters.
fn write(path: &Path, index: &Index) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("part");
    let mut file = BufWriter::new(File::create(&beside)?);
    index.write(&mut file)?;
    file.flush()?;
    fs::rename(beside, path)
}

/// Whether `release` has the addresses of the one it was built on.
async fn same(db: &Db, release: Release) -> Result<bool, Fault> {
    Ok(db
        .read(move |tx| store::addresses_are_unchanged(tx, release))
        .await?)
}

/// Builds the index on a thread of its own, for `who`.
async fn built(db: &Db, release: Release, who: For) -> Result<Index, Fault> {
    let (db, runtime) = (db.clone(), Handle::current());
    let (send, answer) = oneshot::channel();
    let work = move || {
        if who == For::Publication {
            storage::step_aside();
        }
        // Whoever asked may be gone.
        let _ = send.send(runtime.block_on(gathered(&db, release)));
    };
    thread::Builder::new()
        .name("address-index".to_owned())
        .spawn(work)
        .map_err(Fault::internal)?;
    answer.await.map_err(Fault::internal)?
}

async fn gathered(db: &Db, release: Release) -> Result<Index, Fault> {
    let mut builder = Builder::for_about(db.read_here(store::rows).await?);
    let mut passed = String::new();
    loop {
        let next = db.read_here(move |tx| store::next_commune(tx, &passed));
        let Some(insee) = next.await? else { break };
        for batch in Batch::ALL {
            let mut after = Some(After::default());
            while let Some(from) = after {
                let commune = insee.clone();
                let page;
                (page, after) = db
                    .read_here(move |tx| store::entries(tx, batch, release, &commune, &from))
                    .await?;
                page.entries().for_each(|entry| builder.add(&entry));
            }
        }
        passed = insee;
    }
    Ok(builder.finish())
}
