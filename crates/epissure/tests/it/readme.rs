//! The tour of README.md, word for word: the commands of its `console` blocks are run against a
//! demonstration of their own, and print what it shows.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};

use crate::clients::{curl_is_there, fed, node, repository, tool};
use crate::server::binary;

/// What begins the demonstration.
const DEMO: &str = "cargo run --release -- demo";
/// Stands in the README for what differs from one run to the next.
const ANYTHING: &str = "…";
/// Where the README's demonstration answers.
const ADDRESSES: [&str; 2] = ["https://localhost:8443", "https://localhost:8444"];

/// A command and the lines it is shown to print.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// The commands of the `console` blocks, in order. One goes on over lines that end with `\`.
fn commands(readme: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let mut open = false;
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                shown.push(Shown {
                    command: command.to_owned(),
                    output: Vec::new(),
                });
            } else {
                let last = shown.last_mut().expect("a block begins with a command");
                if open {
                    last.command = format!("{}\n{line}", last.command);
                } else {
                    last.output.push(line.to_owned());
                }
            }
            open = (line.starts_with("$ ") || open) && line.ends_with('\\');
        }
    }
    shown
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line is what the README shows, but for what differs.
fn is_like(line: &str, shown: &str) -> bool {
    let pieces: Vec<&str> = shown.split(ANYTHING).collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return line == shown;
    };
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

/// A line that is only `…` stands for any number of lines at the end, or for one.
fn compare(command: &str, printed: &[String], shown: &[String]) {
    let cut = shown.last().is_some_and(|line| line == ANYTHING);
    let wanted = if cut {
        &shown[..shown.len() - 1]
    } else {
        shown
    };
    let enough = if cut {
        printed.len() >= wanted.len()
    } else {
        printed.len() == wanted.len()
    };
    assert!(
        enough,
        "{command}: {printed:#?} where the README shows {shown:#?}"
    );
    for (line, shown) in printed.iter().zip(wanted) {
        let (line, shown) = (words(line), words(shown));
        assert!(
            is_like(&line, &shown),
            "{command}: {line:?} where the README shows {shown:?}"
        );
    }
}

/// The demonstration, ended with the test by its own id.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A demonstration in a folder laid out as the repository is.
struct Running {
    folder: tempfile::TempDir,
    /// What it printed until it was ready.
    printed: Vec<String>,
    /// Where it really answers, in the order of [`ADDRESSES`].
    real: [String; 2],
    _demo: Demo,
}

fn running() -> Running {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("target/release")).unwrap();
    symlink(binary(), folder.path().join("target/release/epissure")).unwrap();
    let mut demo = Command::new(binary());
    demo.args(["demo", "--portal-port", "0", "--xml-port", "0"])
        .current_dir(folder.path());
    let mut demo = Demo(demo.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    let mut printed: Vec<String> = Vec::new();
    while !printed
        .last()
        .is_some_and(|line| line.starts_with("ready in"))
    {
        printed.push(lines.next().expect("a demonstration that starts").unwrap());
    }
    let address = |line: &str| {
        let (_, rest) = line.split_once("https://").unwrap();
        format!("https://{}", rest.split('/').next().unwrap())
    };
    let real = [address(&printed[0]), address(&printed[1])];
    Running {
        folder,
        printed,
        real,
        _demo: demo,
    }
}

impl Running {
    fn as_shown(&self, line: &str) -> String {
        let both = ADDRESSES.iter().zip(&self.real);
        both.fold(line.to_owned(), |line, (a, b)| line.replace(b, a))
    }

    fn really(&self, line: &str) -> String {
        let both = ADDRESSES.iter().zip(&self.real);
        both.fold(line.to_owned(), |line, (a, b)| line.replace(a, b))
    }
}

/// The numbered steps of the tour, each on one line.
fn steps(readme: &str) -> Vec<String> {
    let tour = readme.split("## Five minutes").nth(1).unwrap();
    let tour = tour.split("\n## ").next().unwrap();
    let mut steps: Vec<String> = Vec::new();
    let mut open = false;
    for line in tour.lines() {
        let number = line.split_once(". ").map_or("", |(number, _)| number);
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if numbered {
            steps.push(line.to_owned());
        } else if open && line.starts_with("   ") {
            let last = steps.last_mut().unwrap();
            *last = format!("{last} {}", line.trim());
        }
        open = numbered || (open && line.starts_with("   "));
    }
    steps
}

#[test]
fn the_steps_of_the_readme_are_done_by_its_words_and_every_door_answers_alike() {
    let (Some(chromium), Some(script), Some(python)) = (
        tool("EPISSURE_CHROMIUM", "chromium"),
        node("tests/browser/readme.mjs"),
        tool("EPISSURE_PYTHON", "zeep"),
    ) else {
        return;
    };
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let steps = steps(&readme);
    assert_eq!(steps.len(), 3, "{steps:?}");
    let running = running();
    let accounts = running
        .folder
        .path()
        .join("epissure-demo/acces/LISEZMOI.txt");
    let told = serde_json::json!({
        "portal": running.real[0],
        "chromium": chromium,
        "steps": steps,
        "root": repository(""),
        "accounts": fs::read_to_string(accounts).unwrap(),
    });
    let said = fed(script, &told.to_string());
    let doors: serde_json::Value = serde_json::from_str(said.lines().next_back().unwrap()).unwrap();
    let [page, lot, unknown] = ["page", "lot", "unknown"].map(|key| doors[key].as_str().unwrap());
    assert!(page.starts_with("ACCES_FTTH eligible"), "{said}");
    assert_eq!(page, lot, "the lot answers another thing than the page");
    assert!(unknown.contains("FADR01"), "{said}");

    let program = readme.split("```python\n").nth(1).unwrap();
    let program = running.really(program.split("```").next().unwrap());
    let mut zeep = Command::new(python);
    zeep.args(["-B", "-c", &program])
        .current_dir(running.folder.path());
    assert_eq!(fed(zeep, "").trim(), page, "zeep is answered another thing");
}

#[test]
fn the_tour_of_the_readme_prints_what_it_shows() {
    if !curl_is_there() {
        return;
    }
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let mut tour = commands(&readme).into_iter();
    let first = tour.next().unwrap();
    assert_eq!(first.command, DEMO);
    let running = running();
    let as_shown = |line: &str| running.as_shown(line);
    let printed: Vec<String> = running.printed.iter().map(|line| as_shown(line)).collect();
    compare(DEMO, &printed, &first.output);

    // One shell runs them all, as a person would; a line of its own says where each ends.
    let tour: Vec<Shown> = tour.collect();
    let end = "-- end of the command --";
    let step = |shown: &Shown| format!("{}\necho; echo '{end}'\n", running.really(&shown.command));
    let script: String = tour.iter().map(step).collect();
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(running.folder.path());
    let mut shell = shell.stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    shell
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let outputs: Vec<&str> = text.split(&format!("\n{end}\n")).collect();
    assert!(shell.wait().unwrap().success(), "{text}");
    for (shown, output) in tour.iter().zip(outputs) {
        let lines = output.lines().map(as_shown).filter(|line| !line.is_empty());
        compare(&shown.command, &lines.collect::<Vec<_>>(), &shown.output);
    }
}

#[test]
fn a_line_is_compared_but_for_what_differs() {
    assert!(is_like("ready in 12 ms", "ready in … ms"));
    assert!(!is_like("ready in 12 s", "ready in … ms"));
    assert!(is_like("a 1 b 2 c", "a … b … c") && !is_like("a 1 c", "a … b … c"));
    assert!(is_like("a", "a") && !is_like("ab", "a"));
}
