//! What surrounds every page. Plain data: the edge fills it, `layout.html` shows it.

use jiff::civil::Date;
use kernel::Millis;

use crate::{Tone, labels};

/// Whose portal this is (white label).
#[derive(Clone, Debug)]
pub struct Brand {
    /// The infrastructure operator's name.
    pub name: String,
    /// The name of the portal under it.
    pub space: String,
}

impl Brand {
    /// The portal of the infrastructure operator `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            space: labels::SPACE.to_owned(),
        }
    }
}

/// Which installation the page comes from; shown as a badge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// The real one.
    #[default]
    Production,
    /// The integrators' own copy: its top bar is violet.
    Sandbox,
    /// The one-command demonstration, whose clock can be moved.
    Demo,
}

impl Environment {
    /// As written on the badge.
    #[must_use]
    pub fn label(self) -> &'static str {
        labels::environment(self)
    }

    /// Whether the top bar is tinted.
    #[must_use]
    pub fn is_tinted(self) -> bool {
        self != Self::Production
    }
}

/// The colours a person chose, kept in the cookie named [`Theme::COOKIE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Light, always.
    Light,
    /// Dark, always.
    Dark,
}

impl Theme {
    /// Name of the cookie that keeps the choice; readable by the page's script.
    pub const COOKIE: &'static str = "theme";
    /// Every theme, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The theme named by a cookie or a form; anything unknown is [`Theme::Auto`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// The cookie's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// As written in the menu.
    #[must_use]
    pub fn label(self) -> &'static str {
        labels::theme(self)
    }
}

/// One step of the breadcrumb above the current page.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// What is read.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// A titled group of the navigation; an empty title puts the entries at the top.
#[derive(Clone, Debug)]
pub struct MenuGroup {
    /// The group's title, empty for the first.
    pub title: String,
    /// Its entries, in order.
    pub entries: Vec<MenuEntry>,
}

/// One entry of the navigation.
#[derive(Clone, Debug)]
pub struct MenuEntry {
    /// What is read.
    pub label: String,
    /// Path of the page, without query.
    pub href: String,
    /// Name of a symbol of the icon sprite.
    pub icon: String,
    /// What waits there; `None` or 0 shows nothing.
    pub count: Option<u64>,
}

impl MenuEntry {
    /// An entry without a counter.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>, icon: &str) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
            icon: icon.to_owned(),
            count: None,
        }
    }

    /// The same entry with a counter.
    #[must_use]
    pub fn counting(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person's name.
    pub name: String,
    /// The operator and its code, as shown under the name.
    pub operator: String,
}

impl Person {
    /// Two letters for the badge.
    #[must_use]
    pub fn initials(&self) -> String {
        let firsts = self
            .name
            .split_whitespace()
            .filter_map(|word| word.chars().next());
        firsts.take(2).flat_map(char::to_uppercase).collect()
    }
}

/// The demonstration's clock: the business time, and buttons that move it forward.
#[derive(Clone, Copy, Debug)]
pub struct ClockBanner {
    /// Business time now.
    pub now: Millis,
}

/// One sentence about what was just done.
#[derive(Clone, Debug)]
pub struct Flash {
    /// Its colour and icon.
    pub tone: Tone,
    /// The sentence, in French.
    pub text: String,
}

/// The shell of one page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Whose portal.
    pub brand: Brand,
    /// Which installation.
    pub environment: Environment,
    /// The colours of the person's choice.
    pub theme: Theme,
    /// Title of the page, also its h1 unless the page says otherwise.
    pub title: String,
    /// Path of the page, without query: it marks the menu and is where small forms come back to.
    pub path: String,
    /// The pages above this one.
    pub crumbs: Vec<Crumb>,
    /// The navigation; not shown when nobody is signed in.
    pub menu: Vec<MenuGroup>,
    /// Who is signed in; `None` makes the bare page.
    pub person: Option<Person>,
    /// The demonstration's clock.
    pub clock: Option<ClockBanner>,
    /// The token every form sends back in the field `csrf`.
    pub csrf: String,
    /// What was just done.
    pub flash: Option<Flash>,
    /// Extraction date of the data shown (contract, article 13).
    pub extracted: Option<Date>,
    /// The running version.
    pub version: String,
}

impl Shell {
    /// The shell of a page for nobody in particular.
    #[must_use]
    pub fn bare(brand: Brand, environment: Environment, theme: Theme) -> Self {
        Self {
            brand,
            environment,
            theme,
            title: String::new(),
            path: String::new(),
            crumbs: Vec::new(),
            menu: Vec::new(),
            person: None,
            clock: None,
            csrf: String::new(),
            flash: None,
            extracted: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The same shell for `person`, with their navigation and their session's token.
    #[must_use]
    pub fn signed_in(mut self, person: Person, menu: Vec<MenuGroup>, csrf: String) -> Self {
        self.person = Some(person);
        self.menu = menu;
        self.csrf = csrf;
        self
    }

    /// The same shell, titled, for the page at `path`.
    #[must_use]
    pub fn page(mut self, title: impl Into<String>, path: impl Into<String>) -> Self {
        self.title = title.into();
        self.path = path.into();
        self
    }

    /// The same shell with one more page above this one.
    #[must_use]
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            label: label.into(),
            href: href.into(),
        });
        self
    }

    /// `page`, `true` or nothing: the `aria-current` of a menu entry.
    #[must_use]
    pub fn current(&self, href: &str) -> Option<&'static str> {
        if self.path == href {
            return Some("page");
        }
        let below = |href: &str| {
            let rest = self.path.strip_prefix(href);
            href != "/" && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // Of two entries above a page, the nearer one is marked.
        let mut entries = self.menu.iter().flat_map(|group| &group.entries);
        let nearer = entries.any(|entry| entry.href.len() > href.len() && below(&entry.href));
        (below(href) && !nearer).then_some("true")
    }

    /// The title of the browser's tab.
    #[must_use]
    pub fn tab_title(&self) -> String {
        format!(
            "{} · {} · {}",
            self.title, self.brand.space, self.brand.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_below_a_menu_entry_marks_it_but_is_not_the_page_itself() {
        let shell = Shell::bare(Brand::new("F2V"), Environment::Demo, Theme::Auto)
            .page("Commande", "/commandes/42");
        assert_eq!(shell.current("/commandes"), Some("true"));
        assert_eq!(shell.current("/commandes/42"), Some("page"));
        assert_eq!(shell.current("/"), None);
        assert_eq!(shell.current("/command"), None);
    }

    #[test]
    fn of_two_menu_entries_above_a_page_the_nearer_is_marked() {
        let mut shell = Shell::bare(Brand::new("F2V"), Environment::Demo, Theme::Auto)
            .page("Un lot", "/eligibilite/lots/1");
        let entry = |href: &str| MenuEntry {
            label: href.to_owned(),
            href: href.to_owned(),
            icon: "check".to_owned(),
            count: None,
        };
        shell.menu.push(MenuGroup {
            title: String::new(),
            entries: vec![entry("/eligibilite"), entry("/eligibilite/lots")],
        });
        assert_eq!(shell.current("/eligibilite"), None);
        assert_eq!(shell.current("/eligibilite/lots"), Some("true"));
    }

    #[test]
    fn the_badge_shows_two_initials() {
        let person = Person {
            name: "camille roussel petit".to_owned(),
            operator: String::new(),
        };
        assert_eq!(person.initials(), "CR");
    }
}
