//! The browser's pages over a generated territory: what they hold, what they find, that lists page
//! without gap and files hold the whole, that maps are bounded, and who may not enter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::to_bytes;
use axum::http::{StatusCode, header};
use domain::access::{self, Ctx, Duty};
use domain::building::Building;
use domain::line::FibreState;
use domain::operator::Operator;
use domain::release::Kind;
use domain::{Platform, line, operator, schema};
use kernel::{FakeClock, Millis, OperatorId, OrderId};
use reference::SERVICE;
use reference::usecases::import;
use service_api::{PageCall, PageError, Route};
use storage::{Lane, Tx};
use testkit::territory::Territory;
use web::server::Site;
use web::{Brand, Environment};

use crate::support::{self, NOW, request};

/// The platform of an OI with a small territory, seen by its staff.
pub struct Park {
    platform: Arc<Platform>,
    pub territory: Arc<Territory>,
    staff: Arc<Ctx>,
    import: Arc<Ctx>,
    hiro: OperatorId,
    _store: testkit::Store,
}

/// An answer of a page.
pub struct Page {
    status: StatusCode,
    pub location: String,
    body: String,
    kind: String,
}

impl Park {
    pub async fn open() -> Option<Self> {
        let migrations = [schema::MIGRATIONS, SERVICE.migrations].concat();
        let tenants = [schema::TENANT_TABLES, SERVICE.tenant_tables].concat();
        let store = testkit::Store::open(&migrations, &tenants)?;
        let clock = Arc::new(FakeClock::at(NOW));
        let platform = Arc::new(Platform::new(store.db.clone(), clock));
        let nobody = OperatorId::from_store("opr_fournisseur".to_owned());
        let demo = Arc::new(access::system(&platform, Duty::Demo, &nobody).unwrap());
        let hiro = add_operators(&platform, &demo).await;
        let staff = access::authenticate_local(&platform, "agent", "essai").await;
        let staff = Arc::new(staff.unwrap());
        let import = access::system(&platform, Duty::Import, staff.owner()).unwrap();
        let territory = Arc::new(support::small());
        Arc::clone(&territory)
            .load(&platform.db, demo.duty(Duty::Import), NOW)
            .await
            .unwrap();
        Some(Self {
            platform,
            territory,
            staff,
            import: Arc::new(import),
            hiro,
            _store: store,
        })
    }

    pub async fn ask(&self, address: &str) -> Result<Page, PageError> {
        self.ask_as(&self.staff, address).await
    }

