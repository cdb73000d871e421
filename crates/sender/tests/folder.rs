//! A folder of files in every form that is read: what is found, what is refused, what waits.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use lmr_sender::source::*;
use zip::write::{SimpleFileOptions, ZipWriter};

fn patient(id: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"Åsen"}}]}}"#)
}

fn gz(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("written");
    encoder.finish().expect("written")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a member");
        writer.write_all(content).expect("written");
    }
    writer.finish().expect("written").into_inner()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("written");
    }

    fn source(&self) -> FolderSource {
        FolderSource::new(self.0.path(), SourceLimits::default())
    }
}

/// What was met (id, place), and the totals; every resource is read again.
fn scan(source: &dyn Source) -> (Vec<(String, String)>, Scanned) {
    let mut met = Vec::new();
    let mut locations = Vec::new();
    let scanned = source
        .scan(Scope::All, &mut |found| {
            let id = found.node.member("id").and_then(lmr_fhir::Node::as_str).expect("an id");
            let place = format!("{}:{}", found.location.label(), found.location.line());
            met.push((id.into_owned(), place));
            locations.push((found.node.raw().to_owned(), found.location));
            Ok(())
        })
        .expect("a source");
    for (text, location) in locations.iter().rev() {
        assert_eq!(&source.read(location).expect("again"), text, "{location:?}");
    }
    (met, scanned)
}

fn issues(scanned: &Scanned) -> Vec<String> {
    scanned.issues.iter().map(ToString::to_string).collect()
}

#[test]
fn n15_every_form_is_read_and_read_again() {
    let folder = Folder::new();
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{}}},
        {{"resource":{}}}]}}"#,
        patient("b1"),
        patient("b2")
    );
    folder.write("a.json", patient("a"));
    folder.write("b.json.gz", gz(&bundle));
    folder.write("c.ndjson.gz", gz(&format!("{}\n\n{}\n", patient("c1"), patient("c2"))));
    let xml = |id: &str| {
        format!(
            "<Patient xmlns=\"http://hl7.org/fhir\">\n<id value=\"{id}\"/>\n<name><family value=\"Åsen\"/></name></Patient>"
        )
    };
    folder.write("d.xml", xml("d"));
    folder.write("e.xml.gz", gz(&xml("e")));
    let nested = gz(&patient("f3"));
    folder.write(
        "f.zip",
        zip(&[
            ("one.json", patient("f1").as_bytes()),
            ("below/two.xml", xml("f2").as_bytes()),
            ("three.json.gz", &nested),
            ("readme.txt", b"no resource"),
            ("__MACOSX/._one.json", b"no resource"),
        ]),
    );
    let in_bundle = format!(
        "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"collection\"/>\n<entry><resource>{}</resource></entry>\n<entry><resource>{}</resource></entry></Bundle>",
        xml("g1"),
        xml("g2")
    );
    folder.write("g.xml", in_bundle);
    let (met, scanned) = scan(&folder.source());
    let expected = [
        ("a", "a.json:1"),
        ("b1", "b.json.gz:1"),
        ("b2", "b.json.gz:2"),
        ("c1", "c.ndjson.gz:1"),
        ("c2", "c.ndjson.gz:3"),
        ("d", "d.xml:1"),
        ("e", "e.xml.gz:1"),
        ("f1", "f.zip/one.json:1"),
        ("f2", "f.zip/below/two.xml:1"),
        ("f3", "f.zip/three.json.gz:1"),
        ("g1", "g.xml:2"),
        ("g2", "g.xml:5"),
    ];
    let met: Vec<(&str, &str)> = met.iter().map(|(id, place)| (&**id, &**place)).collect();
    assert_eq!(met, expected);
    assert_eq!(issues(&scanned), [""; 0]);
    let over: Vec<_> = scanned.passed_over.iter().map(|o| (&o.kind, &*o.example)).collect();
    let (text, hidden) = (&PassedOverKind::Readme, &PassedOverKind::Hidden);
    assert_eq!(over, [(text, "f.zip/readme.txt"), (hidden, "f.zip/__MACOSX/._one.json")]);
    // Only what is asked for is read: a member of an archive too.
    let only = ["f.zip/one.json".to_owned(), "d.xml".to_owned()].into();
    let mut met = 0;
    let scanned = folder.source().scan(Scope::Parts(&only), &mut |_| {
        met += 1;
        Ok(())
    });
    assert!(scanned.is_ok() && (2..=4).contains(&met), "{met}");
}

