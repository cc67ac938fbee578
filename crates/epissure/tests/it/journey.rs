//! From the address to the service, through both doors, and every way it may end otherwise.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use axum::http::StatusCode;
use domain::order::PlaceOrder;
use jiff::ToSpan;
use kernel::Clock;
use mail::Mail;
use storage::{Lane, Tx};
use testkit::territory::{Case, Spot};

use crate::house::{Answer, Browser, HIRO, House, LINB, Page, TODAY, house, order_at};

const REFERENCE: &str = "ReferenceCommandePriseInterneOC";

/// A house of one dwelling where a line can be built.
fn plot(house: &House) -> Spot<'_> {
    *house
        .spots(Case::Buildable)
        .iter()
        .find(|spot| spot.building.dwellings == 1)
        .unwrap()
}

/// The first place that shows `case` and whose dwelling has no PTO.
fn unbuilt(house: &House, case: Case) -> Spot<'_> {
    let empty = |spot: &&Spot<'_>| spot.dwelling.is_some_and(|d| d.pto_ref.is_empty());
    let spots = house.spots(case);
    *spots
        .iter()
        .find(empty)
        .unwrap_or_else(|| panic!("no {case:?}"))
}

async fn accepted(house: &House, code: &str, order: &PlaceOrder) {
    let answer = house.place(code, order).await;
    assert_eq!(answer.text("EtatArCommandePrise"), "OK", "{}", answer.body);
    house.run_jobs().await;
}

/// AR KO: the order is kept, with its motive.
async fn refused(house: &House, code: &str, order: &PlaceOrder, motive: &str) -> Answer {
    let answer = house.place(code, order).await;
    assert_eq!(answer.text("EtatArCommandePrise"), "KO", "{}", answer.body);
    assert_eq!(answer.text("MotifKoArCommandePrise"), motive);
    let reference = order.get(REFERENCE);
    assert_eq!(house.state(code, reference).await, "AR_KO");
    answer
}

async fn connected(house: &House, code: &str, reference: &str) -> Answer {
    let fields = [
        (REFERENCE, reference),
        ("CrRaccordementPrise", "OK"),
        ("DateRaccordementPrise", "20261123"),
    ];
    let answer = house.fci(code, "deposerCrStoc", &fields).await;
    house.run_jobs().await;
    answer
}

async fn in_service(house: &House, code: &str, reference: &str) -> Answer {
    let fields = [(REFERENCE, reference), ("DateMiseEnService", "20261123")];
    house.fci(code, "deposerCrMes", &fields).await
}

async fn cancelled(house: &House, code: &str, reference: &str) -> Answer {
    let fields = [(REFERENCE, reference)];
    house.fci(code, "annulerCommande", &fields).await
}

/// Names of the mails that came, by the one who gets them.
fn subjects(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}

fn subject(name: &str, reference: &str) -> String {
    let mails = fci::SERVICE.mails.iter();
    let template = mails.into_iter().find(|mail| mail.name == name).unwrap();
    template.subject.trim().replace("{{reference}}", reference)
}

/// What the feed of `code` tells of `reference`, in order.
async fn told(house: &House, code: &str, reference: &str) -> Vec<String> {
    house.seal().await;
    let feed = house.feed(code).await;
    let about = feed
        .into_iter()
        .filter(|(_, _, subject)| subject == reference);
    about.map(|(_, kind, _)| kind).collect()
}

