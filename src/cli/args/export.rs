//! `roundtrip export` and `roundtrip import`.

use super::values;
use crate::store::export::Format;
use std::path::PathBuf;

const EXPORT_EXAMPLES: &str = "\
Examples:
  roundtrip export bench.rtrec --out bench.jsonl
  roundtrip export bench.rtrec --out report.html --filter 'topic:cmnd' --since '2026-11-21 09:00'
  roundtrip export bench.rtrec --format csv --filter verdict:timed_out > timeouts.csv
  roundtrip export bench.rtrec --out report.html --draw 17 --draw 42
  roundtrip export bench.rtrec --exchange 17 --out 17.pcapng && wireshark 17.pcapng
  gunzip -c old.jsonl.gz | roundtrip export - --format html > old.html

Formats:
  jsonl    JSON Lines: everything, one line a row; `roundtrip import` and `roundtrip export` read it again
  csv      one line a row with its first reply; bytes that are no text are base64, and a column says so
  html     one file for people: counts, percentiles, the newest rows, sequence diagrams of some; it loads nothing
  pcapng   the messages written anew as MQTT 5 packets, for Wireshark; nothing in it was captured, and it says so

Times:
  2026-11-21T09:00:00Z  2026-11-21T10:00:00.25+01:00     as they are
  2026-11-21  '2026-11-21 10:00'  2026-11-21T10:00:05    in the time zone of this machine
  90s  15m  2h                                           so long ago

Exit codes:
  0  every row that was asked for is written
  1  the file could not be written, or some lines could not be read; the others are written
  2  the command line is wrong, or FILE cannot be read; nothing was written";

/// Write a recording, or JSON Lines, as JSON Lines, CSV, an HTML report or pcapng
///
/// Payloads and user properties are written as they are: what is secret in them is secret in the export, too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub struct ExportArgs {
    /// A recording (.rtrec) or JSON Lines; - is JSON Lines from stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What to write: jsonl, csv, html or pcapng [default: by the ending of --out]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,

    /// Where to; the file is replaced as a whole [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Only rows that pass, as in the window's filter: words, topic:…, verdict:…, rtt:>5ms, …
    #[arg(long, value_name = "FILTER", help_heading = "Which rows")]
    pub filter: Option<String>,

    /// Only rows sent, or messages received, at this time or later
    #[arg(long, value_name = "TIME", value_parser = values::moment, help_heading = "Which rows")]
    pub since: Option<values::Moment>,

    /// … or before this time
    #[arg(long, value_name = "TIME", value_parser = values::moment, help_heading = "Which rows")]
    pub until: Option<values::Moment>,

    /// Only this exchange, and messages that may have been meant for it; can be given again
    #[arg(long = "exchange", value_name = "N", help_heading = "Which rows")]
    pub exchanges: Vec<u64>,

    /// In a report, draw this exchange [default: the first that were not answered, and the slowest]; can be given again
    #[arg(long = "draw", value_name = "N", help_heading = "How")]
    pub draw: Vec<u64>,

    /// The title of a report [default: the name of FILE]
    #[arg(long, value_name = "TEXT", help_heading = "How")]
    pub title: Option<String>,

    /// In CSV, begin cells that a spreadsheet would take for a formula with an apostrophe; without it all cells are exact
    #[arg(long, help_heading = "How")]
    pub spreadsheet_safe: bool,
}

fn format(text: &str) -> Result<Format, String> {
    Format::of_word(&text.to_lowercase())
        .ok_or_else(|| "there are jsonl, csv, html and pcapng".to_owned())
}

impl ExportArgs {
    /// The format asked for, else the one that the ending of `--out` tells.
    pub fn chosen_format(&self) -> Result<Format, String> {
        let ending = self.out.as_ref().and_then(|out| out.extension());
        let ending = ending.and_then(|ending| ending.to_str());
        let ending = ending.map(str::to_lowercase).unwrap_or_default();
        let by_ending = match ending.as_str() {
            "htm" => Some(Format::Html),
            "ndjson" => Some(Format::Jsonl),
            other => Format::of_word(other),
        };
        self.format.or(by_ending).ok_or_else(|| {
            "which format? write --format jsonl, csv, html or pcapng, or let --out end in one of these".to_owned()
        })
    }
}
