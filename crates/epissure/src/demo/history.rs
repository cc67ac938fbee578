//! What happened before the visitor came: orders of the last weeks, played through the platform's
//! own use cases with business time set back, so that every state is one that really came about.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use domain::Platform;
use domain::access::{Ctx, authenticate_certificate, authenticate_session};
use domain::building::Dwelling;
use domain::order::PlaceOrder;
use domain::order::store::Key;
use domain::order::usecases::{
    StocReport, cancel_order, consult_order, place_order, put_in_service, report_connection,
};
use jiff::civil::time;
use kernel::working_time::{self, Calendar};
use kernel::{Millis, Refusal};
use territory::{Case, Sight, Spot, Territory};
use tokio::task::JoinSet;

use super::consultations;
use super::examples::{examples, order_at};
use super::keys::ClientKey;
use super::lots;
use super::people::{OPERATORS, agent_of};
use super::simulator::file_day;
use crate::workers::Crew;

/// How many working days ago things happened, each with a morning and an afternoon.
const DAYS_AGO: [usize; 8] = [16, 12, 9, 7, 5, 3, 2, 1];
/// Half days, and the last hour before the visitor came.
const ROUNDS: usize = 2 * DAYS_AGO.len() + 1;
/// The round of the last hour.
const NOW: usize = ROUNDS - 1;
/// How long ago that hour ended.
const NOW_ENDED_MS: i64 = 6 * Millis::MINUTE;
const HIRO: usize = 0;
const LINB: usize = 1;

/// Invented end customers: name, first name.
const CUSTOMERS: [(&str, &str); 12] = [
    ("Aubry", "Lucie"),
    ("Benali", "Karim"),
    ("Chauvet", "Pauline"),
    ("Diallo", "Awa"),
    ("Etcheverry", "Xabi"),
    ("Fournier", "Hugo"),
    ("Guérin", "Solène"),
    ("Haddad", "Nour"),
    ("Jacquet", "Léon"),
    ("Kermarrec", "Gwenn"),
    ("Lopes", "Inês"),
    ("Marchand", "Aimé"),
];

/// By which door an order and its reports come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Portal,
    Xml,
}

