//! A request/response loop as a good user of rumqttc would write it, without anything of ours.
//!
//! It is what `roundtrip bench` holds Roundtrip against: `TCP_NODELAY`, an inflight limit of 1,000, a task
//! that polls, Correlation Data looked up in a map, an answer handed to whoever awaits it. No tap, no
//! ledger, no times from the socket, no reconnect. The responder and the publisher here serve both sides.

use crate::model::message::Qos;
use bytes::Bytes;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{Publish, PublishProperties};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Packet, PublishOptions};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Where the broker is.
pub type Place = (Arc<str>, u16);

const CHANNEL: usize = 4096;
const INFLIGHT: u16 = 1000;
const KEEP_ALIVE_SECS: u16 = 30;
const PACKET_MAX: u32 = 64 * 1024 * 1024;
/// How long a connection, a subscription or a single answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BareError {
    #[error("no connection to {0} within {seconds} s", seconds = PATIENCE.as_secs())]
    NoConnection(String),
    #[error("the connection to the broker broke: {0}")]
    Broken(String),
    #[error("a request was not answered within {} s", PATIENCE.as_secs())]
    NoAnswer,
    #[error("a thread could not be started: {0}")]
    Thread(String),
}

/// What is to be asked, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    pub qos: Qos,
    pub in_flight: usize,
    pub time: Duration,
    pub topic: Arc<str>,
    pub response_topic: Arc<str>,
    pub payload: Bytes,
    /// Requests before the clock starts.
    pub warm_up: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub round_trips: Vec<Duration>,
    pub elapsed: Duration,
}

impl Answers {
    #[expect(clippy::cast_precision_loss, reason = "far from 2^52 answers")]
    pub fn per_sec(&self) -> f64 {
        self.round_trips.len() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

fn qos_of(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
        Qos::ExactlyOnce => QoS::ExactlyOnce,
    }
}

fn open(place: &Place, name: &str) -> (AsyncClient, EventLoop) {
    let id = format!("{name}-{:08x}", rand::random::<u32>());
    let mut options = MqttOptions::new(id, (&*place.0, place.1));
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options
        .set_keep_alive(KEEP_ALIVE_SECS)
        .set_max_packet_size(Some(PACKET_MAX))
        .set_outgoing_inflight_upper_limit(INFLIGHT)
        .set_network_options(network);
    AsyncClient::builder(options).capacity(CHANNEL).build()
}

/// Polls until the CONNACK, then, where there is a topic, until its SUBACK.
async fn ready(
    place: &Place,
    client: &AsyncClient,
    events: &mut EventLoop,
    topic: Option<&str>,
    qos: QoS,
) -> Result<(), BareError> {
    let broken = |err: &dyn std::fmt::Display| BareError::Broken(err.to_string());
    let wait = async {
        loop {
            match events.poll().await.map_err(|err| broken(&err))? {
                Event::Incoming(Packet::ConnAck(_)) => match topic {
                    None => return Ok(()),
                    Some(topic) => client
                        .subscribe(topic, qos)
                        .await
                        .map_err(|err| broken(&err))?,
                },
                Event::Incoming(Packet::SubAck(_)) => return Ok(()),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .unwrap_or_else(|_| Err(BareError::NoConnection(format!("{}:{}", place.0, place.1))))
}

type Pending = Arc<Mutex<HashMap<Bytes, oneshot::Sender<Publish>>>>;

/// One who asks; cheap to clone.
#[derive(Clone)]
struct Asker {
    client: AsyncClient,
    pending: Pending,
    load: Arc<Load>,
    next: Arc<AtomicU64>,
}

impl Asker {
    async fn request(&self) -> Result<Publish, BareError> {
        let mut data = [0_u8; 16];
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        data[8..].copy_from_slice(&number.to_be_bytes());
        let data = Bytes::copy_from_slice(&data);
        let (answer, told) = oneshot::channel();
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(data.clone(), answer);
        let properties = PublishProperties {
            response_topic: Some(self.load.response_topic.as_ref().to_owned()),
            correlation_data: Some(data),
            ..PublishProperties::default()
        };
        let options = PublishOptions::new(qos_of(self.load.qos)).properties(properties);
        self.client
            .publish(self.load.topic.as_ref(), self.load.payload.clone(), options)
            .await
            .map_err(|err| BareError::Broken(err.to_string()))?;
        told.await.map_err(|_closed| BareError::NoAnswer)
    }

    /// One request after the other.
    async fn ask_until(self, until: Instant) -> Result<Vec<Duration>, BareError> {
        let mut round_trips = Vec::new();
        loop {
            let sent = Instant::now();
            if sent >= until {
                return Ok(round_trips);
            }
            self.request().await?;
            round_trips.push(sent.elapsed());
        }
    }
}

async fn poll(mut events: EventLoop, pending: Pending) {
    while let Ok(event) = events.poll().await {
        let Event::Incoming(Packet::Publish(publish)) = event else {
            continue;
        };
        let data = publish
            .properties
            .as_ref()
            .and_then(|all| all.correlation_data.as_ref());
        let waiting = data.and_then(|data| {
            pending
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(data)
        });
        if let Some(waiting) = waiting {
            // Whoever asked may have given up.
            drop(waiting.send(publish));
        }
    }
    // Nobody waits for what cannot come.
    pending
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}

/// Asks as often as it can, and waits for the end. As many requests are on their way as the load says.
pub fn ask(place: &Place, load: Load) -> Result<Answers, BareError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("bare-loop")
        .enable_all()
        .build()
        .map_err(|err| BareError::Thread(err.to_string()))?;
    let answers = runtime.block_on(ask_on(place, load));
    runtime.shutdown_timeout(Duration::from_secs(1));
    answers
}

async fn ask_on(place: &Place, load: Load) -> Result<Answers, BareError> {
    let load = Arc::new(load);
    let (client, mut events) = open(place, "bare-asker");
    let qos = qos_of(load.qos);
    ready(place, &client, &mut events, Some(&load.response_topic), qos).await?;
    let pending = Pending::default();
    let polling = tokio::spawn(poll(events, Arc::clone(&pending)));
    let asker = Asker {
        client,
        pending,
        load: Arc::clone(&load),
        next: Arc::default(),
    };
    for _ in 0..load.warm_up {
        tokio::time::timeout(PATIENCE, asker.request())
            .await
            .unwrap_or(Err(BareError::NoAnswer))?;
    }
    let started = Instant::now();
    let until = started + load.time;
    let mut round_trips = Vec::new();
    let limit = tokio::time::Instant::from_std(until + PATIENCE);
    if load.in_flight == 1 {
        round_trips = tokio::time::timeout_at(limit, asker.ask_until(until))
            .await
            .unwrap_or(Err(BareError::NoAnswer))?;
    } else {
        let tasks: Vec<_> = (0..load.in_flight)
            .map(|_| tokio::spawn(asker.clone().ask_until(until)))
            .collect();
        for task in tasks {
            let ended = tokio::time::timeout_at(limit, task)
                .await
                .map_err(|_late| BareError::NoAnswer)?;
            round_trips.extend(ended.map_err(|err| BareError::Broken(err.to_string()))??);
        }
    }
    let elapsed = started.elapsed();
    polling.abort();
    Ok(Answers {
        round_trips,
        elapsed,
    })
}

/// A thread with a client of its own, until it is dropped.
pub struct Helper {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    /// Messages that it has published so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("a helper of the measurement panicked");
        }
    }
}

/// Runs `work` on a thread with a runtime of its own, once `prepare` has connected.
fn help<Work>(
    name: &str,
    place: &Place,
    topic: Option<(Arc<str>, Qos)>,
    work: impl FnOnce(AsyncClient, EventLoop, Arc<AtomicBool>, Arc<AtomicU64>) -> Work + Send + 'static,
) -> Result<Helper, BareError>
where
    Work: Future<Output = ()>,
{
    let (told, answer) = std::sync::mpsc::sync_channel(1);
    let (stop, count) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let (its_stop, its_count) = (Arc::clone(&stop), Arc::clone(&count));
    let (place, client_name) = (place.clone(), name.to_owned());
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                Ok(runtime) => runtime,
                Err(err) => {
                    told.send(Err(BareError::Thread(err.to_string())))
                        .unwrap_or_default();
                    return;
                }
            };
            runtime.block_on(async move {
                let (client, mut events) = open(&place, &client_name);
                let (filter, qos) = match &topic {
                    Some((topic, qos)) => (Some(topic.as_ref()), qos_of(*qos)),
                    None => (None, QoS::AtMostOnce),
                };
                let made = ready(&place, &client, &mut events, filter, qos).await;
                let is_made = made.is_ok();
                told.send(made).unwrap_or_default();
                if is_made {
                    work(client, events, its_stop, its_count).await;
                }
            });
        })
        .map_err(|err| BareError::Thread(err.to_string()))?;
    let helper = Helper {
        stop,
        count,
        thread: Some(thread),
    };
    match answer.recv() {
        Ok(Ok(())) => Ok(helper),
        Ok(Err(err)) => Err(err),
        Err(_gone) => Err(BareError::Thread("it ended at once".to_owned())),
    }
}

