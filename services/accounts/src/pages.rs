//! The pages of sign-in, of one's own account, and the dashboard: plain data and their templates.

use askama::Template;
use kernel::Millis;
use web::{Form, Shell, Tag, Tone, filters};

/// `/connexion`. Posts `identifiant`, `mot_de_passe`, `suite`, `csrf` to the same address.
#[derive(Debug, Template)]
#[template(path = "connexion.html")]
pub struct SignIn {
    /// The bare shell, with the token of this form in `csrf`.
    pub shell: Shell,
    /// What was typed as identifier.
    pub identifier: String,
    /// Whether the last try failed: the same words for an unknown identifier and a wrong password.
    pub refused: bool,
    /// Seconds to wait before another try counts; `None` when not slowed down.
    pub wait_seconds: Option<u32>,
    /// Local path to go to once signed in; empty for the dashboard.
    pub next: String,
    /// Accounts shown by the demonstration, and only by it.
    pub demo_logins: Vec<DemoLogin>,
}

/// An account of the demonstration.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    /// Its identifier.
    pub identifier: String,
    /// Its password.
    pub password: String,
    /// Whose it is, in French.
    pub role: String,
}

/// `/compte`. Posts `theme` and `retour` to `/compte/theme`, nothing to
/// `/compte/sessions/{id}/fermer` and `/compte/sessions/fermer` (all but this one); each with
/// `csrf`.
#[derive(Debug, Template)]
#[template(path = "compte.html")]
pub struct Account {
    /// The shell.
    pub shell: Shell,
    /// The identifier one signs in with.
    pub identifier: String,
    /// The person's address for mails.
    pub email: String,
    /// Name of the profile.
    pub profile: String,
    /// The operator's name and code.
    pub operator: String,
    /// The SIRENs the account acts for.
    pub sirens: Vec<String>,
    /// What the profile allows, one line per e-service.
    pub rights: Vec<String>,
    /// When the password was last changed.
    pub password_changed: Option<Millis>,
    /// Open sessions, this one first.
    pub sessions: Vec<OpenSession>,
}

/// A session of one's own.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Its public id, never the cookie's value.
    pub id: String,
    /// Browser and system, in French.
    pub device: String,
    /// Where it was opened from.
    pub address: String,
    /// When it was opened.
    pub opened: Millis,
    /// When it was last used.
    pub seen: Millis,
    /// Whether it is the one reading this page.
    pub current: bool,
}

/// `/`.
#[derive(Debug, Template)]
#[template(path = "tableau.html")]
pub struct Dashboard {
    /// The shell, its path `/`.
    pub shell: Shell,
    /// Business time.
    pub now: Millis,
    /// The operator's name.
    pub operator: String,
    /// The figures at the top, five at most.
    pub figures: Vec<Figure>,
    /// Orders awaiting the operator, the most urgent first.
    pub todo: Vec<Todo>,
    /// How many await the operator in all.
    pub todo_total: u64,
    /// Orders under way, in all.
    pub under_way: u64,
    /// How many orders stand at each stage.
    pub stages: Vec<Stage>,
    /// The orders last touched.
    pub recent: Vec<RecentOrder>,
    /// The box of addresses, empty.
    pub form: Form,
    /// Where its suggestions come from.
    pub suggestions: String,
}

/// What every page shares: the palette and the keys.
#[derive(Debug, Template)]
#[template(path = "outils.html")]
pub struct Tools {
    /// The shell, whose menu says what may be offered.
    pub shell: Shell,
}

/// `/` of the OI's staff: what waits for them in the network's data.
#[derive(Debug, Template)]
#[template(path = "exploitation.html")]
pub struct StaffBoard {
    /// The shell, its path `/`.
    pub shell: Shell,
    /// Business time.
    pub now: Millis,
    /// The figures at the top.
    pub figures: Vec<Figure>,
    /// The release in force; `None` before the first.
    pub in_force: Option<ReleaseLine>,
    /// The release that waits for approval.
    pub waiting: Option<ReleaseLine>,
    /// What is in force, by kind of file.
    pub sources: Vec<SourceLine>,
    /// Freezes in force, the first to end first.
    pub freezes: Vec<FreezeLine>,
}

/// A release in one line.
#[derive(Clone, Debug)]
pub struct ReleaseLine {
    /// Its number.
    pub number: i64,
    /// The kind of file that made it.
    pub kind: &'static str,
    /// When it was published, or its import began.
    pub at: Millis,
}

/// What is in force of one kind of file.
#[derive(Clone, Debug)]
pub struct SourceLine {
    /// The kind.
    pub kind: &'static str,
    /// The day of its extraction.
    pub extracted_on: jiff::civil::Date,
    /// Its lines.
    pub rows: i64,
}

