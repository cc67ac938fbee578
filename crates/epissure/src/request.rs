//! What the command line asks of the platform and what it is answered, the same whether a server
//! carries it out or the command itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use domain::Platform;
use domain::access::{Ctx, Profile, authenticate_local};
use domain::account::usecases::{NewAccount, add_account, disable_account, list_accounts};
use domain::certificate::usecases::{
    NewCertificate, add_certificate, list_certificates, revoke_certificate,
};
use domain::operator::usecases::{NewOperator, add_operator, suspend_operator};
use domain::order::usecases::{StocReport, report_own_connection};
use jiff::Timestamp;
use kernel::{Fault, Refusal, RefusalKind, codes};
use serde::{Deserialize, Serialize};
use service_api::EService;
use tokio::sync::mpsc::UnboundedSender;
use web::server::AdvanceClock;

use crate::config::Config;
use crate::releases::Asked;
use crate::workers::Crew;
use crate::{backup, freezes, labels, tls};

/// Exit codes (interfaces §5).
pub mod exit {
    /// Done.
    pub const OK: u8 = 0;
    /// Failed.
    pub const FAILED: u8 = 1;
    /// The given data has errors.
    pub const INVALID: u8 = 3;
    /// There is no such thing.
    pub const NOT_FOUND: u8 = 4;
    /// Rights or contract do not allow it.
    pub const REFUSED: u8 = 5;
    /// Somebody was first.
    pub const CONFLICT: u8 = 6;
    /// What is needed cannot be reached now.
    pub const UNREACHABLE: u8 = 7;
    /// Some lines were rejected.
    pub const PARTIAL: u8 = 8;
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Adds an operator.
    OperatorAdd {
        /// Its code.
        code: String,
        /// Its name.
        name: String,
        /// Where the platform writes to it.
        email: String,
        /// Its SIREN numbers.
        sirens: Vec<String>,
    },
    /// Suspends an operator, or gives its access back.
    OperatorSuspend {
        /// Its code.
        code: String,
        /// Whether it is suspended.
        suspended: bool,
    },
    /// Reports the connection of a drop that the provider builds.
    OrderConnect {
        /// The operator's code.
        operator: String,
        /// The operator's reference, or the prestation's.
        reference: String,
        /// When it was connected, `AAAAMMJJ`.
        date: Option<String>,
        /// The motive of a failure.
        failed: Option<String>,
    },
    /// Records a contract.
    ContractAdd {
        /// The operator's code.
        operator: String,
        /// The contract's reference.
        reference: String,
        /// Codes of the offers it opens.
        offers: Vec<String>,
    },
    /// Subscribes an operator to e-services.
    Subscribe {
        /// The operator's code.
        operator: String,
        /// Codes of the e-services.
        services: Vec<String>,
    },
    /// Opens an account; the answer holds its first password.
    AccountAdd {
        /// The operator's code.
        operator: String,
        /// The login.
        login: String,
        /// The person.
        name: String,
        /// The profile's code.
        profile: String,
    },
    /// Lists an operator's accounts.
    AccountList {
        /// The operator's code.
        operator: String,
    },
    /// Disables an account.
    AccountDisable {
        /// Its login.
        login: String,
    },
    /// Makes a client certificate known.
    CertAdd {
        /// The operator's code.
        operator: String,
        /// The certificate, in PEM.
        pem: String,
        /// What the machine is called; the certificate's own name when empty.
        label: String,
        /// The natural person who answers for it.
        responsible: String,
    },
    /// Lists an operator's certificates.
    CertList {
        /// The operator's code.
        operator: String,
    },
    /// Revokes a certificate.
    CertRevoke {
        /// Its SHA-256 fingerprint, in hexadecimal.
        fingerprint: String,
    },
    /// Moves the demonstration's day forward.
    DemoClock {
        /// By so many milliseconds.
        step_ms: i64,
    },
    /// Sets a setting.
    SettingSet {
        /// Its name.
        name: String,
        /// Its value; empty for what it is by itself.
        value: String,
    },
    /// Freezes a building or a PM; the reason of the command is the freeze's.
    Freeze {
        /// `building` or `pm`.
        kind: String,
        /// Its reference.
        reference: String,
        /// Its first day, `AAAA-MM-JJ`.
        from: Option<String>,
        /// Its last day, `AAAA-MM-JJ`.
        until: Option<String>,
        /// Whether operators are not told why.
        internal: bool,
    },
    /// Lifts the freeze of a building or a PM.
    FreezeLift {
        /// `building` or `pm`.
        kind: String,
        /// Its reference.
        reference: String,
    },
    /// Takes a backup.
    BackupCreate {
        /// A file that is not there yet, or a folder; from the root.
        to: PathBuf,
    },
    /// Imports a reference file.
    Import {
        /// The kind of file.
        kind: String,
        /// Where it is, from the root.
        file: PathBuf,
        /// Compare and report only.
        dry_run: bool,
        /// Publish at once.
        approve: bool,
        /// When it was extracted, `AAAA-MM-JJ`.
        extracted_at: Option<String>,
    },
    /// Approves and publishes a release that waits.
    ReleaseApprove {
        /// Its number.
        number: i64,
    },
    /// Takes the release in force back.
    ReleaseRollBack {
        /// Its number.
        number: i64,
    },
}

