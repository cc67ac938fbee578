//! What streets and places are called in the regions that have a tongue of their own.

/// Breton names of places, from their two halves.
pub const KER: &[&str] = &[
    "Ker", "Ker", "Ker", "Kerhuel", "Lann", "Pen", "Penn ar", "Coat", "Plou", "Loc", "Tré", "Roz",
    "Menez", "Gwern", "Park", "Poul",
];

/// Second halves of Breton names.
pub const BREIZH: &[&str] = &[
    "briant",
    "madec",
    "gall",
    "ven",
    "ouarn",
    "guen",
    "iliz",
    "bihan",
    "bras",
    "an Aod",
    "ar C'hoad",
    "ar Mor",
    "hir",
    "nevez",
    "goz",
    "vihan",
    "vraz",
    "ezec",
    "mario",
    "avel",
    "yvon",
    "izella",
];

/// What follows `Hent` and `Straed`.
pub const HENT: &[&str] = &[
    "ar Mor",
    "an Aod",
    "ar Feunteun",
    "an Iliz",
    "ar Vilin",
    "ar C'hoad",
    "ar Menez",
    "Kozh",
    "Nevez",
    "ar Skol",
    "an Heol",
    "ar Stêr",
    "an Dour",
    "ar Roz",
    "Don",
    "Bihan",
    "al Lann",
];

/// First halves of Alsatian street names, joined to the second.
pub const ELSASS: &[&str] = &[
    "Kirch",
    "Haupt",
    "Mühl",
    "Schul",
    "Reb",
    "Wald",
    "Bach",
    "Brunnen",
    "Obere Haupt",
    "Dorf",
    "Kreuz",
    "Linden",
    "Rosen",
    "Berg",
    "Metzger",
    "Spital",
    "Schloss",
    "Korn",
    "Stein",
    "Ross",
    "Allmend",
    "Hinter",
    "Garten",
    "Post",
    "Bahnhof",
];

/// Second halves of Alsatian street names.
pub const GASSE: &[&str] = &[
    "gasse", "gasse", "strasse", "matt", "weg", "platz", "acker", "gässel",
];

/// Corsican names without a French type.
pub const CORSICA: &[&str] = &[
    "Strada di a Marina",
    "Strada di l'Alivetu",
    "Strada di u Mare",
    "U Pratu",
    "U Pianu",
    "A Funtana",
    "A Leccia",
    "U Castellu",
    "L'Alzu",
    "E Case Suprane",
    "Strada di a Chjesa",
    "Carrughju Drittu",
    "Piazza di a Chjesa",
    "Chjassu di u Mulinu",
    "A Torra",
    "U Fornu",
    "Strada Vechja",
    "Casa Nova",
    "U Poghju",
    "A Serra",
    "I Pini",
    "L'Olmu",
    "Strada di u Pratu",
];

/// First parts of names of places overseas.
pub const CREOLE: &[&str] = &[
    "Morne",
    "Ravine",
    "Anse",
    "Habitation",
    "Pointe",
    "Fond",
    "Trou",
    "Bas",
    "Plateau",
    "Piton",
    "Ilet",
    "Chemin Morne",
    "Chemin Ravine",
    "Trace",
    "Savane",
    "Quartier",
    "Cité",
    "Résidence",
];

/// Second parts of names of places overseas.
pub const OF_CREOLE: &[&str] = &[
    "à l'Eau",
    "Rouge",
    "Bambou",
    "Caraïbe",
    "des Cabris",
    "Vert",
    "Capresse",
    "Lézard",
    "Mango",
    "Pavé",
    "Calebasse",
    "Congo",
    "la Vigie",
    "Bois Debout",
    "Figue",
    "Acajou",
    "Blanchard",
    "Cocotiers",
    "Madame",
    "Désir",
    "Boucan",
    "Tamarin",
    "Créole",
    "Flamboyant",
    "Zamana",
];
