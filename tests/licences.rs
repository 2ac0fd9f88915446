//! Everything that is linked into Roundtrip has a licence that `deny.toml` allows.
//!
//! `cargo deny` checks more, but takes longer to install than all tests take to run.
#![expect(clippy::expect_used, reason = "a test may fail")]

use std::process::Command;
use toml::Table;

const DENY: &str = include_str!("../deny.toml");

struct Rules(Table);

impl Rules {
    fn read() -> Self {
        let deny: Table = DENY.parse().expect("deny.toml is TOML");
        Self(deny["licenses"].as_table().expect("[licenses]").clone())
    }

    fn strings(value: &toml::Value) -> impl Iterator<Item = &str> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
    }

    fn allow(&self, name: &str, licence: &str) -> bool {
        let exceptions = self.0["exceptions"]
            .as_array()
            .expect("a list of exceptions");
        Self::strings(&self.0["allow"]).any(|allowed| allowed == licence)
            || exceptions.iter().any(|exception| {
                exception["crate"].as_str() == Some(name)
                    && Self::strings(&exception["allow"]).any(|allowed| allowed == licence)
            })
    }

    /// An SPDX expression: OR binds weaker than AND; the tree has parentheses only around ORs.
    fn permit(&self, name: &str, expression: &str) -> bool {
        let mut rest = expression.replace('/', " OR ");
        while let Some((open, close)) = innermost(&rest) {
            let inner = if self.permit(name, &rest[open + 1..close]) {
                "Allowed"
            } else {
                "Forbidden"
            };
            rest.replace_range(open..=close, inner);
        }
        rest.split(" OR ").any(|choice| {
            choice
                .split(" AND ")
                .map(str::trim)
                .all(|licence| licence == "Allowed" || self.allow(name, licence))
        })
    }
}

/// Where the innermost parentheses are.
fn innermost(text: &str) -> Option<(usize, usize)> {
    let close = text.find(')')?;
    Some((text[..close].rfind('(')?, close))
}

#[test]
fn every_dependency_has_a_licence_that_we_allow() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--no-dedupe",
        ])
        .args(["--format", "{p}\t{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).expect("cargo speaks UTF-8");
    let rules = Rules::read();
    let (mut seen, mut wrong) = (0, Vec::new());
    for line in tree.lines() {
        let (package, licence) = line.split_once('\t').expect("package, tab, licence");
        let name = package.split(' ').next().expect("a name");
        seen += 1;
        if !rules.permit(name, licence) {
            wrong.push(format!("{package}: {licence:?}"));
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(seen > 100, "cargo tree listed only {seen} packages");
    assert!(
        wrong.is_empty(),
        "deny.toml does not allow:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    let rules = Rules::read();
    for allowed in [
        "MIT",
        "MIT/GPL-3.0-only",
        "GPL-2.0-only OR Apache-2.0",
        "(MIT OR GPL-3.0-only) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
        "GPL-3.0-only AND MIT OR ISC",
    ] {
        assert!(rules.permit("some-crate", allowed), "{allowed}");
    }
    for forbidden in [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "(GPL-3.0-only OR AGPL-3.0-only) AND MIT",
        "MPL-2.0",
    ] {
        assert!(!rules.permit("some-crate", forbidden), "{forbidden}");
    }
    assert!(
        rules.permit("option-ext", "MPL-2.0"),
        "an exception is for one crate"
    );
}
