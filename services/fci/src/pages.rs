//! The pages of orders: the list, the form, one order. Plain data and their templates.

use askama::Template;
use kernel::Millis;
use web::{Form, ListQuery, Pager, RefusalView, Shell, Tag, Tone, filters};

/// Columns that may order the list, the default first.
pub const SORTABLE: &[&str] = &["depot", "reference", "etat", "etape"];

/// `/commandes`. Query: `q`, `etat`, `main` (`operateur`, `fournisseur`), `du`, `au`, and the
/// toolkit's `tri`, `sens`, `apres`, `par`, `format`.
#[derive(Debug, Template)]
#[template(path = "commandes.html")]
pub struct OrderList {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// States with their counts, the first being all of them (empty value).
    pub states: Vec<StateChoice>,
    /// The rows of this page.
    pub rows: Vec<OrderRow>,
    /// Where the page stands.
    pub pager: Pager,
}

/// A state to filter on.
#[derive(Clone, Debug)]
pub struct StateChoice {
    /// Value of the filter `etat`.
    pub value: String,
    /// The state, in French.
    pub label: String,
    /// How many orders, when counted.
    pub count: Option<u64>,
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// Page of the order.
    pub href: String,
    /// The operator's own reference.
    pub reference: String,
    /// ReferencePrestationPrise, once given.
    pub line: Option<String>,
    /// What is ordered: `FTTH passif, location`.
    pub product: String,
    /// The address on one line.
    pub address: String,
    /// Where it stands.
    pub state: Tag,
    /// Who must act: `Vous`, `Le fournisseur`, `–`.
    pub ball: String,
    /// Whether that is the reader.
    pub yours: bool,
    /// When it was placed.
    pub placed: Millis,
    /// Its last step.
    pub last_step: String,
    /// When that was.
    pub last_at: Millis,
}

/// `/commandes/nouvelle`. The page is prefilled from its query; it posts to `/commandes`, with
/// the same field names as the CMD_ACCES file (see the template), `csrf` and `cle`.
#[derive(Debug, Template)]
#[template(path = "commande_nouvelle.html")]
pub struct NewOrder {
    /// The shell.
    pub shell: Shell,
    /// What was typed or prefilled.
    pub form: Form,
    /// Why the last try was refused.
    pub refusal: Option<RefusalView>,
    /// The dwelling, in words, when the eligibility page led here.
    pub dwelling: Option<DwellingSummary>,
    /// The offers the operator may order: code and label.
    pub offers: Vec<(String, String)>,
    /// Set when the PTO is in service: the form then asks for `confirmation_ecrasement`.
    pub overwriting: bool,
}

/// The dwelling an order is about.
#[derive(Clone, Debug)]
pub struct DwellingSummary {
    /// Its address on one line.
    pub address: String,
    /// Building, stair, floor, door.
    pub place: String,
    /// Its PTO and PM, in a few words.
    pub network: String,
    /// The eligibility page of the building.
    pub href: String,
}

/// `/commandes/{id}`. Posts to `/commandes/{id}/annuler` (`confirmation`, `motif`),
/// `/commandes/{id}/cr-stoc` (fields of CR_STOC) and `/commandes/{id}/cr-mes`
/// (`DateMiseEnService`), each with `csrf` and `cle`.
#[derive(Debug, Template)]
#[template(path = "commande.html")]
pub struct OrderPage {
    /// The shell.
    pub shell: Shell,
    /// Id of the order, as in its address.
    pub id: String,
    /// The operator's own reference.
    pub reference: String,
    /// What is ordered.
    pub product: String,
    /// The address with the dwelling's place.
    pub address: String,
    /// Where it stands.
    pub state: Tag,
    /// Stages of its life.
    pub steps: Vec<Step>,
    /// What comes next.
    pub next: Next,
    /// The refusal that ended it, or that a form of this page just met.
    pub refusal: Option<RefusalView>,
    /// What happened, the latest first.
    pub timeline: Vec<TimelineEntry>,
    /// Facts of the order and of its line.
    pub facts: Vec<Fact>,
    /// The routes assigned, in order of preference, at most four.
    pub routes: Vec<Route>,
    /// The end customer, when the reader may see them.
    pub customer: Option<Customer>,
    /// The cancellation form, when possible now.
    pub cancel: Option<Form>,
    /// The CR STOC form, when awaited now.
    pub cr_stoc: Option<Form>,
    /// Failure codes offered by the CR STOC form: value and label.
    pub failures: Vec<(String, String)>,
    /// The CR MES form, when awaited now.
    pub cr_mes: Option<Form>,
    /// The XML call that reads the same order.
    pub xml: String,
    /// The same call by curl.
    pub curl: String,
}

