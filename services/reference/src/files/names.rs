//! What the name of a file tells of its kind.

use domain::release::Kind;

/// The words that name a kind, in capitals.
const WORDS: [(&str, Kind); 20] = [
    ("IPE", Kind::Ipe),
    ("IPEZMD", Kind::Ipe),
    ("TAO", Kind::Structure),
    ("STRUCTURE", Kind::Structure),
    ("FIBRES", Kind::Fibres),
    ("PRISES", Kind::Prises),
    ("PTO", Kind::Prises),
    ("ADDUCTION", Kind::Adduction),
    ("ADDU", Kind::Adduction),
    ("PBO", Kind::Pbo),
    ("CABLES", Kind::Cables),
    ("ROUTES", Kind::Routes),
    ("ND", Kind::Nd),
    ("BAN", Kind::Ban),
    ("ADRESSES", Kind::Ban),
    ("CATALOGUE", Kind::Catalogue),
    ("OFFRES", Kind::Catalogue),
    ("GRACETHD", Kind::Gracethd),
    ("PMS", Kind::Pm),
    // Names of IPEs have it too, hence last.
    ("PM", Kind::Pm),
];

/// The kind a file's name tells: `<code>_PM_IPEZMD_V31_<date>.csv` and what else operators write.
/// `None` when it tells none; no name is ever required. Of several words, the first of the list
/// wins: `fibres_pbo` holds fibres.
#[must_use]
pub fn kind_of_name(name: &str) -> Option<Kind> {
    let upper = name.to_uppercase();
    // The operator's code may be any word.
    let words: Vec<&str> = upper.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let named = |word: &str| words.contains(&word);
    let mut known = WORDS.iter();
    known.find(|(word, _)| named(word)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_use_tell_the_kind() {
        let cases = [
            ("FIBA_PM_IPEZMD_V30_20210419.csv", Some(Kind::Ipe)),
            ("MAYE_PM_IPE_V20_20150419.CSV", Some(Kind::Ipe)),
            ("TAO_structure_verticale.csv", Some(Kind::Structure)),
            ("fibres_pbo.csv", Some(Kind::Fibres)),
            ("prises.csv", Some(Kind::Prises)),
            ("nd.csv", Some(Kind::Nd)),
            ("adresses-53.csv", Some(Kind::Ban)),
            ("F2V_pm_20261123.csv", Some(Kind::Pm)),
            ("export.csv", None),
            ("recipe.csv", None),
        ];
        for (name, kind) in cases {
            assert_eq!(kind_of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn every_kind_is_told_by_its_own_word() {
        for kind in Kind::ALL {
            let name = format!("F2V_{}_20261123.csv", kind.as_str());
            assert_eq!(kind_of_name(&name), Some(*kind));
        }
    }
}