/// Follows eligibility's own link to the form and sends it, completed as a person would.
async fn order_by_portal(browser: &mut Browser, spot: &Spot<'_>, reference: &str) -> Page {
    let path = format!(
        "/eligibilite?critere=immeuble&{}",
        crate::house::encode(&[("IdentifiantImmeuble", &spot.building.reference)])
    );
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    let form = browser.get(&page.link("/commandes/nouvelle?")).await;
    let prefilled = [
        "IdentifiantImmeuble",
        "Batiment",
        "Escalier",
        "Etage",
        "ReferencePrise",
        "cle",
    ];
    let values = prefilled.map(|name| (name, form.input(name)));
    let mut fields: Vec<(&str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.extend([
        (REFERENCE, reference),
        ("PriseExistante", "N"),
        ("TypeRacco", "OC"),
        ("TypeCommandeDemande", "LOCA"),
        ("NomClient", "MARTIN"),
        ("ContactClient1", "0243000000"),
    ]);
    browser.post("/commandes", &fields).await
}

/// The path of the order's page, once placed.
fn path_of(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    page.location.split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_eligible_address_is_ordered_built_and_put_in_service_by_the_portal() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let path = path_of(&order_by_portal(&mut browser, &plot(&house), "R-1").await);
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "STOC_EMISE");
    let mails = house.mails().await;
    let expected = ["ar_ok", "cr_ok", "stoc"].map(|name| subject(name, "R-1"));
    assert_eq!(subjects(&mails), expected);
    assert!(mails.iter().all(|mail| mail.to == "agent@hiro.example"));
    assert!(mails.iter().all(|mail| !mail.subject.contains("MARTIN")));
    let report = [
        ("cle", "stoc-1"),
        ("CrRaccordementPrise", "OK"),
        ("DateRaccordementPrise", "2026-11-23"),
    ];
    let stoc = format!("{path}/cr-stoc");
    assert_eq!(path_of(&browser.post(&stoc, &report).await), path);
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "MAD");
    assert_eq!(subjects(&house.mails().await), [subject("mad", "R-1")]);
    let service = [("cle", "mes-1"), ("DateMiseEnService", "2026-11-23")];
    let mes = format!("{path}/cr-mes");
    assert_eq!(path_of(&browser.post(&mes, &service).await), path);
    assert_eq!(house.state(HIRO, "R-1").await, "MES");
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    house.close().await;
}

#[tokio::test]
async fn jobs_that_a_killed_process_was_at_are_taken_up_at_once_by_its_successor() {
    let house = house!();
    let order = order_at(&plot(&house), "R-1");
    house.place(HIRO, &order).await;
    let scope = house.jobs_scope();
    let token = format!("{}:killed", house.crew.signer.node());
    let (now, real_now) = (house.clock.business_now(), house.clock.real_now());
    let lease = move |tx: &mut dyn Tx| {
        domain::job::store::lease(
            tx,
            &scope,
            &token,
            now,
            real_now,
            (domain::job::Track::Quick, 9),
        )
    };
    let lane = Lane::Background;
    let leased = house.platform.db.write(lane, None, lease).await.unwrap();
    assert_eq!(leased.len(), 1);
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "AR_OK");
    assert_eq!(house.crew.take_back_jobs().await.unwrap(), 1);
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "STOC_EMISE");
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn an_eligible_address_is_ordered_built_and_put_in_service_by_xml() {
    let house = house!();
    let order = order_at(&plot(&house), "R-1");
    let tested = house.eligibility(HIRO, &order).await;
    assert_eq!(tested.text("Verdict"), "eligible", "{}", tested.body);
    assert_eq!(
        &tested.text("DateExtraction")[..10],
        TODAY.to_string(),
        "the age of the data is told"
    );
    accepted(&house, HIRO, &order).await;
    let placed = house.order(HIRO, "R-1").await;
    assert_eq!(placed.text("Etat"), "STOC_EMISE");
    let pto = placed.text("ReferencePrise").to_owned();
    assert!(pto.starts_with("F2-"), "{pto}");
    assert!(!placed.text("InformationTubePBO").is_empty());
    assert!(placed.text("NomModulePM").starts_with("TIROIR "));
    assert!(!placed.text("PositionModulePM").is_empty());
    assert_eq!(connected(&house, HIRO, "R-1").await.code(), 0);
    let handed = house.order(HIRO, "R-1").await;
    assert_eq!(handed.text("Etat"), "MAD");
    assert!(handed.text("CrMad").contains(&pto));
    let answer = in_service(&house, HIRO, "R-1").await;
    assert_eq!((answer.code(), answer.text("Etat")), (0, "MES"));
    let kinds = ["AR_CMD_ACCES", "CR_CMD_ACCES", "CMD_STOC", "CR_MAD_LIGNE"];
    assert_eq!(told(&house, HIRO, "R-1").await, kinds);
    assert!(
        house.mails().await.is_empty(),
        "a machine is told by its feed"
    );
    house.close().await;
}