#[test]
fn damaged_and_encrypted_files_are_named_with_their_reason() {
    let folder = Folder::new();
    let whole = gz(&format!("{}\n", patient("a")).repeat(500));
    folder.write("cut.ndjson.gz", &whole[..whole.len() - 9]);
    let mut flipped = gz(&patient("b"));
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    folder.write("flipped.json.gz", flipped);
    folder.write("no.json.gz", "this is no gzip, whatever its name");
    folder.write("no.zip", "no zip");
    let mut archive = zip(&[("x.json", patient("c").as_bytes())]);
    folder.write("cut.zip", &archive[..archive.len() - 30]);
    // The bit that says "encrypted", in both headers.
    for signature in [b"PK\x03\x04", b"PK\x01\x02"] {
        let at = archive.windows(4).position(|part| part == signature).expect("a header");
        archive[at + if signature[2] == 3 { 6 } else { 8 }] |= 1;
    }
    folder.write("secret.zip", &archive);
    folder.write("fine.json", patient("fine"));
    let (met, scanned) = scan(&folder.source());
    assert!(met.iter().any(|(id, _)| id == "fine"));
    let issue = |file: &str| {
        let found = scanned.issues.iter().find(|issue| issue.file == file);
        found.unwrap_or_else(|| panic!("{file}: {:?}", issues(&scanned))).issue.clone()
    };
    let reason = |reason| SourceIssueKind::Archive { reason };
    assert_eq!(issue("cut.ndjson.gz"), reason(ArchiveError::Truncated));
    assert_eq!(issue("flipped.json.gz"), reason(ArchiveError::Damaged));
    assert_eq!(issue("no.json.gz"), reason(ArchiveError::Damaged));
    assert_eq!(issue("no.zip"), reason(ArchiveError::Damaged));
    assert!(matches!(issue("cut.zip"), SourceIssueKind::Archive { .. }));
    assert_eq!(issue("secret.zip"), reason(ArchiveError::Encrypted));
    assert_eq!(scanned.issues.len(), 6, "{:?}", issues(&scanned));
}

#[test]
fn a_small_file_cannot_inflate_without_end() {
    let folder = Folder::new();
    let line = format!("{}\n", patient("a"));
    let many = line.repeat(200_000);
    folder.write("bomb.ndjson.gz", gz(&many));
    folder.write("bomb.zip", zip(&[("a.ndjson", many.as_bytes()), ("b.ndjson", many.as_bytes())]));
    let limits = SourceLimits { inflated_bytes: 1 << 20, ..SourceLimits::default() };
    let source = FolderSource::new(folder.0.path(), limits);
    let (met, scanned) = scan(&source);
    assert!(met.len() < 3 * (1 << 20) / line.len(), "{}", met.len());
    assert!(scanned.issues.len() >= 2);
    for issue in &scanned.issues {
        assert!(matches!(issue.issue, SourceIssueKind::TooLarge { .. }), "{issue}");
    }
    let limits = SourceLimits { archive_members: 1, ..SourceLimits::default() };
    let (_, scanned) = scan(&FolderSource::new(folder.0.path(), limits));
    let too_many = SourceIssueKind::Archive { reason: ArchiveError::TooManyFiles };
    assert!(scanned.issues.iter().any(|issue| issue.issue == too_many));
}

fn clock(after: SignedDuration) -> lmr_auth::Clock {
    Arc::new(move || {
        // The files' own clock, so that the test does not read another one.
        let probe = tempfile::NamedTempFile::new().expect("a file");
        let changed = probe.as_file().metadata().and_then(|m| m.modified()).expect("a time");
        Timestamp::try_from(changed).expect("a time") + after
    })
}

fn half_written(folder: &Path) {
    let write = |name: &str, content: &[u8]| {
        std::fs::write(folder.join(name), content).expect("written");
    };
    write("cut.json", &patient("a").as_bytes()[..20]);
    write("cut.ndjson", format!("{}\n{}", patient("b"), &patient("c")[..30]).as_bytes());
    write("cut.xml", b"<Patient xmlns=\"http://hl7.org/fhir\"><id val");
    let whole = gz(&patient("d"));
    write("cut.json.gz", &whole[..whole.len() / 2]);
    let whole = zip(&[("x.json", patient("e").as_bytes())]);
    write("cut.zip", &whole[..whole.len() / 2]);
    write("empty.json", b"");
    write("upload.json.part", b"{");
    write("upload.json.filepart", b"{");
    write("export.ndjson.tmp", b"{");
    write("wrong.json", b"{\"resourceType\":\"Patient\",}");
    write("whole.json", patient("whole").as_bytes());
}

