//! What French addresses are written with: street types, abbreviations, little words, numbers in
//! words, and words that name a dwelling inside a building. Folded as the index is.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use crate::build::Quick;

/// Street types, with the short forms that stand for them and for nothing else.
const TYPES: &[(&str, &[&str])] = &[
    ("rue", &["r", "ru", "rues"]),
    ("avenue", &["av", "ave", "aven", "avn"]),
    (
        "boulevard",
        &["bd", "bld", "bvd", "blvd", "boul", "boulv", "bvrd"],
    ),
    ("place", &["pl", "plc", "plce"]),
    ("chemin", &["ch", "che", "chem", "chm", "chmn"]),
    ("route", &["rte", "rt", "rout"]),
    ("impasse", &["imp", "impas", "ip"]),
    ("allee", &["al", "all"]),
    ("allees", &["als", "alls"]),
    ("square", &["sq", "squ"]),
    ("quai", &["qu", "qai"]),
    ("cours", &["crs"]),
    ("cour", &[]),
    ("cite", &["cit"]),
    ("lotissement", &["lot", "lotis", "ltsmt"]),
    ("residence", &["res", "resid", "rce"]),
    ("passage", &["pas", "pass", "psg", "pge"]),
    ("sentier", &["sen", "sent"]),
    ("sente", &[]),
    ("venelle", &["ven", "vnl"]),
    ("ruelle", &["rle", "rlle"]),
    ("faubourg", &["fg", "fbg", "faub", "fb"]),
    ("promenade", &["prom", "pro"]),
    ("esplanade", &["esp", "espl"]),
    ("voie", &["voi"]),
    ("villa", &["vla"]),
    ("hameau", &["ham", "hmo"]),
    ("domaine", &["dom"]),
    ("parc", &["prc"]),
    ("clos", &[]),
    ("mail", &[]),
    ("montee", &["mte", "mtee"]),
    ("cote", &[]),
    ("traverse", &["tra", "trav"]),
    ("chaussee", &["chs", "chau"]),
    ("zone", &["zn"]),
    ("za", &[]),
    ("zi", &[]),
    ("zac", &[]),
    ("carrefour", &["car", "carr"]),
    ("quartier", &["qua", "quart", "qtier", "qrt"]),
    ("lieu", &["ld"]),
    ("levee", &["leve"]),
    ("rocade", &["roc"]),
    ("galerie", &["gal"]),
    ("jardin", &["jard"]),
    ("placette", &["plt"]),
    ("parvis", &["prv"]),
    ("rampe", &["rpe"]),
    ("rond", &["rpt", "rdpt"]),
    ("village", &["vge", "vlge"]),
    ("descente", &["dsc"]),
    ("drive", &[]),
    ("espace", &["espa"]),
    ("terrasse", &["tsse", "terr"]),
    ("groupe", &["grp"]),
    ("ferme", &["frm"]),
    ("bourg", &["brg"]),
    ("straed", &[]),
    ("hent", &[]),
    ("strada", &[]),
    ("chjassu", &[]),
];

