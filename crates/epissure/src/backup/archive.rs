//! The file a backup is: a ZIP that any tool opens, whose comment, its last 64 bytes, is the
//! SHA-256 of every byte before it. Its manifest names each member with size and digest. What was
//! cut short has no such end, and one changed byte anywhere breaks it.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};
use std::time::Instant;

use anyhow::{Context, Result};
use ring::digest::{Context as Hasher, SHA256};
use serde::{Deserialize, Serialize};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::files;

/// The manifest's name in the archive; it is the last member.
const MANIFEST: &str = "manifest.json";
/// Folder of what belongs into the data folder.
pub const DATA: &str = "data";
/// Folder of the signed heads.
pub const HEADS: &str = "heads";
/// The database as `pg_dump` wrote it, on PostgreSQL.
pub const DUMP: &str = "database.dump";
/// The layout of the archive; another number is refused.
const FORMAT: u32 = 1;
/// Digits of the seal at the end.
const SEAL: usize = 64;
/// Bytes read, written and hashed between two pauses.
const PIECE: usize = 256 * 1024;
/// Longest manifest read, in bytes.
const MANIFEST_MAX: u64 = 256 * 1024 * 1024;
/// Level of deflate: files are large and answers wait for the same processor.
const LEVEL: i64 = 1;

/// The given file is no whole backup: exit code 3.
#[derive(Debug)]
pub struct Damaged(pub String);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a whole backup: {}", self.0)
    }
}

impl std::error::Error for Damaged {}

fn damaged(text: impl fmt::Display) -> anyhow::Error {
    Damaged(text.to_string()).into()
}

/// One file of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name, folders before it.
    pub name: String,
    /// In bytes, unpacked.
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// Permission bits it is restored with.
    pub mode: u32,
}

/// What a backup says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this layout.
    pub format: u32,
    /// The program's.
    pub version: String,
    /// When the store was as it is in here, UTC.
    pub taken_at: String,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// The release of the reference data in force; 0 before the first.
    pub release: i64,
    /// Place of the last sealed row of the journal; 0 before the first.
    pub audit_seq: i64,
    /// Its hash.
    pub audit_hash: String,
    /// A warning to whoever finds the file.
    pub secrets: String,
    /// Every other member.
    pub members: Vec<Member>,
}

impl Manifest {
    /// A manifest of this version without members; the store's own facts are filled in.
    #[must_use]
    pub fn new(engine: &str, taken_at: String) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at,
            engine: engine.to_owned(),
            release: 0,
            audit_seq: 0,
            audit_hash: String::new(),
            secrets: "holds private keys and personal data in clear: keep it like them".to_owned(),
            members: Vec::new(),
        }
    }
}

/// An archive that is being written.
pub struct Builder {
    zip: ZipWriter<BufWriter<File>>,
    members: Vec<Member>,
    gently: bool,
    buffer: Vec<u8>,
}

impl Builder {
    /// A new file at `path`, for its owner alone. With `gently` it rests as long as it works.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(path: &Path, gently: bool) -> Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true).mode(0o600);
        let file = options
            .open(path)
            .with_context(|| path.display().to_string())?;
        Ok(Self {
            zip: ZipWriter::new(BufWriter::new(file)),
            members: Vec::new(),
            gently,
            buffer: vec![0; PIECE],
        })
    }

    /// Adds a member.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn add(&mut self, name: &str, source: &mut dyn Read, mode: u32) -> Result<()> {
        // What is compressed already would only cost time.
        let method = match name {
            DUMP => CompressionMethod::Stored,
            _ => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level((method == CompressionMethod::Deflated).then_some(LEVEL))
            .unix_permissions(mode)
            .large_file(true);
        self.zip.start_file(name, options)?;
        let (mut hasher, mut size) = (Hasher::new(&SHA256), 0);
        loop {
            let began = Instant::now();
            let read = source
                .read(&mut self.buffer)
                .with_context(|| name.to_owned())?;
            let piece = &self.buffer[..read];
            if piece.is_empty() {
                break;
            }
            hasher.update(piece);
            self.zip.write_all(piece)?;
            size += piece.len() as u64;
            if self.gently {
                std::thread::sleep(began.elapsed());
            }
        }
        self.members.push(Member {
            name: name.to_owned(),
            size,
            sha256: hex(hasher),
            mode,
        });
        Ok(())
    }

    /// Adds a file as it is on disk, its permissions kept.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn add_file(&mut self, name: &str, path: &Path) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let mut file = File::open(path).with_context(|| path.display().to_string())?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        self.add(name, &mut file, mode)
    }

    /// Ends the archive with its manifest and seal, durable; the seal.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(mut self, mut manifest: Manifest) -> Result<(Manifest, String)> {
        manifest.members = std::mem::take(&mut self.members);
        let text = serde_json::to_vec_pretty(&manifest)?;
        self.add(MANIFEST, &mut text.as_slice(), 0o600)?;
        self.zip
            .set_raw_comment(vec![b'0'; SEAL].into_boxed_slice())?;
        let written = self
            .zip
            .finish()?
            .into_inner()
            .map_err(|e| e.into_error())?;
        let mut file = written;
        let (seal, _) = seal_of(&mut file)?;
        file.seek(SeekFrom::End(-(SEAL as i64)))?;
        file.write_all(seal.as_bytes())?;
        file.sync_all()?;
        Ok((manifest, seal))
    }
}

