//! LMR-5020 to LMR-5031: codes look as the codes of their system do.
//!
//! Why: the content of most systems is not at hand, and a code of the wrong form is none of theirs. All of
//! it warns only: the forms are conventions of the systems, not part of the profiles.

use std::borrow::Cow;

use lmr_fhir::{Element, Kind, Node};
use lmr_identifiers::{FestId, systems};

use crate::codes::Code;
use crate::finding::Finding;
use crate::rules::{Check, Coded, Context, Rule};

pub(crate) const RULE: Rule = Rule {
    codes: &[
        Code::AtcSyntax,
        Code::Icd10Syntax,
        Code::Icd11Syntax,
        Code::Icpc2Syntax,
        Code::SnomedSyntax,
        Code::SnomedCheckDigit,
        Code::FestIdSyntax,
        Code::LmrSerialSyntax,
        Code::ItemNumberSyntax,
        Code::MunicipalitySyntax,
        Code::UrbanDistrictSyntax,
        Code::VolvenCodeSyntax,
    ],
    check: Check::Coded(check),
};

const MUNICIPALITY: [&str; 2] = [
    "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode",
    "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-municipalitycode",
];
const URBAN_DISTRICT: [&str; 2] = [
    "http://hl7.no/fhir/StructureDefinition/no-basis-urban-district",
    "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-urban-district",
];

fn check(context: &Context<'_>, coded: &Coded<'_>, findings: &mut Vec<Finding>) {
    fn text(node: Node<'_>) -> Cow<'_, str> {
        node.as_str().unwrap_or_default()
    }
    if let (Some(system), Some(code)) = (coded.system, coded.code)
        && let Some(fault) = fault(&text(system), &text(code))
    {
        findings.push(context.finding(fault, Element::of(code)));
    }
    // These extensions do not fix the system of their coding, so the url says what is meant.
    if let (Some(url), Some(coding)) = (coded.url, coded.coding) {
        let form = match &*text(url) {
            url if MUNICIPALITY.contains(&url) => municipality,
            url if URBAN_DISTRICT.contains(&url) => urban_district,
            _ => return,
        };
        let system = coding.member("system").map(text).unwrap_or_default();
        if let Some(code) = coding.member("code").filter(|code| code.kind() == Kind::String)
            && fault(&system, &text(code)).is_none()
            && let Some(fault) = form(&text(code))
        {
            findings.push(context.finding(fault, Element::of(code)));
        }
    }
}

/// ICD-10.
pub(crate) const ICD10: &str = "urn:oid:2.16.578.1.12.4.1.1.7110";
/// SNOMED CT.
pub(crate) const SNOMED: &str = "http://snomed.info/sct";

/// The warning a code of this system deserves.
pub(super) fn fault(system: &str, code: &str) -> Option<Code> {
    let bad = |holds: bool, fault: Code| (!holds).then_some(fault);
    match system {
        SNOMED => snomed(code),
        "http://www.whocc.no/atc" => bad(is_atc(code), Code::AtcSyntax),
        ICD10 => bad(is_icd10(code), Code::Icd10Syntax),
        "http://id.who.int/icd/release/11/mms" => bad(is_icd11(code), Code::Icd11Syntax),
        "urn:oid:2.16.578.1.12.4.1.1.7170" => bad(is_icpc2(code), Code::Icpc2Syntax),
        systems::FEST_DOSE
        | systems::FEST_BRAND
        | systems::FEST_PACKAGE
        | systems::FEST_SUBSTANCE => bad(FestId::parse(code).is_ok(), Code::FestIdSyntax),
        systems::SERIAL_NUMBER => bad(digits(code, 7), Code::LmrSerialSyntax),
        systems::ITEM_NUMBER => bad(digits(code, 6), Code::ItemNumberSyntax),
        "urn:oid:2.16.578.1.12.4.1.1.3402" => municipality(code),
        "urn:oid:2.16.578.1.12.4.1.1.3403" => urban_district(code),
        "urn:oid:2.16.578.1.12.4.1.1.8624" => bad(digits(code, 2), Code::VolvenCodeSyntax),
        "urn:oid:2.16.578.1.12.4.1.1.7448"
        | "urn:oid:2.16.578.1.12.4.1.1.7477"
        | "urn:oid:2.16.578.1.12.4.1.1.7478" => bad(
            !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()),
            Code::VolvenCodeSyntax,
        ),
        _ => None,
    }
}

/// Four digits. Also asked for the municipality extension, whose system is not fixed.
fn municipality(code: &str) -> Option<Code> {
    (!digits(code, 4)).then_some(Code::MunicipalitySyntax)
}

/// Six digits: municipality and two more.
fn urban_district(code: &str) -> Option<Code> {
    (!digits(code, 6)).then_some(Code::UrbanDistrictSyntax)
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn snomed(code: &str) -> Option<Code> {
    let form = (6..=18).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && !code.starts_with('0')
        // Third last and second last digit: partition; concepts have 00 (international) or 10.
        && matches!(code.get(code.len() - 3..code.len() - 1), Some("00" | "10"));
    if !form {
        return Some(Code::SnomedSyntax);
    }
    (!verhoeff_holds(code)).then_some(Code::SnomedCheckDigit)
}

/// Verhoeff's check digit in the dihedral group of order ten.
fn verhoeff_holds(digits: &str) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let multiply = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a + 5 - 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let mut check = 0;
    for (position, byte) in digits.bytes().rev().enumerate() {
        let mut digit = byte - b'0';
        for _ in 0..position % 8 {
            digit = PERMUTATION[usize::from(digit)];
        }
        check = multiply(check, digit);
    }
    check == 0
}

