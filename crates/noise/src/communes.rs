//! Real communes of every region, as INSEE names and codes them. Postcodes are La Poste's where
//! they are known, and otherwise of the right department; delivery offices are partly invented.

/// `insee;name;postcodes;delivery;size;before`: `delivery` is empty when it is the commune's name,
/// `size` grows by one each time the population doubles, `before` lists the communes it was made of
/// (`insee:name`, by `|`).
const TEXT: &str = include_str!("communes.csv");

/// A commune.
#[derive(Clone, Debug)]
pub struct Commune {
    /// INSEE code.
    pub insee: &'static str,
    /// Name with its article, accents and hyphens.
    pub name: &'static str,
    /// At least one.
    pub postcodes: Vec<&'static str>,
    /// Name of the delivery office, in capitals.
    pub delivery: String,
    /// From 1 to 12: a doubling of the population each.
    pub size: usize,
    /// Communes it was made of: INSEE code and name.
    pub before: Vec<(&'static str, &'static str)>,
}

/// All of them, by INSEE code.
#[must_use]
pub fn all() -> Vec<Commune> {
    TEXT.lines().skip(1).filter_map(parse).collect()
}

fn parse(line: &'static str) -> Option<Commune> {
    let mut fields = line.split(';');
    let (insee, name) = (fields.next()?, fields.next()?);
    let postcodes = fields.next()?.split(' ').collect();
    let delivery = match fields.next()? {
        "" => crate::text::capitals(name),
        delivery => delivery.to_owned(),
    };
    let size = fields.next()?.parse().ok()?;
    let before = fields.next()?;
    let before = before.split('|').filter_map(|old| old.split_once(':'));
    Some(Commune {
        insee,
        name,
        postcodes,
        delivery,
        size,
        before: before.collect(),
    })
}

impl Commune {
    /// The department's code, of two or three characters.
    #[must_use]
    pub fn department(&self) -> &'static str {
        let digits = if self.insee.starts_with("97") { 3 } else { 2 };
        &self.insee[..digits]
    }

    /// Where its department lies: degrees of longitude and latitude.
    #[must_use]
    pub fn centre(&self) -> (f64, f64) {
        let department = self.department();
        let known = CENTRES.iter().find(|(code, ..)| *code == department);
        known.map_or((2.4, 46.6), |&(_, lon, lat)| (lon, lat))
    }

    /// What its street names are made of, besides French ones.
    #[must_use]
    pub fn tongue(&self) -> Tongue {
        match self.department() {
            "22" | "29" | "35" | "56" => Tongue::Breton,
            "67" | "68" => Tongue::Alsatian,
            "2A" | "2B" => Tongue::Corsican,
            overseas if overseas.starts_with("97") => Tongue::Overseas,
            _ => Tongue::French,
        }
    }
}

/// The tongue of a region's street names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// French alone.
    French,
    /// Brittany.
    Breton,
    /// Alsace.
    Alsatian,
    /// Corsica.
    Corsican,
    /// Overseas departments.
    Overseas,
}

