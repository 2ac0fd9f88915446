//! Values that are made up for a request, above all its `id`.

use super::value::Value;
use rand::RngExt as _;
use std::fmt;
use uuid::Uuid;

/// A source of values, as it is written in a rule's `defaults`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generator {
    /// A UUID (version 4) as text.
    Uuid,
    /// The same as 16 bytes, big-endian.
    UuidBytes,
    /// 1, 2, 3, …
    Counter,
    /// That many random bytes as hex digits.
    Hex(usize),
    /// A random number from 1 to 65,535.
    Uint16,
    /// Milliseconds since 1970.
    Millis,
    /// Text with `{client}` and the other generators in braces.
    Template(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// `{client}`: the client id.
    Client,
    Generated(Generator),
}

const WORDS: &str =
    "uuid, uuid-bytes, counter, hex:N, uint16, millis, or a template such as {client}:{uuid}";
const MAX_HEX_BYTES: usize = 1024;

/// What generated values depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    pub client_id: &'a str,
    pub now_ms: i64,
    /// The number of this request on its connection.
    pub counter: u64,
}

impl Generator {
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains('{') {
            return template(text);
        }
        match text {
            "uuid" => Ok(Self::Uuid),
            "uuid-bytes" => Ok(Self::UuidBytes),
            "counter" => Ok(Self::Counter),
            "uint16" => Ok(Self::Uint16),
            "millis" => Ok(Self::Millis),
            "hex" | "random" => Ok(Self::Hex(8)),
            _ => {
                let count = text
                    .strip_prefix("hex:")
                    .or_else(|| text.strip_prefix("random:"));
                match count.map(str::parse) {
                    Some(Ok(count)) if (1..=MAX_HEX_BYTES).contains(&count) => Ok(Self::Hex(count)),
                    Some(_) => Err(format!(
                        "`{text}` makes no value; N of hex:N is a number of bytes, 1 to {MAX_HEX_BYTES}"
                    )),
                    None => Err(format!("`{text}` makes no value; there are {WORDS}")),
                }
            }
        }
    }

    pub fn draw(&self, here: &Circumstances<'_>, random: &mut impl rand::Rng) -> Value {
        match self {
            Self::Uuid => Value::text(&draw_uuid(random).hyphenated().to_string()),
            Self::UuidBytes => Value::of_bytes(draw_uuid(random).as_bytes().to_vec()),
            Self::Counter => Value::number(here.counter),
            Self::Hex(count) => {
                let bytes: Vec<u8> = (0..*count).map(|_| random.random()).collect();
                Value::text(&hex::encode(bytes))
            }
            Self::Uint16 => Value::number(random.random_range(1..=u64::from(u16::MAX))),
            Self::Millis => Value::number(u64::try_from(here.now_ms).unwrap_or(0)),
            Self::Template(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(piece) => text.push_str(piece),
                        Piece::Client => text.push_str(here.client_id),
                        Piece::Generated(generator) => {
                            text.push_str(&generator.draw(here, random).to_string());
                        }
                    }
                }
                Value::text(&text)
            }
        }
    }
}

/// As it is written in a rule.
impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid => f.write_str("uuid"),
            Self::UuidBytes => f.write_str("uuid-bytes"),
            Self::Counter => f.write_str("counter"),
            Self::Hex(count) => write!(f, "hex:{count}"),
            Self::Uint16 => f.write_str("uint16"),
            Self::Millis => f.write_str("millis"),
            Self::Template(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => f.write_str(text),
                Piece::Client => f.write_str("{client}"),
                Piece::Generated(generator) => write!(f, "{{{generator}}}"),
            }),
        }
    }
}

fn draw_uuid(random: &mut impl rand::Rng) -> Uuid {
    uuid::Builder::from_random_bytes(random.random()).into_uuid()
}

fn template(text: &str) -> Result<Generator, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let Some((word, after)) = after.split_once('}') else {
            return Err(format!("a brace is not closed in `{text}`"));
        };
        pieces.push(match word {
            "client" => Piece::Client,
            "uuid-bytes" => {
                return Err("`{uuid-bytes}` is no text and cannot be part of one".to_owned());
            }
            word => Piece::Generated(Generator::parse(word)?),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(Generator::Template(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn every_generator_makes_what_it_says() {
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let here = Circumstances {
            client_id: "c1",
            now_ms: 1700,
            counter: 7,
        };
        let mut draw = |text: &str| Generator::parse(text).unwrap().draw(&here, &mut random);
        assert_eq!(draw("counter").to_string(), "7");
        assert_eq!(draw("millis").to_string(), "1700");
        assert_eq!(draw("hex:3").to_string().len(), 6);
        assert_eq!(draw("uuid").to_string().len(), 36);
        assert_eq!(draw("uuid-bytes").as_bytes().len(), 16);
        assert!(draw("uint16").to_string().parse::<u16>().unwrap() > 0);
        let id = draw("{client}:{counter}-{hex:2}").to_string();
        assert!(id.starts_with("c1:7-") && id.len() == 9, "{id}");
        for text in [
            "uuid",
            "uuid-bytes",
            "counter",
            "hex:3",
            "uint16",
            "millis",
            "{client}:{hex:2}-x",
        ] {
            assert_eq!(Generator::parse(text).unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "guid",
            "hex:0",
            "hex:x",
            "{client",
            "{guid}",
            "{uuid-bytes}",
        ] {
            assert!(Generator::parse(wrong).is_err(), "{wrong}");
        }
    }
}
