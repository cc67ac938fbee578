//! Coloured marks: always an icon and a word, never the colour alone.

use askama::Template;
use askama::filters::HtmlSafe;

use domain::building::BuildingState;

use crate::filters;
use crate::map::Phase;

/// What a colour means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Neutral,
    /// Done, possible.
    Ok,
    /// Under way, to know.
    Info,
    /// To be looked at.
    Warn,
    /// Refused, failed.
    Bad,
}

impl Tone {
    /// The style class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The icon that goes with it.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::Neutral => "circle-dashed",
            Self::Ok => "circle-check",
            Self::Info => "clock",
            Self::Warn => "triangle-alert",
            Self::Bad => "circle-x",
        }
    }
}

/// A tone and its word; `{{ tag }}` in a template shows it.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<span class="tag {{ tone.class() }}">{{ tone.icon()|icon }}{{ text }}</span>"#
)]
pub struct Tag {
    /// Its colour and icon.
    pub tone: Tone,
    /// Its word, in French.
    pub text: String,
}

impl HtmlSafe for Tag {}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }

    /// The state of a building, in the colour that maps give it.
    #[must_use]
    pub fn of_building(state: BuildingState) -> Self {
        Self::new(Phase::of(state).tone(), state.label())
    }
}
