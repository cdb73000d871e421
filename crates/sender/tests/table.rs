//! Tables as sources: how they are read, what rows become, and what is held.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_fhir::{Document, Language, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_sender::HashKey;
use lmr_sender::source::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use zeroize::Zeroizing;

const HEADER: &str = "Id;BirthDate;Personnummer;InstitusjonsId;InstitusjonsNavn;FestID_PreparatGitt;\
    Preparatnavn_PreparatGitt;Mengde_PreparatGitt;Enhet_PreparatGitt;Status_Administrering;VedBehov;\
    Tidspunkt_Administrering;FestId_PreparatRekvirert;Preparatnavn_PreparatRekvirert;Tidspunkt_Opprettet_UTC";
/// A synthetic person's number (80 added to the month).
const PERSON: &str = "13897248098";
const FEST: &str = "ID_C31AF94A-5D5A-4C91-9B99-BB221E26E4C9";

/// The fifteen fields of a correct row, by column.
fn row(changes: &[(&str, &str)]) -> String {
    let mut fields: Vec<(&str, &str)> = HEADER.split(';').map(|name| (name.trim(), "")).collect();
    let usual = [
        ("Id", "A-1"),
        ("InstitusjonsId", "EXAMPLE"),
        ("InstitusjonsNavn", "Liksom sykehjem"),
        ("FestID_PreparatGitt", FEST),
        ("Preparatnavn_PreparatGitt", "Liksomin tab 500 mg"),
        ("Mengde_PreparatGitt", "1,50"),
        ("Enhet_PreparatGitt", "mg"),
        ("Status_Administrering", "Gitt"),
        ("VedBehov", "Nei"),
        ("Tidspunkt_Administrering", "2026-01-10 08:05:09"),
        ("FestId_PreparatRekvirert", FEST),
        ("Preparatnavn_PreparatRekvirert", "Liksomin tab 500 mg"),
        ("Tidspunkt_Opprettet_UTC", "2026-01-10 07:06:00"),
    ];
    for (name, value) in usual.iter().chain(changes) {
        let field = fields.iter_mut().find(|(known, _)| known == name).expect("a column");
        field.1 = value;
    }
    fields.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(";")
}

fn table(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn municipal() -> Mapping {
    mapping(
        "municipal",
        &[
            ("administration_system", "urn:oid:2.999.578.1"),
            ("municipality_organisation", "310000027"),
            ("municipality_name", "Liksom kommune"),
        ],
    )
}

fn mapping(name: &str, constants: &[(&str, &str)]) -> Mapping {
    let ready = ready_mappings().iter().find(|ready| ready.name == name).expect("a mapping");
    let mut mapping = Mapping::parse(ready.text, Path::new(".")).expect("a mapping");
    for (name, value) in constants {
        mapping.set_constant(name, value).expect("a constant");
    }
    assert_eq!(mapping.empty_constants(), [""; 0]);
    mapping
}

fn key() -> HashKey {
    HashKey::new(&Zeroizing::new([7; 32]))
}

struct Scan {
    /// As written: a number read into a value has lost its zeros.
    texts: Vec<String>,
    resources: Vec<(u32, Value)>,
    scanned: Scanned,
}

impl Scan {
    fn of(&self, resource_type: &str) -> Vec<&Value> {
        let of_type = self.resources.iter().filter(|(_, r)| r["resourceType"] == resource_type);
        of_type.map(|(_, resource)| resource).collect()
    }

    /// Whether a resource is written with this in it.
    fn says(&self, text: &str) -> bool {
        self.texts.iter().any(|written| written.contains(text))
    }

    fn issues(&self) -> Vec<String> {
        self.scanned.issues.iter().map(ToString::to_string).collect()
    }
}

fn scan(source: &dyn Source) -> Result<Scan, String> {
    let mut resources = Vec::new();
    let mut locations = Vec::new();
    let scanned = source
        .scan(Scope::All, &mut |found| {
            let text = found.node.raw().to_owned();
            resources.push((found.location.line(), serde_json::from_str(&text).expect("JSON")));
            locations.push((text, found.location));
            Ok(())
        })
        .map_err(|error| error.to_string())?;
    for (text, location) in &locations {
        assert_eq!(source.read(location).as_ref(), Ok(text));
    }
    let texts = locations.into_iter().map(|(text, _)| text).collect();
    Ok(Scan { texts, resources, scanned })
}

fn scan_bytes(bytes: &[u8], mapping: Mapping) -> Result<Scan, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, bytes).expect("written");
    scan(&TableSource::new(TableRows::Csv(path), mapping, key()))
}

fn scan_rows(rows: &[String]) -> Scan {
    scan_bytes(table(rows).as_bytes(), municipal()).expect("a table")
}

/// What the guide of today says of all resources together, in a bundle as the sender makes it.
fn findings(scan: &Scan) -> Vec<String> {
    let rules = RuleSet::get(RuleSetId::Lmdi117).expect("rules");
    let options = CheckOptions::at("2026-03-01T00:00:00Z".parse().expect("a time"));
    let mut all = Vec::new();
    for (_, resource) in &scan.resources {
        let text = resource.to_string();
        let document = Document::parse(text.as_str(), &ParseOptions::strict()).expect("JSON");
        let found = rules.check_resource(&document, &options);
        all.extend(
            found
                .iter()
                .filter(|finding| finding.refuses())
                .map(|finding| format!("{finding:?} in {resource}")),
        );
    }
    all
}

#[test]
fn a_municipal_row_is_all_resources_that_it_tells_of() {
    let scan = scan_rows(&[row(&[("Personnummer", PERSON), ("BirthDate", "1972-09-13")])]);
    assert_eq!(scan.issues(), [""; 0]);
    assert_eq!(findings(&scan), [""; 0]);
    let [municipality, institution] = scan.of("Organization")[..] else { panic!("two") };
    assert_eq!(municipality["identifier"][0]["value"], "310000027");
    assert_eq!(institution["name"], "Liksom sykehjem");
    assert_eq!(
        institution["partOf"]["reference"],
        format!("Organization/{}", municipality["id"].as_str().expect("an id"))
    );
    assert!(institution.get("address").is_none(), "no municipality number is given");
    let [patient] = scan.of("Patient")[..] else { panic!("one") };
    assert_eq!(
        patient["identifier"],
        json!([{ "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": PERSON }])
    );
    assert_eq!(patient["birthDate"], "1972-09-13");
    assert!(!patient["id"].as_str().expect("an id").contains(PERSON));
    let [medication] = scan.of("Medication")[..] else { panic!("given and ordered are the same") };
    assert_eq!(medication["code"]["coding"][0]["code"], FEST);
    let [administration] = scan.of("MedicationAdministration")[..] else { panic!("one") };
    assert_eq!(
        administration["identifier"],
        json!([{ "system": "urn:oid:2.999.578.1", "value": "A-1" }])
    );
    assert_eq!(administration["effectiveDateTime"], "2026-01-10T08:05:09+01:00");
    assert!(scan.says(
        r#""dose":{"value":1.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}"#
    ));
    let [order] = scan.of("MedicationRequest")[..] else { panic!("one") };
    assert_eq!(order["dosageInstruction"], json!([{ "asNeededBoolean": false }]));
    assert!(order.get("requester").is_none() && order.get("authoredOn").is_none());
    let reference = |of: &Value| {
        json!({ "reference": format!("{}/{}",
        of["resourceType"].as_str().expect("a type"), of["id"].as_str().expect("an id")) })
    };
    assert_eq!(administration["request"], reference(order));
    assert_eq!(administration["subject"], reference(patient));
    assert_eq!(administration["medicationReference"], reference(medication));
    assert_eq!(administration["context"], reference(scan.of("Encounter")[0]));
}

