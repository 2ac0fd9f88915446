//! `roundtrip export`: a recording or JSON Lines in, another format out.

use crate::cli::args::ExportArgs;
use crate::cli::exit::ExitCode;
use crate::cli::rows::{self, BadLines};
use crate::cli::stop::Stop;
use crate::cli::{headless, out};
use crate::model::exchange::ExchangeId;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Filter, Row, RowId, RowRef};
use crate::session::{Event, Session};
use crate::store::StoreError;
use crate::store::export::{self, Done, ExportError, Item, Options};
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::Path;

pub fn run(args: &ExportArgs) -> Result<ExitCode, Stop> {
    let to = args.out.as_deref().filter(|path| path.as_os_str() != "-");
    let format = args
        .chosen_format()
        .map_err(|words| Stop::usage(words, ""))?;
    if to.is_none() && format.is_binary() && std::io::stdout().is_terminal() {
        return Err(Stop::usage(
            format!("{} is not for a terminal", format.label()),
            "write it to a file with --out, or into a pipe",
        ));
    }
    if to.is_some_and(|to| is_same(to, &args.file)) {
        return Err(Stop::usage(
            format!(
                "`{}` would replace what it is made from",
                args.file.display()
            ),
            "give --out another name",
        ));
    }
    let now = Session::now();
    let wanted = Wanted::new(args, now);
    let bad = BadLines::default();
    let source = rows::open(&args.file, &bad)?;
    let options = options(args, format, now);
    let mut session = headless::start()?;
    let mut goes_on = |_| {
        let events = session.drain(64);
        !events
            .iter()
            .any(|event| matches!(event, Event::Interrupted))
    };
    let rows = source.filter(|item| item.as_ref().map_or(true, |item| wanted.has(item)));
    let done = match to {
        Some(path) => export::to_file(path, &options, rows, &mut goes_on),
        None => to_stdout(&options, rows, &mut goes_on),
    };
    let done = done.map_err(|err| stop(err, to))?;
    tell(&done, to);
    Ok(bad.tell())
}

fn options(args: &ExportArgs, format: export::Format, now: Timestamp) -> Options {
    let name = if args.file.as_os_str() == "-" {
        "Timeline".into()
    } else {
        args.file.file_name().unwrap_or_default().to_string_lossy()
    };
    let title = args.title.clone().unwrap_or_else(|| name.into_owned());
    Options {
        filter: args.filter.clone().unwrap_or_default(),
        lanes: args.draw.iter().copied().map(ExchangeId).collect(),
        spreadsheet_safe: args.spreadsheet_safe,
        ..Options::new(format, title, now)
    }
}

fn to_stdout(
    options: &Options,
    rows: impl Iterator<Item = Result<Item, StoreError>>,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Done, ExportError> {
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let done = export::to_writer(options, rows, &mut stdout, goes_on)?;
    stdout.flush()?;
    Ok(done)
}

fn stop(err: ExportError, to: Option<&Path>) -> Stop {
    match err {
        ExportError::Source(err) => err.into(),
        ExportError::Write(err) => out::broken(&err),
        ExportError::Cancelled if to.is_some() => {
            Stop::new(ExitCode::Failed, "interrupted; nothing was written", "")
        }
        ExportError::Cancelled => Stop::interrupted(),
        err @ ExportError::File(_) => Stop::new(ExitCode::Failed, err.to_string(), err.hint()),
    }
}

fn tell(done: &Done, to: Option<&Path>) {
    for note in &done.notes {
        out::say(&format!("note: {note}"));
    }
    if let Some(path) = to {
        out::say(&format!(
            "{} written to {}",
            rows::counted(done.rows),
            path.display()
        ));
    } else if done.rows == 0 {
        out::say("no row passes");
    }
}

fn is_same(to: &Path, from: &Path) -> bool {
    match (to.canonicalize(), from.canonicalize()) {
        (Ok(to), Ok(from)) => to == from,
        _ => false,
    }
}

/// Which rows were asked for.
struct Wanted {
    filter: Filter,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Empty: all.
    exchanges: Vec<ExchangeId>,
}

impl Wanted {
    fn new(args: &ExportArgs, now: Timestamp) -> Self {
        Self {
            filter: Filter::new(args.filter.as_deref().unwrap_or_default(), None),
            since: args.since.map(|moment| moment.before(now)),
            until: args.until.map(|moment| moment.before(now)),
            exchanges: args.exchanges.iter().copied().map(ExchangeId).collect(),
        }
    }

    fn has(&self, item: &Item) -> bool {
        let row = &item.row;
        let at = row.time();
        let exchange = match row {
            Row::Exchange(exchange) => Some(exchange.id),
            Row::Message(message) => message.near,
            Row::Publish(_) => None,
        };
        let is_named =
            self.exchanges.is_empty() || exchange.is_some_and(|id| self.exchanges.contains(&id));
        let id = item.id.unwrap_or_else(|| RowId::new(0));
        is_named
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
            && self
                .filter
                .passes(RowRef::whole(id, Category::of(row), row))
    }
}
