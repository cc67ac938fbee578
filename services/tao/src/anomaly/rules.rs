//! What can be said of a report or of an act by reading it alone; where an anomaly is; how long it
//! stood at each status.

use std::collections::BTreeMap;

use domain::building::Building;
use domain::order::{AddressKey, PlaceOrder, address_key, address_line};
use jiff::ToSpan;
use kernel::working_time::{
    self, Calendar, add_days, paris_date, start_of_day, working_ms_between,
};
use kernel::{Millis, Refusal, codes};

use super::states::{Event, Status};
use super::{Anomaly, labels};

/// Days after which a resolution that nobody accepted or refused closes its anomaly, in *jours
/// ouvrés*.
pub const LAPSES_AFTER_DAYS: u32 = 10;
/// Longest text of an act, in characters.
pub const TEXT_MAX: usize = 1_000;
/// Most dwellings that an address is said to have.
pub const DWELLINGS_MAX: i64 = 9_999;
/// The largest number of a release that a resolution may name.
pub const RELEASE_MAX: i64 = 999_999;

kernel::words! {
    /// What is wrong, as the trade's interface names it.
    Kind {
        /// The address is missing.
        Creation = "creation",
        /// A block is missing at an address that is known.
        NewBuilding = "newBuilding",
        /// Something of an address is wrong.
        Modification = "modification",
        /// An address has another number of dwellings.
        Dwellings = "nbLogements",
    }
}

kernel::words! {
    /// How hard it is, said by the OI when it takes an anomaly.
    Complexity {
        /// Neither a visit nor works, nor a realignment of references.
        Simple = "SIMPLE",
        /// Anything else.
        Complex = "COMPLEX",
        /// One of many alike, worked on together.
        Mass = "MASSE",
    }
}

kernel::words! {
    /// Why the OI refuses an anomaly, in the trade's list.
    Reason {
        /// It was put right already.
        AlreadyResolved = "ALREADY_RESOLVED",
        /// It was reported already.
        Duplicate = "DUPLICATE",
        /// What is said is not so.
        Invalid = "INVALID",
        /// The building does not exist on the spot.
        UnknownResource = "UNKNOWN_RESOURCE",
        /// The place is outside the OI's network.
        UnknownZone = "UNKNOWN_ZONE",
        /// It cannot be put right.
        Unresolvable = "UNRESOLVABLE",
        /// Another reason, in words.
        Other = "OTHER",
    }
}

/// Every field of a report with its longest value, in characters.
pub const FIELDS: [(&str, usize); 19] = [
    ("TypeAnomalie", 20),
    ("IdentifiantImmeuble", 30),
    ("CodeAdresseImmeuble", 10),
    ("CodeInseeImmeuble", 5),
    ("CodeVoieRivoliImmeuble", 4),
    ("NumeroVoieImmeuble", 5),
    ("ComplementNumeroVoieImmeuble", 1),
    ("CodePostalImmeuble", 5),
    ("CommuneImmeuble", 60),
    ("LibelleVoieImmeuble", 80),
    ("Batiment", 60),
    ("Escalier", 25),
    ("Etage", 25),
    ("Porte", 25),
    ("ReferencePrise", 30),
    ("NombreLogements", 4),
    ("ValeurAttendue", 500),
    ("TexteSaisi", 256),
    ("Commentaire", 1_000),
];

/// A report as somebody sent it: trade names and trimmed values, empty ones left out.
#[derive(Clone, Debug, Default)]
pub struct Sent(BTreeMap<&'static str, String>);

impl Sent {
    /// Reads a report from named values; names that are not of the trade are ignored.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            let field = FIELDS.iter().find(|(known, _)| *known == name);
            if let Some((name, _)) = field
                && !value.trim().is_empty()
            {
                values.insert(*name, value.trim().to_owned());
            }
        }
        Self(values)
    }

    /// The value of a field, when it was given.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a field; empty when it was not given.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.given(name).unwrap_or_default()
    }

    fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }

    fn upper(&self, name: &str) -> String {
        self.get(name).to_ascii_uppercase()
    }
}

