//! What goes on behind the answers: jobs, outbox, sealing, signed heads, upkeep. Each worker looks
//! at the store, does what is due, and may be run twice or on two nodes without harm.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use domain::access::{self, Ctx, Duty, JobLease};
use domain::audit::seal::{self, Head};
use domain::job::{self, Leased, Track};
use domain::release::store as releases;
use domain::{Platform, idempotency};
use kernel::{Fault, Millis, OperatorId};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use service_api::{EService, JobEnd};
use storage::{Engine, Lane};
use tokio::task::JoinSet;

use crate::files;
use crate::tasks::{Stop, Tasks};

/// Quick jobs leased, and run side by side, at once.
const JOBS_AT_ONCE: i64 = 64;
/// Turns of long works likewise: they share one processor.
const TURNS_AT_ONCE: i64 = 1;
/// Long jobs likewise: each takes the whole of a writer.
const LONG_JOBS_AT_ONCE: i64 = 1;
/// Between two renewals of the lease of a job that still runs.
const RENEW_EVERY: Duration = Duration::from_millis(job::RENEW_MS);
/// Wait between two looks at an empty queue of jobs.
const JOBS_PAUSE: Duration = Duration::from_millis(50);
/// Wait after a look at the outbox that found nothing.
const OUTBOX_PAUSE: Duration = Duration::from_millis(500);
/// Wait between two slices of the sealer while there is work.
const SEAL_BUSY: Duration = Duration::from_millis(200);
/// Wait between two looks of the sealer otherwise.
const SEAL_IDLE: Duration = Duration::from_secs(1);
/// Between two signed heads.
const HEAD_EVERY: Duration = Duration::from_secs(60);
/// Between two notes of which sessions were used.
const SEEN_EVERY: Duration = Duration::from_secs(5);
/// Between two looks for a release whose address index is to be made.
const INDEX_EVERY: Duration = Duration::from_secs(1);
/// Between two flushes of what consultations leave, and two looks of the reconcilers.
const SOON: Duration = Duration::from_secs(1);
/// Between two runs of the upkeep.
const UPKEEP_EVERY: Duration = Duration::from_secs(3_600);
/// Idempotency keys forgotten in one unit of work.
const PURGE_SLICE: i64 = 500;
/// Wait after a failure, so that a store that is away is not hammered.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// What every worker needs.
#[derive(Clone)]
pub struct Crew {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The registered e-services.
    pub services: &'static [&'static EService],
    /// The OI, which owns what the platform itself does.
    pub provider: OperatorId,
    /// Signs heads, and names this node among those of one store.
    pub signer: Arc<Signer>,
    /// How mails leave.
    pub post: Arc<crate::edges::Post>,
}

/// What a look of the sealer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// Nothing waited.
    Nothing,
    /// Everything that waited was sealed, or another node's sealer is at it.
    All,
    /// One slice was sealed; more may wait.
    Slice,
}

/// Starts every worker.
pub fn start(tasks: &Tasks, crew: &Crew) {
    let each = |crew: &Crew| (crew.clone(), tasks.stop());
    let (here, stop) = each(crew);
    tasks.spawn(async move {
        here.take_back().await;
        let [quick, turns, long] = Track::ALL.map(|track| run_jobs(&here, stop.clone(), track));
        tokio::join!(quick, turns, long);
    });
    let (here, stop) = each(crew);
    tasks.spawn(send_outbox(here, stop));
    let (here, stop) = each(crew);
    tasks.spawn(seal(here, stop));
    let (here, stop) = each(crew);
    tasks.spawn(every(stop, HEAD_EVERY, "audit head", move || {
        let crew = here.clone();
        async move { crew.sign().await }
    }));
    let (here, stop) = each(crew);
    tasks.spawn(every(stop, SEEN_EVERY, "sessions", move || {
        let crew = here.clone();
        async move { Ok(access::flush_seen(&crew.platform).await?) }
    }));
    let (here, stop) = each(crew);
    tasks.spawn(async move {
        // The first request should not wait for what the start can do.
        if let Err(error) = here.prepare_indexes().await {
            tracing::warn!(worker = "address index", "failed: {error}");
        }
        let duty = || async { Ok(here.prepare_indexes().await?) };
        every(stop, INDEX_EVERY, "address index", duty).await;
    });
    let (here, stop) = each(crew);
    tasks.spawn(every(stop, SOON, "consultations", move || {
        let crew = here.clone();
        async move { Ok(domain::spool::flush(&crew.platform).await?) }
    }));
    // A file is one process's: whoever shares a server tells the others what it lets through.
    if crew.platform.db.engine() == Engine::Postgres {
        let (here, stop) = each(crew);
        tasks.spawn(every(stop, SOON, "rate limits", move || {
            let crew = here.clone();
            async move { Ok(domain::rate::share(&crew.platform, crew.signer.node()).await?) }
        }));
    }
    let (here, stop) = each(crew);
    tasks.spawn(every(stop, SOON, "reconcilers", move || {
        let crew = here.clone();
        async move { Ok(crew.reconcile().await.map(drop)?) }
    }));
    let (here, stop) = each(crew);
    tasks.spawn(every(stop, UPKEEP_EVERY, "upkeep", move || {
        let crew = here.clone();
        async move { Ok(crew.purge().await?) }
    }));
}

