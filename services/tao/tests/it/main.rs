//! Address anomalies: what both sides may do, what is told to whom, and what a store keeps of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Idempotency;
use kernel::working_time::working_ms_between;
use kernel::{Millis, codes, reference};
use support::{Park, whole, wrong};
use tao::anomaly::rules::{Complexity, Kind};
use tao::anomaly::states::{Event, Status, next};
use tao::anomaly::store::{Listing, Sort};
use tao::anomaly::usecases;

fn all(limit: i64) -> Listing {
    Listing {
        limit,
        ..Listing::default()
    }
}

#[tokio::test]
async fn a_report_is_followed_to_its_end_and_its_timeline_says_it_all() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.building(0).clone();
    let found = park.report("HIRO", &wrong(&building.reference)).await;
    assert!(
        found.starts_with("ADR") && reference::is_valid(&found),
        "{found}"
    );
    let walk = [
        (Event::Taken, Status::InProgress),
        (Event::Asked, Status::Pending),
        (Event::Requalified, Status::Pending),
        (Event::Answered, Status::InProgress),
        (Event::Resolved, Status::Resolved),
        (Event::Disputed, Status::InProgress),
        (Event::Resolved, Status::Resolved),
        (Event::Accepted, Status::Closed),
    ];
    for (event, after) in walk {
        park.wait(7 * Millis::HOUR);
        let done = match event.by() {
            tao::anomaly::states::Side::Operator => park.follow("HIRO", &found, event).await,
            _ => park.handle(&found, event).await,
        };
        done.unwrap();
        let seen = park.see(&*park.staff().await, &found).await.unwrap();
        assert_eq!(seen.anomaly.status, after, "{event:?}");
    }
    let owner = park.machine("HIRO").await;
    let seen = park.see(&owner, &found).await.unwrap();
    let anomaly = &seen.anomaly;
    assert_eq!(anomaly.place.building_ref, building.reference);
    assert_eq!(anomaly.place.insee, building.insee);
    assert_eq!(anomaly.complexity, Some(Complexity::Simple));
    assert_eq!((anomaly.seen_in, anomaly.lapses), (Some(7), None));
    let mut status = None;
    for (n, row) in (1..).zip(&seen.timeline) {
        assert_eq!((row.seq, row.from), (n, status));
        status = Some(next(status, row.event).unwrap().status);
        assert_eq!(Some(row.to), status);
    }
    assert_eq!(status, Some(Status::Closed));
    assert_eq!(seen.timeline.len(), walk.len() + 1);
    let spent = seen.spent(park.now());
    let kept = [
        anomaly.acknowledged_ms,
        anomaly.in_progress_ms,
        anomaly.pending_ms,
    ];
    let told = [spent.acknowledged, spent.in_progress, spent.pending];
    assert_eq!(kept, told.map(|one| one.working_ms));
    let stood = [told[0], told[1], told[2], spent.resolved];
    let calendar: i64 = stood.iter().map(|one| one.calendar_ms).sum();
    assert_eq!(calendar, 7 * Millis::HOUR * 8);
    let working: i64 = stood.iter().map(|one| one.working_ms).sum();
    assert_eq!(
        working,
        working_ms_between(anomaly.created, anomaly.updated)
    );
}

#[tokio::test]
async fn one_thing_has_one_open_anomaly_of_an_operator() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.building(0).reference.clone();
    let first = park.report("HIRO", &wrong(&building)).await;
    let again = park
        .try_report("HIRO", &wrong(&building), None)
        .await
        .unwrap();
    assert_eq!(
        (&again.reference, again.status.as_str()),
        (&first, "acknowledged")
    );
    let refusal = again.refusal.unwrap();
    assert_eq!(
        (refusal.return_code(), refusal.code.as_str()),
        (100, codes::RC100.code)
    );
    assert!(refusal.message().contains(&first));
    let theirs = park.report("LINB", &wrong(&building)).await;
    assert_ne!(theirs, first);
    let dwellings = [
        ("TypeAnomalie", "nbLogements"),
        ("IdentifiantImmeuble", building.as_str()),
        ("NombreLogements", "3"),
    ];
    let other = park.report("HIRO", &dwellings).await;
    assert_ne!(other, first);
    park.follow("HIRO", &first, Event::Cancelled).await.unwrap();
    let anew = park.report("HIRO", &wrong(&building)).await;
    assert_ne!(anew, first);
    assert_eq!(
        park.list(&*park.machine("HIRO").await, all(9)).await.len(),
        3
    );
}