#[test]
fn what_a_row_lacks_is_left_out() {
    let scan = scan_rows(&[
        row(&[
            ("Mengde_PreparatGitt", ""),
            ("FestId_PreparatRekvirert", ""),
            ("Preparatnavn_PreparatRekvirert", ""),
            ("VedBehov", ""),
        ]),
        row(&[
            ("Id", "A-2"),
            ("FestID_PreparatGitt", ""),
            ("Preparatnavn_PreparatGitt", "Salve fra apoteket"),
            ("Enhet_PreparatGitt", "strøk"),
            ("FestId_PreparatRekvirert", "003228"),
        ]),
    ]);
    assert_eq!(scan.issues(), [""; 0]);
    assert_eq!(findings(&scan), [""; 0]);
    let administrations = scan.of("MedicationAdministration");
    assert!(administrations[0].get("dosage").is_none(), "no amount, no dosage");
    assert!(administrations[0].get("request").is_none());
    assert!(scan.says(r#""dose":{"value":1.50,"unit":"strøk"}"#), "an unknown unit has no code");
    let patients = scan.of("Patient");
    assert_eq!(patients.len(), 2, "two people without a number are not one");
    assert!(patients.iter().all(|patient| patient.get("identifier").is_none()));
    let medications = scan.of("Medication");
    assert_eq!(
        medications[1]["ingredient"],
        json!([{ "itemCodeableConcept": { "text": "Salve fra apoteket" } }])
    );
    assert_eq!(
        medications[2]["code"]["coding"][0]["system"],
        "http://dmp.no/fhir/NamingSystem/fest-varenummer"
    );
}

#[test]
fn what_cannot_be_mapped_is_held_with_row_and_reason() {
    let cases: &[(&str, &str, &str)] = &[
        ("Id", "", "Id is empty"),
        ("Personnummer", "13897248099", "national identity number"),
        ("Personnummer", "1389724809", "national identity number"),
        ("InstitusjonsId", "77", "«77»"),
        ("InstitusjonsId", "", "InstitusjonsId is empty"),
        ("Status_Administrering", "Kanskje", "«Kanskje»"),
        ("Mengde_PreparatGitt", "0", "greater than zero"),
        ("Mengde_PreparatGitt", "-1", "greater than zero"),
        ("Mengde_PreparatGitt", "1 000", "not a number"),
        ("Tidspunkt_Administrering", "2026-03-29 02:30:00", "clocks go forward"),
        ("Tidspunkt_Administrering", "10.01.2026 08:05", "%Y-%m-%d %H:%M:%S"),
        ("VedBehov", "kanskje", "true or false"),
        ("FestID_PreparatGitt", "Paracet", "FEST"),
        ("BirthDate", "1972-13-01", "date"),
    ];
    let mut rows: Vec<String> =
        cases.iter().map(|(column, value, _)| row(&[(column, value)])).collect();
    rows.push("A-9;only three;fields".to_owned());
    rows.push(row(&[("Id", "A-10"), ("Status_Administrering", "ikke GITT")]));
    rows.push(row(&[("Id", "A-11")]));
    let scan = scan_rows(&rows);
    let issues = scan.issues();
    assert_eq!(issues.len(), cases.len() + 1, "{issues:#?}");
    for ((column, value, reason), (number, issue)) in cases.iter().zip(issues.iter().enumerate()) {
        let line = format!("rows.csv:{}: ", number + 2);
        assert!(issue.starts_with(&line) && issue.contains(reason), "{column} {value}: {issue}");
        if *column != "Id" {
            assert!(issue.contains("(A-1)"), "the row's own key: {issue}");
        }
        assert!(!issue.contains("138972"), "no number of a person: {issue}");
    }
    assert!(issues[cases.len()].contains("3 fields"), "{issues:?}");
    assert_eq!(scan.of("MedicationAdministration").len(), 1, "the others are not hindered");
    let skipped = &scan.scanned.passed_over[0];
    assert_eq!((&skipped.kind, skipped.count), (&PassedOverKind::SkippedRows, 1));
    assert_eq!(skipped.example, format!("rows.csv:{}", cases.len() + 3));
}

#[test]
fn hours_of_the_days_when_clocks_change_have_their_offset() {
    let scan = scan_rows(&[
        row(&[("Tidspunkt_Administrering", "2026-10-25 02:30:00")]),
        row(&[("Id", "2"), ("Tidspunkt_Administrering", "2026-10-25 03:30:00")]),
        row(&[("Id", "3"), ("Tidspunkt_Administrering", "2026-03-29 03:00:00")]),
    ]);
    let times: Vec<_> = scan
        .of("MedicationAdministration")
        .iter()
        .map(|a| a["effectiveDateTime"].clone())
        .collect();
    assert_eq!(
        times,
        ["2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00", "2026-03-29T03:00:00+02:00"]
    );
}

#[test]
fn the_header_must_be_the_one_that_is_agreed_in_any_case_of_letters() {
    let text = table(&[row(&[])]);
    let swap = text.replacen("Id;BirthDate", "BirthDate;Id", 1);
    let fewer = text.replacen("Id;BirthDate", "Id", 1);
    let more = text.replacen("Id;", "Id;Extra;", 1);
    let lower = format!("{}\n{}\n", HEADER.to_lowercase(), row(&[]));
    assert_eq!(scan_bytes(lower.as_bytes(), municipal()).expect("read").issues(), [""; 0]);
    for wrong in [&swap, &fewer, &more, &String::new(), &"Id;BirthDate\n".to_owned()] {
        let error = scan_bytes(wrong.as_bytes(), municipal()).err().expect("refused");
        assert!(error.contains("header"), "{error}");
    }
    let comma = text.replace(';', ",");
    let error = scan_bytes(comma.as_bytes(), municipal()).err().expect("refused");
    assert!(error.contains("header line is \"Id,BirthDate"), "{error}");
    assert!(error.contains("one column") && error.contains("csv.delimiter"), "{error}");
    let error = scan_bytes(fewer.as_bytes(), municipal()).err().expect("refused");
    assert!(error.contains("missing: BirthDate"), "{error}");
}

#[test]
fn n15_every_way_of_writing_a_csv_file_is_read() {
    let text = table(&[row(&[("InstitusjonsNavn", "\"Ås; \"\"nordre\"\" fløy\"")])]);
    let name = |scan: &Scan| scan.of("Organization")[1]["name"].clone();
    let wanted = json!("Ås; \"nordre\" fløy");
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [
        text.clone().into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        // A byte order mark says more than the mapping.
        utf16,
        text.trim_end().as_bytes().to_vec(),
    ] {
        assert_eq!(name(&scan_bytes(&bytes, municipal()).expect("read")), wanted);
    }
    let latin: Vec<u8> =
        text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin 1")).collect();
    let error = scan_bytes(&latin, municipal()).err().expect("not UTF-8");
    assert!(error.contains("windows-1252"), "{error}");
    let ready = ready_mappings().iter().find(|ready| ready.name == "municipal").expect("there");
    for encoding in ["windows-1252", "iso-8859-1"] {
        let changed =
            ready.text.replacen("encoding = \"utf-8\"", &format!("encoding = \"{encoding}\""), 1);
        let mut mapping = Mapping::parse(&changed, Path::new(".")).expect("a mapping");
        for (name, value) in [
            ("municipality_organisation", "310000027"),
            ("administration_system", "urn:oid:2.999.1"),
        ] {
            mapping.set_constant(name, value).expect("a constant");
        }
        let scan = scan_bytes(&latin, mapping).expect("read");
        assert_eq!(scan.of("Organization").last().expect("one")["name"], wanted);
    }
}

#[test]
fn of_two_rows_with_one_id_the_newer_one_says_when_it_was_written() {
    let rows = [
        row(&[("Mengde_PreparatGitt", "2"), ("Tidspunkt_Opprettet_UTC", "2026-01-11 07:00:00")]),
        row(&[("Mengde_PreparatGitt", "1"), ("Tidspunkt_Opprettet_UTC", "2026-01-10 07:00:00")]),
        row(&[("Mengde_PreparatGitt", "1"), ("Tidspunkt_Opprettet_UTC", "2026-01-10 07:00:00")]),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, table(&rows)).expect("written");
    let source = TableSource::new(TableRows::Csv(path), municipal(), key());
    let mut times = Vec::new();
    let scanned = source.scan(Scope::All, &mut |found| {
        if found.resource_type == "MedicationAdministration" {
            times.push(found.updated.map(|at| at.to_string()));
        }
        Ok(())
    });
    assert_eq!(scanned.expect("read").issues, []);
    let at = |text: &str| Some(text.to_owned());
    // The third row is the second once more.
    assert_eq!(times, [at("2026-01-11T07:00:00Z"), at("2026-01-10T07:00:00Z")]);
}

/// A mapping's name, its constants, and a table.
type HospitalTable = (&'static str, Vec<(&'static str, &'static str)>, String);

/// The five tables of a hospital, which refer to each other.
fn hospital_tables() -> Vec<HospitalTable> {
    vec![
        (
            "hospital-patients",
            vec![],
            format!("patient_id;identity_number;birth_date;sex;municipality\nP1;{PERSON};1972-09-13;K;0301\nP2;;;M;\n"),
        ),
        (
            "hospital-episodes",
            vec![
                ("episode_system", "urn:oid:2.999.578.2"),
                ("hospital_organisation", "310000019"),
                ("hospital_name", "Liksom sykehus HF"),
            ],
            "episode_id;npr_id;class;status;unit_number;unit_name\nE1;NPR000000001;Døgn;Aktiv;9900001;Post 1\n".to_owned(),
        ),
        (
            "hospital-diagnoses",
            vec![("diagnosis_system", "urn:oid:2.999.578.3")],
            "diagnosis_id;patient_id;icd10;icd10_text\nD1;P1;J18.9;Uspesifisert pneumoni\n".to_owned(),
        ),
        (
            "hospital-orders",
            vec![("order_system", "urn:oid:2.999.578.4")],
            format!("order_id;patient_id;episode_id;diagnosis_id;fest_id;medicine;hpr_number;status;as_needed;ordered_at\nR1;P1;E1;D1;{FEST};Liksomin;999900001;Aktiv;Nei;10.01.2026 08:00\n"),
        ),
        (
            "hospital-administrations",
            vec![("administration_system", "urn:oid:2.999.578.5")],
            format!("administration_id;patient_id;episode_id;order_id;diagnosis_id;fest_id;medicine;amount;unit;route;status;given_at;given_until;updated_at\n\
                A1;P1;E1;R1;D1;{FEST};Liksomin;500;mg;PO;Gitt;2026-01-10T09:00:00;;2026-01-10T09:01:00\n\
                A2;P2;E1;;;{FEST};Liksomin;0,5;L;IV;Gitt;2026-01-10 10:00:00;2026-01-10 10:30:00;\n"),
        ),
    ]
}

#[test]
fn the_tables_of_a_hospital_refer_to_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources: Vec<(String, Box<dyn Source>)> = Vec::new();
    for (name, constants, text) in hospital_tables() {
        let path = folder.path().join(format!("{name}.csv"));
        std::fs::write(&path, text).expect("written");
        let source = TableSource::new(TableRows::Csv(path), mapping(name, &constants), key());
        sources.push((name.to_owned(), Box::new(source)));
    }
    let scan = scan(&Sources::new(sources)).expect("read");
    assert_eq!(scan.issues(), [""; 0]);
    assert_eq!(findings(&scan), [""; 0]);
    let names: BTreeMap<String, usize> =
        scan.resources.iter().fold(BTreeMap::new(), |mut all, (_, r)| {
            let name = format!(
                "{}/{}",
                r["resourceType"].as_str().expect("a type"),
                r["id"].as_str().expect("an id")
            );
            *all.entry(name).or_default() += 1;
            all
        });
    let mut references = 0;
    let mut values: Vec<&Value> = scan.resources.iter().map(|(_, resource)| resource).collect();
    while let Some(value) = values.pop() {
        if let Some(target) = value["reference"].as_str() {
            assert!(names.contains_key(target), "{target} is nowhere");
            references += 1;
        }
        match value {
            Value::Object(members) => values.extend(members.values()),
            Value::Array(items) => values.extend(items),
            _ => {}
        }
    }
    assert!(references >= 14, "{references}");
    let administrations = scan.of("MedicationAdministration");
    assert_eq!(administrations[0]["effectiveDateTime"], "2026-01-10T09:00:00+01:00");
    assert_eq!(
        administrations[1]["effectivePeriod"],
        json!({ "start": "2026-01-10T10:00:00+01:00", "end": "2026-01-10T10:30:00+01:00" })
    );
    assert!(administrations[1].get("effectiveDateTime").is_none());
}

#[test]
fn a_mapping_that_does_not_fit_says_where() {
    let base = |rest: &str| format!("namespace = \"n\"\n{rest}");
    let resource =
        "[[resource]]\nname = \"p\"\ntype = \"Patient\"\nkey = \"${id}\"\ntemplate = '{}'\n";
    let columns = ["id".to_owned(), "born".to_owned()];
    let error = |text: &str| match Mapping::parse(&base(text), Path::new(".")) {
        Ok(mapping) => mapping.check(&columns).expect_err("must not fit").to_string(),
        Err(error) => error.to_string(),
    };
    assert!(
        Mapping::parse(&base(resource), Path::new(".")).is_ok_and(|m| m.check(&columns).is_ok())
    );
    let field = |keys: &str| format!("[[field]]\nname = \"f\"\n{keys}\n{resource}");
    for (text, named) in [
        (field("column = \"birth\""), "birth"),
        (field("text = \"${borne}\""), "did you mean born?"),
        (field("column = \"born\"\nkind = \"lookup\"\ntable = \"t\""), "tables.t"),
        (field("column = \"born\"\nkind = \"date-time\"\nzone = \"Oslo\""), "Oslo"),
        (field("column = \"born\"\nkind = \"boolean\""), "true"),
        (field("column = \"born\"\npositive = true"), "positive"),
        (field("column = \"born\"\ncolour = 1"), "colour"),
        (field("kind = \"text\""), "column"),
        (resource.replace("'{}'", "'{'"), "resource p"),
        (resource.replace("'{}'", "'{\"gender\": \"${sex}\"}'"), "sex"),
        (resource.replace("'{}'", "'{\"a\": \"${ref:q}\"}'"), "ref:q"),
        (resource.replace("${id}", "${id"), "without }"),
        (resource.replace("template = '{}'", ""), "elsewhere"),
        (String::new(), "resource"),
    ] {
        let error = error(&text);
        assert!(error.contains(named), "{named}: {error}");
    }
    let mut mapping = Mapping::parse(&base(resource), Path::new(".")).expect("a mapping");
    assert!(mapping.set_constant("none", "x").is_err());
}

#[test]
fn lookup_tables_may_be_files_beside_the_mapping() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("institutions.csv"),
        "id;system;number\n17;urn:oid:2.16.578.1.12.4.1.4.102;9900017\n",
    )
    .expect("written");
    let text = "namespace = \"n\"\n[tables.inst]\nfile = \"institutions.csv\"\n[[field]]\nname = \"i\"\n\
        column = \"inst\"\nkind = \"lookup\"\ntable = \"inst\"\n[[resource]]\nname = \"o\"\n\
        type = \"Organization\"\nkey = \"${inst}\"\ntemplate = '{\"identifier\":[{\"system\":\"${i.system}\",\"value\":\"${i.number}\"}]}'\n";
    let mapping = Mapping::parse(text, folder.path()).expect("a mapping");
    let scan = scan_bytes(b"inst\n17\n18\n", mapping).expect("read");
    assert_eq!(scan.of("Organization")[0]["identifier"][0]["value"], "9900017");
    assert_eq!(scan.issues().len(), 1);
    let other = text.replace("institutions.csv", "none.csv");
    assert!(
        Mapping::parse(&other, folder.path()).is_err_and(|e| e.to_string().contains("none.csv"))
    );
}

