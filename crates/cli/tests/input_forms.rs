//! Every command that reads a resource takes the same forms of files, and says of the others what they are and what to do.

use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use crate::program::{lmr_in, with_input};

const JSON: &str = r#"{"resourceType":"Patient","gender":"male","name":[{"family":"Å"}]}"#;
const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><name><family value="Å"/></name><gender value="male"/></Patient>"#;
/// What leads to the resource in a file beside it.
const REFERENCE: &str =
    r#"{"resourceType":"Basic","code":{"text":"a"},"subject":{"reference":"Patient/1"}}"#;

/// What a form is: so many resources, or refused with one of these words. `Some` words are of the remedy.
enum Form {
    Read(usize),
    Refused(&'static str),
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("packed");
    packer.finish().expect("packed")
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn utf32(text: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().flat_map(|c| bytes(u32::from(c))).collect()
}

/// Every character of a text of these in one byte.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("of Latin-1")).collect()
}

fn forms() -> Vec<(String, Vec<u8>, Form)> {
    use Form::{Read, Refused};
    let lines = format!("{JSON}\n\n{JSON}\n");
    let bom = |text: &str| format!("\u{feff}{text}").into_bytes();
    let mut all: Vec<(String, Vec<u8>, Form)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>, form| all.push((name.to_owned(), bytes, form));
    for (ending, text, count) in [("json", JSON, 1), ("xml", XML, 1), ("ndjson", &*lines, 2)] {
        add(&format!("plain.{ending}"), text.into(), Read(count));
        add(&format!("CAPITALS.{}", ending.to_uppercase()), text.into(), Read(count));
        add(&format!("mark.{ending}"), bom(text), Read(count));
        add(&format!("packed.{ending}.gz"), gzip(text.as_bytes()), Read(count));
        add(&format!("not-named.{ending}"), gzip(text.as_bytes()), Refused("ends with .gz"));
        add(&format!("empty.{ending}"), Vec::new(), Refused("empty"));
        add(&format!("blank.{ending}"), b"\n \n".to_vec(), Refused("empty"));
        add(&format!("le16.{ending}"), utf16(text, u16::to_le_bytes), Refused("iconv -f UTF-16"));
        add(&format!("be16.{ending}"), utf16(text, u16::to_be_bytes), Refused("iconv -f UTF-16"));
        add(&format!("le32.{ending}"), utf32(text, u32::to_le_bytes), Refused("iconv -f UTF-32"));
        add(&format!("be32.{ending}"), utf32(text, u32::to_be_bytes), Refused("iconv -f UTF-32"));
        let marked = format!("\u{feff}{text}");
        for (name, bytes, word) in [
            ("le16-mark", utf16(&marked, u16::to_le_bytes), "iconv -f UTF-16"),
            ("be16-mark", utf16(&marked, u16::to_be_bytes), "iconv -f UTF-16"),
            ("le32-mark", utf32(&marked, u32::to_le_bytes), "iconv -f UTF-32"),
            ("be32-mark", utf32(&marked, u32::to_be_bytes), "iconv -f UTF-32"),
            ("latin1", latin1(text), "WINDOWS-1252"),
            ("zip", b"PK\x03\x04\x14\0\0\0\x08\0\xff".to_vec(), "unpack it first"),
            ("xz", b"\xfd7zXZ\0\0\x04".to_vec(), "packed (xz)"),
            ("bzip2", b"BZh91AY&SY\xff".to_vec(), "packed (bzip2)"),
        ] {
            add(&format!("{name}.{ending}"), bytes, Refused(word));
        }
    }
    let over_lines = JSON.replacen('{', "{\n", 1);
    for (name, bytes, form) in [
        ("declared.xml", XML.replace("UTF-8", "ISO-8859-1").into(), Refused("ISO-8859-1")),
        ("archive.zip", b"PK\x03\x04\x14\0\0\0\x08\0\xff".to_vec(), Refused("unpack it first")),
        ("two.json", lines.clone().into(), Refused("ends with .ndjson")),
        ("one.ndjson", over_lines.clone().into(), Refused("ends with .json")),
        ("one.ndjson.gz", gzip(over_lines.as_bytes()), Refused("ends with .json")),
        ("cut.json.gz", gzip(JSON.as_bytes())[..20].to_vec(), Refused("pack it again")),
        ("no.json.gz", JSON.into(), Refused("without .gz")),
        ("page.json", b"<!DOCTYPE html><html></html>".to_vec(), Refused("web page")),
        ("page.xml", b"<html><body/></html>".to_vec(), Refused("web page")),
        ("report.json", b"%PDF-1.7\n".to_vec(), Refused("PDF")),
        ("lfs.json", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), Refused("git lfs")),
        ("p.ttl", b"@prefix fhir: <http://hl7.org/fhir/> .\n".to_vec(), Refused("Turtle")),
        ("p.yaml", b"resourceType: Patient\nactive: true\n".to_vec(), Refused("YAML")),
        ("table.json", b"navn;verdi\na;1\n".to_vec(), Refused("CSV")),
    ] {
        add(name, bytes, form);
    }
    all
}