#[tokio::test]
async fn reports_that_come_at_once_leave_one_anomaly() {
    let Some(park) = Park::open().await else {
        return;
    };
    let park = Arc::new(park);
    let building = park.building(0).reference.clone();
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (park, building) = (Arc::clone(&park), building.clone());
        sending.spawn(async move { park.try_report("HIRO", &wrong(&building), None).await });
    }
    let mut told = Vec::new();
    while let Some(answer) = sending.join_next().await {
        told.push(answer.unwrap().unwrap());
    }
    let references: BTreeSet<_> = told.iter().map(|one| one.reference.clone()).collect();
    let new = told.iter().filter(|one| one.refusal.is_none()).count();
    assert_eq!((references.len(), new), (1, 1));
}

#[tokio::test]
async fn the_same_request_is_answered_alike_and_another_under_its_key_is_refused() {
    let Some(park) = Park::open().await else {
        return;
    };
    let (one, two) = (park.building(0), park.building(1));
    let once = |body: &[u8]| Some(Idempotency::new("une-cle", body));
    let sent = wrong(&one.reference);
    let first = park.try_report("HIRO", &sent, once(b"un")).await.unwrap();
    let again = park.try_report("HIRO", &sent, once(b"un")).await.unwrap();
    assert_eq!((first.reference, None), (again.reference, again.refusal));
    let other = wrong(&two.reference);
    let other = park
        .try_report("HIRO", &other, once(b"deux"))
        .await
        .unwrap_err();
    assert_eq!(other.code, "13");
    assert_eq!(
        park.list(&*park.machine("HIRO").await, all(9)).await.len(),
        1
    );
}

#[tokio::test]
async fn another_operator_s_anomaly_is_answered_like_one_that_does_not_exist() {
    let Some(park) = Park::open().await else {
        return;
    };
    let theirs = park
        .report("HIRO", &wrong(&park.building(0).reference))
        .await;
    let nothing = reference::make("ADR", 8, 1);
    let stranger = park.machine("LINB").await;
    let seen = park.see(&stranger, &theirs).await.unwrap_err();
    assert_eq!(seen.code, "9");
    assert_eq!(seen, park.see(&stranger, &nothing).await.unwrap_err());
    for event in Event::ALL {
        let foreign = park.act(&stranger, &theirs, *event, whole()).await;
        let absent = park.act(&stranger, &nothing, *event, whole()).await;
        assert_eq!(foreign.unwrap_err(), absent.unwrap_err(), "{event:?}");
    }
    assert!(park.list(&stranger, all(9)).await.is_empty());
    let owner = park.machine("HIRO").await;
    assert_eq!(park.see(&owner, &theirs).await.unwrap().timeline.len(), 1);
}

#[tokio::test]
async fn each_side_does_its_own_part_and_the_platform_s_is_nobody_s() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.building(0).reference.clone();
    let found = park.report("HIRO", &wrong(&building)).await;
    for event in [Event::Taken, Event::Refused, Event::Resolved, Event::Lapsed] {
        let refusal = park.follow("HIRO", &found, event).await.unwrap_err();
        assert_eq!(refusal.code, "11", "{event:?}");
    }
    for event in [
        Event::Cancelled,
        Event::Accepted,
        Event::Answered,
        Event::Lapsed,
    ] {
        let refusal = park.handle(&found, event).await.unwrap_err();
        assert_eq!(refusal.code, "11", "{event:?}");
    }
    let sent = tao::anomaly::rules::Sent::from_pairs(wrong(&building));
    let staff = park.staff().await;
    let outcome = usecases::report(&park.platform, &staff, sent, None).await;
    assert_eq!(outcome.unwrap().into_result().unwrap_err().code, "11");
    let early = park.handle(&found, Event::Resolved).await.unwrap_err();
    assert_eq!(early.code, "13", "it was not taken yet");
    park.handle(&found, Event::Refused).await.unwrap();
    for event in Event::ALL {
        let by = event.by();
        let late = match by {
            tao::anomaly::states::Side::Operator => park.follow("HIRO", &found, *event).await,
            _ => park.handle(&found, *event).await,
        };
        assert!(
            ["11", "13"].contains(&late.unwrap_err().code.as_str()),
            "{event:?}"
        );
    }
}

