//! SCRAM-SHA-256 (RFC 5802, 7677) as the method of MQTT 5's enhanced authentication (§4.12).
//!
//! The password never leaves: both sides prove that they know it. rumqttc hands over what comes in AUTH packets; the
//! broker's own proof comes with the CONNACK, and whoever reads that asks [`Scram::verify`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ring::{digest, hmac, pbkdf2};
use rumqttc::mqttbytes::v5::AuthProperties;
use rumqttc::{AuthAction, AuthContext, AuthError, Authenticator};
use std::fmt;
use std::num::NonZeroU32;

use crate::model::profile::SCRAM_SHA_256;
use crate::model::secret::Secret;

/// No channel binding.
const HEADER: &str = "n,,";
/// More rounds than this are meant to keep this machine busy.
const ROUNDS_MAX: u32 = 1_000_000;
const ROUNDS_LEAST: u32 = 4096;

pub struct Scram {
    user_name: String,
    password: Secret,
    nonce: String,
    expected: Option<hmac::Tag>,
}

impl fmt::Debug for Scram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scram").finish_non_exhaustive()
    }
}

impl Scram {
    pub fn new(user_name: &str, password: Secret) -> Self {
        Self {
            // RFC 5802 §5.1.
            user_name: user_name.replace('=', "=3D").replace(',', "=2C"),
            password,
            nonce: String::new(),
            expected: None,
        }
    }

    /// Begins anew: the CONNECT carries this.
    pub fn first(&mut self) -> Bytes {
        self.nonce = STANDARD.encode(rand::random::<[u8; 18]>());
        self.expected = None;
        Bytes::from(format!("{HEADER}{}", self.bare()))
    }

    fn bare(&self) -> String {
        format!("n={},r={}", self.user_name, self.nonce)
    }

    /// The answer to what the broker asks.
    fn last(&mut self, asked: &[u8]) -> Result<Bytes, String> {
        let asked = std::str::from_utf8(asked).map_err(|err| err.to_string())?;
        let part = |name: &str| {
            asked
                .split(',')
                .find_map(|part| part.strip_prefix(name))
                .ok_or_else(|| format!("the broker's challenge lacks `{name}`"))
        };
        let nonce = part("r=")?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err("the broker's challenge is not for this connection".to_owned());
        }
        let salt = STANDARD
            .decode(part("s=")?)
            .map_err(|err| err.to_string())?;
        let rounds = part("i=")?.parse::<u32>().map_err(|err| err.to_string())?;
        if !(ROUNDS_LEAST..=ROUNDS_MAX).contains(&rounds) {
            return Err(format!(
                "the broker asks for {rounds} rounds; {ROUNDS_LEAST} to {ROUNDS_MAX} are done"
            ));
        }
        let rounds = NonZeroU32::new(rounds).unwrap_or(NonZeroU32::MIN);
        let mut salted = [0_u8; digest::SHA256_OUTPUT_LEN];
        let password = self.password.expose().as_bytes();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            &salt,
            password,
            &mut salted,
        );
        let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let client = hmac::sign(&key(&salted), b"Client Key");
        let stored = digest::digest(&digest::SHA256, client.as_ref());
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(HEADER));
        let all = format!("{},{asked},{without_proof}", self.bare());
        let signature = hmac::sign(&key(stored.as_ref()), all.as_bytes());
        let proof: Vec<u8> = client
            .as_ref()
            .iter()
            .zip(signature.as_ref())
            .map(|(one, other)| one ^ other)
            .collect();
        let server = hmac::sign(&key(&salted), b"Server Key");
        self.expected = Some(hmac::sign(&key(server.as_ref()), all.as_bytes()));
        Ok(Bytes::from(format!(
            "{without_proof},p={}",
            STANDARD.encode(proof)
        )))
    }

    /// Whether the broker knows the password, too.
    pub fn verify(&self, said: Option<&[u8]>) -> Result<(), String> {
        let said = said
            .and_then(|said| said.strip_prefix(b"v="))
            .and_then(|said| {
                STANDARD
                    .decode(said.split(|sign| *sign == b',').next()?)
                    .ok()
            });
        match (&self.expected, said) {
            (Some(expected), Some(said)) if expected.as_ref() == said.as_slice() => Ok(()),
            (_, Some(_)) => {
                Err("the broker's own proof is wrong: it does not know the password".to_owned())
            }
            (_, None) => Err("the broker did not prove that it knows the password".to_owned()),
        }
    }
}

