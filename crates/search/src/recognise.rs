//! What else the one search box may have been given: a telephone number, a reference of the
//! network, a code of an address, coordinates. Pure, and without the index.

use crate::answer::QUERY_CHARS_MAX;

/// Suggestions for a PTO whose letters and digits may have been taken for each other.
pub const PTO_SUGGESTIONS_MAX: usize = 8;

/// One way to read what was typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// The ND of a line: ten digits.
    Nd {
        /// Ten digits.
        number: String,
    },
    /// A PTO.
    Pto {
        /// As `OO-XXXX-XXXX`.
        reference: String,
        /// The same with `O` for `0`, `I` for `1` and the other way, to try when it is not found.
        suggestions: Vec<String>,
    },
    /// An IdentifiantImmeuble.
    Building {
        /// In capitals, without spaces around.
        reference: String,
    },
    /// A PM.
    Pm {
        /// In capitals.
        reference: String,
    },
    /// A PBO.
    Pbo {
        /// In capitals.
        reference: String,
    },
    /// A Hexaclé: INSEE code and five characters.
    Hexacle {
        /// In capitals.
        code: String,
    },
    /// A key of the national address base.
    BanKey {
        /// As the base writes it.
        key: String,
    },
    /// A place on Earth (WGS84, degrees).
    Coordinates {
        /// Longitude.
        lon: f64,
        /// Latitude.
        lat: f64,
    },
    /// A place in Lambert-93, metres.
    Lambert93 {
        /// Abscissa.
        x: f64,
        /// Ordinate.
        y: f64,
    },
    /// Perhaps the reference of an order: these are free.
    Order {
        /// As typed, without spaces around.
        reference: String,
    },
    /// An address, or part of one.
    Address,
}

/// Every way to read `text`, most likely first; empty when nothing was typed or too much.
#[must_use]
pub fn recognise(text: &str) -> Vec<Reading> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(QUERY_CHARS_MAX).is_some() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let capitals = text.to_uppercase();
    out.extend(ban_key(text));
    out.extend(coordinates(text));
    out.extend(nd(text));
    out.extend(building(&capitals));
    out.extend(pbo(&capitals));
    let pto = pto(&capitals);
    out.extend(pm(&capitals, pto.is_some()));
    // In one piece, a third letter is rather of a reference of somebody's own.
    let (pto, late) = match pto {
        Some(pto)
            if capitals
                .as_bytes()
                .get(2)
                .is_some_and(u8::is_ascii_alphabetic) =>
        {
            (None, Some(pto))
        }
        other => (other, None),
    };
    out.extend(pto);
    out.extend(hexacle(&capitals));
    // What has a form of its own is seldom a street; a code that may be either comes after it.
    let strong = !out.is_empty();
    let order = order(text);
    if strong || late.is_some() {
        out.extend(order);
        out.extend(late);
        out.extend(address(text));
    } else {
        let address = address(text);
        let spaced = text.contains(char::is_whitespace) || !text.contains(|c: char| c.is_numeric());
        match (address, order) {
            (Some(address), order) if spaced => {
                out.push(address);
                out.extend(order);
            }
            (address, order) => {
                out.extend(order);
                out.extend(address);
            }
        }
    }
    out
}

/// Ten digits from 01 to 05 or 09; spaces, dots and dashes apart, `+33` and `0033` for the zero.
fn nd(text: &str) -> Option<Reading> {
    let mut digits = String::new();
    for (at, c) in text.chars().enumerate() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if at == 0 => digits.push_str("00"),
            ' ' | '.' | '-' | '/' | '\u{a0}' | '\u{202f}' | '(' | ')' => {}
            _ => return None,
        }
    }
    let national = match digits.strip_prefix("0033") {
        // « +33 (0)2 43... »
        Some(rest) if rest.len() == 10 && rest.starts_with('0') => rest.to_owned(),
        Some(rest) if rest.len() == 9 => format!("0{rest}"),
        Some(_) => return None,
        // A spreadsheet ate the zero.
        None if digits.len() == 9 && !digits.starts_with('0') => format!("0{digits}"),
        None => digits,
    };
    let bytes = national.as_bytes();
    let fixed = bytes.len() == 10 && bytes[0] == b'0' && matches!(bytes[1], b'1'..=b'5' | b'9');
    fixed.then_some(Reading::Nd { number: national })
}

