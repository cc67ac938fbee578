//! What each command does. Writing commands are requests, carried out by the server that holds the
//! data or, when there is none, here; reading commands open the store read-only.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use domain::Platform;
use domain::access::{Ctx, Duty, authenticate_local, system};
use domain::audit::seal;
use domain::freeze::FreezeKind;
use domain::operator::usecases::{NewOperator, found_provider, list_operators};
use domain::order::overview;
use kernel::{Clock, Refusal, SystemClock, codes};
use storage::Tx;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use crate::cli::{
    self, AccountCommand, AuditCommand, BackupCommand, CertCommand, Cli, Command, ConfigCommand,
    ContractCommand, DemoCommand, FreezeCommand, Global, Import, Init, OperatorCommand,
    OrderCommand, Ports, ReleaseCommand, SettingCommand, XmlCommand,
};
use crate::config::{self, Config, SOCKET_NAME};
use crate::edges::Post;
use crate::output::{self, Format, Meter};
use crate::request::{Answer, Desk, Request, absolute, exit};
use crate::serve::{self, Stage};
use crate::services::SERVICES;
use crate::workers::{Crew, Signer};
use crate::{
    backup, bench, control, demo, documents, files, freezes, house, messages, releases, search, tls,
};

/// Runs a command; its exit code.
///
/// # Errors
/// What has no better exit code than 1.
pub fn run(cli: Cli) -> Result<u8> {
    let Cli { global, command } = cli;
    match command {
        Command::Init(init) => self::init(&global, &init),
        Command::Serve(ports) => self::serve(&global, &ports),
        Command::Demo(demo) => match &demo.command {
            Some(DemoCommand::Clock { step }) => demo_clock(&global, step),
            None => run_demo(&global, &demo.ports, demo.reset),
        },
        Command::Bench(bench) => self::bench(&global, bench),
        Command::Check => check(&global),
        Command::Config(ConfigCommand::Show { effective: _ }) => {
            let rows = global.load(&[])?.effective();
            print(&Answer::table(["key", "value", "origin"], rows), &global)
        }
        Command::Operator(OperatorCommand::List) => {
            read(&global, async |desk| desk.operators().await)
        }
        Command::Audit(AuditCommand::Verify { json }) => verify(&global, json),
        Command::Order(OrderCommand::Show {
            reference,
            operator,
        }) => read(&global, async |desk| {
            desk.order(&operator, &reference).await
        }),
        Command::Search(asked) if asked.jsonl => read(&global, async |desk| {
            search::lines(&desk.platform, &desk.ctx).await?;
            Ok(Answer::default())
        }),
        Command::Search(asked) => read(&global, async |desk| {
            let text = asked.text.join(" ");
            search::one(&desk.platform, &desk.ctx, &text, desk.format).await
        }),
        Command::Xml(XmlCommand::Validate { file, lot }) => {
            print(&messages::validate(&file, lot)?, &global)
        }
        Command::Cert(CertCommand::Make { name, dir }) => make_certificate(&name, &dir),
        Command::Permissions => text(&documents::permissions(SERVICES)),
        Command::Errors => text(&documents::errors()),
        Command::Routes => {
            let columns = ["service", "door", "entry", "access", "audit", "repeat"];
            print(
                &Answer::table(columns, documents::routes(SERVICES)),
                &global,
            )
        }
        Command::Version => {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            print(&Answer::row(["version"], [version]), &global)
        }
        Command::Import(import) => self::import(&global, import),
        Command::Release(ReleaseCommand::List) => {
            read(&global, async |desk| releases::list(&desk.platform).await)
        }
        Command::Release(ReleaseCommand::Show { number }) => read(&global, async |desk| {
            releases::show(&desk.platform, number).await
        }),
        Command::Release(ReleaseCommand::Diff {
            number,
            orders,
            json,
            csv,
        }) => {
            let mut out: Box<dyn Write> = match &csv {
                Some(path) => {
                    let file = fs::File::create(path);
                    Box::new(file.with_context(|| path.display().to_string())?)
                }
                None => Box::new(std::io::stdout()),
            };
            read(&global, async |desk| {
                let staff = desk.ctx.staff().map_err(|refusal| anyhow!(refusal))?;
                let told = releases::Told {
                    number,
                    orders,
                    json,
                };
                releases::diff(&desk.platform, staff, told, &mut *out).await
            })
        }
        Command::Freeze(FreezeCommand::List { all }) => read(&global, async |desk| {
            let staff = desk.ctx.staff().map_err(|refusal| anyhow!(refusal))?;
            freezes::list(&desk.platform, staff, all).await
        }),
        Command::Setting(SettingCommand::List) => read(&global, async |desk| desk.settings().await),
        Command::Backup(BackupCommand::Create { to }) => backup::command::create(&global, &to),
        Command::Backup(BackupCommand::Verify { file }) => backup::command::verify(&global, &file),
        Command::Restore { file, force } => backup::command::restore(&global, &file, force),
        Command::Doctor(asked) => backup::command::doctor(&global, &asked),
        other => {
            let request = request(other)?;
            let answer = ask(&global, &request)?;
            print(&answer, &global)
        }
    }
}

