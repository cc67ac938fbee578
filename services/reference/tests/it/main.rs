//! Imports of reference files, on the engine that `EPISSURE_TEST_ENGINE` names.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod again;
mod base;
mod browse;
mod files;
mod files_ipe;
mod files_network;
mod gracethd;
mod hostile;
mod imports;
mod indexes;
mod interrupted;
mod lines;
mod pages;
mod releases;
mod runs;
mod streams;
mod support;
mod territory;
mod trade;