#[tokio::test]
async fn an_address_that_is_said_to_exist_must() {
    let Some(park) = Park::open().await else {
        return;
    };
    let wrong = [("TypeAnomalie", "modification"), ("ValeurAttendue", "x")];
    let unknown = [
        vec![("IdentifiantImmeuble", "IMB/00000/X/0000")],
        vec![("CodeAdresseImmeuble", "0000000000")],
        vec![
            ("CodeInseeImmeuble", "00000"),
            ("CodeVoieRivoliImmeuble", "0000"),
            ("NumeroVoieImmeuble", "1"),
        ],
    ];
    let fields = [
        "IdentifiantImmeuble",
        "CodeAdresseImmeuble",
        "CodeVoieRivoliImmeuble",
    ];
    for (key, field) in unknown.iter().zip(fields) {
        let sent = [&wrong[..], key].concat();
        let refusal = park.try_report("HIRO", &sent, None).await.unwrap_err();
        let told = (refusal.code.as_str(), refusal.field.as_deref());
        assert_eq!(told, ("FADR01", Some(field)));
    }
    let missing = [
        ("TypeAnomalie", "creation"),
        ("CodeInseeImmeuble", "53130"),
        ("LibelleVoieImmeuble", "Impasse du Four"),
        ("NumeroVoieImmeuble", "3"),
    ];
    let beside = [&missing[..], &[("IdentifiantImmeuble", "IMB/0")]].concat();
    let refusal = park.try_report("HIRO", &beside, None).await.unwrap_err();
    assert_eq!(refusal.code, "FADR01");
    let found = park.report("HIRO", &missing).await;
    let owner = park.machine("HIRO").await;
    let seen = park.see(&owner, &found).await.unwrap().anomaly;
    assert_eq!(seen.place.label, "3 Impasse du Four 53130");
    assert_eq!(seen.place.building_ref, "");
    let building = park.building(0);
    let keyed = [&wrong[..], &[("CodeAdresseImmeuble", &building.hexacle)]].concat();
    let found = park.report("HIRO", &keyed).await;
    let seen = park.see(&owner, &found).await.unwrap().anomaly;
    assert_eq!(seen.place.hexacle, building.hexacle);
}

#[tokio::test]
async fn what_is_hostile_or_unknown_is_refused_and_leaves_nothing() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.building(0).reference.clone();
    let huge = "x".repeat(100_000);
    for (name, value) in [
        ("Commentaire", huge.as_str()),
        ("ValeurAttendue", "a\u{0}b"),
        ("Porte", "\u{1b}[31m"),
        ("TexteSaisi", "\u{7}"),
        ("TypeAnomalie", "'; drop table tao_anomaly; --"),
        ("NombreLogements", "-1"),
    ] {
        let mut sent = wrong(&building);
        sent.push((name, value));
        let refusal = park.try_report("HIRO", &sent, None).await.unwrap_err();
        let told = (refusal.code.as_str(), refusal.field.as_deref());
        assert_eq!(told, ("FIMP16", Some(name)));
    }
    assert!(
        park.list(&*park.machine("HIRO").await, all(9))
            .await
            .is_empty()
    );
    let markup = "<script>alert(1)</script> ; =1+1";
    let mut sent = wrong(&building);
    sent.push(("Commentaire", markup));
    let found = park.report("HIRO", &sent).await;
    let seen = park.see(&*park.staff().await, &found).await.unwrap();
    assert_eq!(seen.anomaly.comment, markup);
}

