//! Addresses of the portal, as the pages of lots write them.

/// The list.
pub const LOTS: &str = "/eligibilite/lots";

/// One lot.
pub fn lot(id: &str) -> String {
    format!("{LOTS}/{id}")
}

/// The test of a building.
pub fn building(reference: &str) -> String {
    test("IdentifiantImmeuble", reference)
}

/// The test of what the search box takes.
pub fn text(text: &str) -> String {
    test("q", text)
}

fn test(name: &str, value: &str) -> String {
    let pairs = serde_urlencoded::to_string([(name, value)]);
    format!("/eligibilite?{}", pairs.unwrap_or_default())
}