pub(crate) fn print(answer: &Answer, global: &Global) -> Result<u8> {
    output::answer(answer, global.output)?;
    Ok(answer.code)
}

fn text(text: &str) -> Result<u8> {
    output::data(text)?;
    Ok(exit::OK)
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::default())
}

pub(crate) fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

pub(crate) fn log(filter: &str, json: bool) -> Result<()> {
    let filter = EnvFilter::try_new(filter).context("log.filter")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json {
        builder.json().init()
    } else {
        builder.init()
    }
    Ok(())
}

/// The request that a writing command stands for.
fn request(command: Command) -> Result<Request> {
    Ok(match command {
        Command::Operator(OperatorCommand::Add {
            code,
            name,
            email,
            sirens,
        }) => Request::OperatorAdd {
            code,
            name,
            email,
            sirens,
        },
        Command::Order(OrderCommand::Connect {
            reference,
            operator,
            date,
            failed,
        }) => Request::OrderConnect {
            operator,
            reference,
            date,
            failed,
        },
        Command::Operator(OperatorCommand::Suspend { code }) => Request::OperatorSuspend {
            code,
            suspended: true,
        },
        Command::Operator(OperatorCommand::Resume { code }) => Request::OperatorSuspend {
            code,
            suspended: false,
        },
        Command::Contract(ContractCommand::Add {
            operator,
            reference,
            offers,
        }) => Request::ContractAdd {
            operator,
            reference,
            offers,
        },
        Command::Subscribe { operator, services } => Request::Subscribe { operator, services },
        Command::Account(AccountCommand::Add {
            operator,
            login,
            name,
            profile,
        }) => Request::AccountAdd {
            operator,
            login,
            name,
            profile,
        },
        Command::Account(AccountCommand::List { operator }) => Request::AccountList { operator },
        Command::Account(AccountCommand::Disable { login }) => Request::AccountDisable { login },
        Command::Cert(CertCommand::Add {
            operator,
            file,
            responsible,
            label,
        }) => {
            let pem = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            Request::CertAdd {
                operator,
                pem,
                label,
                responsible,
            }
        }
        Command::Release(ReleaseCommand::Approve { number }) => Request::ReleaseApprove { number },
        Command::Release(ReleaseCommand::RollBack { number }) => {
            Request::ReleaseRollBack { number }
        }
        Command::Freeze(FreezeCommand::Building(of)) => freezes::request(FreezeKind::Building, of),
        Command::Freeze(FreezeCommand::Pm(of)) => freezes::request(FreezeKind::Pm, of),
        Command::Setting(SettingCommand::Set { name, value }) => {
            Request::SettingSet { name, value }
        }
        Command::Cert(CertCommand::List { operator }) => Request::CertList { operator },
        Command::Cert(CertCommand::Revoke { fingerprint }) => Request::CertRevoke { fingerprint },
        _ => bail!("this command makes no request"),
    })
}