/// A freeze in one line.
#[derive(Clone, Debug)]
pub struct FreezeLine {
    /// The building or PM.
    pub reference: String,
    /// Which of the two, and until when.
    pub note: String,
    /// Its sheet.
    pub href: String,
}

/// A figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is counted.
    pub label: String,
    /// The figure, already written in French.
    pub value: String,
    /// Its unit or a short complement.
    pub unit: String,
    /// A sentence under it.
    pub note: String,
}

/// Something the operator must do.
#[derive(Clone, Debug)]
pub struct Todo {
    /// Since when, or until when, in French.
    pub due: String,
    /// How urgent.
    pub tone: Tone,
    /// The operator's own reference.
    pub reference: String,
    /// Page of the order.
    pub href: String,
    /// The order's address on one line.
    pub address: String,
    /// What is awaited, in French.
    pub motive: String,
    /// A detail under it.
    pub detail: String,
    /// What the button says.
    pub action: String,
    /// Where the button leads.
    pub action_href: String,
}

/// Orders at one stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The stage, in French.
    pub label: String,
    /// Orders there.
    pub count: u64,
    /// The list, filtered on it.
    pub href: String,
    /// A word under it, empty for none.
    pub note: String,
    /// The colour of that word.
    pub tone: Tone,
}

/// An order in the short list.
#[derive(Clone, Debug)]
pub struct RecentOrder {
    /// The operator's own reference.
    pub reference: String,
    /// Page of the order.
    pub href: String,
    /// The order's address on one line.
    pub address: String,
    /// Where it stands.
    pub state: Tag,
    /// Its last step.
    pub at: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;
    use web::{Brand, ClockBanner, Environment, Flash, MenuEntry, MenuGroup, Person, Theme};

    const NOW: Millis = Millis(1_795_421_640_000);

    fn bare() -> Shell {
        let brand = Brand::new("Fibre des Deux Vallées");
        Shell::bare(brand, Environment::Demo, Theme::Auto).page("Connexion", "/connexion")
    }

    fn shell(title: &str, path: &str) -> Shell {
        let person = Person {
            name: "Camille Roussel".to_owned(),
            operator: "Hirondelle Télécom · HIRO".to_owned(),
        };
        let entry = |label: &str, href: &str, icon: &str| MenuEntry::new(label, href, icon);
        let group = |title: &str, entries| MenuGroup {
            title: title.to_owned(),
            entries,
        };
        let menu = vec![
            group("", vec![entry("Tableau de bord", "/", "layout-dashboard")]),
            group(
                "Parcours client",
                vec![
                    entry("Éligibilité", "/eligibilite", "map-pinned"),
                    entry("Commandes", "/commandes", "clipboard-list").counting(184),
                ],
            ),
            group("Échanges", vec![entry("Codes", "/erreurs", "book-open")]),
        ];
        let mut shell = bare()
            .page(title, path)
            .signed_in(person, menu, "jeton".to_owned());
        shell.clock = Some(ClockBanner { now: NOW });
        shell
    }

    fn check(name: &str, page: &impl Template) {
        let html = page.render().unwrap();
        assert_eq!(web::lint::faults(&html), Vec::<String>::new(), "{name}");
        if let Some(dir) = std::env::var_os("EPISSURE_PAGES") {
            std::fs::write(std::path::Path::new(&dir).join(name), html).unwrap();
        }
    }

    fn sign_in(refused: bool) -> SignIn {
        let login = |identifier: &str, role: &str| DemoLogin {
            identifier: identifier.to_owned(),
            password: "sept-mots-de-demonstration".to_owned(),
            role: role.to_owned(),
        };
        SignIn {
            shell: bare(),
            identifier: if refused {
                "agent@hirondelle.example"
            } else {
                ""
            }
            .to_owned(),
            refused,
            wait_seconds: refused.then_some(5),
            next: "/commandes?etat=MAD&q=\"><script>".to_owned(),
            demo_logins: vec![
                login("agent@hirondelle.example", "Hirondelle Télécom, agent"),
                login("agent@linbleu.example", "Lin Bleu Télécom, agent"),
            ],
        }
    }

    #[test]
    fn the_sign_in_page_says_the_same_for_every_failure_and_escapes_what_it_keeps() {
        check("connexion.html", &sign_in(false));
        let page = sign_in(true);
        check("connexion-refus.html", &page);
        let html = page.render().unwrap();
        assert!(html.contains("Identifiant ou mot de passe incorrect."));
        assert!(!html.contains("<script>"));
    }

