//! The invented operators and their people.

use std::sync::Arc;

use domain::access::{Ctx, Duty, Profile};
use domain::account::Account;
use domain::certificate::Certificate;
use domain::contract::Contract;
use domain::operator::Operator;
use domain::{Unit, Verdict, Work};
use kernel::{Fault, OperatorId};
use storage::Error;

use super::keys::ClientKey;
use crate::services::SERVICES;
use crate::workers::Crew;

/// The OI's code and name.
pub const PROVIDER: (&str, &str) = ("F2V", "Fibre des Deux Vallées");
/// Where the platform writes to the OI.
pub const PROVIDER_EMAIL: &str = "exploitation@deuxvallees.example";

/// An invented operator.
pub struct Invented {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its files are called.
    pub file: &'static str,
    /// Its SIREN numbers: well formed, and in a range that is not given out.
    pub sirens: &'static [&'static str],
    /// Where the platform writes to it.
    pub email: &'static str,
    /// Who answers for its machines.
    pub responsible: &'static str,
    /// The reference of its contract.
    pub contract: &'static str,
    /// The offers it opens, as codes of the territory's catalogue.
    pub offers: &'static [&'static str],
}

/// « Hirondelle Télécom », with whose eyes the demonstration is mostly seen.
pub const HIRONDELLE: Invented = Invented {
    code: "HIRO",
    name: "Hirondelle Télécom",
    file: "hirondelle",
    sirens: &["999010010", "999020027"],
    email: "si@hirondelle.example",
    responsible: "Inès Carpentier",
    contract: "F2V-HIRO-2025-01",
    offers: &["ACCES_FTTH", "FTTE_PASSIF"],
};

/// « Lin Bleu Télécom », its competitor.
pub const LIN_BLEU: Invented = Invented {
    code: "LINB",
    name: "Lin Bleu Télécom",
    file: "linbleu",
    sirens: &["999030034"],
    email: "si@linbleu.example",
    responsible: "Maël Lagarde",
    contract: "F2V-LINB-2025-04",
    offers: &["ACCES_FTTH"],
};

/// Both.
pub const OPERATORS: [&Invented; 2] = [&HIRONDELLE, &LIN_BLEU];

/// An account anyone may use here: everything about it is printed and shown.
pub struct Login {
    /// The operator's code.
    pub operator: &'static str,
    /// The login, also the address.
    pub login: &'static str,
    /// The person.
    pub name: &'static str,
    /// What the person may do.
    pub profile: Profile,
    /// Who it is, on the sign-in page.
    pub role: &'static str,
    /// The password.
    pub password: &'static str,
    /// What the store keeps of it: made ahead, for making seven takes half a second.
    hash: &'static str,
}

macro_rules! login {
    ($operator:literal $profile:ident, $login:literal, $name:literal, $role:literal,
     $password:literal, $hash:literal) => {
        Login {
            operator: $operator,
            login: $login,
            name: $name,
            profile: Profile::$profile,
            role: $role,
            password: $password,
            hash: concat!("$argon2id$v=19$m=19456,t=2,p=1$", $hash),
        }
    };
}

/// Every account.
pub static LOGINS: [Login; 7] = [
    login!(
        "HIRO" Agent, "agent@hirondelle.example", "Camille Roussel",
        "Hirondelle Télécom, agente", "soudure sous la pluie",
        "hy7rlQDC8sCVaKZ3AThptA$1cg7q/KoA9brg1g4Ii4+kgpXaVFd2/UQQev39gaCA98"
    ),
    login!(
        "HIRO" Administrator, "admin@hirondelle.example", "Inès Carpentier",
        "Hirondelle Télécom, administratrice", "le toit de la grange",
        "7o1oS8p20pPDXgyOMHuSkw$7ODMAGKaF+y8ZqmSOVhUY0Hyd93pxhQey9I8SCoa/90"
    ),
    login!(
        "HIRO" Technician, "technicien@hirondelle.example", "Yanis Morel",
        "Hirondelle Télécom, technicien", "coffret au pied du mur",
        "WC6b1yBtSpCnUzuGr96O8A$fQSmGCkzfmYJoyp9hDERlmSOj2MEzjvfPPw2Qd3zLJ4"
    ),
    login!(
        "LINB" Agent, "agent@linbleu.example", "Louise Ferrand",
        "Lin Bleu Télécom, agente", "un champ bleu en juin",
        "gg9D3sJAkMz9m3bhZJlI8w$/ScVHuvRoeqGjE+0xtWrdhkP8NeOd9OEWz/xZNgyh0o"
    ),
    login!(
        "LINB" Administrator, "admin@linbleu.example", "Maël Lagarde",
        "Lin Bleu Télécom, administrateur", "la barque sur le canal",
        "f2FYooj273qZBjQAN5Ldzw$Rv9+9blJvbXZg+4tYBWLHGJubSGjJVXW2gGBWwYJp5M"
    ),
    login!(
        "F2V" Administrator, "exploitation@deuxvallees.example", "Zoé Le Goff",
        "Fibre des Deux Vallées, exploitation", "un pont entre deux rives",
        "7bbgo8EcBSADojrCLC6xwg$chnWfBXD3h/q7siDZIVpG8rLMZpS2VVPnrEvelOBWWE"
    ),
    login!(
        "F2V" Agent, "soutien@deuxvallees.example", "Paul Ndiaye",
        "Fibre des Deux Vallées, soutien", "la lampe reste claire",
        "C8o/NTWHgU3x6tOxx2SR2A$sd8LC2kRpOmv5DLs6WuDkSHux0HsSzD4W5Svi0dksqE"
    ),
];