fn hex(hasher: Hasher) -> String {
    let digest = hasher.finish();
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// Those of the file system.
pub fn digest_of(path: &Path) -> Result<String> {
    hashed(&mut File::open(path)?)
}

fn hashed(source: &mut dyn Read) -> Result<String> {
    let mut hasher = Hasher::new(&SHA256);
    let mut buffer = vec![0; PIECE];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(hasher));
        }
        hasher.update(&buffer[..read]);
    }
}

/// The seal a file should bear, and the one it bears.
fn seal_of(file: &mut File) -> Result<(String, Vec<u8>)> {
    let size = file.metadata()?.len();
    let body = size
        .checked_sub(SEAL as u64)
        .ok_or_else(|| damaged("it is too short"))?;
    file.seek(SeekFrom::Start(0))?;
    let due = hashed(&mut (&mut *file).take(body))?;
    let mut borne = Vec::new();
    file.read_to_end(&mut borne)?;
    Ok((due, borne))
}

/// A backup whose seal holds.
pub struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its seal.
    pub seal: String,
}

impl Archive {
    /// Reads all of `path` and compares it with its seal, then the manifest.
    ///
    /// # Errors
    /// [`Damaged`], or those of the file system.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).with_context(|| path.display().to_string())?;
        let (seal, borne) = seal_of(&mut file)?;
        if borne != seal.as_bytes() {
            return Err(damaged("its bytes are not those that were written"));
        }
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        let manifest = manifest(&mut zip)?;
        let mut named: Vec<_> = manifest.members.iter().map(|m| m.name.as_str()).collect();
        named.push(MANIFEST);
        named.sort_unstable();
        let found = zip.file_names().map(|name| Ok(name?.into_owned()));
        let mut found = found
            .collect::<Result<Vec<_>, ZipError>>()
            .map_err(damaged)?;
        found.sort_unstable();
        if named != found {
            return Err(damaged("its members are not those of its manifest"));
        }
        Ok(Self {
            zip,
            manifest,
            seal,
        })
    }

    /// Unpacks every member below `to`, each compared with the manifest and durable.
    ///
    /// # Errors
    /// [`Damaged`], or those of the file system.
    pub fn extract(&mut self, to: &Path) -> Result<()> {
        let mut folders = BTreeSet::new();
        for member in &self.manifest.members {
            let path = to.join(safe(&member.name)?);
            let dir = path.parent().unwrap_or(to).to_owned();
            if folders.insert(dir.clone()) {
                files::make_private_dir(&dir)?;
            }
            let mut options = OpenOptions::new();
            let options = options
                .write(true)
                .create_new(true)
                .mode(member.mode & 0o777);
            let file = options
                .open(&path)
                .with_context(|| path.display().to_string())?;
            let packed = self.zip.by_name(&member.name).map_err(damaged)?;
            unpack(packed, member, file)?;
        }
        for dir in &folders {
            File::open(dir)?.sync_all()?;
        }
        Ok(())
    }
}

fn manifest(zip: &mut ZipArchive<BufReader<File>>) -> Result<Manifest> {
    let packed = zip.by_name(MANIFEST).map_err(damaged)?;
    let mut text = Vec::new();
    packed
        .take(MANIFEST_MAX)
        .read_to_end(&mut text)
        .map_err(damaged)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(damaged)?;
    if manifest.format != FORMAT {
        let format = manifest.format;
        return Err(damaged(format_args!(
            "its layout {format} is of another version"
        )));
    }
    Ok(manifest)
}

