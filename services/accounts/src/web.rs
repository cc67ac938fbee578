//! Pages: read the form, call the use case, redirect or show.

use ::web::server::{SESSION_COOKIE, VISITOR_COOKIE};
use ::web::{Form, Tag, Theme, Tone, french, link, page};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::{Profile, Right};
use domain::call::CallOutcome;
use domain::freeze::{Freeze, FreezeKind};
use domain::order::{self, Order, Status};
use domain::release::{Kind, ReleaseInfo};
use kernel::{Fault, Millis};
use service_api::{PageCall, PageResult};

use crate::pages::{
    Account, Dashboard, DemoLogin, Figure, FreezeLine, OpenSession, RecentOrder, ReleaseLine,
    SignIn, SourceLine, StaffBoard, Stage, Todo,
};
use crate::usecases::{self, Denied, NetworkOverview, Overview};
use crate::{labels, rules};

/// How long the choice of colours is kept, in seconds: 400 days, the most browsers keep.
const THEME_KEPT_SECONDS: i64 = 400 * Millis::DAY / Millis::SECOND;
/// Days after which something that waits is late, then very late.
const LATE_DAYS: i64 = 3;
const VERY_LATE_DAYS: i64 = 7;

/// `GET /connexion`.
pub async fn sign_in_page(call: PageCall) -> PageResult {
    if call.identity.is_some() {
        return Ok(Redirect::to(rules::return_to(call.asked("suite"))).into_response());
    }
    show_sign_in(&call, call.asked("suite"), None)
}

