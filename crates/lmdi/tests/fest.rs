//! Reading FEST M30: files made up here by the structure of the format, and excerpts of real ones.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use lmr_lmdi::fest::{FestError, FestFile, FestVersion, read};
use lmr_validator::terminology::{CodeList, CodeListError, Content};

const M30: &str = "http://www.kith.no/xmlstds/eresept/m30/";
const PRESCRIPTION: &str = "http://www.kith.no/xmlstds/eresept/forskrivning/";

/// An entry of a catalogue that is active since the year 2026.
fn entry(name: &str, thing: &str) -> String {
    format!(
        "<Oppf{name}><Id>ID_FFFFFFFF-0000-0000-0000-000000000000</Id>\
         <Tidspunkt>2026-01-01T00:00:00</Tidspunkt><Status V=\"A\" DN=\"Aktiv oppføring\"/>{thing}</Oppf{name}>"
    )
}

fn catalogue(name: &str, entries: &[String]) -> String {
    format!("<Kat{name}>{}</Kat{name}>", entries.concat())
}

/// A file of version 2.5.1 with these catalogues.
fn file(catalogues: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<FEST xmlns=\"{M30}2014-12-01\">\
         <HentetDato>2026-09-08T03:09:06</HentetDato>{}</FEST>",
        catalogues.concat()
    )
}

fn id(number: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{number:02}")
}

fn brand() -> String {
    entry(
        "LegemiddelMerkevare",
        &format!(
            "<LegemiddelMerkevare xmlns=\"{PRESCRIPTION}2014-12-01\">\
             <Atc V=\"N02AA05\" S=\"2.16.578.1.12.4.1.1.7180\" DN=\"Oksykodon\"/>\
             <NavnFormStyrke>Eksempel &amp; Co tab 5 mg</NavnFormStyrke>\
             <LegemiddelformKort V=\"53\" S=\"2.16.578.1.12.4.1.1.7448\" DN=\"Tablett\"/>\
             <AdministreringLegemiddel>\
             <Administrasjonsvei V=\"53\" S=\"2.16.578.1.12.4.1.1.7477\" DN=\"Oral bruk\"/>\
             </AdministreringLegemiddel>\
             <Id>ID_{}</Id><Varenavn>Eksempel</Varenavn>\
             <ProduktInfo><Id>ID_EEEEEEEE-0000-0000-0000-000000000000</Id></ProduktInfo>\
             </LegemiddelMerkevare>",
            id(1)
        ),
    )
}

fn package() -> String {
    entry(
        "Legemiddelpakning",
        &format!(
            "<Legemiddelpakning><NavnFormStyrke>Eksempel tab 5 mg</NavnFormStyrke><Id>ID_{}</Id>\
             <Varenr>012345</Varenr><Pakningsinfo><RefLegemiddelMerkevare>ID_{}</RefLegemiddelMerkevare>\
             </Pakningsinfo></Legemiddelpakning>",
            id(2),
            id(1)
        ),
    )
}

fn substance() -> String {
    entry(
        "Virkestoff",
        &format!("<Virkestoff><Id>ID_{}</Id><Navn>Oksykodon</Navn></Virkestoff>", id(3)),
    )
}

fn by_substance() -> String {
    entry(
        "LegemiddelVirkestoff",
        &format!(
            "<LegemiddelVirkestoff><NavnFormStyrke>Oksykodon mikst oppl 1 mg/ml</NavnFormStyrke>\
             <Id>ID_{}</Id><RefLegemiddelMerkevare>ID_{}</RefLegemiddelMerkevare></LegemiddelVirkestoff>",
            id(4),
            id(1)
        ),
    )
}

fn dose(lmr_number: &str) -> String {
    entry(
        "Legemiddeldose",
        &format!(
            "<Legemiddeldose><NavnFormStyrke>Eksempel tab 5 mg, én tablett</NavnFormStyrke>\
             <Id>ID_{}</Id>{lmr_number}<RefLegemiddelMerkevare>ID_{}</RefLegemiddelMerkevare></Legemiddeldose>",
            id(5),
            id(1)
        ),
    )
}

fn whole() -> String {
    file(&[
        catalogue("LegemiddelMerkevare", &[brand()]),
        catalogue("Legemiddelpakning", &[package()]),
        catalogue("Virkestoff", &[substance()]),
        catalogue("LegemiddelVirkestoff", &[by_substance()]),
        catalogue("Legemiddeldose", &[dose("<LmrLopenr>1234567</LmrLopenr>")]),
    ])
}