/// Has a request carried out, by the server if one holds the data.
fn ask(global: &Global, request: &Request) -> Result<Answer> {
    let config = global.load(&[])?;
    let mut meter = Meter::new();
    let mut show = |progress: &_| meter.show(progress);
    if let Some(answer) = control::ask(&config.socket(), &global.reason, request, &mut show)? {
        return Ok(answer);
    }
    log("warn", false)?;
    if config.postgres.is_none() && !config.data.join("epissure.db").exists() {
        bail!("no store in {}: run epissure init", config.data.display());
    }
    runtime()?.block_on(async {
        let platform = house::open(&config, clock()).await?;
        let url = config.portal.public_url.clone();
        let desk = Desk::new(Arc::clone(&platform), SERVICES, url);
        let desk = desk.with_hands(hands(&config, Arc::clone(&platform)).await?);
        let user = house::os_user(house::own_uid());
        let (tell, mut told) = mpsc::unbounded_channel();
        let work = desk.carry_out(&user, &global.reason, request.clone(), tell);
        tokio::pin!(work);
        let answer = loop {
            tokio::select! {
                answer = &mut work => break answer,
                Some(progress) = told.recv() => meter.show(&progress),
            }
        };
        close_journal(&config, platform).await?;
        Ok(answer)
    })
}

/// Seals and signs what this command left in the journal, since no server will for now.
pub(crate) async fn close_journal(config: &Config, platform: Arc<Platform>) -> Result<()> {
    hands(config, platform).await?.close_journal().await
}

/// What works for this command alone.
async fn hands(config: &Config, platform: Arc<Platform>) -> Result<Crew> {
    let (provider, _) = house::provider(&platform).await?;
    Ok(Crew {
        platform,
        services: SERVICES,
        provider,
        signer: Arc::new(Signer::open(&config.data, &config.head_dir)?),
        post: Arc::new(Post::new(config, SERVICES)?),
    })
}

fn init(global: &Global, init: &Init) -> Result<u8> {
    log("warn", false)?;
    let flags = init.flags();
    let config = global.load(&flags)?;
    if config.brand_name.is_empty() || config.brand_code.is_empty() {
        bail!("who is the provider? give --name and --code");
    }
    files::make_private_dir(&config.data)?;
    let file = global
        .config
        .clone()
        .unwrap_or_else(|| config.data.join(config::FILE_NAME));
    if !file.exists() {
        let given = flags
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        let text = config::template(&given.collect::<Vec<_>>());
        files::write_whole(&file, text.as_bytes(), 0o600)?;
        output::note(&format!("configuration: {}", file.display()));
    }
    let answer = runtime()?.block_on(found(&config, init))?;
    print(&answer, global)
}

/// Makes the keys, the provider and its first account.
async fn found(config: &Config, init: &Init) -> Result<Answer> {
    let platform = house::open(config, clock()).await?;
    tls::Identity::load(&config.data, platform.clock.real_now())?;
    let provider = NewOperator {
        code: config.brand_code.clone(),
        name: config.brand_name.clone(),
        contact_email: init.login.clone(),
        sirens: Vec::new(),
    };
    if let Err(refusal) = found_provider(&platform, provider).await?.into_result() {
        return Ok(Answer::refused(&refusal, ""));
    }
    let desk = Desk::new(Arc::clone(&platform), SERVICES, String::new());
    let request = Request::AccountAdd {
        operator: config.brand_code.clone(),
        login: init.login.clone(),
        name: init.person.clone(),
        profile: "administrateur".to_owned(),
    };
    let user = house::os_user(house::own_uid());
    let (tell, _told) = mpsc::unbounded_channel();
    let answer = desk.carry_out(&user, "init", request, tell).await;
    close_journal(config, platform).await?;
    Ok(answer)
}

fn serve(global: &Global, ports: &Ports) -> Result<u8> {
    let begun = Instant::now();
    let config = global.load(&ports.flags())?;
    log(&config.log_filter, config.log_json)?;
    runtime()?.block_on(async {
        let told = serve::Told::listen()?;
        let running = serve::start(&config, clock(), Stage::default()).await?;
        let (portal, xml) = (&running.portal_url, &running.xml_url);
        let ms = begun.elapsed().as_millis();
        output::data(&format!(
            "ready: portal {portal}/ xml {xml}/ws/ in {ms} ms\n"
        ))?;
        told.wait().await;
        running.stop().await
    })?;
    Ok(exit::OK)
}