/// Where an anomaly is.
#[derive(Clone, Debug)]
pub enum Where {
    /// At an address that the referential is said to have.
    Known(AddressKey),
    /// At one that it lacks, perhaps beside a building that it is said to have.
    Free {
        /// The address as it is said.
        place: Place,
        /// `IdentifiantImmeuble` of the building beside it.
        beside: Option<String>,
    },
}

/// An address, as the referential spells it or as it is said; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// `IdentifiantImmeuble`, where one building has the address.
    pub building_ref: String,
    /// Hexaclé of the number.
    pub hexacle: String,
    /// INSEE code of the commune.
    pub insee: String,
    /// RIVOLI code of the street.
    pub rivoli: String,
    /// Number in the street.
    pub number: String,
    /// One letter after it.
    pub complement: String,
    /// The street's type and name.
    pub street: String,
    /// Postcode.
    pub postcode: String,
    /// Name of the commune.
    pub commune: String,
    /// The whole address on one line.
    pub label: String,
}

/// A report whose every field can be read.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is wrong.
    pub kind: Kind,
    /// Where.
    pub place: Where,
    /// Block.
    pub batiment: String,
    /// Staircase.
    pub escalier: String,
    /// Floor.
    pub etage: String,
    /// Door.
    pub porte: String,
    /// PTO.
    pub pto_ref: String,
    /// What was typed when nothing fitting was found.
    pub typed: String,
    /// What the referential should say.
    pub expected: String,
    /// How many dwellings it should say.
    pub dwellings: Option<i64>,
    /// The rest.
    pub comment: String,
}

fn missing(field: &str) -> Refusal {
    Refusal::new(&codes::FIMP15).on(field)
}

fn malformed(field: &str, why: impl Into<String>) -> Refusal {
    Refusal::new(&codes::FIMP16).on(field).because(why)
}

/// Whether `text` holds something that neither people nor files read.
fn is_hostile(text: &str) -> bool {
    let blank = |c: char| c == '\n' || c == '\r' || c == '\t';
    text.chars().any(|c| c.is_control() && !blank(c))
}

