//! Files that hold secrets, and files that must be whole after a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Permission bits that a key of ours may not have: anything for anyone but its owner.
pub const OWNER_ONLY: u32 = 0o077;
/// Permission bits that a secret handed to us by a supervisor may not have: a group may read it.
pub const NOT_FOR_OTHERS: u32 = 0o027;

/// Makes a folder that only its owner can enter, with those above it.
///
/// # Errors
/// Those of the file system.
pub fn make_private_dir(dir: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("cannot make {}", dir.display()))
}

/// Reads a secret; refused when its permissions include any of `forbidden` (trust D12).
///
/// # Errors
/// The file cannot be read, or is more open than that.
pub fn read_private(path: &Path, forbidden: u32) -> Result<Vec<u8>> {
    let shown = path.display();
    let meta = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & forbidden != 0 {
        bail!("{shown} is open to others (mode {mode:03o}): run chmod 600 {shown}");
    }
    fs::read(path).with_context(|| format!("cannot read {shown}"))
}

/// Writes a new file in one piece: after a power cut it is there whole, or not at all.
///
/// # Errors
/// Those of the file system.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    write_renamed(path, bytes, mode).with_context(|| format!("cannot write {}", path.display()))
}

fn write_renamed(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = dir.join(format!(".{name}.new"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(dir)?.sync_all()
}

/// The secret at `path`, made by `make` when it is not there yet.
///
/// # Errors
/// As [`read_private`] and [`write_whole`], and those of `make`.
pub fn private_or_new(path: &Path, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    if !path.exists() {
        write_whole(path, &make()?, 0o600)?;
    }
    read_private(path, OWNER_ONLY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        assert_eq!(private_or_new(&path, || Ok(b"x".to_vec())).unwrap(), b"x");
        assert_eq!(
            private_or_new(&path, || Ok(b"y".to_vec())).unwrap(),
            b"x",
            "made only once"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = read_private(&path, OWNER_ONLY).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        assert!(read_private(&path, NOT_FOR_OTHERS).is_ok());
    }
}
