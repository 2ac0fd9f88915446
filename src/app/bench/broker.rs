//! The broker that is measured against: one that is named, a Mosquitto of our own, or the built-in one.

use super::BenchFailure;
use crate::app::App;
use crate::model::profile::BrokerAddress;
use crate::session::bench::Place;
use crate::store::write_file;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// It ends with this.
pub struct Broker {
    pub place: Place,
    /// For the report and for people.
    pub name: String,
    process: Option<Child>,
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process
            && let Err(err) = process.kill().and_then(|()| process.wait())
        {
            log::warn!("Mosquitto did not end: {err}");
        }
    }
}

impl Broker {
    pub fn find(app: &mut App, url: Option<&str>) -> Result<Self, BenchFailure> {
        if let Some(url) = url {
            return Self::named(url);
        }
        match mosquitto() {
            Some(program) => Self::mosquitto(app, &program),
            None => Self::built_in(app),
        }
    }

    fn named(url: &str) -> Result<Self, BenchFailure> {
        let parsed = BrokerAddress::parse(url).map_err(BenchFailure::Broker)?;
        match parsed.address {
            BrokerAddress::Tcp { host, port, .. } => Ok(Self {
                name: format!("mqtt://{host}:{port}"),
                place: (host, port),
                process: None,
            }),
            other => Err(BenchFailure::Broker(format!(
                "`{other}` is no broker to measure against; write mqtt://host:port"
            ))),
        }
    }

    fn mosquitto(app: &App, program: &Path) -> Result<Self, BenchFailure> {
        let failed = |what: &str, err: &dyn std::fmt::Display| {
            BenchFailure::Broker(format!("{}: {what}: {err}", program.display()))
        };
        // Beside the workspace, which is only for this run and which nothing has been written to yet.
        let config = PathBuf::from(app.library.workspace_path()).with_file_name("mosquitto.conf");
        let mut last = String::new();
        for _ in 0..5 {
            let port = free_port().map_err(|err| failed("no free port", &err))?;
            let text = format!(
                "listener {port} 127.0.0.1\nuser root\nallow_anonymous true\npersistence false\nlog_type none\n\
                 set_tcp_nodelay true\nmax_inflight_messages 0\nmax_queued_messages 0\n"
            );
            write_file(&config, text.as_bytes()).map_err(|err| failed("configuration", &err))?;
            let process = Command::new(program)
                .arg("-c")
                .arg(&config)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|err| failed("it does not start", &err))?;
            let mut broker = Self {
                place: ("127.0.0.1".into(), port),
                name: version_of(program),
                process: Some(process),
            };
            match broker.is_up() {
                Ok(()) => return Ok(broker),
                Err(why) => last = why,
            }
        }
        Err(failed("it does not listen", &last))
    }

    fn is_up(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(Ok(Some(status))) = self.process.as_mut().map(Child::try_wait) {
                return Err(format!("it ended with {status}"));
            }
            if TcpStream::connect((&*self.place.0, self.place.1)).is_ok() {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(format!("not within {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn built_in(app: &mut App) -> Result<Self, BenchFailure> {
        let broker = app
            .session
            .start_broker()
            .map_err(|err| BenchFailure::Broker(err.to_string()))?;
        let address = broker.address();
        Ok(Self {
            place: (address.ip().to_string().into(), address.port()),
            name: "built-in (there is no Mosquitto here)".to_owned(),
            process: None,
        })
    }
}

/// Daemons live in directories that ordinary users have not in their `PATH`.
fn mosquitto() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"].map(PathBuf::from))
        .map(|folder| folder.join("mosquitto"))
        .find(|program| program.is_file())
}

fn version_of(program: &Path) -> String {
    let help = Command::new(program).arg("-h").output();
    let text = help.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.ok()
        .and_then(|text| Some(text.lines().next()?.trim().to_owned()))
        .filter(|line| line.starts_with("mosquitto"))
        .unwrap_or_else(|| "mosquitto".to_owned())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