/// Four columns, whose values all end with the number of their record, and the lines on which each record is.
#[derive(Debug, Clone)]
struct GeneratedTable {
    text: String,
    lines: Vec<std::ops::RangeInclusive<u32>>,
}

fn generated_table() -> impl Strategy<Value = GeneratedTable> {
    let value = (
        prop_oneof![
            4 => Just(String::new()),
            4 => "[a-c ]{1,3}",
            1 => Just("a\nb".to_owned()),
            1 => "[;\"]{0,2}[a-c;\"]{1,3}",
            1 => Just("a;\nb".to_owned()),
            1 => Just(";a\nb;".to_owned()),
        ],
        any::<bool>(),
    );
    (prop::collection::vec(prop::collection::vec(value, 4), 1..8), any::<bool>()).prop_map(
        |(records, with_crlf)| {
            let end = if with_crlf { "\r\n" } else { "\n" };
            let (mut text, mut lines, mut line) = (format!("id;a;b;c{end}"), Vec::new(), 2);
            for (number, values) in records.iter().enumerate() {
                let first = line;
                for (column, (value, is_quoted)) in values.iter().enumerate() {
                    // A key is a short text everywhere; the others may be anything.
                    let value = if column == 0 {
                        format!("k{number}")
                    } else {
                        format!("{value}x{number}")
                    };
                    line += u32::try_from(value.matches('\n').count()).expect("few");
                    text += if column == 0 { "" } else { ";" };
                    if *is_quoted || value.contains([';', '"', '\n']) {
                        text += &format!("\"{}\"", value.replace('"', "\"\""));
                    } else {
                        text += &value;
                    }
                }
                text += end;
                lines.push(first..=line);
                line += 1;
            }
            GeneratedTable { text, lines }
        },
    )
}