fn is_code(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads a report.
///
/// # Errors
/// FIMP15 naming the first missing field; FIMP16 naming the first that cannot be read.
pub fn read(sent: &Sent) -> Result<Wanted, Refusal> {
    for (name, max) in FIELDS {
        let value = sent.get(name);
        if value.chars().count() > max {
            return Err(malformed(name, labels::at_most(max)));
        }
        if is_hostile(value) {
            return Err(malformed(name, labels::CONTROL_CHARACTER));
        }
    }
    let kind = sent.given("TypeAnomalie");
    let kind = kind.ok_or_else(|| missing("TypeAnomalie"))?;
    let kind =
        Kind::parse(kind).ok_or_else(|| malformed("TypeAnomalie", labels::one_of_kinds()))?;
    let place = match kind {
        Kind::Creation => free(sent)?,
        Kind::NewBuilding | Kind::Modification | Kind::Dwellings => Where::Known(known(sent)?),
    };
    let dwellings = match sent.given("NombreLogements") {
        None => None,
        Some(text) => match text.parse::<i64>() {
            Ok(count) if is_number(text) && count <= DWELLINGS_MAX => Some(count),
            _ => return Err(malformed("NombreLogements", labels::DWELLINGS)),
        },
    };
    let needed = match kind {
        Kind::Creation => None,
        Kind::NewBuilding => Some("Batiment"),
        Kind::Modification => Some("ValeurAttendue"),
        Kind::Dwellings => Some("NombreLogements"),
    };
    if let Some(name) = needed.filter(|name| sent.given(name).is_none()) {
        return Err(missing(name));
    }
    Ok(Wanted {
        kind,
        place,
        batiment: sent.text("Batiment"),
        escalier: sent.text("Escalier"),
        etage: sent.text("Etage"),
        porte: sent.text("Porte"),
        pto_ref: sent
            .given("ReferencePrise")
            .map_or_else(String::new, domain::order::pto::normalise),
        typed: sent.text("TexteSaisi"),
        expected: sent.text("ValeurAttendue"),
        dwellings,
        comment: sent.text("Commentaire"),
    })
}

/// The key of an address that the referential is said to have, as an order names it.
fn known(sent: &Sent) -> Result<AddressKey, Refusal> {
    let pairs = sent.0.iter().map(|(name, value)| (*name, value.as_str()));
    address_key(&PlaceOrder::from_pairs(pairs))
}

fn free(sent: &Sent) -> Result<Where, Refusal> {
    let insee = sent.given("CodeInseeImmeuble");
    let insee = insee.ok_or_else(|| missing("CodeInseeImmeuble"))?;
    if sent.given("LibelleVoieImmeuble").is_none() {
        return Err(missing("LibelleVoieImmeuble"));
    }
    for (name, len) in [
        ("CodeInseeImmeuble", 5),
        ("CodePostalImmeuble", 5),
        ("CodeVoieRivoliImmeuble", 4),
        ("CodeAdresseImmeuble", 10),
    ] {
        if sent.given(name).is_some_and(|value| !is_code(value, len)) {
            return Err(malformed(name, labels::exactly(len)));
        }
    }
    if sent
        .given("NumeroVoieImmeuble")
        .is_some_and(|n| !is_number(n))
    {
        return Err(malformed("NumeroVoieImmeuble", labels::NUMBER));
    }
    let complement = sent.get("ComplementNumeroVoieImmeuble");
    if !complement.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(malformed(
            "ComplementNumeroVoieImmeuble",
            labels::ONE_LETTER,
        ));
    }
    let mut place = Place {
        building_ref: String::new(),
        hexacle: sent.upper("CodeAdresseImmeuble"),
        insee: insee.to_ascii_uppercase(),
        rivoli: sent.upper("CodeVoieRivoliImmeuble"),
        number: sent.text("NumeroVoieImmeuble"),
        complement: complement.to_ascii_uppercase(),
        street: sent.text("LibelleVoieImmeuble"),
        postcode: sent.text("CodePostalImmeuble"),
        commune: sent.text("CommuneImmeuble"),
        label: String::new(),
    };
    let commune = match place.commune.as_str() {
        "" => &place.insee,
        named => named,
    };
    let parts = [
        place.number.as_str(),
        &place.complement,
        &place.street,
        &place.postcode,
        commune,
    ];
    let given: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    place.label = given.join(" ");
    Ok(Where::Free {
        place,
        beside: sent.given("IdentifiantImmeuble").map(str::to_owned),
    })
}

/// The address of buildings that have it; none is chosen where several do.
#[must_use]
pub fn place_of(buildings: &[Building]) -> Option<Place> {
    let first = buildings.first()?;
    let building_ref = match buildings.len() {
        1 => first.reference.clone(),
        _ => String::new(),
    };
    Some(Place {
        building_ref,
        hexacle: first.hexacle.clone(),
        insee: first.insee.clone(),
        rivoli: first.rivoli.clone(),
        number: first.number.clone(),
        complement: first.complement.clone(),
        street: [first.street_type.as_str(), &first.street_name].join(" "),
        postcode: first.postcode.clone(),
        commune: first.commune.clone(),
        label: address_line(first),
    })
}

/// What two reports of one thing have in common, however they are spelt.
#[must_use]
pub fn place_key(wanted: &Wanted, place: &Place) -> String {
    let street = match place.rivoli.as_str() {
        "" => place.street.as_str(),
        rivoli => rivoli,
    };
    let address = match place.building_ref.as_str() {
        "" => [&place.insee, street, &place.number, &place.complement].join("|"),
        reference => reference.to_owned(),
    };
    let spot = [
        &wanted.batiment,
        &wanted.escalier,
        &wanted.etage,
        &wanted.porte,
    ];
    let mut key = address;
    for part in spot {
        key.push('|');
        key.push_str(part);
    }
    let words: Vec<&str> = key.split_whitespace().collect();
    words.join(" ").to_uppercase()
}