/// Runs `duty` at intervals; a failure is told and the next interval tries again.
async fn every<F: Future<Output = Result<()>>>(
    mut stop: Stop,
    pause: Duration,
    name: &'static str,
    duty: impl Fn() -> F,
) {
    while stop.pause(pause).await {
        if let Err(error) = duty().await {
            tracing::warn!(worker = name, "failed: {error:#}");
        }
    }
}

async fn run_jobs(crew: &Crew, mut stop: Stop, track: Track) {
    while !stop.is_set() {
        let pause = match crew.run_track(track).await {
            Ok(0) => JOBS_PAUSE,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(worker = "jobs", "failed: {error}");
                FAILURE_PAUSE
            }
        };
        stop.pause(pause).await;
    }
}

async fn send_outbox(crew: Crew, mut stop: Stop) {
    while !stop.is_set() {
        let pause = match crew.post.send_due(&crew.platform, &crew.provider).await {
            Ok(0) => OUTBOX_PAUSE,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(worker = "outbox", "failed: {error}");
                FAILURE_PAUSE
            }
        };
        stop.pause(pause).await;
    }
}

async fn seal(crew: Crew, mut stop: Stop) {
    while !stop.is_set() {
        let pause = match crew.seal_slice().await {
            Ok(Sealed::Slice) => continue,
            Ok(Sealed::All) => SEAL_BUSY,
            Ok(Sealed::Nothing) => SEAL_IDLE,
            Err(error) => {
                tracing::warn!(worker = "sealer", "failed: {error}");
                FAILURE_PAUSE
            }
        };
        stop.pause(pause).await;
    }
}

impl Crew {
    fn duty(&self, duty: Duty) -> Result<Ctx, Fault> {
        access::system(&self.platform, duty, &self.provider)
    }

