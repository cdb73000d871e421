//! JSON objects of tokens, keys and metadata, read strictly: a duplicate member name is an error
//! (RFC 7515 section 4, RFC 7519 section 4), nesting is shallow, nothing may follow the object.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deeper than any real token, key set or metadata document; shallow enough that no stack suffers.
const MAX_DEPTH: usize = 16;

/// The bytes are not one JSON object by the strict reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one JSON object with unique member names and at most {MAX_DEPTH} levels")]
pub(crate) struct NotAnObject;

/// Reads one JSON object. The error says no more than that it failed: the text may be a secret.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(|_| NotAnObject)?;
    reader.end().map_err(|_| NotAnObject)?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(NotAnObject),
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom("too deep"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("a duplicate member name"));
            }
            let value = map.next_value_seed(inner)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_value() {
        let members = object(br#"{"a":1,"b":-2,"c":1.5,"d":"x","e":[true,null],"f":{}}"#).unwrap();
        assert_eq!(
            Value::Object(members),
            serde_json::json!({"a":1,"b":-2,"c":1.5,"d":"x","e":[true,null],"f":{}})
        );
    }

    #[test]
    fn refuses_a_duplicate_member_at_any_level_and_by_escape() {
        assert!(object(br#"{"a":1,"a":1}"#).is_err());
        assert!(object(br#"{"x":{"a":1,"a":1}}"#).is_err());
        assert!(object(br#"{"a":1,"\u0061":1}"#).is_err());
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        for bytes in
            [&b""[..], b"[]", b"1", b"{} {}", b"{}x", b"{\"a\":1,}", b"\xff", b"{\"a\":1e999}"]
        {
            assert!(object(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn refuses_deep_nesting() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
        assert!(object(deep.as_bytes()).is_err());
        let shallow = format!("{{\"a\":{}1{}}}", "[".repeat(15), "]".repeat(15));
        assert!(object(shallow.as_bytes()).is_ok());
    }
}
