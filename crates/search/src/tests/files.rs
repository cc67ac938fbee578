//! The index's file, sound or not.

use proptest::prelude::*;

use super::{ask, best, index};
use crate::{Builder, Entry, FileError, Index, Kind, OpenError, Scratch};

fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    index().write(&mut bytes).unwrap();
    bytes
}

#[test]
fn an_index_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adresses.idx");
    std::fs::write(&path, bytes()).unwrap();
    let read = Index::open(&path).unwrap();
    let own = index();
    assert_eq!(
        (read.addresses(), read.streets(), read.bytes()),
        (own.addresses(), own.streets(), own.bytes())
    );
    for text in [
        "12 rue des tilleuls 53000 laval",
        "ruedestileuls laval",
        "rue de l'eglise",
    ] {
        assert_eq!(ask(&read, text), ask(&own, text), "{text}");
    }
    let absent = Index::open(&folder.path().join("absent"));
    assert!(matches!(absent, Err(OpenError::Read(_))));
}

#[test]
fn the_same_entries_make_the_same_bytes() {
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_file_that_is_no_sound_index_is_told_for_what_it_is() {
    let good = bytes();
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        bad
    };
    let error = |bytes: &[u8]| Index::from_bytes(bytes).err();
    assert_eq!(error(b""), Some(FileError::Truncated));
    assert_eq!(error(b"PK\x03\x04 and more"), Some(FileError::Foreign));
    assert_eq!(error(&good[..good.len() - 1]), Some(FileError::Truncated));
    assert_eq!(error(&good[..30]), Some(FileError::Truncated));
    assert_eq!(error(&with(8, 99)), Some(FileError::Version(99)));
    assert_eq!(
        error(&with(good.len() / 2, !good[good.len() / 2])),
        Some(FileError::Damaged)
    );
    let longer: Vec<u8> = good.iter().copied().chain([0]).collect();
    assert_eq!(error(&longer), Some(FileError::Truncated));
    assert_eq!(error(&good), None);
}

#[test]
fn an_index_of_nothing_answers() {
    let empty = Builder::new().finish();
    let mut bytes = Vec::new();
    empty.write(&mut bytes).unwrap();
    let empty = Index::from_bytes(&bytes).unwrap();
    let answer = ask(&empty, "12 rue des tilleuls 53000 laval");
    assert!(answer.candidates.is_empty());
    assert!(empty.suggest(&mut Scratch::new(), "rue", 5).is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Index::from_bytes(&bytes).is_err());
    }

    /// A file changed by someone who makes its sum right again is refused, or answers.
    #[test]
    fn a_forged_file_never_panics(
        at in 20_usize..4000,
        byte in any::<u8>(),
        text in "[a-z0-9 ]{0,40}",
    ) {
        let mut bytes = bytes();
        let at = at % (bytes.len() - 28) + 20;
        bytes[at] = byte;
        let end = bytes.len() - 8;
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&sum);
        if let Ok(index) = Index::from_bytes(&bytes) {
            let fixed = ["12 rue des tilleuls 53000 laval", "ruedestileuls laval"];
            for text in [text.as_str(), fixed[0], fixed[1], "2 rue de l'eglise"] {
                let answer = ask(&index, text);
                for one in &answer.candidates {
                    let found = index.found(one);
                    let told = (found.label(), found.ban_key(), found.hexacle(), found.lon_lat());
                    prop_assert!(told.0.len() < 10_000);
                }
            }
        }
    }
}

/// The national base and the referential of buildings on the same places.
#[test]
fn rows_of_the_same_place_are_one_address() {
    let ban = Entry {
        ban_key: "53130_0952_00005_bis",
        street_code: "0952",
        insee: "53130",
        postcode: "53000",
        commune: "Laval",
        street_name: "Rue des Tilleuls",
        number: "5",
        complement: "bis",
        ..Entry::default()
    };
    let ipe = Entry {
        ban_key: "",
        street_type: "RUE",
        street_name: "DES TILLEULS",
        commune: "LAVAL",
        complement: "B",
        hexacle: "53130222V4",
        buildings: 2,
        ..ban
    };
    let mut builder = Builder::new();
    for entry in [
        ipe,
        ban,
        Entry {
            buildings: 1,
            hexacle: "",
            ..ipe
        },
    ] {
        builder.add(&entry);
    }
    builder.add(&Entry { insee: "", ..ban });
    builder.add(&Entry {
        insee: "01001",
        ..ban
    });
    assert_eq!(builder.left_out(), 2, "no commune, and one that was passed");
    let index = builder.finish();
    assert_eq!(index.addresses(), 1);
    let answer = ask(&index, "5 b rue des tilleuls 53000 laval");
    let found = index.found(&answer.candidates[0]);
    assert_eq!(found.label(), "5 bis rue des Tilleuls, 53000 Laval");
    assert_eq!(found.ban_key(), "53130_0952_00005_bis");
    assert_eq!(found.hexacle(), "53130222V4");
    assert_eq!(
        (found.complement(), found.building_complement()),
        ("bis", "B".to_owned())
    );
    assert_eq!(found.buildings(), 3);
}

#[test]
fn a_street_of_the_base_and_one_of_the_buildings_are_one_under_two_codes() {
    let ban = Entry {
        ban_key: "53130_w4ld4h_00005",
        street_code: "w4ld4h",
        insee: "53130",
        postcode: "53000",
        commune: "Laval",
        street_name: "Rue des Tilleuls",
        number: "5",
        ..Entry::default()
    };
    let ipe = Entry {
        ban_key: "",
        street_code: "0952",
        street_name: "RUE DES TILLEULS",
        ..ban
    };
    let mut builder = Builder::new();
    [ban, ipe].iter().for_each(|entry| builder.add(entry));
    let index = builder.finish();
    assert_eq!((index.addresses(), index.streets()), (1, 1));
    let answer = ask(&index, "5 rue des tilleuls 53000 laval");
    let found = index.found(&answer.candidates[0]);
    assert_eq!((found.street_code(), found.rivoli()), ("w4ld4h", "0952"));
    assert_eq!(found.ban_key(), "53130_w4ld4h_00005");
}

#[test]
fn keys_that_are_not_made_of_the_address_are_kept() {
    let mut builder = Builder::new();
    let row = Entry {
        insee: "2A004",
        postcode: "20000",
        commune: "Ajaccio",
        street_name: "Cours Napoléon",
        street_code: "0100",
        ..Entry::default()
    };
    let keys = [
        "3c87abe4-887b-46ee-9192-5c1b35a06625",
        "2A004_0100_00002",
        "2A004-odd-3",
    ];
    for (key, number) in keys.iter().zip(["1", "2", "3"]) {
        builder.add(&Entry {
            ban_key: key,
            number,
            ..row
        });
    }
    builder.add(&Entry {
        place_name: "Les Sanguinaires",
        number: "9",
        ..row
    });
    let index = builder.finish();
    for (key, number) in keys.iter().zip(["1", "2", "3"]) {
        let answer = ask(&index, &format!("{number} cours napoleon 20000 ajaccio"));
        assert_eq!(index.found(&answer.candidates[0]).ban_key(), *key);
    }
    let answer = ask(&index, "les sanguinaires ajaccio");
    assert_eq!(answer.candidates[0].kind, Kind::Place);
    let answer = ask(&index, "9 les sanguinaires ajaccio");
    assert_eq!(best(&index, &answer), "9 Les Sanguinaires, 20000 Ajaccio");
    assert_eq!(index.found(&answer.candidates[0]).street_code(), "0100");
}