/// A name that stays below the folder it is unpacked into.
fn safe(name: &str) -> Result<&Path> {
    let path = Path::new(name);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let ours = name == DUMP || path.starts_with(DATA) || path.starts_with(HEADS);
    if plain && ours {
        Ok(path)
    } else {
        Err(damaged(format_args!("a member is named {name}")))
    }
}

fn unpack(packed: impl Read, member: &Member, mut file: File) -> Result<()> {
    let mut packed = packed.take(member.size + 1);
    let (mut hasher, mut size) = (Hasher::new(&SHA256), 0);
    let mut buffer = vec![0; PIECE];
    loop {
        let read = packed.read(&mut buffer).map_err(damaged)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
        file.write_all(&buffer[..read])?;
    }
    if size != member.size || hex(hasher) != member.sha256 {
        let name = &member.name;
        return Err(damaged(format_args!("{name} is not what was packed")));
    }
    Ok(file.sync_all()?)
}

/// A folder beside a place, for what is not whole yet: held by one process, gone with this value.
pub struct Staging {
    dir: std::path::PathBuf,
    _lock: File,
}

impl Staging {
    /// The folder `.<name>.part` beside `place`; what a process that died left there goes first.
    ///
    /// # Errors
    /// Another process is at it, or those of the file system.
    pub fn beside(place: &Path) -> Result<Self> {
        let name = place
            .file_name()
            .context("a name is missing")?
            .to_string_lossy();
        let dir = place.with_file_name(format!(".{name}.part"));
        files::make_private_dir(&dir)?;
        let lock = File::open(&dir)?;
        if lock.try_lock().is_err() {
            anyhow::bail!("another process is at {}", dir.display());
        }
        let staging = Self { dir, _lock: lock };
        for entry in fs::read_dir(&staging.dir)? {
            let path = entry?.path();
            remove(&path).with_context(|| path.display().to_string())?;
        }
        Ok(staging)
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What stays is removed by the next one.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(dir: &Path) -> std::path::PathBuf {
        let path = dir.join("a.zip");
        let mut builder = Builder::create(&path, false).unwrap();
        let text = b"une commande".repeat(500);
        builder
            .add("data/epissure.db", &mut text.as_slice(), 0o600)
            .unwrap();
        builder
            .add("data/tls/server.key", &mut &b"key"[..], 0o600)
            .unwrap();
        builder.add(DUMP, &mut &b"dump"[..], 0o600).unwrap();
        let manifest = Manifest::new("sqlite", String::new());
        builder.finish(manifest).unwrap();
        path
    }

    #[test]
    fn what_was_packed_is_unpacked_with_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = packed(dir.path());
        let mut archive = Archive::open(&path).unwrap();
        assert_eq!(archive.manifest.members.len(), 3);
        let to = dir.path().join("out");
        archive.extract(&to).unwrap();
        let key = to.join("data/tls/server.key");
        assert_eq!(fs::read(&key).unwrap(), b"key");
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read(to.join("data/epissure.db")).unwrap();
        assert_eq!(text, b"une commande".repeat(500));
    }

    #[test]
    fn a_byte_changed_anywhere_is_found_and_so_is_a_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = packed(dir.path());
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            let found = Archive::open(&path).err().expect("a fault");
            assert!(found.is::<Damaged>(), "byte {at}: {found}");
        }
        for len in [0, 10, 63, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(Archive::open(&path).is_err(), "cut at {len}");
        }
    }

    #[test]
    fn no_member_is_unpacked_outside_the_folder() {
        for name in ["../x", "/etc/x", "data/../../x", "other/x", "data/./../x"] {
            assert!(safe(name).is_err(), "{name}");
        }
        assert!(safe("data/tls/server.pem").is_ok());
    }

    #[test]
    fn a_folder_left_by_a_dead_process_is_emptied_and_a_live_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("b.zip");
        fs::create_dir(dir.path().join(".b.zip.part")).unwrap();
        fs::write(dir.path().join(".b.zip.part/half"), "x").unwrap();
        let staging = Staging::beside(&place).unwrap();
        assert_eq!(fs::read_dir(staging.dir()).unwrap().count(), 0);
        assert!(Staging::beside(&place).is_err());
        drop(staging);
        assert!(!dir.path().join(".b.zip.part").exists());
    }
}
