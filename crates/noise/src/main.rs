//! Writes an invented address base, or the queries to ask of one.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;

use noise::read::Base;

const USAGE: &str = "usage:
  epissure-noise base --addresses N --seed S > ban.csv
  epissure-noise cases --ban FILE --count N --seed S > cases.jsonl";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Err(error) = run(&arguments) else {
        return ExitCode::SUCCESS;
    };
    // The reader of the pipe has enough.
    let closed = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if closed {
        return ExitCode::SUCCESS;
    }
    eprintln!("epissure-noise: {error}");
    ExitCode::FAILURE
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let text = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1))
            .ok_or_else(|| format!("{name} is missing"))
    };
    let number = |name: &str| -> Result<u64, Box<dyn Error>> {
        let text = text(name)?;
        Ok(text
            .parse()
            .map_err(|_| format!("{name} {text}: not a number"))?)
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match arguments.first().map(String::as_str) {
        Some("base") => {
            let addresses = usize::try_from(number("--addresses")?)?;
            noise::base::write_csv(addresses, number("--seed")?, &mut out)?;
        }
        Some("cases") => {
            let base = Base::read(BufReader::new(File::open(text("--ban")?)?))?;
            let count = usize::try_from(number("--count")?)?;
            for case in noise::cases::cases(&base, count, number("--seed")?) {
                case.write_json(&mut out)?;
            }
        }
        _ => return Err(USAGE.into()),
    }
    out.flush()?;
    Ok(())
}
