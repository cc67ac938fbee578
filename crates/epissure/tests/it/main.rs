//! The platform as a whole: in process (`house`), as a real server (`server`), with real clients.
#![expect(
    clippy::disallowed_methods,
    reason = "tests are told their tools by the environment"
)]

mod addresses;
mod anomalies;
mod backup;
mod browser;
mod clients;
mod demo;
mod developers;
mod edges;
mod gates;
mod goldens;
mod house;
mod journey;
mod kill9;
mod limits;
mod lots;
mod network;
mod prepare;
mod process;
mod races;
mod readme;
mod server;
mod tamper;
mod tao;
mod trade;
mod watches;
