//! The program: configuration, wiring of the crates, listeners, workers, commands.

pub mod backup;
pub mod bench;
pub mod cli;
mod commands;
pub mod config;
pub mod control;
pub mod demo;
pub mod doctor;
mod documents;
pub mod edges;
pub mod files;
pub mod freezes;
pub mod house;
mod labels;
pub mod listen;
mod messages;
mod output;
pub mod releases;
pub mod request;
pub mod search;
pub mod serve;
pub mod services;
pub mod tasks;
pub mod tls;
pub mod workers;
