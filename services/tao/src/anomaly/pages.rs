//! The pages of address anomalies: plain data and their templates.

use askama::Template;
use askama::filters::HtmlSafe;
use kernel::Millis;
use web::{Form, ListQuery, Pager, RefusalView, Shell, Tag, Tone, filters};

/// A value to filter on or to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    /// As sent.
    pub value: String,
    /// In French.
    pub label: String,
    /// What it is for, or empty.
    pub note: &'static str,
    /// How many there are, when counted.
    pub count: Option<i64>,
}

/// A row of a list.
#[derive(Clone, Debug)]
pub struct Row {
    /// Page of the anomaly.
    pub href: String,
    /// Its reference.
    pub reference: String,
    /// What is wrong.
    pub kind: &'static str,
    /// How hard it is.
    pub complexity: Option<&'static str>,
    /// Its address.
    pub address: String,
    /// Where in the building, or empty.
    pub spot: String,
    /// Where it stands.
    pub state: Tag,
    /// Who has the next move.
    pub ball: &'static str,
    /// Whether that is the reader.
    pub yours: bool,
    /// Whether something may still happen to it.
    pub open: bool,
    /// Who reported it.
    pub operator: String,
    /// When.
    pub created: Millis,
    /// When something last happened.
    pub updated: Millis,
    /// Its age in working time.
    pub age: String,
}

/// `/adresses/anomalies`. Query: `q`, `etat`, `genre`, `commune`, and the toolkit's.
#[derive(Debug, Template)]
#[template(path = "anomalies.html")]
pub struct AnomalyList {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// States with their counts.
    pub states: Vec<Choice>,
    /// Kinds.
    pub kinds: Vec<Choice>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the page stands.
    pub pager: Pager,
}

/// `/oi/anomalies`. Query: `q`, `etat`, `genre`, `complexite`, `operateur`, `commune`, and the
/// toolkit's. A batch posts `choix`, `acte` and what that needs to the same address.
#[derive(Debug, Template)]
#[template(path = "anomalies_oi.html")]
pub struct Queue {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// States with their counts.
    pub states: Vec<Choice>,
    /// Kinds.
    pub kinds: Vec<Choice>,
    /// Complexities.
    pub complexities: Vec<Choice>,
    /// Reasons of refusal.
    pub reasons: Vec<Choice>,
    /// Operators that reported something.
    pub operators: Vec<Choice>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the page stands.
    pub pager: Pager,
    /// The batch.
    pub form: Form,
    /// What is ticked for it.
    pub chosen: Vec<String>,
    /// The address of this very list, to which a batch is posted.
    pub here: String,
}

impl Queue {
    fn is_chosen(&self, reference: &String) -> bool {
        self.chosen.contains(reference)
    }
}

/// What a batch did.
#[derive(Debug, Template)]
#[template(path = "anomalies_lot.html")]
pub struct BatchDone {
    /// The shell.
    pub shell: Shell,
    /// How many it did.
    pub done: usize,
    /// How many were chosen.
    pub chosen: usize,
    /// Those it did not, and why.
    pub refused: Vec<(String, RefusalView)>,
    /// The list it came from.
    pub back: String,
}

/// `/adresses/anomalies/nouvelle`, prefilled from its query; posts to `/adresses/anomalies`.
#[derive(Debug, Template)]
#[template(path = "anomalie_nouvelle.html")]
pub struct NewAnomaly {
    /// The shell.
    pub shell: Shell,
    /// What was typed or prefilled.
    pub form: Form,
    /// What may be wrong.
    pub kinds: Vec<Choice>,
    /// The anomaly that is open already: its reference.
    pub open: Option<String>,
}

/// How far a stage is.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub label: &'static str,
    /// `done`, `now`, `later` or `ended`.
    pub class: &'static str,
    /// When it was reached.
    pub at: Option<Millis>,
    /// A word when it was not.
    pub note: &'static str,
}

/// A fact of an anomaly.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// Where its object is shown, if anywhere.
    pub href: Option<String>,
    /// Whether it is a reference.
    pub mono: bool,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Happened {
    /// When.
    pub at: Millis,
    /// Its colour.
    pub tone: Tone,
    /// What.
    pub title: &'static str,
    /// By whom.
    pub actor: String,
    /// Through which door.
    pub channel: &'static str,
    /// What was said, or empty.
    pub comment: String,
}

