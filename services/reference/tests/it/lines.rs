//! Live rows under contention and out of turn.

use std::sync::Arc;

use domain::building::store as buildings;
use domain::freeze::store as freezes;
use domain::freeze::{Freeze, FreezeKind};
use domain::line::store as lines;
use domain::line::{FibreState, LineState, LiveLine};
use domain::release::store as releases;
use kernel::{OperatorId, OrderId};
use storage::Lane;
use testkit::territory::Case;

use crate::support::{NOW, Store, small};

fn operator(name: &str) -> OperatorId {
    OperatorId::from_store(format!("opr_{name}"))
}

fn order(n: usize) -> OrderId {
    OrderId::from_store(format!("cmd_{n:03}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_orders_for_the_last_free_fibres_each_fibre_is_taken_once() {
    let Some(store) = Store::open() else { return };
    let territory = Arc::new(small());
    let release = Arc::clone(&territory)
        .load(&store.db, store.scope, NOW)
        .await
        .unwrap();
    let spot = territory.spots(Case::Buildable, "HIRO")[0];
    let (pm, pbo) = (
        spot.building.pm_ref.clone(),
        spot.dwelling.unwrap().pbo_ref.clone(),
    );
    let (live, pm2, pbo2) = (store.live, pm.clone(), pbo.clone());
    let free = store
        .db
        .get(move |tx| lines::free_fibres(tx, &live, release, &pm2, &pbo2))
        .await
        .unwrap();
    assert!(free > 0);
    let mut takers = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (db, pm, pbos) = (store.db.clone(), pm.clone(), [pbo.clone()]);
        takers.spawn(async move {
            db.write(Lane::Foreground, None, move |tx| {
                let place = (pm.as_str(), pbos.as_slice());
                lines::take_fibre(tx, &live, release, place, &operator("hiro"), &order(n))
            })
            .await
        });
    }
    let mut taken: Vec<String> = Vec::new();
    while let Some(result) = takers.join_next().await {
        taken.extend(result.unwrap().unwrap().map(|fibre| fibre.id));
    }
    taken.sort();
    let count = taken.len();
    taken.dedup();
    assert_eq!((i64::try_from(count).unwrap(), taken.len()), (free, count));
    for fibre in territory
        .fibres
        .iter()
        .filter(|fibre| taken.contains(&fibre.id))
    {
        assert_eq!(fibre.state, FibreState::Available);
        assert!(fibre.pto_ref.is_empty() && !fibre.dedicated);
    }
}

#[tokio::test]
async fn a_fibre_goes_from_free_to_promised_to_occupied_and_back_only_for_its_order() {
    let Some(store) = Store::open() else { return };
    let territory = Arc::new(small());
    let release = Arc::clone(&territory)
        .load(&store.db, store.scope, NOW)
        .await
        .unwrap();
    let spot = territory.spots(Case::Buildable, "HIRO")[0];
    let (pm, pbos) = (
        spot.building.pm_ref.clone(),
        [spot.dwelling.unwrap().pbo_ref.clone()],
    );
    let live = store.live;
    store
        .db
        .write(Lane::Foreground, None, move |tx| {
            let hiro = operator("hiro");
            let place = (pm.as_str(), pbos.as_slice());
            let fibre = lines::take_fibre(tx, &live, release, place, &hiro, &order(1))?.unwrap();
            let mine = lines::fibre_of_order(tx, &live, &order(1))?.unwrap();
            assert_eq!(
                (mine.fibre_id.as_str(), mine.state),
                (&*fibre.id, FibreState::Reserved)
            );
            assert!(!lines::release_fibre(tx, &live, &fibre.id, &order(2))?);
            assert!(lines::release_fibre(tx, &live, &fibre.id, &order(1))?);
            let again = lines::take_fibre(tx, &live, release, place, &hiro, &order(2))?.unwrap();
            assert_eq!(again.id, fibre.id);
            let place = (fibre.id.as_str(), "F2-0000-0001");
            assert!(!lines::occupy_fibre(tx, &live, place, &hiro, &order(3))?);
            assert!(lines::occupy_fibre(tx, &live, place, &hiro, &order(2))?);
            assert!(!lines::release_fibre(tx, &live, &fibre.id, &order(2))?);
            let now = lines::live_fibre_by_id(tx, &live, &fibre.id)?.unwrap();
            assert_eq!((now.state, now.holder), (FibreState::Occupied, Some(hiro)));
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_line_has_one_order_under_way_and_its_holder_changes_by_that_order_alone() {
    let Some(store) = Store::open() else { return };
    let territory = Arc::new(small());
    let release = Arc::clone(&territory)
        .load(&store.db, store.scope, NOW)
        .await
        .unwrap();
    let spot = territory.spots(Case::HeldByAnother, "HIRO")[0];
    let (building, dwelling) = (
        spot.building.reference.clone(),
        spot.dwelling.unwrap().clone(),
    );
    let live = store.live;
    store
        .db
        .write(Lane::Foreground, None, move |tx| {
            let (hiro, pto) = (operator("hiro"), dwelling.pto_ref.as_str());
            assert!(lines::reserve_line(tx, &live, pto, &order(1))?);
            assert!(!lines::reserve_line(tx, &live, pto, &order(2))?);
            assert!(!lines::reserve_line(tx, &live, "F2-INCO-NNUE", &order(2))?);
            assert_eq!(
                lines::hand_over_line(tx, &live, pto, &hiro, &order(2))?,
                None
            );
            assert!(!lines::clear_pending(tx, &live, pto, &order(2))?);
            let before = lines::hand_over_line(tx, &live, pto, &hiro, &order(1))?.unwrap();
            assert!(before.holder.is_none() && !before.holder_code.is_empty());
            let after = lines::line_by_pto(tx, &live, pto)?.unwrap();
            assert_eq!(after.holder, Some(hiro));
            assert_eq!(
                (after.state, after.pending_order.clone()),
                (LineState::InService, None)
            );
            assert!(lines::reserve_line(tx, &live, pto, &order(3))?);
            assert!(lines::clear_pending(tx, &live, pto, &order(3))?);
            let here = lines::lines_of_building(tx, &live, release, &building)?;
            assert!(here.iter().any(|line| line.pto_ref == pto));
            let placed = buildings::dwelling_of_pto(tx, release, pto)?;
            assert_eq!(placed, Some(dwelling.clone()));
            let new = LiveLine {
                pto_ref: "F2-NEUV-0001".to_owned(),
                ..after
            };
            assert!(lines::insert_line(tx, &live, &new)?);
            assert!(!lines::insert_line(tx, &live, &new)?);
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn presence_pm_and_address_keys_are_found_as_the_referential_spells_them() {
    let Some(store) = Store::open() else { return };
    let territory = Arc::new(small());
    let release = Arc::clone(&territory)
        .load(&store.db, store.scope, NOW)
        .await
        .unwrap();
    let shared = territory.spots(Case::SharedAddress, "HIRO")[0]
        .building
        .clone();
    let deserted = territory.spots(Case::NotPresent, "HIRO")[0]
        .building
        .clone();
    let saturated = territory.spots(Case::Saturated, "HIRO")[0];
    let (saturated, full) = (
        saturated.building.clone(),
        saturated.dwelling.unwrap().pbo_ref.clone(),
    );
    let live = store.live;
    store
        .db
        .get(move |tx| {
            let by_key = buildings::buildings_by_hexacle(tx, release, &shared.hexacle)?;
            assert_eq!(by_key.len(), 2);
            let street = (shared.insee.as_str(), shared.rivoli.as_str());
            let number = (shared.number.as_str(), shared.complement.as_str());
            let by_number = buildings::buildings_by_street_number(tx, release, street, number)?;
            assert_eq!(by_number, by_key);
            let pm = buildings::pm_by_reference(tx, release, &shared.pm_ref)?.unwrap();
            assert!(pm.pmt_refs.contains(&shared.pmt_ref));
            assert!(!buildings::pm_exists(tx, release, "FI-53901-9999")?);
            let here = buildings::presences(tx, release, "HIRO", &shared.pm_ref)?;
            let prestation = &here[0].prestation_ref;
            let by_prestation = buildings::presence_by_prestation(tx, release, "HIRO", prestation)?;
            assert_eq!(by_prestation.as_ref(), Some(&here[0]));
            let other = buildings::presence_by_prestation(tx, release, "LINB", prestation)?;
            assert_eq!(other, None);
            assert!(buildings::presences(tx, release, "HIRO", &deserted.pm_ref)?.is_empty());
            let free = lines::free_fibres_of_building(
                tx,
                &live,
                release,
                &saturated.pm_ref,
                &saturated.reference,
            )?;
            assert!(free.iter().all(|(pbo, _)| *pbo != full));
            assert_eq!(
                lines::free_fibres(tx, &live, release, &saturated.pm_ref, &full)?,
                0
            );
            let fibres = lines::fibres_of_pbo(tx, release, &saturated.pm_ref, &full)?;
            assert_eq!(fibres.len(), 12);
            let pto = territory.ptos[0].clone();
            assert_eq!(
                lines::pto_by_reference(tx, release, &pto.reference)?,
                Some(pto)
            );
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_freeze_bears_from_its_first_instant_until_it_is_lifted() {
    let Some(store) = Store::open() else { return };
    let scope = store.scope;
    let freeze = Freeze {
        kind: FreezeKind::Building,
        reference: "IMB/53901/X/0001".to_owned(),
        from: NOW,
        to: NOW.plus(1_000),
        reason: "Travaux".to_owned(),
        internal: false,
    };
    store
        .db
        .write(Lane::Foreground, None, move |tx| {
            let put = ("alice", NOW);
            assert!(freezes::insert(tx, &scope, &freeze, put)?);
            assert!(!freezes::insert(tx, &scope, &freeze, put)?);
            let (kind, reference) = (freeze.kind, freeze.reference.as_str());
            let mut at = |ms| freezes::freeze_at(tx, kind, reference, NOW.plus(ms));
            assert_eq!(at(-1)?, None);
            assert_eq!(at(0)?.as_ref(), Some(&freeze));
            assert_eq!(at(999)?.as_ref(), Some(&freeze));
            assert_eq!(at(1_000)?, None);
            let lifted = ("bruno", NOW.plus(500));
            let object = (kind, reference);
            assert_eq!(freezes::lift(tx, &scope, object, lifted)?, 1);
            assert_eq!(freezes::lift(tx, &scope, object, lifted)?, 0);
            assert_eq!(
                freezes::freeze_at(tx, kind, reference, NOW.plus(500))?,
                None
            );
            assert_eq!(freezes::open_at(tx, kind, reference, NOW.plus(500))?, None);
            let release = releases::current(tx)?;
            assert_eq!(
                buildings::building_by_reference(tx, release, reference)?,
                None
            );
            Ok(())
        })
        .await
        .unwrap();
}