const FOUR_COLUMNS: &str = r#"
namespace = "n"

[[resource]]
name = "a"
type = "Basic"
key = "${id}"
template = '{"identifier":[{"value":"${id}"},{"value":"${a}"},{"value":"${b}"},{"value":"${c}"}]}'
"#;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_stray_quotation_mark_gives_no_record_the_values_of_another(
        table in generated_table(),
        at in any::<prop::sample::Index>(),
        (is_missing, ends_open) in any::<(bool, bool)>(),
    ) {
        let mapping = || Mapping::parse(FOUR_COLUMNS, Path::new(".")).expect("a mapping");
        let whole = scan_bytes(table.text.as_bytes(), mapping()).map_err(TestCaseError::fail)?;
        // As a correct table, all is read. A text over several lines that ends with a delimiter is not generated.
        prop_assert_eq!(whole.issues(), [""; 0]);
        prop_assert_eq!(whole.resources.len(), table.lines.len());

        let header = table.text.find('\n').expect("a header") + 1;
        let at = header + at.index(table.text.len() - header);
        let mut stray = format!("{}\"{}", &table.text[..at], &table.text[at..]);
        let marks: Vec<usize> = table.text.match_indices('"').map(|(at, _)| at).collect();
        if is_missing && !marks.is_empty() {
            // One too few is the same kind of fault.
            stray.clone_from(&table.text);
            stray.remove(marks[at % marks.len()]);
        }
        if ends_open {
            // The last line of a file need not end.
            stray.truncate(stray.trim_end_matches(['\r', '\n']).len());
        }
        // A mark that is never closed stops the source.
        let Ok(scan) = scan_bytes(stray.as_bytes(), mapping()) else { return Ok(()) };
        let mut named: Vec<u32> = Vec::new();
        for issue in &scan.scanned.issues {
            let line = issue.line.expect("a line");
            named.push(line);
            if let SourceIssueKind::Row { error: RowError { reason: RowReason::Quotes { first, last }, .. } } = &issue.issue {
                named.extend(*first..=*last);
            }
        }
        let mut delivered = Vec::new();
        for (_, resource) in &scan.resources {
            let identifiers = resource["identifier"].as_array().expect("identifiers");
            let texts: Vec<&str> = identifiers.iter().filter_map(|i| i["value"].as_str()).collect();
            let number = |text: &str| {
                let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
                digits.iter().collect::<String>()
            };
            for text in &texts {
                // A number in each, and the same in all; a text over lines may have lost the line with its own.
                let is_own = number(text) == number(texts[0]) || number(text).is_empty();
                prop_assert!(is_own, "{:?} in {:?}", texts, stray);
            }
            delivered.push(number(texts[0]).parse::<usize>().expect("a number"));
        }
        for (record, lines) in table.lines.iter().enumerate() {
            let is_named = lines.clone().any(|line| named.contains(&line));
            prop_assert!(
                delivered.contains(&record) || is_named,
                "record {record} of {stray:?} is neither delivered nor named: {:?}",
                scan.issues()
            );
        }
    }
}

/// Rows, the keys that are delivered, and the issues or why the source stops.
type Rows = (&'static str, &'static [&'static str], Result<Vec<String>, String>);

#[test]
fn quotation_marks_are_read_strictly_and_the_lines_named() {
    let mapping = |more: &str| {
        Mapping::parse(&format!("{FOUR_COLUMNS}\n{more}"), Path::new(".")).expect("a mapping")
    };
    let held = |lines: &str| {
        format!(
            "the row is held: it has a quotation mark that neither opens nor closes a field ({lines}); close the \
             field that is open, and write a mark inside a field as two"
        )
    };
    let open = |line: u32| {
        format!(
            "the quotation mark that opens a field on line {line} is never closed, so that the rest is read as one \
             field"
        )
    };
    let rows: &[Rows] = &[
        ("1;a;b;c\n2;\"d\";e;f\n", &["1", "2"], Ok(vec![])),
        // Two fields that are not closed: the second opens where the first would end.
        (
            "1;\"a;b;c\n2;\"d;e;f\n3;g;h;i\n",
            &["3"],
            Ok(vec![format!("rows.csv:2: {}", held("lines 2 to 3"))]),
        ),
        ("1;\"a\" x;b;c\n2;d;e;f\n", &["2"], Ok(vec![format!("rows.csv:2: {}", held("line 2"))])),
        ("1;\"a\" ;b;c\n", &["1"], Ok(vec![])),
        ("1;\"a\"b\";c;d", &[], Ok(vec![format!("rows.csv:2: {}", held("line 2"))])),
        // Alone in a field without quotes it is part of the value, in a table that has quotes it is not.
        ("1;5\" a;b;c\n2;d;e;f\"\n", &["1", "2"], Ok(vec![])),
        ("1;5\" a;\"b\";c\n2;d;e;f\n", &["2"], Ok(vec![format!("rows.csv:2: {}", held("line 2"))])),
        // The field of line 3 begins with a delimiter, so its opening mark looks like the end of line 2's.
        (
            "1;a;\"b;c\n2;\";d\nx\";y;z\n3;g;h;i\n",
            &["3"],
            Ok(vec![
                format!("rows.csv:2: {}", held("lines 2 to 3")),
                format!("rows.csv:4: {}", held("line 4")),
            ]),
        ),
        ("1;a;b;c\n2;\"d;e;f\n3;g;h;i\n", &["1"], Err(open(3))),
        ("1;a;b;\"c", &[], Err(open(2))),
        // The same at the end of a file whose last line does not end, and with a blank behind the mark.
        ("1;a;\"b;c\n2;d;\"", &[], Ok(vec![format!("rows.csv:2: {}", held("lines 2 to 3"))])),
        ("1;a;\"b;c\n2;d;\" ", &[], Ok(vec![format!("rows.csv:2: {}", held("lines 2 to 3"))])),
        (
            "1;a;\"b;c\n2;\" ;d;e\n3;g;h;i\n",
            &["3"],
            Ok(vec![format!("rows.csv:2: {}", held("lines 2 to 3"))]),
        ),
    ];
    for ending in ["\n", "\r\n"] {
        for (rows, keys, expected) in rows {
            let text = format!("id;a;b;c\n{rows}").replace('\n', ending);
            match (scan_bytes(text.as_bytes(), mapping("")), expected) {
                (Ok(scan), Ok(issues)) => {
                    assert_eq!(&scan.issues(), issues, "{text:?}");
                    let found: Vec<&str> = scan
                        .resources
                        .iter()
                        .filter_map(|(_, resource)| resource["identifier"][0]["value"].as_str())
                        .collect();
                    assert_eq!(found, *keys, "{text:?}");
                }
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
                (found, _) => panic!("{text:?}: {:?}", found.map(|scan| scan.issues())),
            }
        }
    }
    let header =
        scan_bytes(b"id;\"a\"x;b;c\n1;a;b;c\n", mapping("")).err().expect("a wrong header");
    assert!(header.contains("the header line (line 1) has a quotation mark"), "{header}");
    // A file without quotes has any mark as part of its values.
    let none = scan_bytes(b"id;a;b;c\n1;\"a;b;c\n2;d;e;f\n", mapping("[csv]\nquote = \"\""));
    let none = none.expect("read");
    assert_eq!(none.resources.len(), 2);
    assert_eq!(none.of("Basic")[0]["identifier"][1]["value"], "\"a");
    let two = Mapping::parse(&format!("{FOUR_COLUMNS}\n[csv]\nquote = \"''\""), Path::new("."));
    assert!(two.is_err_and(|error| error.to_string().contains("one ASCII character")));
}

#[test]
fn a_lookup_file_with_a_stray_quotation_mark_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "namespace = \"n\"\n[tables.t]\nfile = \"t.csv\"\n[[resource]]\nname = \"o\"\n\
        type = \"Basic\"\nkey = \"${id}\"\ntemplate = '{}'\n";
    for (rows, line) in [
        ("1;\"a\n2;b\n", Some(2)),
        ("1;\"a\n2;\"b\n", Some(3)),
        ("1;a\n2;\"b\" x\n", Some(3)),
        ("1;\"a\n2;\"", Some(3)),
        ("1;\"a\"\n2;\"b \"\"c\"\"\"\n", None),
        ("1;\"a\"\n2;\"b \"\"c\"\"\"", None),
    ] {
        std::fs::write(folder.path().join("t.csv"), format!("id;name\n{rows}")).expect("written");
        let error = Mapping::parse(text, folder.path()).err().map(|error| error.to_string());
        let wanted = line.map(|line| format!("the quotation mark on line {line} neither opens"));
        match (&error, &wanted) {
            (Some(error), Some(wanted)) => assert!(error.contains(wanted), "{error}"),
            (None, None) => {}
            _ => panic!("{rows:?}: {error:?}"),
        }
    }
}

#[test]
fn a_folder_of_tables_is_read_in_order_and_a_part_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, id) in [("b.csv", "B"), ("a.CSV", "A"), ("note.md", "N")] {
        std::fs::write(folder.path().join(name), table(&[row(&[("Id", id)])])).expect("written");
    }
    let source = TableSource::new(TableRows::Csv(folder.path().into()), municipal(), key());
    let scanned = scan(&source).expect("read");
    let ids: Vec<_> = scanned
        .of("MedicationAdministration")
        .iter()
        .map(|a| a["identifier"][0]["value"].clone())
        .collect();
    assert_eq!(ids, ["A", "B"]);
    let only = ["b.csv".to_owned()].into();
    let mut met = 0;
    let done = source.scan(Scope::Parts(&only), &mut |_| {
        met += 1;
        Ok(())
    });
    assert!(done.is_ok() && (5..=8).contains(&met), "{met}");
    let gone = TableSource::new(TableRows::Csv(folder.path().join("none")), municipal(), key());
    assert!(gone.scan(Scope::All, &mut |_| Ok(())).is_err());
}

