//! Values of FHIR's primitive types, in the spread that real data has: mostly plain, at times at
//! the edge of what the type allows.

use fastrand::Rng;
use serde_json::{Value, json};

const NAMES: [&str; 10] = [
    "Kari",
    "Nordmann",
    "Paracetamol 500 mg",
    "Ærlig Østby Åsen",
    "Ward 3B",
    "as needed",
    "O'Neil-Ødegård",
    "tablett",
    "10 mL/h",
    "avd. for hjertesykdom",
];

/// A value of the primitive type `name`; a string for types that are not known.
pub(crate) fn value(rng: &mut Rng, name: &str) -> Value {
    match name {
        "boolean" => json!(rng.bool()),
        "integer" => json!(rng.i32(-100..100)),
        "unsignedInt" => json!(rng.i32(0..100)),
        "positiveInt" => json!(rng.i32(1..100)),
        "decimal" => decimal(rng),
        "date" => json!(date(rng)),
        "dateTime" => json!(date_time(rng)),
        "instant" => json!(instant(rng)),
        "time" => json!(time(rng)),
        "id" => json!(id(rng)),
        "code" => json!(pick(rng, &["active", "final", "a", "b-1", "X2"])),
        "uri" | "url" | "canonical" => json!(uri(rng, name)),
        "oid" => json!(format!("urn:oid:2.16.578.1.12.4.1.1.{}", rng.u32(1..9999))),
        "uuid" => json!(format!("urn:uuid:{}", uuid(rng))),
        "base64Binary" => json!(pick(rng, &["AAAA", "SGVp", "aGVpIHDDpSBkZWc=", "/+8="])),
        "xhtml" => json!(format!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{}</p></div>",
            pick(
                rng,
                &[
                    "Kari",
                    "10 mg",
                    "<b>fet</b> og <i>skrå</i>",
                    "a &amp; b",
                    "linje<br/>skift",
                    "a &nbsp; b &oslash;",
                    "<a href=\"http://sykehus.no\">lenke</a>",
                    "<a name=\"a\"/><a href=\"#a\">lenke</a>",
                    "<span style=\"color: red\" class=\"x\">rød</span>",
                    "<table><tr><th>a</th></tr></table>",
                    "<img src=\"data:image/png;base64,AAAA\" alt=\"x\"/>",
                ]
            )
        )),
        "markdown" => json!(pick(rng, &["Some *text*.", "# Title\n\nText", "10 < 20", "a | b"])),
        _ => json!(pick(rng, &NAMES)),
    }
}

pub(crate) fn pick<T: Copy>(rng: &mut Rng, items: &[T]) -> T {
    items[rng.usize(..items.len())]
}

pub(crate) fn id(rng: &mut Rng) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFG0123456789-.";
    (0..rng.usize(1..20)).map(|_| char::from(letters[rng.usize(..letters.len())])).collect()
}

pub(crate) fn uuid(rng: &mut Rng) -> String {
    let bits = rng.u128(..);
    let hex = format!("{bits:032x}");
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

fn decimal(rng: &mut Rng) -> Value {
    let text = match rng.u8(..6) {
        0 => format!("{}", rng.i32(-1000..1000)),
        1 => format!("{}.{:02}", rng.i32(0..1000), rng.u32(0..100)),
        2 => format!("0.{:05}", rng.u32(0..100_000)),
        3 => format!("{}.0", rng.i32(0..100)),
        4 => format!("{}.{}", rng.u32(1..10), rng.u32(0..10)),
        _ => format!("{}", rng.u32(0..500)),
    };
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn date(rng: &mut Rng) -> String {
    let (year, month, day) = (rng.u32(1930..2031), rng.u32(1..13), rng.u32(1..29));
    match rng.u8(..8) {
        0 => format!("{year}"),
        1 => format!("{year}-{month:02}"),
        _ => format!("{year}-{month:02}-{day:02}"),
    }
}

fn date_time(rng: &mut Rng) -> String {
    match rng.u8(..6) {
        0 => date(rng),
        _ => instant(rng),
    }
}

fn instant(rng: &mut Rng) -> String {
    let fraction = match rng.u8(..5) {
        0 => format!(".{:03}", rng.u32(0..1000)),
        1 => format!(".{}", rng.u32(1..10)),
        _ => String::new(),
    };
    let zone = pick(rng, &["Z", "+01:00", "+02:00", "-05:30"]);
    format!(
        "{}-{:02}-{:02}T{}{fraction}{zone}",
        rng.u32(1990..2030),
        rng.u32(1..13),
        rng.u32(1..29),
        time(rng)
    )
}

fn time(rng: &mut Rng) -> String {
    format!("{:02}:{:02}:{:02}", rng.u32(0..24), rng.u32(0..60), rng.u32(0..60))
}

fn uri(rng: &mut Rng, name: &str) -> String {
    let n = rng.u32(1..1000);
    match (name, rng.u8(..3)) {
        ("canonical", _) => format!("http://sykehus.no/fhir/{n}"),
        (_, 0) => format!("urn:oid:2.16.578.1.12.4.1.1.{n}"),
        (_, 1) => format!("urn:uuid:{}", uuid(rng)),
        _ => format!("http://sykehus.no/fhir/{n}"),
    }
}
