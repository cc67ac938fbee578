//! Files that come again: what has not changed is not read twice, and nothing is missed for it.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use domain::release::store as releases;
use domain::release::{Kind, Release, history};
use kernel::Refusal;
use proptest::prelude::*;
use reference::report::{AnomalyCode, ImportReport};
use reference::usecases::{ImportError, ImportRequest, Part};
use testkit::territory::{Size, Territory};

use crate::support::{DAY, NOW, OPERATORS, Store, refusal, request, small};

/// Where a request leaves its refused lines.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

fn counts(report: &ImportReport) -> (u64, u64, u64, u64) {
    let ImportReport {
        added,
        changed,
        removed,
        unchanged,
        ..
    } = report;
    (*added, *changed, *removed, *unchanged)
}

/// The parts of one GraceTHD import.
fn folder(parts: &[(Kind, String)]) -> ImportRequest {
    let mut request = request(Kind::Gracethd, b"");
    let part = |(kind, text): &(Kind, String)| Part {
        kind: *kind,
        source: Box::new(Cursor::new(text.clone().into_bytes())),
    };
    request.parts = parts.iter().map(part).collect();
    request
}

const PM_HEADER: &str = "ReferencePM;EtatPM\r\n";
const FIBRE_HEADER: &str = "ReferencePM;ReferencePBO;IdentifiantFibre;ReferenceCablePBO;\
InformationTubePBO;InformationFibrePBO;EtatFibre\r\n";

/// A PM, and a fibre of it, as a folder gives them.
fn area(pm: &str, fibre: &str) -> Vec<(Kind, String)> {
    vec![
        (Kind::Pm, format!("{PM_HEADER}{pm};DEPLOYE\r\n")),
        (
            Kind::Fibres,
            format!("{FIBRE_HEADER}{pm};PBO-1;{fibre};CB;1;1;fibre disponible\r\n"),
        ),
    ]
}

#[tokio::test]
async fn a_changed_line_is_found_whatever_column_changes_and_its_row_alone_is_replaced() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    store.publish_all(&territory).await;
    let before = store.contents().await;
    let changed = territory.buildings[3].reference.clone();
    territory.buildings[3].batiment.push('B');
    let report = store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let rows = u64::try_from(territory.buildings.len()).unwrap();
    assert_eq!(counts(&report), (0, 1, 0, rows - 1));
    let after = store.contents().await;
    let differ: Vec<&String> = after
        .iter()
        .filter(|(key, digest)| before.get(*key) != Some(digest))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(differ, [&format!("building {changed}")]);
    assert_eq!(before.len(), after.len());
}

#[tokio::test]
async fn the_same_lines_in_other_words_change_nothing_and_are_known_from_then_on() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    store.publish_all(&territory).await;
    let before = store.contents().await;
    for kind in Kind::DECISIVE {
        let text = territory.file(*kind);
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line};x")).collect();
        lines[1..].reverse();
        let rows = u64::try_from(lines.len() - 1).unwrap();
        for turn in 0..2 {
            let text = lines.join("\n") + &"\n".repeat(turn + 1);
            let report = store.publish(*kind, &text).await.unwrap();
            assert_eq!(counts(&report), (0, 0, 0, rows), "{kind:?}, turn {turn}");
            assert_eq!(report.unknown_columns, ["x"]);
        }
    }
    assert_eq!(store.contents().await, before);
}

#[tokio::test]
async fn a_line_that_has_not_changed_is_refused_when_what_it_refers_to_is_gone() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    store.publish_all(&territory).await;
    let structure = territory.file(Kind::Structure);
    let gone = territory.dwellings[0].building_ref.clone();
    territory
        .buildings
        .retain(|building| building.reference != gone);
    let report = store.publish(Kind::Ipe, &territory.file(Kind::Ipe)).await;
    assert_eq!(report.unwrap().removed, 1);
    let mut later = request(Kind::Structure, structure.as_bytes());
    later.extracted_on = Some(DAY.tomorrow().unwrap());
    let report = store.import(later, None).await.unwrap();
    let of_gone = territory
        .dwellings
        .iter()
        .filter(|d| d.building_ref == gone);
    assert_eq!(report.rejected, u64::try_from(of_gone.count()).unwrap());
    assert_eq!(report.kept, report.rejected);
}