fn lmr(folder: &Path, arguments: &[&str], input: Option<&[u8]>) -> Output {
    with_input(lmr_in(folder, arguments), input.unwrap_or_default())
}

/// Both of what it printed.
fn said(output: &Output) -> String {
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{error}")
}

#[test]
fn every_command_takes_the_same_forms_and_names_the_remedy_of_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("reference.json"), REFERENCE).expect("written");
    let plain = ["--ruleset", "none", "--no-hints", "--no-project"];
    for (name, bytes, form) in forms() {
        std::fs::write(at(&name), &bytes).expect("written");
        let external = format!("Patient/1={name}");
        let validate = [&["validate"], &plain[..], &[&name]].concat();
        let beside = [
            &["validate"],
            &plain[..],
            &["--references", "exists", "--external", &external, "reference.json"],
        ]
        .concat();
        let fhirpath = ["fhirpath", "Patient.gender", &name];
        let seal = [
            "seal",
            &name,
            "--certificate",
            "none.pem",
            "--key",
            "none.key",
            "--recipient",
            "none.pem",
            "--any-content",
        ];
        let validated = lmr(folder.path(), &validate, None);
        let evaluated = lmr(folder.path(), &fhirpath, None);
        let referred = lmr(folder.path(), &beside, None);
        match form {
            Form::Read(count) => {
                assert_eq!(validated.status.code(), Some(0), "{name}: {}", said(&validated));
                assert_eq!(evaluated.status.code(), Some(0), "{name}: {}", said(&evaluated));
                let found = String::from_utf8_lossy(&evaluated.stdout).matches("\"male\"").count();
                assert_eq!(found, count, "{name}");
                // A reference leads to one resource.
                let status = if count == 1 { 0 } else { 2 };
                assert_eq!(referred.status.code(), Some(status), "{name}: {}", said(&referred));
                let sealed = said(&lmr(folder.path(), &seal, None));
                let words = if count == 1 { "none.pem" } else { "a resource a line" };
                assert!(sealed.contains(words), "{name}: {sealed}");
            }
            Form::Refused(words) => {
                for output in [&validated, &evaluated, &referred] {
                    let said = said(output);
                    assert_eq!(output.status.code(), Some(2), "{name}: {said}");
                    let is_empty = words == "empty";
                    let is_named = if is_empty {
                        ["is empty", "no resource"].iter().any(|words| said.contains(words))
                            || said.contains("a resource a line")
                    } else {
                        said.contains(words) || said.contains("a resource a line")
                    };
                    assert!(is_named, "{name}: {said}");
                    assert!(!said.contains("panicked"), "{name}: {said}");
                }
                // What may be XML just as well is not called faulty JSON.
                let is_of_json = said(&validated).contains("as JSON:");
                let is_other =
                    ["UTF-16", "UTF-32", "empty"].iter().any(|word| words.contains(word));
                assert!(!(is_of_json && is_other), "{name}: {}", said(&validated));
                // A finding for the file, not one for each of its lines.
                let count = said(&validated).matches("error LMR-").count();
                assert!(count <= 1 || name.contains("latin1"), "{name}: {}", said(&validated));
            }
        }
        std::fs::remove_file(at(&name)).expect("removed");
    }
    // Standard input has no name.
    for (bytes, count) in [(JSON.into(), 1), (XML.into(), 1), (format!("{JSON}\n{JSON}\n"), 2)] {
        let output =
            lmr(folder.path(), &["fhirpath", "Patient.gender", "-"], Some(bytes.as_bytes()));
        assert_eq!(output.status.code(), Some(0), "{bytes}: {}", said(&output));
        assert_eq!(said(&output).matches("\"male\"").count(), count, "{bytes}");
    }
}

