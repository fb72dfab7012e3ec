//! Messages as JSON, there and back (<https://protobuf.dev/programming-guides/json/>).

use crate::input::Objection;
use crate::proto;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;

/// Why JSON has not become a message.
pub(crate) enum Unread {
    /// It is no JSON.
    Unreadable,
    /// It is, of another shape.
    Objection(Objection),
}

/// Reads a message. Fields are known by either of their names, integers and enumerations as numbers and as text; what the
/// message does not have is told.
pub(crate) fn read(kind: MessageDescriptor, json: &[u8]) -> Result<DynamicMessage, Unread> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(kind, &mut deserializer, &options).map_err(unread)?;
    deserializer.end().map_err(unread)?;
    Ok(message)
}

fn unread(why: serde_json::Error) -> Unread {
    if !why.is_data() {
        return Unread::Unreadable;
    }
    Unread::Objection(payload(&why.to_string()))
}

/// In the service's words where it is about a field that is not there.
fn payload(why: &str) -> Objection {
    let name = why.strip_prefix("unrecognized field name '").and_then(|rest| rest.split('\'').next());
    match name {
        Some(name) => unknown_field(name),
        None => Objection::invalid(format!("Invalid JSON payload received. {why}.")),
    }
}

pub(crate) fn unknown_field(name: &str) -> Objection {
    Objection::invalid(format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."))
}

/// Writes a message. What is as if it had not been said is left out.
pub(crate) fn written(kind: &MessageDescriptor, message: &[u8], numbers: bool) -> Option<Vec<u8>> {
    let mut serializer = serde_json::Serializer::new(Vec::with_capacity(message.len() * 2 + 128));
    let message = DynamicMessage::decode(kind.clone(), message).ok()?;
    let options = SerializeOptions::new().use_enum_numbers(numbers);
    message.serialize_with_options(&mut serializer, &options).ok()?;
    Some(serializer.into_inner())
}

/// A message as its fields.
pub(crate) fn value(kind: &str, message: &[u8]) -> Option<Value> {
    let kind = proto::pool()?.get_message_by_name(kind)?;
    let message = DynamicMessage::decode(kind, message).ok()?;
    message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new()).ok()
}
