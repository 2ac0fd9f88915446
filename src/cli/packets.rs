//! `--packets FILE`: the packet log of a command's connection, written while it runs.

use crate::cli::stop::Stop;
use crate::model::packet::{Bounds, Reel};
use crate::model::text;
use crate::session::{PacketLog, PacketSource, Session};
use crate::store::export::PacketFile;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What may come between two writes.
const BETWEEN: Bounds = Bounds {
    bytes: 64 * 1024 * 1024,
    ..Bounds::LARGE
};

pub struct Packets {
    path: PathBuf,
    file: PacketFile,
    log: Arc<PacketLog>,
    reel: Reel,
    /// Everything before this number is written.
    next: u64,
    missing: u64,
}

impl Packets {
    /// Before the connection is made, so that nothing is missing. Without a path there is nothing to do.
    pub fn open(
        session: &mut Session,
        connection: &Arc<str>,
        name: &str,
        path: Option<&Path>,
    ) -> Result<Option<Self>, Stop> {
        let Some(path) = path else { return Ok(None) };
        let file = PacketFile::create(path, name)?;
        let log = session.packet_log(&PacketSource::Connection(Arc::clone(connection)));
        log.set_bounds(BETWEEN);
        Ok(Some(Self {
            path: path.to_owned(),
            file,
            log,
            reel: Reel::default(),
            next: 0,
            missing: 0,
        }))
    }

    /// Writes what is new.
    pub fn write(&mut self) -> Result<(), Stop> {
        self.log.catch_up(&mut self.reel);
        let missing = self.reel.first().saturating_sub(self.next);
        if self.reel.next() == self.next {
            return Ok(());
        }
        self.missing += missing;
        self.file.put(missing, self.reel.since(self.next))?;
        self.next = self.reel.next();
        Ok(())
    }

    /// The last ones, once the connection is closed; tells how many there are.
    pub fn finish(mut self) -> Result<String, Stop> {
        self.write()?;
        let count = text::count(self.file.packets());
        let mut told = format!("{count} lines of the packet log in {}", self.path.display());
        if self.missing > 0 {
            let missing = text::count(self.missing);
            told += "; ";
            told += &missing;
            told += " packets came faster than they could be written";
        }
        Ok(told)
    }
}
