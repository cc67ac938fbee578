//! Where mails go: a mail server, a folder of files, or a test's memory.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::Transport as _;
use lettre::transport::smtp::SmtpTransport;

use crate::{Error, Mail};

/// How long one step of a conversation with the mail server may take.
const SMTP_STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// A way for mails to leave. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A mail server.
    Smtp(SmtpTransport),
    /// A folder that receives one `.eml` file a mail, whole or not at all.
    Folder(PathBuf),
    /// The memory of this process, for tests.
    Memory(Memory),
}

impl Transport {
    /// The mail server at `url`: `smtps://login:password@host:port`, or `smtp://host:port`
    /// in the clear, with `?tls=required` for STARTTLS.
    ///
    /// # Errors
    /// The URL is malformed.
    pub fn smtp(url: &str) -> Result<Self, Error> {
        let builder = SmtpTransport::from_url(url)?.timeout(Some(SMTP_STEP_TIMEOUT));
        Ok(Self::Smtp(builder.build()))
    }

    /// The folder `dir`, made when missing.
    #[must_use]
    pub fn folder(dir: impl Into<PathBuf>) -> Self {
        Self::Folder(dir.into())
    }

    /// Hands `mail` over; blocks. A second call with the same mail is harmless.
    ///
    /// # Errors
    /// What the other side answered, or why there is none.
    pub fn deliver(&self, mail: &Mail) -> Result<(), String> {
        match self {
            Self::Smtp(server) => match server.send(&mail.message) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
            Self::Folder(dir) => store(dir, mail).map_err(|e| e.to_string()),
            Self::Memory(memory) => memory.deliver(mail),
        }
    }
}

/// Writes aside, then renames: a reader of the folder never sees half a mail, and what is there
/// survives a power cut.
fn store(dir: &Path, mail: &Mail) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let aside = dir.join(format!(".{}.part", mail.id));
    let mut file = File::create(&aside)?;
    file.write_all(&mail.bytes())?;
    file.sync_all()?;
    fs::rename(&aside, dir.join(format!("{}.eml", mail.id)))?;
    File::open(dir)?.sync_all()
}

/// A mailbox in memory that can be told to fail.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    mails: VecDeque<Mail>,
    failures: usize,
    tries: usize,
}

impl Memory {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, mail: &Mail) -> Result<(), String> {
        let mut inner = self.inner();
        inner.tries += 1;
        if inner.failures > 0 {
            inner.failures -= 1;
            return Err("421 told to fail".to_owned());
        }
        inner.mails.push_back(mail.clone());
        Ok(())
    }

    /// Refuses the next `n` mails.
    pub fn fail_next(&self, n: usize) {
        self.inner().failures = n;
    }

    /// How many times a mail was handed over, refusals included.
    #[must_use]
    pub fn tries(&self) -> usize {
        self.inner().tries
    }

    /// Takes every mail received so far, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<Mail> {
        self.inner().mails.drain(..).collect()
    }
}
