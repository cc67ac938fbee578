//! Configuration: flags, then environment, then file, then default. One table says every key; an
//! unknown one is an error that names the nearest.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use domain::rate::{Allowances, Class};

use crate::files::{NOT_FOR_OTHERS, read_private};

/// The file of the machine, read when the data folder holds none.
pub const SYSTEM_FILE: &str = "/etc/epissure/epissure.toml";
/// The file in the data folder.
pub const FILE_NAME: &str = "epissure.toml";
/// The control socket in the data folder.
pub const SOCKET_NAME: &str = "epissure.sock";
/// What the environment's variables begin with.
const ENV_PREFIX: &str = "EPISSURE__";
/// Requests a second that a limit may let through at most: beyond it is none.
const ALLOWANCE_MAX: u32 = 1_000_000;
/// A key so ended names the file that holds the value of the key without it.
const FILE_SUFFIX: &str = "_file";

/// One key of the configuration.
struct Key {
    name: &'static str,
    default: &'static str,
    secret: bool,
    about: &'static str,
}

const fn key(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key {
        name,
        default,
        secret: false,
        about,
    }
}

const fn secret(name: &'static str, about: &'static str) -> Key {
    Key {
        name,
        default: "",
        secret: true,
        about,
    }
}

const KEYS: &[Key] = &[
    key(
        "data.dir",
        "epissure-data",
        "folder of the data, the keys and the control socket",
    ),
    key(
        "portal.address",
        "localhost",
        "address the portal listens on; 0.0.0.0 or :: for all",
    ),
    key("portal.port", "8443", "port of the portal (HTTPS)"),
    key(
        "portal.public_url",
        "",
        "address people type; https://localhost:<port> when empty",
    ),
    key(
        "xml.address",
        "localhost",
        "address the XML web services listen on",
    ),
    key(
        "xml.port",
        "8444",
        "port of the XML web services (HTTPS with client certificate)",
    ),
    key(
        "xml.public_url",
        "",
        "address partners call; https://localhost:<port> when empty",
    ),
    secret(
        "database.url",
        "PostgreSQL URL of the application role; SQLite when empty",
    ),
    secret(
        "database.migrate_url",
        "PostgreSQL URL of the role that owns the tables",
    ),
    key(
        "database.app_role",
        "",
        "role in database.url when the URL does not say it",
    ),
    secret(
        "mail.smtp_url",
        "smtps://user:password@host:465; mails go to mail.folder when empty",
    ),
    key(
        "mail.folder",
        "",
        "folder for mails as files; <data>/mails when empty",
    ),
    key(
        "mail.from",
        "ne-pas-repondre@localhost",
        "sender of the platform's mails",
    ),
    key(
        "audit.head_dir",
        "",
        "folder of the signed heads, elsewhere than the data: <data>-audit",
    ),
    key(
        "brand.name",
        "",
        "name on screen; the provider's own when empty",
    ),
    key(
        "brand.code",
        "",
        "code of the provider in the referential, used by init",
    ),
    key(
        "reference.pto_prefix",
        "",
        "first two characters of PTOs built here",
    ),
    key(
        "upload.scanner",
        "none",
        "what looks at received files: none, no antivirus is there yet",
    ),
    key(
        "limits.machines",
        "100",
        "calls a second of one operator's systems, 0 for any number",
    ),
    key(
        "limits.account",
        "20",
        "portal requests a second of one account, 0 for any number",
    ),
    key(
        "limits.visitor",
        "20",
        "portal requests a second of one address that is not signed in, 0 for any number",
    ),
    key(
        "log.filter",
        "info",
        "what is logged: level, or target=level, separated by commas",
    ),
    key("log.format", "text", "text or json"),
];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table of this module.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
struct Setting {
    value: String,
    origin: Origin,
}

/// What the command line and the environment say.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// Values given by flags, by key.
    pub flags: Vec<(&'static str, String)>,
    /// The environment, see [`environment`].
    pub env: Vec<(String, String)>,
}

/// Our variables of the environment: the one place that reads it.
#[must_use]
pub fn environment() -> Vec<(String, String)> {
    std::env::vars()
        .filter(|(name, _)| name.starts_with(ENV_PREFIX))
        .collect()
}

/// Where something listens.
#[derive(Clone, Debug)]
pub struct Listen {
    /// A host name or an IP address; a name may stand for several.
    pub address: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The address to print in links and contracts; empty for the one listened on.
    pub public_url: String,
}

/// PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// URL of the application role.
    pub url: String,
    /// URL of the owner, for migrations.
    pub migrate_url: Option<String>,
    /// The application role.
    pub app_role: String,
}

/// How mails leave.
#[derive(Clone, Debug)]
pub enum MailRoute {
    /// By this server.
    Smtp(String),
    /// Into this folder.
    Folder(PathBuf),
}

/// The configuration, read and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// The portal.
    pub portal: Listen,
    /// The XML web services.
    pub xml: Listen,
    /// PostgreSQL; `None` for SQLite in the data folder.
    pub postgres: Option<Postgres>,
    /// How mails leave.
    pub mail: MailRoute,
    /// Who they are from.
    pub mail_from: String,
    /// Where signed heads of the journal are kept.
    pub head_dir: PathBuf,
    /// Name on screen; empty for the provider's own.
    pub brand_name: String,
    /// The provider's code, for `init`.
    pub brand_code: String,
    /// First two characters of PTOs built here; empty leaves the store's setting as it is.
    pub pto_prefix: String,
    /// Requests a second of each caller, by class.
    pub allowances: Allowances,
    /// What is logged.
    pub log_filter: String,
    /// Whether logs are JSON lines.
    pub log_json: bool,
    settings: BTreeMap<&'static str, Setting>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// An unknown key, a value of the wrong shape, a file that cannot be read.
    pub fn load(sources: &Sources) -> Result<Self> {
        let mut settings: BTreeMap<&'static str, Setting> = KEYS
            .iter()
            .map(|key| {
                let value = key.default.to_owned();
                (
                    key.name,
                    Setting {
                        value,
                        origin: Origin::Default,
                    },
                )
            })
            .collect();
        let (env, flags) = (from_env(&sources.env)?, &sources.flags);
        let data = flags
            .iter()
            .find(|(name, _)| *name == "data.dir")
            .map(|(_, v)| v);
        let data = data.or_else(|| env.get("data.dir").map(|setting| &setting.value));
        let data = data.map_or(KEYS[0].default, String::as_str);
        if let Some(file) = file_to_read(sources.file.as_deref(), Path::new(data)) {
            settings.extend(from_file(&file)?);
        }
        settings.extend(env);
        for (name, value) in flags {
            settings.insert(
                name,
                Setting {
                    value: value.clone(),
                    origin: Origin::Flag,
                },
            );
        }
        Self::of(settings)
    }

    fn of(settings: BTreeMap<&'static str, Setting>) -> Result<Self> {
        let text = |name: &str| settings.get(name).map_or("", |s| s.value.trim()).to_owned();
        let data = PathBuf::from(text("data.dir"));
        let or = |name: &str, default: PathBuf| match text(name) {
            empty if empty.is_empty() => default,
            given => PathBuf::from(given),
        };
        let listen = |section: &str| -> Result<Listen> {
            let port = text(&format!("{section}.port"));
            Ok(Listen {
                address: text(&format!("{section}.address")),
                port: port
                    .parse()
                    .map_err(|_| anyhow!("{section}.port: {port} is no port"))?,
                public_url: public_url(&text(&format!("{section}.public_url")), section)?,
            })
        };
        let prefix = text("reference.pto_prefix");
        if !prefix.is_empty() && !is_pto_prefix(&prefix) {
            bail!("reference.pto_prefix: two capital letters or digits expected, found {prefix}");
        }
        let format = text("log.format");
        if format != "text" && format != "json" {
            bail!("log.format: text or json expected, found {format}");
        }
        let scanner = text("upload.scanner");
        if scanner != "none" {
            bail!("upload.scanner: none expected, found {scanner}");
        }
        let mut allowances = Allowances::default();
        for (class, allowance) in Class::ALL.into_iter().zip(&mut allowances) {
            let name = format!("limits.{}", class.as_str());
            let given = text(&name);
            let number = given.parse().ok().filter(|n| *n <= ALLOWANCE_MAX);
            *allowance = number.with_context(|| {
                format!("{name}: requests a second expected, 0 to {ALLOWANCE_MAX}, found {given}")
            })?;
        }
        let head_dir = or("audit.head_dir", sibling(&data));
        if head_dir.starts_with(&data) {
            bail!(
                "audit.head_dir must be elsewhere than the data: {}",
                head_dir.display()
            );
        }
        let folder = or("mail.folder", data.join("mails"));
        let smtp = text("mail.smtp_url");
        Ok(Self {
            portal: listen("portal")?,
            xml: listen("xml")?,
            postgres: postgres(&text)?,
            mail: if smtp.is_empty() {
                MailRoute::Folder(folder)
            } else {
                MailRoute::Smtp(smtp)
            },
            mail_from: text("mail.from"),
            head_dir,
            brand_name: text("brand.name"),
            brand_code: text("brand.code"),
            pto_prefix: prefix,
            allowances,
            log_filter: text("log.filter"),
            log_json: format == "json",
            data,
            settings,
        })
    }

    /// Where the store is.
    #[must_use]
    pub fn store(&self) -> storage::Config {
        match &self.postgres {
            Some(postgres) => storage::Config::Postgres {
                url: postgres.url.clone(),
            },
            None => storage::Config::Sqlite {
                dir: self.data.clone(),
            },
        }
    }

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.data.join(SOCKET_NAME)
    }

    /// Every key with its value and where it comes from; secrets hidden.
    #[must_use]
    pub fn effective(&self) -> Vec<[String; 3]> {
        let shown = |key: &Key| {
            let setting = self.settings.get(key.name)?;
            let hidden = key.secret && !setting.value.is_empty();
            let value = if hidden {
                "(hidden)".to_owned()
            } else {
                setting.value.clone()
            };
            Some([key.name.to_owned(), value, setting.origin.to_string()])
        };
        KEYS.iter().filter_map(shown).collect()
    }
}

