//! The client's certificate and its key, from the files that people have.

use super::Trouble;
use crate::model::profile::{Identity, SecretSlot};
use crate::model::secret::{Secret, Secrets};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What is wrong with the files, or with the passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    NoCertificate {
        path: Arc<str>,
    },
    NoKey {
        path: Arc<str>,
    },
    PassphraseMissing {
        path: Arc<str>,
    },
    PassphraseWrong {
        path: Arc<str>,
    },
    /// Encrypted in OpenSSL's old way, which is too weak to be supported.
    OldEncryption {
        path: Arc<str>,
    },
    Unreadable {
        path: Arc<str>,
        why: String,
    },
    /// Such as one of X.509 version 1.
    BadCertificate {
        path: Arc<str>,
        why: String,
    },
    /// The key is not that of the certificate, or of a kind that TLS does not use.
    Unfit {
        path: Arc<str>,
        why: String,
    },
}

impl From<IdentityFault> for Trouble {
    fn from(fault: IdentityFault) -> Self {
        Self::Identity(fault)
    }
}

pub type Keys = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Waits for the disk, and for the many rounds that a passphrase is worth.
pub fn load(
    identity: &Identity,
    secrets: &Secrets,
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Keys, Trouble> {
    let path = &identity.certificate_file;
    let bytes = read(path).map_err(|why| Trouble::File {
        what: "client certificate",
        why,
    })?;
    let passphrase = secrets.get(&SecretSlot::KeyPassphrase);
    if !is_pem(&bytes) && bytes.first() == Some(&0x30) {
        return Ok(pkcs12(path, &bytes, passphrase)?);
    }
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|err| unreadable(path, &err))?;
    if chain.is_empty() {
        return Err(IdentityFault::NoCertificate {
            path: Arc::clone(path),
        }
        .into());
    }
    let (path, bytes) = match &identity.key_file {
        None => (path, bytes),
        Some(path) => {
            let bytes = read(path).map_err(|why| Trouble::File {
                what: "client key",
                why,
            })?;
            (path, bytes)
        }
    };
    Ok((chain, key(path, &bytes, passphrase)?))
}

fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"-----BEGIN").is_some()
}

fn unreadable(path: &Arc<str>, err: &impl std::fmt::Display) -> IdentityFault {
    IdentityFault::Unreadable {
        path: Arc::clone(path),
        why: err.to_string(),
    }
}

fn key(
    path: &Arc<str>,
    bytes: &[u8],
    passphrase: Option<&Secret>,
) -> Result<PrivateKeyDer<'static>, IdentityFault> {
    let path = || Arc::clone(path);
    let has = |words: &[u8]| memchr::memmem::find(bytes, words).is_some();
    if has(b"BEGIN ENCRYPTED PRIVATE KEY") {
        let passphrase =
            passphrase.ok_or_else(|| IdentityFault::PassphraseMissing { path: path() })?;
        return decrypt(&path(), bytes, passphrase);
    }
    if has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(IdentityFault::OldEncryption { path: path() });
    }
    match PrivateKeyDer::from_pem_slice(bytes) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(IdentityFault::NoKey { path: path() }),
        Err(err) => Err(unreadable(&path(), &err)),
    }
}

/// PKCS#8, encrypted (RFC 5958 §3).
fn decrypt(
    path: &Arc<str>,
    bytes: &[u8],
    passphrase: &Secret,
) -> Result<PrivateKeyDer<'static>, IdentityFault> {
    // The file may hold certificates before the key.
    let start = memchr::memmem::find(bytes, b"-----BEGIN ENCRYPTED").unwrap_or(0);
    let rest = bytes.get(start..).unwrap_or_default();
    let end_mark = b"-----END ENCRYPTED PRIVATE KEY-----";
    let end = memchr::memmem::find(rest, end_mark).map_or(rest.len(), |end| end + end_mark.len());
    let text = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
    let (_, document) = SecretDocument::from_pem(&text).map_err(|err| unreadable(path, &err))?;
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|err| unreadable(path, &err))?;
    let wrong = || IdentityFault::PassphraseWrong {
        path: Arc::clone(path),
    };
    let key = encrypted
        .decrypt(passphrase.expose())
        .map_err(|err| match err {
            pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm {
                ..
            }) => unreadable(path, &err),
            _ => wrong(),
        })?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

/// PKCS#12: the certificate, those above it and the key in one file (RFC 7292).
fn pkcs12(
    path: &Arc<str>,
    bytes: &[u8],
    passphrase: Option<&Secret>,
) -> Result<Keys, IdentityFault> {
    let path = || Arc::clone(path);
    let word = passphrase.map(Secret::expose).unwrap_or_default();
    let store =
        KeyStore::from_pkcs12(bytes, word, Pkcs12ImportPolicy::Relaxed).map_err(
            |err| match err {
                p12_keystore::error::Error::MacError(_) if passphrase.is_none() => {
                    IdentityFault::PassphraseMissing { path: path() }
                }
                p12_keystore::error::Error::MacError(_) => {
                    IdentityFault::PassphraseWrong { path: path() }
                }
                err => unreadable(&path(), &err),
            },
        )?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| IdentityFault::NoKey { path: path() })?;
    let certificates: Vec<CertificateDer<'static>> = chain
        .certs()
        .iter()
        .map(|one| CertificateDer::from(one.as_der().to_vec()))
        .collect();
    if certificates.is_empty() {
        return Err(IdentityFault::NoCertificate { path: path() });
    }
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    Ok((certificates, key.into()))
}