/// How long it stood somewhere.
#[derive(Clone, Debug)]
pub struct Duration {
    /// Where.
    pub label: &'static str,
    /// In working time.
    pub working: String,
    /// By the calendar.
    pub calendar: String,
}

/// The XML message that reports the same anomaly.
#[derive(Clone, Debug)]
pub struct Api {
    /// The message.
    pub xml: String,
    /// The call.
    pub curl: String,
}

/// `/adresses/anomalies/{id}` and `/oi/anomalies/{id}`: one sheet for both sides.
#[derive(Debug, Template)]
#[template(path = "anomalie.html")]
pub struct Sheet {
    /// The shell.
    pub shell: Shell,
    /// Whether the OI reads it.
    pub is_desk: bool,
    /// Its address.
    pub path: String,
    /// Its reference.
    pub reference: String,
    /// What is wrong.
    pub kind: &'static str,
    /// Where, on one line.
    pub address: String,
    /// Who reported it, for the OI.
    pub operator: String,
    /// Where it stands.
    pub state: Tag,
    /// Its colour.
    pub tone: Tone,
    /// Stages of its life.
    pub stages: Vec<Stage>,
    /// What comes next.
    pub next: &'static str,
    /// Who has the next move.
    pub ball: &'static str,
    /// Since when, until when.
    pub ball_note: String,
    /// What happened, the latest first.
    pub timeline: Vec<Happened>,
    /// Facts.
    pub facts: Vec<Fact>,
    /// Durations.
    pub durations: Vec<Duration>,
    /// What was done, once it was.
    pub resolution: String,
    /// In which release that is seen.
    pub seen_in: String,
    /// What the reader may do now, by the names of events.
    pub acts: Vec<&'static str>,
    /// The forms of what the reader may do.
    pub form: Form,
    /// Complexities.
    pub complexities: Vec<Choice>,
    /// Reasons of refusal.
    pub reasons: Vec<Choice>,
    /// The refusal that a form of this page just met and that no field shows.
    pub refusal: Option<RefusalView>,
    /// The XML call, for an operator.
    pub api: Option<Api>,
}

impl Sheet {
    fn may(&self, act: &str) -> bool {
        self.acts.contains(&act)
    }
}

/// A bar cut in parts; what it shows always stands in words beside it.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
{% for (tone, from, width) in parts %}<rect class="{{ tone.class() }}" x="{{ from }}"
 width="{{ width }}" height="6"/>{% endfor %}</svg>"#
)]
pub struct Bar {
    parts: Vec<(Tone, i64, i64)>,
}

impl HtmlSafe for Bar {}

impl Bar {
    /// A bar whose parts are as long as their shares of the whole, in hundredths.
    #[must_use]
    pub fn new(counts: &[(Tone, i64)]) -> Self {
        let total = counts.iter().map(|(_, n)| n).sum::<i64>().max(1);
        let mut before = 0;
        let mut parts = Vec::new();
        for (tone, n) in counts {
            let (from, to) = (before * 100 / total, (before + n) * 100 / total);
            before += n;
            if to > from {
                parts.push((*tone, from, to - from));
            }
        }
        Self { parts }
    }
}

/// A commune among the figures.
#[derive(Clone, Debug)]
pub struct FigureRow {
    /// Its name.
    pub commune: String,
    /// Its INSEE code.
    pub insee: String,
    /// Its anomalies in the queue.
    pub href: String,
    /// Reported, open, resolved, refused.
    pub counts: [i64; 4],
    /// Median time before they are taken.
    pub taking: String,
    /// Median time of the OI.
    pub total: String,
    /// Shares of the kinds, as a bar.
    pub bar: Bar,
    /// The same in words.
    pub shares: String,
}

/// `/oi/anomalies/communes`.
#[derive(Debug, Template)]
#[template(path = "anomalies_communes.html")]
pub struct FigurePage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// All communes together: reported, open, resolved, refused.
    pub sums: [i64; 4],
    /// The rows of this page.
    pub rows: Vec<FigureRow>,
    /// Where the page stands.
    pub pager: Pager,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_bar_fill_it() {
        let bar = Bar::new(&[
            (Tone::Info, 1),
            (Tone::Ok, 1),
            (Tone::Warn, 1),
            (Tone::Bad, 0),
        ]);
        let sum: i64 = bar.parts.iter().map(|(_, _, width)| width).sum();
        assert_eq!((bar.parts.len(), sum), (3, 100));
        assert!(Bar::new(&[(Tone::Info, 0)]).parts.is_empty());
    }
}
