//! Imports as they are followed: submitted, carried out by their job, approved, taken back.

use std::io::Read;
use std::sync::Arc;

use domain::Platform;
use domain::access::{Ctx, Duty, JobLease, OperatorScope, authenticate_local, resume_job, system};
use domain::contract::Contract;
use domain::job::{self, Track};
use domain::operator::Operator;
use domain::release::{Kind, Release, store as releases};
use domain::upload::{self, Purpose, Receiver};
use kernel::{ContractId, FakeClock, ImportId, JobId, Millis, OperatorId, Refusal, UploadId};
use reference::SERVICE;
use reference::runs::store as runs;
use reference::runs::usecases::{
    self, IMPORT_JOB, Submission, approve_release, decline_release, roll_back, submit,
};
use reference::runs::{FOUR_EYES_SETTING, Run, RunState};
use service_api::JobEnd;
use storage::{Lane, Tx};

use crate::support::{DAY, NOW, Store, small};

/// A store with the OI, three operators of which two have a contract, and hands for its jobs.
pub struct Desk {
    pub store: Store,
    pub platform: Arc<Platform>,
    pub staff: Arc<Ctx>,
    pub other: Arc<Ctx>,
}

impl Desk {
    pub async fn open() -> Option<Self> {
        let store = Store::open()?;
        let clock = Arc::new(FakeClock::at(NOW));
        let platform = Arc::new(Platform::new(store.db.clone(), clock));
        let provider = OperatorId::from_store("opr_fournisseur".to_owned());
        let demo = system(&platform, Duty::Demo, &provider).unwrap();
        let scope = demo.duty(Duty::Demo);
        let fill = move |tx: &mut dyn Tx| {
            for (id, code) in [
                ("opr_fournisseur", "F2V"),
                ("opr_hiro", "HIRO"),
                ("opr_linb", "LINB"),
                ("opr_sans", "SANS"),
            ] {
                let operator = Operator {
                    id: OperatorId::from_store(id.to_owned()),
                    code: code.to_owned(),
                    name: code.to_owned(),
                    is_provider: code == "F2V",
                    contact_email: format!("contact@{}.example", code.to_lowercase()),
                    created: NOW,
                };
                domain::operator::store::insert(tx, &scope, &operator)?;
                if ["HIRO", "LINB"].contains(&code) {
                    let contract = Contract {
                        id: ContractId::from_store(format!("ctr_{code}")),
                        reference: "C".to_owned(),
                        signed: NOW,
                    };
                    let insert = domain::contract::store::insert;
                    insert(tx, &scope, &operator.id, &contract, &["ACCES_FTTH"])?;
                }
            }
            Ok(())
        };
        store.db.write(Lane::Foreground, None, fill).await.unwrap();
        let staff = authenticate_local(&platform, "alice", "essai").await;
        let other = authenticate_local(&platform, "bruno", "essai").await;
        Some(Self {
            store,
            staff: Arc::new(staff.unwrap()),
            other: Arc::new(other.unwrap()),
            platform,
        })
    }

    pub async fn submission(&self, kind: Kind, text: &str) -> Submission {
        let name = format!("{}.csv", kind.as_str());
        let purpose = Purpose::Reference;
        let mut receiver = Receiver::begin(&self.platform, &self.staff, purpose, &name).unwrap();
        receiver.push(text.as_bytes()).await.unwrap();
        Submission {
            kind,
            file_name: name,
            uploads: vec![receiver.finish().await.unwrap()],
            extracted_on: Some(DAY),
            dry_run: false,
            approve: false,
        }
    }

    pub async fn submit(&self, new: Submission) -> ImportId {
        let done = submit(&self.platform, &self.staff, new, None).await;
        done.unwrap().into_result().unwrap()
    }