fn show_sign_in(call: &PageCall, next: &str, denied: Option<&Denied>) -> PageResult {
    let mut shell = call.shell(labels::SIGN_IN);
    let known = call
        .cookies
        .get(VISITOR_COOKIE)
        .filter(|token| is_token(token))
        .cloned();
    let fresh = if known.is_none() {
        Some(call.platform.token()?)
    } else {
        None
    };
    shell.csrf = known.or_else(|| fresh.clone()).unwrap_or_default();
    let accounts = call.site.demo_logins.iter().cloned();
    let sign_in = SignIn {
        shell,
        identifier: call.field("identifiant").to_owned(),
        refused: denied.is_some(),
        wait_seconds: denied
            .map(|d| d.wait_seconds)
            .filter(|seconds| *seconds > 1),
        next: rules::return_to(next).to_owned(),
        demo_logins: accounts
            .map(|(identifier, password, role)| DemoLogin {
                identifier,
                password,
                role,
            })
            .collect(),
    };
    let status = if denied.is_some() {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    let mut response = page(status, &sign_in);
    if let Some(token) = fresh {
        set_cookie(&mut response, &private(VISITOR_COOKIE, &token))?;
    }
    Ok(response)
}

/// `POST /connexion`. Whoever was signed in before is signed out: a session never changes hands.
pub async fn sign_in(call: PageCall) -> PageResult {
    let next = call.field("suite");
    // A password is taken as typed: spaces at its ends are part of it.
    let typed = call.form.iter().find(|(name, _)| name == "mot_de_passe");
    let password = typed.map_or("", |(_, password)| password.as_str());
    let login = call.field("identifiant");
    let answer = usecases::sign_in(&call.platform, login, password, &call.remote).await?;
    let signed_in = match answer {
        Ok(signed_in) => signed_in,
        Err(denied) => return show_sign_in(&call, next, Some(&denied)),
    };
    if let (Some(ctx), Some(before)) = (&call.ctx, &call.identity) {
        usecases::sign_out(&call.platform, ctx, &before.session).await?;
    }
    let mut response = Redirect::to(rules::return_to(next)).into_response();
    set_cookie(&mut response, &private(SESSION_COOKIE, &signed_in.token))?;
    set_cookie(&mut response, &gone(VISITOR_COOKIE))?;
    Ok(response)
}

/// `POST /deconnexion`.
pub async fn sign_out(call: PageCall) -> PageResult {
    if let Some(identity) = &call.identity {
        usecases::sign_out(&call.platform, call.ctx()?, &identity.session).await?;
    }
    let mut response = Redirect::to("/connexion").into_response();
    set_cookie(&mut response, &gone(SESSION_COOKIE))?;
    Ok(response)
}

/// `POST /compte/sessions/{id}/fermer`.
pub async fn close_session(call: PageCall) -> PageResult {
    usecases::close_session(&call.platform, call.ctx()?, call.param("id")).await??;
    Ok(Redirect::to("/compte?fait=session").into_response())
}

/// `POST /compte/sessions/fermer`.
pub async fn close_others(call: PageCall) -> PageResult {
    if let Some(identity) = &call.identity {
        usecases::close_others(&call.platform, call.ctx()?, &identity.session).await?;
    }
    Ok(Redirect::to("/compte").into_response())
}

/// `POST /compte/theme`.
pub async fn choose_theme(call: PageCall) -> PageResult {
    let theme = Theme::parse(call.field("theme")).as_str();
    let mut response = Redirect::to(rules::return_to(call.field("retour"))).into_response();
    // The page's script reads it too, so that it is not out of reach of scripts.
    let kept = format!("Path=/; Max-Age={THEME_KEPT_SECONDS}; Secure; SameSite=Lax");
    set_cookie(&mut response, &format!("{}={theme}; {kept}", Theme::COOKIE))?;
    Ok(response)
}

/// `GET /compte/presence`: whether the session is still open, at the least cost.
pub async fn presence(_call: PageCall) -> PageResult {
    Ok("ok".into_response())
}

/// `GET /compte/outils`: no page, but the part that the script of every page adds to it.
pub async fn tools(call: PageCall) -> PageResult {
    let shell = call.shell(labels::ACCOUNT);
    Ok(web::page(StatusCode::OK, &crate::pages::Tools { shell }))
}

/// `GET /compte`.
pub async fn account(call: PageCall) -> PageResult {
    let ctx = call.ctx()?;
    let own = usecases::own_account(&call.platform, ctx).await?;
    let (Some(identity), shell) = (&call.identity, call.shell(labels::ACCOUNT)) else {
        return Ok(Redirect::to("/connexion").into_response());
    };
    let rights = rights(&own.permissions);
    let mut sessions: Vec<_> = own
        .sessions
        .iter()
        .map(|session| OpenSession {
            id: session.id.to_string(),
            device: labels::SESSION.to_owned(),
            address: labels::NO_ADDRESS.to_owned(),
            opened: session.opened,
            seen: session.seen,
            current: session.id == identity.session,
        })
        .collect();
    sessions.sort_by_key(|session| !session.current);
    let shown = Account {
        shell,
        identifier: identity.login.clone(),
        email: own.email,
        profile: profile(&rights).to_owned(),
        operator: format!("{} ({})", identity.operator_name, identity.operator_code),
        sirens: own.sirens,
        rights: rights
            .iter()
            .map(|(service, list)| labels::rights(service, list))
            .collect(),
        password_changed: None,
        sessions,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// Permissions by e-service, each in the order of the rights.
fn rights(permissions: &[String]) -> Vec<(String, Vec<Right>)> {
    let mut services: Vec<&str> = permissions
        .iter()
        .filter_map(|p| p.split_once('.'))
        .map(|(service, _)| service)
        .collect();
    services.sort_unstable();
    services.dedup();
    let held = |service: &str| {
        let has = |right: &Right| permissions.contains(&format!("{service}.{}", right.as_str()));
        Right::ALL.into_iter().filter(has).collect()
    };
    services
        .into_iter()
        .map(|service| (service.to_owned(), held(service)))
        .collect()
}

/// The profile that gives exactly these rights everywhere.
fn profile(rights: &[(String, Vec<Right>)]) -> &'static str {
    let gives = |profile: &Profile| {
        !rights.is_empty() && rights.iter().all(|(_, held)| held == profile.rights())
    };
    Profile::ALL
        .into_iter()
        .find(gives)
        .map_or(labels::OWN_PROFILE, labels::profile)
}

/// `GET /`. The OI's staff sees the network's data; those who have nothing to see land on their
/// account.
pub async fn dashboard(call: PageCall) -> PageResult {
    let ctx = call.ctx()?;
    if let Some(network) = usecases::network(&call.platform, ctx).await? {
        return Ok(page(StatusCode::OK, &staff_board(&call, ctx.now, &network)));
    }
    let Some(overview) = usecases::overview(&call.platform, ctx).await? else {
        return Ok(Redirect::to("/compte").into_response());
    };
    let counts = Counts(&overview);
    let waiting = counts.of(&[Status::StocEmise, Status::RaccoKo, Status::Mad]);
    let shell = call.shell(labels::DASHBOARD);
    let asked = shell.address_page().unwrap_or_default();
    let shown = Dashboard {
        suggestions: format!("{asked}/suggestions"),
        form: Form::default(),
        shell,
        now: ctx.now,
        operator: call
            .identity
            .as_ref()
            .map(|i| i.operator_name.clone())
            .unwrap_or_default(),
        figures: figures(&counts, waiting)
            .into_iter()
            .chain(overview.calls.map(calls))
            .collect(),
        todo: overview
            .waiting
            .iter()
            .map(|order| todo(order, ctx.now))
            .collect(),
        todo_total: waiting.unsigned_abs(),
        under_way: labels::STAGES
            .iter()
            .map(|(_, held)| counts.of(held).unsigned_abs())
            .sum(),
        stages: labels::STAGES
            .iter()
            .map(|(label, held)| stage(&counts, label, held))
            .collect(),
        recent: overview.recent.iter().map(recent).collect(),
    };
    Ok(page(StatusCode::OK, &shown))
}

fn staff_board(call: &PageCall, now: Millis, network: &NetworkOverview) -> StaffBoard {
    let line = |release: &ReleaseInfo| ReleaseLine {
        number: release.number.0,
        kind: release.kind.label(),
        at: release.published_at.unwrap_or(release.created_at),
    };
    let rows = |kind: Kind| {
        let of_kind = network.sources.iter().filter(|one| one.kind == kind);
        of_kind.map(|one| one.rows).sum::<i64>()
    };
    let [in_force, to_come, _] = network.freezes;
    let numbers = [
        i64::from(network.waiting.is_some()),
        in_force,
        rows(Kind::Structure),
        rows(Kind::Prises),
    ];
    let notes = [
        labels::WAITING_NOTE.to_owned(),
        labels::freezes_to_come(to_come),
        labels::DWELLINGS_NOTE.to_owned(),
        labels::PTOS_NOTE.to_owned(),
    ];
    let words = labels::STAFF_FIGURES.into_iter().zip(notes).zip(numbers);
    StaffBoard {
        shell: call.shell(labels::DASHBOARD),
        now,
        figures: words
            .map(|((label, note), n)| Figure {
                label: label.to_owned(),
                value: french::count(&n.to_string()),
                unit: String::new(),
                note,
            })
            .collect(),
        in_force: network.in_force.as_ref().map(line),
        waiting: network.waiting.as_ref().map(line),
        sources: network
            .sources
            .iter()
            .map(|one| SourceLine {
                kind: one.kind.label(),
                extracted_on: one.extracted_on,
                rows: one.rows,
            })
            .collect(),
        freezes: network.ending.iter().map(freeze_line).collect(),
    }
}

fn freeze_line(one: &Freeze) -> FreezeLine {
    let sheet = match one.kind {
        FreezeKind::Building => "/oi/referentiel/immeubles",
        FreezeKind::Pm => "/oi/referentiel/pm",
    };
    FreezeLine {
        reference: one.reference.clone(),
        note: format!(
            "{}, {}",
            one.kind.label(),
            domain::freeze::labels::until(one.to)
        ),
        href: link(sheet, &[("ref", &one.reference)]),
    }
}

struct Counts<'a>(&'a Overview);

impl Counts<'_> {
    fn of(&self, statuses: &[Status]) -> i64 {
        let counted = self
            .0
            .counts
            .iter()
            .filter(|(status, _)| statuses.contains(status));
        counted.map(|(_, n)| n).sum()
    }
}

