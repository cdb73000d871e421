//! Definitions, archives and documents made to do harm: bounded time and memory, and a clear word.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own data")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::{Package, PackageError};
use lmr_validator::statistics::Statistics;
use lmr_validator::{Issue, Options, Severity, Validator};
use serde_json::{Value, json};
use tar::{EntryType, Header};

const MANIFEST: &[u8] = br#"{"name":"test.hostile","version":"1.0.0"}"#;

/// One entry of an archive.
fn entry(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        header.set_link_name("/etc/hostname").unwrap();
    }
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend(content);
    out.resize(out.len().div_ceil(512) * 512, 0);
    out
}

fn open(folder: &Path, entries: &[Vec<u8>]) -> Result<Package, PackageError> {
    let path = folder.join("p.tgz");
    let mut gzip = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    for part in [entry("package/package.json", EntryType::Regular, MANIFEST)].iter().chain(entries)
    {
        std::io::Write::write_all(&mut gzip, part).unwrap();
    }
    gzip.finish().unwrap();
    Package::open(&path)
}

#[test]
fn an_archive_holds_files_one_of_each_name() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char] {
        let opened = open(folder.path(), &[entry("package/a.json", kind, b"")]);
        assert!(
            matches!(&opened, Err(PackageError::NotAFile { name, .. }) if name == "package/a.json"),
            "{kind:?}"
        );
    }
    let system = |url: &str| {
        let content =
            json!({"resourceType": "CodeSystem", "url": url, "content": "complete"}).to_string();
        entry("package/a.json", EntryType::Regular, content.as_bytes())
    };
    let twice = open(folder.path(), &[system("http://test.no/a"), system("http://test.no/b")]);
    assert!(matches!(&twice, Err(PackageError::TwoFiles { name, .. }) if name == "a.json"));
    let same =
        open(folder.path(), &[system("http://test.no/a"), system("http://test.no/a")]).unwrap();
    assert_eq!(same.definitions().count(), 1);
}

/// RFC 1952 section 2.2: what concatenates streams, or compresses in blocks, writes several members.
#[test]
fn an_archive_may_be_gzip_of_several_members() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.tgz");
    let system =
        json!({"resourceType": "CodeSystem", "url": "http://test.no/a", "content": "complete"});
    let parts = [
        entry("package/package.json", EntryType::Regular, MANIFEST),
        entry("package/a.json", EntryType::Regular, system.to_string().as_bytes()),
        vec![0; 1024],
    ];
    let mut members = Vec::new();
    for part in parts {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        std::io::Write::write_all(&mut gzip, &part).unwrap();
        members.extend(gzip.finish().unwrap());
    }
    std::fs::write(&path, members).unwrap();
    assert_eq!(Package::open(&path).unwrap().definitions().count(), 1);
}

#[test]
fn names_and_files_that_inflate_to_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = vec![b'a'; 8 << 20];
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let opened = open(folder.path(), &[entry("././@LongLink", kind, &name)]);
        assert!(matches!(opened, Err(PackageError::NotAnArchive { .. })), "{kind:?}");
    }
    let large = vec![b' '; (64 << 20) + 1];
    let opened = open(folder.path(), &[entry("package/large.json", EntryType::Regular, &large)]);
    match opened {
        Err(PackageError::TooLarge { path, .. }) => {
            assert!(path.ends_with("p.tgz/large.json"), "{path:?}")
        }
        other => panic!("{:?}", other.err()),
    }
}

fn with(definitions: &[Value]) -> Validator {
    let texts: Vec<String> = definitions.iter().map(Value::to_string).collect();
    let package =
        Package::embedded("test", "1", texts.iter().map(String::as_str)).expect("definitions");
    Validator::builder()
        .definitions(Arc::new(Definitions::builder().package(package).build()))
        .build()
}

/// A profile of Patient with these invariants.
fn ruled(id: &str, invariants: &[&str]) -> Value {
    let constraint: Vec<Value> = (1..)
        .zip(invariants)
        .map(|(n, expression)| json!({"key": format!("{id}-{n}"), "severity": "error", "human": "h", "expression": expression}))
        .collect();
    json!({
        "resourceType": "StructureDefinition", "url": format!("http://test.no/{id}"), "name": "T",
        "status": "active", "kind": "resource", "abstract": false, "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": [{"path": "Patient", "constraint": constraint}]}
    })
}