    async fn ask_as(&self, ctx: &Arc<Ctx>, address: &str) -> Result<Page, PageError> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let (route, params) = route(path);
        let call = PageCall {
            waiting: Vec::new(),
            platform: Arc::clone(&self.platform),
            site: site(),
            ctx: Some(Arc::clone(ctx)),
            identity: None,
            path: path.to_owned(),
            params,
            query: serde_urlencoded::from_str(query).unwrap(),
            form: Vec::new(),
            files: Ok(Vec::new()),
            cookies: Arc::default(),
            remote: String::new(),
        };
        let response = (route.handler)(call).await?;
        let text = |name| response.headers().get(name).map(|v| v.to_str().unwrap());
        let (location, kind) = (text(header::LOCATION), text(header::CONTENT_TYPE));
        let (location, kind) = (location.unwrap_or(""), kind.unwrap_or(""));
        let (location, kind) = (location.to_owned(), kind.to_owned());
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Ok(Page {
            status,
            location,
            kind,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    /// A page that must be sound.
    pub async fn get(&self, address: &str) -> String {
        let page = self.ask(address).await.unwrap_or_else(|error| {
            panic!("{address}: {error:?}");
        });
        assert_eq!(page.status, StatusCode::OK, "{address}");
        if page.kind.starts_with("text/html") {
            let faults = web::lint::faults(&page.body);
            // Without a person there is no menu and no session, hence no crumbs.
            assert_eq!(faults, Vec::<String>::new(), "{address}");
        }
        page.body
    }

    pub async fn json(&self, address: &str) -> serde_json::Value {
        serde_json::from_str(&self.get(address).await).unwrap()
    }

    async fn write(&self, f: impl Fn(&mut dyn Tx) -> bool + Send + 'static) {
        let done = self
            .platform
            .db
            .write(Lane::Foreground, None, move |tx| Ok(f(tx)));
        assert!(done.await.unwrap());
    }

    /// Some deployed block of flats with PTOs.
    pub fn flats(&self) -> &Building {
        let lines = |b: &&Building| {
            let own = self.territory.dwellings.iter();
            own.filter(|d| d.building_ref == b.reference && !d.pto_ref.is_empty())
                .count()
        };
        let all = self.territory.buildings.iter();
        all.max_by_key(lines).unwrap()
    }
}

async fn add_operators(platform: &Platform, demo: &Arc<Ctx>) -> OperatorId {
    let demo = Arc::clone(demo);
    let add = move |tx: &mut dyn Tx| {
        let mut ids = demo.ids();
        let mut last = None;
        for (code, is_provider) in [("F2V", true), ("HIRO", false)] {
            let new = Operator {
                id: ids.next(),
                code: code.to_owned(),
                name: code.to_owned(),
                is_provider,
                contact_email: format!("contact@{}.example", code.to_lowercase()),
                created: NOW,
            };
            operator::store::insert(tx, &demo.duty(Duty::Demo), &new)?;
            last = Some(new.id);
        }
        Ok(last)
    };
    let last = platform.db.write(Lane::Foreground, None, add).await;
    last.unwrap().unwrap()
}

fn site() -> Arc<Site> {
    Arc::new(Site {
        brand: Brand::new("Fibre des Deux Vallées"),
        environment: Environment::Production,
        menu: Vec::new(),
        demo_logins: Vec::new(),
        advance_clock: None,
        xml_url: String::new(),
        contracts: Vec::new(),
    })
}

/// The route of a path, and what its segments bind.
fn route(path: &str) -> (&'static Route, BTreeMap<String, String>) {
    let parts: Vec<&str> = path.split('/').collect();
    for route in SERVICE.routes {
        let pattern: Vec<&str> = route.path.split('/').collect();
        if pattern.len() != parts.len() {
            continue;
        }
        let mut bound = BTreeMap::new();
        let fits = pattern.iter().zip(&parts).all(|(wanted, given)| {
            match wanted.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
                Some(name) => {
                    bound.insert(name.to_owned(), (*given).to_owned());
                    true
                }
                None => wanted == given,
            }
        });
        if fits {
            return (route, bound);
        }
    }
    panic!("no route {path}");
}

pub fn encoded(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).unwrap()
}

/// Every row of a list, page after page, by the JSON file's count and by the links of its pages.
async fn paged(park: &Park, first: &str, row: &str) -> Vec<String> {
    let mut address = first.to_owned();
    let mut seen = Vec::new();
    loop {
        let html = park.get(&address).await;
        let rows = html.split(row).skip(1);
        seen.extend(rows.map(|rest| rest.split('"').next().unwrap().to_owned()));
        let next = html.split("rel=\"next\" href=\"").nth(1);
        let Some(next) = next else { return seen };
        let next = next.split('"').next().unwrap();
        address = next.replace("&#38;", "&").replace("&amp;", "&");
    }
}

