//! A packet log as a file: JSON Lines, text for people, pcapng for Wireshark. `docs/packets.md` describes them.
//!
//! Packets are written as they are in the log, where secrets have been taken out.

use super::pcapng::packet_log::PacketLogPcapng;
use super::{ExportError, StoreError};
use crate::model::packet::{Logged, record};
use crate::store::atomic::{self, Mode};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketFormat {
    Jsonl,
    Text,
    Pcapng,
}

impl PacketFormat {
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Text, Self::Pcapng];

    /// What such a file's name ends in.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Text => "txt",
            Self::Pcapng => "pcapng",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Jsonl => "JSON Lines",
            Self::Text => "Text",
            Self::Pcapng => "pcapng",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Jsonl => "one line a packet: every field by its name, and the bytes",
            Self::Text => "for people: a line a packet, and beneath it its fields",
            Self::Pcapng => {
                "for Wireshark: the bytes of MQTT as they were, in TCP that is made up; without TLS"
            }
        }
    }

    /// By the end of the file's name; JSON Lines where that says nothing.
    pub fn of_path(path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let is = |one: &Self| ending.is_some_and(|it| it.eq_ignore_ascii_case(one.ending()));
        Self::ALL.into_iter().find(is).unwrap_or(Self::Jsonl)
    }
}

enum Sink<W: Write> {
    Jsonl(W),
    Text(W),
    Pcapng(Box<PacketLogPcapng<W>>),
}

/// A file being written, packet by packet, oldest first.
pub struct PacketExport<W: Write> {
    sink: Sink<W>,
    packets: u64,
}

impl<W: Write> PacketExport<W> {
    /// `title`: whose packets.
    pub fn new(format: PacketFormat, title: &str, out: W) -> io::Result<Self> {
        let sink = match format {
            PacketFormat::Jsonl => Sink::Jsonl(out),
            PacketFormat::Text => Sink::Text(out),
            PacketFormat::Pcapng => Sink::Pcapng(Box::new(PacketLogPcapng::new(title, out)?)),
        };
        Ok(Self { sink, packets: 0 })
    }

    pub fn put(&mut self, logged: &Logged<'_>) -> io::Result<()> {
        self.packets += 1;
        match &mut self.sink {
            Sink::Jsonl(out) => writeln!(out, "{}", record::to_json(logged)),
            Sink::Text(out) => out.write_all(record::to_text(logged).as_bytes()),
            Sink::Pcapng(pcapng) => pcapng.put(logged),
        }
    }

    /// Some that came were not kept long enough to be written.
    pub fn put_gap(&mut self, missing: u64) -> io::Result<()> {
        match &mut self.sink {
            Sink::Jsonl(out) => writeln!(out, "{{\"missing\":{missing}}}"),
            Sink::Text(out) => writeln!(out, "({missing} packets are missing here)"),
            Sink::Pcapng(pcapng) => {
                pcapng.gap(missing);
                Ok(())
            }
        }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Jsonl(out) | Sink::Text(out) => out.flush(),
            Sink::Pcapng(pcapng) => pcapng.flush(),
        }
    }

    /// How many were written.
    pub fn packets(&self) -> u64 {
        self.packets
    }
}

/// Writes them into a file as a whole or not at all; as [`super::to_file`].
pub fn packets_to_file<'a>(
    path: &Path,
    replaces: bool,
    (format, title): (PacketFormat, &str),
    packets: impl Iterator<Item = Logged<'a>>,
    goes_on: impl Fn() -> bool,
) -> Result<u64, ExportError> {
    let mode = if replaces {
        Mode::Replace
    } else {
        Mode::Create
    };
    let written = atomic::write_with(path, mode, |file| {
        let out = BufWriter::with_capacity(1 << 18, file);
        let mut export = PacketExport::new(format, title, out)?;
        for (count, logged) in packets.enumerate() {
            if count % 1_024 == 0 && !goes_on() {
                return Err(ExportError::Cancelled);
            }
            export.put(&logged)?;
        }
        export.flush()?;
        Ok(export.packets())
    });
    written.map_err(|err: ExportError| match err {
        ExportError::Write(source) => ExportError::File(StoreError::io("write", path, source)),
        err => err,
    })
}

/// A file that grows while packets come.
pub struct PacketFile {
    path: PathBuf,
    export: PacketExport<BufWriter<File>>,
}

impl PacketFile {
    /// It replaces one that is there. A new one is for its owner alone: payloads are in it.
    pub fn create(path: &Path, title: &str) -> Result<Self, StoreError> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let written = options.open(path).and_then(|file| {
            PacketExport::new(PacketFormat::of_path(path), title, BufWriter::new(file))
        });
        Ok(Self {
            path: path.to_owned(),
            export: written.map_err(|source| StoreError::io("create", path, source))?,
        })
    }

    /// Writes them, behind those that are missing.
    pub fn put<'a>(
        &mut self,
        missing: u64,
        packets: impl Iterator<Item = Logged<'a>>,
    ) -> Result<(), StoreError> {
        let write = || {
            if missing > 0 {
                self.export.put_gap(missing)?;
            }
            for logged in packets {
                self.export.put(&logged)?;
            }
            self.export.flush()
        };
        write().map_err(|source| StoreError::io("write", &self.path, source))
    }

    pub fn packets(&self) -> u64 {
        self.export.packets()
    }
}