fn figures(counts: &Counts<'_>, waiting: i64) -> Vec<Figure> {
    use Status::{ArKo, ArOk, CrKo, CrOk, Deposee, Mes, RaccoOiPlanifie, RaccoOk};
    let provider = counts.of(&[Deposee, ArOk, CrOk, RaccoOiPlanifie, RaccoOk]);
    let (lit, refused) = (counts.of(&[Mes]), counts.of(&[ArKo, CrKo]));
    let numbers = [
        (waiting, labels::orders(waiting)),
        (provider, labels::orders(provider)),
        (lit, labels::lines(lit)),
        (refused, labels::orders(refused)),
    ];
    let words = labels::FIGURES.into_iter().zip(labels::FIGURE_NOTES);
    words
        .zip(numbers)
        .map(|((label, note), (n, unit))| Figure {
            label: label.to_owned(),
            value: french::count(&n.to_string()),
            unit: unit.to_owned(),
            note: note.to_owned(),
        })
        .collect()
}

/// What the operator's machines asked since yesterday.
fn calls(by_outcome: [i64; CallOutcome::ALL.len()]) -> Figure {
    let all: i64 = by_outcome.iter().sum();
    Figure {
        label: labels::CALLS.to_owned(),
        value: french::count(&all.to_string()),
        unit: labels::calls(all).to_owned(),
        note: labels::accepted(by_outcome[0], all),
    }
}

