//! TLS by rustls: whom to trust, what to show, and what the other side showed.

use super::certificate::{self, describe};
use super::identity::{self, IdentityFault};
use super::{Duplex, Trouble};
use crate::model::connection::TlsInfo;
use crate::model::profile::{Tls, TlsVersion};
use crate::mqtt::client::ClientOptions;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, RootCertStore, SignatureScheme,
    version,
};

/// Keeps what the broker showed, whether it is trusted or not.
#[derive(Debug)]
struct Witness {
    /// None: everybody is trusted, but has to own the certificate that it shows.
    judge: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
    roots: Roots,
}

impl Witness {
    fn seen(&self) -> Vec<CertificateDer<'static>> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Whom to trust.
#[derive(Clone, Debug)]
struct Roots {
    store: Arc<RootCertStore>,
    /// So many of them are the system's, and stand first.
    of_system: usize,
    ca_file: Option<Arc<str>>,
}

impl Roots {
    fn none() -> Self {
        Self {
            store: Arc::new(RootCertStore::empty()),
            of_system: 0,
            ca_file: None,
        }
    }

    /// Who made one of these, nearest to the broker first, and is trusted.
    fn of_chain(&self, chain: &[CertificateDer<'_>]) -> Option<Arc<str>> {
        chain.iter().find_map(|one| {
            let (name, raw) = certificate::issuer(one)?;
            // Anchors are kept without the head of their SEQUENCE.
            let is_maker = |subject: &[u8]| {
                raw.ends_with(subject) && raw.len().saturating_sub(subject.len()) <= 4
            };
            let mut all = self.store.roots.iter();
            let place = all.position(|anchor| is_maker(&anchor.subject))?;
            Some(match &self.ca_file {
                Some(path) if place >= self.of_system => format!("{name}, from {path}").into(),
                _ => format!("{name}, trusted by this system").into(),
            })
        })
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|one| one.clone().into_owned())
            .collect();
        match &self.judge {
            Some(judge) => {
                judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The handshake. Files are read anew every time: certificates are renewed while programs run.
pub async fn shake(
    stream: Box<dyn Duplex>,
    settings: &Tls,
    host: &str,
    options: &ClientOptions,
) -> Result<(Box<dyn Duplex>, Arc<TlsInfo>), Trouble> {
    let name = settings.server_name.as_deref().unwrap_or(host);
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_invalid| Trouble::ServerName(name.into()))?;
    let (config, witness) = {
        let (settings, options) = (settings.clone(), options.clone());
        tokio::task::spawn_blocking(move || config(&settings, &options))
            .await
            .map_err(io::Error::other)??
    };
    let connector = TlsConnector::from(Arc::new(config));
    let mut info = TlsInfo {
        server_name: name.into(),
        ..TlsInfo::default()
    };
    let shaken = connector.connect(server_name, stream).await;
    let seen = witness.seen();
    info.chain = seen.iter().map(describe).collect();
    let stream = match shaken {
        Ok(stream) => stream,
        Err(err) => {
            let shown = (!info.chain.is_empty()).then(|| Arc::new(info));
            return Err(Trouble::Tls { err, shown });
        }
    };
    let (_, session) = stream.get_ref();
    info.is_verified = settings.verify;
    info.root = witness.roots.of_chain(&seen);
    info.version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
        other => format!("{other:?}").into(),
    };
    if let Some(suite) = session.negotiated_cipher_suite() {
        info.cipher_suite = format!("{:?}", suite.suite()).into();
    }
    info.alpn = session
        .alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into());
    Ok((Box::new(stream), Arc::new(info)))
}

/// Waits for the disk.
fn config(
    settings: &Tls,
    options: &ClientOptions,
) -> Result<(ClientConfig, Arc<Witness>), Trouble> {
    let provider = Arc::new(crypto::ring::default_provider());
    let (judge, roots) = if settings.verify {
        let roots = roots(settings, options)?;
        let store = Arc::clone(&roots.store);
        let built = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(&provider));
        (
            Some(built.build().map_err(|_empty| Trouble::NoRoots)?),
            roots,
        )
    } else {
        (None, Roots::none())
    };
    let witness = Arc::new(Witness {
        judge,
        provider: Arc::clone(&provider),
        seen: Mutex::default(),
        roots,
    });
    let versions: Vec<_> = [
        (TlsVersion::V12, &version::TLS12),
        (TlsVersion::V13, &version::TLS13),
    ]
    .into_iter()
    .filter(|(one, _)| (settings.least_version..=settings.most_version).contains(one))
    .map(|(_, one)| one)
    .collect();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>);
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let read = &options.read_file;
            let (chain, key) = identity::load(identity, &options.secrets, |path| read(path))?;
            let path = identity
                .key_file
                .as_ref()
                .unwrap_or(&identity.certificate_file);
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|err| match err {
                    Error::InvalidCertificate(why) => IdentityFault::BadCertificate {
                        path: Arc::clone(&identity.certificate_file),
                        why: why.to_string(),
                    },
                    err => IdentityFault::Unfit {
                        path: Arc::clone(path),
                        why: err.to_string(),
                    },
                })?
        }
    };
    config.alpn_protocols = settings
        .alpn
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Ok((config, witness))
}

fn tls(err: Error) -> Trouble {
    Trouble::Tls {
        err: io::Error::new(io::ErrorKind::InvalidData, err),
        shown: None,
    }
}

fn roots(settings: &Tls, options: &ClientOptions) -> Result<Roots, Trouble> {
    let mut roots = RootCertStore::empty();
    if settings.system_roots {
        let found = rustls_native_certs::load_native_certs();
        for err in &found.errors {
            log::warn!("the system's authorities: {err}");
        }
        let (_, ignored) = roots.add_parsable_certificates(found.certs);
        if ignored > 0 {
            log::debug!("{ignored} of the system's authorities are not understood");
        }
    }
    let of_system = roots.len();
    if let Some(path) = &settings.ca_file {
        let bytes = (options.read_file)(path).map_err(|why| Trouble::File {
            what: "certificates of authorities",
            why,
        })?;
        let bad = |why: String| Trouble::BadAuthority {
            path: Arc::clone(path),
            why,
        };
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            let certificate = certificate.map_err(|err| bad(err.to_string()))?;
            roots.add(certificate).map_err(|err| bad(err.to_string()))?;
            count += 1;
        }
        if count == 0 {
            return Err(bad("there is no PEM certificate in it".to_owned()));
        }
    }
    if roots.is_empty() {
        return Err(Trouble::NoRoots);
    }
    Ok(Roots {
        store: Arc::new(roots),
        of_system,
        ca_file: settings.ca_file.clone(),
    })
}
