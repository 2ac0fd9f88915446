//! The task behind a client: connects, polls rumqttc, tells what happened, waits, tries again.
//!
//! `EventLoop::poll` is not cancel-safe, so nothing races it but the end of the client. It handles
//! one packet per call (`set_read_batch_size(1)`): rumqttc drops what it decoded before an error in
//! the same batch. A loop is used again only to resume a session; otherwise everything left in it
//! would be sent behind our back.

use super::client::{Core, Shared, Signal};
use super::clock;
use super::error::ClientError;
use super::frames;
use super::ledger::Limits;
use super::wire::{self, Connack, Event, Failure, Incoming, Link, Wire};
use super::words::{self, Attempt, Fault, Stage};
use crate::model::connection::{ConnectionInfo, ConnectionState, Problem};
use crate::model::packet::Note;
use crate::model::profile::{MqttVersion, Reconnect};
use rand::RngExt as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A connection that lasted this long starts the back-off anew.
const STABLE: Duration = Duration::from_secs(5);
/// How long a normal end may take: to write what is queued, and to write the DISCONNECT.
const GOODBYE: Duration = Duration::from_secs(1);

/// How an attempt, or the connection that it became, ended.
enum Ended {
    Stopped,
    /// What is under way cannot go on under the new connection's limits.
    Unresumable,
    Failed(Box<Failure>),
}

pub async fn run(shared: Arc<Shared>) {
    let mut kept: Option<(Link, Wire)> = None;
    let mut was_connected = false;
    let mut must_be_clean = false;
    let mut attempt = 0_u32;
    while !shared.is_stopping() {
        let clean_start = must_be_clean
            || (shared.profile.clean_start
                && !(was_connected && shared.profile.session_kept_in(shared.version()) > 0));
        let (link, mut wire) = match kept.take() {
            Some(kept) => kept,
            None => match wire::open(&shared, clean_start) {
                Ok(opened) => opened,
                Err(why) => {
                    let problem = words::unusable(&shared.address(), why);
                    refused_here(&shared, problem);
                    wait(&shared, None).await;
                    continue;
                }
            },
        };
        wire.renew(clean_start, shared.profile.keep_alive_secs);
        begin(&shared);
        let started = Instant::now();
        let ended = tokio::select! {
            biased;
            ended = drive(&shared, &link, &mut wire) => ended,
            () = goodbye(&shared, &link) => Ended::Stopped,
        };
        let failure = match ended {
            Ended::Stopped => break,
            Ended::Unresumable => {
                must_be_clean = true;
                shared.note(
                    Note::Ended,
                    "what was under way cannot go on; connected anew",
                );
                end_session(
                    &shared,
                    "what was under way does not fit the broker's new limits",
                );
                continue;
            }
            Ended::Failed(failure) => *failure,
        };
        let (fault, stage, keep) = shared.with_core(|core| note_failure(&shared, core, failure));
        shared.note(Note::Lost, &fault.problem.summary);
        if stage == Stage::Connected {
            was_connected = true;
            must_be_clean = false;
            if started.elapsed() >= STABLE {
                attempt = 0;
            }
        }
        if keep {
            kept = Some((link, wire));
        } else {
            drop((link, wire));
        }
        if fault.is_other_version && fall_back(&shared) {
            kept = None;
            continue;
        }
        if fault.is_final || !shared.profile.reconnect.is_on {
            attempt = 0;
            shared.set_state(ConnectionState::Refused {
                problem: fault.problem,
            });
            wait(&shared, None).await;
        } else {
            attempt = attempt.saturating_add(1);
            let pause = back_off(shared.profile.reconnect, attempt);
            shared.set_state(ConnectionState::Retrying {
                problem: fault.problem,
                at: clock::now().saturating_add(pause),
                attempt,
            });
            wait(&shared, Some(pause)).await;
        }
    }
    // Closes the socket, after what is queued has been written.
    drop(kept);
    shared.note(Note::Ended, "from here");
    let err = ClientError::Closed {
        address: shared.address(),
    };
    shared.with_core(|core| {
        core.link = None;
        core.tap = None;
        core.session_may_resume = false;
        let mut told = Vec::new();
        core.ledger.fail(&err, 0, &mut told);
        core.subscriptions.fail_waiting(&err);
        core.tell(told);
    });
    shared.set_state(ConnectionState::Disconnected);
}

