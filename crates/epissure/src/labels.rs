//! What the command line says in French: refusals, and the document of codes made from them.

/// Before what to do about a refusal.
pub const REMEDY: &str = "→ corriger :";
/// Before the address of a code's page.
pub const PAGE: &str = "→ voir :";

/// The head of `docs/codes-erreur.md`.
pub const CODES_HEAD: &str = "# Codes d’erreur\n\n\
    Ce document est produit par `epissure errors` à partir de la table des codes ; chaque code a \
    aussi sa page sur le portail, `/erreurs/<code>`.\n\n\
    | Code | Libellé | Que faire | Qui agit | Code retour XML |\n\
    | --- | --- | --- | --- | --- |\n";
