//! Address anomalies of the last weeks, one or more at each status, played through the platform's
//! own use cases with business time set back.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use domain::Platform;
use domain::access::{Ctx, authenticate_session};
use domain::building::Building;
use jiff::civil::time;
use kernel::Millis;
use kernel::working_time::{self, Calendar};
use tao::anomaly::rules::{Act, Sent};
use tao::anomaly::states::{Event, Side};
use tao::anomaly::usecases::{act, report};
use territory::Territory;

use super::history::{sign_in, sign_out};
use super::people::{OPERATORS, PROVIDER};
use crate::workers::Crew;

/// What happened to an anomaly: how many working days ago, at which hour, what, and what was said.
type Happened = (usize, i8, Event, &'static str);

/// An anomaly of the story.
struct Story {
    /// Which of [`OPERATORS`] reported it.
    who: usize,
    /// `TypeAnomalie`.
    kind: &'static str,
    /// What it says besides its place.
    says: &'static [(&'static str, &'static str)],
    /// How hard it is.
    complexity: &'static str,
    /// From the report on.
    life: &'static [Happened],
}

const STORIES: [Story; 7] = [
    Story {
        who: 0,
        kind: "modification",
        says: &[("ValeurAttendue", "Le numéro est 14 bis, et non 14")],
        complexity: "SIMPLE",
        life: &[
            (12, 9, Event::Reported, ""),
            (11, 10, Event::Taken, ""),
            (
                10,
                15,
                Event::Resolved,
                "Indice ajouté d’après le cadastre.",
            ),
            (9, 11, Event::Accepted, ""),
        ],
    },
    Story {
        who: 0,
        kind: "creation",
        says: &[
            ("NumeroVoieImmeuble", "14"),
            ("LibelleVoieImmeuble", "chemin du Gué aux Moines"),
            ("TexteSaisi", "14 chemin du gué au moine"),
        ],
        complexity: "COMPLEX",
        life: &[
            (8, 14, Event::Reported, ""),
            (7, 9, Event::Taken, ""),
            (
                6,
                16,
                Event::Asked,
                "La maison est-elle desservie par le chemin ou par la départementale ?",
            ),
        ],
    },
    Story {
        who: 0,
        kind: "nbLogements",
        says: &[
            ("NombreLogements", "6"),
            ("Commentaire", "Six boîtes aux lettres, relevé sur place."),
        ],
        complexity: "SIMPLE",
        life: &[
            (5, 10, Event::Reported, ""),
            (4, 9, Event::Taken, ""),
            (2, 14, Event::Resolved, "Nombre de logements porté à six."),
        ],
    },
    Story {
        who: 0,
        kind: "newBuilding",
        says: &[("Batiment", "Atelier")],
        complexity: "",
        life: &[(1, 15, Event::Reported, "")],
    },
    Story {
        who: 0,
        kind: "modification",
        says: &[("ValeurAttendue", "Le code postal serait 53100")],
        complexity: "",
        life: &[
            (6, 9, Event::Reported, ""),
            (5, 11, Event::Cancelled, "Erreur de saisie de notre côté."),
        ],
    },
    Story {
        who: 1,
        kind: "modification",
        says: &[("ValeurAttendue", "Rue des Lavandières, au pluriel")],
        complexity: "",
        life: &[
            (9, 10, Event::Reported, ""),
            (
                7,
                17,
                Event::Refused,
                "La plaque et la délibération du conseil disent le singulier.",
            ),
        ],
    },
    Story {
        who: 1,
        kind: "creation",
        says: &[
            ("NumeroVoieImmeuble", "3"),
            ("LibelleVoieImmeuble", "impasse du Four à Chaux"),
        ],
        complexity: "MASSE",
        life: &[(4, 11, Event::Reported, ""), (3, 9, Event::Taken, "")],
    },
];

/// Plays the stories over `territory`.
///
/// # Errors
/// The store does not answer, or refuses what it must take.
pub async fn play(crew: &Crew, territory: &Territory) -> Result<()> {
    let platform = &crew.platform;
    let now = platform.clock.business_now();
    let [hiro, linb] = OPERATORS;
    let mut tokens = Vec::new();
    for code in [hiro.code, linb.code, PROVIDER.0] {
        tokens.push(sign_in(platform, code).await?);
    }
    for (n, story) in STORIES.iter().enumerate() {
        // Far enough that the next place is in another street.
        let at = (n + 1) * 211 % territory.buildings.len();
        let place = &territory.buildings[at];
        live(platform, &tokens, story, place, now).await?;
    }
    for token in &tokens {
        sign_out(platform, token).await?;
    }
    Ok(())
}

async fn live(
    platform: &Platform,
    tokens: &[String],
    story: &Story,
    place: &Building,
    now: Millis,
) -> Result<()> {
    let mut reference = String::new();
    for (days, hour, event, said) in story.life {
        let side = match event.by() {
            Side::Operator => story.who,
            Side::Provider | Side::Platform => OPERATORS.len(),
        };
        let ctx = ctx(platform, &tokens[side], at(now, *days, *hour)).await?;
        if *event == Event::Reported {
            let sent = Sent::from_pairs(pairs(story, place));
            let reported = report(platform, &ctx, sent, None).await?.into_result();
            reference = reported.map_err(|refusal| anyhow!("{refusal}"))?.reference;
            continue;
        }
        let said = Act {
            complexity: story.complexity.to_owned(),
            reason: "INVALID".to_owned(),
            text: (*said).to_owned(),
            release: "2".to_owned(),
        };
        let done = act(platform, &ctx, reference.clone(), (*event, said), None).await?;
        let done = done.into_result();
        done.map_err(|refusal| anyhow!("{reference}: {refusal}"))?;
    }
    Ok(())
}

/// What a report says: of an address that is missing, its commune; of another, its building.
fn pairs<'a>(story: &'a Story, place: &'a Building) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![("TypeAnomalie", story.kind)];
    match story.kind {
        "creation" => pairs.extend([
            ("CodeInseeImmeuble", place.insee.as_str()),
            ("CodePostalImmeuble", &place.postcode),
            ("CommuneImmeuble", &place.commune),
        ]),
        _ => pairs.push(("IdentifiantImmeuble", &place.reference)),
    }
    pairs.extend(story.says);
    pairs
}

async fn ctx(platform: &Platform, token: &str, at: Millis) -> Result<Arc<Ctx>> {
    let known = authenticate_session(platform, token).await?;
    let (mut ctx, _) = known.context("the session ended")?;
    ctx.now = at;
    Ok(Arc::new(ctx))
}

/// An hour of a working day, so many of them ago.
fn at(now: Millis, days_ago: usize, hour: i8) -> Millis {
    let mut day = working_time::paris_date(now);
    let mut left = days_ago;
    while left > 0 {
        day = day.yesterday().unwrap_or(day);
        left -= usize::from(working_time::counts(Calendar::Ouvres, day));
    }
    working_time::at_paris(day.to_datetime(time(hour, 12, 0, 0)))
}
