//! Looking at the referential in force, for the OI's staff: communes, streets, buildings and their
//! structure, PMs, PBOs and fibres, beside the live state of their lines; the history of any of
//! them across releases; the map of the territory (I-1, Art. 13). No personal data is read here.
//! Freezes of buildings and PMs are put and lifted from their sheets.

mod atlas;
mod drawing;
mod freezes;
mod history;
pub(crate) mod labels;
mod links;
mod map;
mod objects;
mod pages;
mod places;
mod sheet;
mod store;
mod structure;

pub(crate) use freezes::{freeze, lift};
use service_api::{
    Access, Audited, MenuEntry, MenuGroup, Method, PageCall, PageError, Repeat, Route,
};

use crate::VIEW;

const NO_TRACE: &str = "references and states of the network: no personal data";

macro_rules! page {
    ($name:ident, $path:literal, $handler:path) => {
        #[doc = concat!("`GET ", $path, "`.")]
        pub const $name: Route = Route {
            method: Method::Get,
            path: $path,
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin($handler(call)),
        };
    };
}

page!(TERRITORY, "/oi/referentiel", places::territory);
page!(COMMUNE, "/oi/referentiel/communes/{insee}", places::commune);
page!(
    STREET,
    "/oi/referentiel/voies/{insee}/{rivoli}",
    places::street
);
page!(BUILDING, "/oi/referentiel/immeubles", structure::building);
page!(PM, "/oi/referentiel/pm", objects::pm);
page!(PBO, "/oi/referentiel/pbo", objects::pbo);
page!(HISTORY, "/oi/referentiel/historique", objects::history);
page!(MAP, "/oi/referentiel/carte", map::page);
page!(MAP_DATA, "/oi/referentiel/carte.geojson", map::data);
page!(FREEZES, "/oi/gels", freezes::list);

/// The browser in the menu.
pub const MENU: MenuEntry = MenuEntry {
    group: MenuGroup::Network,
    label: labels::TERRITORY,
    href: "/oi/referentiel",
    icon: "layers",
    access: Access::Needs(VIEW),
    waiting: None,
};
/// The list of freezes in the menu.
pub const FREEZES_MENU: MenuEntry = MenuEntry {
    group: MenuGroup::Network,
    label: freezes::labels::FREEZES,
    href: "/oi/gels",
    icon: "lock",
    access: Access::Needs(VIEW),
    waiting: None,
};

/// The territory in force and the staff's scope, for a page of this area.
async fn open(
    call: &PageCall,
) -> Result<(domain::access::StaffScope, std::sync::Arc<atlas::Atlas>), PageError> {
    let scope = call.ctx()?.staff()?.clone();
    Ok((scope, atlas::in_force(&call.platform).await?))
}