#[tokio::test]
async fn an_anomaly_is_told_each_time_the_file_comes() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    let flats = territory.buildings.iter_mut().find(|b| !b.agreement_needed);
    let building = flats.unwrap();
    (building.state, building.pm_ref) = (domain::building::BuildingState::Signed, String::new());
    let reference = building.reference.clone();
    let text = territory.file(Kind::Ipe);
    for days in 0..3 {
        let mut request = request(Kind::Ipe, text.as_bytes());
        request.extracted_on = DAY.checked_add(jiff::Span::new().days(days)).ok();
        let report = store.import(request, None).await.unwrap();
        let signed =
            |a: &&reference::report::Anomaly| a.code == AnomalyCode::SignedWithoutAgreement;
        let told: Vec<_> = report.anomalies.iter().filter(signed).collect();
        assert!(
            told.iter().any(|a| a.key == reference),
            "day {days}: {told:?}"
        );
    }
}

#[tokio::test]
async fn refused_lines_come_back_as_a_file_that_adds_them_once_corrected() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    let good = territory.file(Kind::Ipe);
    let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
    let (spoilt, reference) = (7, territory.buildings[6].reference.clone());
    lines[spoilt] = lines[spoilt].replacen(';', ";É", 1);
    let latin: Vec<u8> = lines
        .join("\r\n")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let kept = Kept::default();
    let mut first = request(Kind::Ipe, &latin);
    first.rejected_to = Some(Box::new(kept.clone()));
    let report = store.import(first, None).await.unwrap();
    assert_eq!((report.rejected, report.rejects[0].line), (1, 8));

    let bytes = kept.bytes();
    let text: String = bytes.iter().map(|&b| char::from(b)).collect();
    let back: Vec<&str> = text.lines().collect();
    assert_eq!(back.len(), 2);
    assert_eq!(back[0], format!("{};CodeRejet;Motif", lines[0]));
    assert_eq!(
        back[1],
        format!("{};valeur;Valeur non prévue ou incohérente", lines[spoilt])
    );
    let corrected = text.replacen(";É", ";", 1);
    let report = store.publish(Kind::Ipe, &corrected).await.unwrap();
    assert_eq!(counts(&report), (1, 0, 0, 0));
    assert!(report.unknown_columns.is_empty());
    assert!(
        store
            .contents()
            .await
            .contains_key(&format!("building {reference}"))
    );
    let Some(straight) = Store::open() else {
        return;
    };
    straight.publish(Kind::Ipe, &good).await.unwrap();
    assert_eq!(store.contents().await, straight.contents().await);
}

#[tokio::test]
async fn the_share_of_refused_lines_that_is_borne_is_the_requests() {
    let Some(store) = Store::open() else { return };
    let text = small().file(Kind::Ipe);
    let total = text.lines().count() - 1;
    let spoil = |(n, line): (usize, &str)| match n % 10 {
        1 => line.replacen(';', ";?", 1),
        _ => line.to_owned(),
    };
    let spoilt: Vec<String> = text.lines().enumerate().map(spoil).collect();
    let spoilt = spoilt.join("\r\n");
    let asked = |percent| {
        let mut asked = request(Kind::Ipe, spoilt.as_bytes());
        (asked.rejected_percent_max, asked.dry_run) = (percent, true);
        asked
    };
    let fault: Refusal = refusal(store.import(asked(5), None).await);
    assert_eq!(fault.code, "EIMP01");
    let report = store.import(asked(15), None).await.unwrap();
    assert_eq!(report.rejected, u64::try_from(total.div_ceil(10)).unwrap());
}

#[tokio::test]
async fn a_folder_adds_to_what_files_brought_and_each_removes_only_its_own() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    store.publish_all(&territory).await;
    let before = store.contents().await;
    let report = store
        .import(folder(&area("PM-DOSSIER", "FI-DOSSIER")), None)
        .await
        .unwrap();
    assert_eq!(counts(&report), (2, 0, 0, 0));
    assert_eq!(report.seeded, 1);
    let with_folder = store.contents().await;
    assert_eq!(with_folder.len(), before.len() + 3);

    let second = store.import(folder(&area("PM-2", "FI-2")), None).await;
    assert_eq!(counts(&second.unwrap()), (2, 0, 0, 0));

    let mut fewer = territory.clone();
    let gone = fewer.fibres.remove(0);
    let report = store
        .publish(Kind::Fibres, &fewer.file(Kind::Fibres))
        .await
        .unwrap();
    assert_eq!(report.removed, 1);
    let after = store.contents().await;
    assert!(!after.contains_key(&format!("fibre {}", gone.id)));
    for key in ["pm PM-DOSSIER", "fibre FI-DOSSIER", "pm PM-2", "fibre FI-2"] {
        assert!(after.contains_key(key), "{key}");
    }
    let sources = store.db.get(|tx| {
        let release = releases::current(tx)?;
        releases::sources(tx, release)
    });
    let sources = sources.await.unwrap();
    let folders = sources
        .iter()
        .filter(|source| source.kind == Kind::Gracethd);
    assert_eq!(folders.map(|source| source.rows).collect::<Vec<_>>(), [4]);
}

