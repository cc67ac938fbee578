//! Permissions: an e-service and what one may do in it. They are declared by the e-services'
//! entries and printed, all of them, to `docs/permissions.txt`.

use std::fmt;

/// What one may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See.
    View,
    /// Bring into being.
    Create,
    /// Change.
    Modify,
    /// End.
    Close,
    /// Rule over.
    Administer,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 5] = [
        Self::View,
        Self::Create,
        Self::Modify,
        Self::Close,
        Self::Administer,
    ];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Create => "create",
            Self::Modify => "modify",
            Self::Close => "close",
            Self::Administer => "administer",
        }
    }
}

/// An e-service, a right in it, and whether the e-service answers only once subscribed and
/// activated (C-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The e-service's code.
    pub service: &'static str,
    /// What.
    pub right: Right,
    /// Whether an active subscription is needed besides.
    pub subscribed: bool,
    /// Whether only the OI's own staff can hold it, whatever an account was given.
    pub staff_only: bool,
}

impl Permission {
    /// A permission in an e-service the operator must have subscribed.
    #[must_use]
    pub const fn subscribed(service: &'static str, right: Right) -> Self {
        Self {
            service,
            right,
            subscribed: true,
            staff_only: false,
        }
    }

    /// A permission in an area that needs no subscription (one's own account, the OI's own work).
    #[must_use]
    pub const fn standing(service: &'static str, right: Right) -> Self {
        Self {
            service,
            right,
            subscribed: false,
            staff_only: false,
        }
    }

    /// A permission in the OI's own work, which no operator's account can hold.
    #[must_use]
    pub const fn staff(service: &'static str, right: Right) -> Self {
        Self {
            service,
            right,
            subscribed: false,
            staff_only: true,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service, self.right.as_str())
    }
}

/// The profiles an account can be given when it is made: a set of rights, granted in each
/// e-service. The account keeps the permissions themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// An agent on the phone with a customer.
    Agent,
    /// A technician at the cabinet.
    Technician,
    /// The operator's administrator.
    Administrator,
    /// A colleague who only looks.
    Reader,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [
        Self::Agent,
        Self::Technician,
        Self::Administrator,
        Self::Reader,
    ];

    /// As given on the command line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Technician => "technicien",
            Self::Administrator => "administrateur",
            Self::Reader => "lecteur",
        }
    }

    /// Reads a profile's code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.code() == text)
    }

    /// Its rights.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        use Right::{Administer, Close, Create, Modify, View};
        match self {
            Self::Agent => &[View, Create, Modify, Close],
            Self::Technician => &[View, Modify],
            Self::Administrator => &[View, Create, Modify, Close, Administer],
            Self::Reader => &[View],
        }
    }

    /// The permissions this profile gives in `services`, as stored.
    #[must_use]
    pub fn permissions(self, services: &[&str]) -> Vec<String> {
        services
            .iter()
            .flat_map(|s| {
                self.rights()
                    .iter()
                    .map(move |r| format!("{s}.{}", r.as_str()))
            })
            .collect()
    }
}