/// Two, four and four characters, however they are parted; the middle or the end may be typed with
/// spaces, dots or nothing between.
fn pto(capitals: &str) -> Option<Reading> {
    let body = capitals.strip_prefix("PTO").unwrap_or(capitals);
    let body = body.trim_start_matches([' ', ':', '.', '-', '\u{b0}']);
    let mut plain = String::new();
    let mut parts = vec![0_usize];
    for c in body.chars() {
        match c {
            '0'..='9' | 'A'..='Z' => {
                plain.push(c);
                if let Some(last) = parts.last_mut() {
                    *last += 1;
                }
            }
            '-' | ' ' | '.' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{a0}' => parts.push(0),
            _ => return None,
        }
    }
    parts.retain(|part| *part > 0);
    let whole = plain.len() == 10;
    let usual = matches!(
        parts[..],
        [2, 4, 4] | [6, 4] | [2, 8] | [10] | [2, 2, 2, 2, 2] | [2, 4, 2, 2]
    );
    let lettered = plain.bytes().take(2).any(|b| b.is_ascii_alphabetic());
    let digits = plain.bytes().skip(2).filter(u8::is_ascii_digit).count();
    // Ten letters are a word, ten digits a telephone number.
    let likely = lettered && (digits >= 2 || parts.len() == 3);
    if !(whole && usual && likely) {
        return None;
    }
    let form = |plain: &str| format!("{}-{}-{}", &plain[..2], &plain[2..6], &plain[6..]);
    Some(Reading::Pto {
        reference: form(&plain),
        suggestions: lookalikes(&plain).iter().map(|other| form(other)).collect(),
    })
}

/// Texts in which one or all of the letters and digits that look alike are changed.
fn lookalikes(plain: &str) -> Vec<String> {
    let other = |c: char| match c {
        'O' => Some('0'),
        '0' => Some('O'),
        'I' => Some('1'),
        '1' => Some('I'),
        _ => None,
    };
    let mut out: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if text != plain && !out.contains(&text) && out.len() < PTO_SUGGESTIONS_MAX {
            out.push(text);
        }
    };
    // Letters typed for digits, and digits for letters, are mistaken all at once more often.
    add(plain.replace('O', "0").replace('I', "1"));
    for (at, c) in plain.char_indices() {
        if let Some(other) = other(c) {
            add(plain
                .char_indices()
                .map(|(i, c)| if i == at { other } else { c })
                .collect());
        }
    }
    out
}

/// `IMB/53130/X/001A` and what looks like it.
fn building(capitals: &str) -> Option<Reading> {
    const REFERENCE_MAX: usize = 30;
    let tidy: String = capitals.split_whitespace().collect();
    let slashed = tidy.matches('/').count() >= 2;
    let plain = tidy
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
    let known = ["IMB", "IMM", "BAT/", "ADR/"]
        .iter()
        .any(|head| tidy.starts_with(head));
    let numbered = tidy.bytes().any(|b| b.is_ascii_digit());
    let dated = tidy.bytes().all(|b| b.is_ascii_digit() || b == b'/');
    let fits = tidy.len() <= REFERENCE_MAX && plain && numbered && !dated;
    (fits && (slashed || known)).then_some(Reading::Building { reference: tidy })
}

/// `FI-53130-0001`: letters, an INSEE code, a rank; or what begins with PM.
fn pm(capitals: &str, is_pto: bool) -> Option<Reading> {
    const REFERENCE_MAX: usize = 20;
    let tidy = capitals.split_whitespace().collect::<Vec<_>>().join("-");
    let parts: Vec<&str> = tidy
        .split(['-', '_'])
        .filter(|part| !part.is_empty())
        .collect();
    let alnum = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    if tidy.len() > REFERENCE_MAX || !parts.iter().all(alnum) {
        return None;
    }
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let is_insee = |part: &str| {
        let corsican = part.starts_with("2A") || part.starts_with("2B");
        part.len() == 5 && digits(&part[if corsican { 2 } else { 0 }..])
    };
    let fits = match parts[..] {
        [head, insee, rank] => {
            let code = (2..=4).contains(&head.len()) && !digits(head);
            code && is_insee(insee) && rank.len() <= 5 && rank.bytes().any(|b| b.is_ascii_digit())
        }
        [head, rank] | [head, .., rank] if matches!(head, "PM" | "PMZ" | "SRO" | "PMT") => {
            !is_pto && rank.bytes().any(|b| b.is_ascii_digit())
        }
        _ => false,
    };
    fits.then_some(Reading::Pm { reference: tidy })
}