fn list<'l>(file: &'l FestFile, ending: &str) -> &'l CodeList {
    file.lists.iter().find(|list| list.url.ends_with(ending)).unwrap()
}

fn display<'l>(list: &'l CodeList, code: &str) -> Option<&'l str> {
    list.get(code).unwrap().display.as_deref()
}

#[test]
fn ids_names_and_atc_codes_become_code_systems() {
    let file = read(whole().as_bytes()).unwrap();
    assert_eq!(file.version, Some(FestVersion::V2_5_1));
    assert_eq!(file.retrieved.as_deref(), Some("2026-09-08T03:09:06"));
    assert!(file.is_full() && file.absent.is_empty() && !file.is_veterinary);
    let brands = list(&file, "festLegemiddelMerkevare");
    assert_eq!(brands.version.as_deref(), Some("2026-09-08T03:09:06"));
    // The entry's own id and ids further in are other things.
    assert_eq!(brands.len(), 2);
    for id in [format!("ID_{}", id(1)), id(1)] {
        assert_eq!(display(brands, &id), Some("Eksempel & Co tab 5 mg"));
        assert_eq!(brands.get(&id).unwrap().designations, ["Eksempel"]);
    }
    // Both of the guide's displays: the package's own name, and the trade name of its brand.
    for (system, code) in [
        ("festLegemiddelPakning", format!("ID_{}", id(2))),
        ("fest-varenummer", "012345".to_owned()),
    ] {
        let list = list(&file, system);
        assert_eq!(display(list, &code), Some("Eksempel tab 5 mg"));
        assert_eq!(list.get(&code).unwrap().designations, ["Eksempel"], "{system}");
    }
    let doses = list(&file, "festLegemiddelDose");
    assert_eq!(display(doses, &id(5)), Some("Eksempel tab 5 mg, én tablett"));
    assert!(list(&file, "lmrLopenummer").get("1234567").is_some());
    let atc = list(&file, "/atc");
    assert_eq!(atc.content, Content::Fragment);
    assert_eq!(display(atc, "N02AA05"), Some("Oksykodon"));
    // What entries name is a part of its list.
    for (system, code, name) in [("7448", "53", "Tablett"), ("7477", "53", "Oral bruk")] {
        let list = list(&file, system);
        assert_eq!((display(list, code), list.content), (Some(name), Content::Fragment));
    }
}

#[test]
fn legemiddelvirkestoff_comes_from_its_own_catalogue() {
    let file = read(whole().as_bytes()).unwrap();
    let system = list(&file, "festLegemiddelVirkestoff");
    assert_eq!(display(system, &format!("ID_{}", id(4))), Some("Oksykodon mikst oppl 1 mg/ml"));
    // The id of a bare substance is another thing.
    assert_eq!(system.get(&format!("ID_{}", id(3))), None);
}

#[test]
fn a_system_whose_catalogue_is_not_there_is_absent_and_not_empty() {
    let text = file(&[
        catalogue("LegemiddelMerkevare", &[brand()]),
        catalogue("Legemiddelpakning", &[package()]),
        catalogue("Virkestoff", &[substance()]),
    ]);
    let file = read(text.as_bytes()).unwrap();
    assert_eq!(file.absent, ["KatLegemiddelVirkestoff", "KatLegemiddeldose"]);
    for system in ["festLegemiddelVirkestoff", "festLegemiddelDose", "lmrLopenummer"] {
        assert!(!file.lists.iter().any(|list| list.url.ends_with(system)), "{system}");
    }
    assert!(file.is_full(), "brands and packages are what every extract has");
    let bare = read(self::file(&[catalogue("Virkestoff", &[substance()])]).as_bytes());
    assert!(matches!(bare, Err(FestError::Codes(CodeListError::Empty))), "{bare:?}");
    let packages =
        read(self::file(&[catalogue("Legemiddelpakning", &[package()])]).as_bytes()).unwrap();
    assert!(!packages.is_full());
}

