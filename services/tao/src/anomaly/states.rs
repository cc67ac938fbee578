//! The life of an address anomaly (domain §1.3). One pure function decides every change.

use kernel::{Refusal, codes};

use super::labels;

kernel::words! {
    /// Where an anomaly stands.
    Status {
        /// Reported; the OI has not looked at it yet.
        Acknowledged = "acknowledged",
        /// The OI is at it.
        InProgress = "in_progress",
        /// The OI asked its operator something.
        Pending = "pending",
        /// The OI says that it is done; its operator may accept or refuse that.
        Resolved = "resolved",
        /// Done. Final.
        Closed = "closed",
        /// The OI refused it. Final.
        Rejected = "rejected",
        /// Its operator took it back. Final.
        Canceled = "canceled",
    }
}

kernel::words! {
    /// What happens to an anomaly.
    Event {
        /// Its operator reported it.
        Reported = "reported",
        /// The OI took it, and said how hard it is.
        Taken = "taken",
        /// The OI said anew how hard it is.
        Requalified = "requalified",
        /// The OI asked its operator something.
        Asked = "asked",
        /// Its operator answered.
        Answered = "answered",
        /// The OI resolved it.
        Resolved = "resolved",
        /// The OI refused it.
        Refused = "refused",
        /// Its operator accepted how it was resolved.
        Accepted = "accepted",
        /// Its operator did not.
        Disputed = "disputed",
        /// Its operator let the time to accept or refuse pass.
        Lapsed = "lapsed",
        /// Its operator took it back.
        Cancelled = "cancelled",
    }
}

/// Who brings an event about, and who has the next move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The operator that reported the anomaly.
    Operator,
    /// The OI.
    Provider,
    /// The passing of time.
    Platform,
}

impl Event {
    /// Who may bring it about.
    #[must_use]
    pub fn by(self) -> Side {
        match self {
            Self::Reported | Self::Answered | Self::Accepted | Self::Disputed | Self::Cancelled => {
                Side::Operator
            }
            Self::Taken | Self::Requalified | Self::Asked | Self::Resolved | Self::Refused => {
                Side::Provider
            }
            Self::Lapsed => Side::Platform,
        }
    }
}

/// What a change brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The new status.
    pub status: Status,
    /// The mail sent to the person who reported the anomaly.
    pub mail: Option<&'static str>,
}

const fn to(status: Status) -> Decision {
    Decision { status, mail: None }
}

const fn mailing(status: Status, mail: &'static str) -> Decision {
    Decision {
        status,
        mail: Some(mail),
    }
}

/// Decides what `event` does to an anomaly that stands at `from`, or to none.
///
/// # Errors
/// 13 when the anomaly's state does not allow it.
pub fn next(from: Option<Status>, event: Event) -> Result<Decision, Refusal> {
    use Event as E;
    use Status as S;
    let decision = match (from, event) {
        (None, E::Reported) => to(S::Acknowledged),
        (Some(S::Acknowledged), E::Taken) => to(S::InProgress),
        (Some(S::InProgress), E::Requalified) => to(S::InProgress),
        (Some(S::Pending), E::Requalified) => to(S::Pending),
        (Some(S::InProgress), E::Asked) => mailing(S::Pending, "anomalie_question"),
        (Some(S::Pending), E::Answered) => to(S::InProgress),
        (Some(S::InProgress | S::Pending), E::Resolved) => mailing(S::Resolved, "anomalie_resolue"),
        (Some(S::Acknowledged | S::InProgress | S::Pending), E::Refused) => {
            mailing(S::Rejected, "anomalie_refusee")
        }
        (Some(S::Resolved), E::Accepted | E::Lapsed) => to(S::Closed),
        (Some(S::Resolved), E::Disputed) => to(S::InProgress),
        (Some(S::Acknowledged | S::InProgress | S::Pending), E::Cancelled) => to(S::Canceled),
        (
            None
            | Some(
                S::Acknowledged
                | S::InProgress
                | S::Pending
                | S::Resolved
                | S::Closed
                | S::Rejected
                | S::Canceled,
            ),
            _,
        ) => {
            let why = from.map_or_else(String::new, labels::standing_at);
            return Err(Refusal::new(&codes::RC13).because(why));
        }
    };
    Ok(decision)
}

impl Status {
    /// Whether nothing can happen to it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Rejected | Self::Canceled)
    }

    /// Who has the next move; nobody at the end.
    #[must_use]
    pub fn ball(self) -> Option<Side> {
        match self {
            Self::Acknowledged | Self::InProgress => Some(Side::Provider),
            Self::Pending | Self::Resolved => Some(Side::Operator),
            Self::Closed | Self::Rejected | Self::Canceled => None,
        }
    }

    /// Whether `event` may happen to it now.
    #[must_use]
    pub fn admits(self, event: Event) -> bool {
        next(Some(self), event).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_status_is_reached_and_only_final_ones_lead_nowhere() {
        let mut reached = vec![Status::Acknowledged];
        for from in Status::ALL {
            let after: Vec<Status> = Event::ALL
                .iter()
                .filter_map(|event| Some(next(Some(*from), *event).ok()?.status))
                .collect();
            assert_eq!(after.is_empty(), from.is_final(), "{from:?}");
            assert_eq!(from.ball().is_none(), from.is_final(), "{from:?}");
            reached.extend(after);
        }
        for status in Status::ALL {
            assert!(reached.contains(status), "{status:?}");
            assert_eq!(Status::parse(status.as_str()), Some(*status));
        }
    }

    #[test]
    fn nothing_begins_but_by_being_reported_and_nothing_is_reported_twice() {
        for event in Event::ALL {
            assert_eq!(next(None, *event).is_ok(), *event == Event::Reported);
        }
        for status in Status::ALL {
            let refused = next(Some(*status), Event::Reported).unwrap_err();
            assert_eq!(refused.code, "13");
        }
    }

    #[test]
    fn whoever_has_the_next_move_has_one() {
        for status in Status::ALL {
            if let Some(side) = status.ball() {
                let moves = |event: &&Event| event.by() == side && status.admits(**event);
                assert!(Event::ALL.iter().any(|event| moves(&event)), "{status:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_walk_never_leaves_a_final_state_and_its_timeline_replays(
            walk in proptest::collection::vec(0..Event::ALL.len(), 0..60)
        ) {
            let mut status = next(None, Event::Reported).unwrap().status;
            let mut timeline = vec![(Event::Reported, status)];
            for event in walk.into_iter().map(|n| Event::ALL[n]) {
                match next(Some(status), event) {
                    Ok(decision) => {
                        prop_assert!(!status.is_final());
                        status = decision.status;
                        timeline.push((event, status));
                    }
                    Err(refusal) => prop_assert_eq!(refusal.code, "13"),
                }
            }
            let mut replayed = None;
            for (event, after) in timeline {
                let decision = next(replayed, event).unwrap();
                prop_assert_eq!(decision.status, after);
                replayed = Some(decision.status);
            }
            prop_assert_eq!(replayed, Some(status));
        }
    }
}