#[test]
fn a_file_that_begins_well_and_breaks_off_is_not_taken_for_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    // Random enough that gzip cannot make it small: the head is read, and the rest is not there.
    let line = |number: u64| {
        let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{{\"resourceType\":\"Patient\",\"id\":\"{id:016x}\",\"gender\":\"male\"}}\n")
    };
    let whole: String = (1..2000).map(line).collect();
    let packed = gzip(whole.as_bytes());
    for cut in [packed.len() / 2, 60] {
        std::fs::write(folder.path().join("cut.ndjson.gz"), &packed[..cut]).expect("written");
        for command in [
            &["validate", "--ruleset", "none", "cut.ndjson.gz"][..],
            &["fhirpath", "Patient.gender", "cut.ndjson.gz"],
        ] {
            let output = lmr(folder.path(), command, None);
            assert_eq!(output.status.code(), Some(2), "{cut} {command:?}");
            assert!(said(&output).contains("ends too early"), "{}", said(&output));
        }
    }
}

#[test]
fn a_definition_is_read_packed_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = r#"{"resourceType":"CodeSystem","url":"http://test.no/list","status":"active","content":"complete","concept":[{"code":"a"}]}"#;
    std::fs::write(folder.path().join("list.json.gz"), gzip(list.as_bytes())).expect("written");
    std::fs::write(folder.path().join("p.json"), JSON).expect("written");
    let arguments = ["validate", "--ruleset", "none", "--package", "list.json.gz", "p.json"];
    let output = lmr(folder.path(), &arguments, None);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    std::fs::write(folder.path().join("list.json.gz"), &gzip(list.as_bytes())[..30])
        .expect("written");
    let output = lmr(folder.path(), &arguments, None);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("list.json.gz"), "{}", said(&output));
}

#[test]
fn what_is_wrong_with_a_text_is_said_in_bokmal_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes, nb) in [
        ("empty.json", Vec::new(), "teksten er tom"),
        ("cut.xml", b"<Patient xmlns=\"http://hl7.org/fhir\">".to_vec(), "inne i et element"),
        ("wide.json", utf16(JSON, u16::to_le_bytes), "det skal være UTF-8"),
    ] {
        std::fs::write(folder.path().join(name), bytes).expect("written");
        let output = lmr(folder.path(), &["fhirpath", "--lang", "nb", "Patient.id", name], None);
        let said = said(&output);
        assert!(said.contains(nb) && said.contains("linje 1, kolonne"), "{name}: {said}");
        assert!(!said.contains("the text"), "{name}: {said}");
    }
}

#[test]
fn what_is_no_package_has_the_remedy_of_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("definitions")).expect("made");
    std::fs::write(at("p.json"), JSON).expect("written");
    for (name, bytes, words) in [
        ("page.tgz", b"<!DOCTYPE html><html></html>".to_vec(), "web page"),
        ("json.tgz", JSON.into(), "ends with .json"),
        ("zip.tgz", b"PK\x03\x04\x14\0\0\0\x08\0\xff".to_vec(), "packed (zip)"),
        ("lfs.tgz", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "git lfs"),
        ("archive.zip", b"PK\x03\x04\x14\0\0\0\x08\0\xff".to_vec(), "packed (zip)"),
        ("wide.json", utf16(JSON, u16::to_le_bytes), "iconv -f UTF-16"),
        ("empty.json", Vec::new(), "the file is empty"),
        ("list.csv", b"code;display\na;b\n".to_vec(), "terminology import"),
        ("cut.tgz", gzip(JSON.repeat(9).as_bytes())[..20].to_vec(), "cut.tgz"),
        ("definitions", Vec::new(), "output/package.tgz"),
    ] {
        if name != "definitions" {
            std::fs::write(at(name), bytes).expect("written");
        }
        for command in [
            &["validate", "--ruleset", "none", "--package", name, "p.json"][..],
            &["explain", "--package", name, "Patient"],
            &["package", "install", "--package-cache", "cache", name],
        ] {
            let output = lmr(folder.path(), command, None);
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            assert!(said(&output).contains(words), "{command:?}: {}", said(&output));
        }
    }
}