#[test]
fn fest_ids_get_the_system_of_the_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, table(&[row(&[])])).expect("written");
    let list: FestSystems = Arc::new(|code| {
        (code == FEST).then_some("http://dmp.no/fhir/NamingSystem/festLegemiddelPakning")
    });
    let source = TableSource::new(TableRows::Csv(path), municipal(), key()).with_fest(list);
    let scan = scan(&source).expect("read");
    assert_eq!(
        scan.of("Medication")[0]["code"]["coding"][0]["system"],
        "http://dmp.no/fhir/NamingSystem/festLegemiddelPakning"
    );
}

async fn sqlite(folder: &Path, statements: &[&'static str]) -> PathBuf {
    use sqlx::Connection as _;
    let path = folder.join("ward.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection =
        sqlx::sqlite::SqliteConnection::connect_with(&options).await.expect("open");
    for statement in statements {
        sqlx::query(*statement).execute(&mut connection).await.expect("done");
    }
    connection.close().await.expect("closed");
    path
}

fn ward(url: String, query: &str) -> TableSource {
    let text = "namespace = \"n\"\nkey = \"id\"\n[[field]]\nname = \"amount\"\ncolumn = \"amount\"\nkind = \"decimal\"\n\
        [[field]]\nname = \"at\"\ncolumn = \"given_at\"\nkind = \"date-time\"\nrequired = true\n\
        [[resource]]\nname = \"a\"\ntype = \"MedicationAdministration\"\nkey = \"${id}\"\n\
        template = '{\"identifier\":[{\"value\":\"${id}\"}],\"effectiveDateTime\":\"${at}\",\"dosage\":{\"dose\":{\"value\":\"${amount}\"}}}'\n";
    let rows = SqlTable {
        label: "administrations".to_owned(),
        url,
        password_file: None,
        query: query.to_owned(),
        overlap: jiff::SignedDuration::from_mins(60),
    };
    let mapping = Mapping::parse(text, Path::new(".")).expect("a mapping");
    TableSource::new(TableRows::Sql(rows), mapping, key())
}

#[tokio::test]
async fn the_rows_of_a_query_are_mapped_with_their_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = sqlite(
        folder.path(),
        &[
            "CREATE TABLE given (id INTEGER, amount NUMERIC, given_at TEXT, changed TEXT)",
            "INSERT INTO given VALUES (1, 2.5, '2026-01-10 08:00:00', '2026-01-10 09:00:00'), \
             (2, NULL, '2026-01-11T08:00:00Z', '2026-01-12 09:00:00'), \
             (3, 7, NULL, '2026-01-13 09:00:00')",
        ],
    )
    .await;
    let url = format!("sqlite:{}", path.display());
    let all = "SELECT id, amount, given_at FROM given ORDER BY id;";
    let scan = scan(&ward(url.clone(), all)).expect("read");
    assert_eq!(scan.resources.len(), 2);
    assert_eq!(scan.resources[0].1["dosage"]["dose"]["value"].to_string(), "2.5");
    assert_eq!(scan.resources[1].1["effectiveDateTime"], "2026-01-11T09:00:00+01:00");
    assert!(scan.resources[1].1.get("dosage").is_none());
    assert_eq!(
        scan.issues(),
        ["administrations:3: the row (3) is held: given_at is empty but must have a value"]
    );
    // What has changed since the last transfer, with an hour's overlap.
    let changed =
        ward(url.clone(), "SELECT id, amount, given_at FROM given WHERE changed >= ${since}");
    let count = |source: &TableSource| super_scan(source).resources.len();
    assert_eq!(count(&changed), 2);
    changed.begin(Some("2026-01-12T09:30:00Z".parse().expect("a time")));
    assert_eq!(count(&changed), 1);
    changed.begin(Some("2026-01-12T10:30:00Z".parse().expect("a time")));
    assert_eq!(count(&changed), 0);
    let names = ward(url.clone(), all).columns().expect("columns");
    assert_eq!(names, ["id", "amount", "given_at"]);
    for (url, query, named) in [
        (url.as_str(), "SELECT nothing FROM given", "nothing"),
        (url.as_str(), "DELETE FROM given", "no columns"),
        (url.as_str(), "DELETE FROM given RETURNING id, amount, given_at", "readonly"),
        ("sqlite:/no/such/file", all, "database"),
        ("mysql://x/y", all, "postgres: or sqlite:"),
    ] {
        let error = scan_error(&ward(url.to_owned(), query)).expect(query);
        assert!(error.contains(named), "{query}: {error}");
    }
}

fn super_scan(source: &TableSource) -> Scan {
    scan(source).expect("read")
}

fn scan_error(source: &TableSource) -> Option<String> {
    scan(source).err()
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_a_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("rows.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let source = |path: &Path| TableSource::new(TableRows::Csv(path.into()), municipal(), key());
    let error = scan(&source(&pipe)).err().expect("an error");
    assert!(error.contains("pipe"), "{error}");
    // In a folder of tables it is passed over.
    std::fs::write(folder.path().join("a.csv"), table(&[row(&[])])).expect("written");
    assert_eq!(scan(&source(folder.path())).expect("a table").scanned.files, 1);
}

/// A folder whose exports have got another ending, or lead nowhere, does not look like one without exports.
#[cfg(unix)]
#[test]
fn what_is_not_read_in_a_folder_of_tables_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str| {
        std::fs::write(folder.path().join(name), table(&[row(&[])])).expect("written");
    };
    for name in ["a.CSV", "b.csv.gz", "c.xlsx", "d.xlsx", ".hidden.csv", "e"] {
        write(name);
    }
    std::fs::create_dir(folder.path().join("older")).expect("a folder");
    let source = || TableSource::new(TableRows::Csv(folder.path().into()), municipal(), key());
    let found = scan(&source()).expect("a table").scanned;
    assert_eq!(found.files, 1);
    let mut over: Vec<(PassedOverKind, usize, &str)> = found
        .passed_over
        .iter()
        .map(|over| (over.kind.clone(), over.count, &*over.example))
        .collect();
    over.sort();
    let ending = |ending: &str| PassedOverKind::Ending { ending: ending.to_owned() };
    let expected = [
        (ending(""), 1, "e"),
        (ending(".gz"), 1, "b.csv.gz"),
        (ending(".xlsx"), 2, "c.xlsx"),
        (PassedOverKind::Hidden, 1, ".hidden.csv"),
    ];
    assert_eq!(over, expected);
    std::os::unix::fs::symlink("/no/such/export.csv", folder.path().join("today.csv"))
        .expect("a link");
    let error = scan(&source()).err().expect("an error");
    assert!(error.contains("not there"), "{error}");
}

/// A query for changes that is asked for everything and gives no row says so; another query is another question.
#[tokio::test]
async fn a_query_for_changes_without_a_row_is_named_when_it_is_asked_for_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let path =
        sqlite(folder.path(), &["CREATE TABLE given (id INTEGER, amount NUMERIC, given_at TEXT)"])
            .await;
    let url = format!("sqlite:{}", path.display());
    let changes = "SELECT id, amount, given_at FROM given WHERE given_at >= ${since}";
    let source = ward(url.clone(), changes);
    assert_eq!(scan(&source).expect("read").scanned.empty_in_full.len(), 1);
    source.begin(Some("2026-01-12T09:30:00Z".parse().expect("a time")));
    assert_eq!(scan(&source).expect("read").scanned.empty_in_full, [""; 0]);
    let other = ward(url.clone(), "SELECT id, amount, given_at FROM given");
    assert_eq!(
        scan(&other).expect("read").scanned.empty_in_full,
        [""; 0],
        "it is empty as others are"
    );
    assert_ne!(source.question(), other.question());
    assert_eq!(source.question(), ward(url, changes).question());
}

