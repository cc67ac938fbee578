//! Whole imports: releases, extraction dates, what is seeded and what is left alone.

use std::sync::Arc;

use domain::building::store as buildings;
use domain::line::store as lines;
use domain::line::{FibreState, LineState};
use domain::release::store as releases;
use domain::release::{Kind, Release, ReleaseState};
use jiff::civil::date;
use kernel::{OperatorId, OrderId};
use proptest::prelude::*;
use reference::report::{AnomalyCode, ImportOutcome};
use reference::usecases::approve;
use testkit::territory::{Case, Size, Territory};

use crate::support::{DAY, NOW, OPERATORS, Store, refusal, request, small};

#[tokio::test]
async fn every_kind_of_file_becomes_a_release_with_its_extraction_date() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    for (i, kind) in Kind::DECISIVE.iter().enumerate() {
        let report = store.publish(*kind, &territory.file(*kind)).await.unwrap();
        let number = Release(i64::try_from(i).unwrap() + 1);
        assert_eq!(
            report.outcome,
            ImportOutcome::Published(number),
            "{report:?}"
        );
        assert_eq!(
            (report.rejected, report.anomaly_count),
            (0, 0),
            "{:?}",
            report.rejects
        );
        assert_eq!(
            (report.read, report.changed, report.removed),
            (report.added, 0, 0)
        );
        assert_eq!(store.current().await, number);
    }
    let sources = store
        .db
        .get(|tx| releases::sources(tx, Release(5)))
        .await
        .unwrap();
    assert_eq!(sources.len(), 5);
    let ipe = sources
        .iter()
        .find(|source| source.kind == Kind::Ipe)
        .unwrap();
    assert_eq!(ipe.rows, i64::try_from(territory.buildings.len()).unwrap());
    let spot = territory.spots(Case::Buildable, "HIRO")[0];
    let (building, dwelling) = (spot.building.clone(), spot.dwelling.unwrap().clone());
    let reference = building.reference.clone();
    let (found, dwellings) = store
        .db
        .get(move |tx| {
            let release = releases::current(tx)?;
            let building = buildings::building_by_reference(tx, release, &reference)?;
            Ok((building, buildings::dwellings_of(tx, release, &reference)?))
        })
        .await
        .unwrap();
    assert_eq!(found, Some(building));
    assert!(dwellings.contains(&dwelling));
}

