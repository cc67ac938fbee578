//! The rules of orders, without a store: each code, then the life of an order under any events.

use std::sync::Arc;

use jiff::civil::date;
use kernel::{IdSource, Millis, OperatorId, codes};
use proptest::prelude::*;

use super::rules::{Asker, BuiltPto, Quoted, QuotedPto, Site, Spot, admit};
use super::states::{Event, Status, next};
use super::{AddressKey, PlaceOrder, WellFormed, well_formed};
use crate::building::{
    Building, BuildingKind, BuildingState, Dwelling, DwellingState, Pm, PmAddress, PmState,
    Presence,
};
use crate::freeze::{Freeze, FreezeKind};
use crate::line::{LineState, LiveLine};
use crate::offer::Offer;
use crate::release::Kind;

/// Only the offer, which every order names.
fn quotes_nothing() -> Quoted {
    Quoted {
        offer: Some(Arc::new(Offer::before_any_catalogue())),
        ..Quoted::default()
    }
}

fn operator(n: u64) -> OperatorId {
    IdSource::new(Millis(1), n).next()
}

fn asker() -> Asker {
    Asker {
        operator: operator(1),
        code: "HIRO".to_owned(),
        offers: vec!["ACCES_FTTH".to_owned()],
        today: date(2026, 11, 23),
    }
}

fn building() -> Building {
    Building {
        delivery_on: None,
        manager: String::new(),
        reference: "IMB/53130/X/001A".to_owned(),
        state: BuildingState::Deployed,
        insee: "53130".to_owned(),
        rivoli: "0952".to_owned(),
        postcode: "53000".to_owned(),
        commune: "MONTFLEURY".to_owned(),
        hexacle: "53130AAAAA".to_owned(),
        street_hexacle: String::new(),
        ban_key: String::new(),
        street_type: "RUE".to_owned(),
        street_name: "DES TANNEURS".to_owned(),
        number: "12".to_owned(),
        complement: String::new(),
        batiment: String::new(),
        kind: BuildingKind::Flats,
        is_new: false,
        dwellings: 4,
        wired_on: None,
        agreement_needed: false,
        agreement_signed_on: None,
        zone: "3".to_owned(),
        oi_code: "F2V".to_owned(),
        pm_ref: "FI-53130-0001".to_owned(),
        pmt_ref: "FI-53130-0001-T1".to_owned(),
        pbo_kind: String::new(),
        connection_kind: String::new(),
        x: None,
        y: None,
        projection: String::new(),
        orders_from: Some(date(2026, 1, 5)),
        reports_from: Some(date(2026, 1, 5)),
        opened_on: None,
        changed_on: None,
        lon: None,
        lat: None,
    }
}

fn dwelling(batiment: &str, escalier: &str, etage: &str, pto_ref: &str) -> Dwelling {
    Dwelling {
        building_ref: "IMB/53130/X/001A".to_owned(),
        batiment: batiment.to_owned(),
        escalier: escalier.to_owned(),
        etage: etage.to_owned(),
        porte: String::new(),
        rank: 1,
        pbo_ref: "PB/53130/0001".to_owned(),
        pto_ref: pto_ref.to_owned(),
        state: DwellingState::ToBuild,
    }
}

fn site() -> Site {
    let pm = Pm {
        address: PmAddress::default(),
        oi_patching: false,
        reference: "FI-53130-0001".to_owned(),
        state: PmState::Deployed,
        kind: String::new(),
        installed_on: None,
        capacity: 360,
        engineering: String::new(),
        dwellings: 300,
        first_handed_over_on: None,
        opened_on: Some(date(2025, 7, 1)),
        insee: "53130".to_owned(),
        active_place: false,
        pmt_refs: Vec::new(),
        lon: None,
        lat: None,
        origin: Kind::Ipe,
    };
    Site {
        building: building(),
        dwellings: vec![
            dwelling("A", "1", "1", ""),
            dwelling("A", "1", "2", "F2-AAAA-0001"),
            dwelling("A", "2", "1", ""),
            dwelling("B", "_NA_", "RDC", ""),
        ],
        pm: Some(pm),
        presence: Some(presence("FI-53130-0001")),
        freeze: None,
        built: Vec::new(),
    }
}

