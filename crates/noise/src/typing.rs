//! What a person types of one address, part by part, and how the parts are written in a row.

use crate::fit::{Asked, Words};
use crate::read::{Base, Door, Way};
use crate::rng::Rng;
use crate::text::{self, fold};

/// The order of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Number, street, postcode, commune.
    Usual,
    /// Number, street, commune, postcode.
    PostcodeLast,
    /// Postcode, commune, number, street.
    PlaceFirst,
    /// Commune, number, street, postcode.
    CommuneFirst,
    /// Street, number, postcode, commune.
    NumberAfter,
    /// Postcode, commune, street, number.
    NumberLast,
}

/// Where words about the flat are put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flat {
    Before(String),
    AfterStreet(String),
    Last(String),
}

/// An address being typed.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub number: Option<u32>,
    /// As in the base, folded.
    pub suffix: String,
    /// Number and suffix as they are written.
    pub number_shown: String,
    pub street: String,
    /// The street with its numbers in figures, when they are written in words.
    pub street_read: Option<String>,
    /// The street was cut at some column.
    pub cut: bool,
    pub commune: Option<String>,
    pub postcode: Option<String>,
    pub flat: Option<Flat>,
    pub order: Order,
    /// No blank between number and street.
    pub number_glued: bool,
    /// No blank between postcode and commune.
    pub postcode_glued: bool,
    /// Words that are already wrong, folded.
    pub touched: Vec<String>,
}

impl Typed {
    /// Exactly as the base has it.
    pub(crate) fn clean(base: &Base, way: &Way, door: Door) -> Self {
        let place = base.place(way);
        let suffix = base.suffix(door).to_owned();
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut typed = Self {
            number: (door.number > 0).then_some(door.number),
            suffix,
            number_shown: String::new(),
            street: base.name(way).text.clone(),
            street_read: None,
            cut: false,
            commune: some(&place.commune),
            postcode: some(&place.postcode),
            flat: None,
            order: Order::Usual,
            number_glued: false,
            postcode_glued: false,
            touched: Vec::new(),
        };
        typed.show_number();
        typed
    }

    /// Writes the number the usual way.
    pub(crate) fn show_number(&mut self) {
        let suffix = match self.suffix.len() {
            1 => self.suffix.to_uppercase(),
            _ => self.suffix.clone(),
        };
        self.number_shown = match self.number {
            None => String::new(),
            Some(number) if suffix.is_empty() => number.to_string(),
            Some(number) => format!("{number} {suffix}"),
        };
    }

    /// As it is read.
    pub(crate) fn asked(&self) -> Asked {
        let street = self.street_read.as_deref().unwrap_or(&self.street);
        Asked {
            number: self.number,
            suffix: self.suffix.clone(),
            street: Words::of_way(street),
            cut: self.cut.then(|| fold(street)),
            commune: self.commune.as_deref().map(Words::of_place),
            commune_text: self.commune.as_deref().map(fold).unwrap_or_default(),
            postcode: self.postcode.clone(),
        }
    }

    /// The parts in a row; `comma` between street and place.
    pub(crate) fn written(&self, comma: bool) -> String {
        let between = match self.number_glued {
            true => "",
            false => " ",
        };
        let street = &self.street;
        let way = match (self.order, self.number_shown.as_str()) {
            (_, "") => street.clone(),
            (Order::NumberAfter | Order::NumberLast, number) => format!("{street} {number}"),
            (_, number) => format!("{number}{between}{street}"),
        };
        let way = match &self.flat {
            Some(Flat::AfterStreet(flat)) => format!("{way}, {flat}"),
            _ => way,
        };
        let postcode = self.postcode.as_deref().unwrap_or_default();
        let commune = self.commune.as_deref().unwrap_or_default();
        let glue = match self.postcode_glued {
            true => "",
            false => " ",
        };
        let place = format!("{postcode}{glue}{commune}");
        let parts: Vec<&str> = match self.order {
            Order::Usual | Order::NumberAfter => vec![&way, place.trim()],
            Order::PostcodeLast => vec![&way, commune, postcode],
            Order::PlaceFirst | Order::NumberLast => vec![place.trim(), &way],
            Order::CommuneFirst => vec![commune, &way, postcode],
        };
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let row = match comma {
            true => parts.join(", "),
            false => parts.join(" "),
        };
        match &self.flat {
            Some(Flat::Before(flat)) if comma => format!("{flat}, {row}"),
            Some(Flat::Before(flat)) => format!("{flat} {row}"),
            Some(Flat::Last(flat)) => format!("{row} {flat}"),
            _ => row,
        }
    }
}

/// Blanks too many: before, after, between, a tabulation, a hard blank.
pub(crate) fn with_blanks(text: &str, rng: &mut Rng) -> String {
    let mut out = String::new();
    let mut changed = false;
    for c in text.chars() {
        match c {
            ' ' if rng.chance(35) => {
                out.push_str(rng.pick(&["  ", "   ", "\t", "\u{a0}", " \u{a0}"]));
                changed = true;
            }
            _ => out.push(c),
        }
    }
    if !changed || rng.chance(50) {
        out.push_str(rng.pick(&[" ", "  ", "\t", "\n"]));
    }
    if rng.chance(40) {
        out.insert_str(0, rng.pick(&[" ", "  ", "\u{a0}"]));
    }
    out
}

/// Ligatures the other way: two letters for one, or one for two. `None` when there are none.
pub(crate) fn with_other_ligatures(text: &str, rng: &mut Rng) -> Option<String> {
    let apart = text::without_ligatures(text);
    if apart != text {
        return Some(apart);
    }
    // What is copied out of a document brings its typography with it.
    let mut pairs: Vec<_> = text::LIGATURES.to_vec();
    rng.shuffle(&mut pairs);
    let (one, two) = pairs.into_iter().find(|(_, two)| text.contains(two))?;
    Some(text.replacen(two, one, 1))
}