fn is_pto_prefix(text: &str) -> bool {
    text.len() == 2
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn public_url(url: &str, section: &str) -> Result<String> {
    if !url.is_empty() && !url.starts_with("https://") {
        bail!("{section}.public_url: an address that begins with https:// expected");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn sibling(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    data.with_file_name(format!("{name}-audit"))
}

fn postgres(text: &impl Fn(&str) -> String) -> Result<Option<Postgres>> {
    let url = text("database.url");
    if url.is_empty() {
        return Ok(None);
    }
    let migrate_url = Some(text("database.migrate_url")).filter(|url| !url.is_empty());
    let app_role = match text("database.app_role") {
        given if !given.is_empty() => given,
        _ => user_of(&url).context("database.app_role: database.url names no user")?,
    };
    Ok(Some(Postgres {
        url,
        migrate_url,
        app_role,
    }))
}

/// The user named in a URL.
fn user_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    Some(user.split(':').next()?.to_owned()).filter(|user| !user.is_empty())
}

fn file_to_read(given: Option<&Path>, data: &Path) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    [data.join(FILE_NAME), PathBuf::from(SYSTEM_FILE)]
        .into_iter()
        .find(|path| path.exists())
}

type Settings = BTreeMap<&'static str, Setting>;

fn from_env(env: &[(String, String)]) -> Result<Settings> {
    let mut settings = Settings::new();
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
            continue;
        };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let (key, value) = resolve(&key, value).with_context(|| name.clone())?;
        settings.insert(
            key,
            Setting {
                value,
                origin: Origin::Env(name.clone()),
            },
        );
    }
    Ok(settings)
}

fn from_file(path: &Path) -> Result<Settings> {
    let shown = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(shown)?;
    let table: toml::Table = toml::from_str(&text).with_context(shown)?;
    let mut settings = Settings::new();
    for (section, entries) in table {
        let toml::Value::Table(entries) = entries else {
            return Err(unknown(&section)).with_context(shown);
        };
        for (name, value) in entries {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                _ => bail!("{}: {section}.{name}: a text or a number expected", shown()),
            };
            let key = format!("{section}.{name}");
            let (key, value) = resolve(&key, &value).with_context(shown)?;
            settings.insert(
                key,
                Setting {
                    value,
                    origin: Origin::File(path.to_owned()),
                },
            );
        }
    }
    Ok(settings)
}

/// The key so named and its value, read from a file when the name ends in `_file`.
fn resolve(name: &str, value: &str) -> Result<(&'static str, String)> {
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return Ok((key.name, value.to_owned()));
    }
    let secret = name.strip_suffix(FILE_SUFFIX);
    let key = secret.and_then(|name| KEYS.iter().find(|key| key.secret && key.name == name));
    let key = key.ok_or_else(|| unknown(name))?;
    let bytes = read_private(Path::new(value), NOT_FOR_OTHERS)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{name}: not UTF-8"))?;
    Ok((key.name, text.trim().to_owned()))
}