#[tokio::test]
async fn communes_streets_and_buildings_add_up_to_the_territory() {
    let Some(park) = Park::open().await else {
        return;
    };
    let communes = park.json("/oi/referentiel?format=json").await;
    let sum = |list: &serde_json::Value, key: &str| -> i64 {
        let rows = list.as_array().unwrap().iter();
        rows.map(|row| row[key].as_i64().unwrap()).sum()
    };
    let all = i64::try_from(park.territory.buildings.len()).unwrap();
    let dwellings: i64 = park.territory.buildings.iter().map(|b| b.dwellings).sum();
    assert_eq!(sum(&communes, "immeubles"), all);
    assert_eq!(sum(&communes, "logements"), dwellings);
    let states = ["deploye", "demande", "travaux", "prevu", "abandonne"];
    assert_eq!(states.map(|s| sum(&communes, s)).iter().sum::<i64>(), all);
    let pms = i64::try_from(park.territory.pms.len()).unwrap();
    assert_eq!(sum(&communes, "pm"), pms);
    let mut listed = 0;
    for commune in communes.as_array().unwrap() {
        let insee = commune["insee"].as_str().unwrap();
        let path = format!("/oi/referentiel/communes/{insee}");
        let streets = park.json(&format!("{path}?format=json")).await;
        assert_eq!(sum(&streets, "immeubles"), commune["immeubles"]);
        park.get(&path).await;
        let rivoli = streets[0]["rivoli"].as_str().unwrap();
        let path = format!("/oi/referentiel/voies/{insee}/{rivoli}");
        let plots = park.json(&format!("{path}?format=json")).await;
        assert_eq!(
            plots.as_array().unwrap().len() as i64,
            streets[0]["immeubles"].as_i64().unwrap()
        );
        park.get(&path).await;
        listed += streets.as_array().unwrap().len();
    }
    let known: BTreeSet<(&str, &str)> = park
        .territory
        .buildings
        .iter()
        .map(|b| (b.insee.as_str(), b.rivoli.as_str()))
        .collect();
    assert_eq!(listed, known.len());
    let home = park.get("/oi/referentiel").await;
    for kind in Kind::DECISIVE {
        assert!(home.contains(kind.label()), "{kind:?}");
    }
}

#[tokio::test]
async fn lists_page_without_gap_and_their_files_hold_the_whole() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.flats();
    let (insee, rivoli) = (&building.insee, &building.rivoli);
    let path = format!("/oi/referentiel/voies/{insee}/{rivoli}");
    for sort in ["", "&tri=etat", "&tri=logements&sens=desc", "&tri=pm"] {
        let row = "<a class=\"mono\" href=\"/oi/referentiel/immeubles?ref=";
        let first = format!("{path}?par=3{sort}");
        let seen = paged(&park, &first, row).await;
        let once: BTreeSet<&String> = seen.iter().collect();
        let whole = park.json(&format!("{path}?format=json")).await;
        assert_eq!(seen.len(), once.len(), "{sort}");
        assert_eq!(seen.len(), whole.as_array().unwrap().len(), "{sort}");
    }
    let deployed = park.json(&format!("{path}?etat=deploye&format=json")).await;
    let rows = deployed.as_array().unwrap();
    assert!(rows.iter().all(|row| row["etat"] == "Déployé"));
    let csv = park.get("/oi/referentiel?format=csv").await;
    assert!(csv.contains("Code INSEE;Commune;Voies"));
    let xlsx = park.ask("/oi/referentiel?format=xlsx").await.unwrap();
    assert!(xlsx.body.starts_with("PK"));
}