    /// Runs the long jobs that are due; how each ended.
    pub async fn work(&self) -> Vec<JobEnd> {
        let provider = self.staff.owner();
        let scope = system(&self.platform, Duty::Jobs, provider).unwrap();
        let scope = scope.duty(Duty::Jobs);
        let mut ends = Vec::new();
        loop {
            let lease = move |tx: &mut dyn Tx| {
                job::store::lease(tx, &scope, "n:1", NOW, NOW, (Track::Long, 1))
            };
            let leased = self.store.db.write(Lane::Background, None, lease).await;
            let Some(leased) = leased.unwrap().pop() else {
                return ends;
            };
            let lease = JobLease {
                id: leased.id.clone(),
                operator: leased.operator.clone(),
                token: leased.token.clone(),
            };
            let ctx = Arc::new(resume_job(&self.platform, lease).await.unwrap());
            let kind = SERVICE.jobs.iter().find(|kind| kind.kind == leased.kind);
            let run = kind.unwrap().run;
            let platform = Arc::clone(&self.platform);
            ends.push(run(platform, ctx, leased.payload.clone()).await.unwrap());
        }
    }

    pub async fn run(&self, id: &ImportId) -> Run {
        let id = id.to_string();
        let found = self.store.db.get(move |tx| runs::by_id(tx, &id)).await;
        found.unwrap().unwrap()
    }

    /// Imports a file and publishes it, by two people.
    pub async fn publish(&self, kind: Kind, text: &str) -> Release {
        let id = self.submit(self.submission(kind, text).await).await;
        self.work().await;
        let number = self.run(&id).await.release.unwrap();
        self.approve(&self.other, number).await.unwrap();
        self.work().await;
        assert_eq!(self.run(&id).await.state, RunState::Published);
        number
    }

    pub async fn approve(&self, who: &Arc<Ctx>, number: Release) -> Result<(), Refusal> {
        let done = approve_release(&self.platform, who, number, None).await;
        done.unwrap().into_result()
    }

    pub async fn roll_back(&self, number: Release, why: &str) -> Result<i64, Refusal> {
        let done = roll_back(&self.platform, &self.staff, number, why.to_owned(), None).await;
        done.unwrap().into_result()
    }

