//! What keys are asked for most, as JSON without reflection: `Encrypt` and `Decrypt`. What is spelled otherwise than nearly
//! all clients spell it is not read here, and no error is told: reflection reads it and tells. docs/decisions/plain-json.md.

use crate::proto::kms;
use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// How one method's messages are read and written.
pub(crate) struct Plain {
    method: &'static str,
    /// The message that body and resource make together; nothing where reflection is to see.
    pub(crate) read: fn(&[u8], &str) -> Option<Vec<u8>>,
    /// The answer with its enumerations as names or as numbers; nothing where reflection is to see.
    pub(crate) write: fn(&[u8], bool) -> Option<Vec<u8>>,
}

const PLAIN: [Plain; 2] = [
    Plain { method: "Encrypt", read: read_encrypt, write: write_encrypt },
    Plain { method: "Decrypt", read: read_decrypt, write: write_decrypt },
];

/// By the method's name; nothing of most.
pub(crate) fn of(method: &str) -> Option<&'static Plain> {
    PLAIN.iter().find(|plain| plain.method == method)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct ToEncrypt {
    /// The path says it too, and is believed.
    #[serde(rename = "name")]
    _name: Option<String>,
    plaintext: Option<Bytes>,
    plaintext_crc32c: Option<Integer>,
    additional_authenticated_data: Option<Bytes>,
    additional_authenticated_data_crc32c: Option<Integer>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct ToDecrypt {
    #[serde(rename = "name")]
    _name: Option<String>,
    ciphertext: Option<Bytes>,
    ciphertext_crc32c: Option<Integer>,
    additional_authenticated_data: Option<Bytes>,
    additional_authenticated_data_crc32c: Option<Integer>,
}

fn read_encrypt(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let body: ToEncrypt = read(body)?;
    let message = kms::EncryptRequest {
        name: name.to_owned(),
        plaintext: bytes(body.plaintext),
        additional_authenticated_data: bytes(body.additional_authenticated_data),
        plaintext_crc32c: body.plaintext_crc32c.map(|number| number.0),
        additional_authenticated_data_crc32c: body.additional_authenticated_data_crc32c.map(|number| number.0),
    };
    Some(message.encode_to_vec())
}

fn read_decrypt(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let body: ToDecrypt = read(body)?;
    let message = kms::DecryptRequest {
        name: name.to_owned(),
        ciphertext: bytes(body.ciphertext),
        additional_authenticated_data: bytes(body.additional_authenticated_data),
        ciphertext_crc32c: body.ciphertext_crc32c.map(|number| number.0),
        additional_authenticated_data_crc32c: body.additional_authenticated_data_crc32c.map(|number| number.0),
    };
    Some(message.encode_to_vec())
}

/// An array of the fields' values would be taken for an object.
fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok())?
}

fn bytes(field: Option<Bytes>) -> Vec<u8> {
    field.map(|bytes| bytes.0).unwrap_or_default()
}

/// In the order of the fields' numbers, as reflection writes them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Encrypted<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(serialize_with = "base64", skip_serializing_if = "<[u8]>::is_empty")]
    ciphertext: &'a [u8],
    #[serde(skip_serializing_if = "Option::is_none")]
    ciphertext_crc32c: Option<Integer>,
    #[serde(skip_serializing_if = "is_false")]
    verified_plaintext_crc32c: bool,
    #[serde(skip_serializing_if = "is_false")]
    verified_additional_authenticated_data_crc32c: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    protection_level: Option<Level>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decrypted<'a> {
    #[serde(serialize_with = "base64", skip_serializing_if = "<[u8]>::is_empty")]
    plaintext: &'a [u8],
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext_crc32c: Option<Integer>,
    #[serde(skip_serializing_if = "is_false")]
    used_primary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    protection_level: Option<Level>,
}