impl Authenticator for Scram {
    fn start(&mut self, _: AuthContext<'_>) -> Result<Option<AuthProperties>, AuthError> {
        Ok(Some(said(self.first())))
    }

    fn continue_auth(
        &mut self,
        _: AuthContext<'_>,
        incoming: Option<AuthProperties>,
    ) -> Result<AuthAction, AuthError> {
        let asked = incoming.and_then(|all| all.data).unwrap_or_default();
        match self.last(&asked) {
            Ok(answer) => Ok(AuthAction::Send(said(answer))),
            Err(why) => Ok(AuthAction::Fail(why)),
        }
    }

    fn success(&mut self, _: AuthContext<'_>, _: Option<AuthProperties>) -> Result<(), AuthError> {
        Ok(())
    }

    fn failure(&mut self, _: AuthContext<'_>, error: AuthError) {
        log::debug!("{SCRAM_SHA_256}: {error}");
    }
}

fn said(data: Bytes) -> AuthProperties {
    AuthProperties {
        method: Some(SCRAM_SHA_256.to_owned()),
        data: Some(data),
        reason: None,
        user_properties: Vec::new(),
    }
}

/// Any other method: what it has to say is in the CONNECT.
#[derive(Debug)]
pub struct OneShot(pub AuthProperties);

impl Authenticator for OneShot {
    fn start(&mut self, _: AuthContext<'_>) -> Result<Option<AuthProperties>, AuthError> {
        Ok(Some(self.0.clone()))
    }

    fn continue_auth(
        &mut self,
        context: AuthContext<'_>,
        _: Option<AuthProperties>,
    ) -> Result<AuthAction, AuthError> {
        let method = context.method;
        Ok(AuthAction::Fail(format!(
            "the broker asks for more, and of the method {method} only the first data is known here"
        )))
    }

    fn success(&mut self, _: AuthContext<'_>, _: Option<AuthProperties>) -> Result<(), AuthError> {
        Ok(())
    }

    fn failure(&mut self, context: AuthContext<'_>, error: AuthError) {
        log::debug!("{}: {error}", context.method);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677 §3.
    #[test]
    fn the_exchange_of_the_rfc_comes_out() {
        let mut scram = Scram::new("user", Secret::new("pencil".to_owned()));
        scram.nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        let asked = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let answer = scram.last(asked).unwrap();
        assert_eq!(
            answer,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        let proof: &[u8] = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(scram.verify(Some(proof)), Ok(()));
        assert!(scram.verify(Some(b"v=AAAA")).is_err());
        assert!(scram.verify(None).is_err());
    }

    #[test]
    fn a_challenge_that_is_not_meant_for_this_connection_is_refused() {
        let mut scram = Scram::new("a,b=c", Secret::new("p".to_owned()));
        let first = scram.first();
        assert!(first.starts_with(b"n,,n=a=2Cb=3Dc,r="));
        let nonce = scram.nonce.clone();
        for asked in [
            "r=other,s=AAAA,i=4096".to_owned(),
            format!("r={nonce},s=AAAA,i=4096"),
            format!("r={nonce}x,s=AAAA,i=1"),
            format!("r={nonce}x,s=AAAA,i=4000000000"),
            format!("r={nonce}x,i=4096"),
            "\u{0}".to_owned(),
        ] {
            assert!(scram.last(asked.as_bytes()).is_err(), "{asked}");
        }
    }
}