fn validate(validator: &Validator, profile: &str, instance: &Value) -> Vec<Issue> {
    let options =
        Options { profiles: vec![format!("http://test.no/{profile}")], ..Options::default() };
    validator.validate_text(&instance.to_string(), &options)
}

fn errors(issues: &[Issue]) -> Vec<String> {
    issues.iter().filter(|i| i.severity == Severity::Error).map(|i| i.id().to_owned()).collect()
}

const NOT_EVALUATED: &str = "LMRV_CONSTRAINT_NOT_EVALUATED";

#[test]
fn profiles_that_ask_whether_they_are_met_end_and_are_named() {
    let validator = with(&[
        ruled("self", &["conformsTo('http://test.no/self')"]),
        ruled("ring", &["conformsTo('http://test.no/gnir')"]),
        ruled("gnir", &["name.all(%resource.conformsTo('http://test.no/ring'))"]),
    ]);
    let patient = json!({"resourceType": "Patient", "name": [{"text": "a"}, {"text": "b"}]});
    for profile in ["self", "ring"] {
        let issues = validate(&validator, profile, &patient);
        assert_eq!(errors(&issues), [NOT_EVALUATED], "{profile}");
        assert!(issues.iter().any(|i| i.text_en().contains("conformsTo")), "{issues:?}");
    }
}

#[test]
fn conformance_asked_many_times_is_found_out_once() {
    // Asked again each time, the last one would be tried 40^4 times.
    let ask = |n: usize| {
        format!("iif(name.all(%resource.conformsTo('http://test.no/p{n}')), true, false)")
    };
    let mut profiles: Vec<Value> =
        (0..4).map(|n| ruled(&format!("p{n}"), &[&ask(n + 1)])).collect();
    profiles.push(ruled("p4", &["name.exists()"]));
    let names: Vec<Value> = (0..40).map(|n| json!({"text": format!("n{n}")})).collect();
    let patient = json!({"resourceType": "Patient", "name": names});
    assert_eq!(errors(&validate(&with(&profiles), "p0", &patient)), Vec::<String>::new());
}

#[test]
fn an_unknown_value_set_is_named_whatever_is_asked_about() {
    let validator = with(&[ruled("v", &["memberOf('http://test.no/none').not()"])]);
    let issues = validate(&validator, "v", &json!({"resourceType": "Patient"}));
    assert_eq!(errors(&issues), [NOT_EVALUATED]);
    assert!(issues[0].text_en().contains("http://test.no/none"), "{}", issues[0].text_en());
}

fn plain(text: &str) -> Vec<Issue> {
    plain_by(&Validator::builder().build(), text)
}

fn plain_by(validator: &Validator, text: &str) -> Vec<Issue> {
    validator.validate_text(text, &Options::default())
}