#[tokio::test]
async fn a_resolution_left_unanswered_closes_in_time_and_once() {
    let Some(park) = Park::open().await else {
        return;
    };
    let lapse = async || {
        let (platform, duty) = (Arc::clone(&park.platform), park.duty().await);
        usecases::lapse(platform, duty).await.unwrap()
    };
    let mut found = Vec::new();
    for n in 0..3 {
        let one = park
            .report("HIRO", &wrong(&park.building(n).reference))
            .await;
        park.handle(&one, Event::Taken).await.unwrap();
        park.handle(&one, Event::Resolved).await.unwrap();
        found.push(one);
    }
    park.follow("HIRO", &found[1], Event::Disputed)
        .await
        .unwrap();
    park.follow("HIRO", &found[2], Event::Accepted)
        .await
        .unwrap();
    assert_eq!(lapse().await, 0);
    // Monday the 23rd and ten working days: until Monday the 7th of December, inclusive.
    park.wait(14 * Millis::DAY + 13 * Millis::HOUR);
    assert_eq!(lapse().await, 0, "the last day is not over");
    park.wait(Millis::HOUR);
    assert_eq!(lapse().await, 1);
    assert_eq!(lapse().await, 0);
    let owner = park.machine("HIRO").await;
    let mut ends = Vec::new();
    for one in &found {
        let seen = park.see(&owner, one).await.unwrap();
        let last = seen.timeline.last().unwrap();
        ends.push((seen.anomaly.status, last.event));
    }
    let wanted = [
        (Status::Closed, Event::Lapsed),
        (Status::InProgress, Event::Disputed),
        (Status::Closed, Event::Accepted),
    ];
    assert_eq!(ends, wanted);
}