/// Short forms of other words of street and commune names; several may be meant.
const SHORT: &[(&str, &[&str])] = &[
    ("st", &["saint", "sainte"]),
    ("s", &["saint", "sur", "sous"]),
    ("ste", &["sainte", "saint"]),
    ("sts", &["saints"]),
    ("stes", &["saintes"]),
    ("gal", &["general"]),
    ("gen", &["general"]),
    ("gl", &["general"]),
    ("gnal", &["general"]),
    ("mal", &["marechal"]),
    ("mar", &["marechal"]),
    ("mrchal", &["marechal"]),
    ("pdt", &["president"]),
    ("pres", &["president"]),
    ("prdt", &["president"]),
    ("dr", &["docteur"]),
    ("doct", &["docteur"]),
    ("pr", &["professeur"]),
    ("prof", &["professeur"]),
    ("cap", &["capitaine"]),
    ("cpt", &["capitaine"]),
    ("cne", &["capitaine"]),
    ("capt", &["capitaine"]),
    ("col", &["colonel"]),
    ("cel", &["colonel"]),
    ("cdt", &["commandant"]),
    ("cmdt", &["commandant"]),
    ("cmt", &["commandant"]),
    ("lt", &["lieutenant"]),
    ("ltn", &["lieutenant"]),
    ("lieut", &["lieutenant"]),
    ("sgt", &["sergent"]),
    ("serg", &["sergent"]),
    ("adj", &["adjudant"]),
    ("asp", &["aspirant"]),
    ("cal", &["caporal"]),
    ("am", &["amiral"]),
    ("ami", &["amiral"]),
    ("aml", &["amiral"]),
    ("abb", &["abbe"]),
    ("che", &["chevalier"]),
    ("chan", &["chanoine"]),
    ("mgr", &["monseigneur"]),
    ("gd", &["grand"]),
    ("gde", &["grande"]),
    ("gr", &["grand", "grande"]),
    ("gds", &["grands"]),
    ("gdes", &["grandes"]),
    ("grd", &["grand"]),
    ("pt", &["petit", "pont"]),
    ("ptt", &["petit"]),
    ("pte", &["petite", "porte"]),
    ("pts", &["petits"]),
    ("vx", &["vieux"]),
    ("vlle", &["vieille"]),
    ("ht", &["haut"]),
    ("hte", &["haute"]),
    ("hts", &["hauts"]),
    ("htes", &["hautes"]),
    ("anc", &["ancien", "ancienne"]),
    ("ss", &["sous"]),
    ("sr", &["sur"]),
    ("ctre", &["centre"]),
    ("com", &["communal"]),
    ("dep", &["departementale"]),
    ("nat", &["nationale"]),
    ("rep", &["republique"]),
    ("rpq", &["republique"]),
    ("lib", &["liberation"]),
    ("res", &["resistance"]),
    ("ing", &["ingenieur"]),
    ("fr", &["frere", "francois"]),
    ("frs", &["freres"]),
    ("fres", &["freres"]),
    ("jn", &["jean"]),
    ("ch", &["charles", "chateau"]),
    ("cht", &["chateau"]),
    ("chat", &["chateau"]),
    ("jq", &["jacques"]),
    ("jacq", &["jacques"]),
    ("ph", &["philippe"]),
    ("alex", &["alexandre"]),
    ("ant", &["antoine"]),
    ("nd", &["notre"]),
    ("ile", &["isle"]),
    ("isle", &["ile"]),
];

/// Words that alone tell nothing of a name.
const LITTLE: &[&str] = &[
    "a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "lez", "sous",
    "sur", "un", "une", "er", "e", "eme", "ere", "nd", "dit", "lieu", "lieudit", "n", "no",
    "numero", "ville", "the",
];

/// What a name of a letter or an article glues to the next word when the apostrophe is forgotten.
pub(crate) const ELIDED: &[&str] = &["d", "l"];

/// Words in numbers, by value. Thousands are years, which names have in digits.
const NUMBERS: &[(&str, u32)] = &[
    ("un", 1),
    ("une", 1),
    ("deux", 2),
    ("trois", 3),
    ("quatre", 4),
    ("cinq", 5),
    ("six", 6),
    ("sept", 7),
    ("huit", 8),
    ("neuf", 9),
    ("dix", 10),
    ("onze", 11),
    ("douze", 12),
    ("treize", 13),
    ("quatorze", 14),
    ("quinze", 15),
    ("seize", 16),
    ("vingt", 20),
    ("vingts", 20),
    ("trente", 30),
    ("quarante", 40),
    ("cinquante", 50),
    ("soixante", 60),
    ("septante", 70),
    ("huitante", 80),
    ("octante", 80),
    ("nonante", 90),
    ("cent", 100),
    ("cents", 100),
    ("mille", 1000),
];

