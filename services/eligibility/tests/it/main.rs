//! The promise of the e-service (D776 §4.3.2): over the whole referential, what it calls eligible
//! is admitted by the order's control, and what it refuses is refused with the same code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod around;
mod desk;
mod history;
mod lot_watches;
mod lots;
mod places;
mod support;
mod watches;

use domain::order::rules::Side;
use domain::order::{PlaceOrder, usecases as orders, well_formed};
use domain::release;
use eligibility::rules::{Assessed, Verdict, Way, refusal_of};
use eligibility::usecases::{Tested, question, test};
use kernel::Refusal;
use support::Park;
use testkit::territory::Case;

/// The same key and dwelling, as an operator would order them.
fn order(key: &[(&'static str, String)], building: &str, way: &Way, offer: &str) -> PlaceOrder {
    let mut order = PlaceOrder::from_pairs([
        ("ReferenceCommandePriseInterneOC", "ELIG-1"),
        ("TypeRacco", "OC"),
        ("NomClient", "Marchand"),
        ("ContactClient1", "0261910427"),
        ("TypeCommandeDemande", "LOCA"),
        ("OffreAccesCommandee", offer),
        ("IdentifiantImmeuble", building),
        (
            "PriseExistante",
            if way.pto_ref.is_some() { "O" } else { "N" },
        ),
        ("ReferencePrise", way.pto_ref.as_deref().unwrap_or("")),
        ("Batiment", &way.spot.batiment),
        ("Escalier", &way.spot.escalier),
        ("Etage", &way.spot.etage),
    ]);
    for (name, value) in key {
        order = order.with(name, value);
    }
    order
}

/// Asks by `key`, then has control judge the order of every way that the answer shows.
async fn compare(park: &Park, key: Vec<(&'static str, String)>) -> (usize, usize) {
    let ctx = park.ctx().await;
    let counts = park.db().read(move |tx| {
        let scope = ctx.operator().unwrap().clone();
        let release = release::store::current(tx)?;
        let pairs = key.iter().map(|(name, value)| (*name, value.as_str()));
        let asked = question(&PlaceOrder::from_pairs(pairs)).unwrap();
        let tested: Tested = test(tx, &ctx, &asked)?.unwrap();
        let (mut eligible, mut refused) = (0, 0);
        for building in &tested.buildings {
            let reference = &building.site.building.reference;
            for way in &building.ways {
                for (offer, verdict) in tested.offers.iter().zip(&way.verdicts) {
                    let sent = order(&key, reference, way, &offer.code);
                    let sent = well_formed(&sent).unwrap();
                    let controlled = orders::control(tx, &ctx, &scope, release, &sent)?;
                    let code = controlled.err().map(|rejection| rejection.refusal.code);
                    let said = verdict.refusal();
                    match said.map(|r: &Refusal| r.code.as_str()) {
                        // What only the CR tells: control admits, the route is then refused.
                        Some("FINT01") => assert_eq!(code, None, "{reference}"),
                        said => assert_eq!(code.as_deref(), said, "{reference} {:?}", way.spot),
                    }
                    match said {
                        None => eligible += 1,
                        Some(_) => refused += 1,
                    }
                }
            }
            agree(building);
        }
        Ok((eligible, refused))
    });
    counts.await.unwrap()
}

/// The reasons shown of each offer end in its verdict: all kept and eligible, or the first that is
/// not kept refuses as the verdict does.
fn agree(assessed: &Assessed) {
    for (best, reasons) in assessed.best.iter().zip(&assessed.reasons) {
        let first = reasons.iter().find_map(|reason| reason.said.as_ref().err());
        let code = first.map(|refusal| refusal.code.as_str());
        let reference = &assessed.site.building.reference;
        assert_eq!(code, best.refusal().map(|r| r.code.as_str()), "{reference}");
        let sides = [Side::Technical, Side::Commercial];
        let refused = sides
            .iter()
            .any(|side| refusal_of(reasons, *side).is_some());
        assert_eq!(refused, *best != Verdict::Eligible, "{reference}");
    }
}

#[tokio::test]
async fn every_dwelling_of_the_referential_is_judged_as_its_order_would_be() {
    let Some(park) = Park::open().await else {
        return;
    };
    let (mut eligible, mut refused) = (0, 0);
    for building in &park.territory.buildings {
        let mut keys = vec![vec![("IdentifiantImmeuble", building.reference.clone())]];
        if !building.hexacle.is_empty() {
            keys.push(vec![("CodeAdresseImmeuble", building.hexacle.clone())]);
        }
        keys.push(vec![
            ("CodeInseeImmeuble", building.insee.clone()),
            ("CodeVoieRivoliImmeuble", building.rivoli.clone()),
            ("NumeroVoieImmeuble", building.number.clone()),
            ("ComplementNumeroVoieImmeuble", building.complement.clone()),
        ]);
        for key in keys {
            let (e, r) = compare(&park, key).await;
            eligible += e;
            refused += r;
        }
    }
    assert!(
        eligible > 300,
        "only {eligible} eligible: the territory shows too little"
    );
    assert!(
        refused > 300,
        "only {refused} refused: the territory shows too little"
    );
}

async fn best(park: &Park, case: Case) -> Verdict {
    let spot = park.territory.spots(case, "HIRO")[0];
    let mut asked = vec![("IdentifiantImmeuble", spot.building.reference.clone())];
    if let Some(dwelling) = spot.dwelling {
        asked.push(("Batiment", dwelling.batiment.clone()));
        asked.push(("Escalier", dwelling.escalier.clone()));
        asked.push(("Etage", dwelling.etage.clone()));
        let existing = if dwelling.pto_ref.is_empty() {
            "N"
        } else {
            "O"
        };
        asked.push(("PriseExistante", existing.to_owned()));
        asked.push(("ReferencePrise", dwelling.pto_ref.clone()));
    }
    let ctx = park.ctx().await;
    let tested = park.db().read(move |tx| {
        let pairs = asked.iter().map(|(name, value)| (*name, value.as_str()));
        test(tx, &ctx, &question(&PlaceOrder::from_pairs(pairs)).unwrap())
    });
    tested.await.unwrap().unwrap().buildings[0].best[0].clone()
}

#[tokio::test]
async fn each_case_of_the_territory_gets_its_own_verdict() {
    let Some(park) = Park::open().await else {
        return;
    };
    for (case, code) in [
        (Case::Buildable, None),
        (Case::OnDemand, None),
        (Case::FreePto, None),
        (Case::HeldByAnother, None),
        (Case::HeldByItself, Some("FIMP19")),
        (Case::NotHandedOver, Some("FIMP10")),
        (Case::NotPresent, Some("FIMP09")),
        (Case::FrozenBuilding, Some("FIMP11")),
        (Case::FrozenPm, Some("FIMP11")),
        (Case::Saturated, Some("FINT01")),
    ] {
        let verdict = best(&park, case).await;
        assert_eq!(verdict.refusal().map(|r| r.code.as_str()), code, "{case:?}");
    }
    for case in [Case::OpensLater, Case::PmOpensLater] {
        let verdict = best(&park, case).await;
        assert!(
            matches!(verdict, Verdict::EligibleFrom(..)),
            "{case:?}: {verdict:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_key_is_fadr01_on_the_key_that_decides() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = park.ctx().await;
    let refused = park.db().read(move |tx| {
        let asked = [
            ("CodeAdresseImmeuble", "00000ZZZZZ"),
            ("IdentifiantImmeuble", "IMB/1"),
        ];
        test(tx, &ctx, &question(&PlaceOrder::from_pairs(asked)).unwrap())
    });
    let refusal = refused.await.unwrap().unwrap_err();
    let found = (refusal.code.as_str(), refusal.field.as_deref());
    assert_eq!(found, ("FADR01", Some("CodeAdresseImmeuble")));
}