fn presence(pm_ref: &str) -> Presence {
    Presence {
        oc_code: "HIRO".to_owned(),
        pm_ref: pm_ref.to_owned(),
        prestation_ref: "PPM1".to_owned(),
    }
}

fn line(holder: Option<OperatorId>, holder_code: &str) -> LiveLine {
    LiveLine {
        pto_ref: "F2-AAAA-0001".to_owned(),
        pm_ref: "FI-53130-0001".to_owned(),
        pbo_ref: "PB/53130/0001".to_owned(),
        fibre_id: String::new(),
        state: LineState::InService,
        holder,
        holder_code: holder_code.to_owned(),
        order: None,
        pending_order: None,
        version: 1,
    }
}

fn command() -> PlaceOrder {
    PlaceOrder::from_pairs([
        ("ReferenceCommandePriseInterneOC", "HT-1"),
        ("IdentifiantImmeuble", "IMB/53130/X/001A"),
        ("Batiment", "A"),
        ("Escalier", "1"),
        ("Etage", "1"),
        ("TypeRacco", "OC"),
        ("NomClient", "Marchand"),
        ("ContactClient1", "0261910427"),
        ("PriseExistante", "N"),
        ("TypeCommandeDemande", "LOCA"),
        ("OffreAccesCommandee", "ACCES_FTTH"),
    ])
}

fn order() -> WellFormed {
    well_formed(&command()).unwrap()
}

fn verdict(order: &WellFormed, site: Site, quoted: &Quoted) -> Result<(), String> {
    verdict_of(order, &[site], quoted, &asker())
}

fn verdict_of(
    order: &WellFormed,
    sites: &[Site],
    quoted: &Quoted,
    asker: &Asker,
) -> Result<(), String> {
    admit(order, sites, quoted, asker)
        .map(|_| ())
        .map_err(|r| r.refusal.code)
}

fn refused(code: &str) -> Result<(), String> {
    Err(code.to_owned())
}

#[test]
fn the_first_missing_field_is_named() {
    for name in [
        "ReferenceCommandePriseInterneOC",
        "TypeRacco",
        "NomClient",
        "ContactClient1",
        "PriseExistante",
        "TypeCommandeDemande",
    ] {
        let refusal = well_formed(&command().with(name, "")).unwrap_err();
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("FIMP15", Some(name))
        );
    }
    let refusal = well_formed(&command().with("IdentifiantImmeuble", "")).unwrap_err();
    assert_eq!(refusal.code, "FIMP15");
}

#[test]
fn a_field_that_cannot_be_read_is_named() {
    for (name, value) in [
        ("TypeRacco", "XX"),
        ("PriseExistante", "OUI"),
        ("CodePostalImmeuble", "530"),
        ("CodeInseeImmeuble", "531300"),
        ("DateInstall", "20261332"),
        ("DateInstall", "26/11/2026"),
        ("ContactClient1", "pas un numéro"),
        ("ReferenceCommandePriseInterneOC", "HT 1"),
        (
            "ReferenceCommandePriseInterneOC",
            "HT-1234567890-1234567890-1234567890",
        ),
        ("CodeAdresseImmeuble", "53130"),
        ("ReferencePrise", "F2-AAAA-0001"),
        ("NomClient", "a\u{7}b"),
    ] {
        let refusal = well_formed(&command().with(name, value)).unwrap_err();
        let found = (refusal.code.as_str(), refusal.field.as_deref());
        assert_eq!(found, ("FIMP16", Some(name)), "{name}={value}");
    }
}

