//! One step of a demo, as its file has it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// In this order: the pause, the words, what is done to the scene (waited for until it is done), the requests, all
/// at once, `wait_ms`, and then, unless they are left open, the end of every exchange that the step began.
///
/// ```toml
/// [[steps]]
/// say = "The device goes to sleep; three commands are queued"
/// switch_off = ["pump"]
/// send = ["start", "faster", "stop"]
/// leave_open = true
///
/// [[steps]]
/// say = "It wakes up and answers all of them"
/// switch_on = ["pump"]
/// await = true
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// What happens, in words; empty: nothing is said.
    pub say: String,
    /// Time for the eye before the step.
    pub pause_ms: u64,
    /// Ids of devices; `switch_on` waits until they listen.
    pub switch_off: Vec<String>,
    pub switch_on: Vec<String>,
    /// Ids of devices that have a schedule: waits until each is asleep, and not about to wake.
    pub asleep: Vec<String>,
    /// Ids of connections: DISCONNECT; the socket dropped without one; connect, and wait until that is done.
    pub disconnect: Vec<String>,
    pub cut: Vec<String>,
    pub connect: Vec<String>,
    /// Ids of requests.
    pub send: Vec<String>,
    /// How often the step is done, one after the other.
    pub times: Times,
    pub wait_ms: u64,
    /// Goes on as soon as the broker has what was sent. A later step with `await`, or the end of the demo, waits for
    /// what is left open.
    pub leave_open: bool,
    #[serde(rename = "await")]
    pub awaits: bool,
    /// The verdict, in snake case, that the exchanges of the step have to end with: one for all, or a list with one
    /// for each in `send` and then for each will that a `cut` has published. `rejected|timed_out` takes either.
    pub expect: Expected,
    /// What there is to say about the verdict of its first exchange, by verdict, where that depends on the broker.
    /// `{response_topic}` and `{response_information}` stand for what it was sent with.
    pub after: BTreeMap<String, String>,
    /// What the first reply has to have in its payload, one text for each in `send`; empty or absent: anything.
    pub answers: Vec<String>,
}

/// A number of times; once unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Times(pub u32);

impl Default for Times {
    fn default() -> Self {
        Self(1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    All(String),
    Each(Vec<String>),
}

impl Default for Expected {
    fn default() -> Self {
        Self::All("answered".to_owned())
    }
}

impl Expected {
    /// Of the request in this place of the step.
    pub fn of(&self, place: usize) -> &str {
        match self {
            Self::All(verdict) => verdict,
            Self::Each(verdicts) => verdicts.get(place).map_or("answered", String::as_str),
        }
    }
}

impl Step {
    pub fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_ms)
    }

    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }

    /// Every connection that it does something to.
    pub fn connections(&self) -> impl Iterator<Item = &String> {
        self.connect.iter().chain(&self.disconnect).chain(&self.cut)
    }

    /// Every device that it does something to.
    pub fn devices(&self) -> impl Iterator<Item = &String> {
        self.switch_on
            .iter()
            .chain(&self.switch_off)
            .chain(&self.asleep)
    }
}
