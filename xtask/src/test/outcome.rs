//! What came out of a stage.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// What a test prints at the start of a line when its tool is missing; the tool follows.
const SKIPPED: &str = "SKIPPED: ";

/// How the tests of a stage ended.
#[derive(Default, Debug, PartialEq)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    /// Why each skipped test was.
    pub skips: Vec<String>,
}

impl Count {
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.skipped()
    }

    pub fn skipped(&self) -> usize {
        self.skips.len()
    }

    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skips.extend(other.skips.iter().cloned());
    }

    /// Each reason to skip, with the number of tests it took.
    pub fn reasons(&self) -> BTreeMap<&str, usize> {
        let mut reasons = BTreeMap::new();
        for skip in &self.skips {
            *reasons.entry(skip.as_str()).or_default() += 1;
        }
        reasons
    }

    /// Reads the JUnit report of a nextest run.
    pub fn from_junit(report: &str) -> Self {
        let mut count = Self::default();
        for case in report.split("<testcase ").skip(1) {
            if case.contains("<failure") || case.contains("<error") {
                count.failed += 1;
            } else if let Some(reason) = skip_reason(case) {
                count.skips.push(reason);
            } else {
                count.passed += 1;
            }
        }
        count
    }

    /// Reads what `cargo test -- --show-output` printed. A skip is a test that passed.
    pub fn from_cargo_test(output: &str) -> Self {
        let mut count = Self::default();
        for line in output.lines() {
            if let Some(result) = line.strip_prefix("test result: ") {
                count.passed += number_before(result, " passed");
                count.failed += number_before(result, " failed");
            }
            count.skips.extend(
                line.strip_prefix(SKIPPED)
                    .map(|reason| reason.trim().to_owned()),
            );
        }
        count.passed = count.passed.saturating_sub(count.skipped());
        count
    }

    /// A stage in which no test stood proves nothing: that counts as skipped.
    pub fn or_skipped_if_empty(mut self) -> Self {
        if self.total() == 0 {
            self.skips.push("any test in the stage".to_owned());
        }
        self
    }
}

/// The first skip line that one test case printed, on either of its outputs.
fn skip_reason(case: &str) -> Option<String> {
    let printed = ["<system-err>", "<system-out>"].iter().filter_map(|tag| {
        let (_, printed) = case.split_once(tag)?;
        printed.split("</system-").next()
    });
    let reason = printed
        .flat_map(str::lines)
        .find_map(|line| line.strip_prefix(SKIPPED))?;
    Some(reason.trim().to_owned())
}

fn number_before(text: &str, word: &str) -> usize {
    let before = text.split(word).next().unwrap_or("");
    before
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// A line of the summary.
pub struct Line {
    pub stage: &'static str,
    pub count: Option<Count>,
    took: Duration,
}

impl Line {
    pub fn new(stage: &'static str, start: Instant, count: Option<Count>) -> Self {
        Self {
            stage,
            count,
            took: start.elapsed(),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16}", self.stage)?;
        match &self.count {
            Some(count) => {
                for number in [count.total(), count.passed, count.failed, count.skipped()] {
                    write!(f, "{number:>8}")?;
                }
            }
            None => write!(f, "{:32}", "")?,
        }
        write!(f, "{:>10.1}", self.took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted_test_by_test() {
        let report = r#"<testsuites tests="4" failures="1"><testsuite name="x">
            <testcase name="a"><system-out></system-out><system-err></system-err></testcase>
            <testcase name="b"><system-out>no
</system-out><system-err>note
SKIPPED: zeep
SKIPPED: zeep
</system-err></testcase>
            <testcase name="c"><failure message="x">SKIPPED: &lt;testcase
</failure></testcase>
            <testcase name="d"><system-err>a line about SKIPPED: tests
</system-err></testcase></testsuite></testsuites>"#;
        let expected = Count {
            passed: 2,
            failed: 1,
            skips: vec!["zeep".to_owned()],
        };
        assert_eq!(Count::from_junit(report), expected);
    }

    #[test]
    fn nextest_puts_the_first_line_beside_its_tag() {
        let report =
            "<testcase name=\"a\"><system-err>SKIPPED: postgresql\n</system-err></testcase>";
        assert_eq!(Count::from_junit(report).skips, ["postgresql"]);
        let report = "<testcase name=\"a\"><system-out>a\nSKIPPED: zeep\n</system-out>";
        assert_eq!(Count::from_junit(report).skips, ["zeep"]);
    }

    #[test]
    fn plain_cargo_output_is_counted_too() {
        let output = "SKIPPED: zeep\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored\n";
        let expected = Count {
            passed: 3,
            failed: 2,
            skips: vec!["zeep".to_owned()],
        };
        assert_eq!(Count::from_cargo_test(output), expected);
    }

    #[test]
    fn an_empty_stage_is_a_skip() {
        assert_eq!(Count::default().or_skipped_if_empty().skipped(), 1);
        let one = Count {
            passed: 1,
            ..Count::default()
        };
        assert_eq!(one.or_skipped_if_empty().skipped(), 0);
    }
}
