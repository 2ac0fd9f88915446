//! What can be typed after `profiles`.

use crate::model::foreign::bundle::BundleFormat;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Connections and requests from other programs, and out again
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "--help prints this as it stands")]
pub struct ProfilesArgs {
    #[command(subcommand)]
    pub command: ProfilesCommand,

    /// Open the workspace's encrypted file of secrets with the first line of this file
    ///
    /// Without it the variable ROUNDTRIP_PASSPHRASE is taken; on a terminal it is asked for.
    #[arg(long, value_name = "FILE", global = true)]
    pub passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum ProfilesCommand {
    Import(ProfilesImportArgs),
    Export(ProfilesExportArgs),
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  roundtrip profiles import data.json --dry-run      what it would do; nothing is written
  roundtrip profiles import ~/.config/MQTT-Explorer/settings.json
  echo \"mosquitto_rr -h broker.lab -t a/req -e a/resp -m '{}'\" | roundtrip profiles import -
  roundtrip profiles import lab.toml --passphrase-env PASS --existing replace

Exit codes:
  0  everything that the plan says is written, or there was nothing to do
  1  it could not be written; then nothing is, or a secret has no place to be kept
  2  the command line is wrong, or FILE cannot be read";

/// Take over connections and requests of MQTTX, MQTT Explorer, command lines or Roundtrip itself
///
/// What FILE is, is told by what is in it: an export of MQTTX (JSON), settings.json of MQTT Explorer, an export of
/// Roundtrip, or command lines of mosquitto_rr, mosquitto_pub, mosquitto_sub, mqttx and mqtt. The plan goes to stdout, and
/// with it what cannot be taken over. Secrets go where the workspace keeps them, never to a plain file.
#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_EXAMPLES)]
#[expect(clippy::doc_markdown, reason = "--help prints this as it stands")]
pub struct ProfilesImportArgs {
    /// What to read; - is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Only tell what would be done
    #[arg(long)]
    pub dry_run: bool,

    /// What becomes of a thing whose name is here already
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub existing: Existing,

    /// Open sealed secrets with the passphrase in this environment variable; without it they are left out
    #[arg(long, value_name = "VAR")]
    pub passphrase_env: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Existing {
    /// Keep both: the new one is called `name 2`
    #[default]
    Beside,
    Replace,
    /// Leave the new one out
    Leave,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  roundtrip profiles export --out all.toml
  roundtrip profiles export --connection Lab --out lab.json
  roundtrip profiles export --folder Pumps --with-secrets --passphrase-env PASS > pumps.toml";

/// Write connections and requests into one file, to be imported elsewhere
///
/// Secrets are left out unless --with-secrets asks for them; then they are sealed under a passphrase (Argon2id and
/// ChaCha20-Poly1305). Certificates and keys are named, and never in the file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub struct ProfilesExportArgs {
    /// Only this connection with its requests, by its name or the name of its file; can be given again
    #[arg(long = "connection", value_name = "NAME", conflicts_with = "folder")]
    pub connections: Vec<String>,

    /// Only this folder, of connections or of requests, with what belongs to them
    #[arg(long, value_name = "NAME")]
    pub folder: Option<String>,

    /// Where to; the file is replaced as a whole [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// toml or json [default: by the ending of --out, else toml]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<BundleFormat>,

    /// With the secrets that are kept: passwords, passphrases of keys, headers
    #[arg(long, requires = "passphrase_env")]
    pub with_secrets: bool,

    /// Seal them with the passphrase in this environment variable
    #[arg(long, value_name = "VAR", requires = "with_secrets")]
    pub passphrase_env: Option<String>,
}

fn format(text: &str) -> Result<BundleFormat, String> {
    BundleFormat::of_word(&text.to_lowercase()).ok_or_else(|| "there are toml and json".to_owned())
}

impl ProfilesExportArgs {
    /// The format asked for, else the one that the ending of `--out` tells.
    pub fn chosen_format(&self) -> BundleFormat {
        let ending = self.out.as_ref().and_then(|out| out.extension());
        let ending = ending.and_then(|ending| ending.to_str());
        let by_ending = ending.map(str::to_lowercase);
        let by_ending = by_ending.and_then(|ending| BundleFormat::of_word(&ending));
        self.format.or(by_ending).unwrap_or_default()
    }
}
