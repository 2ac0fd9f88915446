//! Loops in other languages, run as programs: the same requests to the same responder, in turn with the others.

use super::BenchFailure;
use crate::session::bench::{Load, Place};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A name for the report, and a command for `sh -c` that gets its task as environment variables (`BENCH_HOST`,
/// `BENCH_PORT`, `BENCH_TOPIC`, `BENCH_RESPONSE_TOPIC`, `BENCH_QOS`, `BENCH_IN_FLIGHT`, `BENCH_SECONDS`, `BENCH_PAYLOAD`)
/// and prints one line of JSON, or nothing where it cannot do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub name: String,
    pub command: String,
}

impl From<(String, String)> for Peer {
    fn from((name, command): (String, String)) -> Self {
        Self { name, command }
    }
}

/// What a peer printed.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub struct PeerTurn {
    pub answers: u64,
    pub per_sec: f64,
    pub median_us: f64,
    pub p99_us: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PeerState {
    Works,
    Done(PeerTurn),
    /// It printed nothing.
    CannotDoIt,
}

/// Beyond the time of its load.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct PeerRun {
    process: Child,
    name: String,
    until: Instant,
}

impl PeerRun {
    pub fn start(peer: &Peer, place: &Place, load: &Load) -> Result<Self, BenchFailure> {
        let process = Command::new("sh")
            .args(["-c", &peer.command])
            .env("BENCH_HOST", &*place.0)
            .env("BENCH_PORT", place.1.to_string())
            .env("BENCH_TOPIC", &*load.topic)
            .env("BENCH_RESPONSE_TOPIC", &*load.response_topic)
            .env("BENCH_QOS", u8::from(load.qos).to_string())
            .env("BENCH_IN_FLIGHT", load.in_flight.to_string())
            .env("BENCH_SECONDS", load.time.as_secs_f64().to_string())
            .env(
                "BENCH_PAYLOAD",
                String::from_utf8_lossy(&load.payload).as_ref(),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|err| failed(&peer.name, &err.to_string()))?;
        Ok(Self {
            process,
            name: peer.name.clone(),
            until: Instant::now() + load.time + PATIENCE,
        })
    }

    pub fn look(&mut self) -> Result<PeerState, BenchFailure> {
        let state = self.process.try_wait();
        let state = state.map_err(|err| failed(&self.name, &err.to_string()))?;
        let Some(status) = state else {
            if Instant::now() > self.until {
                return Err(failed(&self.name, "it did not end in time"));
            }
            return Ok(PeerState::Works);
        };
        if !status.success() {
            return Err(failed(&self.name, &format!("it ended with {status}")));
        }
        let mut text = String::new();
        if let Some(mut stdout) = self.process.stdout.take() {
            std::io::Read::read_to_string(&mut stdout, &mut text)
                .map_err(|err| failed(&self.name, &err.to_string()))?;
        }
        let line = text.trim();
        if line.is_empty() {
            return Ok(PeerState::CannotDoIt);
        }
        serde_json::from_str(line)
            .map(PeerState::Done)
            .map_err(|err| failed(&self.name, &format!("`{line}`: {err}")))
    }
}

impl Drop for PeerRun {
    fn drop(&mut self) {
        // It has ended already, unless the measurement was given up.
        if matches!(self.process.try_wait(), Ok(None))
            && let Err(err) = self.process.kill().and_then(|()| self.process.wait())
        {
            log::warn!("{}: {err}", self.name);
        }
    }
}

fn failed(name: &str, why: &str) -> BenchFailure {
    BenchFailure::Peer {
        name: name.to_owned(),
        why: why.to_owned(),
    }
}