#[tokio::test]
async fn every_kind_of_reference_leads_to_its_object() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.flats().clone();
    let territory = &park.territory;
    let pto = territory.ptos.first().unwrap();
    let fibre = territory.fibres.first().unwrap();
    let pm = territory.pms.first().unwrap();
    let exact = [
        (building.reference.as_str(), "/oi/referentiel/immeubles?"),
        (
            &building.reference.to_lowercase(),
            "/oi/referentiel/immeubles?",
        ),
        (&pm.reference, "/oi/referentiel/pm?"),
        (&fibre.pbo_ref, "/oi/referentiel/pbo?"),
        (&fibre.id, "/oi/referentiel/pbo?"),
        (&pto.reference, "/oi/referentiel/immeubles?"),
        (&building.insee, "/oi/referentiel/communes/"),
    ];
    for (typed, to) in exact {
        let address = format!("/oi/referentiel?{}", encoded(&[("q", typed)]));
        let page = park.ask(&address).await.unwrap();
        let found = page.location.starts_with(to) || page.body.contains(to);
        assert!(found, "{typed}: {} {}", page.status, page.location);
        if !page.location.is_empty() {
            park.get(&page.location).await;
        }
    }
    let hexacle = encoded(&[("q", &building.hexacle)]);
    let page = park
        .ask(&format!("/oi/referentiel?{hexacle}"))
        .await
        .unwrap();
    let to = encoded(&[("ref", &building.reference)]);
    assert!(
        page.location.ends_with(&to) || page.body.contains(&to),
        "{}",
        building.hexacle
    );
    let word = building
        .street_name
        .split(' ')
        .next_back()
        .unwrap()
        .to_lowercase();
    let named = encoded(&[("q", &word)]);
    let page = park.ask(&format!("/oi/referentiel?{named}")).await.unwrap();
    let to = format!("/voies/{}/{}", building.insee, building.rivoli);
    assert!(
        page.location.contains(&to) || page.body.contains(&to),
        "{word}"
    );
    let nothing = park.get("/oi/referentiel?q=zzzz").await;
    assert!(nothing.contains("Rien pour"));
}

#[tokio::test]
async fn nds_and_keys_of_the_national_base_lead_to_the_building() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.flats().clone();
    let nd = format!(
        "NumeroDesignation;IdentifiantImmeuble;EtatLigneCuivre\n0243999999;{};ACTIVE\n",
        building.reference
    );
    publish(&park, Kind::Nd, &nd).await;
    let page = park.ask("/oi/referentiel?q=0243999999").await.unwrap();
    let to = encoded(&[("ref", &building.reference)]);
    assert!(page.location.ends_with(&to), "{}", page.location);
    let shown = park.get(&page.location).await;
    assert!(shown.contains("0243999999") && shown.contains("ligne cuivre active"));
}

pub async fn publish(park: &Park, kind: Kind, text: &str) {
    let mut go_on = |_| std::ops::ControlFlow::Continue(());
    let request = request(kind, text.as_bytes());
    import(&park.platform, &park.import, request, &mut go_on)
        .await
        .unwrap();
}

#[tokio::test]
async fn live_states_stand_beside_the_released_ones_and_name_the_operator_alone() {
    let Some(park) = Park::open().await else {
        return;
    };
    let free = park.territory.fibres.iter();
    let mut free = free.filter(|f| f.state == FibreState::Available && f.pto_ref.is_empty());
    let fibre = free.next().unwrap().clone();
    let address = format!(
        "/oi/referentiel/pbo?{}",
        encoded(&[("pm", &fibre.pm_ref), ("ref", &fibre.pbo_ref)])
    );
    let before = park.json(&format!("{address}&format=json")).await;
    let scope = park.import.duty(Duty::FibreOccupancy);
    let (hiro, order) = (park.hiro.clone(), OrderId::from_store("ord_1".to_owned()));
    let release = domain::release::Release(1);
    let key = (fibre.pm_ref.clone(), vec![fibre.pbo_ref.clone()]);
    park.write(move |tx| {
        let key = (key.0.as_str(), key.1.as_slice());
        line::store::take_fibre(tx, &scope, release, key, &hiro, &order)
            .unwrap()
            .is_some()
    })
    .await;
    let after = park.json(&format!("{address}&format=json")).await;
    let (before, after) = (before.as_array().unwrap(), after.as_array().unwrap());
    let changed: Vec<_> = before.iter().zip(after).filter(|(b, a)| b != a).collect();
    assert_eq!(changed.len(), 1);
    let (_, row) = changed[0];
    assert_eq!(row["etat"], "fibre réservée");
    assert_eq!(row["etat_referentiel"], "fibre disponible");
    assert_eq!(row["operateur"], "HIRO");
    let page = park.get(&address).await;
    assert!(page.contains("Réservée") && page.contains("Disponible") && page.contains("HIRO"));
    assert!(page.contains("Tube ") && page.contains("class=\"f"));
    let pm = format!("/oi/referentiel/pm?{}", encoded(&[("ref", &fibre.pm_ref)]));
    let rows = park.json(&format!("{pm}&format=json")).await;
    let rows = rows.as_array().unwrap();
    let total = |key| rows.iter().map(|r| r[key].as_i64().unwrap()).sum::<i64>();
    let keys = ["libres", "posees", "reservees", "occupees", "hors_service"];
    let own = park.territory.fibres.iter();
    let own = own.filter(|f| f.pm_ref == fibre.pm_ref).count();
    assert_eq!(
        keys.map(total).iter().sum::<i64>(),
        i64::try_from(own).unwrap()
    );
    let told = park.territory.fibres.iter();
    let told = told.filter(|f| f.pm_ref == fibre.pm_ref && f.state == FibreState::Reserved);
    assert_eq!(total("reservees"), i64::try_from(told.count()).unwrap() + 1);
    park.get(&pm).await;
}

