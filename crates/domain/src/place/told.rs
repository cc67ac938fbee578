//! A place as machines read it: one JSON object, the same from the command line and the portal.

use serde::Serialize;

use super::{Candidate, Named, Place, Verdict};

/// What a text leads to.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    query: &'a str,
    verdict: Verdict,
    kind: Option<Named>,
    label: &'a str,
    ban_key: &'a str,
    insee: &'a str,
    building_ids: Vec<&'a str>,
    unmatched: &'a [String],
    assumed: &'a [String],
    alike: &'a [String],
    candidates: Vec<ToldCandidate<'a>>,
    more: bool,
}

#[derive(Debug, Serialize)]
struct ToldCandidate<'a> {
    kind: Named,
    label: &'a str,
    ban_key: &'a str,
    insee: &'a str,
    building_ids: Vec<&'a str>,
    number_found: bool,
    unmatched: &'a [String],
    assumed: &'a [String],
}

impl Candidate {
    fn building_ids(&self) -> Vec<&str> {
        let references = self.buildings.iter().map(|one| one.reference.as_str());
        references.collect()
    }
}

impl<'a> Told<'a> {
    /// The answer to `query`. At its top stands the best candidate, when there is one that the
    /// verdict vouches for.
    #[must_use]
    pub fn of(query: &'a str, place: &'a Place) -> Self {
        let best = place.best();
        let text = |f: fn(&Candidate) -> &str| best.map_or("", f);
        Self {
            query,
            verdict: place.verdict,
            kind: best.map(|one| one.kind).or(place.named),
            label: text(|one| &one.label),
            ban_key: text(|one| &one.ban_key),
            insee: text(|one| &one.insee),
            building_ids: best.map(Candidate::building_ids).unwrap_or_default(),
            unmatched: best.map_or(&[], |one| &one.unmatched),
            assumed: best.map_or(&[], |one| &one.assumed),
            alike: &place.alike,
            candidates: place
                .candidates
                .iter()
                .map(|one| ToldCandidate {
                    kind: one.kind,
                    label: &one.label,
                    ban_key: &one.ban_key,
                    insee: &one.insee,
                    building_ids: one.building_ids(),
                    number_found: one.exact,
                    unmatched: &one.unmatched,
                    assumed: &one.assumed,
                })
                .collect(),
            more: place.more,
        }
    }
}