#[tokio::test]
async fn an_order_followed_through_both_doors_has_one_timeline_and_one_state() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let path = path_of(&order_by_portal(&mut browser, &plot(&house), "R-1").await);
    house.run_jobs().await;
    assert_eq!(connected(&house, HIRO, "R-1").await.code(), 0);
    let service = [("cle", "mes-1"), ("DateMiseEnService", "2026-11-23")];
    browser.post(&format!("{path}/cr-mes"), &service).await;
    let order = house.order(HIRO, "R-1").await;
    assert_eq!(order.text("Etat"), "MES");
    let steps: Vec<_> = order
        .all("Historique")
        .into_iter()
        .map(|step| {
            let text = |name| crate::house::texts(step, name).first().copied();
            (
                text("De").unwrap_or(""),
                text("Vers").unwrap_or(""),
                text("Canal").unwrap_or(""),
            )
        })
        .collect();
    let [portal, xml, system] = ["portal", "xml", "system"].map(domain::order::labels::channel);
    let expected = [
        ("", "DEPOSEE", portal),
        ("DEPOSEE", "AR_OK", portal),
        ("AR_OK", "CR_OK", system),
        ("CR_OK", "STOC_EMISE", system),
        ("STOC_EMISE", "RACCO_OK", xml),
        ("RACCO_OK", "MAD", system),
        ("MAD", "MES", portal),
    ];
    assert_eq!(steps, expected);
    let page = browser.get(&path).await;
    let shown = page
        .body
        .split_once("<ol class=\"timeline\">")
        .unwrap()
        .1
        .split("</ol>")
        .next()
        .unwrap();
    assert_eq!(shown.matches("<li>").count(), expected.len());
    assert!(shown.contains(xml) && shown.contains(portal) && shown.contains("SI HIRO"));
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn an_order_on_a_pto_in_service_overwrites_its_line_and_tells_who_loses_it() {
    let house = house!();
    let order = order_at(&house.spot(Case::FreePto), "L-1");
    accepted(&house, LINB, &order).await;
    assert_eq!(house.state(LINB, "L-1").await, "MAD");
    in_service(&house, LINB, "L-1").await;
    let taking = order.with(REFERENCE, "R-1");
    assert_eq!(
        house.eligibility(HIRO, &taking).await.text("Verdict"),
        "eligible"
    );
    let mut browser = house.sign_in("agent", HIRO).await;
    let mut fields: Vec<(&str, &str)> = taking.pairs().collect();
    fields.push(("cle", "cle-1"));
    let warned = browser.post("/commandes", &fields).await;
    assert_eq!(warned.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(warned.body.contains("confirmation_ecrasement"));
    fields.push(("confirmation_ecrasement", "oui"));
    let page = browser.post("/commandes", &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "MAD");
    let lost = house.order(LINB, "L-1").await;
    assert_eq!(lost.text("Etat"), "ECRASEE");
    assert!(!lost.body.contains("Hirondelle") && !lost.body.contains(HIRO));
    let kinds = told(&house, LINB, "L-1").await;
    assert_eq!(kinds.last().unwrap(), "NOTIF_ECRASEMENT");
    let mails = house.mails().await;
    let to_linb: Vec<_> = mails.iter().filter(|m| m.to.contains("linb")).collect();
    assert_eq!(to_linb.len(), 1);
    assert_eq!(to_linb[0].to, "contact@linb.example");
    assert_eq!(to_linb[0].subject, subject("ecrasement", "L-1"));
    refused(&house, HIRO, &taking.with(REFERENCE, "R-2"), "FIMP19").await;
    house.close().await;
}

#[tokio::test]
async fn a_holder_that_only_the_referential_knew_is_told_too() {
    let house = house!();
    let spots = house.spots(Case::HeldByAnother);
    let of_linb = |spot: &&Spot<'_>| {
        let pto = spot.dwelling.map_or("", |d| d.pto_ref.as_str());
        let held = house.territory.ptos.iter().find(|p| p.reference == pto);
        held.is_some_and(|p| p.oc_code == LINB)
    };
    let spot = spots.iter().find(of_linb).unwrap();
    accepted(&house, HIRO, &order_at(spot, "R-1")).await;
    assert_eq!(house.state(HIRO, "R-1").await, "MAD");
    let pto = &spot.dwelling.unwrap().pto_ref;
    assert_eq!(told(&house, LINB, pto).await, ["NOTIF_ECRASEMENT"]);
    let mails = house.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "contact@linb.example");
    assert!(mails[0].subject.contains("reprise par un autre opérateur"));
    assert!(mails[0].text.contains(pto.as_str()));
    house.close().await;
}