#[tokio::test]
async fn a_building_shows_its_structure_whole_or_a_staircase_at_a_time() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.flats();
    let address = format!(
        "/oi/referentiel/immeubles?{}",
        encoded(&[("ref", &building.reference)])
    );
    let page = park.get(&address).await;
    assert!(page.contains(&building.hexacle) && page.contains(&building.reference));
    let own = park.territory.dwellings.iter();
    let own: Vec<_> = own
        .filter(|d| d.building_ref == building.reference)
        .collect();
    for dwelling in own.iter().filter(|d| !d.pto_ref.is_empty()) {
        assert!(page.contains(&dwelling.pto_ref), "{}", dwelling.pto_ref);
    }
    let rows = park.json(&format!("{address}&format=json")).await;
    assert_eq!(rows.as_array().unwrap().len(), own.len());
    let lines: Vec<String> = (0..120)
        .map(|n| {
            let (stair, floor) = (n / 40 + 1, n % 40 / 4);
            format!(
                "{};A;{stair};{floor};{n};;;A CONSTRUIRE",
                building.reference
            )
        })
        .collect();
    let text = park.territory.file(Kind::Structure);
    let header = text.lines().next().unwrap().trim_start_matches('\u{feff}');
    assert_eq!(header.split(';').count(), 8, "{header}");
    let kept = text
        .lines()
        .skip(1)
        .filter(|l| !l.contains(&building.reference));
    let kept: Vec<&str> = kept.collect();
    let text = format!("{header}\n{}\n{}\n", kept.join("\n"), lines.join("\n"));
    publish(&park, Kind::Structure, &text).await;
    let page = park.get(&address).await;
    assert!(page.contains("Porte 0") && !page.contains("Porte 119"));
    let stair = format!(
        "{address}&{}",
        encoded(&[("batiment", "A"), ("escalier", "3")])
    );
    let page = park.get(&stair).await;
    assert!(page.contains("Porte 119") && !page.contains("Porte 0<"));
}

#[tokio::test]
async fn the_sheets_tell_where_a_pm_stands_and_who_manages_a_building() {
    let Some(park) = Park::open().await else {
        return;
    };
    let pm = park.territory.pms.iter().find(|pm| pm.oi_patching).unwrap();
    let sheet = park
        .get(&format!(
            "/oi/referentiel/pm?{}",
            encoded(&[("ref", &pm.reference)])
        ))
        .await;
    let at = &pm.address;
    let street = format!(
        "{}{} {} {}",
        at.number, at.complement, at.street_type, at.street_name
    );
    let address = format!("{street}, {} {}", at.postcode, at.commune);
    assert!(sheet.contains(&address), "{address} in {sheet}");
    assert!(sheet.contains(&at.hexacle) && sheet.contains("Brassage par l’OI seul"));
    let new = park.territory.buildings.iter();
    let new = new.clone().find(|b| b.delivery_on.is_some()).unwrap();
    let flats = park.flats();
    assert!(!flats.manager.is_empty());
    for (building, told) in [(new, "Livraison prévue"), (flats, flats.manager.as_str())] {
        let to = encoded(&[("ref", &building.reference)]);
        let sheet = park.get(&format!("/oi/referentiel/immeubles?{to}")).await;
        assert!(sheet.contains(told), "{told} in {sheet}");
    }
}