#[tokio::test]
async fn an_object_that_another_kind_of_file_brought_changes_hands_and_is_told() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    store.publish_all(&territory).await;
    let taken = territory.fibres[0].clone();
    let parts = area(&taken.pm_ref, &taken.id)[1..].to_vec();
    let report = store.import(folder(&parts), None).await.unwrap();
    assert_eq!(counts(&report), (0, 1, 0, 0));
    assert!(report.anomalies.iter().any(|anomaly| {
        (anomaly.code, anomaly.key.as_str()) == (AnomalyCode::OriginDiffers, taken.id.as_str())
    }));
    let mut fewer = territory.clone();
    fewer.fibres.remove(0);
    let report = store
        .publish(Kind::Fibres, &fewer.file(Kind::Fibres))
        .await
        .unwrap();
    assert_eq!((report.removed, report.changed), (0, 0));
}

#[tokio::test]
async fn a_folder_that_dies_at_any_step_leaves_no_trace_after_the_next() {
    let parts = area("PM-DOSSIER", "FI-DOSSIER");
    let Some(straight) = Store::open() else {
        return;
    };
    straight.publish_all(&small()).await;
    straight.import(folder(&parts), None).await.unwrap();
    let Some(store) = Store::open() else { return };
    store.publish_all(&small()).await;
    let (base, before) = (store.current().await, store.contents().await);
    let mut deaths = 0;
    loop {
        match store.import(folder(&parts), Some(deaths + 1)).await {
            Err(ImportError::Interrupted) if store.current().await == base => {
                let mut seen = store.contents().await;
                seen.remove("live FI-DOSSIER");
                assert_eq!(seen, before, "after death {deaths}");
                deaths += 1;
            }
            Err(ImportError::Interrupted) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(deaths >= 8, "only {deaths} steps were told");
    assert_eq!(store.contents().await, straight.contents().await);
}

/// Takes the newest release back as the OI does: the pointer moves to its base.
async fn take_back(store: &Store) {
    let number = store.current().await;
    let scope = store.scope;
    let back = store.db.write(storage::Lane::Foreground, None, move |tx| {
        let decision = history::store::Decision {
            by: "alice",
            now: NOW,
            why: "essai",
        };
        history::store::roll_back(tx, &scope, number, decision)
    });
    assert!(back.await.unwrap());
}

#[test]
fn import_take_back_import_again_leaves_live_rows_untouched_and_comes_to_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = ProptestConfig {
        cases: 4,
        failure_persistence: None,
        ..Default::default()
    };
    proptest!(cases, |(seed: u64, dropped in 0_usize..20, step in 2_usize..9)| {
        let size = Size { addresses: 60, dwellings: 90, pms: 4 };
        let territory = Territory::generate(seed, size, DAY, &OPERATORS);
        let mut next = territory.clone();
        next.fibres.drain(..dropped.min(next.fibres.len() / 8));
        for fibre in next.fibres.iter_mut().step_by(step) {
            fibre.cable.push_str("-BIS");
        }
        let mut new = next.fibres[0].clone();
        new.id = "FI-NEUVE".to_owned();
        next.fibres.push(new);
        let file = next.file(Kind::Fibres);
        runtime.block_on(async {
            let Some(store) = Store::open() else { return Ok(()) };
            store.publish_all(&territory).await;
            let base = store.current().await;
            let before = store.contents().await;
            let first = store.publish(Kind::Fibres, &file).await.unwrap();
            let after = store.contents().await;
            take_back(&store).await;
            prop_assert_eq!(store.current().await, base);
            let mut back = store.contents().await;
            back.remove("live FI-NEUVE");
            prop_assert_eq!(&back, &before);
            let again = store.publish(Kind::Fibres, &file).await.unwrap();
            prop_assert_eq!(counts(&again), counts(&first));
            prop_assert_eq!(again.seeded, 0);
            prop_assert_eq!(store.contents().await, after);
            prop_assert!(store.current().await > Release(base.0 + 1));
            Ok(())
        })?;
    });
}
