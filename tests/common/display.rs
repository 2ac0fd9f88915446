//! A display of the test's own: Xvfb, drawn in software. Missing: a visible skip, in CI a failure.
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(clippy::expect_used, reason = "a test may fail")]

use super::peers::skip;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A virtual display; gone when dropped.
pub struct Display {
    process: Child,
    name: String,
}

impl Display {
    /// `size` like "1600x1000". Ready for clients when this returns.
    #[track_caller]
    pub fn start(size: &str) -> Option<Self> {
        let spawned = Command::new("Xvfb")
            // The server picks a free number and writes it once it accepts clients.
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
            .args(["-screen", "0", &format!("{size}x24")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut process) = spawned else {
            skip("Xvfb");
            return None;
        };
        let mut number = String::new();
        BufReader::new(process.stdout.take().expect("its stdout"))
            .read_line(&mut number)
            .expect("its display number");
        let display = Self {
            process,
            name: format!(":{}", number.trim()),
        };
        assert!(display.name.len() > 1, "Xvfb ended without a display");
        Some(display)
    }

    /// Lets `command` open its windows here, whatever display the user has.
    pub fn show<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