fn write_encrypt(message: &[u8], numbers: bool) -> Option<Vec<u8>> {
    let answer = kms::EncryptResponse::decode(message).ok()?;
    let shown = Encrypted {
        name: &answer.name,
        ciphertext: &answer.ciphertext,
        ciphertext_crc32c: answer.ciphertext_crc32c.map(Integer),
        verified_plaintext_crc32c: answer.verified_plaintext_crc32c,
        verified_additional_authenticated_data_crc32c: answer.verified_additional_authenticated_data_crc32c,
        protection_level: Level::of(answer.protection_level, numbers),
    };
    written(&shown, message.len())
}

fn write_decrypt(message: &[u8], numbers: bool) -> Option<Vec<u8>> {
    let answer = kms::DecryptResponse::decode(message).ok()?;
    let shown = Decrypted {
        plaintext: &answer.plaintext,
        plaintext_crc32c: answer.plaintext_crc32c.map(Integer),
        used_primary: answer.used_primary,
        protection_level: Level::of(answer.protection_level, numbers),
    };
    written(&shown, message.len())
}

fn written(shown: &impl Serialize, bytes: usize) -> Option<Vec<u8>> {
    // Base64 takes four thirds, and the names of the fields the rest.
    let mut text = Vec::with_capacity(bytes * 2 + 256);
    serde_json::to_writer(&mut text, shown).ok()?;
    Some(text)
}

