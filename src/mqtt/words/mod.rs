//! What reason codes and errors mean, in words: what failed, on what, why, and what to do.

mod failure;
mod reason;
mod refusal;
mod way;

pub use failure::{Attempt, Fault, Stage, fault, unusable};
pub use reason::{Packet, reason};