/// A row's ids are made of its key, so that another identifier under the same id is a correction; and a folder of tables
/// has a marker as any other.
#[test]
fn the_ids_of_a_table_are_stable_and_its_folder_may_have_a_marker() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    let source = TableSource::new(TableRows::Csv(path.clone()), municipal(), key());
    assert_eq!(source.id_space("rows.csv"), Some(""));
    let marker = PathBuf::from(".lmr-mounted");
    let source = source.marked_by(Marker::new(Some(marker)));
    let error = source.scan(Scope::All, &mut |_| Ok(())).expect_err("not mounted");
    assert_eq!(error.cause, FileError::NoMarker { name: ".lmr-mounted".to_owned() });
    std::fs::write(path.join(".lmr-mounted"), "").expect("written");
    let scanned = source.scan(Scope::All, &mut |_| Ok(())).expect("read");
    assert_eq!((scanned.resources, scanned.places.len()), (0, 0));
    // Without one an empty folder is compared with the one that was read before.
    let source = TableSource::new(TableRows::Csv(path), municipal(), key());
    let scanned = source.scan(Scope::All, &mut |_| Ok(())).expect("read");
    assert!(scanned.places.len() == 1 && scanned.places[0].is_empty, "{:?}", scanned.places);
}

/// A mapping of the municipal table whose numbers have more keys.
fn municipal_with(keys: &str) -> Result<Mapping, MappingError> {
    let ready = ready_mappings().iter().find(|ready| ready.name == "municipal").expect("it");
    let keys = format!("kind = \"decimal\"\n{keys}");
    let mut mapping =
        Mapping::parse(&ready.text.replace("kind = \"decimal\"", &keys), Path::new("."))?;
    for (name, value) in [
        ("administration_system", "urn:oid:2.999.578.1"),
        ("municipality_organisation", "310000027"),
        ("municipality_name", "Liksom kommune"),
    ] {
        mapping.set_constant(name, value).expect("a constant");
    }
    Ok(mapping)
}

/// A row for each amount.
fn rows_of(amounts: &[&str]) -> Vec<String> {
    let of = |(at, amount): (usize, &&str)| {
        row(&[("Id", &format!("A-{at}")), ("Mengde_PreparatGitt", amount)])
    };
    amounts.iter().enumerate().map(of).collect()
}

/// `1.000` is one with a decimal separator, and a thousand with a thousands separator: it is said which rows are meant,
/// until the column or the mapping shows which it is.
#[test]
fn numbers_that_may_be_thousands_are_pointed_out_with_their_row() {
    for (amounts, expected) in [
        (&["1.000", "2.500"][..], Some((2, false, 2))),
        (&["1.000", "2,500"], Some((2, true, 2))),
        // The comma is the decimal separator of the column, also in a row behind it.
        (&["2,500", "1,5"], None),
        (&["0,125", "2,500"], None),
        (&["1000,125", "2,500"], None),
        (&["1.250", "2.5", "7"], None),
        // And then a point is none.
        (&["1,5", "1.000", "2,500", "0,125"], Some((1, true, 3))),
        // Where both are, nobody knows.
        (&["1,5", "1.5", "2,500", "1.000"], Some((2, true, 4))),
        (&["1000", "7"], None),
    ] {
        let read = scan_rows(&rows_of(amounts)).scanned;
        let expected: Vec<_> = expected
            .map(|(count, has_both, line)| DoubtfulNumbers {
                column: "Mengde_PreparatGitt".to_owned(),
                count,
                has_both,
                example: format!("rows.csv:{line}"),
            })
            .into_iter()
            .collect();
        assert_eq!((read.doubtful_numbers, read.issues.len()), (expected, 0), "{amounts:?}");
    }
}

/// What is pointed out reads well for one and for several, and says what to do: with both a comma and a point in a column
/// one `separator` would only hold the others.
#[test]
fn numbers_that_may_be_thousands_have_their_remedy() {
    for (count, has_both, words, ord) in [
        (
            1,
            false,
            ["1 number has a comma or point", "as separator into"],
            "skriv det som separator",
        ),
        (2, false, ["2 numbers have a comma", "as separator into"], "skriv det som separator"),
        (
            2,
            true,
            ["2 numbers have a comma", "the export must be corrected"],
            "må eksporten rettes",
        ),
    ] {
        let column = "amount".to_owned();
        let text = DoubtfulNumbers { column, count, has_both, example: "a.csv:2".to_owned() };
        let english = text.text(Language::English);
        for words in words.into_iter().chain(["decimal separator", "thousands separator", "remove"])
        {
            assert!(english.contains(words), "{english}");
        }
        let bokmal = text.text(Language::Bokmal);
        for words in [ord, "a.csv:2", "desimaltegn", "tusenskille", "remove"] {
            assert!(bokmal.contains(words), "{bokmal}");
        }
        assert_eq!(english.contains("as separator into"), !has_both, "{english}");
    }
}