/// The other way round, for names: « 8 mai » and « huit mai ».
const NAME_NUMBERS: &[(&str, &str)] = &[
    ("1", "premier"),
    ("1", "un"),
    ("1", "premiere"),
    ("2", "deux"),
    ("2", "deuxieme"),
    ("2", "seconde"),
    ("3", "trois"),
    ("4", "quatre"),
    ("5", "cinq"),
    ("6", "six"),
    ("7", "sept"),
    ("8", "huit"),
    ("9", "neuf"),
    ("10", "dix"),
    ("11", "onze"),
    ("12", "douze"),
    ("13", "treize"),
    ("14", "quatorze"),
    ("15", "quinze"),
    ("16", "seize"),
    ("18", "dix-huit"),
    ("19", "dix-neuf"),
    ("20", "vingt"),
    ("40", "quarante"),
    ("100", "cent"),
    ("2", "ii"),
    ("3", "iii"),
    ("4", "iv"),
    ("5", "v"),
    ("6", "vi"),
    ("7", "vii"),
    ("8", "viii"),
    ("9", "ix"),
    ("10", "x"),
    ("11", "xi"),
    ("12", "xii"),
    ("13", "xiii"),
    ("14", "xiv"),
    ("15", "xv"),
    ("16", "xvi"),
    ("18", "xviii"),
    ("19", "xix"),
    ("23", "xxiii"),
];

/// Words for a dwelling within a building, each followed by its value.
const WITHIN: &[&str] = &[
    "appt",
    "apt",
    "app",
    "appart",
    "appartement",
    "apprt",
    "apart",
    "bat",
    "batiment",
    "bt",
    "batim",
    "esc",
    "escalier",
    "etage",
    "etg",
    "porte",
    "pte",
    "hall",
    "cage",
    "entree",
    "digicode",
    "code",
    "boite",
    "logement",
    "lgt",
    "log",
    "interphone",
    "chambre",
    "chbre",
    "studio",
    "niveau",
    "niv",
    "bal",
    "bloc",
    "couloir",
    "numero",
    "tour",
    "immeuble",
    "imm",
];

/// Words for a dwelling within a building that need no value.
const WITHIN_ALONE: &[&str] = &[
    "rdc",
    "gauche",
    "droite",
    "droit",
    "face",
    "duplex",
    "sonnette",
    "interphone",
    "etage",
    "cedex",
    "france",
];

/// Words after which somebody's or a building's name follows.
const NAMED: &[&str] = &[
    "chez",
    "residence",
    "resid",
    "res",
    "monsieur",
    "madame",
    "mme",
    "mlle",
    "mr",
    "m",
    "famille",
    "immeuble",
    "villa",
    "batiment",
    "tour",
    "societe",
    "sarl",
    "ets",
    "entreprise",
];

/// Post that follows no street: each has a number.
const POSTAL: &[&str] = &["bp", "cs", "tsa", "cidex"];

/// Letters and words that may follow a house number, and how they are kept.
const SUFFIXES: &[(&str, &str)] = &[
    ("bis", "bis"),
    ("biss", "bis"),
    ("bs", "bis"),
    ("ter", "ter"),
    ("tr", "ter"),
    ("terr", "ter"),
    ("quater", "quater"),
    ("quarter", "quater"),
    ("quatre", "quater"),
    ("qua", "quater"),
    ("quat", "quater"),
    ("quinquies", "quinquies"),
    ("quinquis", "quinquies"),
    ("quin", "quinquies"),
    ("sexies", "sexies"),
    ("septies", "septies"),
    ("octies", "octies"),
];

/// What is known of a word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// The street type that it is or shortens.
    pub street_type: Option<&'static str>,
    pub full_type: bool,
    /// What it may shorten besides.
    pub long: &'static [&'static str],
    pub little: bool,
    pub number: Option<u32>,
    pub within: bool,
    pub within_alone: bool,
    pub named: bool,
    pub postal: bool,
    /// The suffix of a house number that it spells.
    pub suffix: Option<&'static str>,
}

