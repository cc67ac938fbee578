//! Lines of a lot that are put under watch: the place is the one that the line was answered for, as
//! the lot has it and not as the form says.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use eligibility::watches::{Listing, WATCHES_MAX, Watch, store};
use storage::{Lane, Tx};
use testkit::territory::Case;

use crate::lots::{ALL, ask, get, portal, put, work};
use crate::support::Park;

/// The watches of an operator, the latest last.
async fn watches(park: &Park, code: &str) -> Vec<Watch> {
    let scope = park.ctx_of(code).await.operator().unwrap().clone();
    let all = Listing {
        limit: 100,
        ..Listing::default()
    };
    let list = move |tx: &mut dyn Tx| store::list(tx, &scope, &all);
    park.db().read(list).await.unwrap()
}

async fn watch(portal: &Router, who: &str, at: &str, body: &str) -> (StatusCode, String, String) {
    let kind = "application/x-www-form-urlencoded";
    let form = format!("csrf=jeton&{body}");
    ask(portal, who, ("POST", at), (kind, form.into_bytes())).await
}

#[tokio::test]
async fn a_line_of_a_lot_is_watched_at_the_very_place_it_was_answered_for() {
    let Some(park) = Park::open().await else {
        return;
    };
    let people = [
        ("ines", "HIRO", ALL),
        ("mael", "LINB", ALL),
        ("leo", "HIRO", &["view"][..]),
    ];
    let portal = portal(&park, &people).await;
    let ctx = Arc::new(park.ctx().await);
    let spot = park.territory.spots(Case::FreePto, "HIRO")[0];
    let (building, pto) = (&spot.building.reference, &spot.dwelling.unwrap().pto_ref);
    let other = &park.territory.spots(Case::FrozenBuilding, "HIRO")[0].building;
    let text = format!(
        "ReferenceClient;IdentifiantImmeuble;CodeAdresseImmeuble;ReferencePrise;Etage\n\
         D-1;{building};;{};2\nD-2;;{};;\nD-3;INCONNU;;;\n",
        pto.to_lowercase(),
        other.hexacle,
    );
    let id = put(&park, &ctx, &text).await.unwrap();
    work(&park).await;
    let path = format!("/eligibilite/lots/{id}");
    let (_, page) = get(&portal, "ines", &format!("{path}?q=D&par=2")).await;
    let at = format!("{path}/veiller?q=D&#38;par=2");
    assert!(page.contains(&format!("action=\"{at}\"")), "{page}");
    assert_eq!(page.matches("Mettre en veille la ligne").count(), 2);
    let (_, seen) = get(&portal, "leo", &path).await;
    assert!(!seen.contains("Mettre en veille"), "who may not sees none");

    // Whatever else the form says, and as often as it is sent.
    let at = format!("{path}/veiller?q=D&par=2");
    let form = "cle=k&ligne=2&IdentifiantImmeuble=AUTRE&Etage=9";
    let done = watch(&portal, "ines", &at, form).await;
    let back = format!("{path}?q=D&par=2&fait=veille");
    assert_eq!((done.0, &done.1), (StatusCode::SEE_OTHER, &back));
    assert_eq!(watch(&portal, "ines", &at, form).await, done);
    let again = watch(&portal, "ines", &at, "cle=k2&ligne=2").await;
    assert_eq!(again, done, "one place is one watch");
    let kept = watches(&park, "HIRO").await;
    assert_eq!(kept.len(), 1);
    let asked = [
        ("IdentifiantImmeuble", building.as_str()),
        ("Etage", "2"),
        ("ReferencePrise", pto.as_str()),
    ];
    let asked = serde_urlencoded::to_string(asked).unwrap();
    assert_eq!(
        (&kept[0].place, kept[0].reference.as_str()),
        (&asked, "D-1")
    );
    park.clock.advance(1);
    // Another line of the page as it was shown: the key of its form is the same.
    let done = watch(&portal, "ines", &at, "cle=k&ligne=3").await;
    assert_eq!(done.0, StatusCode::SEE_OTHER, "{}", done.2);
    let kept = watches(&park, "HIRO").await;
    let places: Vec<_> = kept.iter().map(|one| one.building_ref.as_str()).collect();
    assert_eq!(places, [building.as_str(), other.reference.as_str()]);

    let (_, page) = get(&portal, "ines", &back).await;
    assert!(page.contains("Ce lieu est en veille"), "{page}");
    assert_eq!(page.matches(">En veille</a>").count(), 2);
    assert!(!page.contains("Mettre en veille la ligne"));
    assert!(page.contains(&format!("/eligibilite/veilles/{}", kept[0].id)));
    let (_, none) = get(&portal, "ines", &format!("{path}?code=FCLI01")).await;
    assert!(none.contains("Voir toutes les lignes"), "{none}");
    let (_, whole) = get(&portal, "ines", &path).await;
    assert!(!whole.contains("la ligne 4"), "it has no building");

    let refused = watch(&portal, "ines", &at, "cle=x&ligne=4").await;
    assert_eq!(refused.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.2.contains("/erreurs/FIMP15"), "{}", refused.2);
    for line in ["5", "1", "0", "-1", "9223372036854775807", "x", ""] {
        let absent = watch(&portal, "ines", &at, &format!("cle=y&ligne={line}")).await;
        assert_eq!(absent.0, StatusCode::NOT_FOUND, "{line}");
    }
    let denied = watch(&portal, "leo", &at, "cle=z&ligne=2").await;
    assert_eq!(denied.0, StatusCode::FORBIDDEN);
    let never = "/eligibilite/lots/lot_0197a000000070008000000000000000/veiller";
    let stranger = watch(&portal, "mael", &at, "cle=z&ligne=2").await;
    assert_eq!(stranger.0, StatusCode::NOT_FOUND);
    assert_eq!(
        watch(&portal, "mael", never, "cle=z&ligne=2").await,
        stranger
    );
    assert!(watches(&park, "LINB").await.is_empty());
    assert_eq!(watches(&park, "HIRO").await.len(), 2);
}

