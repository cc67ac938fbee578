//! What operators fetch: the IPE in force and published differences, streamed page by page in the
//! trade's format, and their preference about mails.

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use domain::access::{Duty, OperatorScope};
use domain::release::history::store as history;
use domain::release::{Kind, Release, ReleaseState, store as releases};
use domain::{Platform, Unit, Verdict};
use kernel::{Fault, Refusal, codes};
use service_api::{PageCall, PageError, PageResult};
use storage::{Error, Row, Tx};

use super::found;
use super::imports::csv_answer;
use super::streams::{Text, Walk};
use crate::differences::{self, Filter};
use crate::outgoing::Layout;
use crate::pages::PublicPage;
use crate::store;
use crate::{MODIFY_NOTICE, labels, settings};

/// Releases listed for their differences.
const RELEASES_SHOWN: i64 = 50;

/// An operator with an active contract, or the OI's own staff.
async fn admitted(call: &PageCall) -> Result<Option<OperatorScope>, PageError> {
    let ctx = call.ctx()?;
    let Ok(scope) = ctx.operator() else {
        return Ok(None);
    };
    let (asked, now) = (scope.clone(), ctx.now);
    let holds = call
        .platform
        .db
        .get(move |tx| store::has_contract(tx, &asked, now))
        .await
        .map_err(Fault::from)?;
    match holds {
        true => Ok(Some(scope.clone())),
        false => Err(Refusal::new(&codes::RC15)
            .because(labels::NO_CONTRACT)
            .into()),
    }
}

pub(crate) async fn public(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    public_page(&call, form, StatusCode::OK).await
}

async fn public_page(call: &PageCall, mut form: web::Form, status: StatusCode) -> PageResult {
    let scope = admitted(call).await?;
    let read = move |tx: &mut dyn Tx| {
        let current = releases::current(tx)?;
        let mut sources = releases::sources(tx, current)?;
        sources.sort_by_key(|source| source.kind);
        let state = ReleaseState::Published.as_str();
        let past = history::list(tx, state, Release(i64::MAX), RELEASES_SHOWN)?;
        let notice = scope
            .as_ref()
            .map(|s| store::notice_of(tx, s))
            .transpose()?;
        Ok((current, sources, past, notice))
    };
    let (current, sources, past, notice) = call.platform.db.get(read).await.map_err(Fault::from)?;
    let may_set = notice.is_some() && call.ctx()?.holds(MODIFY_NOTICE);
    if form.errors().is_empty() {
        let (wanted, recipient) = notice.flatten().unwrap_or((true, String::new()));
        form.set("avis", if wanted { "oui" } else { "" });
        form.set("adresse", recipient);
    }
    let mut shell = call.shell(labels::PUBLIC);
    shell.extracted = sources
        .iter()
        .filter(|source| Kind::DECISIVE.contains(&source.kind))
        .map(|source| source.extracted_on)
        .min();
    let listed = past.into_iter().filter_map(|past| {
        let at = past.info.published_at?;
        Some((past.info.number.0, past.info.kind.label(), at))
    });
    let page = PublicPage {
        shell,
        current: current.0,
        sources: sources
            .iter()
            .map(|source| (source.kind.label(), source.extracted_on, source.rows))
            .collect(),
        releases: listed.collect(),
        form,
        may_set,
    };
    Ok(web::page(status, &page))
}

/// The release a stream reads must still be there at its next page, or the file would be short
/// without a word: the stream then breaks, and the download fails.
fn still_there(tx: &mut dyn Tx, release: Release) -> Result<(), Error> {
    let found = history::by_number(tx, release)?;
    match found.is_some_and(|past| past.info.state == ReleaseState::Published) {
        true => Ok(()),
        false => Err(Error::Internal(
            "the release was taken back meanwhile".to_owned(),
        )),
    }
}

pub(crate) async fn ipe(call: PageCall) -> PageResult {
    admitted(&call).await?;
    let scope = call.ctx()?.duty(Duty::Import);
    let read = move |tx: &mut dyn Tx| {
        let current = releases::current(tx)?;
        let sources = releases::sources(tx, current)?;
        Ok((current, sources, settings::layout(tx, &scope)?))
    };
    let (release, sources, layout) = call.platform.db.get(read).await.map_err(Fault::from)?;
    let source = found(sources.into_iter().find(|source| source.kind == Kind::Ipe))?;
    let day = source.extracted_on.to_string().replace('-', "");
    let platform = Arc::clone(&call.platform);
    let start = (platform, layout, Some(String::new()), true);
    type Place = (Arc<Platform>, Layout, Option<String>, bool);
    let step = move |(platform, layout, after, first): Place| async move {
        let Some(after) = after else {
            return Ok(None);
        };
        let (rows, next) = ipe_rows(&platform, release, after).await?;
        let text = layout.ipe(&rows, first)?;
        Ok::<_, Error>(Some((text, (platform, layout, next, false))))
    };
    let lines = futures_util::stream::try_unfold(start, step);
    Ok(csv_answer(
        &format!("IPE_{day}.csv"),
        Body::from_stream(lines),
    ))
}

/// The next buildings of the file, and the reference to go on after.
async fn ipe_rows(
    platform: &Platform,
    release: Release,
    after: String,
) -> Result<(Vec<Row>, Option<String>), Error> {
    let read = move |tx: &mut dyn Tx| {
        still_there(tx, release)?;
        store::ipe_page(tx, release, &after)
    };
    let rows = platform.db.read(read).await?;
    let next = match rows.last().filter(|_| rows.len() == store::IPE_PAGE) {
        Some(last) => Some(last.text("building_ref")?),
        None => None,
    };
    Ok((rows, next))
}

pub(crate) async fn differences(call: PageCall) -> PageResult {
    admitted(&call).await?;
    let number = call
        .param("fichier")
        .strip_suffix(".csv")
        .and_then(|n| n.parse().ok());
    let release = Release(found(number)?);
    let find = move |tx: &mut dyn Tx| history::by_number(tx, release);
    let past = found(call.platform.db.get(find).await.map_err(Fault::from)?)?;
    if past.info.state != ReleaseState::Published {
        return Err(PageError::NotFound);
    }
    let all = differences::changes_of(&call.platform.db, release).await?;
    let walk = Walk::new(&call.platform, &past, all, Filter::default(), Text::Csv);
    let stem = format!("differences-version-{}", release.0);
    Ok(walk.public().answer(&stem))
}

/// Sets the operator's preference about mails.
pub(crate) async fn notice(call: PageCall) -> PageResult {
    let wanted = call.field("avis") == "oui";
    let address = call.field("adresse").to_owned();
    if !address.is_empty() && !domain::operator::rules::is_email(&address) {
        let refusal = Refusal::new(&codes::RC03).on("adresse");
        let mut form = call.new_form()?.with_values(call.form.clone());
        form.refuse(&refusal);
        return public_page(&call, form, web::errors::status_of(&refusal)).await;
    }
    let unit = Unit::new("reference.set_notice").once(call.form_key());
    let outcome = domain::write(&call.platform, call.ctx()?, unit, move |work| {
        let scope = match work.ctx.operator() {
            Ok(scope) => scope.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        store::update_notice(work.tx, &scope, wanted, &address)?;
        Ok(Verdict::Accepted(()))
    });
    outcome.await?.into_result()?;
    Ok(Redirect::to("/referentiel?fait=avis").into_response())
}
