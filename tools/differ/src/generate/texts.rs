//! Texts that are JSON or nearly so: every way in which a sender's own writer of JSON goes wrong, at every kind of
//! place.

/// A resource with the place `@` for what is written in it.
const PLACES: [(&str, &str); 6] = [
    ("a string", r#"{"resourceType":"Patient","id":"a","name":[{"family":@}]}"#),
    ("a boolean", r#"{"resourceType":"Patient","id":"a","active":@}"#),
    (
        "a decimal",
        r#"{"resourceType":"Basic","code":{"text":"a"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/geolocation","extension":[{"url":"latitude","valueDecimal":@},{"url":"longitude","valueDecimal":1.0}]}]}"#,
    ),
    ("an integer", r#"{"resourceType":"Patient","multipleBirthInteger":@}"#),
    ("an item", r#"{"resourceType":"Patient","name":[{"given":["a",@]}]}"#),
    ("an object", r#"{"resourceType":"Patient","maritalStatus":@,"active":true}"#),
];

/// What is written for a value.
const VALUES: [&str; 66] = [
    r#""a""#,
    "",
    "null",
    "true",
    "false",
    "True",
    "TRUE",
    "nul",
    "undefined",
    "None",
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "-0",
    "1",
    "01",
    "+1",
    "-1",
    "1.",
    ".5",
    "-.5",
    "1.0",
    "1.50",
    "1e2",
    "1E2",
    "1e+2",
    "1e-2",
    "1e",
    "1e400",
    "1e-400",
    "0x10",
    "1_000",
    "1,5",
    "--1",
    "1.2.3",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "123456789012345678901234567890",
    "0.1234567890123456789012345678901234567890",
    "0e0",
    "0.0e5",
    "00",
    "-01",
    "'a'",
    "`a`",
    "a",
    "a b",
    r#""a"#,
    r#"a""#,
    r#"""a"""#,
    "[]",
    "{}",
    "[",
    "{",
    "]",
    "}",
    r#"["a"]"#,
    r#"{"a":1}"#,
    r#"{"text":"a"}"#,
    r#"{"text":"a",}"#,
    "[null]",
    r#""a" "b""#,
    r#""a","b""#,
];

/// What is written within a string.
const INNER: [(&str, &str); 34] = [
    ("a line break", "a\nb"),
    ("a tab", "a\tb"),
    ("a carriage return", "a\r\nb"),
    ("a null character", "a\0b"),
    ("a bell", "a\u{7}b"),
    ("delete", "a\u{7f}b"),
    ("a control of the upper half", "a\u{85}b"),
    ("escaped line break", "a\\nb"),
    ("escaped tab", "a\\tb"),
    ("escaped form feed", "a\\fb"),
    ("escaped backspace", "a\\bb"),
    ("escaped solidus", "a\\/b"),
    ("escaped quote", "a\\\"b"),
    ("escaped backslash", "a\\\\b"),
    ("unknown escape x", "a\\xb"),
    ("unknown escape a", "a\\ab"),
    ("escaped apostrophe", "a\\'b"),
    ("apostrophe", "a'b"),
    ("escape of two digits", "a\\u41b"),
    ("escape without digits", "a\\ub"),
    ("escaped letter", "a\\u00e5b"),
    ("escaped letter in capitals", "a\\u00E5b"),
    ("escaped null", "a\\u0000b"),
    ("escaped bell", "a\\u0007b"),
    ("escaped pair", "a\\ud83d\\ude00b"),
    ("half a pair", "a\\ud83db"),
    ("the other half", "a\\ude00b"),
    ("pair the wrong way", "a\\ude00\\ud83db"),
    ("a pair in itself", "a😀b"),
    ("a mark of byte order", "a\u{feff}b"),
    ("line separator", "a\u{2028}b"),
    ("not a character", "a\u{ffff}b"),
    ("replacement", "a\u{fffd}b"),
    ("a direction that does not end", "a\u{202e}b"),
];

/// Whole texts.
const WHOLE: [(&str, &str); 74] = [
    ("nothing", ""),
    ("a blank", " "),
    ("a mark of byte order alone", "\u{feff}"),
    ("a mark of byte order", "\u{feff}{\"resourceType\":\"Patient\",\"active\":true}"),
    ("null", "null"),
    ("a string", "\"Patient\""),
    ("a number", "1"),
    ("an array", r#"[{"resourceType":"Patient","active":true}]"#),
    ("an empty array", "[]"),
    ("an empty object", "{}"),
    ("no resourceType", r#"{"active":true}"#),
    ("resourceType null", r#"{"resourceType":null,"active":true}"#),
    ("resourceType empty", r#"{"resourceType":"","active":true}"#),
    ("resourceType blank", r#"{"resourceType":" ","active":true}"#),
    ("resourceType padded", r#"{"resourceType":"Patient ","active":true}"#),
    ("resourceType a number", r#"{"resourceType":1,"active":true}"#),
    ("resourceType an array", r#"{"resourceType":["Patient"],"active":true}"#),
    ("resourceType an object", r#"{"resourceType":{"value":"Patient"},"active":true}"#),
    ("resourceType unknown", r#"{"resourceType":"Pasient","active":true}"#),
    ("resourceType in small letters", r#"{"resourceType":"patient","active":true}"#),
    ("resourceType a data type", r#"{"resourceType":"HumanName","family":"a"}"#),
    ("resourceType abstract", r#"{"resourceType":"DomainResource","id":"a"}"#),
    ("resourceType of R5", r#"{"resourceType":"NutritionIntake","id":"a"}"#),
    ("resourceType last", r#"{"active":true,"resourceType":"Patient"}"#),
    ("resourceType twice", r#"{"resourceType":"Patient","resourceType":"Patient","active":true}"#),
    (
        "resourceType twice, different",
        r#"{"resourceType":"Patient","resourceType":"Group","active":true}"#,
    ),
    (
        "resourceType with a companion",
        r#"{"resourceType":"Patient","_resourceType":{"id":"a"},"active":true}"#,
    ),
    ("resourceType alone", r#"{"resourceType":"Patient"}"#),
    ("a member twice, the same", r#"{"resourceType":"Patient","active":true,"active":true}"#),
    ("a member twice, different", r#"{"resourceType":"Patient","active":true,"active":false}"#),
    (
        "a member twice, an array",
        r#"{"resourceType":"Patient","name":[{"family":"a"}],"name":[{"family":"b"}]}"#,
    ),
    (
        "a member twice, an object",
        r#"{"resourceType":"Patient","maritalStatus":{"text":"a"},"maritalStatus":{"text":"b"}}"#,
    ),
    (
        "a member twice, deeper",
        r#"{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}"#,
    ),
    (
        "a companion twice",
        r#"{"resourceType":"Patient","active":true,"_active":{"id":"a"},"_active":{"id":"b"}}"#,
    ),
    ("a member twice by escape", r#"{"resourceType":"Patient","active":true,"\u0061ctive":false}"#),
    ("an unknown member twice", r#"{"resourceType":"Patient","active":true,"x":1,"x":2}"#),
    ("the member __proto__", r#"{"resourceType":"Patient","active":true,"__proto__":{"a":1}}"#),
    ("an empty name", r#"{"resourceType":"Patient","active":true,"":1}"#),
    ("the name _", r#"{"resourceType":"Patient","active":true,"_":1}"#),
    ("a padded name", r#"{"resourceType":"Patient"," active":true}"#),
    ("a name in capitals", r#"{"resourceType":"Patient","Active":true}"#),
    ("an apostrophe for a quote", "{'resourceType':'Patient','active':true}"),
    ("a name in apostrophes", r#"{"resourceType":"Patient",'active':true}"#),
    ("a name without quotes", r#"{resourceType:"Patient",active:true}"#),
    ("a name without the first quote", r#"{"resourceType":"Patient",active":true}"#),
    ("a name without the last quote", r#"{"resourceType":"Patient","active:true}"#),
    ("a name that is a number", r#"{"resourceType":"Patient",1:true}"#),
    ("two colons", r#"{"resourceType":"Patient","active"::true}"#),
    ("no colon", r#"{"resourceType":"Patient","active" true}"#),
    ("an equals sign", r#"{"resourceType":"Patient","active"=true}"#),
    ("no comma", r#"{"resourceType":"Patient" "active":true}"#),
    ("no comma between items", r#"{"resourceType":"Patient","name":[{"given":["a" "b"]}]}"#),
    (
        "no comma between objects",
        r#"{"resourceType":"Patient","name":[{"family":"a"} {"family":"b"}]}"#,
    ),
    ("a semicolon", r#"{"resourceType":"Patient";"active":true}"#),
    ("two commas", r#"{"resourceType":"Patient",,"active":true}"#),
    ("a comma first", r#"{,"resourceType":"Patient","active":true}"#),
    ("a comma last", r#"{"resourceType":"Patient","active":true,}"#),
    ("a comma last in an array", r#"{"resourceType":"Patient","name":[{"family":"a"},]}"#),
    ("two commas in an array", r#"{"resourceType":"Patient","name":[{"given":["a",,"b"]}]}"#),
    ("a comma first in an array", r#"{"resourceType":"Patient","name":[,{"family":"a"}]}"#),
    ("a comment", r#"{"resourceType":"Patient",/* a */"active":true}"#),
    ("a comment of a line", "{\"resourceType\":\"Patient\", // a\n\"active\":true}"),
    ("a comment first", "/* a */ {\"resourceType\":\"Patient\",\"active\":true}"),
    ("a comment last", "{\"resourceType\":\"Patient\",\"active\":true} // a"),
    ("a comment that does not end", r#"{"resourceType":"Patient","active":true} /* a"#),
    ("a comment of a shell", "{\"resourceType\":\"Patient\", # a\n\"active\":true}"),
    ("fhir_comments", r#"{"resourceType":"Patient","fhir_comments":["a"],"active":true}"#),
    ("no end", r#"{"resourceType":"Patient","active":true"#),
    ("no end of an array", r#"{"resourceType":"Patient","name":[{"family":"a"}"#),
    ("ends crossed", r#"{"resourceType":"Patient","name":[{"family":"a"]}}"#),
    ("one end too many", r#"{"resourceType":"Patient","active":true}}"#),
    (
        "two resources",
        r#"{"resourceType":"Patient","active":true}{"resourceType":"Patient","active":true}"#,
    ),
    ("words behind it", r#"{"resourceType":"Patient","active":true} slutt"#),
    ("an unusual space", "{\"resourceType\":\u{a0}\"Patient\",\"active\":true}"),
];

/// All of them, each with what it is.
pub(crate) fn rows() -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> =
        WHOLE.iter().map(|(made, text)| ((*text).to_owned(), (*made).to_owned())).collect();
    for (place, template) in PLACES {
        for value in VALUES {
            rows.push((template.replace('@', value), format!("{value} for {place}")));
        }
    }
    for (made, inner) in INNER {
        for place in [0, 4] {
            let (name, template) = PLACES[place];
            rows.push((
                template.replace('@', &format!("\"{inner}\"")),
                format!("{made} in {name}"),
            ));
        }
        let narrative = format!(
            "{{\"resourceType\":\"Patient\",\"text\":{{\"status\":\"generated\",\"div\":\"<div xmlns='http://www.w3.org/1999/xhtml'><p>{inner}</p></div>\"}}}}"
        );
        rows.push((narrative, format!("{made} in a narrative")));
        rows.push((
            format!("{{\"resourceType\":\"Patient\",\"active\":true,\"{inner}\":1}}"),
            format!("{made} in a name"),
        ));
    }
    rows
}
