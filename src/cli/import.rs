//! `roundtrip import`: JSON Lines into a recording.

use crate::cli::args::ImportArgs;
use crate::cli::exit::ExitCode;
use crate::cli::rows::{self, BadRows, Source};
use crate::cli::stop::Stop;
use crate::cli::{headless, out};
use crate::session::{Event, Session};
use crate::store::export::ExportError;
use crate::store::recording::{Import, RecordingError};

pub fn run(args: &ImportArgs) -> Result<ExitCode, Stop> {
    let source = Source::open(&args.file)?;
    let mut import = Import::open(&args.record, Session::now())?;
    let mut bad = BadRows::default();
    let mut session = headless::start()?;
    let mut count = 0_u64;
    // Rows that the recording cannot keep are told apart from a disk that is full.
    let mut unkept = BadRows::default();
    let read = source.each(&mut bad, &mut |item| {
        count += 1;
        if count.is_multiple_of(256) {
            let events = session.drain(64);
            if events
                .iter()
                .any(|event| matches!(event, Event::Interrupted))
            {
                return Err(ExportError::Cancelled);
            }
        }
        match import.row(&item) {
            Err(err @ RecordingError::BadRow { .. }) => {
                unkept.note(&err.to_string());
                Ok(())
            }
            done => done.map_err(ExportError::Recording),
        }
    });
    let finished = match read {
        // What was put in so far is kept and said.
        Ok(()) | Err(ExportError::Cancelled | ExportError::Source(_)) => {
            Some(import.finish(Session::now())?)
        }
        Err(_) => None,
    };
    if let Some(rows) = finished {
        out::say(&format!(
            "{} put into {}",
            rows::counted(rows),
            args.record.display()
        ));
    }
    match read {
        Ok(()) => Ok(worst(bad.tell(), unkept.tell())),
        Err(ExportError::Cancelled) => Err(Stop::interrupted()),
        Err(err) => Err(Stop::new(ExitCode::Failed, err.to_string(), err.hint())),
    }
}

fn worst(one: ExitCode, other: ExitCode) -> ExitCode {
    if one == ExitCode::Answered {
        other
    } else {
        one
    }
}