/// How far a long request is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done.
    pub phase: String,
    /// How much of it is done, in lines or rows.
    pub done: u64,
    /// Of how much; 0 when that is not known.
    pub total: u64,
}

/// What is answered: a table for the standard output, lines for the standard error, an exit code.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Messages.
    pub notes: Vec<String>,
    /// A report to keep in a file.
    pub report: Option<String>,
    /// One of [`exit`].
    pub code: u8,
}

impl Answer {
    /// One row.
    pub fn row<const N: usize>(columns: [&str; N], values: [String; N]) -> Self {
        Self::table(columns, vec![values])
    }

    /// Many rows.
    pub fn table<const N: usize>(columns: [&str; N], rows: Vec<[String; N]>) -> Self {
        Self {
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.into_iter().map(Vec::from).collect(),
            ..Self::default()
        }
    }

    /// A message and nothing else.
    #[must_use]
    pub fn note(text: impl Into<String>) -> Self {
        Self {
            notes: vec![text.into()],
            ..Self::default()
        }
    }

    /// The platform or the command failed.
    #[must_use]
    pub fn failed(code: u8, text: impl std::fmt::Display) -> Self {
        Self {
            code,
            ..Self::note(format!("failed: {text}"))
        }
    }

    /// The business said no.
    #[must_use]
    pub fn refused(refusal: &Refusal, portal_url: &str) -> Self {
        let code = match refusal.kind() {
            RefusalKind::Invalid => exit::INVALID,
            RefusalKind::Forbidden | RefusalKind::Unavailable => exit::REFUSED,
            RefusalKind::NotFound => exit::NOT_FOUND,
            RefusalKind::Conflict => exit::CONFLICT,
        };
        let mut notes = vec![
            refusal.to_string(),
            format!("{} {}", labels::REMEDY, refusal.remedy()),
        ];
        if !portal_url.is_empty() {
            notes.push(format!(
                "{} {portal_url}/erreurs/{}",
                labels::PAGE,
                refusal.code
            ));
        }
        Self {
            code,
            notes,
            ..Self::default()
        }
    }
}

/// How a request does not succeed.
pub(crate) enum Failure {
    Refused(Refusal),
    Fault(Fault),
    Other(anyhow::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Where requests are carried out.
#[derive(Clone)]
pub struct Desk {
    pub(crate) platform: Arc<Platform>,
    services: &'static [&'static EService],
    pub(crate) portal_url: String,
    /// Carries out long jobs where no server does.
    pub(crate) hands: Option<Crew>,
    advance_clock: Option<AdvanceClock>,
    backups: Option<(Config, bool)>,
}

impl Desk {
    /// A desk over `platform`; `portal_url` is where refusals have their pages.
    #[must_use]
    pub fn new(
        platform: Arc<Platform>,
        services: &'static [&'static EService],
        portal_url: String,
    ) -> Self {
        Self {
            platform,
            services,
            portal_url,
            hands: None,
            advance_clock: None,
            backups: None,
        }
    }

    /// The same desk where no server runs: it carries out long jobs itself.
    #[must_use]
    pub fn with_hands(self, crew: Crew) -> Self {
        Self {
            hands: Some(crew),
            ..self
        }
    }

    /// The same desk where business time can be moved, if `advance_clock` is given.
    #[must_use]
    pub fn with_clock(self, advance_clock: Option<AdvanceClock>) -> Self {
        Self {
            advance_clock,
            ..self
        }
    }

    /// The same desk where backups can be taken of what `config` names; `gently` while others wait
    /// for answers.
    #[must_use]
    pub fn with_backups(self, config: &Config, gently: bool) -> Self {
        Self {
            backups: Some((config.clone(), gently)),
            ..self
        }
    }

