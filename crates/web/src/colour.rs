//! Colours of tubes and fibres: always a name, with a swatch beside it (never a colour alone).

/// A colour: what it is of, its name, and its rank in the cable's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colour {
    /// `tube` or `fibre`.
    pub of: String,
    /// Its name in French: `rouge`.
    pub name: String,
    /// 1 to 12 in the code of domain §1.4; 13 to 24 are the same with a black ring; 0 has no
    /// swatch.
    pub rank: u8,
}

impl Colour {
    /// What the referential says of a tube or fibre: `3 VERT`, its rank and its colour.
    #[must_use]
    pub fn read(of: &str, text: &str) -> Self {
        let (rank, name) = text.split_once(' ').unwrap_or(("0", text));
        Self {
            of: of.to_owned(),
            name: name.to_lowercase(),
            rank: rank.parse().unwrap_or(0),
        }
    }

    /// The style class of the swatch.
    #[must_use]
    pub fn swatch(&self) -> u8 {
        self.rank.saturating_sub(1) % 12 + 1
    }

    /// Whether the tube carries a black ring.
    #[must_use]
    pub fn ringed(&self) -> bool {
        self.rank > 12
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_dozen_of_tubes_is_the_first_with_a_ring() {
        let colour = |text| Colour::read("tube", text);
        let seen = |text| (colour(text).swatch(), colour(text).ringed());
        assert_eq!(seen("12 ROSE"), (12, false));
        assert_eq!(seen("13 ROUGE"), (1, true));
        assert_eq!(colour("3 VERT").name, "vert");
        assert_eq!(colour("inconnue").rank, 0);
    }
}
