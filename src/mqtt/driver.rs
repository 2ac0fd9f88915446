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
use super::options::{self, CONNECT_TIMEOUT, Loop};
use super::packets;
use super::words::{self, Attempt, Fault, Packet as Said, Stage};
use crate::model::connection::{ConnectionInfo, ConnectionState, Problem};
use rand::RngExt as _;
use rumqttc::mqttbytes::v5::{ConnAck, PubAckProperties, PubRecProperties};
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, Outgoing, Packet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BACKOFF_FIRST: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// A connection that lasted this long starts the back-off anew.
const STABLE: Duration = Duration::from_secs(5);
/// How long a normal end may take: to write what is queued, and to write the DISCONNECT.
const GOODBYE: Duration = Duration::from_secs(1);

/// How an attempt, or the connection that it became, ended.
enum Ended {
    Stopped,
    /// What is under way cannot go on under the new connection's limits.
    Unresumable,
    Failed(Box<ConnectionError>),
}

pub async fn run(shared: Arc<Shared>) {
    let mut kept: Option<Loop> = None;
    let mut was_connected = false;
    let mut must_be_clean = false;
    let mut attempt = 0_u32;
    while !shared.is_stopping() {
        let clean_start = must_be_clean
            || (shared.profile.clean_start
                && !(was_connected && shared.profile.session_expiry_secs > 0));
        let (client, mut eventloop) = match kept.take() {
            Some(kept) => kept,
            None => match options::build(&shared, clean_start) {
                Ok(built) => built,
                Err(err) => {
                    let problem = words::unusable(&shared.address(), &err);
                    refused_here(&shared, problem);
                    wait(&shared, None).await;
                    continue;
                }
            },
        };
        eventloop.options.set_clean_start(clean_start);
        // A Server Keep Alive of the last connection must not be announced as ours.
        eventloop
            .options
            .set_keep_alive(shared.profile.keep_alive_secs);
        shared.with_core(|core| {
            core.stage = Stage::Resolving;
            core.tap = None;
        });
        shared.set_state(ConnectionState::Connecting);
        let started = Instant::now();
        let ended = tokio::select! {
            biased;
            ended = drive(&shared, &client, &mut eventloop) => ended,
            () = goodbye(&shared, &client) => Ended::Stopped,
        };
        let err = match ended {
            Ended::Stopped => break,
            Ended::Unresumable => {
                must_be_clean = true;
                end_session(
                    &shared,
                    "what was under way does not fit the broker's new limits",
                );
                continue;
            }
            Ended::Failed(err) => err,
        };
        let (fault, stage, keep) = shared.with_core(|core| note_failure(&shared, core, &err));
        if stage == Stage::Connected {
            was_connected = true;
            must_be_clean = false;
            if started.elapsed() >= STABLE {
                attempt = 0;
            }
        }
        if keep {
            kept = Some((client, eventloop));
        } else {
            drop((client, eventloop));
        }
        if fault.is_final {
            attempt = 0;
            shared.set_state(ConnectionState::Refused {
                problem: fault.problem,
            });
            wait(&shared, None).await;
        } else {
            attempt = attempt.saturating_add(1);
            let pause = back_off(attempt);
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

/// The connection cannot even be tried: nobody is to wait for it.
fn refused_here(shared: &Shared, problem: Problem) {
    log::error!("{}: {}", problem.summary, problem.detail);
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
async fn drive(shared: &Arc<Shared>, client: &AsyncClient, eventloop: &mut EventLoop) -> Ended {
    loop {
        match eventloop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(connack))) => {
                // Only a fresh loop needs it, to be allowed to resume the broker's session.
                eventloop.options.clear_session_store();
                let queues = eventloop.diagnostics().queues;
                let still_coming = (queues.requests_rx_len, queues.control_requests_rx_len);
                if !connected(shared, client, connack, still_coming) {
                    return Ended::Unresumable;
                }
            }
            Ok(Event::Incoming(packet)) => shared.with_core(|core| incoming(core, packet)),
            Ok(Event::Outgoing(Outgoing::Disconnect)) if shared.is_stopping() => {
                return Ended::Stopped;
            }
            Ok(Event::Outgoing(_) | Event::Auth(_)) => shared.settle(),
            Err(_) if shared.is_stopping() => return Ended::Stopped,
            Err(err) => return Ended::Failed(Box::new(err)),
        }
    }
}

/// Waits for the end of the client; then lets what is queued go out, says goodbye and gives the
/// DISCONNECT the time to be written. Only then is the poll in progress given up.
async fn goodbye(shared: &Shared, client: &AsyncClient) {
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
    if client.try_disconnect_now().is_ok() {
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

/// 0.5 s, 1 s, 2 s … 30 s, each up to a fifth shorter or longer, so that many clients do not come back at once.
fn back_off(attempt: u32) -> Duration {
    let doubled = BACKOFF_FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    doubled
        .min(BACKOFF_MAX)
        .mul_f64(rand::rng().random_range(0.8..1.2))
}

/// A CONNACK that accepts. Says whether what is under way can go on.
fn connected(
    shared: &Shared,
    client: &AsyncClient,
    connack: ConnAck,
    still_coming: (usize, usize),
) -> bool {
    shared.with_core(|core| {
        let at = core
            .tap
            .as_ref()
            .map_or_else(clock::now, |tap| tap.read_at(frames::CONNACK, 0));
        let session_present = connack.session_present;
        let mut info = packets::info_from(connack, shared.address(), &shared.profile.client_id, at);
        // After a reconnect the assigned id is our own.
        if let ConnectionInfo { client_id, .. } = &mut info
            && client_id.is_empty()
        {
            *client_id = core.assigned_client_id.clone().unwrap_or_default();
            info.client_id_was_assigned = true;
        } else if info.client_id_was_assigned {
            core.assigned_client_id = Some(Arc::clone(&info.client_id));
        }
        let limits = Limits::of(&info);
        let mut told = Vec::new();
        if session_present {
            if !core.ledger.fits(&limits) {
                return false;
            }
        } else {
            let err = ClientError::SessionGone {
                address: shared.address(),
            };
            core.ledger.fail(&err, still_coming.0, &mut told);
            core.subscriptions.forget_session(still_coming.1);
        }
        core.tell(told);
        let expiry = info
            .session_expiry_secs
            .unwrap_or(shared.profile.session_expiry_secs);
        core.session_may_resume = expiry > 0;
        core.stage = Stage::Connected;
        core.link = Some(client.clone());
        core.ledger.set_limits(limits);
        core.state = ConnectionState::Connected(Arc::new(info));
        let state = core.state.clone();
        core.signal(Signal::State(state));
        core.settle();
        true
    })
}

fn incoming(core: &mut Core, packet: Packet) {
    core.settle();
    let Some(tap) = core.tap.clone() else { return };
    let read_at = |kind: u8, packet_id: u16| tap.read_at(kind, packet_id);
    let mut told = Vec::new();
    match packet {
        Packet::Publish(publish) => {
            let at = read_at(frames::PUBLISH, publish.pkid);
            let message = Arc::new(packets::message_from(publish));
            core.signal(Signal::Message { message, at });
            return;
        }
        Packet::PubAck(ack) => {
            let at = read_at(4, ack.pkid);
            let said = ack.properties.as_ref().and_then(puback_says);
            let reason = words::reason(Said::Puback, ack.reason as u8, said);
            core.ledger.on_end(ack.pkid, reason, at, &mut told);
        }
        Packet::PubRec(ack) => {
            let at = read_at(5, ack.pkid);
            let said = ack.properties.as_ref().and_then(pubrec_says);
            let reason = words::reason(Said::Puback, ack.reason as u8, said);
            if reason.is_refusal() {
                core.ledger.on_end(ack.pkid, reason, at, &mut told);
            } else {
                core.ledger.on_received(ack.pkid, reason, at, &mut told);
            }
        }
        Packet::PubComp(ack) => {
            let at = read_at(7, ack.pkid);
            let reason = words::reason(Said::Puback, ack.reason as u8, None);
            core.ledger.on_end(ack.pkid, reason, at, &mut told);
        }
        Packet::SubAck(ack) => {
            let at = read_at(9, ack.pkid);
            if let Some(acknowledged) = core.subscriptions.on_suback(&ack, at) {
                core.signal(Signal::Subscribed(acknowledged));
            }
        }
        Packet::UnsubAck(ack) => {
            read_at(11, ack.pkid);
            core.subscriptions.on_unsuback(&ack);
        }
        Packet::PubRel(release) => {
            read_at(6, release.pkid);
        }
        Packet::PingResp => {
            read_at(13, 0);
        }
        _ => {}
    }
    core.tell(told);
    core.settle();
}

fn puback_says(properties: &PubAckProperties) -> Option<&str> {
    properties.reason_string.as_deref()
}

fn pubrec_says(properties: &PubRecProperties) -> Option<&str> {
    properties.reason_string.as_deref()
}

/// The attempt failed or the connection was lost: what that means, how far it had come, and whether
/// the loop is to be kept to resume the session.
fn note_failure(shared: &Shared, core: &mut Core, err: &ConnectionError) -> (Fault, Stage, bool) {
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
            stage,
            host: &shared.host,
            port: shared.port,
            client_id: &client_id,
            user_name: profile.user_name.as_deref(),
            keep_alive_secs: profile.keep_alive_secs,
            connect_timeout: CONNECT_TIMEOUT,
            connack: tap.as_ref().and_then(|tap| tap.connack()),
            disconnect: tap.as_ref().and_then(|tap| tap.disconnect()),
        },
        err,
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
        let options = ClientOptions {
            profile: Arc::new(draft.validate("here").unwrap()),
            password: None,
        };
        let client = Client::start_with(runtime.handle(), options, |_| {});
        let shared = client.shared();
        let err = rumqttc::ClientBuildError::Config(rumqttc::ConfigError::MaxPacketSize);
        refused_here(shared, words::unusable(&shared.address(), &err));
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
            let pause = back_off(attempt).as_secs_f64();
            assert!(
                pause >= secs * 0.8 && pause <= secs * 1.2,
                "{attempt}: {pause}"
            );
        }
    }
}
