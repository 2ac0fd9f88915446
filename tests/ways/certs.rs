//! Certificates, made anew for every test.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use roundtrip::model::profile::{ProfileDraft, TlsDraft};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority, and a folder for what it makes.
pub struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// Files of a certificate and its key.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Pair {
    /// The lines that a listener of Mosquitto wants.
    pub fn config(&self, authority: &Authority) -> String {
        format!(
            "cafile {}\ncertfile {}\nkeyfile {}\n",
            authority.file().display(),
            self.certificate.display(),
            self.key.display()
        )
    }
}

impl Authority {
    pub fn new() -> Self {
        Self::named("Roundtrip test authority")
    }

    pub fn named(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        Self { folder, issuer }
    }

    /// The connection trusts this authority and no other.
    pub fn trusted_by(&self, draft: ProfileDraft) -> ProfileDraft {
        ProfileDraft {
            tls: Some(TlsDraft {
                system_roots: false,
                ca_file: self.file().display().to_string(),
                ..TlsDraft::default()
            }),
            ..draft
        }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For `localhost` and 127.0.0.1.
    pub fn broker(&self) -> Pair {
        self.sign("broker", &["localhost", "127.0.0.1"], |_| {})
    }

    pub fn expired(&self) -> Pair {
        self.sign("old", &["localhost", "127.0.0.1"], |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        })
    }

    pub fn client(&self, name: &str) -> Pair {
        self.sign(name, &[], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    }

    pub fn sign(
        &self,
        name: &str,
        hosts: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let pair = Pair {
            certificate: self.folder.path().join(format!("{name}.crt")),
            key: self.folder.path().join(format!("{name}.key")),
        };
        fs::write(&pair.certificate, certificate.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }
}

/// What rcgen does not write. False, and a visible skip, where there is no openssl.
pub fn openssl(words: &[&str]) -> bool {
    let Ok(output) = Command::new("openssl").args(words).output() else {
        crate::common::peers::skip("openssl");
        return false;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {words:?}: {said}");
    true
}
