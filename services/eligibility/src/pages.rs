//! The eligibility page: the question, and the answer in words a seller can act on.

use askama::Template;
use jiff::civil::Date;
use kernel::Millis;
use web::search_box::{Candidate, Places, Understood};
use web::{Form, RefusalView, Shell, Tag, Tone, filters};

use crate::surroundings::{Drawing, Point};

/// `/eligibilite`, question and answer at one address. The form is a GET whose fields are
/// `critere` (`texte`, `immeuble`, `hexacle` or `adresse`), `q`, `IdentifiantImmeuble`,
/// `CodeAdresseImmeuble`, `CodeInseeImmeuble`, `CodeVoieRivoliImmeuble`, `NumeroVoieImmeuble`,
/// `ComplementNumeroVoieImmeuble`.
#[derive(Debug, Template)]
#[template(path = "eligibilite.html")]
pub struct Eligibility {
    /// The shell: titled with the address once there is an answer, and its extraction date set.
    pub shell: Shell,
    /// The question as typed; `critere` is always set.
    pub form: Form,
    /// What it led to; `None` before any question.
    pub outcome: Option<Outcome>,
    /// What the text of the box was taken for, when something was assumed or left over.
    pub understood: Option<Understood>,
}

/// What a question led to.
#[derive(Debug)]
pub enum Outcome {
    /// The question itself is refused, or nothing matches.
    Refused(RefusalView),
    /// The text of the box names no building by itself.
    Places(Places),
    /// Several buildings match: a person chooses, the platform never does.
    Choice(Vec<Candidate>),
    /// One building.
    Answer(Box<Answer>),
}

/// The answer about one building.
#[derive(Debug)]
pub struct Answer {
    /// Its IdentifiantImmeuble.
    pub identifier: String,
    /// Dwellings and buildings in a few words: `24 logements dans 2 bâtiments`.
    pub summary: String,
    /// When it was computed.
    pub at: Millis,
    /// The colour of the banner.
    pub tone: Tone,
    /// The verdict: `Éligible : 2 offres commandables`.
    pub verdict: String,
    /// Why, in one or two sentences.
    pub reason: String,
    /// The refusal behind a banner that is not favourable.
    pub refusal: Option<RefusalView>,
    /// Whom it waits for and until when: `Ouverture le 4 janv. 2027, par le fournisseur`.
    pub waits_for: String,
    /// Where « Commander » of the banner leads, prefilled; `None` when nothing can be ordered.
    pub order_href: Option<String>,
    /// State, dates, PM, PBO.
    pub facts: Vec<Fact>,
    /// What each offer says.
    pub offers: Vec<Offer>,
    /// The order's fields that this address requires (`Batiment`, `Escalier`, `Etage`).
    pub required: Vec<String>,
    /// Buildings, stairs, floors, dwellings.
    pub structure: Vec<Building>,
    /// From the PM to the dwelling.
    pub path: Path,
    /// The neighbourhood; `None` without coordinates.
    pub drawing: Option<Drawing>,
    /// Where the map that moves fetches it.
    pub map_from: String,
    /// This answer's own address, to hand to a colleague.
    pub share_href: String,
    /// Where an anomaly of this address is reported.
    pub anomaly_href: String,
    /// The same address in TAO.
    pub tao_href: String,
    /// The XML call that asks the same.
    pub xml: String,
    /// The same call by curl.
    pub curl: String,
    /// This answer as JSON.
    pub json_href: String,
}

/// A fact of the grid.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
    /// A few words under it, empty for none.
    pub note: String,
}

/// What one offer says here.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its label.
    pub label: String,
    /// Its code.
    pub code: String,
    /// Eligible, later, not eligible.
    pub verdict: Tag,
    /// What the network says.
    pub technical: Tag,
    /// What the operator's own contracts say.
    pub commercial: Tag,
    /// From when, if later.
    pub from: Option<Date>,
    /// Why not, with the trade's code.
    pub refusal: Option<RefusalView>,
    /// Rule by rule.
    pub reasons: Vec<ReasonLine>,
    /// The order form, prefilled.
    pub order_href: Option<String>,
}

/// A building of the address.
#[derive(Clone, Debug)]
pub struct Building {
    /// `Bâtiment A`.
    pub label: String,
    /// What it holds, in a few words.
    pub note: String,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Its stairs.
    pub stairs: Vec<Stair>,
}

/// A staircase.
#[derive(Clone, Debug)]
pub struct Stair {
    /// `Escalier 1`.
    pub label: String,
    /// What it holds.
    pub note: String,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Its floors.
    pub floors: Vec<Floor>,
}

