//! What is in a certificate, for people.

use crate::model::connection::CertificateInfo;
use bytes::Bytes;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// RFC 8410 §3.
const ED25519: &str = "1.3.101.112";

/// What cannot be read is left empty: rustls has the last word on a certificate, not this.
pub fn describe(certificate: &CertificateDer<'_>) -> CertificateInfo {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    let fingerprint = hex::encode(digest).into();
    let der = Bytes::copy_from_slice(certificate);
    let Ok((_, read)) = x509_parser::parse_x509_certificate(certificate) else {
        return CertificateInfo {
            fingerprint,
            der,
            ..CertificateInfo::default()
        };
    };
    let names = match read.subject_alternative_name() {
        Ok(Some(extension)) => extension
            .value
            .general_names
            .iter()
            .filter_map(name)
            .collect(),
        Ok(None) | Err(_) => Vec::new(),
    };
    CertificateInfo {
        subject: read.subject().to_string().into(),
        issuer: read.issuer().to_string().into(),
        names,
        not_before: read.validity().not_before.timestamp(),
        not_after: read.validity().not_after.timestamp(),
        is_authority: read.is_ca(),
        fingerprint,
        key: key(read.public_key()).into(),
        der,
    }
}

/// The name of who made a certificate, and the bytes of that name.
pub fn issuer(certificate: &CertificateDer<'_>) -> Option<(String, Vec<u8>)> {
    let (_, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some((read.issuer().to_string(), read.issuer().as_raw().to_vec()))
}

/// Its kind and size.
fn key(key: &SubjectPublicKeyInfo<'_>) -> String {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA, {} bits", rsa.key_size()),
        // By the length of its point: the curves that rustls knows differ in it.
        Ok(PublicKey::EC(point)) => format!("EC P-{}", point.key_size()),
        Ok(_) | Err(_) if key.algorithm.algorithm.to_id_string() == ED25519 => "Ed25519".to_owned(),
        Ok(_) | Err(_) => String::new(),
    }
}

fn name(name: &GeneralName<'_>) -> Option<Arc<str>> {
    match name {
        GeneralName::DNSName(name) => Some((*name).into()),
        GeneralName::IPAddress(bytes) => {
            let address = <[u8; 4]>::try_from(*bytes)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.ok().map(|address| address.to_string().into())
        }
        _ => None,
    }
}