#[test]
fn what_an_entry_lacks_is_left_out_of_its_list_only() {
    let bare = |name: &str| format!("<{name}><NavnFormStyrke>Uten id</NavnFormStyrke></{name}>");
    let text = file(&[
        catalogue(
            "LegemiddelMerkevare",
            &[entry("LegemiddelMerkevare", &bare("LegemiddelMerkevare")), brand()],
        ),
        catalogue("Legemiddelpakning", &[package()]),
        catalogue("Legemiddeldose", &[dose("")]),
    ]);
    let file = read(text.as_bytes()).unwrap();
    assert_eq!(list(&file, "festLegemiddelMerkevare").len(), 2);
    assert_eq!(list(&file, "festLegemiddelDose").len(), 2);
    assert!(!file.lists.iter().any(|list| list.url.ends_with("lmrLopenummer")));
}

#[test]
fn the_newest_entry_of_a_code_counts() {
    let older =
        package().replace("2026-01-01", "2025-01-01").replace("tab 5 mg", "tab 5 mg (gammel)");
    for entries in [[older.clone(), package()], [package(), older]] {
        let text = file(&[
            catalogue("LegemiddelMerkevare", &[brand()]),
            catalogue("Legemiddelpakning", &entries),
        ]);
        let file = read(text.as_bytes()).unwrap();
        assert_eq!(display(list(&file, "fest-varenummer"), "012345"), Some("Eksempel tab 5 mg"));
    }
}

/// KatKodeverk as its schema has it: terms in terms, parents by element id.
fn code_lists() -> String {
    let element = |id: &str, parent: &str, code: &str, term: &str| {
        format!(
            "<Element><Id>{id}</Id>{parent}<Kode>{code}</Kode><Term><Term>{term}</Term>\
             <BeskrivelseTerm>Mer om {term}</BeskrivelseTerm><Sprak V=\"nb\" DN=\"Norsk\"/></Term>\
             <Term><Term>{term} (en)</Term><Sprak V=\"en\" DN=\"Engelsk\"/></Term></Element>"
        )
    };
    let list = |oid: &str, name: &str, elements: &str| {
        entry(
            "Kodeverk",
            &format!(
                "<Info><Id>{oid}</Id><Betegnelse>{name}</Betegnelse><Kortnavn>Kort</Kortnavn>\
                 <AnsvarligUtgiver>DMP</AnsvarligUtgiver></Info>{elements}"
            ),
        )
    };
    catalogue(
        "Kodeverk",
        &[
            list(
                "2.16.578.1.12.4.1.1.7448",
                "Legemiddelform",
                &[
                    element("E1", "", "53", "Tablett"),
                    element("E2", "", "842", "Mikstur, oppløsning"),
                ]
                .concat(),
            ),
            list(
                "2.16.578.1.12.4.1.1.7180",
                "ATC-register",
                &[
                    element("A2", "<ParentId>A1</ParentId>", "N02AA", "Naturlige opiumsalkaloider"),
                    element("A1", "", "N02A", "Opioider"),
                ]
                .concat(),
            ),
            list("2.16.578.1.12.4.1.1.9999", "Noe annet", &element("X", "", "1", "En")),
        ],
    )
}

#[test]
fn code_lists_that_the_file_carries_are_whole() {
    let text = file(&[
        catalogue("LegemiddelMerkevare", &[brand()]),
        catalogue("Legemiddelpakning", &[package()]),
        code_lists(),
    ]);
    let file = read(text.as_bytes()).unwrap();
    let forms = list(&file, "7448");
    assert_eq!(
        (forms.url.as_str(), forms.content),
        ("urn:oid:2.16.578.1.12.4.1.1.7448", Content::Complete)
    );
    assert_eq!((forms.title.as_str(), forms.len()), ("Legemiddelform", 2));
    let form = forms.get("842").unwrap();
    assert_eq!(form.display.as_deref(), Some("Mikstur, oppløsning"));
    assert_eq!(form.designations, ["Mikstur, oppløsning (en)"]);
    let atc = list(&file, "/atc");
    assert_eq!(atc.get("N02AA").unwrap().parent.as_deref(), Some("N02A"));
    // What a brand names exists, though the list was made without it.
    assert!(atc.get("N02AA05").is_some());
    assert!(list(&file, "9999").get("1").is_some());
    // Routes are not among the lists of this file.
    assert_eq!(list(&file, "7477").content, Content::Fragment);
    for list in &file.lists {
        list.to_code_system().unwrap();
    }
}

