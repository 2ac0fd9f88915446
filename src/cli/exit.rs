//! Exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    Answered = 0,
    Failed = 1,
    Usage = 2,
    NoReplyInTime = 3,
    NoSubscribers = 4,
    Refused = 5,
    CouldNotConnect = 6,
}