/// An attempt begins.
fn begin(shared: &Shared) {
    shared.with_core(|core| {
        core.stage = Stage::Resolving;
        core.tap = None;
        core.tls = None;
    });
    let (address, version) = (shared.address(), shared.version());
    shared.note(Note::Attempt, &format!("{address}, {version}"));
    shared.set_state(ConnectionState::Connecting);
}

/// The connection cannot even be tried: nobody is to wait for it.
fn refused_here(shared: &Shared, problem: Problem) {
    log::error!("{}: {}", problem.summary, problem.detail);
    shared.note(Note::Lost, &problem.summary);
    let err = ClientError::NotConnected {
        address: shared.address(),
        why: Arc::clone(&problem.summary),
    };
    shared.with_core(|core| {
        let mut told = Vec::new();
        core.ledger.fail(&err, 0, &mut told);
        core.subscriptions.fail_waiting(&err);
        core.tell(told);
    });
    shared.set_state(ConnectionState::Refused { problem });
}

/// Polls until the connection ends.
async fn drive(shared: &Arc<Shared>, link: &Link, wire: &mut Wire) -> Ended {
    loop {
        match wire.poll().await {
            Ok(Event::Incoming(Incoming::Connack(connack))) => {
                if !connected(shared, link, connack, wire.still_coming()) {
                    return Ended::Unresumable;
                }
            }
            Ok(Event::Incoming(packet)) => shared.with_core(|core| incoming(core, packet)),
            Ok(Event::SaidGoodbye) if shared.is_stopping() => return Ended::Stopped,
            Ok(Event::Outgoing | Event::SaidGoodbye) => shared.settle(),
            Err(_) if shared.is_stopping() => return Ended::Stopped,
            Err(failure) => return Ended::Failed(Box::new(failure)),
        }
    }
}

/// Waits for the end of the client; then lets what is queued go out, says goodbye and gives the
/// DISCONNECT the time to be written. Only then is the poll in progress given up.
async fn goodbye(shared: &Shared, link: &Link) {
    let mut stop = shared.stop.subscribe();
    // The sender is part of `shared`.
    if stop.wait_for(|stop| *stop).await.is_err() {
        return;
    }
    if !shared.with_core(|core| core.link.is_some()) {
        return;
    }
    let sent = async {
        while shared.with_core(|core| {
            core.ledger.has_unsent()
                || core.subscriptions.has_unsent()
                || core.tap.as_ref().is_some_and(|tap| tap.backlog() > 0)
        }) {
            shared.moved.notified().await;
        }
    };
    if tokio::time::timeout(GOODBYE, sent).await.is_err() {
        log::info!(
            "{}: not everything was sent before the end",
            shared.address()
        );
    }
    if link.say_goodbye() {
        tokio::time::sleep(GOODBYE).await;
    }
}

/// Waits for the back-off, or for somebody who does not want to.
async fn wait(shared: &Shared, pause: Option<Duration>) {
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = shared.retry.notified() => {}
        () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
    }
}

/// From now on MQTT 3.1.1 is spoken, where the profile allows that and it was not tried yet.
fn fall_back(shared: &Shared) -> bool {
    if !shared.profile.falls_back || shared.version() == MqttVersion::V311 {
        return false;
    }
    log::info!("{}: MQTT 3.1.1 is tried next", shared.address());
    shared.fell_back.store(true, Ordering::Relaxed);
    shared.with_core(|core| core.hears_itself = true);
    true
}

/// As the profile says, 0.5 s, 1 s, 2 s … 30 s, each up to a fifth shorter or longer, so that many clients do not come
/// back at once.
fn back_off(reconnect: Reconnect, attempt: u32) -> Duration {
    let doubled = reconnect
        .first
        .saturating_mul(1 << attempt.saturating_sub(1).min(20));
    doubled
        .min(reconnect.most)
        .mul_f64(rand::rng().random_range(0.8..1.2))
}