/// The account with which an operator's agent signs in.
pub fn agent_of(operator: &str) -> Option<&'static Login> {
    LOGINS
        .iter()
        .find(|l| l.operator == operator && l.profile == Profile::Agent)
}

/// What the sign-in page shows: login, password, whose.
pub fn shown() -> Vec<(String, String, String)> {
    let row = |l: &Login| (l.login.to_owned(), l.password.to_owned(), l.role.to_owned());
    LOGINS.iter().map(row).collect()
}

/// Adds the operators with their contracts, subscriptions, accounts and certificates, in one unit
/// of work dated `ctx.now`; `keys` are those of [`OPERATORS`], in that order.
///
/// # Errors
/// A fault when the store does not answer, or holds some of it already.
pub async fn add(crew: &Crew, ctx: Ctx, keys: Vec<ClientKey>) -> Result<(), Fault> {
    let provider = crew.provider.clone();
    let unit = Unit::new("demo.people");
    let ctx = Arc::new(ctx);
    let outcome = domain::write(&crew.platform, &ctx, unit, move |work| {
        add_accounts(work, &provider, PROVIDER.0)?;
        for (invented, key) in OPERATORS.into_iter().zip(&keys) {
            add_operator(work, invented, key)?;
        }
        Ok(Verdict::Accepted(()))
    });
    outcome.await?.into_result().map_err(Fault::internal)
}

/// What cannot be there twice in a store that was empty.
fn once(added: bool, what: &str) -> Result<(), Error> {
    if added {
        return Ok(());
    }
    Err(Error::Constraint(format!("{what} is there already")))
}

fn add_operator(work: &mut Work<'_>, invented: &Invented, key: &ClientKey) -> Result<(), Error> {
    let (demo, now) = (work.ctx.duty(Duty::Demo), work.ctx.now);
    let id: OperatorId = work.id();
    let operator = Operator {
        id: id.clone(),
        code: invented.code.to_owned(),
        name: invented.name.to_owned(),
        is_provider: false,
        contact_email: invented.email.to_owned(),
        created: now,
    };
    let added = domain::operator::store::insert(work.tx, &demo, &operator)?;
    once(added, invented.code)?;
    for siren in invented.sirens {
        domain::operator::store::insert_siren(work.tx, &demo, &id, siren)?;
    }
    let contract = Contract {
        id: work.id(),
        reference: invented.contract.to_owned(),
        signed: now,
    };
    let added = domain::contract::store::insert(work.tx, &demo, &id, &contract, invented.offers)?;
    once(added, invented.contract)?;
    for service in SERVICES.iter().filter(|service| service.subscribed) {
        let subscription = work.id();
        let subscribe = domain::subscription::store::insert;
        subscribe(work.tx, &demo, &id, &subscription, service.code, now)?;
    }
    let certificate = Certificate {
        id: work.id(),
        fingerprint: key.fingerprint.clone(),
        label: format!("SI {}", invented.name),
        responsible: invented.responsible.to_owned(),
        not_after: key.not_after,
        state: "active".to_owned(),
    };
    let added = domain::certificate::store::insert(work.tx, &demo, &id, &certificate, now)?;
    once(added, "the certificate")?;
    add_accounts(work, &id, invented.code)
}

fn add_accounts(work: &mut Work<'_>, operator: &OperatorId, code: &str) -> Result<(), Error> {
    let services: Vec<&str> = SERVICES.iter().map(|service| service.code).collect();
    let demo = work.ctx.duty(Duty::Demo);
    for (seat, login) in (1..).zip(LOGINS.iter().filter(|login| login.operator == code)) {
        let account = Account {
            id: work.id(),
            login: login.login.to_owned(),
            name: login.name.to_owned(),
            email: login.login.to_owned(),
            seat,
            state: "active".to_owned(),
            password_hash: Some(login.hash.to_owned()),
            created: work.ctx.now,
        };
        let rights = login.profile.permissions(&services);
        let added = domain::account::store::insert(work.tx, &demo, operator, &account, &rights)?;
        once(added, login.login)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::operator::rules::is_siren;

    use super::*;

    #[tokio::test]
    async fn every_password_is_admitted_and_opens_its_hash() {
        let mut wrong = Vec::new();
        for login in &LOGINS {
            accounts::rules::check_password(login.login, login.password).unwrap();
            let opened = accounts::password::matches(login.password, Some(login.hash)).await;
            if !opened.unwrap_or(false) {
                let hash = accounts::password::hash(login.password).await.unwrap();
                wrong.push(format!("{}: {hash}", login.login));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_invented_operators_are_well_formed() {
        for operator in OPERATORS {
            assert!(operator.sirens.iter().all(|siren| is_siren(siren)));
            assert!(agent_of(operator.code).is_some());
        }
    }
}
