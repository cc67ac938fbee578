//! Template filters. A service's pages use them with `use web::filters;`.

#![expect(
    missing_docs,
    reason = "the attribute makes a struct and a method it does not document"
)]

use std::fmt::Display;

use askama::filters::Safe;
use askama::{Result, Values};
use jiff::civil::Date;
use kernel::Millis;

use crate::{assets, french};

/// The icon of that name, hidden from assistive technology: the words beside it say it all.
#[askama::filter_fn]
pub fn icon(name: &str, _: &dyn Values) -> Result<Safe<String>> {
    let sprite = assets::url("icons.svg");
    let svg = format!(r#"<svg class="i" aria-hidden="true"><use href="{sprite}#{name}"/></svg>"#);
    Ok(Safe(svg))
}

/// The address of a static file.
#[askama::filter_fn]
pub fn asset(name: &str, _: &dyn Values) -> Result<String> {
    Ok(assets::url(name))
}

/// An address of the referential, as people write it.
#[askama::filter_fn]
pub fn address(line: &str, _: &dyn Values) -> Result<String> {
    Ok(french::address(line))
}

/// An instant: `lun. 23 nov. 2026, 09:14`, readable by machines.
#[askama::filter_fn]
pub fn when(at: &Millis, _: &dyn Values) -> Result<Safe<String>> {
    let (iso, text) = (french::iso(*at), french::datetime(*at));
    Ok(Safe(format!(r#"<time datetime="{iso}">{text}</time>"#)))
}

/// An instant in the columns of a list: `23/11/2026 09:14`, readable by machines.
#[askama::filter_fn]
pub fn stamp(at: &Millis, _: &dyn Values) -> Result<Safe<String>> {
    let (iso, text) = (french::iso(*at), french::stamp(*at));
    Ok(Safe(format!(r#"<time datetime="{iso}">{text}</time>"#)))
}

/// A day: `lun. 23 nov. 2026`, readable by machines.
#[askama::filter_fn]
pub fn day(day: &Date, _: &dyn Values) -> Result<Safe<String>> {
    let text = french::date(*day);
    Ok(Safe(format!(r#"<time datetime="{day}">{text}</time>"#)))
}

/// The date of an instant, in Paris.
#[askama::filter_fn]
pub fn day_of(at: &Millis, _: &dyn Values) -> Result<String> {
    Ok(french::date(kernel::working_time::paris_date(*at)))
}

/// The time of day of an instant, in Paris: `09:14`.
#[askama::filter_fn]
pub fn time_of(at: &Millis, _: &dyn Values) -> Result<String> {
    Ok(french::time(*at))
}

/// An instant as machines read it.
#[askama::filter_fn]
pub fn iso(at: &Millis, _: &dyn Values) -> Result<String> {
    Ok(french::iso(*at))
}

/// A whole number with its digits grouped.
#[askama::filter_fn]
pub fn count<T: Display>(number: T, _: &dyn Values) -> Result<String> {
    Ok(french::count(&number.to_string()))
}

/// French punctuation spacing.
#[askama::filter_fn]
pub fn typo<T: Display>(text: T, _: &dyn Values) -> Result<String> {
    Ok(french::typography(&text.to_string()))
}