/// Departments: longitude, latitude of about their middle.
const CENTRES: &[(&str, f64, f64)] = &[
    ("01", 5.3, 46.1),
    ("02", 3.6, 49.5),
    ("03", 3.2, 46.4),
    ("04", 6.2, 44.1),
    ("05", 6.3, 44.6),
    ("06", 7.1, 43.9),
    ("07", 4.4, 44.7),
    ("08", 4.6, 49.6),
    ("09", 1.5, 42.9),
    ("10", 4.2, 48.3),
    ("11", 2.4, 43.1),
    ("12", 2.7, 44.3),
    ("13", 5.1, 43.5),
    ("14", -0.4, 49.1),
    ("15", 2.7, 45.1),
    ("16", 0.2, 45.7),
    ("17", -0.7, 45.8),
    ("18", 2.5, 47.1),
    ("19", 1.9, 45.3),
    ("21", 4.8, 47.4),
    ("22", -2.9, 48.4),
    ("23", 2.0, 46.1),
    ("24", 0.7, 45.1),
    ("25", 6.4, 47.2),
    ("26", 5.2, 44.7),
    ("27", 1.0, 49.1),
    ("28", 1.4, 48.4),
    ("29", -4.1, 48.3),
    ("2A", 8.9, 41.9),
    ("2B", 9.2, 42.4),
    ("30", 4.2, 44.0),
    ("31", 1.2, 43.4),
    ("32", 0.5, 43.7),
    ("33", -0.6, 44.8),
    ("34", 3.4, 43.6),
    ("35", -1.6, 48.2),
    ("36", 1.6, 46.8),
    ("37", 0.7, 47.3),
    ("38", 5.6, 45.3),
    ("39", 5.7, 46.7),
    ("40", -0.8, 44.0),
    ("41", 1.4, 47.6),
    ("42", 4.2, 45.7),
    ("43", 3.8, 45.1),
    ("44", -1.7, 47.4),
    ("45", 2.3, 47.9),
    ("46", 1.6, 44.6),
    ("47", 0.5, 44.4),
    ("48", 3.5, 44.5),
    ("49", -0.6, 47.4),
    ("50", -1.3, 49.1),
    ("51", 4.2, 48.9),
    ("52", 5.2, 48.1),
    ("53", -0.7, 48.1),
    ("54", 6.2, 48.8),
    ("55", 5.4, 49.0),
    ("56", -2.8, 47.8),
    ("57", 6.7, 49.0),
    ("58", 3.5, 47.1),
    ("59", 3.2, 50.4),
    ("60", 2.4, 49.4),
    ("61", 0.1, 48.6),
    ("62", 2.3, 50.5),
    ("63", 3.1, 45.7),
    ("64", -0.8, 43.3),
    ("65", 0.2, 43.1),
    ("66", 2.5, 42.6),
    ("67", 7.6, 48.7),
    ("68", 7.3, 47.9),
    ("69", 4.6, 45.9),
    ("70", 6.1, 47.6),
    ("71", 4.5, 46.6),
    ("72", 0.2, 48.0),
    ("73", 6.4, 45.5),
    ("74", 6.4, 46.0),
    ("75", 2.3, 48.9),
    ("76", 1.0, 49.7),
    ("77", 2.9, 48.6),
    ("78", 1.8, 48.8),
    ("79", -0.3, 46.5),
    ("80", 2.3, 49.9),
    ("81", 2.2, 43.8),
    ("82", 1.3, 44.1),
    ("83", 6.2, 43.5),
    ("84", 5.2, 44.0),
    ("85", -1.3, 46.7),
    ("86", 0.5, 46.6),
    ("87", 1.2, 45.9),
    ("88", 6.4, 48.2),
    ("89", 3.6, 47.8),
    ("90", 6.9, 47.6),
    ("91", 2.2, 48.5),
    ("92", 2.2, 48.8),
    ("93", 2.5, 48.9),
    ("94", 2.5, 48.8),
    ("95", 2.1, 49.1),
    ("971", -61.5, 16.2),
    ("972", -61.0, 14.7),
    ("973", -52.6, 4.6),
    ("974", 55.5, -21.1),
    ("976", 45.1, -12.8),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_is_a_commune_of_a_known_department() {
        let communes = all();
        assert_eq!(communes.len(), TEXT.lines().count() - 1);
        assert!(communes.len() >= 1_000);
        for commune in &communes {
            assert_eq!(commune.insee.len(), 5, "{commune:?}");
            assert!(!commune.postcodes.is_empty(), "{commune:?}");
            for postcode in &commune.postcodes {
                assert!(postcode.len() == 5 && postcode.bytes().all(|b| b.is_ascii_digit()));
                let of = &commune.department()[..2];
                assert!(
                    postcode.starts_with(of) || of.starts_with('2'),
                    "{commune:?}"
                );
            }
            let known = CENTRES
                .iter()
                .any(|(code, ..)| *code == commune.department());
            assert!(known, "{commune:?}");
        }
        let codes: HashSet<_> = communes.iter().map(|commune| commune.insee).collect();
        assert_eq!(codes.len(), communes.len());
    }
}