#[tokio::test]
async fn a_history_tells_what_each_file_changed() {
    let Some(park) = Park::open().await else {
        return;
    };
    let mut next = (*park.territory).clone();
    let building = next.buildings.first().unwrap().clone();
    next.buildings[0].ban_key = format!("{}_{}_00099", building.insee, building.rivoli);
    let gone = next.buildings.pop().unwrap();
    publish(&park, Kind::Ipe, &next.file(Kind::Ipe)).await;
    let history = |reference: &str| {
        let query = encoded(&[("objet", "immeuble"), ("ref", reference)]);
        format!("/oi/referentiel/historique?{query}")
    };
    let page = park.get(&history(&building.reference)).await;
    assert!(page.contains("Version 2") && page.contains("Version 1"));
    assert!(page.contains("Modifié") && page.contains("Ajouté") && page.contains("ipe.csv"));
    assert!(page.contains("Clé BAN") && page.contains("_00099"));
    let rows = park
        .json(&format!("{}&format=json", history(&building.reference)))
        .await;
    let changed = rows.as_array().unwrap().iter();
    let changed: Vec<_> = changed
        .filter(|row| row["evenement"] == "Modifié")
        .collect();
    assert!(
        changed.iter().any(|row| row["champ"] == "Clé BAN"),
        "{changed:?}"
    );
    let page = park.get(&history(&gone.reference)).await;
    assert!(page.contains("Retiré") && page.contains("Version 2"));
    let parts = [
        ("immeuble", 1),
        ("pm", 1),
        ("logement", 6),
        ("fibre", 1),
        ("pto", 1),
        ("adduction", 3),
        ("pbo", 2),
        ("cable", 1),
        ("route", 2),
        ("nd", 1),
        ("adresse", 1),
        ("offre", 1),
    ];
    for (object, parts) in parts {
        let key = "&ref=1".repeat(parts);
        let asked = park
            .ask(&format!("/oi/referentiel/historique?objet={object}{key}"))
            .await;
        assert!(matches!(asked, Err(PageError::NotFound)), "{object}");
    }
    let fibre = park.territory.fibres.first().unwrap();
    let query = encoded(&[("objet", "fibre"), ("ref", &fibre.id)]);
    park.get(&format!("/oi/referentiel/historique?{query}"))
        .await;
    for absent in [
        "objet=immeuble&ref=rien",
        "objet=rien&ref=x",
        "objet=pbo&ref=x",
    ] {
        let asked = park
            .ask(&format!("/oi/referentiel/historique?{absent}"))
            .await;
        assert!(matches!(asked, Err(PageError::NotFound)), "{absent}");
    }
}

