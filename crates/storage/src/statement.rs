//! Statements are written once, in `store.rs` files, through [`sql!`](crate::sql).

/// One SQL text with the place it was written at. Parameters are `?1`, `?2`...; PostgreSQL gets
/// `$1`, `$2`...
#[derive(Debug)]
pub struct Statement {
    /// The text, in the portable subset.
    pub sql: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Source line.
    pub line: u32,
}

/// Every statement of the program, for the test that prepares each of them on both engines.
#[linkme::distributed_slice]
pub static STATEMENTS: [Statement] = [..];

/// A `&'static Statement` for an SQL text, registered in [`STATEMENTS`].
#[macro_export]
macro_rules! sql {
    ($text:expr) => {{
        #[$crate::linkme::distributed_slice($crate::STATEMENTS)]
        #[linkme(crate = $crate::linkme)]
        static STATEMENT: $crate::Statement = $crate::Statement {
            sql: $text,
            file: file!(),
            line: line!(),
        };
        &STATEMENT
    }};
}