    /// Makes the address index of the release in force, and of the one that may follow it: a node
    /// that did not build a release has its index before it is published.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn prepare_indexes(&self) -> Result<(), Fault> {
        let Platform { db, places, .. } = &*self.platform;
        let (current, ready) = db
            .get(|tx| Ok((releases::current(tx)?, releases::ready(tx)?)))
            .await?;
        let mut made = false;
        for release in ready.into_iter().chain([current]) {
            if places.loaded(release).is_none() {
                if release != current {
                    // Nobody waits for it yet.
                    places.prepare(db, release).await?;
                }
                places.of(db, release).await?;
                made = true;
            }
        }
        if made {
            places.tidy(db, current).await?;
        }
        Ok(())
    }

    /// Runs every reconciler once; how much they did.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn reconcile(&self) -> Result<usize, Fault> {
        let mut done = 0;
        for reconciler in self.services.iter().flat_map(|s| s.reconcilers) {
            let ctx = Arc::new(self.duty(reconciler.duty)?);
            done += (reconciler.run)(Arc::clone(&self.platform), ctx).await?;
        }
        Ok(done)
    }

    async fn take_back(&self) {
        if let Err(error) = self.take_back_jobs().await {
            tracing::warn!(
                worker = "jobs",
                "leases left by the last run must end first: {error}"
            );
        }
    }

    /// Runs one batch of due jobs of each track; how many there were.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn run_due_jobs(&self) -> Result<usize, Fault> {
        let mut ran = 0;
        for track in Track::ALL {
            ran += self.run_track(track).await?;
        }
        Ok(ran)
    }

    /// Runs one batch of due jobs of a track; how many there were.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn run_track(&self, track: Track) -> Result<usize, Fault> {
        let scope = self.duty(Duty::Jobs)?.duty(Duty::Jobs);
        let clock = &self.platform.clock;
        let (now, real_now) = (clock.business_now(), clock.real_now());
        let due = move |tx: &mut dyn storage::Tx| job::store::is_due(tx, &scope, now, track);
        if !self.platform.db.get(due).await? {
            return Ok(0);
        }
        let token = format!("{}:{}", self.signer.node, self.platform.token()?);
        let at_once = match track {
            Track::Quick => JOBS_AT_ONCE,
            Track::Turns => TURNS_AT_ONCE,
            Track::Long => LONG_JOBS_AT_ONCE,
        };
        let lease = move |tx: &mut dyn storage::Tx| {
            job::store::lease(tx, &scope, &token, now, real_now, (track, at_once))
        };
        let leased = self
            .platform
            .db
            .write(Lane::Background, None, lease)
            .await?;
        let count = leased.len();
        let mut running = JoinSet::new();
        for job in leased {
            let crew = self.clone();
            running.spawn(async move { crew.run_job(job).await });
        }
        while let Some(ended) = running.join_next().await {
            // The lease of a job that panicked ends by itself, and it is tried again.
            if let Err(error) = ended {
                tracing::error!("a job panicked: {error}");
            }
        }
        Ok(count)
    }

    /// Makes the jobs due that this node was at when it ended; before it runs any.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn take_back_jobs(&self) -> Result<u64, Fault> {
        let scope = self.duty(Duty::Jobs)?.duty(Duty::Jobs);
        let node = self.signer.node.clone();
        let take = move |tx: &mut dyn storage::Tx| job::store::take_back(tx, &scope, &node);
        Ok(self.platform.db.write(Lane::Background, None, take).await?)
    }

    async fn run_job(&self, leased: Leased) {
        let end = if leased.attempts > job::ATTEMPTS_MAX {
            Ok(JobEnd::GiveUp("too many tries".to_owned()))
        } else {
            self.attempt(&leased).await
        };
        let (retry, why) = match end {
            Ok(JobEnd::Done) => return,
            Ok(JobEnd::GiveUp(why)) => (false, why),
            Ok(JobEnd::Retry(why)) => (true, why),
            Err(fault) => (true, fault.to_string()),
        };
        tracing::warn!(job = %leased.id, kind = %leased.kind, retry, "not done: {why}");
        if let Err(error) = self.give_back(leased, retry, why).await {
            tracing::warn!("a job was not given back, its lease will end: {error}");
        }
    }

    async fn attempt(&self, leased: &Leased) -> Result<JobEnd, Fault> {
        let kinds = self.services.iter().flat_map(|service| service.jobs);
        let Some(kind) = kinds.into_iter().find(|kind| kind.kind == leased.kind) else {
            return Ok(JobEnd::Retry(
                "no such kind of job in this version".to_owned(),
            ));
        };
        let lease = JobLease {
            id: leased.id.clone(),
            operator: leased.operator.clone(),
            token: leased.token.clone(),
        };
        let ctx = access::resume_job(&self.platform, lease.clone()).await?;
        let mut work = (kind.run)(
            Arc::clone(&self.platform),
            Arc::new(ctx),
            leased.payload.clone(),
        );
        loop {
            match tokio::time::timeout(RENEW_EVERY, &mut work).await {
                Ok(end) => return end,
                Err(_) => self.renew(&lease).await,
            }
        }
    }

    /// Keeps a job that still runs from being taken by another. When that fails the job goes on:
    /// its unit of work asks for the lease again before it commits.
    async fn renew(&self, lease: &JobLease) {
        let renewed = async {
            let scope = self.duty(Duty::Jobs)?.duty(Duty::Jobs);
            let (lease, real_now) = (lease.clone(), self.platform.clock.real_now());
            let renew =
                move |tx: &mut dyn storage::Tx| job::store::renew(tx, &scope, &lease, real_now);
            Ok::<_, Fault>(
                self.platform
                    .db
                    .write(Lane::Background, None, renew)
                    .await?,
            )
        };
        match renewed.await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = %lease.id, "its lease is lost"),
            Err(error) => tracing::warn!(job = %lease.id, "its lease was not renewed: {error}"),
        }
    }

    async fn give_back(&self, leased: Leased, retry: bool, why: String) -> Result<(), Fault> {
        let scope = self.duty(Duty::Jobs)?.duty(Duty::Jobs);
        let again = retry && leased.attempts < job::ATTEMPTS_MAX;
        let delay = job::retry_delay_ms(leased.attempts);
        let at = again.then(|| self.platform.clock.real_now().plus(delay));
        let put =
            move |tx: &mut dyn storage::Tx| job::store::give_back(tx, &scope, &leased, at, &why);
        Ok(self.platform.db.write(Lane::Background, None, put).await?)
    }

    /// Seals and numbers one slice of what waits. Nothing is written while nothing waits.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn seal_slice(&self) -> Result<Sealed, Fault> {
        let ctx = self.duty(Duty::Sealer)?;
        let scope = ctx.duty(Duty::Sealer);
        let waiting = move |tx: &mut dyn storage::Tx| {
            let rows = domain::audit::store::list_unsealed(tx, &scope, 1)?;
            let events = domain::event::store::list_unnumbered(tx, &scope, 1)?;
            Ok(!rows.is_empty() || !events.is_empty())
        };
        if !self.platform.db.get(waiting).await? {
            return Ok(Sealed::Nothing);
        }
        let more = seal::seal_slice(&self.platform, &ctx, &self.signer.node).await?;
        Ok(if more { Sealed::Slice } else { Sealed::All })
    }

    /// Signs the head of the chain and keeps it, unless the last one kept is the same.
    ///
    /// # Errors
    /// The store does not answer, or the folder cannot be written.
    pub async fn sign(&self) -> Result<()> {
        let ctx = self.duty(Duty::Sealer)?;
        match seal::sign_head(&self.platform, &ctx, &self.signer.key).await? {
            Some(head) => self.signer.keep(&head),
            None => Ok(()),
        }
    }

    /// Seals whatever waits and signs the head: before the process ends.
    ///
    /// # Errors
    /// As [`Crew::seal_slice`] and [`Crew::sign`].
    pub async fn close_journal(&self) -> Result<()> {
        domain::spool::flush(&self.platform).await?;
        let ctx = self.duty(Duty::Sealer)?;
        while seal::seal_slice(&self.platform, &ctx, &self.signer.node).await? {}
        self.sign().await
    }

    /// Forgets what is no longer needed: idempotency keys, throttles of another day, bytes that no
    /// upload names.
    async fn purge(&self) -> Result<(), Fault> {
        let scope = self.duty(Duty::Upkeep)?.duty(Duty::Upkeep);
        domain::upload::reconcile(&self.platform, scope).await?;
        let real_now = self.platform.clock.real_now();
        let (before, stale) = (
            real_now.plus(-idempotency::KEPT_MS),
            real_now.plus(-Millis::DAY),
        );
        let forget = move |tx: &mut dyn storage::Tx| {
            access::store::delete_stale_throttles(tx, &scope, stale)
        };
        self.platform
            .db
            .write(Lane::Background, None, forget)
            .await?;
        loop {
            let purge = move |tx: &mut dyn storage::Tx| {
                idempotency::store::delete_older(tx, &scope, before, PURGE_SLICE)
            };
            if self
                .platform
                .db
                .write(Lane::Background, None, purge)
                .await?
                == 0
            {
                return Ok(());
            }
        }
    }
}

