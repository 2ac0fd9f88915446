//! Secrets under a passphrase, for an export that carries them: Argon2id makes the key, ChaCha20-Poly1305 seals.
//!
//! How the key was made stands in the file, so that later exports can take more work and older ones stay readable.

use crate::model::foreign::bundle::{OwnedSecret, Sealed, secrets_from_json, secrets_to_json};
use crate::model::payload::{from_base64, to_base64};
use crate::model::secret::Secret;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};

const DERIVATION: &str = "argon2id";
const CIPHER: &str = "chacha20-poly1305";
/// What is sealed belongs to this form of export alone.
const CONTEXT: &[u8] = b"roundtrip_export 1 secrets";

/// What making the key costs.
#[derive(Clone, Copy)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The second recommended option of RFC 9106 §4: 64 MiB.
const COST: Cost = Cost {
    memory_kib: 64 * 1024,
    passes: 3,
    lanes: 4,
};
/// A file may ask for no more than this: it could come from anybody.
const MOST: Cost = Cost {
    memory_kib: 1024 * 1024,
    passes: 64,
    lanes: 64,
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the passphrase is empty")]
    NoPassphrase,
    #[error("the passphrase does not fit, or the secrets in the file were changed")]
    WrongPassphrase,
    #[error("the secrets in the file cannot be opened: {why}")]
    Unknown { why: String },
    #[error("the secrets could not be sealed: {why}")]
    Failed { why: String },
}

impl SealError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoPassphrase => "type one, or leave the secrets out",
            Self::WrongPassphrase => {
                "type it again, or go on without: passwords are then asked for when they are needed"
            }
            Self::Unknown { .. } => "a later Roundtrip may know how; the rest can be imported",
            Self::Failed { .. } => "leave the secrets out and type them where they are needed",
        }
    }
}

/// Takes some tenths of a second, as is meant: not for a frame.
pub fn seal(secrets: &[OwnedSecret], passphrase: &Secret) -> Result<Sealed, SealError> {
    seal_at(COST, secrets, passphrase)
}

fn seal_at(cost: Cost, secrets: &[OwnedSecret], passphrase: &Secret) -> Result<Sealed, SealError> {
    if passphrase.expose().is_empty() {
        return Err(SealError::NoPassphrase);
    }
    let failed = |why: String| SealError::Failed { why };
    let plain = secrets_to_json(secrets).map_err(failed)?;
    let (salt, nonce): ([u8; 16], [u8; 12]) = (rand::random(), rand::random());
    let key = key(cost, passphrase, &salt).map_err(failed)?;
    let payload = Payload {
        msg: plain.expose().as_bytes(),
        aad: CONTEXT,
    };
    let data = ChaCha20Poly1305::new(&key.into())
        .encrypt(&nonce.into(), payload)
        .map_err(|err| failed(err.to_string()))?;
    Ok(Sealed {
        derivation: DERIVATION.to_owned(),
        memory_kib: cost.memory_kib,
        passes: cost.passes,
        lanes: cost.lanes,
        salt: to_base64(&salt),
        cipher: CIPHER.to_owned(),
        nonce: to_base64(&nonce),
        data: to_base64(&data),
    })
}

