//! The exit codes of every command. They are told in `--help`, and scripts rely on them.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    Answered = 0,
    /// Anything that has no code of its own.
    Failed = 1,
    Usage = 2,
    NoReplyInTime = 3,
    NoSubscribers = 4,
    Refused = 5,
    CouldNotConnect = 6,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