/// `PT 012345`, `PB-53130-12`, `PBO...`.
fn pbo(capitals: &str) -> Option<Reading> {
    const REFERENCE_MAX: usize = 100;
    let head = ["PBO", "PBR", "PB", "PT"]
        .into_iter()
        .find(|head| capitals.starts_with(head))?;
    let rest = &capitals[head.len()..];
    let plain = rest
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_' | b'/' | b'.'));
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let letters = rest.bytes().filter(u8::is_ascii_alphabetic).count();
    let fits = plain && digits >= 3 && letters <= 4 && capitals.len() <= REFERENCE_MAX;
    let tidy = || capitals.split_whitespace().collect::<Vec<_>>().join(" ");
    fits.then(|| Reading::Pbo { reference: tidy() })
}

/// Ten characters: an INSEE code and five more, of which a letter or a digit each.
fn hexacle(capitals: &str) -> Option<Reading> {
    let tidy: String = capitals.split_whitespace().collect();
    let bytes = tidy.as_bytes();
    if bytes.len() != 10 || !bytes.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let corsican = bytes[0] == b'2' && matches!(bytes[1], b'A' | b'B');
    let insee = bytes[..5].iter().enumerate();
    let insee = insee
        .clone()
        .all(|(at, b)| b.is_ascii_digit() || (at == 1 && corsican));
    let lettered = bytes[5..].iter().any(u8::is_ascii_alphabetic);
    let numbered = bytes[5..].iter().any(u8::is_ascii_digit);
    // Ten digits from 01 to 05 are a telephone number as well.
    let department = bytes[0] != b'0' || bytes[1] != b'0';
    let fits = insee && department && numbered && (lettered || bytes[0] != b'0' || bytes[1] > b'5');
    fits.then_some(Reading::Hexacle { code: tidy })
}

fn ban_key(text: &str) -> Option<Reading> {
    let lower = text.to_ascii_lowercase();
    let uuid = lower.len() == 36
        && lower.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    if uuid {
        return Some(Reading::BanKey { key: lower });
    }
    let alnum = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut parts = text.splitn(4, '_');
    let (insee, street, number) = (parts.next()?, parts.next()?, parts.next()?);
    let suffix = parts.next();
    let numbered = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let suffixed = suffix.is_none_or(|suffix| suffix.len() <= 20 && suffix.split('_').all(alnum));
    let coded = insee.len() == 5 && alnum(insee) && matches!(street.len(), 4 | 6) && alnum(street);
    if !(coded && numbered && suffixed) {
        return None;
    }
    // The base pads numbers and writes codes of four in capitals, its own and suffixes in small.
    let insee = insee.to_ascii_uppercase();
    let street = if street.len() == 4 {
        street.to_ascii_uppercase()
    } else {
        street.to_ascii_lowercase()
    };
    let suffix = suffix
        .map(|suffix| format!("_{}", suffix.to_ascii_lowercase()))
        .unwrap_or_default();
    Some(Reading::BanKey {
        key: format!("{insee}_{street}_{number:0>5}{suffix}"),
    })
}

/// A pair of decimal numbers, in either order; a comma may stand for the point.
fn coordinates(text: &str) -> Option<Reading> {
    let plain = |c: char| {
        c.is_ascii_digit()
            || c.is_whitespace()
            || matches!(c, '.' | ',' | ';' | '-' | '+' | '/' | '\u{b0}' | '(' | ')')
    };
    let body = text.trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, ':' | ' ' | '('));
    if !body
        .chars()
        .all(|c| plain(c) || matches!(c, 'N' | 'S' | 'E' | 'O' | 'W'))
    {
        return None;
    }
    let west = |part: &str| part.contains(['O', 'W']) || part.contains('S');
    let number = |part: &str| -> Option<f64> {
        let digits: String = part
            .chars()
            .filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | ','))
            .collect();
        let value: f64 = digits.replace(',', ".").parse().ok()?;
        Some(if west(part) { -value } else { value })
    };
    let (one, other) = pair(body)?;
    if !(one.contains(['.', ',']) || other.contains(['.', ',']) || one.len() >= 6) {
        return None;
    }
    let (a, b) = (number(one.trim())?, number(other.trim())?);
    place_of(a, b)
}

