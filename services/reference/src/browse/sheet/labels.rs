//! French headings of the lists' files.

/// Columns of the communes' file.
pub const COMMUNE_COLUMNS: &[(&str, &str)] = &[
    ("insee", "Code INSEE"),
    ("commune", "Commune"),
    ("voies", "Voies"),
    ("immeubles", "Immeubles"),
    ("logements", "Logements"),
    ("pm", "PM"),
    ("deploye", "Déployés"),
    ("demande", "Sur demande"),
    ("travaux", "En travaux"),
    ("prevu", "Prévus"),
    ("abandonne", "Abandonnés"),
    ("adresses_ban", "Adresses BAN"),
];
/// Columns of the streets' file.
pub const STREET_COLUMNS: &[(&str, &str)] = &[
    ("insee", "Code INSEE"),
    ("rivoli", "Code RIVOLI"),
    ("voie", "Voie"),
    ("code_postal", "Code postal"),
    ("immeubles", "Immeubles"),
    ("logements", "Logements"),
    ("deploye", "Déployés"),
    ("demande", "Sur demande"),
    ("travaux", "En travaux"),
    ("prevu", "Prévus"),
    ("abandonne", "Abandonnés"),
    ("hexacle_voie", "Hexaclé de la voie"),
    ("adresses_ban", "Adresses BAN"),
];
/// Columns of the buildings' file.
pub const PLOT_COLUMNS: &[(&str, &str)] = &[
    ("identifiant_immeuble", "IdentifiantImmeuble"),
    ("numero", "Numéro"),
    ("complement", "Complément"),
    ("batiment", "Bâtiment"),
    ("etat", "État"),
    ("logements", "Logements"),
    ("pm", "PM"),
    ("cle_ban", "Clé BAN"),
];
/// Columns of the file of a building's structure.
pub const DWELLING_COLUMNS: &[(&str, &str)] = &[
    ("batiment", "Bâtiment"),
    ("escalier", "Escalier"),
    ("etage", "Étage"),
    ("porte", "Porte"),
    ("rang", "Rang"),
    ("pbo", "PBO"),
    ("pto", "PTO"),
    ("etat_referentiel", "État au référentiel"),
    ("etat", "État de la ligne"),
    ("operateur", "Opérateur"),
    ("commande_en_cours", "Commande en cours"),
];
/// Columns of the file of a PM's PBOs.
pub const PBO_COLUMNS: &[(&str, &str)] = &[
    ("pbo", "PBO"),
    ("type", "Type"),
    ("capacite", "Capacité"),
    ("libres", "Libres"),
    ("posees", "Déjà posées ou dédiées"),
    ("reservees", "Réservées"),
    ("occupees", "Occupées"),
    ("hors_service", "Hors service"),
];
/// Columns of the file of a PBO's fibres.
pub const FIBRE_COLUMNS: &[(&str, &str)] = &[
    ("identifiant_fibre", "IdentifiantFibre"),
    ("cable", "Câble"),
    ("tube", "Tube"),
    ("fibre", "Fibre"),
    ("etat_referentiel", "État au référentiel"),
    ("etat", "État en vigueur"),
    ("pto", "PTO"),
    ("operateur", "Opérateur"),
];
/// Columns of the file of a history.
pub const HISTORY_COLUMNS: &[(&str, &str)] = &[
    ("version", "Version"),
    ("publiee", "Publiée le"),
    ("fichier", "Fichier"),
    ("extraction", "Extrait le"),
    ("evenement", "Événement"),
    ("champ", "Champ"),
    ("avant", "Avant"),
    ("apres", "Après"),
];
