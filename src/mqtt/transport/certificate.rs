//! What is in a certificate, for people.

use crate::model::connection::CertificateInfo;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

/// What cannot be read is left empty: rustls has the last word on a certificate, not this.
pub fn describe(certificate: &CertificateDer<'_>) -> CertificateInfo {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    let fingerprint = hex::encode(digest).into();
    let Ok((_, read)) = x509_parser::parse_x509_certificate(certificate) else {
        return CertificateInfo {
            fingerprint,
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