    /// Carries out a request of the OS user `user`, who gives a `reason`.
    pub async fn carry_out(
        &self,
        user: &str,
        reason: &str,
        request: Request,
        tell: UnboundedSender<Progress>,
    ) -> Answer {
        match self.attempt(user, reason, request, tell).await {
            Ok(answer) => answer,
            Err(Failure::Refused(refusal)) => Answer::refused(&refusal, &self.portal_url),
            Err(Failure::Fault(fault @ Fault::Unavailable(_))) => {
                Answer::failed(exit::UNREACHABLE, fault)
            }
            Err(Failure::Fault(fault)) => Answer::failed(exit::FAILED, fault),
            Err(Failure::Other(error)) => Answer::failed(exit::FAILED, format!("{error:#}")),
        }
    }

    async fn attempt(
        &self,
        user: &str,
        reason: &str,
        request: Request,
        tell: UnboundedSender<Progress>,
    ) -> Result<Answer, Failure> {
        let platform = &*self.platform;
        let ctx = Arc::new(authenticate_local(platform, user, reason).await?);
        match request {
            Request::OperatorAdd {
                code,
                name,
                email,
                sirens,
            } => {
                let new = NewOperator {
                    code: code.clone(),
                    name,
                    contact_email: email,
                    sirens,
                };
                let id = add_operator(platform, &ctx, new).await?.into_result()?;
                Ok(Answer::row(["operator", "id"], [code, id.to_string()]))
            }
            Request::OperatorSuspend { code, suspended } => {
                let done = suspend_operator(platform, &ctx, code.clone(), suspended).await?;
                done.into_result()?;
                let word = if suspended { "suspended" } else { "resumed" };
                Ok(Answer::note(format!("{code}: access {word}")))
            }
            Request::OrderConnect {
                operator,
                reference,
                date,
                failed,
            } => {
                let report = StocReport {
                    outcome: if failed.is_some() { "KO" } else { "OK" }.to_owned(),
                    motive: failed.unwrap_or_default(),
                    connected_on: date.unwrap_or_default(),
                    ..StocReport::default()
                };
                let moved = report_own_connection(platform, &ctx, operator, reference, report);
                let moved = moved.await?.into_result()?;
                let status = moved.status.as_str().to_owned();
                Ok(Answer::row(["order", "status"], [moved.reference, status]))
            }
            Request::ContractAdd {
                operator,
                reference,
                offers,
            } => {
                let add = domain::contract::usecases::add_contract;
                let done = add(platform, &ctx, operator, reference.clone(), offers).await?;
                let id = done.into_result()?.to_string();
                Ok(Answer::row(["contract", "id"], [reference, id]))
            }
            Request::Subscribe { operator, services } => {
                let known = self
                    .services
                    .iter()
                    .filter(|s| s.subscribed)
                    .map(|s| s.code);
                let known = known.collect();
                let subscribe = domain::subscription::usecases::subscribe;
                let note = format!("{operator}: {} active", services.join(", "));
                subscribe(platform, &ctx, operator, services, known)
                    .await?
                    .into_result()?;
                Ok(Answer::note(note))
            }
            Request::AccountAdd {
                operator,
                login,
                name,
                profile,
            } => {
                self.account_add(&ctx, operator, login, name, &profile)
                    .await
            }
            Request::AccountList { operator } => {
                let accounts = list_accounts(platform, &ctx, &operator).await??;
                let row = |a: domain::account::Account| {
                    [
                        a.login,
                        a.name,
                        a.seat.to_string(),
                        a.state,
                        shown(a.created),
                    ]
                };
                let rows = accounts.into_iter().map(row).collect();
                Ok(Answer::table(
                    ["login", "name", "seat", "state", "created"],
                    rows,
                ))
            }
            Request::AccountDisable { login } => {
                let note = format!("{login}: disabled");
                disable_account(platform, &ctx, login)
                    .await?
                    .into_result()?;
                Ok(Answer::note(note))
            }
            Request::CertAdd {
                operator,
                pem,
                label,
                responsible,
            } => {
                self.cert_add(&ctx, operator, &pem, label, responsible)
                    .await
            }
            Request::CertList { operator } => {
                let certificates = list_certificates(platform, &ctx, &operator).await??;
                let row = |c: domain::certificate::Certificate| {
                    [
                        c.fingerprint,
                        c.label,
                        c.responsible,
                        c.state,
                        shown(c.not_after),
                    ]
                };
                let columns = ["fingerprint", "label", "responsible", "state", "not_after"];
                Ok(Answer::table(
                    columns,
                    certificates.into_iter().map(row).collect(),
                ))
            }
            Request::DemoClock { step_ms } => {
                let missing = || anyhow::anyhow!("time moves in the demonstration only");
                self.advance_clock.as_ref().ok_or_else(missing)?(step_ms).await?;
                let now = shown(platform.clock.business_now());
                Ok(Answer::row(["now"], [now]))
            }
            Request::BackupCreate { to } => self.back_up(&ctx, &to, tell).await,
            Request::CertRevoke { fingerprint } => {
                let note = format!("{fingerprint}: revoked");
                revoke_certificate(platform, &ctx, fingerprint)
                    .await?
                    .into_result()?;
                Ok(Answer::note(note))
            }
            Request::Import {
                kind,
                file,
                dry_run,
                approve,
                extracted_at,
            } => {
                let asked = Asked {
                    kind,
                    file,
                    dry_run,
                    approve,
                    extracted_at,
                };
                self.import(&ctx, asked, tell).await
            }
            Request::SettingSet { name, value } => {
                let note = match value.trim() {
                    "" => format!("{name}: back to its default"),
                    _ => format!("{name}: set"),
                };
                reference::settings::set(platform, &ctx, name, value)
                    .await?
                    .into_result()?;
                Ok(Answer::note(note))
            }
            Request::Freeze {
                kind,
                reference,
                from,
                until,
                internal,
            } => {
                let asked = freezes::Asked {
                    kind,
                    reference,
                    from,
                    until,
                    internal,
                };
                freezes::put(platform, &ctx, asked, reason).await
            }
            Request::FreezeLift { kind, reference } => {
                freezes::lift(platform, &ctx, &kind, reference).await
            }
            Request::ReleaseApprove { number } => self.approve(&ctx, number, tell).await,
            Request::ReleaseRollBack { number } => self.roll_back(&ctx, number, reason).await,
        }
    }