/// The two halves of a pair: parted by what is no decimal sign.
fn pair(text: &str) -> Option<(&str, &str)> {
    let text = text.trim().trim_matches(['(', ')']);
    for sign in [";", "/", ", ", " "] {
        let mut halves = text
            .split(sign)
            .map(str::trim)
            .filter(|half| !half.is_empty());
        if let (Some(one), Some(other), None) = (halves.next(), halves.next(), halves.next()) {
            return Some((one.trim_end_matches(','), other));
        }
    }
    // « 48.07,-0.77 », and « 48,07,-0,77 » with four groups.
    let groups: Vec<usize> = text.match_indices(',').map(|(at, _)| at).collect();
    match groups[..] {
        [at] if text.contains('.') => Some((&text[..at], &text[at + 1..])),
        [_, at, _] => Some((&text[..at], &text[at + 1..])),
        _ => None,
    }
}

/// Where a pair lies: in France, or nowhere that is served.
fn place_of(a: f64, b: f64) -> Option<Reading> {
    let metropolitan =
        |lon: f64, lat: f64| (-5.5..=10.0).contains(&lon) && (41.0..=51.5).contains(&lat);
    // Antilles and Guyana, Saint-Pierre-et-Miquelon, La Réunion and Mayotte.
    let overseas = |lon: f64, lat: f64| {
        ((-64.0..=-51.0).contains(&lon) && (2.0..=18.5).contains(&lat))
            || ((-57.0..=-56.0).contains(&lon) && (46.5..=47.5).contains(&lat))
            || ((44.5..=56.5).contains(&lon) && (-22.0..=-12.0).contains(&lat))
    };
    let lambert = |x: f64, y: f64| {
        (90_000.0..=1_250_000.0).contains(&x) && (6_040_000.0..=7_120_000.0).contains(&y)
    };
    let inside = |lon: f64, lat: f64| metropolitan(lon, lat) || overseas(lon, lat);
    // Latitude is written first nearly always.
    if inside(b, a) {
        Some(Reading::Coordinates { lon: b, lat: a })
    } else if inside(a, b) {
        Some(Reading::Coordinates { lon: a, lat: b })
    } else if lambert(a, b) {
        Some(Reading::Lambert93 { x: a, y: b })
    } else if lambert(b, a) {
        Some(Reading::Lambert93 { x: b, y: a })
    } else {
        None
    }
}

/// Free, at most thirty characters, in one piece, with a digit.
fn order(text: &str) -> Option<Reading> {
    const REFERENCE_MAX: usize = 30;
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b'.' | b'#'));
    let numbered = text.bytes().filter(u8::is_ascii_digit).count() >= 2;
    let fits = plain && numbered && (4..=REFERENCE_MAX).contains(&text.len());
    // Five digits are a postcode.
    let postcode = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    (fits && !postcode).then(|| Reading::Order {
        reference: text.to_owned(),
    })
}