impl OrderPage {
    /// Whether a form of this page says what is wrong: the refusal is then not said twice.
    fn has_form_errors(&self) -> bool {
        let forms = [&self.cancel, &self.cr_stoc, &self.cr_mes];
        forms
            .into_iter()
            .flatten()
            .any(|form| !form.errors().is_empty())
    }
}

/// How far a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Passed.
    Done,
    /// Where the order stands.
    Now,
    /// To come.
    Later,
    /// Where the order ended badly.
    Ended,
}

impl StepState {
    /// The style class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Later => "later",
            Self::Ended => "ended",
        }
    }
}

/// A stage of the order's life.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name: `Route affectée`.
    pub label: String,
    /// How far.
    pub state: StepState,
    /// When it was reached.
    pub at: Option<Millis>,
    /// A word when it has no date: `à venir`, `FADR01`.
    pub note: String,
}

/// What comes next.
#[derive(Clone, Debug)]
pub struct Next {
    /// `Bad` when the order ended without delivery.
    pub tone: Tone,
    /// Name of an icon.
    pub icon: String,
    /// The next step, or the ending.
    pub title: String,
    /// What to do or to expect.
    pub text: String,
    /// Who holds the ball: `Vous`, `Le fournisseur`, `Personne`.
    pub ball: String,
    /// A few words under it: since when, until when.
    pub ball_note: String,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// When.
    pub at: Millis,
    /// Its colour.
    pub tone: Tone,
    /// Name of an icon.
    pub icon: String,
    /// What.
    pub title: String,
    /// By whom.
    pub actor: String,
    /// Through which door: `portail`, `XML`, `traitement automatique`.
    pub channel: String,
    /// The trade's code, when there is one.
    pub code: Option<String>,
    /// A comment, empty for none.
    pub comment: String,
}

/// A fact of the list beside the timeline.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Whether it is a reference, set in the reading-aloud type.
    pub mono: bool,
}

/// A route assigned to the line.
#[derive(Clone, Debug)]
pub struct Route {
    /// `Route 1`, or empty when it is the only one.
    pub title: String,
    /// From the PM down to the socket.
    pub points: Vec<RoutePoint>,
}

/// A point of a route.
#[derive(Clone, Debug)]
pub struct RoutePoint {
    /// Name of an icon.
    pub icon: String,
    /// Its reference: `PM FI-53130-0001`.
    pub title: String,
    /// Where on it: `Tiroir 3, position C07`.
    pub note: String,
    /// The fibre that leaves it, with the colours' names.
    pub fibres: Vec<web::Colour>,
}