    pub async fn read(&self, id: &UploadId) -> String {
        let (reach, id) = (self.staff.scope().clone(), id.clone());
        let owner = self.staff.owner().clone();
        let find = move |tx: &mut dyn Tx| upload::store::by_id(tx, &reach, &owner, &id);
        let upload = self.store.db.get(find).await.unwrap().unwrap();
        let file = upload::open(&self.platform, self.staff.scope(), &upload).await;
        let mut text = String::new();
        file.unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The rows of an operator, as one of its jobs reaches them.
    pub async fn scope_of(&self, code: &str) -> OperatorScope {
        let lease = JobLease {
            id: JobId::from_store("job_essai".to_owned()),
            operator: OperatorId::from_store(format!("opr_{}", code.to_lowercase())),
            token: String::new(),
        };
        let ctx = resume_job(&self.platform, lease).await.unwrap();
        ctx.operator().unwrap().clone()
    }

    /// Whom the mails that wait go to.
    pub async fn mails(&self) -> Vec<String> {
        let outbox = system(&self.platform, Duty::Outbox, self.staff.owner()).unwrap();
        let scope = outbox.duty(Duty::Outbox);
        let lease =
            move |tx: &mut dyn Tx| domain::outbox::store::lease(tx, &scope, "n:1", NOW, 100);
        let leased = self.store.db.write(Lane::Background, None, lease).await;
        leased
            .unwrap()
            .into_iter()
            .map(|one| one.message.recipient)
            .collect()
    }

    pub async fn set(&self, name: &'static str, value: &'static str) {
        let scope = self.staff.duty(Duty::Upkeep);
        let put = move |tx: &mut dyn Tx| domain::setting::store::update(tx, &scope, name, value);
        self.store
            .db
            .write(Lane::Foreground, None, put)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_import_is_followed_from_its_file_to_its_publication() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    let id = desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    assert_eq!(desk.run(&id).await.state, RunState::Received);
    assert_eq!(desk.store.current().await, Release::EMPTY);
    assert_eq!(desk.work().await, [JobEnd::Done]);
    let run = desk.run(&id).await;
    assert_eq!(
        (run.state, run.release),
        (RunState::Waiting, Some(Release(1)))
    );
    assert_eq!(
        run.summary.added,
        u64::try_from(small().buildings.len()).unwrap()
    );
    assert_eq!(run.uploaded_name, "alice");
    assert_eq!(desk.store.current().await, Release::EMPTY);
    desk.approve(&desk.other, Release(1)).await.unwrap();
    assert_eq!(desk.work().await, [JobEnd::Done]);
    let run = desk.run(&id).await;
    assert_eq!(
        (run.state, run.decided_name.as_str()),
        (RunState::Published, "bruno")
    );
    assert_eq!(desk.store.current().await, Release(1));
    assert!(desk.work().await.is_empty(), "both jobs are done");
}

#[tokio::test]
async fn a_dry_run_and_a_refused_file_leave_their_reports() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let mut text = small().file(Kind::Ipe);
    let first = text.lines().nth(1).unwrap().to_owned();
    text.push_str(&first);
    text.push('\n');
    let mut new = desk.submission(Kind::Ipe, &text).await;
    new.dry_run = true;
    let id = desk.submit(new).await;
    desk.work().await;
    let run = desk.run(&id).await;
    assert_eq!((run.state, run.release), (RunState::Checked, None));
    assert_eq!(run.summary.rejected, 1);
    assert!(
        desk.read(&run.report_upload.unwrap())
            .await
            .contains("doublon")
    );
    let rejects = desk.read(&run.rejects_upload.unwrap()).await;
    assert_eq!(
        rejects.lines().count(),
        2,
        "a header and the line: {rejects}"
    );
    assert!(rejects.lines().nth(1).unwrap().starts_with(&first));

    let id = desk
        .submit(desk.submission(Kind::Prises, &text).await)
        .await;
    assert_eq!(desk.work().await, [JobEnd::Done]);
    let run = desk.run(&id).await;
    assert_eq!(run.state, RunState::Refused);
    assert_eq!(run.refusal.unwrap().code, "EIMP01");
    assert_eq!(desk.store.current().await, Release::EMPTY);
}

#[tokio::test]
async fn an_import_that_died_begins_again_by_itself() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    let id = desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    desk.platform.end();
    let ends = desk.work().await;
    assert!(matches!(ends[..], [JobEnd::Retry(_)]), "{ends:?}");
    assert_eq!(desk.run(&id).await.state, RunState::Running);
    // Another process takes the same store up: the lease of the first is over.
    let clock = Arc::new(FakeClock::at(NOW.plus(job::LEASE_MS + 1)));
    let again = Arc::new(Platform::new(desk.store.db.clone(), clock));
    let scope = desk.staff.duty(Duty::Jobs);
    let later = NOW.plus(job::LEASE_MS + 1);
    let lease =
        move |tx: &mut dyn Tx| job::store::lease(tx, &scope, "n:2", later, later, (Track::Long, 1));
    let leased = desk.store.db.write(Lane::Background, None, lease).await;
    let leased = leased.unwrap().pop().unwrap();
    assert_eq!(leased.kind, IMPORT_JOB);
    let lease = JobLease {
        id: leased.id,
        operator: leased.operator,
        token: leased.token,
    };
    let ctx = Arc::new(resume_job(&again, lease).await.unwrap());
    let end = usecases::run_import(again, ctx, leased.payload).await;
    assert_eq!(end.unwrap(), JobEnd::Done);
    assert_eq!(desk.run(&id).await.state, RunState::Waiting);
}