fn unknown(name: &str) -> anyhow::Error {
    let nearest = KEYS
        .iter()
        .map(|key| key.name)
        .min_by_key(|known| distance(name, known));
    anyhow!(
        "unknown key {name}: did you mean {}?",
        nearest.unwrap_or_default()
    )
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A configuration file with every key, those of `given` set and the others in comments.
#[must_use]
pub fn template(given: &[(&str, &str)]) -> String {
    let mut text =
        String::from("# Configuration of Epissure. A key in comments has its default.\n");
    let mut section = "";
    for key in KEYS.iter().filter(|key| key.name != "data.dir") {
        let (head, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if head != section {
            section = head;
            let _ = write!(text, "\n[{head}]\n");
        }
        let value = given
            .iter()
            .find(|(name, _)| *name == key.name)
            .map(|(_, value)| *value);
        let (mark, shown) = value.map_or(("# ", key.default), |value| ("", value));
        let shown = toml::Value::String(shown.to_owned());
        let _ = write!(text, "# {}\n{mark}{name} = {shown}\n", key.about);
        if key.secret {
            let _ = writeln!(text, "# {name}{FILE_SUFFIX} = \"/run/secrets/{name}\"");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Sources {
        let env = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Sources {
            env,
            file: Some("/dev/null".into()),
            ..Sources::default()
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let refused = Config::load(&env(&[("EPISSURE__PORTAL__PROT", "1")])).unwrap_err();
        assert!(
            format!("{refused:#}").contains("did you mean portal.port?"),
            "{refused:#}"
        );
    }

    #[test]
    fn flags_win_over_environment_over_file_over_default() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("epissure.toml");
        fs::write(
            &file,
            "[portal]\nport = 1\n[xml]\nport = 2\n[brand]\nname = \"F\"\n",
        )
        .unwrap();
        let mut sources = env(&[
            ("EPISSURE__PORTAL__PORT", "3"),
            ("EPISSURE__XML__PORT", "4"),
        ]);
        sources.file = Some(file);
        sources.flags.push(("xml.port", "5".to_owned()));
        let config = Config::load(&sources).unwrap();
        assert_eq!((config.portal.port, config.xml.port), (3, 5));
        assert_eq!(
            (config.brand_name.as_str(), config.log_filter.as_str()),
            ("F", "info")
        );
        let origin = |key: &str| {
            let shown = config.effective();
            shown
                .iter()
                .find(|row| row[0] == key)
                .map(|row| row[2].clone())
                .unwrap()
        };
        assert_eq!(origin("portal.port"), "env EPISSURE__PORTAL__PORT");
        assert_eq!(
            (origin("xml.port").as_str(), origin("log.filter").as_str()),
            ("flag", "default")
        );
        assert!(origin("brand.name").starts_with("file "));
    }

    #[test]
    fn a_secret_is_read_from_its_file_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("url");
        crate::files::write_whole(&path, b"postgresql://app:pw@db/x\n", 0o600).unwrap();
        let named = path.display().to_string();
        let config = Config::load(&env(&[("EPISSURE__DATABASE__URL_FILE", &named)])).unwrap();
        let postgres = config.postgres.as_ref().unwrap();
        assert_eq!(
            (postgres.url.as_str(), postgres.app_role.as_str()),
            ("postgresql://app:pw@db/x", "app")
        );
        assert!(
            config
                .effective()
                .iter()
                .flatten()
                .all(|text| !text.contains("pw"))
        );
    }

    #[test]
    fn the_heads_of_the_journal_may_not_lie_among_the_data() {
        let refused = env(&[
            ("EPISSURE__DATA__DIR", "d"),
            ("EPISSURE__AUDIT__HEAD_DIR", "d/heads"),
        ]);
        assert!(Config::load(&refused).is_err());
        let config = Config::load(&env(&[("EPISSURE__DATA__DIR", "a/d")])).unwrap();
        assert_eq!(config.head_dir, Path::new("a/d-audit"));
    }

    #[test]
    fn the_template_is_a_configuration_that_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("epissure.toml");
        fs::write(&file, template(&[("brand.name", "Fibre \"des\" Vallées")])).unwrap();
        let config = Config::load(&Sources {
            file: Some(file),
            ..env(&[])
        })
        .unwrap();
        assert_eq!(config.brand_name, "Fibre \"des\" Vallées");
        let set = config
            .effective()
            .into_iter()
            .filter(|row| row[2] != "default")
            .count();
        assert_eq!(set, 1);
    }
}
