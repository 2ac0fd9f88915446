//! The way to the broker: TLS, WebSocket, proxy, enhanced authentication. Names are those of `mosquitto_pub` where it has them.

use crate::model::payload::PayloadFormat;
use crate::model::profile::{
    AuthenticationDraft, HeaderDraft, ProfileDraft, ProxyDraft, SecretSlot, TlsDraft, TlsVersion,
};
use std::path::PathBuf;

/// Where a secret is: others on this machine can see a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    Env(String),
    File(PathBuf),
}

/// How the broker is reached and shown who is there.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "TLS, WebSocket and proxy")]
pub struct WayArgs {
    /// PEM: authorities that are trusted, besides those of the system
    #[arg(long, value_name = "FILE")]
    pub cafile: Option<String>,

    /// The client's certificate: PEM, or PKCS#12 with the key in it
    #[arg(long, value_name = "FILE")]
    pub cert: Option<String>,

    /// The key of --cert: PEM, also encrypted PKCS#8
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<String>,

    /// The passphrase of --key or --cert: env:VAR, or @FILE for its first line
    #[arg(long, value_name = "env:VAR|@FILE", value_parser = secret_place)]
    pub key_passphrase: Option<SecretPlace>,

    /// Do not look whether the broker is the one that it says: anybody can pretend to be it
    #[arg(long)]
    pub insecure: bool,

    /// Offer this application protocol (ALPN); can be given again
    #[arg(long, value_name = "PROTOCOL")]
    pub tls_alpn: Vec<String>,

    /// Speak this version of TLS alone: tlsv1.2 or tlsv1.3
    #[arg(long, value_name = "VERSION", value_parser = tls_version)]
    pub tls_version: Option<TlsVersion>,

    /// The name to send (SNI) and to look for in the certificate [default: the host of the URL]
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,

    /// Go through a proxy, socks5://[USER@]HOST[:PORT] or http://[USER@]HOST[:PORT]; it looks the broker's name up
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,

    /// The password of the proxy: env:VAR, or @FILE for its first line
    #[arg(long, value_name = "env:VAR|@FILE", value_parser = secret_place)]
    pub proxy_password: Option<SecretPlace>,

    /// A header of the WebSocket's request; can be given again
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    pub headers: Vec<(String, String)>,

    /// The same with a secret value: env:VAR, or @FILE for its first line
    #[arg(long = "secret-header", value_name = "NAME=env:VAR|@FILE", value_parser = secret_header)]
    pub secret_headers: Vec<(String, SecretPlace)>,

    /// Enhanced authentication (MQTT 5): SCRAM-SHA-256 with the user name and password, or any method with --auth-data
    #[arg(long, value_name = "METHOD")]
    pub auth_method: Option<String>,

    /// Authentication Data: env:VAR, or @FILE for its first line
    #[arg(long, value_name = "env:VAR|@FILE", value_parser = secret_place, requires = "auth_method")]
    pub auth_data: Option<SecretPlace>,
}

impl WayArgs {
    /// Puts what was typed over what the profile says.
    pub fn apply(&self, draft: &mut ProfileDraft) {
        let says_tls = self.cafile.is_some()
            || self.cert.is_some()
            || self.key_passphrase.is_some()
            || self.insecure
            || !self.tls_alpn.is_empty()
            || self.tls_version.is_some()
            || self.server_name.is_some();
        if says_tls {
            self.apply_tls(draft.tls.get_or_insert_default());
        }
        if !self.headers.is_empty() || !self.secret_headers.is_empty() {
            let headers = &mut draft.web_socket.get_or_insert_default().headers;
            let plain = self.headers.iter().map(|(name, value)| HeaderDraft {
                name: name.clone(),
                value: value.clone(),
                is_secret: false,
            });
            let secret = self.secret_headers.iter().map(|(name, _)| HeaderDraft {
                name: name.clone(),
                value: String::new(),
                is_secret: true,
            });
            headers.extend(plain.chain(secret));
        }
        if let Some(proxy) = &self.proxy {
            draft.proxy = Some(proxy_draft(proxy));
        }
        if let (Some(proxy), Some(_)) = (&mut draft.proxy, &self.proxy_password) {
            proxy.password_wanted = true;
        }
        if let Some(method) = &self.auth_method {
            draft.authentication = Some(AuthenticationDraft {
                method: method.clone(),
                data_wanted: self.auth_data.is_some(),
                data_format: PayloadFormat::Text,
            });
        }
    }

    fn apply_tls(&self, tls: &mut TlsDraft) {
        if let Some(file) = &self.cafile {
            tls.ca_file.clone_from(file);
        }
        if let Some(file) = &self.cert {
            tls.certificate_file.clone_from(file);
            tls.key_file = self.key.clone().unwrap_or_default();
            tls.key_passphrase_wanted = false;
        }
        tls.key_passphrase_wanted |= self.key_passphrase.is_some();
        tls.verify &= !self.insecure;
        if !self.tls_alpn.is_empty() {
            tls.alpn.clone_from(&self.tls_alpn);
        }
        if let Some(version) = self.tls_version {
            tls.least_version = Some(version);
            tls.most_version = Some(version);
        }
        if let Some(name) = &self.server_name {
            tls.server_name.clone_from(name);
        }
    }

    /// Where the secrets are that were named.
    pub fn secrets(&self) -> Vec<(SecretSlot, &SecretPlace)> {
        let single = [
            (SecretSlot::KeyPassphrase, &self.key_passphrase),
            (SecretSlot::ProxyPassword, &self.proxy_password),
            (SecretSlot::AuthenticationData, &self.auth_data),
        ];
        let single = single
            .into_iter()
            .filter_map(|(slot, place)| Some((slot, place.as_ref()?)));
        let headers = self.secret_headers.iter();
        single
            .chain(headers.map(|(name, place)| (SecretSlot::Header(name.clone()), place)))
            .collect()
    }
}

/// The user name of a proxy has a field of its own; a password in the URL is left there, and refused with it.
fn proxy_draft(text: &str) -> ProxyDraft {
    let bare = ProxyDraft {
        address: text.to_owned(),
        ..ProxyDraft::default()
    };
    let Ok(mut url) = url::Url::parse(text) else {
        return bare;
    };
    let user_name = percent_encoding::percent_decode_str(url.username())
        .decode_utf8_lossy()
        .into_owned();
    if user_name.is_empty() || url.password().is_some() || url.set_username("").is_err() {
        return bare;
    }
    ProxyDraft {
        address: url.to_string(),
        user_name,
        password_wanted: false,
    }
}

fn secret_place(text: &str) -> Result<SecretPlace, String> {
    if let Some(name) = text.strip_prefix("env:").filter(|name| !name.is_empty()) {
        return Ok(SecretPlace::Env(name.to_owned()));
    }
    if let Some(path) = text.strip_prefix('@').filter(|path| !path.is_empty()) {
        return Ok(SecretPlace::File(path.into()));
    }
    Err("write env:VAR or @FILE: others on this machine can see a command line".to_owned())
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as NAME=VALUE, such as X-Tenant=lab".to_owned()),
    }
}

fn secret_header(text: &str) -> Result<(String, SecretPlace), String> {
    let (name, place) = header(text)?;
    Ok((name, secret_place(&place)?))
}

fn tls_version(text: &str) -> Result<TlsVersion, String> {
    match text {
        "tlsv1.2" | "1.2" => Ok(TlsVersion::V12),
        "tlsv1.3" | "1.3" => Ok(TlsVersion::V13),
        _ => Err("there are tlsv1.2 and tlsv1.3".to_owned()),
    }
}