fn run_demo(global: &Global, ports: &Ports, reset: bool) -> Result<u8> {
    log("warn", false)?;
    let options = demo::Options {
        data: global
            .data
            .clone()
            .unwrap_or_else(|| demo::DEFAULT_DIR.into()),
        portal_port: ports.portal_port,
        xml_port: ports.xml_port,
        reset,
    };
    runtime()?.block_on(demo::run(&options))?;
    Ok(exit::OK)
}

fn demo_clock(global: &Global, step: &str) -> Result<u8> {
    let step_ms = demo::parse_step(step).context("a step forward is +5h, +3d, +1w or the like")?;
    let data = global
        .data
        .clone()
        .unwrap_or_else(|| demo::DEFAULT_DIR.into());
    let (socket, request) = (data.join(SOCKET_NAME), Request::DemoClock { step_ms });
    let answer = control::ask(&socket, &global.reason, &request, &mut |_| {})?;
    let answer = answer.with_context(|| format!("no demonstration runs in {}", data.display()))?;
    print(&answer, global)
}

fn bench(global: &Global, asked: cli::Bench) -> Result<u8> {
    log("warn", false)?;
    let data = global.data.clone();
    let data = data.unwrap_or_else(|| bench::DEFAULT_DIR.into());
    if asked.hello {
        runtime()?.block_on(bench::serve_hello(&data))?;
        return Ok(exit::OK);
    }
    if let Some(rows) = asked.import_rows {
        runtime()?.block_on(bench::import_alone(&data, rows, asked.import_step))?;
        return Ok(exit::OK);
    }
    let effort = match (asked.quick, asked.full) {
        (true, _) => bench::Effort::QUICK,
        (_, true) => bench::Effort::FULL,
        _ => bench::Effort::USUAL,
    };
    let options = bench::Options {
        data,
        effort,
        only: asked.only,
        peer: asked.peers,
        json: asked.json,
    };
    runtime()?.block_on(bench::run(&options))?;
    Ok(exit::OK)
}

fn check(global: &Global) -> Result<u8> {
    let config = global.load(&[])?;
    let (server, journal) = (
        config.data.join("tls/server.key"),
        config.data.join("audit.key"),
    );
    for key in [server, journal].iter().filter(|key| key.exists()) {
        files::read_private(key, files::OWNER_ONLY)?;
    }
    Post::new(&config, SERVICES)?;
    runtime()?.block_on(async {
        let platform = house::open_read_only(&config, clock())?;
        house::provider(&platform).await
    })?;
    output::note("configuration, keys and store: ok");
    Ok(exit::OK)
}

/// A reader of the store, for commands that change nothing and show no personal data.
struct Reader {
    platform: Arc<Platform>,
    ctx: Ctx,
    format: Format,
}

fn read(global: &Global, f: impl AsyncFnOnce(&Reader) -> Result<Answer>) -> Result<u8> {
    log("warn", false)?;
    let config = global.load(&[])?;
    let answer = runtime()?.block_on(async {
        let platform = house::open_read_only(&config, clock())?;
        let user = house::os_user(house::own_uid());
        let ctx = authenticate_local(&platform, &user, &global.reason).await?;
        f(&Reader {
            platform,
            ctx,
            format: global.output,
        })
        .await
    })?;
    print(&answer, global)
}

impl Reader {
    async fn settings(&self) -> Result<Answer> {
        let scope = self.ctx.duty(Duty::Upkeep);
        let list = move |tx: &mut dyn Tx| reference::settings::list(tx, &scope);
        let all = self.platform.db.read(list).await?.into_iter();
        let row = |one: reference::settings::Setting| {
            let origin = if one.is_default { "default" } else { "set" };
            [one.name.to_owned(), one.value, origin.to_owned()]
        };
        Ok(Answer::table(
            ["name", "value", "origin"],
            all.map(row).collect(),
        ))
    }

    async fn operators(&self) -> Result<Answer> {
        let listed = list_operators(&self.platform, &self.ctx).await?;
        let operators = match listed {
            Ok(operators) => operators,
            Err(refusal) => return Ok(Answer::refused(&refusal, "")),
        };
        let rows = operators.into_iter().map(|operator| {
            let role = if operator.is_provider { "oi" } else { "oc" };
            [
                operator.code,
                operator.name,
                role.to_owned(),
                operator.contact_email,
            ]
        });
        Ok(Answer::table(
            ["code", "name", "role", "email"],
            rows.collect(),
        ))
    }

