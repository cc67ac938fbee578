//! The house's own commands: `cargo xtask tidy | test | ci | new-service | vendor | images |
//! budget`.
//!
//! Nothing of the product depends on this crate.
#![expect(
    clippy::print_stdout,
    reason = "what these commands print is their purpose"
)]

mod budget;
mod ci;
mod images;
mod new_service;
mod shell;
mod test;
mod tidy;
mod vendor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The house's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks the house rules
    Tidy {
        /// Prints how many SQL statements the sources hold, and checks nothing
        #[arg(long)]
        count_statements: bool,
    },
    /// Runs every test, on both engines, with the real clients
    Test(test::Options),
    /// Everything that must be green before a change lands
    Ci {
        /// Folder of the trade's own files
        #[arg(long, value_name = "DIR")]
        trade: Option<std::path::PathBuf>,
    },
    /// Makes and registers an e-service that compiles and answers
    NewService {
        /// Its code: lower-case letters, digits and hyphens
        name: String,
    },
    /// Fetches the vendored front-end files again and compares them with their lock
    Vendor {
        /// Accepts what was fetched: writes the files and their digests
        #[arg(long)]
        update: bool,
    },
    /// Takes the pictures of README and guides again, from a demonstration run for it
    Images {
        /// Only pictures whose name contains this
        #[arg(default_value = "")]
        only: String,
    },
    /// Prints the sizes of what is shipped beside their budgets
    Budget,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> anyhow::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match Arguments::parse().command {
        Command::Tidy {
            count_statements: true,
        } => tidy::print_statement_count().map(done),
        Command::Tidy {
            count_statements: false,
        } => tidy::check().map(done),
        Command::Test(options) => test::run(&options),
        Command::Ci { trade } => ci::run(trade),
        Command::NewService { name } => new_service::run(&name).map(done),
        Command::Vendor { update } => vendor::run(update).map(done),
        Command::Images { only } => images::run(&only).map(done),
        Command::Budget => budget::run().map(done),
    }
}
