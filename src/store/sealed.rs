//! Secrets under a passphrase, for exports that carry them and for [`super::vault`]: Argon2id makes the key, ChaCha20-Poly1305 seals.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    fn of(sealed: &Sealed) -> Self {
        Self {
            memory_kib: sealed.memory_kib,
            passes: sealed.passes,
            lanes: sealed.lanes,
        }
    }
}

/// The second recommended option of RFC 9106 §4: 64 MiB.
pub(super) const COST: Cost = Cost {
    memory_kib: 64 * 1024,
    passes: 3,
    lanes: 4,
};
/// For tests, which make many.
#[cfg(test)]
pub(super) const CHEAP: Cost = Cost {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
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

/// A key that a passphrase made, and how: whoever keeps it need not pay for it twice.
pub(super) struct SealKey {
    cost: Cost,
    salt: Vec<u8>,
    key: [u8; 32],
}

impl SealKey {
    /// For something new, with a salt of its own.
    pub fn new(cost: Cost, passphrase: &Secret) -> Result<Self, SealError> {
        let salt: [u8; 16] = rand::random();
        let failed = |why: String| SealError::Failed { why };
        Self::made(cost, passphrase, salt.to_vec())
            .map_err(|err| err.map_or_else(|| SealError::NoPassphrase, failed))
    }

    /// The one that fits what is there, if the passphrase is right.
    pub fn of(sealed: &Sealed, passphrase: &Secret) -> Result<Self, SealError> {
        let unknown = |why: String| SealError::Unknown { why };
        if sealed.derivation != DERIVATION || sealed.cipher != CIPHER {
            let why = "they were sealed in a way that is not known here";
            return Err(unknown(why.to_owned()));
        }
        let cost = Cost::of(sealed);
        if cost.memory_kib > MOST.memory_kib || cost.passes > MOST.passes || cost.lanes > MOST.lanes
        {
            let why = "making the key would take too much memory or time";
            return Err(unknown(why.to_owned()));
        }
        let salt = bytes(&sealed.salt)?;
        Self::made(cost, passphrase, salt)
            .map_err(|err| err.map_or_else(|| SealError::NoPassphrase, unknown))
    }

    /// Without a reason: the passphrase is empty.
    fn made(cost: Cost, passphrase: &Secret, salt: Vec<u8>) -> Result<Self, Option<String>> {
        if passphrase.expose().is_empty() {
            return Err(None);
        }
        let why = |err: argon2::Error| Some(err.to_string());
        let params =
            Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(why)?;
        let mut key = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, &mut key)
            .map_err(why)?;
        Ok(Self { cost, salt, key })
    }

    /// Whether it was made as this one says.
    pub fn is_of(&self, sealed: &Sealed) -> bool {
        self.cost == Cost::of(sealed) && to_base64(&self.salt) == sealed.salt
    }

    /// With a nonce of its own each time. What is sealed is opened in the same context alone.
    pub fn seal(&self, plain: &Secret, context: &[u8]) -> Result<Sealed, SealError> {
        let nonce: [u8; 12] = rand::random();
        let payload = Payload {
            msg: plain.expose().as_bytes(),
            aad: context,
        };
        let data = ChaCha20Poly1305::new(&self.key.into())
            .encrypt(&nonce.into(), payload)
            .map_err(|err| SealError::Failed {
                why: err.to_string(),
            })?;
        Ok(Sealed {
            derivation: DERIVATION.to_owned(),
            memory_kib: self.cost.memory_kib,
            passes: self.cost.passes,
            lanes: self.cost.lanes,
            salt: to_base64(&self.salt),
            cipher: CIPHER.to_owned(),
            nonce: to_base64(&nonce),
            data: to_base64(&data),
        })
    }

    pub fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Secret, SealError> {
        let unknown = |why: &str| SealError::Unknown {
            why: why.to_owned(),
        };
        let (nonce, data) = (bytes(&sealed.nonce)?, bytes(&sealed.data)?);
        let nonce: [u8; 12] = nonce
            .try_into()
            .map_err(|_wrong_length| unknown("the nonce is not 12 bytes long"))?;
        let payload = Payload {
            msg: &data,
            aad: context,
        };
        let plain = ChaCha20Poly1305::new(&self.key.into())
            .decrypt(&nonce.into(), payload)
            // It tells no more on purpose.
            .map_err(|_opaque| SealError::WrongPassphrase)?;
        let plain = String::from_utf8(plain).map_err(|_secret| unknown("they are no text"))?;
        Ok(Secret::new(plain))
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, SealError> {
    let bytes = from_base64(text).map_err(|err| SealError::Unknown {
        why: err.to_string(),
    })?;
    Ok(bytes.to_vec())
}

/// Takes some tenths of a second, as is meant: not for a frame.
pub fn seal(secrets: &[OwnedSecret], passphrase: &Secret) -> Result<Sealed, SealError> {
    seal_at(COST, secrets, passphrase)
}

fn seal_at(cost: Cost, secrets: &[OwnedSecret], passphrase: &Secret) -> Result<Sealed, SealError> {
    let plain = secrets_to_json(secrets).map_err(|why| SealError::Failed { why })?;
    SealKey::new(cost, passphrase)?.seal(&plain, CONTEXT)
}

/// As long as sealing took.
pub fn unseal(sealed: &Sealed, passphrase: &Secret) -> Result<Vec<OwnedSecret>, SealError> {
    let plain = SealKey::of(sealed, passphrase)?.open(sealed, CONTEXT)?;
    secrets_from_json(&plain).ok_or_else(|| SealError::Unknown {
        why: "they are no list of secrets".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::profile::SecretSlot;

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
