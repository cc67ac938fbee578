//! Imports of reference files, on the engine that `EPISSURE_TEST_ENGINE` names.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod imports;
mod interrupted;
mod lines;
mod support;
mod territory;