/// A CONNACK that accepts. Says whether what is under way can go on.
fn connected(shared: &Shared, link: &Link, connack: Connack, still_coming: (usize, usize)) -> bool {
    shared.with_core(|core| {
        let at = core
            .tap
            .as_ref()
            .map_or_else(clock::now, |tap| tap.read_at(frames::CONNACK, 0));
        let session_present = connack.session_present();
        let mut info = connack.into_info(shared.address(), &shared.profile.client_id, at);
        // After a reconnect the assigned id is our own.
        if let ConnectionInfo { client_id, .. } = &mut info
            && client_id.is_empty()
        {
            *client_id = core.assigned_client_id.clone().unwrap_or_default();
            info.client_id_was_assigned = true;
        } else if info.client_id_was_assigned {
            core.assigned_client_id = Some(Arc::clone(&info.client_id));
        }
        info.tls.clone_from(&core.tls);
        core.subscriptions
            .set_lacks_identifiers(info.subscription_identifiers_available == Some(false));
        let limits = Limits::of(&info);
        let mut told = Vec::new();
        if session_present {
            if !core.ledger.fits(&limits) {
                return false;
            }
            // What was on its way waits in the session.
            core.echoes.await_again(at);
        } else {
            core.echoes.forget();
            let err = ClientError::SessionGone {
                address: shared.address(),
            };
            core.ledger.fail(&err, still_coming.0, &mut told);
            core.subscriptions.forget_session(still_coming.1);
        }
        core.tell(told);
        let expiry = info
            .session_expiry_secs
            .unwrap_or_else(|| shared.profile.session_kept_in(shared.version()));
        core.session_may_resume = expiry > 0;
        core.stage = Stage::Connected;
        core.link = Some(link.clone());
        core.ledger.set_limits(limits);
        core.state = ConnectionState::Connected(Arc::new(info));
        let state = core.state.clone();
        core.signal(Signal::State(state));
        core.settle();
        true
    })
}

fn incoming(core: &mut Core, packet: Incoming) {
    core.settle();
    let Some(tap) = core.tap.clone() else { return };
    let read_at = |kind: u8, packet_id: u16| tap.read_at(kind, packet_id);
    let mut told = Vec::new();
    match packet {
        Incoming::Publish { message, packet_id } => {
            let at = read_at(frames::PUBLISH, packet_id);
            if !core.echoes.is_own(&message, at) {
                let message = Arc::new(*message);
                core.signal(Signal::Message { message, at });
            }
            return;
        }
        Incoming::Puback { packet_id, reason } => {
            let at = read_at(4, packet_id);
            core.ledger.on_end(packet_id, reason, at, &mut told);
        }
        Incoming::Pubrec { packet_id, reason } => {
            let at = read_at(5, packet_id);
            if reason.is_refusal() {
                core.ledger.on_end(packet_id, reason, at, &mut told);
            } else {
                core.ledger.on_received(packet_id, reason, at, &mut told);
            }
        }
        Incoming::Pubcomp { packet_id, reason } => {
            let at = read_at(7, packet_id);
            core.ledger.on_end(packet_id, reason, at, &mut told);
        }
        Incoming::Suback { packet_id, reason } => {
            let at = read_at(9, packet_id);
            if let Some(acknowledged) = core.subscriptions.on_suback(packet_id, reason, at) {
                core.signal(Signal::Subscribed(acknowledged));
            }
        }
        Incoming::Unsuback { packet_id } => {
            read_at(11, packet_id);
            core.subscriptions.on_unsuback(packet_id);
        }
        Incoming::Pubrel { packet_id } => {
            read_at(6, packet_id);
        }
        Incoming::Pingresp => {
            read_at(13, 0);
        }
        Incoming::Connack(_) | Incoming::Other => {}
    }
    core.tell(told);
    core.settle();
}

