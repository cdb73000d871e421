//! Reading FEST M30, with a file made up here.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use lmr_lmdi::fest::{FestError, read};
use lmr_validator::terminology::{CodeList, Content};

const FILE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<FEST xmlns="urn:m30">
  <HentetDato>2026-01-01T00:00:00</HentetDato>
  <KatLegemiddelMerkevare>
    <OppfLegemiddelMerkevare>
      <Id>ID_FFFFFFFF-0000-0000-0000-000000000000</Id>
      <Status V="A" DN="Aktiv oppføring"/>
      <LegemiddelMerkevare xmlns="urn:forskrivning">
        <Atc V="N02AA05" S="2.16.578.1.12.4.1.1.7180" DN="Oksykodon"/>
        <NavnFormStyrke>Eksempel &amp; Co tab 5 mg</NavnFormStyrke>
        <Id>ID_00000000-0000-0000-0000-000000000001</Id>
        <Varenavn>Eksempel</Varenavn>
        <ProduktInfo><Id>ID_EEEEEEEE-0000-0000-0000-000000000000</Id></ProduktInfo>
      </LegemiddelMerkevare>
    </OppfLegemiddelMerkevare>
  </KatLegemiddelMerkevare>
  <KatLegemiddelpakning>
    <OppfLegemiddelpakning>
      <Status V="U" DN="Utgått"/>
      <Legemiddelpakning>
        <NavnFormStyrke>Eksempel tab 5 mg</NavnFormStyrke>
        <Id>ID_00000000-0000-0000-0000-000000000002</Id>
        <Varenr>012345</Varenr>
      </Legemiddelpakning>
    </OppfLegemiddelpakning>
  </KatLegemiddelpakning>
  <KatVirkestoff>
    <OppfVirkestoff>
      <Status V="A"/>
      <Virkestoff><Id>ID_00000000-0000-0000-0000-000000000003</Id><Navn>Oksykodon</Navn></Virkestoff>
    </OppfVirkestoff>
  </KatVirkestoff>
</FEST>"#;

fn list<'l>(lists: &'l [CodeList], ending: &str) -> &'l CodeList {
    lists.iter().find(|list| list.url.ends_with(ending)).unwrap()
}

#[test]
fn ids_names_and_atc_codes_become_code_systems() {
    let lists = read(FILE.as_bytes()).unwrap();
    let brands = list(&lists, "festLegemiddelMerkevare");
    // The entry's own id and ids further in are other things.
    assert_eq!(brands.len(), 2);
    for id in ["ID_00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"] {
        assert_eq!(brands.get(id).unwrap().display.as_deref(), Some("Eksempel & Co tab 5 mg"));
    }
    let packages = list(&lists, "festLegemiddelPakning");
    assert!(packages.get("ID_00000000-0000-0000-0000-000000000002").unwrap().is_inactive);
    assert!(list(&lists, "fest-varenummer").get("012345").is_some());
    let substances = list(&lists, "festLegemiddelVirkestoff");
    assert_eq!(
        substances.get("00000000-0000-0000-0000-000000000003").unwrap().display.as_deref(),
        Some("Oksykodon")
    );
    let atc = list(&lists, "/atc");
    assert_eq!(atc.content, Content::Fragment);
    assert_eq!(atc.get("N02AA05").unwrap().display.as_deref(), Some("Oksykodon"));
}

#[test]
fn what_is_no_fest_file_is_refused() {
    assert!(
        matches!(read("<html></html>".as_bytes()), Err(FestError::NotFest(root)) if root == "html")
    );
    assert!(matches!(read("<FEST></FEST>".as_bytes()), Err(FestError::Codes(_))));
    assert!(matches!(
        read(&FILE.as_bytes()[..900]),
        Err(FestError::Truncated | FestError::NotXml { .. })
    ));
    assert!(matches!(read("<FEST><a></b></FEST>".as_bytes()), Err(FestError::NotXml { .. })));
    let deep = format!("<FEST>{}", "<a>".repeat(100_000));
    assert!(matches!(read(deep.as_bytes()), Err(FestError::TooDeep)));
}