#[tokio::test]
async fn an_answer_rests_on_the_oldest_extraction_of_its_kinds() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    let mut ipe = request(Kind::Ipe, territory.file(Kind::Ipe).as_bytes());
    ipe.extracted_on = None;
    ipe.file_name = "F2V_PM_IPEZMD_V31_20261116.csv".to_owned();
    store.import(ipe, None).await.unwrap();
    store
        .publish(Kind::Adduction, &territory.file(Kind::Adduction))
        .await
        .unwrap();
    let dates = store
        .db
        .get(|tx| {
            let release = releases::current(tx)?;
            Ok((
                releases::extraction_date(tx, release, &[Kind::Ipe, Kind::Adduction])?,
                releases::extraction_date(tx, release, &[Kind::Adduction])?,
                releases::extraction_date(tx, release, &[Kind::Prises])?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(dates, (Some(date(2026, 11, 16)), Some(DAY), None));
}

#[tokio::test]
async fn a_file_without_any_date_is_refused() {
    let Some(store) = Store::open() else { return };
    let mut ipe = request(Kind::Ipe, small().file(Kind::Ipe).as_bytes());
    ipe.extracted_on = None;
    ipe.file_name = "export_20261399_final.csv".to_owned();
    assert_eq!(refusal(store.import(ipe, None).await).code, "EIMP03");
    assert_eq!(store.current().await, Release::EMPTY);
}

#[tokio::test]
async fn the_same_bytes_twice_are_refused_unless_extracted_later() {
    let Some(store) = Store::open() else { return };
    let text = small().file(Kind::Ipe);
    let first = store.publish(Kind::Ipe, &text).await.unwrap();
    assert_eq!(
        refusal(store.publish(Kind::Ipe, &text).await).code,
        "EIMP02"
    );
    let mut later = request(Kind::Ipe, text.as_bytes());
    later.extracted_on = Some(DAY.tomorrow().unwrap());
    let report = store.import(later, None).await.unwrap();
    assert_eq!((report.added, report.changed, report.removed), (0, 0, 0));
    assert_eq!(report.unchanged, first.added);
    assert_eq!(store.current().await, Release(2));
}

#[tokio::test]
async fn a_second_file_changes_only_what_differs_and_the_old_release_still_reads_the_same() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let gone = territory.buildings.remove(5);
    territory.buildings[10].street_name = "DU NOUVEAU NOM".to_owned();
    let renamed = territory.buildings[10].clone();
    let mut new = renamed.clone();
    new.reference = "IMB/53901/X/NEUF".to_owned();
    territory.buildings.push(new);
    let report = store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    assert_eq!((report.added, report.changed, report.removed), (1, 1, 1));
    let (before, after, gone_before, gone_after) = store
        .db
        .get(move |tx| {
            let mut find = |release, reference: &str| {
                buildings::building_by_reference(tx, Release(release), reference)
            };
            Ok((
                find(1, &renamed.reference)?,
                find(2, &renamed.reference)?,
                find(1, &gone.reference)?,
                find(2, &gone.reference)?,
            ))
        })
        .await
        .unwrap();
    assert_ne!(before.unwrap().street_name, "DU NOUVEAU NOM");
    assert_eq!(after.unwrap().street_name, "DU NOUVEAU NOM");
    assert!(gone_before.is_some() && gone_after.is_none());
}

#[tokio::test]
async fn a_dry_run_reports_and_writes_nothing() {
    let Some(store) = Store::open() else { return };
    let text = small().file(Kind::Ipe);
    let mut dry = request(Kind::Ipe, text.as_bytes());
    dry.dry_run = true;
    let report = store.import(dry, None).await.unwrap();
    assert_eq!(report.outcome, ImportOutcome::Checked);
    assert_eq!(
        report.added,
        u64::try_from(small().buildings.len()).unwrap()
    );
    assert!(store.contents().await.is_empty());
    assert!(
        store
            .db
            .get(|tx| releases::list(tx, 10))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_unapproved_release_waits_and_is_published_once() {
    let Some(store) = Store::open() else { return };
    let mut waiting = request(Kind::Ipe, small().file(Kind::Ipe).as_bytes());
    waiting.approve = false;
    let report = store.import(waiting, None).await.unwrap();
    assert_eq!(report.outcome, ImportOutcome::Waiting(Release(1)));
    assert_eq!(store.current().await, Release::EMPTY);
    let mut quiet = |_| std::ops::ControlFlow::Continue(());
    approve(&store.platform, &store.ctx, Release(1), &mut quiet)
        .await
        .unwrap();
    assert_eq!(store.current().await, Release(1));
    let again = approve(&store.platform, &store.ctx, Release(1), &mut quiet).await;
    assert!(again.is_err());
}

#[tokio::test]
async fn the_next_import_supersedes_a_waiting_release() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    let mut waiting = request(Kind::Ipe, territory.file(Kind::Ipe).as_bytes());
    waiting.approve = false;
    store.import(waiting, None).await.unwrap();
    territory.buildings.truncate(50);
    let report = store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    assert_eq!(report.superseded, [Release(1)]);
    assert_eq!(report.added, 50);
    let info = store
        .db
        .get(|tx| releases::by_number(tx, Release(1)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(info.state, ReleaseState::Withdrawn);
    let mut quiet = |_| std::ops::ControlFlow::Continue(());
    assert!(
        approve(&store.platform, &store.ctx, Release(1), &mut quiet)
            .await
            .is_err()
    );
    let buildings = store
        .contents()
        .await
        .keys()
        .filter(|key| key.starts_with("building "))
        .count();
    assert_eq!(buildings, 50);
}

#[tokio::test]
async fn a_new_import_leaves_live_rows_alone_and_reports_what_differs() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    store.publish_all(&territory).await;
    let (live, holder) = (store.live, OperatorId::from_store("opr_hiro".to_owned()));
    let order = OrderId::from_store("cmd_1".to_owned());
    let spot = territory.spots(Case::Buildable, "HIRO")[0];
    let (pm, pbo) = (
        spot.building.pm_ref.clone(),
        spot.dwelling.unwrap().pbo_ref.clone(),
    );
    let pto = territory.spots(Case::HeldByAnother, "HIRO")[0]
        .dwelling
        .unwrap()
        .pto_ref
        .clone();
    let (fibre, line) = store
        .db
        .write(storage::Lane::Foreground, None, move |tx| {
            let release = releases::current(tx)?;
            let pbos = [pbo.clone()];
            let fibre =
                lines::take_fibre(tx, &live, release, (&pm, &pbos), &holder, &order)?.unwrap();
            assert!(lines::reserve_line(tx, &live, &pto, &order)?);
            lines::hand_over_line(tx, &live, &pto, &holder, &order)?.unwrap();
            Ok((fibre, lines::line_by_pto(tx, &live, &pto)?.unwrap()))
        })
        .await
        .unwrap();
    let mut changed = territory.clone();
    changed.fibres[0].cable = "CB-AUTRE".to_owned();
    let mut free = changed
        .ptos
        .iter_mut()
        .filter(|pto| pto.state == LineState::InService);
    let freed = free.find(|pto| pto.reference != line.pto_ref).unwrap();
    (freed.state, freed.oc_code) = (LineState::Free, String::new());
    let freed = freed.reference.clone();

    let report = store
        .publish(Kind::Fibres, &changed.file(Kind::Fibres))
        .await
        .unwrap();
    assert_eq!(
        (report.seeded, report.changed, report.anomaly_count),
        (0, 1, 1)
    );
    assert_eq!(report.anomalies[0].code, AnomalyCode::FibreStateDiffers);
    assert_eq!(report.anomalies[0].key, fibre.id);
    let report = store
        .publish(Kind::Prises, &changed.file(Kind::Prises))
        .await
        .unwrap();
    assert_eq!((report.seeded, report.anomaly_count), (0, 1));
    assert_eq!(report.anomalies[0].code, AnomalyCode::LineDiffers);
    assert_eq!(report.anomalies[0].key, freed);

    let pto = line.pto_ref.clone();
    let (live_fibre, live_line) = store
        .db
        .get(move |tx| {
            let fibre = lines::live_fibre_by_id(tx, &live, &fibre.id)?.unwrap();
            Ok((fibre, lines::line_by_pto(tx, &live, &pto)?.unwrap()))
        })
        .await
        .unwrap();
    assert_eq!(live_fibre.state, FibreState::Reserved);
    assert_eq!(live_line, line);
}

#[test]
fn importing_the_files_of_a_territory_equals_loading_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = ProptestConfig {
        cases: 3,
        failure_persistence: None,
        ..Default::default()
    };
    proptest!(cases, |(seed: u64, addresses in 30_usize..120, extra in 0_usize..80)| {
        let size = Size { addresses, dwellings: addresses + extra, pms: 6 };
        let territory = Territory::generate(seed, size, DAY, &OPERATORS);
        runtime.block_on(async {
            let Some(imported) = Store::open() else { return Ok(()) };
            let Some(loaded) = Store::open() else { return Ok(()) };
            imported.publish_all(&territory).await;
            let territory = Arc::new(territory);
            territory.load(&loaded.db, loaded.scope, NOW).await.unwrap();
            prop_assert_eq!(imported.contents().await, loaded.contents().await);
            Ok(())
        })?;
    });
}