/// Something done with an anomaly, as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Act {
    /// How hard it is.
    pub complexity: String,
    /// Why it is refused.
    pub reason: String,
    /// What is asked, answered, done or said against.
    pub text: String,
    /// The release in which it will be seen.
    pub release: String,
}

/// An act whose every part can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub event: Event,
    /// How hard the anomaly is.
    pub complexity: Option<Complexity>,
    /// Why it is refused.
    pub reason: Option<Reason>,
    /// What is said.
    pub text: String,
    /// The release in which it will be seen.
    pub release: Option<i64>,
}

/// The form field of what an event says, and whether it must say something.
#[must_use]
pub fn text_field(event: Event) -> (&'static str, bool) {
    match event {
        Event::Asked => ("Question", true),
        Event::Answered => ("Reponse", true),
        Event::Resolved => ("Resolution", true),
        Event::Refused => ("Explication", true),
        Event::Disputed => ("Contestation", true),
        Event::Accepted => ("Remarque", false),
        Event::Cancelled => ("MotifAnnulation", false),
        Event::Reported | Event::Taken | Event::Requalified | Event::Lapsed => ("", false),
    }
}

/// Reads an act.
///
/// # Errors
/// FIMP15 naming what `event` lacks, FIMP16 naming what cannot be read.
pub fn step(event: Event, act: &Act) -> Result<Step, Refusal> {
    let (field, needed) = text_field(event);
    let text = act.text.trim();
    if needed && text.is_empty() {
        return Err(missing(field));
    }
    if text.chars().count() > TEXT_MAX {
        return Err(malformed(field, labels::at_most(TEXT_MAX)));
    }
    if is_hostile(text) {
        return Err(malformed(field, labels::CONTROL_CHARACTER));
    }
    let mut step = Step {
        event,
        complexity: None,
        reason: None,
        text: if field.is_empty() { "" } else { text }.to_owned(),
        release: None,
    };
    match event {
        Event::Taken | Event::Requalified => {
            let of = Complexity::parse(&act.complexity);
            step.complexity = Some(of.ok_or_else(|| choice("Complexite", &act.complexity))?);
        }
        Event::Refused => {
            let of = Reason::parse(&act.reason);
            step.reason = Some(of.ok_or_else(|| choice("Motif", &act.reason))?);
        }
        Event::Resolved => step.release = Some(release(&act.release)?),
        Event::Reported
        | Event::Asked
        | Event::Answered
        | Event::Accepted
        | Event::Disputed
        | Event::Lapsed
        | Event::Cancelled => {}
    }
    Ok(step)
}

fn choice(field: &str, value: &str) -> Refusal {
    match value {
        "" => missing(field),
        _ => malformed(field, labels::NOT_A_CHOICE),
    }
}

fn release(text: &str) -> Result<i64, Refusal> {
    const FIELD: &str = "VersionReferentiel";
    match text.parse::<i64>() {
        Ok(number) if is_number(text) && (1..=RELEASE_MAX).contains(&number) => Ok(number),
        _ if text.is_empty() => Err(missing(FIELD)),
        _ => Err(malformed(FIELD, labels::RELEASE)),
    }
}

/// When a resolution of `now` closes its anomaly by itself: at the end of the last day to accept or
/// refuse it.
#[must_use]
pub fn lapses_at(now: Millis) -> Millis {
    let last = add_days(Calendar::Ouvres, paris_date(now), LAPSES_AFTER_DAYS);
    start_of_day(last.saturating_add(1.day()))
}

/// How long something lasted, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lasted {
    /// Of working time (Art. 1).
    pub working_ms: i64,
    /// By the calendar.
    pub calendar_ms: i64,
}