#[tokio::test]
async fn a_list_is_the_same_read_whole_or_page_by_page_whatever_its_order() {
    let Some(park) = Park::open().await else {
        return;
    };
    for n in 0..7 {
        let code = if n % 3 == 2 { "LINB" } else { "HIRO" };
        let one = park.report(code, &wrong(&park.building(n).reference)).await;
        park.wait(Millis::HOUR);
        if n % 2 == 0 {
            park.handle(&one, Event::Taken).await.unwrap();
        }
        if n == 0 {
            park.handle(&one, Event::Refused).await.unwrap();
        }
    }
    let staff = park.staff().await;
    for (sort, name) in Sort::ALL {
        for descending in [false, true] {
            let wanted = Listing {
                sort,
                descending,
                ..all(100)
            };
            let whole = park.list(&staff, wanted.clone()).await;
            assert_eq!(whole.len(), 7);
            let mut paged = Vec::new();
            loop {
                let last: Option<&tao::anomaly::Anomaly> = paged.last();
                let wanted = Listing {
                    after: last.map(|one| (sort.key_of(one), one.id.to_string())),
                    limit: 2,
                    ..wanted.clone()
                };
                let page = park.list(&staff, wanted).await;
                if page.is_empty() {
                    break;
                }
                paged.extend(page);
            }
            let references = |all: &[tao::anomaly::Anomaly]| {
                all.iter()
                    .map(|one| one.reference.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                references(&whole),
                references(&paged),
                "{name} {descending}"
            );
        }
    }
    let queue = park.list(&staff, all(100)).await;
    assert_eq!(
        queue.last().unwrap().status,
        Status::Rejected,
        "ended ones come last"
    );
    let open = &queue[..6];
    assert!(open.is_sorted_by_key(|one| one.created));
    let building = park.building(3);
    for (wanted, count) in [
        (
            Listing {
                operator_code: "LINB".to_owned(),
                ..all(100)
            },
            2,
        ),
        (
            Listing {
                status: Some(Status::InProgress),
                ..all(100)
            },
            3,
        ),
        (
            Listing {
                kind: Some(Kind::Creation),
                ..all(100)
            },
            0,
        ),
        (
            Listing {
                complexity: Some(Complexity::Simple),
                ..all(100)
            },
            4,
        ),
        (
            Listing {
                text: building.reference.to_lowercase(),
                ..all(100)
            },
            1,
        ),
        (
            Listing {
                text: "%".to_owned(),
                ..all(100)
            },
            0,
        ),
        (
            Listing {
                insee: "00000".to_owned(),
                ..all(100)
            },
            0,
        ),
    ] {
        assert_eq!(
            park.list(&staff, wanted.clone()).await.len(),
            count,
            "{wanted:?}"
        );
    }
    let own = park.list(&*park.machine("LINB").await, all(100)).await;
    assert!(own.len() == 2 && own.iter().all(|one| one.operator_code == "LINB"));
}

#[tokio::test]
async fn a_list_is_searched_by_any_part_of_what_names_its_anomalies() {
    let Some(park) = Park::open().await else {
        return;
    };
    let absent = vec![
        ("TypeAnomalie", "creation"),
        ("CodeInseeImmeuble", "53097"),
        ("CommuneImmeuble", "ÉVRON-LE-BOIS"),
        ("NumeroVoieImmeuble", "12"),
        ("LibelleVoieImmeuble", "Allée de l'Écluse"),
        ("ReferencePrise", "FI-ABCD-EFGH"),
    ];
    let found = park.report("HIRO", &absent).await;
    let known = park.building(0).clone();
    let other = park.report("LINB", &wrong(&known.reference)).await;
    let (staff, hiro) = (park.staff().await, park.machine("HIRO").await);
    let names = async |ctx: &domain::access::Ctx, text: &str| {
        let text = text.to_owned();
        let wanted = Listing { text, ..all(100) };
        let listed = park.list(ctx, wanted).await;
        listed
            .into_iter()
            .map(|one| one.reference)
            .collect::<Vec<_>>()
    };
    for text in [
        &found,
        &found[4..9],
        &found[5..].to_lowercase(),
        "écluse",
        "12 ALLÉE DE",
        "évron-le",
        "LE-BOIS",
        "3097",
        "abcd-ef",
    ] {
        assert_eq!(
            names(&staff, text).await,
            std::slice::from_ref(&found),
            "{text}"
        );
        assert_eq!(
            names(&hiro, text).await,
            std::slice::from_ref(&found),
            "{text}"
        );
    }
    let part = known.reference[4..].to_lowercase();
    assert_eq!(names(&staff, &part).await, [other]);
    // Another operator's is found by nothing, and signs that patterns are made of are letters.
    for text in [part.as_str(), "%", "_", "éclusE%", "[a-z]"] {
        assert_eq!(names(&hiro, text).await, Vec::<String>::new(), "{text}");
    }
}

#[tokio::test]
async fn figures_count_each_commune_and_give_the_middle_duration() {
    let Some(park) = Park::open().await else {
        return;
    };
    let insee = park.building(0).insee.clone();
    let same = park
        .territory
        .buildings
        .iter()
        .filter(|one| one.insee == insee);
    let same: Vec<String> = same.map(|one| one.reference.clone()).take(4).collect();
    let mut found = Vec::new();
    for building in &same {
        found.push(park.report("HIRO", &wrong(building)).await);
    }
    // Taken after 1, 2 and 5 working hours, refused one hour later; the fourth stays open.
    for (one, hours) in found.iter().zip([1, 1, 3]) {
        park.wait(hours * Millis::HOUR);
        park.handle(one, Event::Taken).await.unwrap();
    }
    park.wait(Millis::HOUR);
    for one in &found[..3] {
        park.handle(one, Event::Refused).await.unwrap();
    }
    let staff = park.staff().await;
    let scope = staff.staff().unwrap().clone();
    let figures = usecases::figures(&park.platform, &scope, 100)
        .await
        .unwrap();
    let [of] = figures.as_slice() else {
        panic!("{figures:?}");
    };
    assert_eq!(
        (&of.insee, &of.commune),
        (&insee, &park.building(0).commune)
    );
    assert_eq!(
        (of.reported, of.open, of.resolved, of.rejected),
        (4, 1, 0, 3)
    );
    assert_eq!(of.kinds, [0, 0, 4, 0]);
    assert_eq!(of.taking_ms, Some(2 * Millis::HOUR));
    assert_eq!(of.total_ms, Some(6 * Millis::HOUR));
    park.handle(&found[3], Event::Refused).await.unwrap();
    let figures = usecases::figures(&park.platform, &scope, 100)
        .await
        .unwrap();
    // Between 2 and 5 hours.
    assert_eq!(figures[0].taking_ms, Some(7 * Millis::HOUR / 2));
}