#[tokio::test]
async fn maps_are_bounded_and_hold_what_their_frame_holds() {
    let Some(park) = Park::open().await else {
        return;
    };
    let placed = park.territory.buildings.iter();
    let placed: Vec<_> = placed.filter_map(|b| Some((b, b.lon?, b.lat?))).collect();
    assert!(!placed.is_empty());
    let page = park.get("/oi/referentiel/carte").await;
    assert!(page.contains("<svg class=\"map\"") && page.contains("<circle"));
    assert!(page.contains("Légende") || page.contains("class=\"legend\""));
    let data = park
        .json("/oi/referentiel/carte.geojson?bbox=-10,40,10,52")
        .await;
    let features = data["features"].as_array().unwrap();
    let spots: Vec<_> = features
        .iter()
        .filter(|f| {
            ["voie", "immeuble", "groupe"]
                .map(Some)
                .contains(&f["properties"]["genre"].as_str())
        })
        .collect();
    assert!(spots.len() <= 900);
    let held: i64 = spots
        .iter()
        .map(|f| f["properties"]["n"].as_i64().unwrap())
        .sum();
    assert_eq!(held, i64::try_from(placed.len()).unwrap());
    let (building, lon, lat) = placed[0];
    let frame = format!(
        "{},{},{},{}",
        lon - 1e-4,
        lat - 1e-4,
        lon + 1e-4,
        lat + 1e-4
    );
    let data = park
        .json(&format!("/oi/referentiel/carte.geojson?bbox={frame}"))
        .await;
    let near = data["features"].as_array().unwrap();
    let to = encoded(&[("ref", &building.reference)]);
    let found = near.iter().find(|f| {
        f["properties"]["lien"]
            .as_str()
            .is_some_and(|href| href.ends_with(&to))
    });
    assert_eq!(found.unwrap()["properties"]["genre"], "immeuble");
    // A PM says where it stands, on the map that moves and on the one that is drawn.
    let pm = &park.territory.pms[0];
    let at = &pm.address;
    let address = format!("{} {} {}", at.number, at.street_type, at.street_name);
    assert!(!at.street_name.is_empty());
    let spoken = features
        .iter()
        .find(|f| f["properties"]["court"] == pm.reference.as_str());
    let spoken = spoken.unwrap()["properties"]["titre"].as_str().unwrap();
    assert!(spoken.contains(&address), "{spoken}");
    let around = encoded(&[("pm", &pm.reference)]);
    let drawn = park.get(&format!("/oi/referentiel/carte?{around}")).await;
    assert!(drawn.contains(&address), "{address}");
    for query in [
        encoded(&[("insee", &building.insee)]),
        encoded(&[("insee", &building.insee), ("rivoli", &building.rivoli)]),
        encoded(&[("pm", &park.territory.pms[0].reference)]),
        encoded(&[("cadre", &frame)]),
    ] {
        park.get(&format!("/oi/referentiel/carte?{query}")).await;
    }
    let bad = park.ask("/oi/referentiel/carte.geojson?bbox=1,2,3").await;
    assert!(matches!(bad, Err(PageError::Refused(_))));
}

#[tokio::test]
async fn nobody_but_the_staff_enters() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ours = SERVICE.routes.iter();
    let ours: Vec<_> = ours
        .filter(|r| r.path.starts_with("/oi/referentiel"))
        .collect();
    assert_eq!(ours.len(), 9);
    for route in ours {
        let path = route
            .path
            .replace("{insee}", "53901")
            .replace("{rivoli}", "0001");
        let answer = park.ask_as(&park.import, &path).await;
        assert!(matches!(answer, Err(PageError::Refused(_))), "{path}");
    }
}

#[tokio::test]
async fn before_any_release_the_pages_say_what_to_do() {
    let migrations = [schema::MIGRATIONS, SERVICE.migrations].concat();
    let tenants = [schema::TENANT_TABLES, SERVICE.tenant_tables].concat();
    let Some(store) = testkit::Store::open(&migrations, &tenants) else {
        return;
    };
    let platform = Platform::new(store.db.clone(), Arc::new(FakeClock::at(Millis(0))));
    let platform = Arc::new(platform);
    let nobody = OperatorId::from_store("opr_fournisseur".to_owned());
    let demo = Arc::new(access::system(&platform, Duty::Demo, &nobody).unwrap());
    let hiro = add_operators(&platform, &demo).await;
    let staff = access::authenticate_local(&platform, "agent", "essai").await;
    let park = Park {
        platform,
        territory: Arc::new(support::small()),
        staff: Arc::new(staff.unwrap()),
        import: demo,
        hiro,
        _store: store,
    };
    assert!(park.get("/oi/referentiel").await.contains("importez"));
    assert!(
        park.get("/oi/referentiel/carte")
            .await
            .contains("coordonnées")
    );
}