impl Lasted {
    fn plus(self, other: Self) -> Self {
        Self {
            working_ms: self.working_ms + other.working_ms,
            calendar_ms: self.calendar_ms + other.calendar_ms,
        }
    }
}

/// How long an anomaly stood where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Waiting for the OI to take it.
    pub acknowledged: Lasted,
    /// In the OI's hands.
    pub in_progress: Lasted,
    /// Waiting for its operator's answer.
    pub pending: Lasted,
    /// Waiting for its operator to accept or refuse what was done.
    pub resolved: Lasted,
}

impl Spent {
    /// The same after standing at `status` from `from` to `to`; the end lasts nothing.
    #[must_use]
    pub fn standing(mut self, status: Status, from: Millis, to: Millis) -> Self {
        let of = match status {
            Status::Acknowledged => &mut self.acknowledged,
            Status::InProgress => &mut self.in_progress,
            Status::Pending => &mut self.pending,
            Status::Resolved => &mut self.resolved,
            Status::Closed | Status::Rejected | Status::Canceled => return self,
        };
        *of = of.plus(Lasted {
            working_ms: working_ms_between(from, to),
            calendar_ms: to.since(from).max(0),
        });
        self
    }

    /// What the OI took: the trade counts neither the operator's answers nor its acceptance.
    #[must_use]
    pub fn total(self) -> Lasted {
        self.acknowledged.plus(self.in_progress)
    }
}

/// How long an anomaly stood where, by its timeline and until `now`: when it came to each status,
/// oldest first.
#[must_use]
pub fn spent(timeline: &[(Millis, Status)], now: Millis) -> Spent {
    let ends = timeline.iter().skip(1).map(|(at, _)| *at).chain([now]);
    let steps = timeline.iter().zip(ends);
    steps.fold(Spent::default(), |spent, ((from, status), to)| {
        spent.standing(*status, *from, to)
    })
}