/// Answers every request on `topic` with its own payload, at the request's quality of service, until it is dropped.
pub fn responder(place: &Place, topic: Arc<str>) -> Result<Helper, BareError> {
    let subscription = Some((topic, Qos::ExactlyOnce));
    help(
        "bench-responder",
        place,
        subscription,
        |client, events, stop, count| async move {
            let answering = tokio::spawn(answer(client, events, count));
            while !stop.load(Ordering::Relaxed) && !answering.is_finished() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answering.abort();
        },
    )
}

async fn answer(client: AsyncClient, mut events: EventLoop, count: Arc<AtomicU64>) {
    while let Ok(event) = events.poll().await {
        let Event::Incoming(Packet::Publish(publish)) = event else {
            continue;
        };
        let Some(mut asked) = publish.properties else {
            continue;
        };
        let Some(topic) = asked.response_topic.take() else {
            continue;
        };
        let properties = PublishProperties {
            correlation_data: asked.correlation_data.take(),
            ..PublishProperties::default()
        };
        let options = PublishOptions::new(publish.qos).properties(properties);
        if let Err(err) = client.try_publish(topic, publish.payload, options) {
            log::error!("the answer was not sent: {err}");
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Publishes that many messages a second on `topic`, for so long.
pub fn publisher(
    place: &Place,
    topic: Arc<str>,
    payload: Bytes,
    per_sec: u32,
    time: Duration,
) -> Result<Helper, BareError> {
    help(
        "bench-publisher",
        place,
        None,
        move |client, mut events, stop, count| async move {
            let polling = tokio::spawn(async move { while events.poll().await.is_ok() {} });
            let started = Instant::now();
            loop {
                let elapsed = started.elapsed();
                if elapsed >= time || stop.load(Ordering::Relaxed) {
                    break;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "messages of a few seconds"
                )]
                let due = (elapsed.as_secs_f64() * f64::from(per_sec)) as u64;
                while count.load(Ordering::Relaxed) < due {
                    let options = PublishOptions::new(QoS::AtMostOnce);
                    let sent = client.publish(topic.as_ref(), payload.clone(), options);
                    if sent.await.is_err() {
                        return;
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // What is in the channel goes out before the connection ends.
            tokio::time::sleep(Duration::from_millis(300)).await;
            polling.abort();
        },
    )
}