    async fn order(&self, operator: &str, reference: &str) -> Result<Answer> {
        let staff = self
            .ctx
            .staff()
            .map_err(|refusal| anyhow!(refusal))?
            .clone();
        let (code, reference) = (operator.to_owned(), reference.to_owned());
        let find = move |tx: &mut dyn Tx| {
            let Some(operator) = domain::operator::store::by_code(tx, &staff, &code)? else {
                return Ok(None);
            };
            let found = overview::store::by_reference(tx, &staff, &operator.id, &reference)?;
            let Some(order) = found else { return Ok(None) };
            let steps = overview::store::list_steps(tx, &staff, &operator.id, &order.id)?;
            Ok(Some((order, steps)))
        };
        let Some((order, steps)) = self.platform.db.read(find).await? else {
            return Ok(Answer::refused(&Refusal::new(&codes::FIMP14), ""));
        };
        if self.format == Format::Json {
            let shown = serde_json::json!({ "order": order, "timeline": steps });
            output::data(&(serde_json::to_string_pretty(&shown)? + "\n"))?;
            return Ok(Answer::default());
        }
        let head = format!(
            "{} {} {} {} building {} PM {} PBO {} PTO {} fibre {}\n",
            order.reference,
            order.prestation.unwrap_or_default(),
            order.status,
            order.motive,
            order.building_ref,
            order.pm_ref,
            order.pbo_ref,
            order.pto_ref,
            order.fibre_id,
        );
        output::data(&head)?;
        let rows = steps.into_iter().map(|step| {
            let at = jiff::Timestamp::from_millisecond(step.at.0).map(|at| at.to_string());
            let at = at.unwrap_or_default();
            [
                step.seq.to_string(),
                at,
                step.event,
                step.status,
                step.channel,
                step.code,
            ]
        });
        let columns = ["seq", "at", "event", "status", "channel", "code"];
        Ok(Answer::table(columns, rows.collect()))
    }
}

fn verify(global: &Global, json: bool) -> Result<u8> {
    log("warn", false)?;
    let config = global.load(&[])?;
    if !config.data.join("audit.key").exists() {
        bail!("no audit.key in {}", config.data.display());
    }
    let signer = Signer::open(&config.data, &config.head_dir)?;
    let heads = signer.heads()?;
    let found = runtime()?.block_on(async {
        let platform = house::open_read_only(&config, clock())?;
        let (provider, _) = house::provider(&platform).await?;
        let ctx = system(&platform, Duty::Sealer, &provider)?;
        anyhow::Ok(seal::verify(&platform, &ctx, &heads, signer.key()).await?)
    })?;
    if json {
        output::data(&(serde_json::to_string_pretty(&found)? + "\n"))?;
    } else {
        let (links, heads, unsealed) = (found.links, found.heads, found.unsealed);
        output::data(&format!(
            "links {links}, signed heads {heads}, not yet sealed {unsealed}\n"
        ))?;
        for fault in &found.faults {
            output::data(&format!("{fault}\n"))?;
        }
    }
    Ok(if found.faults.is_empty() {
        exit::OK
    } else {
        exit::INVALID
    })
}

fn make_certificate(name: &str, dir: &Path) -> Result<u8> {
    let made = tls::client_certificate(name, clock().real_now())?;
    let (pem, key) = (
        dir.join(format!("{name}.pem")),
        dir.join(format!("{name}.key")),
    );
    files::write_whole(&key, made.key.as_bytes(), 0o600)?;
    files::write_whole(&pem, made.certificate.as_bytes(), 0o644)?;
    output::note(&format!("{} {}", pem.display(), key.display()));
    Ok(exit::OK)
}

fn import(global: &Global, import: Import) -> Result<u8> {
    let request = Request::Import {
        kind: import.kind,
        file: absolute(&import.file)?,
        dry_run: import.dry_run,
        approve: import.approve,
        extracted_at: import.extracted_at,
    };
    let mut answer = ask(global, &request)?;
    if let (Some(path), Some(report)) = (&import.report, answer.report.take()) {
        fs::write(path, report).with_context(|| path.display().to_string())?;
        output::note(&format!("report: {}", path.display()));
    }
    print(&answer, global)
}