/// As long as sealing took.
pub fn unseal(sealed: &Sealed, passphrase: &Secret) -> Result<Vec<OwnedSecret>, SealError> {
    let unknown = |why: &str| SealError::Unknown {
        why: why.to_owned(),
    };
    if passphrase.expose().is_empty() {
        return Err(SealError::NoPassphrase);
    }
    if sealed.derivation != DERIVATION || sealed.cipher != CIPHER {
        return Err(unknown("they were sealed in a way that is not known here"));
    }
    let cost = Cost {
        memory_kib: sealed.memory_kib,
        passes: sealed.passes,
        lanes: sealed.lanes,
    };
    if cost.memory_kib > MOST.memory_kib || cost.passes > MOST.passes || cost.lanes > MOST.lanes {
        return Err(unknown("making the key would take too much memory or time"));
    }
    let bytes = |text: &str| from_base64(text).map_err(|err| unknown(&err.to_string()));
    let (salt, nonce, data) = (
        bytes(&sealed.salt)?,
        bytes(&sealed.nonce)?,
        bytes(&sealed.data)?,
    );
    let nonce: [u8; 12] = (*nonce)
        .try_into()
        .map_err(|_wrong_length| unknown("the nonce is not 12 bytes long"))?;
    let key = key(cost, passphrase, &salt).map_err(|why| SealError::Unknown { why })?;
    let payload = Payload {
        msg: &data,
        aad: CONTEXT,
    };
    let plain = ChaCha20Poly1305::new(&key.into())
        .decrypt(&nonce.into(), payload)
        // It tells no more on purpose.
        .map_err(|_opaque| SealError::WrongPassphrase)?;
    let plain = String::from_utf8(plain).map_err(|_secret| unknown("they are no text"))?;
    secrets_from_json(&Secret::new(plain)).ok_or_else(|| unknown("they are no list of secrets"))
}

fn key(cost: Cost, passphrase: &Secret, salt: &[u8]) -> Result<[u8; 32], String> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
        .map_err(|err| err.to_string())?;
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut key)
        .map_err(|err| err.to_string())?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::profile::SecretSlot;

    const CHEAP: Cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn secrets() -> Vec<OwnedSecret> {
        let one = |slot, text| OwnedSecret {
            connection: "lab".to_owned(),
            slot,
            secret: secret(text),
        };
        vec![
            one(SecretSlot::Password, "hunter2 ä\n"),
            one(SecretSlot::KeyPassphrase, ""),
            one(SecretSlot::ProxyPassword, "p"),
            one(SecretSlot::AuthenticationData, "00ff"),
            one(SecretSlot::Header("X-Token".to_owned()), "t"),
        ]
    }

    #[test]
    fn sealed_secrets_are_opened_by_their_passphrase_alone() {
        let sealed = seal_at(CHEAP, &secrets(), &secret("open sesame")).unwrap();
        assert!(!format!("{sealed:?}").contains("hunter2"));
        assert_eq!(unseal(&sealed, &secret("open sesame")), Ok(secrets()));
        let wrong = unseal(&sealed, &secret("open sesam"));
        assert_eq!(wrong, Err(SealError::WrongPassphrase));
        assert_eq!(unseal(&sealed, &secret("")), Err(SealError::NoPassphrase));
        let again = seal_at(CHEAP, &secrets(), &secret("open sesame")).unwrap();
        assert_ne!((&again.salt, &again.data), (&sealed.salt, &sealed.data));
    }

    #[test]
    fn what_was_changed_or_asks_for_too_much_is_refused() {
        let sealed = seal_at(CHEAP, &secrets(), &secret("x")).unwrap();
        for change in [
            |it: &mut Sealed| it.data.replace_range(0..1, "!"),
            |it: &mut Sealed| it.nonce = "AA==".to_owned(),
            |it: &mut Sealed| it.salt = String::new(),
            |it: &mut Sealed| it.cipher = "rot13".to_owned(),
            |it: &mut Sealed| it.memory_kib = u32::MAX,
            |it: &mut Sealed| it.passes = 0,
        ] {
            let mut changed = sealed.clone();
            change(&mut changed);
            assert!(matches!(
                unseal(&changed, &secret("x")),
                Err(SealError::Unknown { .. })
            ));
        }
        let mut changed = sealed;
        changed.passes += 1;
        assert_eq!(
            unseal(&changed, &secret("x")),
            Err(SealError::WrongPassphrase)
        );
    }

    #[test]
    fn what_is_written_takes_the_work_that_is_recommended() {
        let sealed = seal(&[], &secret("x")).unwrap();
        assert_eq!(
            (sealed.memory_kib, sealed.passes, sealed.lanes),
            (65_536, 3, 4)
        );
    }
}
