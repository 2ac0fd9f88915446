//! Where words go: data to stdout, talk to stderr.

use crate::cli::exit::ExitCode;
use crate::cli::stop::Stop;
use std::io::Write as _;

/// Data: one line on stdout, there at once even when piped.
pub fn line(text: &str) -> Result<(), Stop> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(|err| broken(&err))
}

/// Talk: a line on stderr.
pub fn say(text: &str) {
    eprintln!("{text}");
}

/// Stdout cannot be written to, such as when the reader of a pipe is gone.
pub fn broken(err: &std::io::Error) -> Stop {
    Stop::new(
        ExitCode::Failed,
        format!("stdout cannot be written: {err}"),
        "",
    )
}