/// A floor.
#[derive(Clone, Debug)]
pub struct Floor {
    /// `1er étage`.
    pub label: String,
    /// What it holds.
    pub note: String,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Its dwellings or lines.
    pub dwellings: Vec<Dwelling>,
}

/// A dwelling, or a line of it. Never who holds it.
#[derive(Clone, Debug)]
pub struct Dwelling {
    /// `Porte 13`, or the floor when doors are unknown.
    pub label: String,
    /// Its PTO, when there is one.
    pub pto: Option<String>,
    /// Existing, in service, to be built, no fibre left.
    pub state: Tag,
    /// The order form, prefilled; `None` when it cannot be ordered.
    pub order_href: Option<String>,
    /// Whether the question was about it.
    pub selected: bool,
}

/// What one rule says.
#[derive(Clone, Debug)]
pub struct ReasonLine {
    /// Whether it lets the order pass.
    pub kept: bool,
    /// What it asks for.
    pub label: &'static str,
    /// Technical or commercial.
    pub side: &'static str,
    /// Its refusal.
    pub refusal: Option<RefusalView>,
}

/// From the PM to the dwelling.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// Its points.
    pub points: Vec<Point>,
    /// What is to be known of it, empty for nothing.
    pub note: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surroundings::Road;
    use kernel::{Refusal, codes};
    use web::{Brand, Environment, MenuEntry, MenuGroup, Person, Theme};

    const NOW: Millis = Millis(1_795_421_640_000);
    const XML: &str = r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:eli="urn:epissure:ws:eligibilite:1">
  <soapenv:Body>
    <eli:testerEligibilite>
      <eli:IdentifiantImmeuble>IMB/53130/X/001A</eli:IdentifiantImmeuble>
    </eli:testerEligibilite>
  </soapenv:Body>