#[tokio::test]
async fn two_orders_on_one_line_at_a_time_are_one_too_many() {
    let house = house!();
    let order = order_at(&house.spot(Case::FreePto), "L-1");
    let second = order.clone().with(REFERENCE, "R-1");
    assert_eq!(house.place(LINB, &order).await.code(), 0);
    assert_eq!(house.place(HIRO, &second).await.code(), 0);
    // Both are admitted; the CR of one reserves the line, and the other is told FINT06 or waits
    // for nothing: exactly one ends with the line.
    house.run_jobs().await;
    let states = [
        house.state(LINB, "L-1").await,
        house.state(HIRO, "R-1").await,
    ];
    let holders = states.iter().filter(|state| *state == "MAD").count();
    assert_eq!(holders, 1, "{states:?}");
    house.close().await;
}

#[tokio::test]
async fn cancelling_gives_the_fibre_back_to_whoever_comes_next() {
    let house = house!();
    let spot = plot(&house);
    let order = |n: usize| order_at(&spot, &format!("R-{n}"));
    let mut taken = 0;
    loop {
        accepted(&house, HIRO, &order(taken)).await;
        let placed = house.order(HIRO, &format!("R-{taken}")).await;
        if placed.text("Etat") == "CR_KO" {
            assert_eq!(placed.text("MotifKoCrCommandePrise"), "FINT01");
            break;
        }
        assert_eq!(placed.text("Etat"), "STOC_EMISE");
        taken += 1;
    }
    assert!(taken > 0);
    let full = house.eligibility(HIRO, &order(0)).await;
    assert_eq!(
        (full.text("Verdict"), full.text("Motif")),
        ("non_eligible", "FINT01")
    );
    let answer = cancelled(&house, HIRO, "R-0").await;
    assert_eq!((answer.code(), answer.text("Etat")), (0, "ANNULEE"));
    let open = house.eligibility(LINB, &order(0)).await;
    assert_eq!(open.text("Verdict"), "eligible");
    accepted(&house, LINB, &order(taken + 1)).await;
    let next = format!("R-{}", taken + 1);
    assert_eq!(house.state(LINB, &next).await, "STOC_EMISE");
    assert_eq!(
        told(&house, HIRO, "R-0").await.last().unwrap(),
        "CR_ANNUL_RESIL"
    );
    house.close().await;
}

#[tokio::test]
async fn what_comes_too_late_or_twice_is_refused() {
    let house = house!();
    let order = order_at(&plot(&house), "R-1");
    accepted(&house, HIRO, &order).await;
    connected(&house, HIRO, "R-1").await;
    for late in [
        cancelled(&house, HIRO, "R-1").await,
        connected(&house, HIRO, "R-1").await,
    ] {
        assert_eq!((late.code(), late.text("Motif")), (13, "FIMP06"));
    }
    let twice = house.place(HIRO, &order).await;
    assert_eq!((twice.code(), twice.text("Motif")), (100, "FIMP13"));
    assert!(twice.text("EtatArCommandePrise").is_empty());
    let placed = house.order(HIRO, "R-1").await;
    let own = order
        .clone()
        .with(REFERENCE, "R-2")
        .with("PriseExistante", "O")
        .with("ReferencePrise", placed.text("ReferencePrise"));
    refused(&house, HIRO, &own, "FIMP19").await;
    let build_again = order.with(REFERENCE, "R-3");
    refused(&house, HIRO, &build_again, "FIMP01").await;
    assert_eq!(house.state(HIRO, "R-1").await, "MAD");
    house.close().await;
}