fn todo(order: &Order, now: Millis) -> Todo {
    let days = now.since(order.updated) / Millis::DAY;
    let (motive, action) = labels::awaited(order.status);
    let anchor = if order.status == Status::Mad {
        "cr-mes"
    } else {
        "cr-stoc"
    };
    let href = format!("/commandes/{}", order.id);
    Todo {
        due: labels::since_days(days),
        tone: match days {
            VERY_LATE_DAYS.. => Tone::Bad,
            LATE_DAYS.. => Tone::Warn,
            _ => Tone::Neutral,
        },
        reference: order.reference.clone(),
        address: order.address.clone(),
        motive: motive.to_owned(),
        detail: labels::pto(&order.pto_ref),
        action: action.to_owned(),
        action_href: format!("{href}#{anchor}"),
        href,
    }
}

fn stage(counts: &Counts<'_>, label: &str, held: &[Status]) -> Stage {
    let count = counts.of(held);
    let theirs: Vec<_> = held
        .iter()
        .copied()
        .filter(|s| matches!(s, Status::StocEmise | Status::RaccoKo | Status::Mad))
        .collect();
    Stage {
        label: label.to_owned(),
        count: count.unsigned_abs(),
        href: held.first().map_or_else(
            || "/commandes".to_owned(),
            |status| format!("/commandes?etat={}", status.as_str()),
        ),
        note: labels::to_do(counts.of(&theirs)),
        tone: Tone::Warn,
    }
}

fn recent(order: &Order) -> RecentOrder {
    let tone = match order::labels::tone(order.status) {
        "ok" => Tone::Ok,
        "info" => Tone::Info,
        "warn" => Tone::Warn,
        "bad" => Tone::Bad,
        _ => Tone::Neutral,
    };
    RecentOrder {
        reference: order.reference.clone(),
        href: format!("/commandes/{}", order.id),
        address: order.address.clone(),
        state: Tag::new(tone, order::labels::status(order.status)),
        at: order.updated,
    }
}

fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A cookie bound to this host, out of reach of scripts, gone with the browser (trust D17).
fn private(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

fn gone(name: &str) -> String {
    format!("{}; Max-Age=0", private(name, ""))
}

fn set_cookie(response: &mut Response, cookie: &str) -> Result<(), Fault> {
    let value = HeaderValue::from_str(cookie).map_err(Fault::internal)?;
    response.headers_mut().append(SET_COOKIE, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_grouped_by_service_and_recognised_as_a_profile() {
        let services = ["fci", "eligibilite"];
        let held = rights(&Profile::Technician.permissions(&services));
        assert_eq!(held.len(), 2);
        assert_eq!(
            held[0],
            ("eligibilite".to_owned(), vec![Right::View, Right::Modify])
        );
        assert_eq!(profile(&held), "Technicien");
        assert_eq!(profile(&rights(&["fci.close".to_owned()])), "Personnalisé");
        assert_eq!(profile(&[]), "Personnalisé");
    }

    #[test]
    fn private_cookies_never_leave_this_host_nor_reach_a_script() {
        let cookie = private(SESSION_COOKIE, "abc");
        let expected = "__Host-epissure=abc; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(cookie, expected);
        assert!(gone(SESSION_COOKIE).ends_with("; Max-Age=0"));
    }
}