fn is_atc(code: &str) -> bool {
    // One pattern per level: A, A01, A01A, A01AA, A01AA01; Q in front for veterinary codes.
    let code = code.strip_prefix('Q').filter(|rest| !rest.is_empty()).unwrap_or(code);
    let b = code.as_bytes();
    matches!(b.len(), 1 | 3 | 4 | 5 | 7)
        && b.iter().enumerate().all(|(i, byte)| match i {
            0 => b"ABCDGHJLMNPRSV".contains(byte),
            1 | 2 | 5 | 6 => byte.is_ascii_digit(),
            _ => byte.is_ascii_uppercase(),
        })
}

fn is_icd10(code: &str) -> bool {
    let b = code.as_bytes();
    if b.len() < 3 || !b[0].is_ascii_uppercase() || !b[1].is_ascii_digit() || !b[2].is_ascii_digit()
    {
        return false;
    }
    let rest = &b[3..];
    let rest = if let [b'.', after @ ..] = rest {
        if after.is_empty() {
            return false;
        }
        after
    } else {
        rest
    };
    rest.len() <= 2 && rest.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn is_icd11(code: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() && byte != b'I' && byte != b'O';
    let any = |byte: u8| byte.is_ascii_digit() || letter(byte);
    let stem = |text: &str| {
        let (head, tail) =
            text.split_once('.').map_or((text, None), |(head, tail)| (head, Some(tail)));
        let b = head.as_bytes();
        b.len() == 4
            && any(b[0])
            && letter(b[1])
            && b[2].is_ascii_digit()
            && any(b[3])
            && tail.is_none_or(|tail| (1..=2).contains(&tail.len()) && tail.bytes().all(any))
    };
    !code.is_empty() && code.split(['&', '/']).all(stem)
}

fn is_icpc2(code: &str) -> bool {
    let code = code.strip_prefix('-').unwrap_or(code);
    let b = code.as_bytes();
    match b {
        [chapter, a, c] => {
            b"ABDFHKLNPRSTUWXYZ".contains(chapter) && a.is_ascii_digit() && c.is_ascii_digit()
        }
        [a, c] => a.is_ascii_digit() && c.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_snomed_ids_is_verhoeffs() {
        for code in
            ["421521009", "47625008", "55452001", "396275006", "182896008", "385055001", "26643006"]
        {
            assert_eq!(fault(SNOMED, code), None, "{code}");
        }
        assert_eq!(fault(SNOMED, "32236009"), Some(Code::SnomedCheckDigit));
        for code in ["oral", "12345", "026643006", "26643076", ""] {
            assert_eq!(fault(SNOMED, code), Some(Code::SnomedSyntax), "{code}");
        }
    }

    #[test]
    fn codes_are_held_to_the_form_of_their_system() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "http://www.whocc.no/atc",
                &["N", "N02", "N02A", "N02AA", "N02AA05", "QJ01CA04"],
                &["", "N0", "n02", "N02AA0", "X01", "N02AA055"],
            ),
            (
                "urn:oid:2.16.578.1.12.4.1.1.7110",
                &["I20", "R63.3", "F402", "S72.00"],
                &["I2", "R63.", "R63.333", "63R", "i20"],
            ),
            (
                "http://id.who.int/icd/release/11/mms",
                &["BA40", "1A00", "5A11.0", "2C25.Z&XS9R", "BA41/CA40"],
                &["I20", "BA4", "BA40.", "ba40", ""],
            ),
            ("urn:oid:2.16.578.1.12.4.1.1.7170", &["K74", "-30", "A03"], &["K7", "KK4", "C74", ""]),
            (
                systems::FEST_DOSE,
                &[
                    "ID_00000000-0000-4000-8000-00000000000A",
                    "00000000-0000-4000-8000-00000000000a",
                ],
                &["106383", "ID_", "ID_00000000-0000-4000-8000-00000000000G"],
            ),
            (systems::SERIAL_NUMBER, &["1000003"], &["10030", "10000033"]),
            (systems::ITEM_NUMBER, &["001234"], &["1234", "12345a"]),
            ("urn:oid:2.16.578.1.12.4.1.1.3402", &["0301"], &["301", "Oslo"]),
            ("urn:oid:2.16.578.1.12.4.1.1.3403", &["030102"], &["02", "030"]),
            ("urn:oid:2.16.578.1.12.4.1.1.8624", &["01"], &["1", "001"]),
            ("urn:oid:2.16.578.1.12.4.1.1.7448", &["53", "842"], &["tablett", ""]),
        ];
        for (system, good, bad) in cases {
            for code in *good {
                assert_eq!(fault(system, code), None, "{system} {code}");
            }
            for code in *bad {
                assert!(fault(system, code).is_some(), "{system} {code}");
            }
        }
        assert_eq!(fault("http://eksempel.no", "hva som helst"), None);
    }
}