#[tokio::test]
async fn a_form_that_is_refused_is_shown_again_with_what_was_typed() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let path = path_of(&order_by_portal(&mut browser, &plot(&house), "R-1").await);
    house.run_jobs().await;
    let undated = [
        ("cle", "a"),
        ("CrRaccordementPrise", "OK"),
        ("Commentaire", "chien dans la cour"),
    ];
    let page = browser.post(&format!("{path}/cr-stoc"), &undated).await;
    assert_eq!(
        page.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        page.body
    );
    assert!(page.body.contains("FIMP15") && page.body.contains("chien dans la cour"));
    let unsure = [("cle", "b"), ("confirmation", "R-2")];
    let page = browser.post(&format!("{path}/annuler"), &unsure).await;
    assert_eq!(
        page.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        page.body
    );
    let early = [("cle", "c"), ("DateMiseEnService", "2026-11-23")];
    let page = browser.post(&format!("{path}/cr-mes"), &early).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    assert!(page.body.contains("FIMP06"));
    assert_eq!(house.state(HIRO, "R-1").await, "STOC_EMISE");
    let sure = [("cle", "d"), ("confirmation", "R-1")];
    let page = browser.post(&format!("{path}/annuler"), &sure).await;
    assert_eq!(path_of(&page), path);
    assert_eq!(house.state(HIRO, "R-1").await, "ANNULEE");
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn a_connection_that_failed_is_tried_again() {
    let house = house!();
    accepted(&house, HIRO, &order_at(&plot(&house), "R-1")).await;
    let fields = [
        (REFERENCE, "R-1"),
        ("CrRaccordementPrise", "KO"),
        ("MotifKoCrRaccordementPrise", "FCLI02"),
    ];
    let answer = house.fci(HIRO, "deposerCrStoc", &fields).await;
    assert_eq!((answer.code(), answer.text("Etat")), (0, "RACCO_KO"));
    connected(&house, HIRO, "R-1").await;
    assert_eq!(house.state(HIRO, "R-1").await, "MAD");
    let kinds = told(&house, HIRO, "R-1").await;
    assert!(kinds.contains(&"NOTIF_RACCO_KO".to_owned()), "{kinds:?}");
    house.close().await;
}

#[tokio::test]
async fn each_operators_events_are_numbered_from_one_without_gaps() {
    let house = house!();
    let spot = plot(&house);
    for n in 0..4 {
        accepted(&house, HIRO, &order_at(&spot, &format!("R-{n}"))).await;
        accepted(&house, LINB, &order_at(&spot, &format!("L-{n}"))).await;
        if n % 2 == 0 {
            house.seal().await;
        }
        cancelled(&house, HIRO, &format!("R-{n}")).await;
    }
    house.seal().await;
    for (code, own) in [(HIRO, "R-"), (LINB, "L-")] {
        let feed = house.feed(code).await;
        let numbers: Vec<_> = feed.iter().map(|(n, ..)| *n).collect();
        let expected: Vec<_> = (1..).take(feed.len()).collect();
        assert_eq!(numbers, expected);
        assert!(feed.len() >= 12, "{feed:?}");
        assert!(feed.iter().all(|(.., subject)| subject.starts_with(own)));
        let kinds: Vec<_> = feed
            .iter()
            .filter(|(.., subject)| *subject == format!("{own}1"))
            .map(|(_, kind, _)| kind.as_str())
            .take(3)
            .collect();
        assert_eq!(kinds, ["AR_CMD_ACCES", "CR_CMD_ACCES", "CMD_STOC"]);
    }
    house.close().await;
}

#[tokio::test]
async fn an_address_that_is_not_the_referentials_gets_fadr01_to_fadr04_until_it_is() {
    let house = house!();
    let good = order_at(&plot(&house), "");
    let cases = [
        ("FADR01", "IdentifiantImmeuble", "IMB/53901/X/ZZZZ"),
        ("FADR02", "Batiment", "Z9"),
        ("FADR03", "Escalier", "Z9"),
        ("FADR04", "Etage", "99"),
    ];
    for (motive, field, wrong) in cases {
        let order = good.clone().with(field, wrong).with(REFERENCE, motive);
        let answer = refused(&house, HIRO, &order, motive).await;
        assert_eq!(
            (answer.code(), answer.text("Champ")),
            (8, field),
            "{motive}"
        );
        let righted = good.clone().with(REFERENCE, &format!("{motive}-OK"));
        accepted(&house, HIRO, &righted).await;
    }
    house.close().await;
}

#[tokio::test]
async fn a_pm_that_is_not_the_addresss_gets_fimp07_or_fimp08_until_it_is() {
    let house = house!();
    let spot = plot(&house);
    let right = spot.building.pm_ref.as_str();
    let pms = &house.territory.pms;
    let other = pms.iter().find(|pm| pm.reference != right).unwrap();
    for (motive, wrong, code) in [
        ("FIMP07", "FI-53999-9999", 8),
        ("FIMP08", other.reference.as_str(), 4),
    ] {
        let order = order_at(&spot, motive).with("ReferencePm", wrong);
        let answer = refused(&house, HIRO, &order, motive).await;
        assert_eq!((answer.code(), answer.text("Champ")), (code, "ReferencePm"));
        let righted = order
            .with("ReferencePm", right)
            .with(REFERENCE, &format!("{motive}-OK"));
        accepted(&house, HIRO, &righted).await;
    }
    house.close().await;
}