fn base64<S: Serializer>(bytes: &&[u8], to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&Base64Display::new(bytes, &STANDARD))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Serialize)]
#[serde(untagged)]
enum Level {
    Name(&'static str),
    Number(i32),
}

impl Level {
    /// Nothing of what is as if it had not been said.
    fn of(level: i32, numbers: bool) -> Option<Self> {
        if level == 0 {
            return None;
        }
        let name = kms::ProtectionLevel::try_from(level).ok().filter(|_| !numbers);
        Some(name.map_or(Self::Number(level), |level| Self::Name(level.as_str_name())))
    }
}

/// Bytes as base64 of the standard alphabet, padded.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
                STANDARD.decode(text).map(Bytes).map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

/// An integer of 64 bits: a number, or a text without a sign or zero that it need not have. It is written as a text.
struct Integer(i64);

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Integer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Integer, E> {
                i64::try_from(number).map(Integer).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Integer, E> {
                Ok(Integer(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Integer, E> {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let plain = digits && (text == "0" || !text.starts_with('0'));
                let number = text.parse().ok().filter(|_| plain);
                number.map(Integer).ok_or_else(|| E::custom("no plain number"))
            }
        }
        from.deserialize_any(Number)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::json;
    use crate::proto;
    use prost_reflect::{MessageDescriptor, Value};

    const NAME: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";

    fn kind(name: &str) -> MessageDescriptor {
        proto::pool().unwrap().get_message_by_name(&format!("google.cloud.kms.v1.{name}")).unwrap()
    }

    fn reflected(kind: &MessageDescriptor, body: &str) -> Option<Vec<u8>> {
        let mut message = json::read(kind.clone(), body.as_bytes()).ok()?;
        message.set_field_by_name("name", Value::String(NAME.into()));
        Some(message.encode_to_vec())
    }

    /// Bodies as clients send them, and as nobody should.
    fn bodies() -> Vec<String> {
        let mut fields = vec![String::new()];
        for field in ["plaintext", "ciphertext", "additionalAuthenticatedData", "additional_authenticated_data"] {
            for value in [
                "\"\"",
                "\"aGVsbG8=\"",
                "\"aGVsbG8\"",
                "\"-_8=\"",
                "\"+/8=\"",
                "\"aGVsbG9=\"",
                "\"?\"",
                "null",
                "7",
                "[]",
            ] {
                fields.push(format!("\"{field}\":{value}"));
            }
        }
        for field in ["plaintextCrc32c", "ciphertextCrc32c", "additionalAuthenticatedDataCrc32c", "plaintext_crc32c"] {
            for value in [
                "0",
                "\"0\"",
                "7",
                "\"7\"",
                "-7",
                "\"-7\"",
                "\"+7\"",
                "\"07\"",
                "7.0",
                "7.5",
                "\"7.0\"",
                "1e2",
                "\"1e2\"",
                "\"\"",
                "9223372036854775807",
                "\"9223372036854775808\"",
                "9223372036854775808",
                "null",
                "true",
                "\" 7\"",
            ] {
                fields.push(format!("\"{field}\":{value}"));
            }
        }
        for other in [
            "\"name\":\"x\"",
            "\"name\":7",
            "\"name\":null",
            "\"nothing\":1",
            "\"\\u006eame\":\"x\"",
            "\"plaintext\":\"aGVs\\u0062G8=\"",
        ] {
            fields.push(other.to_owned());
        }
        let pairs = fields.iter().flat_map(|one| fields.iter().map(move |other| (one, other)));
        let mut bodies: Vec<String> = pairs
            .map(|(one, other)| match (one.is_empty(), other.is_empty()) {
                (true, _) => format!("{{{other}}}"),
                (_, true) => format!("{{{one}}}"),
                _ => format!("{{{one}, {other}}}"),
            })
            .collect();
        bodies.extend(["", "\"\"", "{", "[]", "[null]", "null", "{} {}", "{}x", " {\n}\t"].map(str::to_owned));
        bodies
    }

    #[test]
    fn what_is_read_here_is_what_reflection_reads() {
        for (method, request) in [("Encrypt", "EncryptRequest"), ("Decrypt", "DecryptRequest")] {
            let (plain, kind) = (of(method).unwrap(), kind(request));
            let mut read = 0;
            for body in bodies() {
                let Some(message) = (plain.read)(body.as_bytes(), NAME) else { continue };
                assert_eq!(Some(message), reflected(&kind, &body), "{request} {body}");
                read += 1;
            }
            assert!(read > 500, "{read}");
        }
    }

    #[test]
    fn what_clients_send_is_read_here() {
        let body = br#"{"plaintext":"aGVsbG8=","plaintextCrc32c":"2591144266","additionalAuthenticatedData":"eA=="}"#;
        let read = kms::EncryptRequest::decode((of("Encrypt").unwrap().read)(body, NAME).unwrap().as_slice()).unwrap();
        assert_eq!((read.plaintext.as_slice(), read.plaintext_crc32c), (&b"hello"[..], Some(2_591_144_266)));
        assert_eq!((read.name.as_str(), read.additional_authenticated_data.as_slice()), (NAME, &b"x"[..]));
        assert!((of("Decrypt").unwrap().read)(br#"{"ciphertext":"aGVsbG8="}"#, NAME).is_some());
        assert!(of("MacSign").is_none());
    }

    #[test]
    fn what_is_written_here_is_what_reflection_writes() {
        let some = [(String::new(), Vec::new(), None), ("n/1 \"\u{fc}".into(), vec![0xFB, 0xFF, 1], Some(-1))];
        for (name, data, crc) in some {
            for (flag, level) in [(false, 0), (true, 1), (true, 4), (false, 77)] {
                let encrypted = kms::EncryptResponse {
                    name: name.clone(),
                    ciphertext: data.clone(),
                    ciphertext_crc32c: crc,
                    verified_plaintext_crc32c: flag,
                    verified_additional_authenticated_data_crc32c: !flag,
                    protection_level: level,
                };
                let decrypted = kms::DecryptResponse {
                    plaintext: data.clone(),
                    plaintext_crc32c: crc,
                    used_primary: flag,
                    protection_level: level,
                };
                for numbers in [false, true] {
                    let pairs = [
                        ("Encrypt", "EncryptResponse", encrypted.encode_to_vec()),
                        ("Decrypt", "DecryptResponse", decrypted.encode_to_vec()),
                    ];
                    for (method, answer, message) in pairs {
                        let here = (of(method).unwrap().write)(&message, numbers).unwrap();
                        let reflected = json::written(&kind(answer), &message, numbers).unwrap();
                        assert_eq!(String::from_utf8(here), String::from_utf8(reflected), "{answer}");
                    }
                }
            }
        }
    }
}