/// What is done with an order.
#[derive(Clone)]
enum Act {
    Place(PlaceOrder),
    /// Placed on the PTO that another operator's order of this reference built.
    TakeOver(PlaceOrder, String),
    Connect,
    Fail(&'static str),
    PutInService,
    Cancel,
}

/// One act in one round.
#[derive(Clone)]
struct Step {
    round: usize,
    who: usize,
    door: Door,
    reference: String,
    act: Act,
}

/// An operator with the two ways in that its acts take.
struct Party {
    certificate: Vec<u8>,
    session: String,
}

/// Plays the history of `territory`; `keys` are those of [`OPERATORS`], in that order.
///
/// # Errors
/// The store does not answer, or refuses what it must take.
pub async fn play(crew: &Crew, territory: &Territory, keys: &[ClientKey]) -> Result<()> {
    let clock = &crew.platform.clock;
    let (offset, now) = (clock.offset_ms(), clock.business_now());
    let mut parties = Vec::new();
    for (operator, key) in OPERATORS.iter().zip(keys) {
        let session = sign_in(&crew.platform, operator.code).await?;
        parties.push(Party {
            certificate: key.der.clone(),
            session,
        });
    }
    let parties = Arc::new(parties);
    let agent = async |at: Millis| parties[HIRO].ctx(&crew.platform, Door::Portal, at).await;
    consultations::watch(crew, territory, &agent).await?;
    let script = script(territory);
    for round in 0..ROUNDS {
        let (from, to) = hours(round, now);
        clock.set_offset_ms(to.since(clock.real_now()));
        let steps: Vec<Step> = script
            .iter()
            .filter(|s| s.round == round)
            .cloned()
            .collect();
        let each = to.since(from) / i64::try_from(steps.len().max(1))?;
        let mut acting = JoinSet::new();
        for (i, step) in (0_i64..).zip(steps) {
            let (platform, parties) = (Arc::clone(&crew.platform), Arc::clone(&parties));
            let at = from.plus(i * each);
            acting.spawn(async move { act(&platform, &parties, step, at).await });
        }
        while let Some(done) = acting.join_next().await {
            done??;
        }
        while crew.run_due_jobs().await? > 0 {}
    }
    domain::spool::flush(&crew.platform).await?;
    clock.set_offset_ms(offset);
    let ctx = parties[HIRO].ctx(&crew.platform, Door::Portal, now.plus(-NOW_ENDED_MS));
    lots::play(&crew.platform, &ctx.await?, territory).await?;
    while crew.run_due_jobs().await? > 0 {}
    for party in parties.iter() {
        sign_out(&crew.platform, &party.session).await?;
    }
    Ok(())
}

/// From when to when a round lasts.
fn hours(round: usize, now: Millis) -> (Millis, Millis) {
    if round == NOW {
        return (now.plus(-55 * Millis::MINUTE), now.plus(-NOW_ENDED_MS));
    }
    let mut day = working_time::paris_date(now);
    let mut left = DAYS_AGO[round / 2];
    while left > 0 {
        day = day.yesterday().unwrap_or(day);
        left -= usize::from(working_time::counts(Calendar::Ouvres, day));
    }
    let (from, to) = match round % 2 {
        0 => (time(9, 2, 0, 0), time(11, 41, 0, 0)),
        _ => (time(14, 5, 0, 0), time(16, 33, 0, 0)),
    };
    let at = |hour| working_time::at_paris(day.to_datetime(hour));
    (at(from), at(to))
}

/// Signs an operator's agent in; the session's token.
pub(super) async fn sign_in(platform: &Platform, operator: &str) -> Result<String> {
    let login = agent_of(operator).context("an agent")?;
    let sign_in = accounts::usecases::sign_in;
    let answer = sign_in(platform, login.login, login.password, "127.0.0.1").await?;
    Ok(answer
        .map_err(|denied| anyhow!("{}", denied.refusal))?
        .token)
}

/// And out.
pub(super) async fn sign_out(platform: &Platform, token: &str) -> Result<()> {
    if let Some((ctx, identity)) = authenticate_session(platform, token).await? {
        accounts::usecases::sign_out(platform, &Arc::new(ctx), &identity.session).await?;
    }
    Ok(())
}

impl Party {
    async fn ctx(&self, platform: &Platform, door: Door, at: Millis) -> Result<Arc<Ctx>> {
        let mut ctx = match door {
            Door::Xml => {
                let known = authenticate_certificate(platform, &self.certificate).await?;
                known.map_err(|refusal| anyhow!("{refusal}"))?
            }
            Door::Portal => {
                let known = authenticate_session(platform, &self.session).await?;
                known.context("the session ended")?.0
            }
        };
        ctx.now = at;
        Ok(Arc::new(ctx))
    }
}

async fn act(platform: &Platform, parties: &[Party], step: Step, at: Millis) -> Result<()> {
    let ctx = parties[step.who].ctx(platform, step.door, at).await?;
    let key = Key::Reference(step.reference.clone());
    let done = match step.act {
        Act::Place(order) => place(platform, &ctx, order, &step.reference).await?,
        Act::TakeOver(order, from) => {
            let theirs = parties[1 - step.who].ctx(platform, Door::Xml, at).await?;
            let lost = consult_order(platform, &theirs, Key::Reference(from)).await?;
            let lost = lost.map_err(|refusal| anyhow!("{refusal}"))?.order;
            let order = order
                .with("PriseExistante", "O")
                .with("ReferencePrise", &lost.pto_ref);
            place(platform, &ctx, order, &step.reference).await?
        }
        Act::Connect => {
            let report = StocReport {
                outcome: "OK".to_owned(),
                connected_on: file_day(at),
                ..StocReport::default()
            };
            let done = report_connection(platform, &ctx, key, report, None).await?;
            done.into_result().map(drop)
        }
        Act::Fail(motive) => {
            let report = StocReport {
                outcome: "KO".to_owned(),
                motive: motive.to_owned(),
                ..StocReport::default()
            };
            let done = report_connection(platform, &ctx, key, report, None).await?;
            done.into_result().map(drop)
        }
        Act::PutInService => {
            let done = put_in_service(platform, &ctx, key, file_day(at), None).await?;
            done.into_result().map(drop)
        }
        Act::Cancel => cancel_order(platform, &ctx, key, String::new(), None)
            .await?
            .into_result()
            .map(drop),
    };
    done.map_err(|refusal| anyhow!("{}: {refusal}", step.reference))
}

async fn place(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    order: PlaceOrder,
    reference: &str,
) -> Result<Result<(), Refusal>> {
    let order = order.with("ReferenceCommandePriseInterneOC", reference);
    consultations::ask(platform, ctx, &order).await?;
    Ok(place_order(platform, ctx, order, None)
        .await?
        .into_result()
        .map(drop))
}

/// Everything that happened.
fn script(territory: &Territory) -> Vec<Step> {
    let mut writer = Writer::new(territory);
    for example in examples(territory) {
        let reference = example
            .order
            .get("ReferenceCommandePriseInterneOC")
            .to_owned();
        let order = addressed(example.order, reference.len());
        writer.add(NOW, HIRO, Door::Xml, &reference, Act::Place(order));
    }
    writer.take_over(LINB, 1);
    writer.take_over(HIRO, 2);
    for round in 0..ROUNDS {
        for who in [HIRO, HIRO, LINB] {
            writer.build(who, round);
        }
        if round % 4 == 1 {
            writer.existing(HIRO, round, Case::FreePto);
            writer.existing(LINB, round, Case::HeldByAnother);
        }
        if round % 4 == 3 {
            writer.existing(HIRO, round, Case::HeldByAnother);
        }
    }
    for (who, case) in [(HIRO, Case::ReportedLater), (LINB, Case::Saturated)] {
        writer.place_only(who, NOW - 1, case);
        writer.place_only(who, NOW, case);
    }
    writer.steps
}

/// Buildings where something happened.
pub fn touched(territory: &Territory) -> HashSet<String> {
    let order = |step: Step| match step.act {
        Act::Place(order) | Act::TakeOver(order, _) => {
            Some(order.get("IdentifiantImmeuble").to_owned())
        }
        _ => None,
    };
    script(territory).into_iter().filter_map(order).collect()
}

/// The places that the first operator sees and that are left to the visitor: a house without a
/// line, then flats.
pub fn tour<'a>(sight: &Sight<'a>) -> Vec<Spot<'a>> {
    let spots = sight.spots(Case::Buildable);
    let house = spots.iter().find(|spot| spot.building.dwellings == 1);
    let flat = spots.iter().find(|spot| spot.building.dwellings > 8);
    house.into_iter().chain(flat).copied().collect()
}