#[test]
fn the_first_key_present_decides_in_the_normative_order() {
    let both = command().with("CodeAdresseImmeuble", "00000ZZZZZ");
    let key = well_formed(&both).unwrap().key;
    assert_eq!(key, AddressKey::Hexacle("00000ZZZZZ".to_owned()));
    let rivoli = command()
        .with("CodeInseeImmeuble", "53130")
        .with("CodeVoieRivoliImmeuble", "0952")
        .with("NumeroVoieImmeuble", "12")
        .with("ComplementNumeroVoieImmeuble", "b");
    let AddressKey::Rivoli { complement, .. } = well_formed(&rivoli).unwrap().key else {
        panic!("the street and number decide before the building's own reference");
    };
    assert_eq!(complement, "B");
    let refusal = well_formed(&rivoli.with("NumeroVoieImmeuble", "")).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("NumeroVoieImmeuble"));
}

#[test]
fn a_well_formed_order_on_an_open_building_is_admitted() {
    assert_eq!(verdict(&order(), site(), &quotes_nothing()), Ok(()));
}

#[test]
fn an_address_is_refused_at_the_level_that_is_wrong() {
    let none = quotes_nothing();
    assert_eq!(
        verdict_of(&order(), &[], &none, &asker()),
        refused("FADR01")
    );
    let with = |batiment: Option<&str>, escalier: Option<&str>, etage: Option<&str>| WellFormed {
        batiment: batiment.map(str::to_owned),
        escalier: escalier.map(str::to_owned),
        etage: etage.map(str::to_owned),
        ..order()
    };
    let cases = [
        (with(Some("Z"), Some("1"), Some("1")), "FADR02"),
        (with(None, Some("1"), Some("1")), "FADR02"),
        (with(Some("A"), Some("9"), Some("1")), "FADR03"),
        (with(Some("A"), None, Some("1")), "FADR03"),
        (with(Some("A"), Some("1"), Some("9")), "FADR04"),
        (with(Some("A"), Some("1"), None), "FADR04"),
    ];
    for (order, code) in cases {
        assert_eq!(verdict(&order, site(), &none), refused(code), "{code}");
    }
    // Where there is only one value, it need not be said.
    assert_eq!(verdict(&with(Some("B"), None, None), site(), &none), Ok(()));
    // Where the structure is not known, anything is taken as it is.
    let unknown = Site {
        dwellings: Vec::new(),
        ..site()
    };
    assert_eq!(
        verdict(&with(None, Some("7"), None), unknown, &none),
        Ok(())
    );
}

#[test]
fn several_buildings_at_one_number_are_never_chosen_among() {
    let key = AddressKey::Hexacle("53130AAAAA".to_owned());
    let hexacle = WellFormed {
        key,
        building_ref: None,
        ..order()
    };
    let mut other = site();
    other.building.reference = "IMB/53130/X/001B".to_owned();
    let none = quotes_nothing();
    let sites = [site(), other];
    assert_eq!(
        verdict_of(&hexacle, &sites, &none, &asker()),
        refused("FADR02")
    );
    let named = WellFormed {
        building_ref: Some("IMB/53130/X/001B".to_owned()),
        ..hexacle.clone()
    };
    assert_eq!(verdict_of(&named, &sites, &none, &asker()), Ok(()));
    let absent = WellFormed {
        building_ref: Some("IMB/53130/X/9".to_owned()),
        ..hexacle
    };
    assert_eq!(
        verdict_of(&absent, &sites, &none, &asker()),
        refused("FIMP16")
    );
}

