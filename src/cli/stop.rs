//! Why a headless command ends early.

use crate::cli::exit::ExitCode;

/// What to say, and the exit code.
#[derive(Debug)]
pub struct Stop {
    pub code: ExitCode,
    pub text: String,
    pub hint: String,
}

impl Stop {
    pub fn new(code: ExitCode, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            hint: hint.into(),
        }
    }

    /// The command line asks for something that cannot be.
    pub fn usage(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, text, hint)
    }

    /// The user pressed Ctrl+C.
    pub fn interrupted() -> Self {
        Self::new(ExitCode::Failed, "interrupted", "")
    }
}

impl From<crate::session::SessionError> for Stop {
    fn from(err: crate::session::SessionError) -> Self {
        Self::new(ExitCode::CouldNotConnect, err.to_string(), err.hint())
    }
}

impl From<crate::store::StoreError> for Stop {
    /// Only files that the command line names are read.
    fn from(err: crate::store::StoreError) -> Self {
        Self::usage(err.to_string(), err.hint())
    }
}

impl From<crate::store::FileProblem> for Stop {
    fn from(problem: crate::store::FileProblem) -> Self {
        Self::usage(problem.to_string(), problem.hint)
    }
}