/// Working time since an anomaly was reported, in milliseconds: its age in the OI's queue.
#[must_use]
pub fn age_ms(anomaly: &Anomaly, now: Millis) -> i64 {
    let until = match anomaly.status.is_final() {
        true => anomaly.updated,
        false => now,
    };
    working_time::working_ms_between(anomaly.created, until)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kernel::working_time::at_paris;

    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        Sent::from_pairs(pairs.iter().copied())
    }

    fn refused(pairs: &[(&str, &str)]) -> (String, String) {
        let refusal = read(&sent(pairs)).unwrap_err();
        (refusal.code, refusal.field.unwrap_or_default())
    }

    fn told(code: &str, field: &str) -> (String, String) {
        (code.to_owned(), field.to_owned())
    }

    const KIND: &str = "TypeAnomalie";
    const BUILDING: (&str, &str) = ("IdentifiantImmeuble", "IMB/1");

    #[test]
    fn each_kind_says_what_it_lacks() {
        let of = |kind| (KIND, kind);
        for (pairs, code, field) in [
            (vec![], "FIMP15", KIND),
            (vec![of("autre")], "FIMP16", KIND),
            (vec![of("creation")], "FIMP15", "CodeInseeImmeuble"),
            (
                vec![of("creation"), ("CodeInseeImmeuble", "53130")],
                "FIMP15",
                "LibelleVoieImmeuble",
            ),
            (vec![of("modification")], "FIMP15", "CodeAdresseImmeuble"),
            (
                vec![of("modification"), BUILDING],
                "FIMP15",
                "ValeurAttendue",
            ),
            (vec![of("newBuilding"), BUILDING], "FIMP15", "Batiment"),
            (
                vec![of("nbLogements"), BUILDING],
                "FIMP15",
                "NombreLogements",
            ),
            (
                vec![of("nbLogements"), BUILDING, ("NombreLogements", "+4")],
                "FIMP16",
                "NombreLogements",
            ),
        ] {
            assert_eq!(refused(&pairs), told(code, field), "{pairs:?}");
        }
        let whole = [(KIND, "nbLogements"), BUILDING, ("NombreLogements", "24")];
        assert_eq!(read(&sent(&whole)).unwrap().dwellings, Some(24));
    }

    #[test]
    fn every_field_is_bounded_and_holds_no_control_character() {
        for (name, max) in FIELDS {
            let long = "9".repeat(max + 1);
            assert_eq!(refused(&[(name, &long)]), told("FIMP16", name));
            assert_eq!(refused(&[(name, "a\u{0}b")]), told("FIMP16", name));
        }
    }

    #[test]
    fn one_thing_has_one_key_however_it_is_spelt() {
        let key = |pairs: &[(&str, &str)]| {
            let mut all = vec![
                (KIND, "creation"),
                ("CodeInseeImmeuble", "53130"),
                ("NumeroVoieImmeuble", "12"),
            ];
            all.extend(pairs);
            let wanted = read(&sent(&all)).unwrap();
            let Where::Free { place, .. } = &wanted.place else {
                panic!("{wanted:?}");
            };
            place_key(&wanted, place)
        };
        let one = key(&[("LibelleVoieImmeuble", "rue  des Tanneurs")]);
        assert_eq!(one, key(&[("LibelleVoieImmeuble", "Rue des tanneurs ")]));
        let block = [
            ("LibelleVoieImmeuble", "rue des Tanneurs"),
            ("Batiment", "B"),
        ];
        assert_ne!(one, key(&block));
    }

    #[test]
    fn an_act_says_what_it_lacks() {
        let act = Act::default();
        for (event, field) in [
            (Event::Taken, "Complexite"),
            (Event::Asked, "Question"),
            (Event::Answered, "Reponse"),
            (Event::Resolved, "Resolution"),
            (Event::Refused, "Explication"),
            (Event::Disputed, "Contestation"),
        ] {
            let refusal = step(event, &act).unwrap_err();
            assert_eq!(
                (refusal.code.as_str(), refusal.field.as_deref()),
                ("FIMP15", Some(field))
            );
        }
        let said = Act {
            text: "fait".to_owned(),
            ..Act::default()
        };
        let refusal = step(Event::Resolved, &said).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("VersionReferentiel"));
        for release in ["0", "-1", "1e3", "12345678901234567890"] {
            let act = Act {
                release: release.to_owned(),
                ..said.clone()
            };
            assert_eq!(step(Event::Resolved, &act).unwrap_err().code, "FIMP16");
        }
        let long = Act {
            text: "é".repeat(TEXT_MAX + 1),
            ..Act::default()
        };
        assert_eq!(step(Event::Asked, &long).unwrap_err().code, "FIMP16");
    }

    #[test]
    fn durations_count_working_hours_and_leave_the_operator_s_time_apart() {
        let at = |d, h| at_paris(date(2026, 11, d).at(h, 0, 0, 0));
        // Friday the 20th to Tuesday the 24th.
        let timeline = [
            (at(20, 16), Status::Acknowledged),
            (at(21, 9), Status::InProgress),
            (at(21, 12), Status::Pending),
            (at(23, 10), Status::InProgress),
            (at(24, 9), Status::Resolved),
        ];
        let spent = spent(&timeline, at(24, 12));
        let hours = |lasted: Lasted| {
            let hour = Millis::HOUR;
            (lasted.working_ms / hour, lasted.calendar_ms / hour)
        };
        assert_eq!(hours(spent.acknowledged), (3, 17));
        assert_eq!(hours(spent.in_progress), (3 + 9, 3 + 23));
        assert_eq!(hours(spent.pending), (8, 46));
        assert_eq!(hours(spent.resolved), (3, 3));
        assert_eq!(hours(spent.total()), (15, 43));
    }

    #[test]
    fn a_resolution_lapses_after_ten_whole_working_days() {
        let now = at_paris(date(2026, 11, 26).at(17, 0, 0, 0));
        let midnight = start_of_day(date(2026, 12, 11));
        assert_eq!(lapses_at(now), midnight);
    }
}