/// The eligibility gives the verdict that an order gets.
async fn foretold(house: &House, code: &str, order: &PlaceOrder, motive: &str) {
    let tested = house.eligibility(code, order).await;
    assert_eq!(tested.text("Motif"), motive, "{}", tested.body);
    assert_ne!(tested.text("Verdict"), "eligible");
    refused(house, code, order, motive).await;
}

#[tokio::test]
async fn an_operator_absent_from_the_pm_gets_fimp09_and_one_that_is_there_does_not() {
    let house = house!();
    let order = order_at(&unbuilt(&house, Case::NotPresent), "R-1");
    foretold(&house, HIRO, &order, "FIMP09").await;
    accepted(&house, LINB, &order).await;
    house.close().await;
}

#[tokio::test]
async fn a_pm_before_its_opening_gets_fimp09_until_the_day() {
    let house = house!();
    let spot = unbuilt(&house, Case::PmOpensLater);
    let order = order_at(&spot, "R-1");
    foretold(&house, HIRO, &order, "FIMP09").await;
    let mut pms = house.territory.pms.iter();
    let pm = pms.find(|pm| pm.reference == spot.building.pm_ref).unwrap();
    house.travel_to(pm.opened_on.unwrap());
    accepted(&house, HIRO, &order.with(REFERENCE, "R-2")).await;
    house.close().await;
}

#[tokio::test]
async fn an_address_before_its_opening_gets_fimp10_until_the_day() {
    let house = house!();
    let spot = unbuilt(&house, Case::OpensLater);
    let order = order_at(&spot, "R-1");
    foretold(&house, HIRO, &order, "FIMP10").await;
    let day = spot.building.orders_from.unwrap();
    let tested = house.eligibility(HIRO, &order).await;
    assert_eq!(tested.text("Verdict"), "eligible_le");
    assert_eq!(tested.text("DateEligibilite"), day.to_string());
    house.travel_to(day.yesterday().unwrap());
    refused(
        &house,
        HIRO,
        &order.clone().with(REFERENCE, "R-2"),
        "FIMP10",
    )
    .await;
    house.travel_to(day);
    accepted(&house, HIRO, &order.with(REFERENCE, "R-3")).await;
    house.close().await;
}

#[tokio::test]
async fn a_frozen_address_gets_fimp11_until_the_thaw() {
    let house = house!();
    let cases = [Case::FrozenBuilding, Case::FrozenPm];
    let spots = cases.map(|case| unbuilt(&house, case));
    for (n, spot) in spots.iter().enumerate() {
        foretold(&house, HIRO, &order_at(spot, &format!("R-{n}")), "FIMP11").await;
    }
    house.travel_to(TODAY.saturating_add(20.days()));
    for (n, spot) in spots.iter().enumerate() {
        accepted(&house, HIRO, &order_at(spot, &format!("S-{n}"))).await;
    }
    house.close().await;
}

#[tokio::test]
async fn a_saturated_pbo_gets_fint01_and_its_neighbour_does_not() {
    let house = house!();
    for (case, reference, state) in [
        (Case::Saturated, "R-1", "CR_KO"),
        (Case::Buildable, "R-2", "STOC_EMISE"),
    ] {
        let order = order_at(&unbuilt(&house, case), reference);
        accepted(&house, HIRO, &order).await;
        let placed = house.order(HIRO, reference).await;
        assert_eq!(placed.text("Etat"), state);
        let motive = placed.text("MotifKoCrCommandePrise");
        assert_eq!(motive == "FINT01", case == Case::Saturated);
        assert!(!placed.text("ReferencePBO").is_empty());
    }
    house.close().await;
}

#[tokio::test]
async fn the_report_of_an_order_waits_for_the_day_the_referential_gives() {
    let house = house!();
    let spot = house.spot(Case::ReportedLater);
    accepted(&house, HIRO, &order_at(&spot, "R-1")).await;
    assert_eq!(house.state(HIRO, "R-1").await, "AR_OK");
    house.travel_to(spot.building.reports_from.unwrap());
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "STOC_EMISE");
    house.close().await;
}
