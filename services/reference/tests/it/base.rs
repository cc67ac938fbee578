//! Communes, streets and addresses that the national base alone knows, in the browser.

use domain::release::Kind;

use crate::browse::{Park, encoded, publish};

/// A line of the national base.
fn base_line(key: &str, number: &str, street: &str, commune: (&str, &str)) -> String {
    let (insee, name) = commune;
    let mut fields = vec![""; 23];
    fields[0] = key;
    for (at, value) in [
        (2, number),
        (4, street),
        (5, "53990"),
        (6, insee),
        (7, name),
    ] {
        fields[at] = value;
    }
    fields[12] = "-0.7700000";
    fields[13] = "48.0700000";
    fields.join(";")
}

#[tokio::test]
async fn communes_and_streets_of_the_national_base_alone_are_named_and_browsed() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.flats().clone();
    let (insee, rivoli) = (building.insee.as_str(), building.rivoli.as_str());
    let here = (insee, "Val de Lierre");
    let alone = ("53999", "Champ-Lointain");
    let unbuilt = format!("{insee}_{rivoli}_00999");
    let uuids = [1, 2].map(|n| format!("3c87abe4-887b-46ee-9192-5c1b35a0662{n}"));
    let mut text = park.territory.file(Kind::Ban);
    for line in [
        base_line(&unbuilt, "999", "Rue des Tilleuls", here),
        base_line(&format!("{insee}_w4ld4h_00003"), "3", "Impasse Neuve", here),
        base_line(&uuids[0], "1", "Chemin sans Code", here),
        base_line(&uuids[1], "1", "Sente sans Code", here),
        base_line("53999_0001_00001", "1", "Grande Rue", alone),
    ] {
        text.push_str(&line);
        text.push_str("\r\n");
    }
    publish(&park, Kind::Ban, &text).await;

    let communes = park.json("/oi/referentiel?format=json").await;
    let mut communes = communes.as_array().unwrap().iter();
    let found = communes.find(|one| one["insee"] == "53999").unwrap();
    assert_eq!(found["commune"], "Champ-Lointain");
    assert_eq!(
        (&found["immeubles"], &found["adresses_ban"]),
        (&0.into(), &1.into())
    );
    let page = park.get("/oi/referentiel/communes/53999").await;
    assert!(page.contains("Grande Rue") && page.contains("1 adresse BAN, aucun immeuble"));

    let commune = format!("/oi/referentiel/communes/{insee}");
    let streets = park.json(&format!("{commune}?format=json")).await;
    let streets = streets.as_array().unwrap();
    let named = |name: &str| streets.iter().filter(|one| one["voie"] == name).count();
    for name in ["Impasse Neuve", "Chemin sans Code", "Sente sans Code"] {
        assert_eq!(named(name), 1, "{name}");
    }
    let of = |code: &str| streets.iter().find(|one| one["rivoli"] == code).unwrap();
    let known = format!("{} {}", building.street_type, building.street_name);
    assert_eq!(of(rivoli)["voie"], known, "the OI's own name");
    assert_eq!(of(rivoli)["hexacle_voie"], building.street_hexacle.as_str());

    // Every link of the commune's page leads to its street.
    let page = park.get(&format!("{commune}?par=100")).await;
    let links = page.split("href=\"").skip(1);
    let links: Vec<_> = links
        .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
        .filter(|href| href.starts_with("/oi/referentiel/voies/"))
        .collect();
    assert_eq!(links.len(), streets.len());
    for link in &links {
        park.get(link).await;
    }
    let nameless = links.iter().filter(|link| link.contains("voie=")).count();
    assert_eq!(nameless, 2);
    let chemin = format!("/oi/referentiel/voies/{insee}/-?voie=Chemin+sans+Code");
    let page = park.get(&chemin).await;
    assert!(
        page.contains(&uuids[0]) && !page.contains(&uuids[1]),
        "{page}"
    );

    let street = format!("/oi/referentiel/voies/{insee}/{rivoli}");
    let all = park.json(&format!("{street}?format=json")).await;
    let all = all.as_array().unwrap();
    let bare = all.iter().filter(|one| one["etat"] == "Sans immeuble");
    let bare: Vec<_> = bare.collect();
    let [bare] = bare.as_slice() else {
        panic!("{bare:?}")
    };
    assert_eq!(
        (&bare["cle_ban"], &bare["numero"]),
        (&unbuilt.as_str().into(), &"999".into())
    );
    let only = park.get(&format!("{street}?etat=sans_immeuble")).await;
    assert!(only.contains(&unbuilt) && !only.contains(&building.reference));
    let deployed = park.get(&format!("{street}?etat=deploye&par=100")).await;
    assert!(!deployed.contains(&unbuilt));

    // Found by name, by key, and by the Hexaclé of the street.
    let to = async |typed: &str| {
        let query = encoded(&[("q", typed)]);
        park.ask(&format!("/oi/referentiel?{query}"))
            .await
            .unwrap()
            .location
    };
    assert_eq!(to("champ lointain").await, "/oi/referentiel/communes/53999");
    assert_eq!(
        to("sente").await,
        format!("/oi/referentiel/voies/{insee}/-?voie=Sente+sans+Code")
    );
    assert_eq!(to(&unbuilt).await, format!("{street}?q=999"));
    assert_eq!(to(&uuids[0]).await, format!("{chemin}&q=1"));
    assert_eq!(to(&building.street_hexacle).await, street);
    let map = park
        .get(&format!("/oi/referentiel/carte?insee={insee}"))
        .await;
    assert!(map.contains("<circle"));
}
