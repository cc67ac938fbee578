//! Enums that have one text for each value.

/// An enum with one text for each value: as stored, as addresses carry it, as a partner writes it.
/// The text of a value and the value of a text come from the same line.
///
/// ```
/// kernel::words! {
///     /// A door.
///     Door {
///         /// The portal.
///         Portal = "portal",
///         /// The web services.
///         Xml = "xml",
///     }
/// }
/// assert!(Door::ALL.iter().all(|door| Door::parse(door.as_str()) == Some(*door)));
/// assert_eq!(Door::parse("PORTAL"), None);
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its text.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The value of a text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}