/// Anything with a letter may be an address; five digits are a postcode.
fn address(text: &str) -> Option<Reading> {
    let lettered = text.chars().any(char::is_alphabetic);
    let postcode = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    (lettered || postcode).then_some(Reading::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first reading, in short.
    fn first(text: &str) -> String {
        match recognise(text).into_iter().next() {
            Some(Reading::Nd { number }) => format!("nd {number}"),
            Some(Reading::Pto { reference, .. }) => format!("pto {reference}"),
            Some(Reading::Building { reference }) => format!("building {reference}"),
            Some(Reading::Pm { reference }) => format!("pm {reference}"),
            Some(Reading::Pbo { reference }) => format!("pbo {reference}"),
            Some(Reading::Hexacle { code }) => format!("hexacle {code}"),
            Some(Reading::BanKey { key }) => format!("ban {key}"),
            Some(Reading::Coordinates { lon, lat }) => format!("at {lon} {lat}"),
            Some(Reading::Lambert93 { x, y }) => format!("l93 {x} {y}"),
            Some(Reading::Order { reference }) => format!("order {reference}"),
            Some(Reading::Address) => "address".to_owned(),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_was_typed_is_read_for_what_it_most_likely_is() {
        for (text, expected) in [
            ("0243123456", "nd 0243123456"),
            ("02 43 12 34 56", "nd 0243123456"),
            ("02.43.12.34.56", "nd 0243123456"),
            ("+33 2 43 12 34 56", "nd 0243123456"),
            ("+33 (0)2 43 12 34 56", "nd 0243123456"),
            ("0033243123456", "nd 0243123456"),
            ("243123456", "nd 0243123456"),
            ("FI-5015-1795", "pto FI-5015-1795"),
            ("fi 5015 1795", "pto FI-5015-1795"),
            ("FI50151795", "pto FI-5015-1795"),
            ("pto : fi-5015.1795", "pto FI-5015-1795"),
            ("MA-AB12-CD34", "pto MA-AB12-CD34"),
            ("IMB/53130/X/001A", "building IMB/53130/X/001A"),
            ("imb/53130/c/01zz", "building IMB/53130/C/01ZZ"),
            ("IMB531300001", "building IMB531300001"),
            ("FI-53130-0001", "pm FI-53130-0001"),
            ("fi 53130 0001", "pm FI-53130-0001"),
            ("SRO-2A004-012", "pm SRO-2A004-012"),
            ("PT 012345", "pbo PT 012345"),
            ("pb-53130-0042", "pbo PB-53130-0042"),
            ("18003222V4", "hexacle 18003222V4"),
            ("53130 0952A", "hexacle 531300952A"),
            ("53130_0952_00005_bis", "ban 53130_0952_00005_bis"),
            ("53130_0952_5_BIS", "ban 53130_0952_00005_bis"),
            ("2a004_0010_00001", "ban 2A004_0010_00001"),
            (
                "3C87ABE4-887B-46EE-9192-5C1B35A06625",
                "ban 3c87abe4-887b-46ee-9192-5c1b35a06625",
            ),
            ("48.0734, -0.7689", "at -0.7689 48.0734"),
            ("-0.7689 48.0734", "at -0.7689 48.0734"),
            ("48,0734 ; -0,7689", "at -0.7689 48.0734"),
            ("48,0734,-0,7689", "at -0.7689 48.0734"),
            ("48.0734,-0.7689", "at -0.7689 48.0734"),
            ("48.0734 N, 0.7689 O", "at -0.7689 48.0734"),
            ("-20.8789 55.4481", "at 55.4481 -20.8789"),
            ("419000.5 6780000.2", "l93 419000.5 6780000.2"),
            ("419000;6780000", "l93 419000 6780000"),
            ("KLEY-101-20232808-1", "order KLEY-101-20232808-1"),
            ("CMD2026001", "order CMD2026001"),
            ("12 rue des Tilleuls 53000 Laval", "address"),
            ("12 bis rue des Tilleuls", "address"),
            ("Laval", "address"),
            ("53000", "address"),
            ("place du 8 mai 1945", "address"),
            ("", "nothing"),
            ("   ", "nothing"),
        ] {
            assert_eq!(first(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_pto_comes_with_what_it_may_have_been() {
        let readings = recognise("FI-5O15-1795");
        let Some(Reading::Pto {
            reference,
            suggestions,
        }) = readings.first()
        else {
            panic!("{readings:?}");
        };
        assert_eq!(reference, "FI-5O15-1795");
        assert!(
            suggestions.contains(&"FI-5015-1795".to_owned()),
            "{suggestions:?}"
        );
        assert!(suggestions.len() <= PTO_SUGGESTIONS_MAX);
    }

    #[test]
    fn everything_with_letters_may_be_an_address_as_well() {
        for text in ["FI-5015-1795", "IMB/53130/X/001A", "KLEY-101"] {
            assert!(recognise(text).contains(&Reading::Address), "{text}");
        }
        assert!(recognise(&"a".repeat(400)).is_empty());
    }
}