#[test]
fn what_is_still_being_written_waits_and_what_is_wrong_does_not() {
    let folder = Folder::new();
    half_written(folder.0.path());
    let unfinished = |scanned: &Scanned| {
        scanned
            .passed_over
            .iter()
            .find(|over| over.kind == PassedOverKind::Unfinished)
            .map_or(0, |over| over.count)
    };
    let just_now =
        folder.source().waiting_for_writers(clock(SignedDuration::ZERO), SignedDuration::ZERO);
    let (met, scanned) = scan(&just_now);
    assert_eq!(met.iter().map(|(id, _)| &**id).collect::<Vec<_>>(), ["b", "whole"]);
    assert_eq!(unfinished(&scanned), 9, "{scanned:?}");
    assert_eq!(scanned.issues.len(), 1, "{:?}", issues(&scanned));
    assert_eq!(scanned.issues[0].file, "wrong.json");
    // An hour later nobody writes any more: what is cut is at fault.
    let later = folder
        .source()
        .waiting_for_writers(clock(SignedDuration::from_hours(1)), SignedDuration::ZERO);
    let (_, scanned) = scan(&later);
    assert_eq!(unfinished(&scanned), 3, "the names still say so");
    assert_eq!(scanned.issues.len(), 7, "{:?}", issues(&scanned));
    // Where a time to settle is set, nothing younger is touched.
    let settling = folder
        .source()
        .waiting_for_writers(clock(SignedDuration::ZERO), SignedDuration::from_secs(30));
    let (met, scanned) = scan(&settling);
    assert_eq!((met.len(), scanned.issues.len()), (0, 0));
    assert_eq!(unfinished(&scanned), 11);
}

#[test]
fn one_text_over_several_lines_is_one_issue_of_a_file_of_lines() {
    let folder = Folder::new();
    let pretty = "\n{\n  \"resourceType\": \"Patient\",\n  \"id\": \"a\"\n}\n";
    folder.write("one.ndjson", pretty);
    folder.write("list.jsonl", format!("[\n{pretty}]\n"));
    folder.write("packed.ndjson.gz", gz(pretty));
    // A line that is cut does not take the others with it.
    folder.write("cut.ndjson", format!("{{\"resourceType\":\n{}\n", patient("b")));
    let (met, scanned) = scan(&folder.source());
    assert_eq!(met.iter().map(|(id, _)| &**id).collect::<Vec<_>>(), ["b"]);
    let several = |issue: &&SourceIssue| issue.issue == SourceIssueKind::SeveralLines;
    assert_eq!(scanned.issues.iter().filter(several).count(), 3, "{:?}", issues(&scanned));
    assert_eq!(scanned.issues.len(), 4, "{:?}", issues(&scanned));
}

/// A name that says that a file is being written is believed as long as somebody may write it.
#[test]
fn a_file_that_nobody_writes_any_more_is_an_issue_whatever_its_name() {
    let names = ["a.json.tmp", "b.temp", "c.json.part", "d.partial", "e.filepart", "f.crdownload"];
    let folder = Folder::new();
    for name in names {
        folder.write(name, patient("a"));
    }
    for (hours, wants) in [(1, 0), (3, names.len()), (-1, 0), (-3, 0), (-14, 0), (-48, names.len())]
    {
        let clock = clock(SignedDuration::from_hours(hours));
        let (met, scanned) =
            scan(&folder.source().waiting_for_writers(clock, SignedDuration::ZERO));
        let never = |issue: &&SourceIssue| issue.issue == SourceIssueKind::NeverFinished;
        assert_eq!(scanned.issues.iter().filter(never).count(), wants, "{hours} h: {scanned:?}");
        assert_eq!((met.len(), scanned.passed_over.len()), (0, usize::from(wants == 0)));
    }
}

/// The clock of the machine that wrote the files is ahead of this one, or their times are wrong.
#[test]
fn a_file_dated_in_the_future_does_not_wait_for_that_day() {
    let folder = Folder::new();
    folder.write("whole.json", patient("whole"));
    folder.write("cut.json", &patient("cut")[..20]);
    let year = SignedDuration::from_hours(-24 * 365);
    let minutes = SignedDuration::from_mins(-10);
    let settle = SignedDuration::from_secs(30);
    for (ahead, settle) in [(year, SignedDuration::ZERO), (year, settle), (minutes, settle)] {
        let (met, scanned) = scan(&folder.source().waiting_for_writers(clock(ahead), settle));
        assert_eq!(met.len(), 1, "{ahead} {settle}");
        assert_eq!(scanned.issues.len(), 1, "what is cut is at fault: {scanned:?}");
        assert_eq!(scanned.passed_over, []);
    }
    // A clock that is a little behind does not take a file from under the hands of who writes it.
    let little = clock(SignedDuration::from_secs(-10));
    let (met, scanned) = scan(&folder.source().waiting_for_writers(little, settle));
    assert_eq!((met.len(), scanned.issues.len(), scanned.passed_over[0].count), (0, 0, 2));
}