/// A cell that several fields read is one number, and what a field has read before another one is a number and no text.
#[test]
fn each_cell_that_may_be_thousands_is_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), "id;Amount\n1;1.000\n2;2.500\n").expect("written");
    let text = "namespace = \"n\"\n[csv]\ndelimiter = \";\"\n\
        [[field]]\nname = \"first\"\ncolumn = \"Amount\"\nkind = \"decimal\"\n\
        [[field]]\nname = \"second\"\ncolumn = \"amount\"\nkind = \"decimal\"\n\
        [[field]]\nname = \"third\"\ntext = \"${Amount}\"\nkind = \"decimal\"\n\
        [[field]]\nname = \"fourth\"\ntext = \"${first}\"\nkind = \"decimal\"\n\
        [[resource]]\nname = \"a\"\ntype = \"MedicationAdministration\"\nkey = \"${id}\"\n\
        template = '{\"dosage\":{\"dose\":{\"value\":\"${fourth}\"}}}'\n";
    let mapping = Mapping::parse(text, Path::new(".")).expect("a mapping");
    let found = scan(&TableSource::new(TableRows::Csv(folder.path().into()), mapping, key()));
    let found = found.expect("read");
    let doubtful = &found.scanned.doubtful_numbers;
    let doubtful: Vec<_> =
        doubtful.iter().map(|of| (&*of.column, of.count, &*of.example)).collect();
    assert_eq!(doubtful, [("Amount", 2, "a.csv:2")]);
}

#[test]
fn a_number_with_another_separator_than_the_mapping_says_is_held_with_its_remedy() {
    let rows = rows_of(&["1,5", "1.000", "2,500", "x"]);
    for (separator, other, held) in [(",", "\",\"", 1), (".", "\".\"", 2)] {
        let mapping = municipal_with(&format!("separator = {separator:?}")).expect("a mapping");
        let read = scan_bytes(table(&rows).as_bytes(), mapping).expect("a table");
        assert_eq!(read.scanned.doubtful_numbers, [], "{separator}");
        let issues = read.issues();
        assert_eq!(issues.len(), held + 1, "{issues:?}");
        let words = format!("has another decimal separator than {other}");
        assert_eq!(issues.iter().filter(|text| text.contains(&words)).count(), held, "{issues:?}");
        let not = issues.iter().filter(|text| text.contains("is not a number")).count();
        assert_eq!(not, 1, "{issues:?}");
    }
}

/// The mapping is refused with what to write, in both languages.
#[test]
fn a_separator_that_is_none_is_refused() {
    let rows = rows_of(&["1,5"]);
    for (separator, words, ord) in [
        ("", "separator is empty", "separator er tom"),
        (";", "is the decimal separator", "er desimaltegnet"),
        (" ", "is the decimal separator", "er desimaltegnet"),
        (".,", "is the decimal separator", "er desimaltegnet"),
        ("komma", "not \"komma\"", "ikke «komma»"),
    ] {
        let mapping = municipal_with(&format!("separator = {separator:?}")).expect("read");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("rows.csv"), table(&rows)).expect("written");
        let source = TableSource::new(TableRows::Csv(folder.path().into()), mapping, key());
        let error = source.scan(Scope::All, &mut |_| Ok(())).expect_err("refused").cause;
        let texts = [error.text(Language::English), error.text(Language::Bokmal)];
        assert!(texts[0].contains(words) && texts[1].contains(ord), "{separator:?}: {texts:?}");
    }
}

/// Of a database a number has a point, whatever its texts have; a text of a database is read as one of a file.
#[tokio::test]
async fn numbers_of_a_database_are_distinguished_from_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = sqlite(
        folder.path(),
        &[
            "CREATE TABLE given (id INTEGER, number REAL, words TEXT, given_at TEXT)",
            "INSERT INTO given VALUES (1, 1.125, '1.125', '2026-01-10 08:00:00'), \
             (2, 2, '2,5', '2026-01-11 08:00:00')",
        ],
    )
    .await;
    let of = |column: &str, input: &str, keys: &str| {
        let rows = SqlTable {
            label: "given".to_owned(),
            url: format!("sqlite:{}", path.display()),
            password_file: None,
            query: format!("SELECT id, {column} AS amount, NULL AS missing, given_at FROM given"),
            overlap: jiff::SignedDuration::from_mins(60),
        };
        let before = match input.contains("before") {
            true => "[[field]]\nname = \"before\"\ncolumn = \"amount\"\nkind = \"decimal\"\n",
            false => "",
        };
        let text = format!(
            "namespace = \"n\"\nkey = \"id\"\n{before}[[field]]\nname = \"dose\"\n{input}\n\
             kind = \"decimal\"\n{keys}\n[[field]]\nname = \"at\"\ncolumn = \"given_at\"\nkind = \"date-time\"\n\
             [[resource]]\nname = \"a\"\ntype = \"MedicationAdministration\"\nkey = \"${{id}}\"\n\
             template = '{{\"effectiveDateTime\":\"${{at}}\",\"dosage\":{{\"dose\":{{\"value\":\"${{dose}}\"}}}}}}'\n"
        );
        let mapping = Mapping::parse(&text, Path::new(".")).expect("a mapping");
        scan(&TableSource::new(TableRows::Sql(rows), mapping, key())).expect("read")
    };
    for keys in ["", "separator = \",\"", "separator = \".\"", "remove = \".\""] {
        // A text that is exactly one value is that value, by its column, as a default, and as an earlier field has read it.
        for input in [
            "column = \"amount\"",
            "text = \"${amount}\"",
            "column = \"missing\"\ndefault = \"${amount}\"",
            "text = \"${before}\"",
        ] {
            let found = of("number", input, keys);
            let doubtful = found.scanned.doubtful_numbers.len();
            assert_eq!((found.issues().len(), doubtful), (0, 0), "{input} {keys}");
            assert!(found.says("\"value\":1.125"), "{input} {keys}: {:?}", found.texts);
        }
    }
    // What is put together is a text.
    let found = of("number", "text = \"${amount}0\"", "separator = \",\"");
    assert_eq!(found.issues().len(), 2, "1.1250 and 2.00: {:?}", found.issues());
    let of = |column: &str, keys: &str| of(column, "column = \"amount\"", keys);
    let found = of("words", "");
    let doubtful: Vec<_> =
        found.scanned.doubtful_numbers.iter().map(|of| (of.count, &*of.example)).collect();
    assert_eq!(doubtful, [(1, "given:1")]);
    assert_eq!(of("words", "separator = \",\"").issues().len(), 1, "the text with a point");
}

/// The clock of the file system, so long after now.
fn clock(after: jiff::SignedDuration) -> lmr_auth::Clock {
    Arc::new(move || {
        let probe = tempfile::NamedTempFile::new().expect("a file");
        let changed = probe.as_file().metadata().and_then(|m| m.modified()).expect("a time");
        jiff::Timestamp::try_from(changed).expect("a time") + after
    })
}

fn unfinished(scan: &Scan) -> Vec<(usize, String)> {
    let over = scan.scanned.passed_over.iter();
    over.filter(|over| over.kind == PassedOverKind::Unfinished)
        .map(|over| (over.count, over.example.clone()))
        .collect()
}

/// The last line of a file that is being written may end in the middle of a number.
#[test]
fn a_file_that_is_being_written_and_ends_in_the_middle_of_a_line_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    };
    let whole = table(&[row(&[("Id", "A")])]);
    let half = table(&[row(&[("Id", "B")]), row(&[("Id", "C"), ("Mengde_PreparatGitt", "75")])]);
    let half = half.trim_end_matches('\n');
    write("a.csv", whole.as_bytes());
    write("b.csv", half.as_bytes());
    write("c.csv", b"");
    let (now, later) = (jiff::SignedDuration::ZERO, jiff::SignedDuration::from_mins(6));
    let source = |after| {
        TableSource::new(TableRows::Csv(folder.path().into()), municipal(), key())
            .waiting_for_writers(clock(after), Vec::new())
    };
    let ids = |scan: &Scan| -> Vec<String> {
        let all = scan.of("MedicationAdministration");
        all.iter().filter_map(|a| a["identifier"][0]["value"].as_str().map(str::to_owned)).collect()
    };
    let found = scan(&source(now)).expect("read");
    assert_eq!(ids(&found), ["A"]);
    assert_eq!(found.scanned.files, 1);
    assert_eq!(unfinished(&found), [(2, "b.csv".to_owned())]);
    // Five minutes later nobody writes any more: it is read as it is, and an empty one is at fault.
    assert!(scan(&source(later)).is_err_and(|error| error.contains("c.csv")));
    write("c.csv", whole.as_bytes());
    let found = scan(&source(later)).expect("read");
    assert_eq!(ids(&found), ["A", "B", "C"]);
    assert_eq!(unfinished(&found), []);
}

