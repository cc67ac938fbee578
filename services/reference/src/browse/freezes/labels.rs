//! French words of freezes on the OI's pages.

use domain::freeze::labels::until;
use domain::freeze::{Act, Freeze, FreezeKind, Stage};

/// Title of the list of freezes and of its entry in the menu.
pub const FREEZES: &str = "Gels";
/// Every freeze, in the filter.
pub const ALL_FREEZES: &str = "Tous";
/// Columns of the file of freezes.
pub const FREEZE_COLUMNS: &[(&str, &str)] = &[
    ("nature", "Nature"),
    ("reference", "Référence"),
    ("etat", "État"),
    ("debut", "Début"),
    ("fin_prevue", "Fin prévue"),
    ("motif", "Motif"),
    ("interne", "Motif interne"),
    ("pose_par", "Posé par"),
    ("pose_le", "Posé le"),
    ("leve_par", "Levé par"),
    ("leve_le", "Levé le"),
];

/// What a sheet says of a freeze.
#[must_use]
pub fn frozen(freeze: &Freeze, stage: Stage) -> String {
    let end = until(freeze.to);
    let what = match freeze.kind {
        FreezeKind::Building => "Gel des commandes",
        FreezeKind::Pm => "Gel des commandes de tout le PM",
    };
    match stage {
        Stage::ToCome => format!(
            "{what} à partir du {}, {end}",
            web::french::stamp(freeze.from)
        ),
        Stage::InForce | Stage::Over => format!("{what} {end}"),
    }
}

/// Who put a freeze and when; nothing when that was not noted.
#[must_use]
pub fn put_by(act: &Act) -> String {
    match act.set_at {
        Some(at) if !act.set_by.is_empty() => {
            format!("Posé par {} le {}", act.set_by, web::french::stamp(at))
        }
        _ => String::new(),
    }
}