    async fn back_up(
        &self,
        ctx: &Arc<Ctx>,
        to: &Path,
        tell: UnboundedSender<Progress>,
    ) -> Result<Answer, Failure> {
        let (config, gently) = self
            .backups
            .as_ref()
            .context("no backup is taken from here")?;
        let asked = backup::Asked {
            config,
            to,
            gently: *gently,
            tell,
        };
        Ok(backup::create(&self.platform, ctx, asked).await?.answer())
    }

    async fn account_add(
        &self,
        ctx: &Arc<Ctx>,
        operator: String,
        login: String,
        name: String,
        profile: &str,
    ) -> Result<Answer, Failure> {
        let profile =
            Profile::parse(profile).ok_or_else(|| Refusal::new(&codes::RC02).on("profile"))?;
        let password = one_time_password(&self.platform)?;
        let new = NewAccount {
            operator,
            login: login.clone(),
            name,
            profile,
            services: self.services.iter().map(|service| service.code).collect(),
            password_hash: accounts::password::hash(&password).await?,
        };
        add_account(&self.platform, ctx, new).await?.into_result()?;
        let mut answer = Answer::row(["login", "password"], [login, password]);
        answer
            .notes
            .push("this password is shown once and kept nowhere".to_owned());
        Ok(answer)
    }

    async fn cert_add(
        &self,
        ctx: &Arc<Ctx>,
        operator: String,
        pem: &str,
        label: String,
        responsible: String,
    ) -> Result<Answer, Failure> {
        let seen = tls::read_certificate(pem.as_bytes())
            .map_err(|_| Refusal::new(&codes::RC03).on("certificate"))?;
        let label = if label.is_empty() { seen.name } else { label };
        let fingerprint = seen.fingerprint.clone();
        let not_after = seen.not_after;
        let new = NewCertificate {
            operator,
            fingerprint,
            label,
            responsible,
            not_after,
        };
        add_certificate(&self.platform, ctx, new)
            .await?
            .into_result()?;
        let values = [seen.fingerprint, shown(not_after)];
        Ok(Answer::row(["fingerprint", "not_after"], values))
    }
}

pub(crate) fn shown(at: kernel::Millis) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |t| t.to_string())
}

/// A password of 20 letters and digits that are read without doubt: 99 bits.
///
/// # Errors
/// The machine gives no randomness.
pub fn one_time_password(platform: &Platform) -> Result<String, Fault> {
    const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    const LENGTH: usize = 20;
    let mut text = String::new();
    while text.len() < LENGTH {
        // A byte beyond the last whole multiple would favour the first letters.
        let even = platform
            .random::<32>()?
            .into_iter()
            .filter(|byte| *byte < 248);
        let letters = even.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        text.extend(letters.take(LENGTH - text.len()));
    }
    let groups: Vec<&str> = (0..LENGTH).step_by(5).map(|i| &text[i..i + 5]).collect();
    Ok(groups.join("-"))
}

/// The absolute form of a path, which the server may read from another folder.
///
/// # Errors
/// There is no such file.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| path.display().to_string())
}