/// The order of the `n`th invented customer.
fn addressed(order: PlaceOrder, n: usize) -> PlaceOrder {
    let (name, first_name) = CUSTOMERS[n % CUSTOMERS.len()];
    // A range of numbers that is never given out.
    let phone = format!("06399800{:02}", n % 100);
    order
        .with("NomClient", name)
        .with("PrenomClient", first_name)
        .with("ContactClient1", &phone)
}

/// Where each case shows itself to an operator, and how far the list was read.
struct Places<'a> {
    who: usize,
    case: Case,
    spots: Vec<Spot<'a>>,
    at: usize,
}

/// Finds places, each building once, and gives orders their references and customers.
struct Writer<'a> {
    sights: [Sight<'a>; 2],
    places: Vec<Places<'a>>,
    used: HashSet<&'a str>,
    steps: Vec<Step>,
    /// Orders of each operator so far, from the number its references began at.
    placed: [usize; 2],
}

impl<'a> Writer<'a> {
    fn new(territory: &'a Territory) -> Self {
        let sights = OPERATORS.map(|operator| territory.seen_by(operator.code));
        let kept = tour(&sights[HIRO]);
        Self {
            sights,
            places: Vec::new(),
            used: kept
                .iter()
                .map(|spot| spot.building.reference.as_str())
                .collect(),
            steps: Vec::new(),
            placed: [10_400, 2_260],
        }
    }

