//! Other spellings of one JSON document: escapes, white space and the order of members. By RFC 8259
//! they mean the same, so the findings must be the same.

use fastrand::Rng;
use serde_json::Value;

/// `document` written in another way.
pub(crate) fn respell(rng: &mut Rng, document: &Value) -> String {
    let mut out = String::new();
    blank(rng, &mut out);
    write(rng, document, &mut out);
    blank(rng, &mut out);
    out
}

fn write(rng: &mut Rng, value: &Value, out: &mut String) {
    match value {
        Value::String(text) => string(rng, text, out),
        Value::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                blank(rng, out);
                write(rng, item, out);
                blank(rng, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut order: Vec<(&String, &Value)> = members.iter().collect();
            rng.shuffle(&mut order);
            out.push('{');
            for (number, (key, member)) in order.into_iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                blank(rng, out);
                string(rng, key, out);
                blank(rng, out);
                out.push(':');
                blank(rng, out);
                write(rng, member, out);
                blank(rng, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn blank(rng: &mut Rng, out: &mut String) {
    for _ in 0..rng.usize(..3) {
        out.push([' ', '\n', '\t', '\r'][rng.usize(..4)]);
    }
}

fn string(rng: &mut Rng, text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '/' if rng.u8(..3) == 0 => out.push_str("\\/"),
            '\n' if rng.bool() => out.push_str("\\n"),
            '\t' if rng.bool() => out.push_str("\\t"),
            c if u32::from(c) < 0x20 || rng.u8(..8) == 0 => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let upper = rng.bool();
                    out.push_str(&if upper {
                        format!("\\u{unit:04X}")
                    } else {
                        format!("\\u{unit:04x}")
                    });
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