/// Letters of the longest word that is known.
const KNOWN_MAX: usize = 13;

type Words = HashMap<&'static [u8], Known, BuildHasherDefault<Quick>>;

static KNOWN: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    let mut at = |word: &'static str, set: &dyn Fn(&mut Known)| {
        set(words.entry(word.as_bytes()).or_default());
    };
    for (full, shorts) in TYPES {
        at(full, &|known| {
            known.street_type = Some(full);
            known.full_type = true;
        });
        for short in *shorts {
            at(short, &|known| {
                known.street_type = known.street_type.or(Some(full))
            });
        }
    }
    for (short, long) in SHORT {
        at(short, &|known| {
            known.long = if known.long.is_empty() {
                long
            } else {
                known.long
            }
        });
    }
    LITTLE
        .iter()
        .for_each(|word| at(word, &|known| known.little = true));
    NUMBERS
        .iter()
        .for_each(|(word, value)| at(word, &|known| known.number = Some(*value)));
    WITHIN
        .iter()
        .for_each(|word| at(word, &|known| known.within = true));
    WITHIN_ALONE
        .iter()
        .for_each(|word| at(word, &|known| known.within_alone = true));
    NAMED
        .iter()
        .for_each(|word| at(word, &|known| known.named = true));
    POSTAL
        .iter()
        .for_each(|word| at(word, &|known| known.postal = true));
    SUFFIXES
        .iter()
        .for_each(|(word, kept)| at(word, &|known| known.suffix = Some(kept)));
    words
});

/// What is known of `word`.
pub(crate) fn known(word: &[u8]) -> Known {
    if word.len() > KNOWN_MAX {
        return Known::default();
    }
    KNOWN.get(word).copied().unwrap_or_default()
}

/// The street type that `word` is or shortens.
pub(crate) fn street_type(word: &[u8]) -> Option<&'static str> {
    known(word).street_type
}

/// Whether `word` is a street type in full.
pub(crate) fn is_full_type(word: &[u8]) -> bool {
    known(word).full_type
}

/// The full word that a name of the reference means by `word`, where only one can be meant.
pub(crate) fn sure_long_form(word: &[u8]) -> Option<&'static str> {
    const SURE: &[&str] = &[
        "st", "ste", "sts", "gal", "gen", "mal", "dr", "pdt", "prof", "cdt", "sgt", "mgr", "gd",
        "gde", "gds", "vx", "capt", "lt",
    ];
    let sure = SURE.iter().any(|one| one.as_bytes() == word);
    sure.then(|| known(word).long.first().copied()).flatten()
}

/// Whether `word` tells nothing alone.
pub(crate) fn is_little(word: &[u8]) -> bool {
    known(word).little
}

/// The value of a word of number.
pub(crate) fn number_word(word: &[u8]) -> Option<u32> {
    known(word).number
}

/// Digits and words that names use one for the other.
pub(crate) fn same_number(word: &[u8]) -> impl Iterator<Item = &'static str> {
    NAME_NUMBERS.iter().filter_map(move |(digits, name)| {
        if digits.as_bytes() == word {
            Some(*name)
        } else {
            (name.as_bytes() == word).then_some(*digits)
        }
    })
}

/// The suffix that a word after a number spells; single letters stand for themselves.
pub(crate) fn suffix(word: &[u8]) -> Option<&str> {
    if let [b'a'..=b'z'] = word {
        return std::str::from_utf8(word).ok();
    }
    known(word).suffix
}

/// Spellings of a suffix that may be meant by `suffix`, nearest first: the trade writes one letter
/// where the national base writes the word.
pub(crate) fn twins(suffix: &str) -> &'static [&'static str] {
    match suffix {
        "bis" => &["b"],
        "b" => &["bis"],
        "ter" => &["t"],
        "t" => &["ter"],
        "quater" => &["q"],
        "q" => &["quater"],
        _ => &[],
    }
}
