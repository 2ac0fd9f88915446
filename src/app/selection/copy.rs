//! The selected rows as text on the clipboard, made on another thread: there may be a million.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::columns::{self, ColumnKind, ShownColumn};
use crate::app::export::{ExportAction, Rows, Scope};
use crate::app::notices::Choice;
use crate::app::rows::timeline_row;
use crate::app::tally::Tallies;
use crate::app::work::Wanted;
use crate::model::record::Record;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::store::export::{Format, Item};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

/// More than this no clipboard is meant for.
const MOST: usize = 64 << 20;
/// Of a cell.
const CHARS: usize = 4_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyRows {
    /// The columns of the table, with tabs between them.
    Text,
    /// A line of JSON for each, as in an export as JSON Lines.
    Json,
}

#[derive(Debug)]
pub(super) struct Copied {
    text: String,
    rows: usize,
    problem: Option<String>,
}

/// What the text of a row needs to know.
struct Writer {
    columns: Vec<ShownColumn>,
    connections: BTreeMap<String, String>,
    tallies: Tallies,
    now: Timestamp,
}

impl Writer {
    fn title(&self) -> String {
        let titles = self.columns.iter().map(|column| column.kind.title());
        titles.collect::<Vec<_>>().join("\t")
    }

    fn line(&mut self, item: &Item) -> String {
        let words = timeline_row(&item.row, &mut self.tallies, self.now);
        let connection: &str = item.row.connection();
        let name = self.connections.get(connection);
        let connection = name.map_or(connection, String::as_str);
        let cells = self.columns.iter().map(|column| {
            let of = (&item.row, &words, connection, &*item.marks.comment);
            columns::copied(&column.kind, of, CHARS)
        });
        cells.collect::<Vec<_>>().join("\t")
    }
}

fn copy(rows: &Rows, how: CopyRows, mut writer: Writer, wanted: &Wanted) -> Option<Copied> {
    let looked_at = AtomicU64::new(0);
    let mut copied = Copied {
        text: String::new(),
        rows: 0,
        problem: None,
    };
    if how == CopyRows::Text {
        copied.text = writer.title();
    }
    for item in rows.items(&looked_at) {
        if !wanted.is_so() {
            return None;
        }
        let line = match (item, how) {
            (Ok(item), CopyRows::Text) => Ok(writer.line(&item)),
            (Ok(item), CopyRows::Json) => json(&item),
            (Err(err), _) => Err(err.to_string()),
        };
        match line {
            Ok(line) => {
                if !copied.text.is_empty() {
                    copied.text.push('\n');
                }
                copied.text.push_str(&line);
            }
            Err(err) => copied.problem = Some(err),
        }
        copied.rows += 1;
        if copied.text.len() > MOST {
            let most = text::bytes(MOST);
            copied.problem = Some(format!("they are more than {most} of text"));
        }
        if copied.problem.is_some() {
            break;
        }
    }
    Some(copied)
}

fn json(item: &Item) -> Result<String, String> {
    let id = item.id.ok_or("a row has no place")?;
    let mut record = Record::of(id, &item.row);
    record.marks = item.marks.clone();
    record.to_json().map_err(|err| err.to_string())
}

impl App {
    /// Copies what is selected, once it is made.
    pub(in crate::app) fn copy_rows(&mut self, how: CopyRows) {
        let rows = Rows::of(self, Scope::Selected);
        if rows.total() == 0 {
            return;
        }
        let profiles = self.library.profiles().iter();
        let mut shown = columns::shown(&self.window.timeline_columns);
        // A picture has no text.
        shown.retain(|column| column.kind != ColumnKind::Waterfall);
        let writer = Writer {
            columns: shown,
            connections: profiles
                .map(|(id, profile)| (id.clone(), profile.name.clone()))
                .collect(),
            tallies: Tallies::default(),
            now: self.now,
        };
        let work = self
            .worker
            .start(move |wanted| copy(&rows, how, writer, wanted));
        self.selection.copying = Some(work);
    }

    pub(super) fn hear_of_copy(&mut self) {
        let copying = self.selection.copying.as_ref();
        let Some(copied) = copying.and_then(crate::app::work::Work::take) else {
            return;
        };
        self.selection.copying = None;
        if let Some(problem) = copied.problem {
            let export = Choice {
                label: "Export them",
                action: Action::Export(ExportAction::AskSelected(Format::Jsonl)),
            };
            self.notices.fail_about(
                "copy rows",
                format!("The selected rows were not copied: {problem}"),
                "Write them into a file instead.",
                vec![export],
            );
            return;
        }
        let size = text::bytes(copied.text.len());
        let told = match copied.rows {
            1 => format!("Copied 1 row: {size}"),
            rows => format!("Copied {} rows: {size}", text::count(rows as u64)),
        };
        self.clipboard = Some(copied.text);
        self.notices.inform(told, self.now);
    }
}
