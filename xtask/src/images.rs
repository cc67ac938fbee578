//! `cargo xtask images`: the pictures of README and guides, taken again from a demonstration that
//! is made and run for it. Which pages, and how they are shown, is the table of
//! tests/browser/images.mjs.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::shell;
use crate::test::tools;

/// Stops the demonstration whatever happens.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Takes every picture whose name contains `only`.
pub fn run(only: &str) -> anyhow::Result<()> {
    let target = shell::target()?;
    let node_modules = tools::node_modules(&target.join("tools/node"))?;
    let chromium = shell::which("chromium").context("no chromium on the PATH")?;
    shell::run(&mut shell::cargo(&[
        "build",
        "--release",
        "--package",
        "epissure",
    ]))?;
    let data = target.join("images-demo");
    let (portal, xml) = (free_port()?, free_port()?);
    let mut demo = Demo(
        Command::new(target.join("release/epissure"))
            .args(["demo", "--reset", "--data"])
            .arg(&data)
            .args(["--portal-port", &portal.to_string()])
            .args(["--xml-port", &xml.to_string()])
            .stdout(Stdio::piped())
            .spawn()?,
    );
    ready(&mut demo.0)?;
    let given = json!({
        "portal": format!("https://localhost:{portal}"),
        "xml": format!("https://localhost:{xml}/ws"),
        "access": data.join("acces"),
        "chromium": chromium,
        "accounts": std::fs::read_to_string(data.join("acces/LISEZMOI.txt"))?,
        "images": shell::root().join("docs/images"),
        "only": only,
    });
    taken(&node_modules, &given.to_string())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn ready(demo: &mut Child) -> anyhow::Result<()> {
    let out = demo
        .stdout
        .take()
        .context("no output of the demonstration")?;
    let mut lines = BufReader::new(out).lines();
    let said = lines.any(|line| line.is_ok_and(|line| line.starts_with("ready in")));
    ensure!(said, "the demonstration did not start");
    // What it goes on saying is read, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(())
}

fn taken(node_modules: &Path, given: &str) -> anyhow::Result<()> {
    let mut script = shell::command("node");
    script
        .arg("tests/browser/images.mjs")
        .env("NODE_PATH", node_modules)
        .stdin(Stdio::piped());
    let mut script = script.spawn()?;
    let input = script.stdin.as_mut().context("no input of the script")?;
    input.write_all(given.as_bytes())?;
    drop(script.stdin.take());
    ensure!(script.wait()?.success(), "a picture could not be taken");
    Ok(())
}