#[test]
fn what_is_quoted_of_the_pm_must_exist_and_fit() {
    let quoting = |pm: &str| WellFormed {
        pm_ref: Some(pm.to_owned()),
        ..order()
    };
    let exists = |known| Quoted {
        pm_exists: Some(known),
        ..quotes_nothing()
    };
    let pm = "FI-53130-0001";
    assert_eq!(
        verdict(&quoting("FI-0-9"), site(), &exists(false)),
        refused("FIMP07")
    );
    assert_eq!(
        verdict(&quoting("FI-0-9"), site(), &exists(true)),
        refused("FIMP08")
    );
    assert_eq!(verdict(&quoting(pm), site(), &exists(true)), Ok(()));
    let prestation = |found| Quoted {
        prestation: Some(found),
        ..quotes_nothing()
    };
    assert_eq!(
        verdict(&order(), site(), &prestation(None)),
        refused("FIMP04")
    );
    let elsewhere = Some(presence("FI-53130-0009"));
    assert_eq!(
        verdict(&order(), site(), &prestation(elsewhere)),
        refused("FIMP05")
    );
    assert_eq!(
        verdict(&order(), site(), &prestation(Some(presence(pm)))),
        Ok(())
    );
}

#[test]
fn a_pm_or_an_address_that_is_not_open_says_which() {
    let none = quotes_nothing();
    let check = |change: &dyn Fn(&mut Site)| {
        let mut changed = site();
        change(&mut changed);
        verdict(&order(), changed, &none)
    };
    assert_eq!(check(&|s| s.presence = None), refused("FIMP09"));
    let closed = |s: &mut Site| {
        s.building.orders_from = None;
        s.pm.as_mut().unwrap().opened_on = Some(date(2026, 11, 24));
    };
    assert_eq!(check(&closed), refused("FIMP09"));
    let unset = |s: &mut Site| {
        s.building.orders_from = None;
        s.pm.as_mut().unwrap().opened_on = Some(date(2026, 11, 23));
    };
    assert_eq!(check(&unset), Ok(()), "on the day itself");
    for state in [
        BuildingState::Targeted,
        BuildingState::Signed,
        BuildingState::UnderWay,
        BuildingState::OnDemandUnderWay,
        BuildingState::Abandoned,
    ] {
        assert_eq!(
            check(&|s| s.building.state = state),
            refused("FIMP10"),
            "{state:?}"
        );
    }
    assert_eq!(
        check(&|s| s.building.state = BuildingState::OnDemand),
        Ok(())
    );
    let from = |day| move |s: &mut Site| s.building.orders_from = Some(day);
    assert_eq!(check(&from(date(2026, 11, 24))), refused("FIMP10"));
    assert_eq!(
        check(&from(date(2026, 11, 23))),
        Ok(()),
        "on the day itself"
    );
    let frozen = |s: &mut Site| {
        s.freeze = Some(Freeze {
            kind: FreezeKind::Pm,
            reference: "FI-53130-0001".to_owned(),
            from: Millis(0),
            to: Millis(i64::MAX),
            reason: "works".to_owned(),
            internal: false,
        });
    };
    assert_eq!(check(&frozen), refused("FIMP11"));
}

#[test]
fn the_type_then_the_offer_are_checked() {
    let none = quotes_nothing();
    let typed = |order_type: &str, offer: &str| WellFormed {
        order_type: order_type.to_owned(),
        offer: offer.to_owned(),
        ..order()
    };
    assert_eq!(
        verdict(&typed("XXXX", "ACCES_FTTH"), site(), &none),
        refused("FIMP12")
    );
    let unknown = Quoted::default();
    assert_eq!(
        verdict(&typed("LOCA", "INCONNUE"), site(), &unknown),
        refused("FIMP16")
    );
    let without = Asker {
        offers: Vec::new(),
        ..asker()
    };
    assert_eq!(
        verdict_of(&order(), &[site()], &none, &without),
        refused("15")
    );
    let admitted = admit(&typed("AUTO", "ACCES_FTTH"), &[site()], &none, &asker()).unwrap();
    assert_eq!(admitted.order_type, "LOCA");
}

