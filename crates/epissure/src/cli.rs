//! The command line.

mod examples;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::config::{Config, Sources, environment};
use crate::output::{self, Format};
use crate::request::exit;
use examples::examples;

/// The reason of a command that gives none.
pub(crate) const NO_REASON: &str = "command line";

/// Wholesale-fibre platform of an infrastructure operator.
#[derive(Debug, Parser)]
#[command(name = "epissure", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file [default: <data>/epissure.toml, then /etc/epissure/epissure.toml]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How tables are written
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// Why, for the access journal
    #[arg(
        long,
        global = true,
        value_name = "TEXT",
        default_value = NO_REASON
    )]
    pub reason: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the configuration, the keys, the provider and its first account
    Init(Init),
    /// Run the server
    Serve(Ports),
    /// Make an invented network and serve it
    Demo(Demo),
    /// Check the configuration, the keys and the store
    Check,
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Operators
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Contracts
    #[command(subcommand)]
    Contract(ContractCommand),
    /// Subscribe an operator to e-services, active at once
    Subscribe {
        /// The operator's code
        operator: String,
        /// Codes of the e-services
        #[arg(required = true)]
        services: Vec<String>,
    },
    /// Accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Client certificates
    #[command(subcommand)]
    Cert(CertCommand),
    /// Import a reference file
    Import(Import),
    /// Releases of the reference data
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Settings kept in the store
    #[command(subcommand)]
    Setting(SettingCommand),
    /// Freezes: buildings and PMs on which no order is taken
    #[command(subcommand)]
    Freeze(FreezeCommand),
    /// Backups
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Put a backup back; the server must not run
    Restore {
        /// The backup
        file: PathBuf,
        /// Move away the data and signed heads that are there
        #[arg(long)]
        force: bool,
    },
    /// Examine the installation, changing nothing
    Doctor(crate::doctor::Asked),
    /// Measure this machine with the real server, over loopback only
    Bench(Bench),
    /// Find an address or a reference in the release in force
    Search(crate::search::Asked),
    /// Messages of the XML web services
    #[command(subcommand)]
    Xml(XmlCommand),
    /// The access journal
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Orders
    #[command(subcommand)]
    Order(OrderCommand),
    /// Print the permission matrix
    Permissions,
    /// Print the catalogue of codes as Markdown
    Errors,
    /// Print every entry with its permission, its audit and its idempotency
    Routes,
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The provider's name [default: brand.name]
    #[arg(long)]
    pub name: Option<String>,
    /// The provider's code in the referential [default: brand.code]
    #[arg(long)]
    pub code: Option<String>,
    /// Login of the first account, an address the platform also writes to
    #[arg(long)]
    pub login: String,
    /// The person who holds it
    #[arg(long, default_value = "Exploitation")]
    pub person: String,
    /// First two characters of PTOs built here
    #[arg(long)]
    pub pto_prefix: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Ports {
    /// Port of the portal
    #[arg(long)]
    pub portal_port: Option<u16>,
    /// Port of the XML web services
    #[arg(long)]
    pub xml_port: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub ports: Ports,
    /// Start over
    #[arg(long)]
    pub reset: bool,
    /// What to do with one that runs
    #[command(subcommand)]
    pub command: Option<DemoCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Move the day of a running demonstration forward
    Clock {
        /// By how much: +5h, +3d, +1w
        #[arg(allow_hyphen_values = true)]
        step: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Within a minute
    #[arg(long, conflicts_with = "full")]
    pub quick: bool,
    /// Longer, within ten minutes
    #[arg(long)]
    pub full: bool,
    /// Only these sections: http, import, orders, search
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Where the figures go as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Measure a PostgreSQL server too, given as psql takes it, and addok where it is installed
    #[arg(long, value_name = "URL")]
    pub peers: Option<String>,
    /// Be the server that only says hello
    #[arg(long, hide = true)]
    pub hello: bool,
    /// Be the process that imports so many rows
    #[arg(long, hide = true)]
    pub import_rows: Option<u64>,
    /// Which of its imports
    #[arg(long, hide = true, default_value_t = 0)]
    pub import_step: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Take a backup, also while the server runs
    Create {
        /// A file that is not there yet, or a folder
        #[arg(long, value_name = "PATH", default_value = ".")]
        to: PathBuf,
    },
    /// Compare every byte of a backup, open its copies, read its journal again
    Verify {
        /// The backup
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every key, its value and where it comes from; secrets hidden
    Show {
        /// Accepted for clarity: what is printed is always in effect
        #[arg(long)]
        effective: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Add an operator
    Add {
        /// Its code: 2 to 10 capitals and digits
        code: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Where the platform writes to it
        #[arg(long)]
        email: String,
        /// A SIREN of its perimeter; may be repeated
        #[arg(long = "siren")]
        sirens: Vec<String>,
    },
    /// List operators
    List,
    /// Suspend the access of an operator
    Suspend {
        /// Its code
        code: String,
    },
    /// Give its access back to an operator
    Resume {
        /// Its code
        code: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContractCommand {
    /// Record a contract signed today and the offers it opens
    Add {
        /// The operator's code
        operator: String,
        /// The contract's reference
        reference: String,
        /// An offer it opens; may be repeated
        #[arg(long = "offer", default_value = "ACCES_FTTH")]
        offers: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Open an account; its first password is printed once
    Add {
        /// The operator's code
        operator: String,
        /// The login, an address
        login: String,
        /// The person
        #[arg(long)]
        name: String,
        /// agent, technicien, administrateur or lecteur
        #[arg(long, default_value = "agent")]
        profile: String,
    },
    /// List the accounts of an operator
    List {
        /// The operator's code
        operator: String,
    },
    /// Disable an account
    Disable {
        /// Its login
        login: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Make a client certificate known
    Add {
        /// The operator's code
        operator: String,
        /// The certificate, in PEM
        file: PathBuf,
        /// The natural person who answers for it
        #[arg(long)]
        responsible: String,
        /// What the machine is called [default: the certificate's name]
        #[arg(long, default_value = "")]
        label: String,
    },
    /// List the certificates of an operator
    List {
        /// The operator's code
        operator: String,
    },
    /// Revoke a certificate for good
    Revoke {
        /// Its SHA-256 fingerprint
        fingerprint: String,
    },
    /// Make a client certificate and its key, for tests
    Make {
        /// The name it bears
        name: String,
        /// Where NAME.pem and NAME.key go
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// List releases, the newest first
    List,
    /// Show a release: its files with their digests, who decided, what it changed
    Show {
        /// Its number
        number: i64,
    },
    /// Publish a release that waits
    Approve {
        /// Its number
        number: i64,
    },
    /// Take the release in force back, for the --reason given
    RollBack {
        /// Its number
        number: i64,
    },
    /// Print what a release changes, object by object, and how many orders and lines that touches
    Diff {
        /// Its number
        number: i64,
        /// Print the orders under way and the lines in service it touches instead
        #[arg(long)]
        orders: bool,
        /// As JSON, one line each
        #[arg(long)]
        json: bool,
        /// Into this file instead of the standard output
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        csv: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingCommand {
    /// List settings and their values
    List,
    /// Set a setting; without a value, back to what it is by itself
    Set {
        /// Its name
        name: String,
        /// Its value
        #[arg(default_value = "")]
        value: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum XmlCommand {
    /// Look at a message, or a CSV file of orders or of a lot, without sending it; exit code 3 when
    /// it is not valid
    Validate {
        /// The file, or - for standard input
        file: PathBuf,
        /// Take it for the file of a lot of eligibility tests, whatever its columns
        #[arg(long)]
        lot: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FreezeCommand {
    /// Freeze a building, for the --reason given, or lift its freeze
    Building(FreezeOf),
    /// Freeze a PM and all its buildings, for the --reason given, or lift its freeze
    Pm(FreezeOf),
    /// List freezes in force and to come
    List {
        /// Those that have ended too
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct FreezeOf {
    /// Its reference
    pub reference: String,
    /// Its first day [default: at once]
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub from: Option<String>,
    /// Its last day [default: until it is lifted]
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub until: Option<String>,
    /// Tell operators the end alone, not the reason
    #[arg(long)]
    pub internal: bool,
    /// Lift the freeze instead
    #[arg(long, conflicts_with_all = ["from", "until", "internal"])]
    pub lift: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// ipe, structure, fibres, prises, adduction, pbo, cables, routes, nd, ban, catalogue, gracethd
    pub kind: String,
    /// The file, or the folder of a gracethd
    pub file: PathBuf,
    /// Check and compare only
    #[arg(long)]
    pub dry_run: bool,
    /// Publish at once
    #[arg(long, conflicts_with = "dry_run")]
    pub approve: bool,
    /// Where the rejected lines and anomalies go, as CSV
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// When the file was extracted [default: the date in its name]
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub extracted_at: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read the whole chain again and compare it with the signed heads
    Verify {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Show where an order stands
    Show {
        /// The operator's reference, or the prestation's
        reference: String,
        /// The operator's code
        #[arg(long)]
        operator: String,
    },
    /// Report that a drop the provider builds was connected, or could not be
    Connect {
        /// The operator's reference, or the prestation's
        reference: String,
        /// The operator's code
        #[arg(long)]
        operator: String,
        /// When it was connected, AAAAMMJJ
        #[arg(long)]
        date: Option<String>,
        /// The motive of a failure, such as FINT04
        #[arg(long, conflicts_with = "date")]
        failed: Option<String>,
    },
}

impl Ports {
    /// As keys of the configuration.
    pub(crate) fn flags(&self) -> [(&'static str, Option<String>); 2] {
        let text = |port: Option<u16>| port.map(|port| port.to_string());
        [
            ("portal.port", text(self.portal_port)),
            ("xml.port", text(self.xml_port)),
        ]
    }
}

impl Init {
    /// As keys of the configuration.
    pub(crate) fn flags(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("brand.name", self.name.clone()),
            ("brand.code", self.code.clone()),
            ("reference.pto_prefix", self.pto_prefix.clone()),
        ]
    }
}

/// The command line with the examples of each command.
#[must_use]
pub fn command() -> clap::Command {
    with_examples(Cli::command(), "")
}

fn with_examples(mut command: clap::Command, path: &str) -> clap::Command {
    let lines: Vec<String> = examples(path)
        .iter()
        .map(|line| format!("  epissure {line}"))
        .collect();
    if !lines.is_empty() {
        command = command.after_help(format!("Examples:\n{}", lines.join("\n")));
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    for name in names {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path} {name}")
        };
        command = command.mut_subcommand(name, |command| with_examples(command, &below));
    }
    command
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let parsed = command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // The reader of a help text may be gone.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit::FAILED));
        }
    };
    match commands::run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::note(&format!("failed: {error:#}"));
            ExitCode::from(exit::FAILED)
        }
    }
}

impl Global {
    /// The configuration these flags ask for, with those of a command.
    pub(crate) fn load(&self, own: &[(&'static str, Option<String>)]) -> anyhow::Result<Config> {
        let dir = self.data.as_ref().map(|dir| dir.display().to_string());
        let all = [("data.dir", dir)].into_iter().chain(own.iter().cloned());
        let flags = all
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        Config::load(&Sources {
            file: self.config.clone(),
            flags,
            env: environment(),
        })
    }
}

impl Global {
    /// The configuration for a restore: with `own`, the file that comes with the data, unless
    /// another is asked for.
    pub(crate) fn load_with(&self, own: Option<PathBuf>) -> anyhow::Result<Config> {
        let dir = self.data.as_ref().map(|dir| dir.display().to_string());
        Config::load(&Sources {
            file: self.config.clone().or(own),
            flags: dir.map(|dir| ("data.dir", dir)).into_iter().collect(),
            env: environment(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a line as a shell does, as far as examples need it.
    fn words(line: &str) -> Vec<String> {
        let pieces = line
            .split('\'')
            .enumerate()
            .flat_map(|(i, piece)| match i % 2 {
                0 => piece.split_whitespace().map(str::to_owned).collect(),
                _ => vec![piece.to_owned()],
            });
        std::iter::once("epissure".to_owned())
            .chain(pieces)
            .collect()
    }

    fn walk(command: &clap::Command, path: &str, seen: &mut usize) {
        for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
            let path = format!("{path} {}", below.get_name());
            let path = path.trim();
            if below.has_subcommands() {
                walk(below, path, seen);
                continue;
            }
            assert!(!examples(path).is_empty(), "{path} has no example");
            for example in examples(path) {
                let parsed = super::command().try_get_matches_from(words(example));
                let shown = parsed.as_ref().err().map(clap::Error::kind);
                let fine = shown.is_none_or(|kind| kind == clap::error::ErrorKind::DisplayVersion);
                assert!(fine, "{example}: {shown:?}");
                *seen += 1;
            }
        }
    }

    #[test]
    fn every_command_ends_its_help_with_examples_that_parse() {
        let mut seen = 0;
        super::command().debug_assert();
        walk(&super::command(), "", &mut seen);
        assert!(seen > 50, "{seen}");
    }
}