#[test]
fn increments_are_recognised_and_refused() {
    let refused = |text: &str| match read(text.as_bytes()) {
        Err(error @ FestError::Increment { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let text = refused(&whole().replacen("V=\"A\"", "V=\"U\"", 1));
    assert!(
        text.contains("ID_FFFFFFFF-0000-0000-0000-000000000000") && text.contains("\"U\""),
        "{text}"
    );
    let withdrawn = catalogue("Legemiddelpakning", &[package(), entry("Legemiddelpakning", "")]);
    let text = refused(&file(&[catalogue("LegemiddelMerkevare", &[brand()]), withdrawn]));
    assert!(text.contains("has no content"), "{text}");
}

#[test]
fn versions_are_known_by_their_namespaces() {
    let version = |m30: &str, inner: &str| {
        let text = whole()
            .replace(&format!("{M30}2014-12-01"), m30)
            .replace(&format!("{PRESCRIPTION}2014-12-01"), inner);
        read(text.as_bytes()).map(|file| file.version)
    };
    let (m30, inner) =
        (|date: &str| format!("{M30}{date}"), |date: &str| format!("{PRESCRIPTION}{date}"));
    assert_eq!(
        version(&m30("2014-12-01"), &inner("2014-12-01")).unwrap(),
        Some(FestVersion::V2_5_1)
    );
    assert_eq!(
        version(&m30("2013-10-08"), &inner("2013-10-08")).unwrap(),
        Some(FestVersion::V2_5_0)
    );
    // Seen in the wild: the older envelope around newer entries.
    assert_eq!(
        version(&m30("2013-10-08"), &inner("2014-12-01")).unwrap(),
        Some(FestVersion::V2_5_0)
    );
    assert_eq!(version(&m30("2010-04-01"), &inner("2010-04-01")).unwrap(), Some(FestVersion::V2_4));
    for (root, entries) in [
        (m30("2099-01-01"), inner("2014-12-01")),
        (m30("2014-12-01"), inner("2099-01-01")),
        ("urn:m30".to_owned(), inner("2014-12-01")),
    ] {
        let error = version(&root, &entries).unwrap_err();
        assert!(
            matches!(&error, FestError::UnknownVersion { namespace } if [&root, &entries].contains(&namespace)),
            "{error}"
        );
        assert!(error.to_string().contains("2.5.1"), "{error}");
    }
    // Excerpts circulate without namespaces; prefixed ones are the same.
    let bare = whole()
        .replace(&format!(" xmlns=\"{M30}2014-12-01\""), "")
        .replace(&format!(" xmlns=\"{PRESCRIPTION}2014-12-01\""), "");
    assert_eq!(read(bare.as_bytes()).unwrap().version, None);
    let prefixed = bare
        .replace("<FEST>", &format!("<m:FEST xmlns:m='{M30}2014-12-01'>"))
        .replace("</FEST>", "</m:FEST>");
    assert_eq!(read(prefixed.as_bytes()).unwrap().version, Some(FestVersion::V2_5_1));
}

#[test]
fn spellings_of_one_file_give_the_same_lists() {
    let text = whole();
    let dump = |text: &str| {
        let file = read(text.as_bytes()).unwrap();
        let lists: Vec<String> =
            file.lists.iter().map(|list| list.to_code_system().unwrap()).collect();
        (file.version, file.retrieved, lists)
    };
    let expected = dump(&text);
    for other in [
        format!("\u{feff}{text}"),
        text.replace(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
            "<?xml version='1.0' encoding='UTF-8'?>",
        ),
        text.replace('>', "> ").replace("</", " </"),
        text.replace("<Kat", "<!-- <Id>nei</Id> --><Kat"),
        text.replace("Eksempel &amp; Co tab 5 mg", "<![CDATA[Eksempel & Co]]> tab&#32;5 mg"),
        text.replace("én", "&#233;n"),
        text.replace("<Id>", "<Id\n xml:space=\"default\">"),
    ] {
        assert_eq!(dump(&other), expected, "{other}");
    }
}

#[test]
fn what_is_not_a_fest_file_is_refused() {
    let file = whole();
    assert!(
        matches!(read("<html></html>".as_bytes()), Err(FestError::NotFest(root)) if root == "html")
    );
    assert!(matches!(read("".as_bytes()), Err(FestError::NotFest(_))));
    assert!(matches!(read("<FEST></FEST>".as_bytes()), Err(FestError::Codes(_))));
    assert!(matches!(read("<FEST><a></b></FEST>".as_bytes()), Err(FestError::NotXml { .. })));
    assert!(matches!(read("<FEST>&nbsp;</FEST>".as_bytes()), Err(FestError::NotXml { .. })));
    // An attribute that cannot be read is not passed over, nor is a declaration.
    for text in [
        "<FEST><a V=1/></FEST>",
        "<FEST><a V=\"1\" V=\"2\"></a></FEST>",
        "<FEST><a V=\"&nbsp;\"/></FEST>",
        "<?xml version=\"1.0\" encoding=utf-8?><FEST/>",
    ] {
        assert!(matches!(read(text.as_bytes()), Err(FestError::NotXml { .. })), "{text}");
    }
    assert!(matches!(read("<FEST/><FEST/>".as_bytes()), Err(FestError::SecondRoot)));
    assert!(matches!(read(&b"PK\x03\x04rest"[..]), Err(FestError::Zip)));
    let with_entity = file.replace("<FEST", "<!DOCTYPE FEST [<!ENTITY a \"b\">]><FEST");
    assert!(matches!(read(with_entity.as_bytes()), Err(FestError::Doctype { .. })));
    let deep = format!("<FEST>{}", "<a>".repeat(100_000));
    assert!(matches!(read(deep.as_bytes()), Err(FestError::TooDeep { .. })));
    let utf16: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(read(utf16.as_slice()), Err(FestError::Encoding(_))));
    for name in ["UTF-8", "utf8"] {
        assert!(read(file.replace("utf-8", name).as_bytes()).is_ok(), "{name}");
    }
    let declared = file.replace("utf-8", "iso-8859-1");
    assert!(matches!(read(declared.as_bytes()), Err(FestError::Encoding(_))));
    let latin1: Vec<u8> = file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let error = read(latin1.as_slice()).unwrap_err();
    assert!(matches!(error, FestError::NotUtf8 { .. }), "{error:?}");
}

/// Wherever a file is cut, it is refused: a part of a list must not pass for the list.
#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    let file = whole();
    let end = file.rfind("</FEST>").unwrap() + "</FEST>".len();
    for cut in (0..end).filter(|cut| file.is_char_boundary(*cut)) {
        let found = read(&file.as_bytes()[..cut]);
        assert!(found.is_err(), "cut at byte {cut}: {found:?}");
    }
}

#[test]
fn conformance_excerpts_of_real_files() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment names the folder of the material"
    )]
    let Ok(folder) = std::env::var("LMR_SHARED") else {
        eprintln!("left out: LMR_SHARED is not set, so the excerpts are not at hand");
        return;
    };
    let open = |name: &str| {
        let path = std::path::Path::new(&folder).join("data/fest").join(name);
        read(std::io::BufReader::new(std::fs::File::open(path).unwrap())).unwrap()
    };
    let excerpt = open("2026-utdrag-kort.xml");
    assert_eq!(excerpt.version, Some(FestVersion::V2_5_1));
    assert_eq!(excerpt.retrieved.as_deref(), Some("2026-09-08T03:09:06"));
    assert_eq!(excerpt.absent, ["KatLegemiddelVirkestoff", "KatLegemiddeldose"]);
    let brands = list(&excerpt, "festLegemiddelMerkevare");
    assert_eq!(brands.len(), 4, "two brands, each with and without prefix");
    let brand = "ID_012C7C0D-77BC-4F3D-BEBE-663743B03C1F";
    assert_eq!(display(brands, brand), Some("Amitriptylin Abcur tab 50 mg"));
    assert_eq!(brands.get(brand).unwrap().designations, ["Amitriptylin Abcur"]);
    // A leading zero is a part of the number; a trade good is not a medicine.
    let numbers = list(&excerpt, "fest-varenummer");
    assert_eq!(numbers.len(), 3);
    assert!(numbers.get("079353").is_some() && numbers.get("009282").is_none());
    let routes = list(&excerpt, "7477");
    assert_eq!(display(routes, "53"), Some("Oral bruk"));
    // One line, single quotes, inner namespace; one catalogue each.
    let old = open("2023-merkevare-kodimagnyl.xml");
    assert_eq!((old.version, old.is_full()), (Some(FestVersion::V2_5_1), false));
    assert_eq!(display(list(&old, "/atc"), "N02AJ07"), Some("Kodein og acetylsalisylsyre"));
    assert_eq!(list(&open("2023-pakning-zolpidem-dune.xml"), "festLegemiddelPakning").len(), 2);
}
