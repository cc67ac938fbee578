//! The page of addresses: the question, and the structure as an order must spell it.

use askama::Template;
use web::search_box::{Candidate, Places, Understood};
use web::{Form, ListQuery, RefusalView, Shell, Tag, filters};

/// `/adresses`, question and answer at one address. The form is a GET whose fields are `q`, or the
/// keys of an address by the trade's names; `Batiment`, `Escalier`, `Etage`, `Porte` and
/// `ReferencePrise` narrow the answer.
#[derive(Debug, Template)]
#[template(path = "adresses.html")]
pub struct Addresses {
    /// The shell: titled with the address once there is one, and its extraction date set.
    pub shell: Shell,
    /// The question as typed.
    pub form: Form,
    /// Whether it was put by the fields of an order rather than by the box.
    pub by_fields: bool,
    /// What it led to; `None` before any question.
    pub outcome: Option<Outcome>,
    /// What the text of the box was taken for, when something was assumed or left over.
    pub understood: Option<Understood>,
}

/// What a question led to.
#[derive(Debug)]
pub enum Outcome {
    /// The question itself is refused, or nothing matches; the address without what narrowed it.
    Refused(RefusalView, Option<String>),
    /// The text of the box names no building by itself.
    Places(Places),
    /// Several buildings match: a person chooses, the platform never does.
    Choice(Vec<Candidate>),
    /// One building.
    Tree(Box<Tree>),
}

/// The structure of one building.
#[derive(Debug)]
pub struct Tree {
    /// Its IdentifiantImmeuble.
    pub identifier: String,
    /// The building in short.
    pub facts: Vec<Fact>,
    /// Choices of a part, where there are several.
    pub parts: Vec<Part>,
    /// Dwellings shown.
    pub kept: usize,
    /// Dwellings of the building.
    pub total: usize,
    /// The structure without what narrowed it, when something did.
    pub whole_href: Option<String>,
    /// The same structure unfolded; `None` when it is.
    pub unfold_href: Option<String>,
    /// The test of the building's eligibility.
    pub test_href: String,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// The list, for its exports.
    pub query: ListQuery,
    /// The same question as an XML message.
    pub xml: String,
    /// The command that sends it.
    pub curl: String,
}

/// One fact about the building.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// A word about it.
    pub note: String,
}

/// A choice among the parts of one level.
#[derive(Clone, Debug)]
pub struct Part {
    /// The field, as an order names it.
    pub name: &'static str,
    /// On screen.
    pub label: &'static str,
    /// Its values and how they are said.
    pub values: Vec<(String, String)>,
    /// The one taken; empty for all.
    pub chosen: String,
}

/// A block of the building.
#[derive(Clone, Debug)]
pub struct Block {
    /// `Bâtiment A`.
    pub label: String,
    /// As the referential spells it.
    pub name: String,
    /// What it holds, in a few words.
    pub note: String,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Its staircases.
    pub stairs: Vec<Stair>,
}

/// A staircase.
#[derive(Clone, Debug)]
pub struct Stair {
    /// `Escalier 1`.
    pub label: String,
    /// As the referential spells it.
    pub name: String,
    /// What it holds.
    pub note: String,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Its floors.
    pub floors: Vec<Floor>,
}

/// A floor.
#[derive(Clone, Debug)]
pub struct Floor {
    /// `1er étage`.
    pub label: String,
    /// As the referential spells it.
    pub name: String,
    /// What it holds.
    pub note: String,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Its dwellings.
    pub dwellings: Vec<Dwelling>,
}

/// A dwelling, or a line of one. Never who holds it.
#[derive(Clone, Debug)]
pub struct Dwelling {
    /// `Porte 13`, or the floor when doors are unknown.
    pub label: String,
    /// The door as the referential names it.
    pub porte: String,
    /// Its PTO, when there is one.
    pub pto: Option<String>,
    /// The PBO that serves it.
    pub pbo: String,
    /// Free, in service, to be built.
    pub state: Tag,
    /// Whether the question was about it.
    pub selected: bool,
    /// What can be done with it.
    pub next: Next,
}

/// What can be done with a dwelling.
#[derive(Clone, Debug)]
pub enum Next {
    /// Its actions are here.
    Here(Box<Actions>),
    /// They are where it is shown alone: a page of many holds no more than their names.
    There(String),
}

/// What can be done with a dwelling, here.
#[derive(Clone, Debug)]
pub struct Actions {
    /// Its place in the page.
    pub id: usize,
    /// The order form, prefilled.
    pub order_href: String,
    /// The test of eligibility.
    pub test_href: String,
    /// The report of an anomaly, prefilled.
    pub anomaly_href: String,
    /// The fields of an order, a line each.
    pub copy: String,
}