/// The attempt failed or the connection was lost: what that means, how far it had come, and whether
/// the loop is to be kept to resume the session.
fn note_failure(shared: &Shared, core: &mut Core, failure: Failure) -> (Fault, Stage, bool) {
    // What was handed to the tap before the failure has its Packet Identifier.
    core.link = None;
    core.settle();
    let stage = core.stage;
    let profile = &shared.profile;
    let client_id = core
        .assigned_client_id
        .clone()
        .unwrap_or_else(|| Arc::clone(&profile.client_id));
    let tap = core.tap.take();
    let fault = words::fault(
        &Attempt {
            version: shared.version(),
            stage,
            was_cut: tap.as_ref().is_some_and(|tap| tap.was_cut()),
            host: &shared.host,
            port: shared.port,
            client_id: &client_id,
            user_name: profile.user_name.as_deref(),
            keep_alive_secs: profile.keep_alive_secs,
            connect_timeout: Duration::from_secs(profile.connect_timeout_secs.into()),
            profile,
            connack: tap.as_ref().and_then(|tap| tap.connack()),
            disconnect: tap.as_ref().and_then(|tap| tap.disconnect()),
            first: tap
                .as_ref()
                .map(|tap| tap.first_bytes())
                .unwrap_or_default(),
        },
        failure,
    );
    let had_hope = core.session_may_resume || stage == Stage::Connected;
    let keep = core.session_may_resume && !fault.is_final;
    core.session_may_resume = keep;
    let lost = ClientError::Lost {
        address: shared.address(),
        why: Arc::clone(&fault.problem.summary),
    };
    let mut told = Vec::new();
    if keep {
        core.ledger.hold(&lost, &mut told);
    } else {
        core.ledger.fail(&lost, 0, &mut told);
        if fault.is_final {
            core.subscriptions.fail_waiting(&lost);
        } else {
            core.subscriptions.forget_session(0);
        }
    }
    if had_hope && (stage == Stage::Connected || !keep) {
        core.signal(Signal::Lost {
            why: Arc::clone(&fault.problem.summary),
            session_may_resume: keep,
            at: clock::now(),
        });
    }
    core.tell(told);
    (fault, stage, keep)
}

/// Gives up what was under way, without the connection's fault.
fn end_session(shared: &Shared, why: &'static str) {
    shared.with_core(|core| {
        core.link = None;
        core.session_may_resume = false;
        let err = ClientError::Lost {
            address: shared.address(),
            why: why.into(),
        };
        let mut told = Vec::new();
        core.ledger.fail(&err, 0, &mut told);
        core.subscriptions.forget_session(0);
        core.tell(told);
        core.signal(Signal::Lost {
            why: why.into(),
            session_may_resume: false,
            at: clock::now(),
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::{Client, ClientOptions};

    #[test]
    fn options_that_are_refused_refuse_the_connection_in_words() {
        // It never runs: nobody but the test changes the state.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let draft = crate::model::profile::ProfileDraft {
            name: "Here".to_owned(),
            address: "mqtt://127.0.0.1:1".to_owned(),
            client_id: "here".to_owned(),
            ..Default::default()
        };
        let options = ClientOptions::new(draft.validate("here").unwrap(), None);
        let client = Client::start_with(runtime.handle(), options, |_| {});
        let shared = client.shared();
        let why = "max packet size is 0".to_owned();
        refused_here(shared, words::unusable(&shared.address(), why));
        let ConnectionState::Refused { problem } = shared.with_core(|core| core.state.clone())
        else {
            panic!("not refused")
        };
        assert!(problem.summary.contains("127.0.0.1:1"), "{problem:?}");
        assert!(!problem.hint.is_empty() && !problem.detail.is_empty());
    }

    #[test]
    fn the_back_off_grows_from_half_a_second_to_half_a_minute() {
        for (attempt, secs) in [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (1000, 30.0)] {
            let pause = back_off(Reconnect::default(), attempt).as_secs_f64();
            assert!(
                pause >= secs * 0.8 && pause <= secs * 1.2,
                "{attempt}: {pause}"
            );
        }
    }
}
