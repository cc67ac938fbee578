//! Settings of the area that the OI's staff may set: what each is called, what it may be.

use std::sync::Arc;

use domain::access::{Ctx, Duty, SystemScope};
use domain::setting::store;
use domain::{Outcome, Platform, Unit, Verdict};
use kernel::{Fault, Refusal, codes};
use storage::{Error, Tx};

use crate::labels;
use crate::outgoing::Layout;
use crate::runs::FOUR_EYES_SETTING;

/// The setting of the columns of the IPE that operators fetch.
pub const IPE_COLUMNS_SETTING: &str = "reference.ipe_columns";
/// Every setting.
const NAMES: [&str; 2] = [FOUR_EYES_SETTING, IPE_COLUMNS_SETTING];
/// What [`FOUR_EYES_SETTING`] may be; the second when it is not set.
const FOUR_EYES: [&str; 3] = ["off", "pages", "always"];

/// A setting as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is in effect.
    pub value: String,
    /// Whether that is what it is when nobody sets it.
    pub is_default: bool,
}

fn default_of(name: &str) -> String {
    match name {
        FOUR_EYES_SETTING => FOUR_EYES[1].to_owned(),
        _ => Layout::default().to_text(),
    }
}

/// The value as it is kept; an empty one stands for none.
fn checked(name: &str, value: &str) -> Result<String, Refusal> {
    let refused = |field: &str, why: String| Refusal::new(&codes::EREG01).on(field).because(why);
    if !NAMES.contains(&name) {
        return Err(refused("name", labels::one_of(&NAMES)));
    }
    if value.trim().is_empty() {
        return Ok(String::new());
    }
    if name == IPE_COLUMNS_SETTING {
        let layout = Layout::parse(value);
        let layout = layout.map_err(|fault| refused("value", labels::layout_fault(&fault)))?;
        return Ok(layout.to_text());
    }
    match FOUR_EYES.contains(&value) {
        true => Ok(value.to_owned()),
        false => Err(refused("value", labels::one_of(&FOUR_EYES))),
    }
}

/// Sets a setting, or puts it back to what it is by itself with an empty value.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `11` anyone but the OI's staff,
/// `EREG01` an unknown setting or a value it cannot have.
pub async fn set(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    name: String,
    value: String,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("reference.set");
    domain::write(platform, ctx, unit, move |work| {
        work.about(&name);
        if let Err(refusal) = work.ctx.staff() {
            return Ok(Verdict::Refused(refusal));
        }
        let value = match checked(&name, &value) {
            Ok(value) => value,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let scope = work.ctx.duty(Duty::Upkeep);
        store::update(work.tx, &scope, &name, &value)?;
        Ok(Verdict::Accepted(()))
    })
    .await
}

/// Every setting as it stands.
///
/// # Errors
/// Those of the store.
pub fn list(tx: &mut dyn Tx, scope: &SystemScope) -> Result<Vec<Setting>, Error> {
    let mut all = Vec::new();
    for name in NAMES {
        let kept = store::by_name(tx, scope, name)?.filter(|value| !value.is_empty());
        all.push(Setting {
            name,
            is_default: kept.is_none(),
            value: kept.unwrap_or_else(|| default_of(name)),
        });
    }
    Ok(all)
}

/// The columns of the IPE that operators fetch.
pub(crate) fn layout(tx: &mut dyn Tx, scope: &SystemScope) -> Result<Layout, Error> {
    let kept = store::by_name(tx, scope, IPE_COLUMNS_SETTING)?;
    Ok(Layout::of_setting(kept.as_deref()))
}