#[test]
fn look_ups_take_time_in_line_with_the_number_asked_about() {
    let size = 8_000;
    // By the square of their number each of these takes long.
    let contained: Vec<Value> =
        (0..size).map(|i| json!({"resourceType": "Practitioner", "id": format!("c{i}")})).collect();
    let references: Vec<Value> =
        (0..size).map(|i| json!({"reference": format!("#c{i}")})).collect();
    let validator = with(&[ruled("r", &["generalPractitioner.all(resolve() is Practitioner)"])]);
    let patient = json!({"resourceType": "Patient", "contained": contained, "generalPractitioner": references});
    assert_eq!(errors(&validate(&validator, "r", &patient)), Vec::<String>::new());

    let mut attributes = String::new();
    for i in 0..60_000 {
        write!(attributes, " a{i}='x'").unwrap();
    }
    let narrative = |attributes: &str| {
        json!({"resourceType": "Patient", "text": {"status": "generated",
            "div": format!("<div xmlns='http://www.w3.org/1999/xhtml'><p{attributes}>x</p></div>")}})
    };
    assert!(!errors(&plain(&narrative(&attributes).to_string())).is_empty());
    let twice = plain(&narrative(&format!("{attributes} a7='y'")).to_string());
    assert!(twice.iter().any(|i| i.text_en().contains("an attribute occurs twice")), "{twice:?}");

    let alike: Vec<Value> = (0..size)
        .map(|i| {
            json!({"fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111", "resource": {"resourceType": "Patient",
            "id": "p", "meta": {"versionId": "1"}, "generalPractitioner": [{"reference": "Practitioner/1"},
            {"reference": format!("urn:uuid:11111111-1111-4111-8111-111111111111/_history/{i}")}]}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": alike});
    assert!(!errors(&plain(&bundle.to_string())).is_empty());

    let versions: Vec<Value> = (0..4 * size)
        .map(|i| {
            json!({"fullUrl": "http://a.no/Patient/p", "resource": {"resourceType": "Patient", "id": "p",
            "meta": {"versionId": format!("{i}")}, "link": [{"type": "seealso",
            "other": {"reference": format!("Patient/p/_history/{i}")}}]}})
        })
        .collect();
    let history = json!({"resourceType": "Bundle", "type": "collection", "entry": versions});
    assert_eq!(errors(&plain(&history.to_string())), Vec::<String>::new());

    let labels: Vec<Value> = (0..100_000)
        .map(|i| json!({"system": "http://a.no/s", "code": format!("c{}", i % 99_999)}))
        .collect();
    let labelled = json!({"resourceType": "Patient", "meta": {"security": labels}});
    let found = plain(&labelled.to_string());
    let twice: Vec<_> = found.iter().filter(|i| i.id() == "Meta_RES_Security_Duplicate").collect();
    assert_eq!(twice.len(), 1, "{:?}", &found[..found.len().min(5)]);
}

#[test]
fn places_and_messages_show_the_beginning_of_what_is_long() {
    let long = "x".repeat(1 << 20);
    for patient in [
        json!({"resourceType": long}),
        json!({"resourceType": "Patient", "meta": {"profile": [format!("http://{long}")]}}),
        json!({"resourceType": "Patient", "extension": [{"url": format!("http://{long}"), "valueString": "a"}]}),
        json!({"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": long, "activ": true}]}),
        json!({"resourceType": "Patient", long[..60_000].to_owned(): true}),
    ] {
        let issues = plain(&patient.to_string());
        assert!(!issues.is_empty());
        for issue in issues {
            assert!(issue.text_en().len() < 3000 && issue.expression.len() < 500, "{}", issue.id());
        }
    }
}

#[test]
fn resources_that_refer_to_each_other_crosswise_are_tried_once_each() {
    // A slice is chosen by whether the target meets the profile itself; all ways are 24^6.
    let linked = json!({
        "resourceType": "StructureDefinition", "url": "http://test.no/l", "name": "L", "status": "active",
        "kind": "resource", "abstract": false, "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": [
            {"id": "Patient.active", "path": "Patient.active", "min": 1},
            {"id": "Patient.link", "path": "Patient.link",
             "slicing": {"discriminator": [{"type": "profile", "path": "other.resolve()"}], "rules": "closed"}},
            {"id": "Patient.link:s", "path": "Patient.link", "sliceName": "s"},
            {"id": "Patient.link:s.other", "path": "Patient.link.other",
             "type": [{"code": "Reference", "targetProfile": ["http://test.no/l"]}]}
        ]}
    });
    let validator = with(&[linked]);
    let address = |i: usize| format!("urn:uuid:11111111-1111-4111-8111-{i:012}");
    let of = |active: usize| {
        let entries: Vec<Value> = (0..24)
            .map(|i| {
                let links: Vec<Value> = (0..24)
                    .filter(|j| *j != i)
                    .map(|j| json!({"type": "seealso", "other": {"reference": address(j)}}))
                    .collect();
                let mut patient = json!({"resourceType": "Patient", "link": links,
                    "meta": {"profile": ["http://test.no/l"]}});
                if i < active {
                    patient["active"] = json!(true);
                }
                json!({"fullUrl": address(i), "resource": patient})
            })
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
        validator.validate_text(&bundle.to_string(), &Options::default())
    };
    assert_eq!(errors(&of(24)), Vec::<String>::new());
    // One that does not fit keeps the others from fitting.
    assert!(errors(&of(23)).len() > 24);
}

/// Checks, validations against profiles and evaluations of invariants that a text takes: the same on every machine.
fn checks(validator: &Validator, text: &str) -> u64 {
    let statistics = Arc::new(Statistics::new(|| Duration::ZERO));
    let options = Options { statistics: Some(Arc::clone(&statistics)), ..Options::default() };
    let issues = validator.validate_text(text, &options);
    assert!(issues.is_empty(), "{issues:?}");
    let rows = [
        statistics.profiles(),
        statistics.checks(lmr_fhir::Language::English),
        statistics.invariants(),
    ];
    rows.iter().flatten().map(|row| row.count).sum()
}

/// What this thread has spent on a processor, in nanoseconds: waiting for one while others run does not count. `None`
/// where the system does not say.
pub(super) fn spent() -> Option<u64> {
    // The system adds up what a thread has spent when it lets another one run.
    std::thread::sleep(Duration::from_micros(50));
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|spent| *spent > 0)
}