#[test]
fn an_offer_is_sold_for_a_time_and_proposed_where_its_catalogue_says() {
    let judged = |change: fn(&mut Offer)| {
        let mut offer = Offer::before_any_catalogue();
        change(&mut offer);
        let quoted = Quoted {
            offer: Some(Arc::new(offer)),
            ..Quoted::default()
        };
        verdict(&order(), site(), &quoted)
    };
    assert_eq!(judged(|_| {}), Ok(()));
    let ended: fn(&mut Offer) = |offer| offer.to_day = Some(date(2026, 11, 23));
    assert_eq!(judged(ended), refused("EOFF01"));
    assert_eq!(
        judged(|o| o.from_day = Some(date(2026, 11, 24))),
        refused("EOFF01")
    );
    assert_eq!(judged(|o| o.from_day = Some(date(2026, 11, 23))), Ok(()));
    assert_eq!(
        judged(|o| o.zones = vec!["1".to_owned()]),
        refused("EOFF02")
    );
    assert_eq!(judged(|o| o.zones = vec!["3".to_owned()]), Ok(()));
    let houses: fn(&mut Offer) = |offer| offer.building_kinds = vec![BuildingKind::House];
    assert_eq!(judged(houses), refused("EOFF02"));
    let demand: fn(&mut Offer) = |offer| offer.building_states = vec![BuildingState::OnDemand];
    assert_eq!(judged(demand), refused("EOFF02"));
    assert_eq!(judged(|o| o.active_place_needed = true), refused("EOFF02"));
}

#[test]
fn presence_is_asked_for_by_the_offer() {
    let mut elsewhere = site();
    elsewhere.presence = None;
    let none = quotes_nothing();
    assert_eq!(
        verdict(&order(), elsewhere.clone(), &none),
        refused("FIMP09")
    );
    let mut offer = Offer::before_any_catalogue();
    offer.presence_needed = false;
    let lit = Quoted {
        offer: Some(Arc::new(offer)),
        ..Quoted::default()
    };
    assert_eq!(verdict(&order(), elsewhere, &lit), Ok(()));
}

#[test]
fn a_pto_must_exist_be_here_and_not_be_held_already() {
    let existing = WellFormed {
        existing_pto: true,
        etage: Some("2".to_owned()),
        pto_ref: Some("F2-AAAA-0001".to_owned()),
        ..order()
    };
    let spot = Spot::from(&dwelling("A", "1", "2", "F2-AAAA-0001"));
    let quoted = |pto| Quoted {
        pto: Some(pto),
        ..quotes_nothing()
    };
    let held = |line| {
        quoted(Some(QuotedPto {
            spot: Some(spot.clone()),
            line: Some(line),
        }))
    };
    let unquoted = WellFormed {
        pto_ref: None,
        ..existing.clone()
    };
    assert_eq!(
        verdict(&unquoted, site(), &quotes_nothing()),
        refused("FIMP01")
    );
    assert_eq!(verdict(&existing, site(), &quoted(None)), refused("FIMP02"));
    let upstairs = Spot {
        etage: "1".to_owned(),
        ..spot.clone()
    };
    let elsewhere = quoted(Some(QuotedPto {
        spot: Some(upstairs),
        line: None,
    }));
    assert_eq!(verdict(&existing, site(), &elsewhere), refused("FIMP03"));
    assert_eq!(
        verdict(&existing, site(), &held(line(Some(operator(1)), ""))),
        refused("FIMP19")
    );
    assert_eq!(
        verdict(&existing, site(), &held(line(None, "HIRO"))),
        refused("FIMP19")
    );
    let others = held(line(Some(operator(2)), ""));
    assert_eq!(
        verdict(&existing, site(), &others),
        Ok(()),
        "another's line is overwritten"
    );
}