/// Signs heads of the journal and keeps them elsewhere than the data.
pub struct Signer {
    key: Ed25519KeyPair,
    dir: PathBuf,
    node: String,
}

impl Signer {
    /// The signer with the key `<data>/audit.key`, made when missing, and its folder of heads.
    ///
    /// # Errors
    /// The key is open to others or unreadable; the folder cannot be made.
    pub fn open(data: &Path, head_dir: &Path) -> Result<Self> {
        files::make_private_dir(head_dir)?;
        let bytes = files::private_or_new(&data.join("audit.key"), || {
            let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
            Ok(made
                .map_err(|_| anyhow!("no randomness"))?
                .as_ref()
                .to_vec())
        })?;
        let key = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|e| anyhow!("audit.key: {e}"))?;
        // One process at a time works on a data folder, so its key names the node: a lease left by
        // a process that was killed is its successor's at once.
        let node = key
            .public_key()
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            key,
            dir: head_dir.to_owned(),
            node,
        })
    }

    /// The key pair.
    #[must_use]
    pub fn key(&self) -> &Ed25519KeyPair {
        &self.key
    }

    /// The name of this node among those of one store.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    fn keep(&self, head: &Head) -> Result<()> {
        let path = self.dir.join(format!("head-{}.json", head.seq));
        if path.exists() {
            return Ok(());
        }
        files::write_whole(&path, serde_json::to_string(head)?.as_bytes(), 0o600)
    }

    /// Every head that was kept, in order.
    ///
    /// # Errors
    /// The folder or a head cannot be read.
    pub fn heads(&self) -> Result<Vec<Head>> {
        let mut heads = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.starts_with("head-") && name.ends_with(".json") {
                let text = std::fs::read(&path)?;
                let head: Head = serde_json::from_slice(&text).with_context(|| name)?;
                heads.push(head);
            }
        }
        heads.sort_by_key(|head| head.seq);
        Ok(heads)
    }
}