</soapenv:Envelope>"#;
    const CURL: &str = "curl --cert hirondelle.pem --key hirondelle.key \\
  --data @demande.xml https://localhost:8444/ws/eligibilite";

    fn page(title: &str, outcome: Option<Outcome>) -> Eligibility {
        let brand = Brand::new("Fibre des Deux Vallées");
        let person = Person {
            name: "Camille Roussel".to_owned(),
            operator: "Hirondelle Télécom · HIRO".to_owned(),
        };
        let menu = vec![MenuGroup {
            title: "Parcours client".to_owned(),
            entries: vec![MenuEntry::new("Éligibilité", "/eligibilite", "map-pinned")],
        }];
        let mut shell = Shell::bare(brand, Environment::Production, Theme::Auto)
            .page(title, "/eligibilite")
            .signed_in(person, menu, "jeton".to_owned());
        shell.extracted = Some(jiff::civil::date(2026, 11, 20));
        let mut form = Form::new("jeton", "cle");
        form.set("critere", "immeuble");
        form.set("IdentifiantImmeuble", "IMB/53130/X/001A");
        Eligibility {
            shell,
            form,
            outcome,
            understood: None,
        }
    }

    fn check(name: &str, page: &Eligibility) -> String {
        let html = page.render().unwrap();
        assert_eq!(web::lint::faults(&html), Vec::<String>::new(), "{name}");
        if let Some(dir) = std::env::var_os("EPISSURE_PAGES") {
            std::fs::write(std::path::Path::new(&dir).join(name), &html).unwrap();
        }
        html
    }

    fn refusal(code: &'static kernel::Code) -> RefusalView {
        RefusalView::from(&Refusal::new(code))
    }

    fn fact(label: &str, value: &str, note: &str) -> Fact {
        Fact {
            label: label.to_owned(),
            value: value.to_owned(),
            note: note.to_owned(),
        }
    }

    fn dwelling(label: &str, pto: Option<&str>, tone: Tone, state: &str) -> Dwelling {
        let href = "/commandes/nouvelle?IdentifiantImmeuble=IMB%2F53130%2FX%2F001A&Etage=1";
        Dwelling {
            label: label.to_owned(),
            pto: pto.map(str::to_owned),
            state: Tag::new(tone, state),
            order_href: (tone != Tone::Bad).then(|| href.to_owned()),
            selected: label == "Porte 13",
        }
    }

    fn structure() -> Vec<Building> {
        let floor = |label: &str, open, dwellings: Vec<Dwelling>| Floor {
            label: label.to_owned(),
            note: format!("{} lignes", dwellings.len()),
            open,
            dwellings,
        };
        let stair = Stair {
            label: "Escalier 1".to_owned(),
            note: "10 logements, PBO PT 012345".to_owned(),
            open: true,
            floors: vec![
                floor("RDC", false, vec![]),
                floor(
                    "1er étage",
                    true,
                    vec![
                        dwelling(
                            "Porte 11",
                            Some("F2-7QK4-31MX"),
                            Tone::Ok,
                            "Existante, libre",
                        ),
                        dwelling("Porte 12", Some("F2-7QK4-58TR"), Tone::Warn, "En service"),
                        dwelling(
                            "Porte 13",
                            Some("F2-7QK4-90LB"),
                            Tone::Ok,
                            "Existante, libre",
                        ),
                        dwelling("Porte 14", None, Tone::Neutral, "À construire"),
                        dwelling("Porte 15", None, Tone::Bad, "Plus de fibre"),
                    ],
                ),
            ],
        };
        let building = |label: &str, open, stairs| Building {
            label: label.to_owned(),
            note: "1 escalier, 3 niveaux, 10 logements".to_owned(),
            open,
            stairs,
        };
        vec![
            building("Bâtiment A", true, vec![stair]),
            building("Bâtiment B", false, vec![]),
        ]
    }

    fn answer() -> Answer {
        let line = |kept: bool, label: &'static str, code| ReasonLine {
            kept,
            label,
            side: "technique",
            refusal: (!kept).then(|| refusal(code)),
        };
        let offer = |label: &str, code: &str, verdict: Tag| Offer {
            label: label.to_owned(),
            code: code.to_owned(),
            verdict,
            technical: Tag::new(Tone::Ok, "Compatible"),
            commercial: Tag::new(Tone::Ok, "Contrat actif"),
            from: None,
            refusal: None,
            reasons: vec![
                line(
                    true,
                    "Un immeuble du référentiel est à cette adresse",
                    &codes::FADR01,
                ),
                line(false, "Ni l’immeuble ni son PM n’est gelé", &codes::FIMP11),
            ],
            order_href: None,
        };
        let point = |icon, title: &str, note: &str, state| Point {
            icon,
            title: title.to_owned(),
            note: note.to_owned(),
            colours: vec![
                web::Colour::read("tube", "13 ROUGE"),
                web::Colour::read("fibre", "3 VERT"),
            ],
            state,
        };
        let mark = |x, y, class: &str, href: &str| web::map::Mark {
            x,
            y,
            r: 7.0,
            class: class.to_owned(),
            title: "12 RUE DES TANNEURS : Déployé, 24 logements".to_owned(),
            text: "12".to_owned(),
            href: href.to_owned(),
        };
        let order = "/commandes/nouvelle?IdentifiantImmeuble=IMB%2F53130%2FX%2F001A";
        Answer {
            identifier: "IMB/53130/X/001A".to_owned(),
            summary: "24 logements dans 2 bâtiments".to_owned(),
            at: NOW,
            tone: Tone::Ok,
            verdict: "Éligible : 2 offres commandables".to_owned(),
            reason: "Immeuble déployé et mis à disposition le 4 juin 2024. Aucun gel en cours."
                .to_owned(),
            refusal: None,
            waits_for: String::new(),
            order_href: Some(order.to_owned()),
            facts: vec![
                fact("État de l’immeuble", "Déployé", "câblé le 12 mars 2024"),
                fact("PM", "FI-53130-0001", "déployé, MESC le 4 sept. 2024"),
                fact("PBO", "PT 012345", "immeuble, goulotte"),
                fact("Vous au PM", "PPMFI531300001", "prestation PM active"),
            ],
            offers: vec![
                Offer {
                    order_href: Some(order.to_owned()),
                    ..offer(
                        "Ligne FTTH passive, location",
                        "ACCES_FTTH-LOCA",
                        Tag::new(Tone::Ok, "Éligible"),
                    )
                },
                Offer {
                    from: Some(jiff::civil::date(2027, 1, 4)),
                    refusal: Some(refusal(&codes::FIMP10)),
                    ..offer(
                        "Ligne FTTH passive, cofinancement",
                        "ACCES_FTTH-COFI",
                        Tag::new(Tone::Info, "Éligible plus tard"),
                    )
                },
                Offer {
                    refusal: Some(refusal(&codes::FIMP09)),
                    ..offer(
                        "Accès FTTE passif",
                        "ACCES_FTTE",
                        Tag::new(Tone::Bad, "Non éligible"),
                    )
                },
            ],
            required: vec![
                "Batiment".to_owned(),
                "Escalier".to_owned(),
                "Etage".to_owned(),
            ],
            structure: structure(),
            path: Path {
                note: "Fibre pressentie".to_owned(),
                points: vec![
                    point(
                        "layers",
                        "PM FI-53130-0001",
                        "Armoire de rue, déployé",
                        Some(Tag::new(Tone::Ok, "Vous y êtes")),
                    ),
                    point(
                        "plug",
                        "PBO PT 012345",
                        "Palier du 1er étage",
                        Some(Tag::new(Tone::Warn, "1 fibre libre")),
                    ),
                    point(
                        "house",
                        "24 logements",
                        "18 PTO existantes, 6 à construire",
                        None,
                    ),
                ],
            },
            drawing: Some(Drawing {
                roads: vec![Road {
                    points: "0,0 9,9".to_owned(),
                    name: "Rue des Tilleuls".to_owned(),
                    middle: (4.0, 4.0, 45.0),
                }],
                bounds: "-0.774000,48.069000,-0.766000,48.073000".to_owned(),
                buildings: vec![mark(
                    400.0,
                    300.0,
                    "ok",
                    "/eligibilite?IdentifiantImmeuble=1",
                )],
                pbos: vec![mark(420.0, 280.0, "", "")],
                pm: Some(mark(700.0, 100.0, "", "")),
                ways: vec!["700,100 420,280 400,300".to_owned()],
                scale: (120.0, "50 m".to_owned()),
                legend: vec![("deploye", "Déployé", Tone::Ok, 1)],
            }),
            map_from: "/eligibilite/plan.geojson?IdentifiantImmeuble=1".to_owned(),
            share_href: "/eligibilite?IdentifiantImmeuble=IMB%2F53130%2FX%2F001A".to_owned(),
            anomaly_href: "/adresses/anomalies/nouvelle?IdentifiantImmeuble=1".to_owned(),
            tao_href: "/adresses?IdentifiantImmeuble=1".to_owned(),
            xml: XML.to_owned(),
            curl: CURL.to_owned(),
            json_href: "/eligibilite?IdentifiantImmeuble=IMB%2F53130%2FX%2F001A&format=json"
                .to_owned(),
        }
    }

    #[test]
    fn before_any_question_the_page_holds_only_the_form() {
        let html = check("eligibilite-vide.html", &page("Éligibilité", None));
        assert!(!html.contains("class=\"verdict\""));
    }

    #[test]
    fn a_favourable_answer_leads_to_the_order_form() {
        let outcome = Outcome::Answer(Box::new(answer()));
        let page = page("12 rue des Tanneurs, 53130 Montfleury", Some(outcome));
        let html = check("eligibilite.html", &page);
        assert!(
            html.contains("&#60;eli:testerEligibilite&#62;"),
            "the XML is shown, escaped"
        );
        assert!(html.contains(r#"<a class="code" href="/erreurs/FIMP10">"#));
        assert!(html.contains("extraction"));
    }

    #[test]
    fn an_unfavourable_answer_says_the_code_the_remedy_and_who_acts() {
        let answer = Answer {
            tone: Tone::Bad,
            verdict: "Non éligible : aucune offre commandable".to_owned(),
            reason: codes::FINT01.label.to_owned(),
            refusal: Some(refusal(&codes::FINT01)),
            waits_for: "Extension du PBO, sans date annoncée par le fournisseur".to_owned(),
            order_href: None,
            ..answer()
        };
        let outcome = Outcome::Answer(Box::new(answer));
        let page = page("12 rue des Tanneurs, 53130 Montfleury", Some(outcome));
        let html = check("eligibilite-non.html", &page);
        assert!(html.contains("le fournisseur doit l’étendre"));
        assert!(html.contains("À faire par le fournisseur"));
    }

    #[test]
    fn several_buildings_are_offered_and_none_is_chosen() {
        let candidate = |letter: &str| Candidate {
            identifier: format!("IMB/53130/X/001{letter}"),
            address: format!("12 rue des Tanneurs, 53130 Montfleury, bâtiment {letter}"),
            dwellings: 12,
            state: Tag::new(Tone::Ok, "Déployé"),
            href: format!("/eligibilite?critere=immeuble&IdentifiantImmeuble=IMB{letter}"),
        };
        let outcome = Outcome::Choice(vec![candidate("A"), candidate("B")]);
        let html = check(
            "eligibilite-choix.html",
            &page("Éligibilité", Some(outcome)),
        );
        assert!(html.contains("2 immeubles portent cette adresse"));
    }

    #[test]
    fn an_unknown_key_is_refused_in_the_trades_words() {
        let refused = Refusal::new(&codes::FADR01).on("IdentifiantImmeuble");
        let view = RefusalView::from(&refused);
        let mut page = page("Éligibilité", Some(Outcome::Refused(view)));
        page.form.refuse(&refused);
        let html = check("eligibilite-refus.html", &page);
        assert!(html.contains("aria-invalid"));
    }
}
