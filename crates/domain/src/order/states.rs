//! The order's life (domain §9.1). One pure function decides every change; its effects are
//! returned, and written by the use case in the same transaction.

use kernel::{Refusal, codes};
use serde::{Deserialize, Serialize};

macro_rules! texts {
    ($name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $name {
            /// Every value, in the order of an order's life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// As stored, read back.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Received.
    Deposee,
    /// AR KO: refused at control. Final.
    ArKo,
    /// AR OK: admitted.
    ArOk,
    /// CR KO: no line can be provided. Final.
    CrKo,
    /// CR OK: a route is assigned.
    CrOk,
    /// The OC is asked, as subcontractor, to build the drop.
    StocEmise,
    /// The OI will build the drop.
    RaccoOiPlanifie,
    /// Building the drop failed; it may be tried again.
    RaccoKo,
    /// The drop is built.
    RaccoOk,
    /// The line is handed over, with its PTO (CR MAD).
    Mad,
    /// The line is in service (CR MES).
    Mes,
    /// Cancelling was asked for.
    AnnulDemandee,
    /// Cancelled. Final.
    Annulee,
    /// Another operator took the line over. Final.
    Ecrasee,
}

texts!(Status {
    Deposee = "deposee",
    ArKo = "ar_ko",
    ArOk = "ar_ok",
    CrKo = "cr_ko",
    CrOk = "cr_ok",
    StocEmise = "stoc_emise",
    RaccoOiPlanifie = "racco_oi_planifie",
    RaccoKo = "racco_ko",
    RaccoOk = "racco_ok",
    Mad = "mad",
    Mes = "mes",
    AnnulDemandee = "annul_demandee",
    Annulee = "annulee",
    Ecrasee = "ecrasee",
});

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Control admitted it.
    Admitted,
    /// Control refused it.
    Rejected,
    /// A route was assigned.
    RouteAssigned,
    /// No route could be.
    RouteRefused,
    /// The OC was asked to build the drop.
    Subcontracted,
    /// The OI planned to build it.
    ConnectionPlanned,
    /// The drop was built (CR STOC OK).
    Connected,
    /// Building it failed (CR STOC KO).
    ConnectionFailed,
    /// The line was handed over.
    HandedOver,
    /// The line was put in service.
    PutInService,
    /// Its operator asked to cancel it.
    CancelRequested,
    /// It was cancelled.
    Cancelled,
    /// Another operator's order took the line over.
    Overwritten,
}

texts!(Event {
    Admitted = "admitted",
    Rejected = "rejected",
    RouteAssigned = "route_assigned",
    RouteRefused = "route_refused",
    Subcontracted = "subcontracted",
    ConnectionPlanned = "connection_planned",
    Connected = "connected",
    ConnectionFailed = "connection_failed",
    HandedOver = "handed_over",
    PutInService = "put_in_service",
    CancelRequested = "cancel_requested",
    Cancelled = "cancelled",
    Overwritten = "overwritten",
});

/// What a change brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The new status.
    pub status: Status,
    /// The message told in the operator's feed, by its name in the trade.
    pub told: Option<&'static str>,
    /// The mail sent to whoever placed the order.
    pub mail: Option<&'static str>,
}

const fn to(status: Status) -> Decision {
    Decision {
        status,
        told: None,
        mail: None,
    }
}

const fn telling(status: Status, told: &'static str, mail: &'static str) -> Decision {
    Decision {
        status,
        told: Some(told),
        mail: Some(mail),
    }
}

/// Decides what `event` does to an order that stands at `from`.
///
/// # Errors
/// FIMP06 (return code 13) when the order's state does not allow it.
pub fn next(from: Status, event: Event) -> Result<Decision, Refusal> {
    use Event as E;
    use Status as S;
    let decision = match (from, event) {
        (S::Deposee, E::Admitted) => telling(S::ArOk, "AR_CMD_ACCES", "ar_ok"),
        (S::Deposee, E::Rejected) => telling(S::ArKo, "AR_CMD_ACCES", "ar_ko"),
        (S::ArOk, E::RouteAssigned) => telling(S::CrOk, "CR_CMD_ACCES", "cr_ok"),
        (S::ArOk, E::RouteRefused) => telling(S::CrKo, "CR_CMD_ACCES", "cr_ko"),
        (S::CrOk, E::Subcontracted) => telling(S::StocEmise, "CMD_STOC", "stoc"),
        (S::CrOk, E::ConnectionPlanned) => to(S::RaccoOiPlanifie),
        (S::StocEmise | S::RaccoOiPlanifie | S::RaccoKo, E::Connected) => to(S::RaccoOk),
        (S::StocEmise | S::RaccoOiPlanifie, E::ConnectionFailed) => {
            telling(S::RaccoKo, "NOTIF_RACCO_KO", "racco_ko")
        }
        (S::RaccoKo, E::ConnectionFailed) => telling(S::RaccoKo, "NOTIF_RACCO_KO", "racco_ko"),
        (S::CrOk | S::RaccoOk, E::HandedOver) => telling(S::Mad, "CR_MAD_LIGNE", "mad"),
        (S::Mad, E::PutInService) => to(S::Mes),
        (
            S::ArOk | S::CrOk | S::StocEmise | S::RaccoOiPlanifie | S::RaccoKo | S::RaccoOk,
            E::CancelRequested,
        ) => to(S::AnnulDemandee),
        (S::AnnulDemandee, E::Cancelled) => telling(S::Annulee, "CR_ANNUL_RESIL", "annulee"),
        (S::Mad | S::Mes, E::Overwritten) => telling(S::Ecrasee, "NOTIF_ECRASEMENT", "ecrasement"),
        (
            S::Deposee
            | S::ArKo
            | S::ArOk
            | S::CrKo
            | S::CrOk
            | S::StocEmise
            | S::RaccoOiPlanifie
            | S::RaccoKo
            | S::RaccoOk
            | S::Mad
            | S::Mes
            | S::AnnulDemandee
            | S::Annulee
            | S::Ecrasee,
            _,
        ) => {
            let why = super::labels::why::standing_at(from);
            return Err(Refusal::new(&codes::FIMP06).because(why));
        }
    };
    Ok(decision)
}

impl Status {
    /// Whether nothing can happen to it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::ArKo | Self::CrKo | Self::Annulee | Self::Ecrasee
        )
    }

    /// Whether its operator may still cancel it.
    #[must_use]
    pub fn can_cancel(self) -> bool {
        next(self, Event::CancelRequested).is_ok()
    }
}