#[test]
fn a_line_to_build_needs_a_dwelling_that_has_none() {
    let upstairs = WellFormed {
        etage: Some("2".to_owned()),
        ..order()
    };
    assert_eq!(
        verdict(&upstairs, site(), &quotes_nothing()),
        refused("FIMP01")
    );
    let mut built = site();
    let spot = Spot::from(&dwelling("A", "1", "1", ""));
    built.built.push(BuiltPto {
        pto_ref: "F2-NEW0-0001".to_owned(),
        spot,
    });
    assert_eq!(
        verdict(&order(), built, &quotes_nothing()),
        refused("FIMP01")
    );
}

#[test]
fn every_code_that_control_gives_is_in_the_table() {
    for code in ["FADR01", "FADR02", "FIMP01", "FIMP09", "FIMP19", "15"] {
        assert!(codes::by_code(code).is_some(), "{code}");
    }
}

#[test]
fn an_order_cannot_be_cancelled_once_its_line_is_handed_over() {
    for status in [
        Status::Mad,
        Status::Mes,
        Status::ArKo,
        Status::Annulee,
        Status::Ecrasee,
    ] {
        let refusal = next(status, Event::CancelRequested).unwrap_err();
        assert_eq!(
            (refusal.code.as_str(), refusal.return_code()),
            ("FIMP06", 13)
        );
    }
    for status in [
        Status::ArOk,
        Status::CrOk,
        Status::StocEmise,
        Status::RaccoKo,
    ] {
        assert!(status.can_cancel(), "{status:?}");
    }
}

proptest! {
    #[test]
    fn no_event_ever_leaves_a_final_state_and_replaying_gives_the_same_status(
        events in proptest::collection::vec(0..Event::ALL.len(), 0..40)
    ) {
        let mut status = Status::Deposee;
        let mut taken = Vec::new();
        for event in events.into_iter().map(|i| Event::ALL[i]) {
            match next(status, event) {
                Ok(decision) => {
                    prop_assert!(!status.is_final());
                    taken.push((event, decision.status));
                    status = decision.status;
                }
                Err(refusal) => prop_assert_eq!(refusal.code, "FIMP06"),
            }
        }
        let mut replayed = Status::Deposee;
        for (event, to) in taken {
            replayed = next(replayed, event).unwrap().status;
            prop_assert_eq!(replayed, to);
        }
        prop_assert_eq!(replayed, status);
    }

    #[test]
    fn reading_an_order_never_panics(
        pairs in proptest::collection::vec((0_usize..37, ".{0,40}"), 0..40)
    ) {
        let fields = super::command::FIELDS;
        let named: Vec<_> = pairs.iter().map(|(i, v)| (fields[*i].name, v.as_str())).collect();
        let _ = well_formed(&PlaceOrder::from_pairs(named));
    }
}

#[test]
fn doors_go_from_the_lowest_floor_and_a_built_pto_is_in_the_dwelling_where_it_was_built() {
    let mut site = site();
    let floors = ["2", "TERRASSE", "10", "ENTRESOL", "RDC", "-1", "1"];
    site.dwellings = floors.map(|etage| dwelling("_NA_", "1", etage, "")).into();
    let built = |etage: &str, pto_ref: &str| BuiltPto {
        pto_ref: pto_ref.to_owned(),
        spot: Spot::from(&dwelling("_NA_", "1", etage, "")),
    };
    site.built = vec![built("1", "PTO-1"), built("30", "PTO-30")];
    let doors = site.doors();
    let told: Vec<_> = doors
        .iter()
        .map(|door| (door.spot.etage.as_str(), door.pto_ref.as_deref()))
        .collect();
    let wanted = [
        ("-1", None),
        ("RDC", None),
        ("ENTRESOL", None),
        ("1", Some("PTO-1")),
        ("2", None),
        ("10", None),
        ("30", Some("PTO-30")),
        ("TERRASSE", None),
    ];
    assert_eq!(told, wanted);
    assert!(doors[6].dwelling.is_none() && doors[3].dwelling.is_some());
    assert_eq!(site.required(), [false, false, true]);
}
