//! The machine that a measurement ran on, as its system tells it. What it does not tell is left out.

use crate::model::secret::Secret;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

/// What a figure depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub cpu: Option<String>,
    pub cores: usize,
    pub memory_mb: Option<u64>,
    pub system: Option<String>,
}

pub fn machine() -> Machine {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let memory = field(&read("/proc/meminfo"), "MemTotal", ':');
    Machine {
        cpu: field(&read("/proc/cpuinfo"), "model name", ':'),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_mb: memory.and_then(|text| {
            let kb: u64 = text.split_whitespace().next()?.parse().ok()?;
            Some(kb / 1024)
        }),
        system: field(&read("/etc/os-release"), "PRETTY_NAME", '=')
            .or_else(|| Some(std::env::consts::OS.to_owned())),
    }
}

/// What the operating system handed to this program, as far as it is text. Any of it may be secret.
pub fn process_variables() -> Arc<BTreeMap<String, Secret>> {
    let text = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Arc::new(
        text.map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    )
}

/// Memory of this process that is in use, where the system tells it.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let text = field(&status, "VmRSS", ':')?;
    let kb: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(kb * 1024)
}

/// The value of a line `name: value` or `name="value"`.
fn field(text: &str, name: &str, sign: char) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(sign)?;
        (key.trim() == name).then_some(value)
    })?;
    Some(value.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\nmodel\t: 85\n";
        assert_eq!(
            field(text, "model name", ':').as_deref(),
            Some("Some CPU @ 2.0GHz")
        );
        assert_eq!(
            field("PRETTY_NAME=\"Debian 12\"\n", "PRETTY_NAME", '=').as_deref(),
            Some("Debian 12")
        );
        assert_eq!(field(text, "name", ':'), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_uses_some_memory() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1024 * 1024));
    }
}