#[tokio::test]
async fn the_lines_of_a_page_are_watched_together_or_none_is() {
    let Some(park) = Park::open().await else {
        return;
    };
    let portal = portal(&park, &[("ines", "HIRO", ALL)]).await;
    let ctx = Arc::new(park.ctx().await);
    let buildings = park.territory.buildings.iter().take(4);
    let references: Vec<&str> = buildings.map(|one| one.reference.as_str()).collect();
    let [first, second, third, fourth] = references[..] else {
        panic!("four buildings");
    };
    let text = format!(
        "ReferenceClient;IdentifiantImmeuble\nE-1;{first}\nE-2;{second}\nE-3;INCONNU\n\
         E-4;{first}\nF-5;{third}\nF-6;{fourth}\n"
    );
    let id = put(&park, &ctx, &text).await.unwrap();
    work(&park).await;
    let path = format!("/eligibilite/lots/{id}");
    let (_, page) = get(&portal, "ines", &format!("{path}?q=E-")).await;
    let all = "name=\"ligne\" value=\"2,3,5\">Mettre en veille les 3 lignes de cette page<";
    assert!(page.contains(all), "{page}");

    let at = format!("{path}/veiller?q=E-");
    let no_building = watch(&portal, "ines", &at, "cle=a&ligne=2,4").await;
    assert_eq!(no_building.0, StatusCode::UNPROCESSABLE_ENTITY);
    for lines in ["2,9", "2,", "2;3", "2,3,x"] {
        let absent = watch(&portal, "ines", &at, &format!("cle=b&ligne={lines}")).await;
        assert_eq!(absent.0, StatusCode::NOT_FOUND, "{lines}");
    }
    assert!(watches(&park, "HIRO").await.is_empty(), "all or none");

    let form = "cle=c&ligne=2%2C3%2C5";
    let done = watch(&portal, "ines", &at, form).await;
    assert_eq!(done.0, StatusCode::SEE_OTHER, "{}", done.2);
    assert_eq!(done.1, format!("{path}?q=E-&fait=veilles"));
    assert_eq!(watch(&portal, "ines", &at, form).await, done);
    let kept = watches(&park, "HIRO").await;
    let kept: BTreeSet<_> = kept.iter().map(|one| one.building_ref.as_str()).collect();
    assert_eq!(
        kept,
        BTreeSet::from([first, second]),
        "one place is one watch"
    );
    let (_, page) = get(&portal, "ines", &format!("{path}?q=E-&fait=veilles")).await;
    assert!(page.contains("Ces lieux sont en veille") && !page.contains("lignes de cette page"));

    // Room for one more: two are refused, and what is watched already takes none.
    let like = watches(&park, "HIRO").await[0].clone();
    let fill = move |tx: &mut dyn Tx| {
        let scope = ctx.operator().unwrap();
        let mut ids = ctx.ids();
        for n in 3..WATCHES_MAX {
            let one = Watch {
                id: ids.next(),
                place: format!("IdentifiantImmeuble={n}"),
                ..like.clone()
            };
            assert!(store::insert(tx, scope, &one, None)?);
        }
        Ok(())
    };
    park.db().write(Lane::Background, None, fill).await.unwrap();
    let beyond = watch(&portal, "ines", &at, "cle=d&ligne=6,7").await;
    assert_eq!(beyond.0, StatusCode::CONFLICT);
    assert!(beyond.2.contains("/erreurs/EVEI01"));
    let last = watch(&portal, "ines", &at, "cle=e&ligne=2,6").await;
    assert_eq!(last.0, StatusCode::SEE_OTHER, "{}", last.2);
    let beyond = watch(&portal, "ines", &at, "cle=f&ligne=7").await;
    assert_eq!(beyond.0, StatusCode::CONFLICT);
}