/// What a text takes of a processor.
fn work(validator: &Validator, text: &str) -> Option<u64> {
    let before = spent()?;
    // One thread: the default.
    let issues = validator.validate_text(text, &Options::default());
    assert!(issues.is_empty(), "{issues:?}");
    Some(spent()? - before)
}

/// A profile with these lines about Patient.
fn with_lines(lines: impl Iterator<Item = Value>) -> String {
    let lines: Vec<Value> =
        std::iter::once(json!({"id": "Patient", "path": "Patient"})).chain(lines).collect();
    json!({"resourceType": "StructureDefinition", "url": "http://test.no/StructureDefinition/t", "name": "T",
        "status": "active", "kind": "resource", "abstract": false, "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": lines}})
    .to_string()
}

fn line(path: &str, more: Value) -> Value {
    let mut line = json!({"id": path, "path": path});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

#[test]
fn what_is_wrong_many_times_takes_time_in_line_with_how_often() {
    const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
    let concept = |codings: Vec<Value>| {
        json!({"resourceType": "Patient", "maritalStatus": {"coding": codings}}).to_string()
    };
    let cases: [(&str, &dyn Fn(usize) -> String); 14] = [
        ("displays", &|n| {
            concept(vec![json!({"system": MARITAL, "code": "M", "display": "wrong"}); n])
        }),
        ("codes", &|n| {
            concept((0..n).map(|i| json!({"system": MARITAL, "code": format!("z{i}")})).collect())
        }),
        ("versions", &|n| {
            let coding = |i| json!({"system": MARITAL, "code": "M", "version": format!("v{i}")});
            concept((0..n).map(coding).collect())
        }),
        ("systems", &|n| {
            let coding = |i| json!({"system": format!("http://hl7.org/fhir/x{i}"), "code": "M"});
            concept((0..n).map(coding).collect())
        }),
        ("codings of their own", &|n| {
            let label = json!({"system": MARITAL, "code": "M", "display": "wrong"});
            json!({"resourceType": "Patient", "meta": {"tag": vec![label; n]}}).to_string()
        }),
        ("holes", &|n| {
            json!({"resourceType": "Patient", "name": [{"given": vec![Value::Null; n]}]})
                .to_string()
        }),
        ("errors behind warnings", &|n| {
            let label = json!({"system": "http://a.no", "code": "a"});
            json!({"resourceType": "Patient", "meta": {"security": vec![label; n]}}).to_string()
        }),
        ("lines about what is not there", &|n| {
            with_lines((0..n).map(|i| line(&format!("Patient.x{i}"), json!({"min": 1}))))
        }),
        ("lines about one element", &|n| {
            let constraint =
                |i| json!([{"key": format!("k{i}"), "severity": "error", "human": "a"}]);
            with_lines((0..n).map(|i| line("Patient.name", json!({"constraint": constraint(i)}))))
        }),
        ("lines about one choice", &|n| {
            with_lines((0..n).map(|_| line("Patient.deceasedBoolean", json!({"min": 0}))))
        }),
        ("parts of a slice", &|n| {
            let slicing =
                json!({"discriminator": [{"type": "value", "path": "use"}], "rules": "open"});
            let slice = |name: String| {
                let id = format!("Patient.name:{name}");
                json!({"id": id, "path": "Patient.name", "sliceName": name, "min": 0})
            };
            with_lines(
                [line("Patient.name", json!({"slicing": slicing})), slice("a".to_owned())]
                    .into_iter()
                    .chain((0..n).map(|i| slice(format!("a/{i}")))),
            )
        }),
        ("constraints", &|n| {
            let one = |i| json!({"key": format!("k{i}"), "severity": "error", "human": "a"});
            let all: Vec<Value> = (0..n).map(one).collect();
            with_lines(std::iter::once(line("Patient.name", json!({"constraint": all}))))
        }),
        ("steps of a path", &|n| {
            with_lines(std::iter::once(line(&format!("Patient{}", ".a".repeat(n)), json!({}))))
        }),
        ("unknown members", &|n| {
            let all: serde_json::Map<_, _> =
                (0..n).map(|i| (format!("x{i}"), json!(true))).collect();
            let mut patient = json!({"resourceType": "Patient"});
            patient.as_object_mut().unwrap().extend(all);
            patient.to_string()
        }),
    ];
    let validator = Validator::builder().build();
    // As the command does it: without the bound, all that is found is kept.
    let options = Options { max_issues_per_resource: 10_000, ..Options::default() };
    let cost = |text: &str| {
        let before = spent()?;
        let issues = validator.validate_text(text, &options);
        assert!(!issues.is_empty() || text.contains("\"constraint\"") || text.contains("a/1"));
        Some(spent()? - before)
    };
    // What is read once for all is read before.
    cost(&cases[0].1(1));
    for (name, text) in cases {
        const SIZE: usize = 1_200;
        let (small, large) = (text(SIZE), text(4 * SIZE));
        let (Some(small), Some(large)) = (cost(&small), cost(&large)) else { return };
        // By the square it would be sixteen times as much.
        assert!(large < 9 * small.max(5_000_000), "{name}: {small} ns, then {large} ns");
    }
}

#[test]
fn what_may_be_meant_is_looked_for_where_that_costs_little() {
    let concepts: Vec<Value> = (0..20_000).map(|i| json!({"code": format!("A{i:05}")})).collect();
    let validator = with(&[
        json!({"resourceType": "CodeSystem", "url": "http://test.no/s", "status": "active",
        "content": "complete", "concept": concepts}),
    ]);
    let texts = |count: usize| -> Vec<String> {
        let contact = json!({"name": {"family": "Berg"}, "relationship": [
            {"coding": [{"system": "http://test.no/s", "code": "A0x017"}]}]});
        let patient = json!({"resourceType": "Patient", "contact": vec![contact; count]});
        let issues = plain_by(&validator, &patient.to_string());
        issues.iter().filter(|i| i.id() == "Unknown_Code_in").map(Issue::text_en).collect()
    };
    let is_suggested = |text: &String| text.contains("A00017");
    let (few, many) = (texts(3), texts(3_000));
    assert!(few.len() == 3 && few.iter().all(is_suggested), "{few:?}");
    // Sixty million names would be compared.
    assert!(many.len() == 3_000 && !many.iter().any(is_suggested), "{:?}", many.first());
}

#[test]
fn containers_in_containers_cost_what_they_hold() {
    let validator = Validator::builder().build();
    let uuid = |level: usize| format!("urn:uuid:10000000-0000-4000-8000-{level:012}");
    // Every level has a resource that refers to one beside it.
    let beside = |level: usize| {
        let (group, patient) = (uuid(2 * level), uuid(2 * level + 1));
        format!(
            r#"{{"fullUrl":"{group}","resource":{{"resourceType":"Group","type":"person","actual":true,"member":[{{"entity":{{"reference":"{patient}"}}}}]}}}},
               {{"fullUrl":"{patient}","resource":{{"resourceType":"Patient"}}}}"#
        )
    };
    let collection = |level: usize, inner: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[{},{{"fullUrl":"{}","resource":{inner}}}]}}"#,
            beside(level),
            uuid(1000 + level)
        )
    };
    let transaction = |level: usize, inner: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"fullUrl":"{}","request":{{"method":"POST","url":"Bundle"}},"resource":{inner}}}]}}"#,
            uuid(level)
        )
    };
    let parameters = |_: usize, inner: &str| {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"a","resource":{inner}}}]}}"#
        )
    };
    type Around<'f> = &'f dyn Fn(usize, &str) -> String;
    let shapes: [(&str, Around<'_>); 3] =
        [("collection", &collection), ("transaction", &transaction), ("parameters", &parameters)];
    for (name, around) in shapes {
        let nested = |depth: usize| {
            let inner = r#"{"resourceType":"Patient","active":true}"#.to_owned();
            (0..depth).fold(inner, |inner, level| around(level, &inner))
        };
        let texts = [nested(25), nested(100)];
        // Four times the content: what grows with the square takes sixteen times as much.
        let [quarter, whole] = [&texts[0], &texts[1]].map(|text| checks(&validator, text));
        assert!(quarter > 100 && whole < 5 * quarter, "{name}: {quarter} and {whole} checks");
        // Work that no check is: indexes, looking for targets. Caches that others fill only add to it, so the least
        // counts, of as many as it takes.
        let mut least = [u64::MAX; 2];
        let is_linear = (0..40).any(|round| {
            for (text, least) in texts.iter().zip(&mut least) {
                *least = work(&validator, text).unwrap_or_default().min(*least);
            }
            let [quarter, whole] = least;
            round > 2 && whole <= 8 * quarter
        });
        assert!(is_linear, "{name}: {least:?} ns");
    }
}