/// A file that is moved away while somebody writes it takes what comes after with it: the clock that counts is that of the
/// machine that has the files, whatever the one here says.
#[test]
fn a_file_that_would_be_moved_waits_by_the_clock_of_where_it_is() {
    let (wait, minutes) = (SignedDuration::from_secs(30), |n| SignedDuration::from_mins(n));
    for (offset, copy, read) in [
        (minutes(10), true, 1),
        (minutes(10), false, 0),
        (minutes(-10), false, 0),
        (minutes(60 * 24 * 365), false, 0),
        (minutes(-60 * 24 * 365), false, 0),
    ] {
        let folder = Folder::new();
        folder.write("whole.json", patient("whole"));
        let done = tempfile::tempdir().expect("a folder");
        let archive = FileArchive { folder: done.path().to_owned(), copy };
        let source = folder.source().waiting_for_writers(clock(offset), wait).archiving(archive);
        let (met, scanned) = scan(&source);
        assert_eq!(met.len(), read, "{offset} {copy}: {scanned:?}");
        let left: Vec<_> = std::fs::read_dir(folder.0.path()).expect("a folder").collect();
        assert_eq!(left.len(), 1, "nothing is left beside it");
        // And is read when it is as old as it must be there.
        let file = std::fs::File::options().write(true).open(folder.0.path().join("whole.json"));
        let file = file.expect("a file");
        let written = file.metadata().expect("read").modified().expect("a time");
        file.set_modified(written - std::time::Duration::from_secs(60)).expect("dated");
        let (met, _) = scan(&source);
        assert_eq!(met.len(), 1, "{offset} {copy}");
    }
}

#[test]
fn several_sources_are_one_and_say_whose_each_place_is() {
    let (first, second) = (Folder::new(), Folder::new());
    first.write("p.ndjson", format!("{}\n{}\n", patient("a"), patient("b")));
    second.write("q.json.gz", gz(&patient("c")));
    second.write("wrong.json", "{]");
    let empty = Folder::new();
    let source = Sources::new(vec![
        ("ward".to_owned(), Box::new(first.source())),
        ("clinic".to_owned(), Box::new(second.source())),
        ("night".to_owned(), Box::new(empty.source())),
    ]);
    let (met, scanned) = scan(&source);
    let met: Vec<(&str, &str)> = met.iter().map(|(id, place)| (&**id, &**place)).collect();
    assert_eq!(
        met,
        [("a", "ward: p.ndjson:1"), ("b", "ward: p.ndjson:2"), ("c", "clinic: q.json.gz:1")]
    );
    assert_eq!((scanned.files, scanned.resources), (4 - 1, 3));
    assert_eq!(scanned.issues[0].file, "clinic: wrong.json");
    assert_eq!(scanned.empty, ["night"]);
    let only = ["clinic: q.json.gz".to_owned()].into();
    let mut met = Vec::new();
    let _ = source.scan(Scope::Parts(&only), &mut |found| {
        met.push(found.location.label().to_owned());
        Ok(())
    });
    assert_eq!(met, ["clinic: q.json.gz"]);
    // One that cannot be read is a failure of all.
    let gone = Sources::new(vec![
        ("ward".to_owned(), Box::new(first.source())),
        (
            "gone".to_owned(),
            Box::new(FolderSource::new("/no/such/folder", SourceLimits::default())),
        ),
    ]);
    assert!(gone.scan(Scope::All, &mut |_| Ok(())).is_err());
}

/// The file that says that the share is mounted: without it an empty folder is no source, and one with something in it
/// (what was written into the mount point by mistake) is none either.
#[test]
fn a_folder_without_its_marker_is_not_read() {
    let folder = Folder::new();
    let source =
        folder.source().marked_by(Marker::new(Some(std::path::PathBuf::from(".lmr-mounted"))));
    for is_empty in [true, false] {
        if !is_empty {
            folder.write("p.json", patient("p"));
        }
        let error = source.scan(Scope::All, &mut |_| Ok(())).expect_err("not mounted");
        assert_eq!(error.cause, FileError::NoMarker { name: ".lmr-mounted".to_owned() });
    }
    folder.write(".lmr-mounted", "");
    let (met, scanned) = scan(&source);
    assert_eq!((met.len(), scanned.places.len()), (1, 0), "the marker says enough");
}

/// Only an export of a server says with a type and an id which resource it is.
#[test]
fn ids_of_files_are_stable_where_somebody_says_so() {
    let folder = Folder::new();
    assert_eq!(folder.source().id_space("p.json"), None);
    let source = folder.source().with_stable_ids();
    assert_eq!(source.id_space("p.json"), Some(""));
    let sources = |names: &[&str]| {
        let all = names.iter().map(|name| {
            let source: Box<dyn Source> = Box::new(folder.source().with_stable_ids());
            ((*name).to_owned(), source)
        });
        Sources::new(all.collect())
    };
    let one = sources(&["a"]);
    assert_eq!(one.id_space("a: p.json"), Some("a"));
    let two = sources(&["a", "b"]);
    assert_eq!(two.id_space("b: p.json"), Some("b"));
}