    #[test]
    fn the_account_page_revokes_other_sessions_and_never_its_own() {
        let session = |id: &str, device: &str, current| OpenSession {
            id: id.to_owned(),
            device: device.to_owned(),
            address: "192.0.2.17".to_owned(),
            opened: NOW,
            seen: NOW,
            current,
        };
        let page = Account {
            shell: shell("Mon compte", "/compte"),
            identifier: "agent@hirondelle.example".to_owned(),
            email: "agent@hirondelle.example".to_owned(),
            profile: "Agent".to_owned(),
            operator: "Hirondelle Télécom (HIRO)".to_owned(),
            sirens: vec!["552 100 554".to_owned(), "552 100 562".to_owned()],
            rights: vec![
                "Éligibilité : consulter".to_owned(),
                "Commandes : consulter, créer, modifier, clore".to_owned(),
            ],
            password_changed: Some(NOW),
            sessions: vec![
                session("s1", "Firefox sous Windows", true),
                session("s2", "Chrome sous Android", false),
            ],
        };
        check("compte.html", &page);
        let html = page.render().unwrap();
        assert!(html.contains("/compte/sessions/s2/fermer"));
        assert!(!html.contains("/compte/sessions/s1/fermer"));
    }

    fn dashboard() -> Dashboard {
        let figure = |label: &str, value: &str, unit: &str, note: &str| Figure {
            label: label.to_owned(),
            value: value.to_owned(),
            unit: unit.to_owned(),
            note: note.to_owned(),
        };
        let stage = |label: &str, count, note: &str| Stage {
            label: label.to_owned(),
            count,
            href: "/commandes?etat=MAD".to_owned(),
            note: note.to_owned(),
            tone: Tone::Warn,
        };
        let todo = |reference: &str, tone, motive: &str, action: &str| Todo {
            due: "depuis 2 j".to_owned(),
            tone,
            reference: reference.to_owned(),
            href: "/commandes/cmd_1".to_owned(),
            address: "7 allée du Lavoir, Montfleury".to_owned(),
            motive: motive.to_owned(),
            detail: "PTO F2-7QK4-90LB, bât. A, 1er étage".to_owned(),
            action: action.to_owned(),
            action_href: "/commandes/cmd_1#cr-stoc".to_owned(),
        };
        let recent = |reference: &str, tone, state: &str| RecentOrder {
            reference: reference.to_owned(),
            href: "/commandes/cmd_1".to_owned(),
            address: "31 rue Neuve, Montfleury".to_owned(),
            state: Tag::new(tone, state),
            at: NOW,
        };
        Dashboard {
            form: Form::default(),
            suggestions: "/eligibilite/suggestions".to_owned(),
            shell: shell("Tableau de bord", "/"),
            now: NOW,
            operator: "Hirondelle Télécom".to_owned(),
            figures: vec![
                figure(
                    "À traiter de votre côté",
                    "12",
                    "commandes",
                    "172 attendent le fournisseur",
                ),
                figure("En service", "1\u{202f}204", "lignes", "dont 31 ce mois-ci"),
                figure(
                    "Délai médian jusqu’à la mise en service",
                    "9,2",
                    "jours",
                    "sur 12 semaines",
                ),
                figure("Refus en AR", "3,1", "%", "1er motif : FADR03, étage"),
            ],
            todo: vec![
                todo(
                    "HT-778120",
                    Tone::Bad,
                    "Compte rendu de raccordement",
                    "Déposer le CR STOC",
                ),
                todo(
                    "HT-778131",
                    Tone::Warn,
                    "Compte rendu de raccordement",
                    "Déposer le CR STOC",
                ),
                todo(
                    "HT-778098",
                    Tone::Neutral,
                    "Mise en service",
                    "Déposer le CR MES",
                ),
            ],
            todo_total: 12,
            under_way: 184,
            stages: vec![
                stage("Déposées", 9, ""),
                stage("Route affectée", 21, ""),
                stage("Sous-traitance", 48, "11 à rendre"),
                stage("Raccordées", 71, ""),
                stage("Mises à disposition", 29, "4 à confirmer"),
            ],
            recent: vec![
                recent("HT-778201", Tone::Info, "Route affectée"),
                recent("HT-778200", Tone::Bad, "Refusée FADR03"),
                recent("HT-778199", Tone::Ok, "En service"),
            ],
        }
    }

    #[test]
    fn the_dashboard_shows_what_awaits_the_operator_or_says_that_nothing_does() {
        check("tableau.html", &dashboard());
        let mut page = dashboard();
        page.shell.flash = Some(Flash {
            tone: Tone::Ok,
            text: "Vous êtes connecté : bonne journée.".to_owned(),
        });
        page.shell.theme = Theme::Dark;
        page.todo.clear();
        page.todo_total = 0;
        page.recent.clear();
        check("tableau-vide.html", &page);
        assert!(
            page.render()
                .unwrap()
                .contains("rien n’attend votre société")
        );
    }
}