#[tokio::test]
async fn a_lease_that_is_renewed_is_not_taken_by_another() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    let scope = desk.staff.duty(Duty::Jobs);
    let at = |ms: i64| NOW.plus(ms);
    let take = async |token: &'static str, now: Millis| {
        let lease =
            move |tx: &mut dyn Tx| job::store::lease(tx, &scope, token, now, now, (Track::Long, 1));
        desk.store
            .db
            .write(Lane::Background, None, lease)
            .await
            .unwrap()
            .pop()
    };
    let held = take("n:1", at(0)).await.unwrap();
    let lease = JobLease {
        id: held.id,
        operator: held.operator,
        token: held.token,
    };
    let renew = async |now: Millis| {
        let lease = lease.clone();
        let renew = move |tx: &mut dyn Tx| job::store::renew(tx, &scope, &lease, now);
        desk.store
            .db
            .write(Lane::Background, None, renew)
            .await
            .unwrap()
    };
    assert!(renew(at(20_000)).await);
    assert!(take("n:2", at(job::LEASE_MS + 1)).await.is_none());
    assert!(take("n:2", at(20_000 + job::LEASE_MS + 1)).await.is_some());
    assert!(!renew(at(60_000)).await, "the first has lost it");
}

#[tokio::test]
async fn who_brought_a_file_does_not_approve_it_where_two_people_are_asked_for() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    desk.set(FOUR_EYES_SETTING, "always").await;
    let id = desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    desk.work().await;
    let number = desk.run(&id).await.release.unwrap();
    let refusal = desk.approve(&desk.staff, number).await.unwrap_err();
    assert_eq!(refusal.code, "EIMP05");
    assert!(refusal.remedy().contains("autre"));
    assert_eq!(desk.run(&id).await.state, RunState::Waiting);
    let mut at_once = desk.submission(Kind::Ipe, &text).await;
    at_once.approve = true;
    let refused = submit(&desk.platform, &desk.staff, at_once, None)
        .await
        .unwrap();
    assert_eq!(refused.into_result().unwrap_err().code, "EIMP05");
    desk.set(FOUR_EYES_SETTING, "off").await;
    desk.approve(&desk.staff, number).await.unwrap();
    desk.work().await;
    assert_eq!(desk.store.current().await, number);
}

#[tokio::test]
async fn a_file_that_may_be_published_at_once_is() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let mut new = desk.submission(Kind::Ipe, &small().file(Kind::Ipe)).await;
    new.approve = true;
    let id = desk.submit(new).await;
    assert_eq!(desk.work().await, [JobEnd::Done]);
    assert_eq!(desk.run(&id).await.state, RunState::Published);
    assert_eq!(desk.store.current().await, Release(1));
    let info = desk
        .store
        .db
        .get(|tx| releases::by_number(tx, Release(1)))
        .await;
    assert!(info.unwrap().unwrap().published_at.is_some());
}

#[tokio::test]
async fn a_declined_release_is_never_published_and_the_next_import_withdraws_one_that_waits() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    let id = desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    desk.work().await;
    let number = desk.run(&id).await.release.unwrap();
    let (why, none) = ("mauvais fichier".to_owned(), String::new());
    let no_reason = decline_release(&desk.platform, &desk.other, number, none, None).await;
    assert_eq!(no_reason.unwrap().into_result().unwrap_err().code, "1");
    let done = decline_release(&desk.platform, &desk.other, number, why, None).await;
    done.unwrap().into_result().unwrap();
    assert_eq!(desk.run(&id).await.state, RunState::Withdrawn);
    assert_eq!(
        desk.approve(&desk.other, number).await.unwrap_err().code,
        "EVER01"
    );

    let waits = desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    desk.work().await;
    let next = desk.submit(desk.submission(Kind::Ipe, &text).await).await;
    desk.work().await;
    assert_eq!(desk.run(&waits).await.state, RunState::Withdrawn);
    assert_eq!(desk.run(&next).await.state, RunState::Waiting);
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_import() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let new = desk.submission(Kind::Ipe, &small().file(Kind::Ipe)).await;
    let key = || Some(domain::Idempotency::new("cle", b"corps"));
    let first = submit(&desk.platform, &desk.staff, new.clone(), key())
        .await
        .unwrap();
    let again = submit(&desk.platform, &desk.staff, new, key())
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(first.into_result().unwrap(), again.into_result().unwrap());
    assert_eq!(desk.work().await.len(), 1);
}