/// The end of a line is another one in UTF-16, and half a character is none.
#[test]
fn the_end_of_a_line_is_known_in_every_encoding() {
    let text = table(&[row(&[])]);
    let utf_16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let (low, high) = (utf_16(&text, u16::to_le_bytes), utf_16(&text, u16::to_be_bytes));
    let marked = [b"\xff\xfe".as_slice(), &low].concat();
    let cases: [(&str, &[u8], bool); 10] = [
        ("utf-8", text.as_bytes(), true),
        ("utf-8", text.trim_end().as_bytes(), false),
        ("windows-1252", text.as_bytes(), true),
        ("utf-16le", &low, true),
        ("utf-16le", &low[..low.len() - 1], false),
        ("utf-16le", &low[..low.len() - 2], false),
        ("utf-16be", &high, true),
        ("utf-16be", &high[..high.len() - 1], false),
        ("utf-8", &marked, true),
        ("utf-8", &marked[..marked.len() - 1], false),
    ];
    for (encoding, bytes, is_whole) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, bytes).expect("written");
        let ready = ready_mappings().iter().find(|ready| ready.name == "municipal").expect("one");
        let mapping = ready.text.replace("\"utf-8\"", &format!("\"{encoding}\""));
        let mut mapping = Mapping::parse(&mapping, Path::new(".")).expect("a mapping");
        for name in ["administration_system", "municipality_organisation", "municipality_name"] {
            mapping.set_constant(name, "310000027").expect("a constant");
        }
        let source = TableSource::new(TableRows::Csv(path), mapping, key())
            .waiting_for_writers(clock(jiff::SignedDuration::ZERO), Vec::new());
        let found = scan(&source).expect("read");
        assert_eq!(unfinished(&found).is_empty(), is_whole, "{encoding} {}", bytes.len());
        assert_eq!(found.scanned.resources > 0, is_whole, "{encoding} {}", bytes.len());
    }
}

/// What the rows mean is not known while a table of the mapping is being written, also where the rows are in a database.
#[tokio::test]
async fn a_source_waits_for_the_tables_of_its_mapping() {
    let folder = tempfile::tempdir().expect("a folder");
    let path =
        sqlite(folder.path(), &["CREATE TABLE given (id TEXT)", "INSERT INTO given VALUES ('1')"])
            .await;
    let units = folder.path().join("units.csv");
    let text = "namespace = \"n\"\nkey = \"id\"\n[tables.units]\nfile = \"units.csv\"\n\
        [[resource]]\nname = \"p\"\ntype = \"Patient\"\nkey = \"${id}\"\ntemplate = '{\"gender\":\"${id}\"}'\n";
    std::fs::write(&units, "key;value\na;b\nc;d").expect("written");
    let source = |after| {
        let mapping = Mapping::parse(text, folder.path()).expect("a mapping");
        let look_ups = mapping.look_up_files(folder.path());
        assert_eq!(look_ups, std::slice::from_ref(&units));
        let rows = SqlTable {
            label: "ward".to_owned(),
            url: format!("sqlite:{}", path.display()),
            password_file: None,
            query: "SELECT id FROM given".to_owned(),
            overlap: jiff::SignedDuration::from_mins(60),
        };
        TableSource::new(TableRows::Sql(rows), mapping, key())
            .waiting_for_writers(clock(after), look_ups)
    };
    let waiting = source(jiff::SignedDuration::ZERO);
    let found = scan(&waiting).expect("read");
    assert_eq!((found.scanned.files, found.scanned.resources), (0, 0));
    assert_eq!(unfinished(&found), [(1, units.display().to_string())]);
    let found = scan(&source(jiff::SignedDuration::from_mins(6))).expect("read");
    assert_eq!((unfinished(&found).len(), found.scanned.resources), (0, 1));
    std::fs::write(&units, "key;value\na;b\nc;d\n").expect("written");
    // The mapping was read when the file was half.
    assert_eq!(scan(&waiting).expect("read").scanned.resources, 0);
    assert_eq!(scan(&source(jiff::SignedDuration::ZERO)).expect("read").scanned.resources, 1);
}

/// What was read may be half of one export and half of the next.
#[test]
fn a_file_that_is_written_again_while_it_is_read_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    let rows: Vec<String> = (0..3_000).map(|n| row(&[("Id", &format!("A-{n}"))])).collect();
    let source = TableSource::new(TableRows::Csv(path.clone()), municipal(), key());
    let read_while = |meanwhile: &dyn Fn()| {
        std::fs::write(&path, table(&rows)).expect("written");
        let mut is_first = true;
        source.scan(Scope::All, &mut |_| {
            if std::mem::take(&mut is_first) {
                meanwhile();
            }
            Ok(())
        })
    };
    let shorter = read_while(&|| std::fs::write(&path, table(&rows[..1])).expect("written"));
    assert_eq!(shorter.expect_err("changed").cause, FileError::ChangedMeanwhile);
    // What is added meanwhile is for the next time, and nothing has vanished.
    let added = read_while(&|| {
        use std::io::Write as _;
        let file = std::fs::OpenOptions::new().append(true).open(&path);
        file.and_then(|mut file| file.write_all(b"half a ro")).expect("written");
    });
    let added = added.expect("read");
    let is_unfinished = |over: &PassedOver| over.kind == PassedOverKind::Unfinished;
    assert!(added.passed_over.iter().any(is_unfinished), "{added:?}");
    assert_eq!(added.issues, []);
    // Another file in its place changes nothing of the one that is read.
    let other = folder.path().join("other");
    let replaced = read_while(&|| {
        std::fs::write(&other, "x").and_then(|()| std::fs::rename(&other, &path)).expect("renamed");
    });
    assert_eq!(replaced.expect("read").passed_over, []);
}

/// A number that the database writes with an exponent is that number.
#[tokio::test]
async fn a_small_number_of_a_database_is_read_in_digits() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = sqlite(
        folder.path(),
        &[
            "CREATE TABLE given (id INTEGER, amount REAL, given_at TEXT)",
            "INSERT INTO given VALUES (1, 0.00001, '2026-01-10 08:00:00'), (2, 1e-7, '2026-01-10 08:00:00')",
        ],
    )
    .await;
    let url = format!("sqlite:{}", path.display());
    let found = scan(&ward(url, "SELECT id, amount, given_at FROM given")).expect("read");
    assert_eq!(found.issues(), [""; 0]);
    for value in ["\"value\":0.00001}", "\"value\":0.0000001}"] {
        assert!(found.says(value), "{value}: {:?}", found.texts);
    }
}

/// Nobody knows which of the two the mapping means.
#[tokio::test]
async fn a_query_with_two_columns_of_one_name_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = sqlite(
        folder.path(),
        &[
            "CREATE TABLE given (id INTEGER, amount REAL, given_at TEXT)",
            "INSERT INTO given VALUES (1, 2, '2026-01-10 08:00:00')",
        ],
    )
    .await;
    let url = format!("sqlite:{}", path.display());
    for query in [
        "SELECT given.*, 7 AS amount FROM given",
        "SELECT given.*, 7 AS Amount FROM given",
        "SELECT * FROM given a JOIN given b ON a.id = b.id",
    ] {
        let error = scan(&ward(url.clone(), query)).err().expect(query);
        assert!(error.contains("two columns are called"), "{query}: {error}");
    }
    assert!(scan(&ward(url, "SELECT given.*, 7 AS other FROM given")).is_ok());
}
