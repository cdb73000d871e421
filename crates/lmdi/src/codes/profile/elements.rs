//! LMR-4001 to 4006: elements and resource types that are missing, too many or unknown.

macro_rules! profile_elements {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Profile {
        ElementMissing = 4001 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Påkrevd element mangler", en: "Mandatory element missing" },
            explanation: {
                nb: "Elementet forekommer færre ganger enn profilen krever.",
                en: "The element occurs fewer times than its profile demands.",
            },
            cause: {
                nb: "Feltet er ikke fylt ut hos kilden, eller overføres ikke.",
                en: "The field is not filled in at the source, or is not carried over.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "intent": "order"}"#,
            right: r#"{"resourceType": "MedicationRequest", "status": "active", "intent": "order"}"#,
            remedy: { nb: "Fyll ut elementet.", en: "Fill in the element." },
        }
        ElementTooMany = 4002 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Elementet forekommer for mange ganger", en: "Element occurs too often" },
            explanation: {
                nb: "Elementet forekommer flere ganger enn profilen tillater.",
                en: "The element occurs more times than its profile allows.",
            },
            cause: {
                nb: "Flere koder i samme kodeverk, eller gjentatte verdier.",
                en: "Several codes of one code system, or repeated values.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "396275006"}, {"system": "http://snomed.info/sct", "code": "396275006"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "396275006"}]}}"#,
            remedy: {
                nb: "Behold bare det profilen tillater.",
                en: "Keep only what the profile allows.",
            },
        }
        ElementForbidden = 4003 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Elementet skal ikke sendes", en: "Element shall not be sent" },
            explanation: {
                nb: "Profilen forbyr elementet. Registeret skal ikke ha opplysningen.",
                en: "The profile forbids the element. The register shall not have the information.",
            },
            cause: {
                nb: "Hele journalressursen er sendt uten å fjerne felt.",
                en: "The whole record was sent without removing fields.",
            },
            wrong: r#"{"resourceType": "Patient", "name": [{"family": "Eksempel"}]}"#,
            right: r#"{"resourceType": "Patient"}"#,
            remedy: {
                nb: "Ta elementet ut før sending.",
                en: "Take the element out before sending.",
            },
        }
        ElementUnknown = 4004 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Ukjent element", en: "Unknown element" },
            explanation: {
                nb: "FHIR R4 har ikke et element med dette navnet her.",
                en: "FHIR R4 has no element of this name here.",
            },
            cause: {
                nb: "Skrivefeil, egen utvidelse eller en annen FHIR-versjon.",
                en: "A misspelling, an addition of your own or another FHIR version.",
            },
            wrong: r#"{"resourceType": "Patient", "birthdate": "1958-05-12"}"#,
            right: r#"{"resourceType": "Patient", "birthDate": "1958-05-12"}"#,
            remedy: {
                nb: "Rett navnet eller fjern elementet.",
                en: "Correct the name or remove the element.",
            },
        }
        TypeNotAllowed = 4005 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Typen er ikke tillatt her", en: "Type not allowed here" },
            explanation: {
                nb: "Profilen tillater bare noen av typene elementet kan ha.",
                en: "The profile allows only some of the types the element can have.",
            },
            cause: {
                nb: "Kode er brukt der profilen krever referanse, eller omvendt.",
                en: "A code was used where the profile demands a reference, or the reverse.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "legemiddel"}}"#,
            right: r#"{"resourceType": "MedicationRequest", "medicationReference": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000007"}}"#,
            remedy: { nb: "Bruk en tillatt type.", en: "Use an allowed type." },
        }
        ResourceTypeUnknown = 4006 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Ukjent ressurstype", en: "Unknown resource type" },
            explanation: {
                nb: "FHIR R4 har ingen ressurs med dette navnet.",
                en: "FHIR R4 has no resource of this name.",
            },
            cause: {
                nb: "Skrivefeil eller en annen FHIR-versjon.",
                en: "A misspelling or another FHIR version.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "contained": [{"resourceType": "Pasient", "id": "c"}]}"#,
            right: r#"{"resourceType": "MedicationRequest"}"#,
            remedy: { nb: "Rett navnet.", en: "Correct the name." },
        }
    }
    } };
}

pub(in crate::codes) use profile_elements;
