//! What can be typed after `diagnose`.

use super::{ConnectArgs, EXIT_CODES, UNITS, values};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  roundtrip diagnose lab                             a connection profile of the workspace
  roundtrip diagnose --url mqtts://broker.lab --cafile ca.pem --certificate > chain.pem
  roundtrip diagnose lab --scratch-topic lab/scratch --own-client-id
  roundtrip diagnose lab --json | jq 'select(.state == \"failed\").problem'
  roundtrip diagnose lab --watch 60s                 who keeps taking the client id over?

  if roundtrip diagnose lab > report.txt; then echo fine; else cat report.txt; fi

It ends with 0 where everything works, also where something is unusual; with 6 where the way to the broker ends early, 5 where
the broker refuses something, 3 where nothing comes back, and 1 where another client takes the client id over.";

/// Why does it not connect? Test a connection step by step
///
/// Name resolution, TCP, proxy, TLS, WebSocket, CONNECT, SUBSCRIBE, Response Topic, PUBLISH and round trip, each with its time
/// and its result, and with what to do where one fails. Nothing is retained, no will is left, and what was subscribed is
/// unsubscribed.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}\n\n{UNITS}"))]
pub struct DiagnoseArgs {
    /// A connection profile of the workspace, as --profile
    #[arg(value_name = "PROFILE", conflicts_with_all = ["profile", "url"])]
    pub name: Option<String>,

    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Publish and subscribe here [default: roundtrip/test/ and something random]
    #[arg(long, value_name = "TOPIC", value_parser = values::topic, help_heading = "Test")]
    pub scratch_topic: Option<String>,

    /// Subscribe here instead of to the Response Topic that a request would have
    #[arg(short = 'e', long, value_name = "TOPIC", value_parser = values::response_topic, help_heading = "Test")]
    pub response_topic: Option<String>,

    /// Test with the client id of the profile, not with one made of it: whoever is connected with it is thrown out
    #[arg(long, help_heading = "Test")]
    pub own_client_id: bool,

    /// Watch for so long whether somebody else takes the client id over, also where it has a session
    #[arg(long, value_name = "TIME", value_parser = values::span, help_heading = "Test")]
    pub watch: Option<Duration>,

    /// Do not watch the client id
    #[arg(long, conflicts_with = "watch", help_heading = "Test")]
    pub no_watch: bool,

    /// Print the broker's certificates as PEM, and the steps on stderr
    #[arg(long, help_heading = "Output")]
    pub certificate: bool,

    /// Print one line of JSON a step, and one at the end
    #[arg(long, conflicts_with = "certificate", help_heading = "Output")]
    pub json: bool,
}

impl DiagnoseArgs {
    /// Where to connect, whichever way it was named.
    pub fn target(&self) -> ConnectArgs {
        let mut connect = self.connect.clone();
        if self.name.is_some() {
            connect.profile.clone_from(&self.name);
        }
        connect
    }

    /// The client id was made for this run: nobody else has it.
    pub fn has_made_id(&self) -> bool {
        let connect = self.target();
        connect.profile.is_none() && connect.client_id.is_none()
    }
}