/// The end customer. Shown to the ordering operator alone.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Family and first name.
    pub name: String,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// Comment of the order.
    pub comment: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Refusal, codes};
    use web::{Brand, ClockBanner, Environment, Flash, MenuEntry, MenuGroup, Person, Theme};

    const NOW: Millis = Millis(1_795_421_640_000);

    fn shell(title: &str, path: &str) -> Shell {
        let brand = Brand::new("Fibre des Deux Vallées");
        let person = Person {
            name: "Camille Roussel".to_owned(),
            operator: "Hirondelle Télécom · HIRO".to_owned(),
        };
        let menu = vec![MenuGroup {
            title: "Parcours client".to_owned(),
            entries: vec![
                MenuEntry::new("Éligibilité", "/eligibilite", "map-pinned"),
                MenuEntry::new("Commandes", "/commandes", "clipboard-list").counting(184),
            ],
        }];
        Shell::bare(brand, Environment::Sandbox, Theme::Auto)
            .page(title, path)
            .signed_in(person, menu, "jeton".to_owned())
    }

    fn check(name: &str, page: &impl Template) -> String {
        let html = page.render().unwrap();
        if let Some(dir) = std::env::var_os("EPISSURE_PAGES") {
            std::fs::write(std::path::Path::new(&dir).join(name), &html).unwrap();
        }
        assert_eq!(web::lint::faults(&html), Vec::<String>::new(), "{name}");
        html
    }

    fn list(pairs: &[(&str, &str)], rows: Vec<OrderRow>) -> OrderList {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let state = |value: &str, label: &str, count| StateChoice {
            value: value.to_owned(),
            label: label.to_owned(),
            count: Some(count),
        };
        OrderList {
            shell: shell("Commandes", "/commandes"),
            query: ListQuery::parse("/commandes", pairs.collect(), SORTABLE, true),
            states: vec![
                state("", "Toutes", 1_304),
                state("DEPOSEE", "Déposées", 9),
                state("CR_OK", "Route affectée", 21),
                state("STOC_EMISE", "Sous-traitance", 48),
                state("MAD", "Mises à disposition", 29),
                state("MES", "En service", 1_120),
            ],
            pager: Pager {
                shown: rows.len(),
                total: Some(1_304),
                next: Some("cle-50".to_owned()),
            },
            rows,
        }
    }

    fn row(n: i64) -> OrderRow {
        let (tone, state, ball) = match n % 4 {
            0 => (Tone::Warn, "CR STOC attendu", "Vous"),
            1 => (Tone::Info, "Route affectée", "Le fournisseur"),
            2 => (Tone::Bad, "Refusée FADR03", "Personne"),
            _ => (Tone::Ok, "En service", "Personne"),
        };
        OrderRow {
            href: format!("/commandes/cmd_019ab0d2-7c1e-7a4f-9b36-4f0c5e8d{n:04}"),
            reference: format!("HT-{}", 778_120 + n),
            line: (n % 4 != 2).then(|| format!("PRS53-{n:06}")),
            product: "Ligne FTTH passive, location".to_owned(),
            address: format!(
                "{} rue des Tanneurs, 53130 Montfleury, bât. A, 1er étage",
                n + 1
            ),
            state: Tag::new(tone, state),
            ball: ball.to_owned(),
            yours: n % 4 == 0,
            placed: NOW.plus(-n * Millis::DAY),
            last_step: "CR de commande OK".to_owned(),
            last_at: NOW.plus(-n * Millis::HOUR),
        }
    }

    #[test]
    fn a_full_page_of_orders_stays_within_the_budget_and_keeps_the_filters() {
        let rows = (0..i64::try_from(web::PER_PAGE).unwrap())
            .map(row)
            .collect();
        let html = check(
            "commandes.html",
            &list(&[("q", "tanneurs"), ("etat", "MAD")], rows),
        );
        assert!(html.contains("/commandes?q=tanneurs&#38;etat=MAD&#38;format=xlsx"));
        assert!(html.contains(r#"aria-sort="descending""#));
    }

    #[test]
    fn an_empty_list_says_what_to_do_next() {
        let mut empty = list(&[("q", "zzz")], vec![]);
        let html = check("commandes-vide.html", &empty);
        assert!(html.contains("Aucune commande ne répond à ces filtres"));
        empty.query = list(&[], vec![]).query;
        assert!(empty.render().unwrap().contains("Tester une éligibilité"));
    }

    fn new_order() -> NewOrder {
        let mut form = Form::new("jeton", "019a-cle");
        for (name, value) in [
            ("IdentifiantImmeuble", "IMB/53130/X/001A"),
            ("Batiment", "A"),
            ("Escalier", "1"),
            ("Etage", "1"),
            ("PriseExistante", "O"),
            ("ReferencePrise", "F2-7QK4-90LB"),
            ("ReferencePm", "FI-53130-0001"),
            ("ReferencePrestationPm", "PPMFI531300001"),
            ("TypeRacco", "OC"),
        ] {
            form.set(name, value);
        }
        NewOrder {
            offers: vec![(
                "ACCES_FTTH".to_owned(),
                "Accès FTTH passif à la ligne".to_owned(),
            )],
            shell: shell("Nouvelle commande", "/commandes/nouvelle")
                .under("Commandes", "/commandes"),
            form,
            refusal: None,
            dwelling: Some(DwellingSummary {
                address: "12 rue des Tanneurs, 53130 Montfleury".to_owned(),
                place: "bât. A, esc. 1, 1er étage".to_owned(),
                network: "PTO F2-7QK4-90LB, PM FI-53130-0001".to_owned(),
                href: "/eligibilite?critere=immeuble&IdentifiantImmeuble=IMB".to_owned(),
            }),
            overwriting: true,
        }
    }

    #[test]
    fn the_form_keeps_values_points_at_errors_and_asks_before_overwriting() {
        let html = check("commande-nouvelle.html", &new_order());
        assert!(html.contains(r#"name="confirmation_ecrasement""#));
        assert!(html.contains(r#"name="cle" value="019a-cle""#));
        let mut page = new_order();
        page.overwriting = false;
        for refusal in [
            Refusal::new(&codes::FIMP15).on("NomClient"),
            Refusal::new(&codes::FIMP13).on("ReferenceCommandePriseInterneOC"),
        ] {
            page.form.refuse(&refusal);
        }
        let html = check("commande-nouvelle-erreurs.html", &page);
        assert!(html.contains("2 points sont à corriger"));
        assert!(html.contains(r##"<a href="#NomClient">"##));
        assert!(html.contains(r#"value="F2-7QK4-90LB""#));
    }

    fn step(label: &str, state: StepState, days: i64) -> Step {
        let reached = matches!(state, StepState::Done | StepState::Ended);
        Step {
            label: label.to_owned(),
            state,
            at: reached.then(|| NOW.plus(-days * Millis::DAY)),
            note: "à venir".to_owned(),
        }
    }

    fn entry(days: i64, tone: Tone, icon: &str, title: &str, channel: &str) -> TimelineEntry {
        TimelineEntry {
            at: NOW.plus(-days * Millis::DAY),
            tone,
            icon: icon.to_owned(),
            title: title.to_owned(),
            actor: "Fibre des Deux Vallées".to_owned(),
            channel: channel.to_owned(),
            code: None,
            comment: String::new(),
        }
    }

    fn route() -> Route {
        let point = |icon: &str, title: &str, note: &str, fibres| RoutePoint {
            icon: icon.to_owned(),
            title: title.to_owned(),
            note: note.to_owned(),
            fibres,
        };
        let colour = |of: &str, name: &str, rank| web::Colour {
            of: of.to_owned(),
            name: name.to_owned(),
            rank,
        };
        let inner = vec![
            colour("tube", "rouge à bague noire", 13),
            colour("fibre", "verte", 3),
        ];
        Route {
            title: String::new(),
            points: vec![
                point(
                    "server",
                    "PM FI-53130-0001",
                    "Module T3, position C07",
                    vec![],
                ),
                point("plug", "PBO PT 012345", "Câble CB-0111", inner),
                point(
                    "house",
                    "PTO F2-7QK4-90LB",
                    "Connecteur 1",
                    vec![colour("", "rouge", 1)],
                ),
            ],
        }
    }

    fn order() -> OrderPage {
        use StepState::{Done, Later, Now};
        let form = |key: &str| Form::new("jeton", key);
        let fact = |label: &str, value: &str, mono| Fact {
            label: label.to_owned(),
            value: value.to_owned(),
            mono,
        };
        let mut cr_stoc = form("cle-stoc");
        cr_stoc.set("CrRaccordementPrise", "OK");
        let mut shell =
            shell("Commande HT-778120", "/commandes/cmd_019a").under("Commandes", "/commandes");
        shell.clock = Some(ClockBanner { now: NOW });
        shell.flash = Some(Flash {
            tone: Tone::Ok,
            text: "Commande déposée : accusé de réception OK.".to_owned(),
        });
        OrderPage {
            shell,
            id: "cmd_019a".to_owned(),
            reference: "HT-778120".to_owned(),
            product: "Ligne FTTH passive, location".to_owned(),
            address: "12 rue des Tanneurs, 53130 Montfleury, bât. A, esc. 1, 1er étage".to_owned(),
            state: Tag::new(Tone::Warn, "CR STOC attendu"),
            steps: vec![
                step("Déposée", Done, 5),
                step("Recevable (AR)", Done, 5),
                step("Route affectée (CR)", Done, 4),
                Step {
                    note: "émise le 19 nov.".to_owned(),
                    ..step("Sous-traitance (STOC)", Now, 4)
                },
                step("Raccordée", Later, 0),
                step("Mise à disposition (MAD)", Later, 0),
                step("En service (MES)", Later, 0),
            ],
            next: Next {
                tone: Tone::Info,
                icon: "wrench".to_owned(),
                title: "Prochaine étape : votre compte rendu de raccordement".to_owned(),
                text: "Posez ou vérifiez la prise, puis déposez le CR STOC. La mise à disposition \
                       suit aussitôt."
                    .to_owned(),
                ball: "Vous".to_owned(),
                ball_note: "depuis 2 jours ouvrés".to_owned(),
            },
            refusal: None,
            timeline: vec![
                entry(
                    4,
                    Tone::Info,
                    "send",
                    "Sous-traitance émise (CMD STOC)",
                    "automatique",
                ),
                entry(
                    4,
                    Tone::Ok,
                    "shuffle",
                    "Compte rendu OK, route affectée",
                    "automatique",
                ),
                TimelineEntry {
                    comment: "Sonner chez Marchand ; digicode à demander.".to_owned(),
                    actor: "Camille Roussel, Hirondelle Télécom".to_owned(),
                    ..entry(5, Tone::Info, "file-text", "Commande déposée", "portail")
                },
            ],
            facts: vec![
                fact("Prestation prise", "PRS53-000042", true),
                fact("PTO", "F2-7QK4-90LB", true),
                fact("PM", "FI-53130-0001", true),
                fact("Type retenu", "Location (LOCA)", false),
                fact("Raccordement", "par vous, en sous-traitance", false),
            ],
            routes: vec![route()],
            customer: Some(Customer {
                name: "Marchand Élodie".to_owned(),
                phones: vec!["02 61 91 04 27".to_owned()],
                comment: "Chien dans le logement.".to_owned(),
            }),
            cancel: Some(form("cle-annul")),
            cr_stoc: Some(cr_stoc),
            failures: vec![("FCLI07".to_owned(), codes::FCLI07.label.to_owned())],
            cr_mes: None,
            xml: "<fci:consulterCommande>\n  <fci:Reference>HT-778120</fci:Reference>\n\
                  </fci:consulterCommande>"
                .to_owned(),
            curl: "curl --cert hirondelle.pem --key hirondelle.key https://localhost:8444/ws/fci"
                .to_owned(),
        }
    }

    #[test]
    fn an_order_shows_its_stage_its_next_step_and_the_forms_awaited() {
        let html = check("commande.html", &order());
        assert!(html.contains(r#"action="/commandes/cmd_019a/cr-stoc""#));
        assert!(!html.contains("/cr-mes"));
        assert!(html.contains(r#"aria-current="step""#));
    }

    #[test]
    fn an_order_that_ended_badly_says_why_and_offers_no_form() {
        let mut page = order();
        page.refusal = Some(RefusalView::from(
            &Refusal::new(&codes::FADR03).on("Escalier"),
        ));
        page.state = Tag::new(Tone::Bad, "Refusée FADR03");
        page.steps = vec![
            step("Déposée", StepState::Done, 5),
            step("Refusée (AR)", StepState::Ended, 5),
        ];
        page.next = Next {
            tone: Tone::Bad,
            icon: "circle-x".to_owned(),
            title: "Commande refusée à l’accusé de réception".to_owned(),
            text: codes::FADR03.remedy.to_owned(),
            ball: "Vous".to_owned(),
            ball_note: "nouvelle commande, nouvelle référence".to_owned(),
        };
        (page.cancel, page.cr_stoc, page.customer) = (None, None, None);
        page.routes.clear();
        let html = check("commande-refusee.html", &page);
        assert!(!html.contains("<form class=\"body\""));
    }
}
