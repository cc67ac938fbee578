//! The codes with which the platform refuses: the trade's own (Interop order codes and the common
//! return codes of the SAV working group), and ours (`E...`) only where the trade has none. One
//! table; `docs/codes-erreur.md`, the portal's catalogue and every edge read it.

use crate::RefusalKind::{self, Conflict, Forbidden, Invalid, NotFound, Unavailable};

/// Who can make a refusal go away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoActs {
    /// The commercial operator that asked.
    Operator,
    /// The infrastructure operator.
    Provider,
    /// The operator's own customer.
    EndCustomer,
}

impl WhoActs {
    /// As written on screen and in files.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Operator => "l’opérateur",
            Self::Provider => "le fournisseur",
            Self::EndCustomer => "le client final",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Code {
    /// The code as exchanged.
    pub code: &'static str,
    /// Its label, in French.
    pub label: &'static str,
    /// What to do about it, in French.
    pub remedy: &'static str,
    /// Who must act.
    pub who: WhoActs,
    /// The common return code that goes with it in XML answers.
    pub return_code: u16,
    /// What an edge does with it.
    pub kind: RefusalKind,
}

use WhoActs::{EndCustomer, Operator, Provider};

macro_rules! codes {
    ($($name:ident = $code:literal, $ret:literal, $kind:ident, $who:ident,
        $label:literal, $remedy:literal;)*) => {
        $(
            #[doc = $label]
            pub static $name: Code = Code {
                code: $code, label: $label, remedy: $remedy, who: $who, return_code: $ret,
                kind: $kind,
            };
        )*
        /// Every code, in the order of the catalogue.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

/// The row of `code`, if the table has it.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|row| row.code == code)
}

codes! {
    FCLI01 = "FCLI01", 4, Unavailable, Operator,
        "Client : contact erroné",
        "Corrigez le nom ou le téléphone du client, puis relancez le raccordement.";
    FCLI02 = "FCLI02", 4, Unavailable, Operator,
        "Client injoignable, prise de rendez-vous impossible",
        "Joignez votre client, puis relancez le raccordement.";
    FCLI03 = "FCLI03", 4, Unavailable, Operator,
        "Le client n’habite pas à l’adresse indiquée",
        "Vérifiez l’adresse avec votre client et passez une nouvelle commande.";
    FCLI04 = "FCLI04", 4, Unavailable, EndCustomer,
        "Annulation demandée par le client final",
        "Annulez la commande, ou confirmez-la avec votre client.";
    FCLI05 = "FCLI05", 4, Unavailable, EndCustomer,
        "Travaux refusés par le client",
        "Convenez d’un autre passage avec votre client, ou annulez la commande.";
    FCLI06 = "FCLI06", 4, Unavailable, EndCustomer,
        "Travaux refusés par le gestionnaire de l’immeuble",
        "Obtenez l’accord du gestionnaire, puis relancez le raccordement.";
    FCLI07 = "FCLI07", 4, Unavailable, EndCustomer,
        "Client absent lors de l’intervention",
        "Prenez une nouvelle date avec votre client.";
    FADR01 = "FADR01", 8, Invalid, Operator,
        "Code adresse inexistant dans le référentiel",
        "Relisez la structure de l’adresse dans l’éligibilité et recopiez la clé telle quelle ; \
         la première clé présente décide (Hexaclé, puis INSEE + RIVOLI + numéro, puis \
         IdentifiantImmeuble).";
    FADR02 = "FADR02", 8, Invalid, Operator,
        "Bâtiment manquant ou inexistant dans le référentiel",
        "Choisissez le bâtiment parmi ceux que rend l’éligibilité.";
    FADR03 = "FADR03", 8, Invalid, Operator,
        "Escalier manquant ou inexistant dans le référentiel",
        "Choisissez l’escalier parmi ceux que rend l’éligibilité.";
    FADR04 = "FADR04", 8, Invalid, Operator,
        "Étage manquant ou inexistant dans le référentiel",
        "Choisissez l’étage parmi ceux que rend l’éligibilité.";
    FIMP01 = "FIMP01", 1, Invalid, Operator,
        "Référence de PTO requise",
        "Toutes les lignes de ce logement existent déjà : indiquez PriseExistante = O et la \
         référence de la PTO.";
    FIMP02 = "FIMP02", 8, Invalid, Operator,
        "PTO inexistante dans le référentiel",
        "Vérifiez la référence lue sur la prise (O et 0, I et 1 se confondent).";
    FIMP03 = "FIMP03", 4, Invalid, Operator,
        "PTO inconnue à cette adresse",
        "La PTO existe ailleurs : vérifiez l’adresse, le bâtiment, l’escalier et l’étage.";
    FIMP04 = "FIMP04", 8, Invalid, Operator,
        "Référence de prestation PM inexistante",
        "Utilisez la référence de prestation PM de votre CR d’adduction.";
    FIMP05 = "FIMP05", 4, Invalid, Operator,
        "Référence de prestation PM et adresse incohérentes",
        "Utilisez la prestation du PM qui dessert cette adresse.";
    FIMP06 = "FIMP06", 13, Conflict, Operator,
        "Type de commande irrecevable dans cet état",
        "Consultez la commande : son état dit ce qui est encore possible.";
    FIMP07 = "FIMP07", 8, Invalid, Operator,
        "PM inexistant dans le référentiel",
        "Recopiez la référence du PM que rend l’éligibilité.";
    FIMP08 = "FIMP08", 4, Invalid, Operator,
        "PM et adresse incohérents",
        "Recopiez la référence du PM que rend l’éligibilité pour cette adresse.";
    FIMP09 = "FIMP09", 11, Unavailable, Operator,
        "Commande irrecevable sur ce PM (opérateur non présent au PM, ou PM avant sa date de \
         mise en service commerciale)",
        "Faites-vous adducter au PM, ou attendez sa mise en service commerciale.";
    FIMP10 = "FIMP10", 11, Unavailable, Provider,
        "Commande irrecevable sur cette adresse (non mise à disposition, ou avant la date \
         d’ouverture des commandes)",
        "Attendez la date d’ouverture que rend l’éligibilité.";
    FIMP11 = "FIMP11", 11, Unavailable, Provider,
        "Adresse temporairement inéligible (gel)",
        "Attendez la levée du gel par le fournisseur.";
    FIMP12 = "FIMP12", 2, Invalid, Operator,
        "Type de commande erroné",
        "Valeurs admises : AUTO, LOCA, COFI.";
    FIMP13 = "FIMP13", 100, Conflict, Operator,
        "Référence interne de commande déjà utilisée",
        "Consultez la commande déjà déposée sous cette référence ; pour une autre commande, \
         prenez une référence neuve.";
    FIMP14 = "FIMP14", 9, NotFound, Operator,
        "Référence de commande inconnue",
        "Vérifiez la référence : elle n’est pas dans votre parc.";
    FIMP15 = "FIMP15", 1, Invalid, Operator,
        "Champ obligatoire manquant",
        "Renseignez le champ indiqué.";
    FIMP16 = "FIMP16", 3, Invalid, Operator,
        "Champ incohérent ou de format invalide",
        "Corrigez le champ indiqué.";
    FIMP17 = "FIMP17", 8, Unavailable, Operator,
        "PTO inexistante dans le logement",
        "Passez une commande de construction pour ce logement.";
    FIMP18 = "FIMP18", 4, Unavailable, Operator,
        "PTO existante dans le logement",
        "Passez une commande sur la PTO existante.";
    FIMP19 = "FIMP19", 11, Conflict, Operator,
        "PTO déjà affectée à votre société",
        "La ligne est déjà dans votre parc : rien à commander.";
    FINT01 = "FINT01", 7, Unavailable, Provider,
        "PB ou PM saturé",
        "Aucune fibre libre au point de branchement : le fournisseur doit l’étendre.";
    FINT02 = "FINT02", 7, Unavailable, Provider,
        "Saturation virtuelle du PB ou du PM",
        "Le fournisseur doit libérer des fibres réservées.";
    FINT03 = "FINT03", 4, Unavailable, Provider,
        "Assistance du fournisseur injoignable",
        "Le fournisseur attribue une nouvelle route à froid.";
    FINT04 = "FINT04", 4, Unavailable, Provider,
        "Absence de continuité optique",
        "Le fournisseur doit rétablir la continuité.";
    FINT05 = "FINT05", 4, Unavailable, Provider,
        "Affaiblissement trop important",
        "Le fournisseur doit corriger l’affaiblissement.";
    FINT06 = "FINT06", 4, Conflict, Provider,
        "Route optique déjà utilisée",
        "Une autre commande est en cours sur cette ligne : attendez son issue, puis commandez \
         de nouveau.";
    FINT07 = "FINT07", 4, Unavailable, Provider,
        "Informations de route optique erronées",
        "Le fournisseur doit corriger la route.";
    FINT08 = "FINT08", 4, Unavailable, Operator,
        "Position de brassage introuvable dans votre baie",
        "Corrigez la position de brassage.";
    FINT09 = "FINT09", 4, Unavailable, Operator,
        "Position de brassage déjà utilisée dans votre baie",
        "Donnez une autre position de brassage.";
    FINT10 = "FINT10", 4, Unavailable, Provider,
        "Autre problème technique",
        "Le fournisseur traite le problème constaté.";
    FINT11 = "FINT11", 4, Unavailable, Provider,
        "Infrastructure d’un tiers indisponible",
        "Le fournisseur attend le tiers.";
    FINT12 = "FINT12", 4, Unavailable, Provider,
        "PBO non conforme",
        "Le fournisseur doit remettre le PBO en état.";
    FINT13 = "FINT13", 4, Unavailable, Provider,
        "Défaut de verticalité",
        "Le fournisseur doit réparer la colonne montante.";
    FAUT01 = "FAUT01", 4, Unavailable, Operator,
        "Autre motif : commentaire libre",
        "Lisez le commentaire.";
    FRDV01 = "FRDV01", 101, Unavailable, Operator,
        "Nombre maximal de modifications du rendez-vous dépassé",
        "Passez une nouvelle commande avec un nouveau rendez-vous.";
    FRDV02 = "FRDV02", 101, Unavailable, Operator,
        "Pas de plage disponible sur ces créneaux",
        "Choisissez d’autres créneaux.";
    FRDV03 = "FRDV03", 101, Unavailable, Operator,
        "Plage de rendez-vous non réservée : délai de commande dépassé",
        "Réservez un nouveau créneau, puis commandez dans le délai.";
    FRDV04 = "FRDV04", 101, Unavailable, Operator,
        "État du rendez-vous non valide",
        "Réservez un nouveau créneau.";
    FRDV05 = "FRDV05", 101, Unavailable, Operator,
        "Rendez-vous pris sur un produit non FTTH",
        "Réservez un créneau FTTH.";
    FRDV06 = "FRDV06", 101, Unavailable, Operator,
        "Rendez-vous pris sur une autre adresse",
        "Réservez un créneau à l’adresse de la commande.";
    RC01 = "1", 1, Invalid, Operator,
        "Information obligatoire absente",
        "Renseignez l’élément indiqué.";
    RC02 = "2", 2, Invalid, Operator,
        "Valeur hors des valeurs prévues",
        "Utilisez l’une des valeurs publiées dans le contrat du service.";
    RC03 = "3", 3, Invalid, Operator,
        "Format invalide",
        "Corrigez le format de l’élément indiqué.";
    RC04 = "4", 4, Invalid, Operator,
        "Critères de recherche non respectés",
        "Donnez l’une des combinaisons de critères admises.";
    RC05 = "5", 5, NotFound, Operator,
        "Aucun résultat",
        "Élargissez la recherche.";
    RC07 = "7", 7, Unavailable, Operator,
        "Seuil de saturation atteint",
        "Recommencez après le délai indiqué.";
    RC09 = "9", 9, NotFound, Operator,
        "Hors de votre parc",
        "Vérifiez la référence : elle n’est pas dans votre parc.";
    RC10 = "10", 10, Unavailable, Provider,
        "Erreur interne de la plateforme",
        "Renvoyez la même demande plus tard, avec le même IdentifiantRequete ; si l’erreur \
         demeure, donnez sa référence au soutien.";
    RC11 = "11", 11, Forbidden, Operator,
        "Action non autorisée pour ce compte",
        "Demandez le droit à l’administrateur de votre société.";
    RC12 = "12", 12, Forbidden, Operator,
        "Erreur d’authentification",
        "Vérifiez l’identifiant, le mot de passe ou le certificat.";
    RC13 = "13", 13, Conflict, Operator,
        "Hors des valeurs attendues",
        "Consultez l’état de l’objet avant de recommencer ; un même identifiant de requête ne \
         porte qu’un seul contenu.";
    RC14 = "14", 14, Unavailable, Provider,
        "Service en maintenance ou momentanément indisponible",
        "Renvoyez la même demande plus tard, avec le même IdentifiantRequete.";
    RC15 = "15", 15, Forbidden, Operator,
        "Accès non autorisé",
        "Votre accès est suspendu, ou votre société ne détient pas cette offre : voyez votre \
         administrateur ou le fournisseur.";
    RC16 = "16", 16, Forbidden, Operator,
        "Accès désactivé",
        "Cet identifiant est désactivé : demandez-en un nouveau à votre administrateur.";
    RC17 = "17", 17, Invalid, Operator,
        "Service inexistant",
        "Vérifiez l’adresse du service et le nom de l’opération.";
    RC18 = "18", 18, Invalid, Operator,
        "Message illisible (XML)",
        "Envoyez une enveloppe SOAP 1.1 bien formée, en UTF-8, sans DOCTYPE.";
    RC19 = "19", 19, Forbidden, Operator,
        "Service désactivé : votre société n’y est pas abonnée, ou il n’est pas en service",
        "Souscrivez l’e-service par un bon de commande.";
    RC22 = "22", 22, Invalid, Operator,
        "Message non conforme au contrat du service",
        "Validez le message contre le schéma publié.";
    RC100 = "100", 100, Conflict, Operator,
        "Ticket impossible à créer : il en existe déjà un, encore ouvert",
        "Suivez celui qui est ouvert : sa référence est donnée.";
    EOPT01 = "EOPT01", 4, Invalid, Operator,
        "Adresse ambiguë : plusieurs immeubles correspondent",
        "Précisez l’IdentifiantImmeuble ou le bâtiment parmi ceux rendus.";
    EIMP01 = "EIMP01", 4, Invalid, Provider,
        "Fichier de référence refusé",
        "Corrigez le fichier d’après le compte rendu, puis recommencez.";
    EIMP02 = "EIMP02", 4, Conflict, Provider,
        "Fichier déjà importé",
        "Ce contenu est déjà celui d’une publication : rien à faire.";
    EIMP03 = "EIMP03", 1, Invalid, Provider,
        "Date d’extraction inconnue",
        "Donnez la date d’extraction (--extracted-at AAAA-MM-JJ à la ligne de commande), ou \
         nommez le fichier avec sa date.";
    EEXP01 = "EEXP01", 4, Invalid, Operator,
        "Export trop grand",
        "Resserrez les filtres : un fichier porte au plus 100 000 lignes.";
    EIMP04 = "EIMP04", 4, Invalid, Provider,
        "Fichier refusé à la réception",
        "Envoyez un fichier texte dans les limites publiées (2 Gio, lignes de 64 Kio).";
    EIMP05 = "EIMP05", 11, Forbidden, Provider,
        "Approbation réservée à une autre personne que celle qui a déposé le fichier",
        "Faites approuver par un autre membre de l’exploitation.";
    EIMP06 = "EIMP06", 13, Conflict, Provider,
        "Cette version ne peut pas être retirée",
        "Seule la version en vigueur peut l’être ; relisez la liste des versions.";
    ELOT01 = "ELOT01", 4, Invalid, Operator,
        "Fichier de lot refusé",
        "Corrigez le fichier et déposez-le de nouveau : CSV de 16 Mio et 50 000 lignes au plus, \
         dont la première nomme les colonnes.";
    ELOT02 = "ELOT02", 13, Conflict, Operator,
        "Trop de lots en attente",
        "Attendez la fin d’un lot, ou supprimez-en un qui ne sert plus.";
    ELOT03 = "ELOT03", 13, Conflict, Operator,
        "Lot arrêté : sa version du référentiel a été retirée",
        "Déposez de nouveau le fichier : il sera testé sur la version en vigueur.";
    ELOT04 = "ELOT04", 4, Unavailable, Provider,
        "Lot arrêté par une défaillance de la plateforme",
        "Déposez de nouveau le fichier ; si cela se répète, prévenez le fournisseur.";
    ELOT05 = "ELOT05", 13, Conflict, Operator,
        "Résultat encore incomplet",
        "Attendez la fin du lot : sa page en montre l’avancement.";
    EVER01 = "EVER01", 13, Conflict, Operator,
        "L’objet a changé depuis que vous l’avez lu",
        "Relisez l’objet, puis recommencez.";
    EGEL01 = "EGEL01", 13, Conflict, Provider,
        "Immeuble ou PM déjà gelé",
        "Levez le gel en vigueur ou à venir avant d’en poser un autre.";
    EOFF01 = "EOFF01", 4, Unavailable, Operator,
        "Offre fermée à la commande",
        "Choisissez une offre en vente : l’éligibilité donne celles du catalogue en vigueur.";
    EOFF02 = "EOFF02", 4, Unavailable, Operator,
        "Offre non proposée à cette adresse",
        "Choisissez une autre offre du catalogue à cette adresse.";
    EREG01 = "EREG01", 2, Invalid, Provider,
        "Réglage refusé",
        "Relisez les réglages et ce qu’ils peuvent être : epissure setting list, guide \
         d’exploitation.";
    EVEI01 = "EVEI01", 4, Conflict, Operator,
        "Trop de veilles",
        "Arrêtez des veilles devenues inutiles : une société en a 5 000 au plus.";
    EMDP01 = "EMDP01", 3, Invalid, Operator,
        "Mot de passe trop faible",
        "Prenez au moins 14 caractères, ou sept mots.";
    AUTRE = "4-AUTRE", 4, Invalid, Operator,
        "Demande refusée",
        "Consultez le catalogue des codes.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once_and_says_what_to_do() {
        let mut seen: Vec<_> = ALL.iter().map(|row| row.code).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), ALL.len());
        for row in ALL {
            assert!(row.remedy.len() > 10, "{} has no remedy", row.code);
            assert!(row.return_code > 0, "{} has no return code", row.code);
        }
    }

    #[test]
    fn motives_map_to_the_common_return_codes() {
        let expected = [
            ("FIMP01", 1),
            ("FIMP15", 1),
            ("FIMP12", 2),
            ("FIMP16", 3),
            ("FIMP03", 4),
            ("FIMP05", 4),
            ("FIMP08", 4),
            ("FADR01", 8),
            ("FADR04", 8),
            ("FIMP02", 8),
            ("FIMP04", 8),
            ("FIMP07", 8),
            ("FIMP17", 8),
            ("FIMP09", 11),
            ("FIMP10", 11),
            ("FIMP11", 11),
            ("FIMP19", 11),
            ("FIMP06", 13),
            ("FIMP13", 100),
            ("FIMP14", 9),
            ("FRDV03", 101),
            ("FINT01", 7),
            ("FINT02", 7),
            ("FAUT01", 4),
            ("FCLI07", 4),
        ];
        for (code, ret) in expected {
            assert_eq!(
                by_code(code).map(|row| row.return_code),
                Some(ret),
                "{code}"
            );
        }
    }
}