    fn add(&mut self, round: usize, who: usize, door: Door, reference: &str, act: Act) {
        // What would come after the visitor does not happen.
        if round < ROUNDS {
            self.steps.push(Step {
                round,
                who,
                door,
                reference: reference.to_owned(),
                act,
            });
        }
    }

    /// A place that shows `case` in a building nothing happened in yet.
    fn place(&mut self, who: usize, case: Case) -> Option<(Spot<'a>, &'a Dwelling)> {
        /// Far enough that the next place is in another street.
        const STRIDE: usize = 307;
        let known = self
            .places
            .iter()
            .position(|p| p.who == who && p.case == case);
        let known = known.unwrap_or_else(|| {
            let spots = self.sights[who].spots(case);
            self.places.push(Places {
                who,
                case,
                spots,
                at: 0,
            });
            self.places.len() - 1
        });
        let places = &mut self.places[known];
        for _ in 0..places.spots.len() {
            places.at = (places.at + STRIDE) % places.spots.len();
            let spot = places.spots[places.at];
            if let Some(dwelling) = spot.dwelling
                && self.used.insert(&spot.building.reference)
            {
                return Some((spot, dwelling));
            }
        }
        None
    }

    fn reference(&mut self, who: usize) -> (String, usize) {
        self.placed[who] += 1;
        let n = self.placed[who];
        (format!("{}-{n:06}", OPERATORS[who].code), n)
    }

    /// A line to build, and what became of it.
    fn build(&mut self, who: usize, round: usize) {
        let Some((spot, dwelling)) = self.place(who, Case::Buildable) else {
            return;
        };
        let (reference, n) = self.reference(who);
        let door = if n % 3 == 0 { Door::Portal } else { Door::Xml };
        let mut order = addressed(order_at(&spot, dwelling), n);
        let then = |writer: &mut Self, after: usize, act: Act| {
            writer.add(round + after, who, door, &reference, act);
        };
        match n % 10 {
            8 => order = order.with("TypeRacco", "OI"),
            6 => then(self, 1, Act::Cancel),
            3 => then(self, 2, Act::Fail("FCLI05")),
            9 => then(self, 2, Act::Connect),
            _ => {
                then(self, 2, Act::Connect);
                then(self, 3, Act::PutInService);
            }
        }
        then(self, 0, Act::Place(order));
    }

    /// A line on an existing PTO.
    fn existing(&mut self, who: usize, round: usize, case: Case) {
        let Some((spot, dwelling)) = self.place(who, case) else {
            return;
        };
        let (reference, n) = self.reference(who);
        let order = addressed(order_at(&spot, dwelling), n)
            .with("PriseExistante", "O")
            .with("ReferencePrise", &dwelling.pto_ref);
        self.add(round, who, Door::Portal, &reference, Act::Place(order));
        self.add(round + 1, who, Door::Portal, &reference, Act::PutInService);
    }

    /// An order that is left as its CR leaves it.
    fn place_only(&mut self, who: usize, round: usize, case: Case) {
        let Some((spot, dwelling)) = self.place(who, case) else {
            return;
        };
        let (reference, n) = self.reference(who);
        let order = addressed(order_at(&spot, dwelling), n);
        self.add(round, who, Door::Xml, &reference, Act::Place(order));
    }

    /// A line that `loser` builds and puts in service, and that the other then takes over.
    fn take_over(&mut self, loser: usize, round: usize) {
        // Both are present wherever the first operator is.
        let Some((spot, dwelling)) = self.place(HIRO, Case::Buildable) else {
            return;
        };
        let winner = 1 - loser;
        let ((lost, n), (taken, m)) = (self.reference(loser), self.reference(winner));
        let order = order_at(&spot, dwelling);
        let first = addressed(order.clone(), n);
        self.add(round, loser, Door::Xml, &lost, Act::Place(first));
        self.add(round + 2, loser, Door::Xml, &lost, Act::Connect);
        self.add(round + 4, loser, Door::Xml, &lost, Act::PutInService);
        let take = Act::TakeOver(addressed(order, m), lost);
        self.add(round + 9, winner, Door::Portal, &taken, take);
        self.add(round + 10, winner, Door::Portal, &taken, Act::PutInService);
    }
}
