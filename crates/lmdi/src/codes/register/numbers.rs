//! LMR-6001 to 6016: identity, organisation, HPR and RESH numbers.

macro_rules! register_numbers {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Register {
        PersonNumberFormat = 6001 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: { nb: "Personnummeret har feil form", en: "Identity number malformed" },
            explanation: {
                nb: "Fødselsnummer og D-nummer har elleve sifre uten mellomrom.",
                en: "National identity numbers and D-numbers have eleven digits without blanks.",
            },
            cause: {
                nb: "Mellomrom, eller null foran er borte.",
                en: "Blanks, or the leading zero is gone.",
            },
            wrong: "ti sifre",
            right: "elleve sifre",
            remedy: {
                nb: "Skriv nummeret med elleve sifre.",
                en: "Write the number with eleven digits.",
            },
        }
        PersonNumberCheckDigit = 6002 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: {
                nb: "Kontrollsifrene i personnummeret stemmer ikke",
                en: "Identity number check digits wrong",
            },
            explanation: {
                nb: "De to siste sifrene regnes ut av de ni første.",
                en: "The last two digits follow from the first nine.",
            },
            cause: {
                nb: "Tastefeil eller hjelpenummer.",
                en: "A misprint or an auxiliary number.",
            },
            wrong: "ett siffer endret",
            right: "nummeret slik det er tildelt",
            remedy: {
                nb: "Kontroller nummeret hos kilden.",
                en: "Check the number at the source.",
            },
        }
        PersonNumberDate = 6003 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: {
                nb: "Datoen i personnummeret finnes ikke",
                en: "Date in the identity number does not exist",
            },
            explanation: {
                nb: "De seks første sifrene skal gi en dato som passer individsifrene.",
                en: "The first six digits shall give a date that fits the individual digits.",
            },
            cause: {
                nb: "Tastefeil eller hjelpenummer.",
                en: "A misprint or an auxiliary number.",
            },
            wrong: "dag 32",
            right: "dag 31",
            remedy: {
                nb: "Kontroller nummeret hos kilden.",
                en: "Check the number at the source.",
            },
        }
        PersonNumberWrongSystem = 6004 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: { nb: "Nummeret står under feil system", en: "Number under the wrong system" },
            explanation: {
                nb: "D-nummer har første siffer økt med 4 og sitt eget system.",
                en: "D-numbers have the first digit raised by 4 and a system of their own.",
            },
            cause: {
                nb: "Fødselsnummer og D-nummer er forvekslet.",
                en: "Identity number and D-number are mixed up.",
            },
            wrong: "D-nummer under urn:oid:2.16.578.1.12.4.1.4.1",
            right: "D-nummer under urn:oid:2.16.578.1.12.4.1.4.2",
            remedy: {
                nb: "Bruk systemet som hører til nummeret.",
                en: "Use the system that belongs to the number.",
            },
        }
        PersonNumberReal = 6005 {
            severity: Error, status: 422, retry: Never, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: {
                nb: "Virkelig personnummer i testmiljø",
                en: "Real identity number in a test environment",
            },
            explanation: {
                nb: "Testmiljøet tar bare syntetiske numre (måned økt med 40, 65 eller 80).",
                en: "The test environment takes synthetic numbers only (month raised by 40, 65 or 80).",
            },
            cause: {
                nb: "Produksjonsdata er sendt til test.",
                en: "Production data were sent to test.",
            },
            wrong: "måned 05",
            right: "måned 85",
            remedy: {
                nb: "Stans sendingen og bruk syntetiske data.",
                en: "Stop sending and use synthetic data.",
            },
        }
        PersonNumberSynthetic = 6006 {
            severity: Error, status: 422, retry: Never, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: {
                nb: "Syntetisk personnummer i produksjon",
                en: "Synthetic identity number in production",
            },
            explanation: {
                nb: "Produksjon tar ikke syntetiske numre.",
                en: "Production does not take synthetic numbers.",
            },
            cause: {
                nb: "Testdata er sendt til produksjon.",
                en: "Test data were sent to production.",
            },
            wrong: "måned 85",
            right: "måned 05",
            remedy: {
                nb: "Stans sendingen og kontroller miljøet.",
                en: "Stop sending and check the environment.",
            },
        }
        PersonNumber2032 = 6007 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/person_number.rs",
            title: {
                nb: "Nummeret er bare gyldig etter ordningen fra 2032",
                en: "Number only valid under the 2032 scheme",
            },
            explanation: {
                nb: "Første kontrollsiffer passer bare den nye ordningen, som ikke er i bruk før 2032.",
                en: "The first check digit fits only the new scheme, not in use before 2032.",
            },
            cause: {
                nb: "Tastefeil, eller et nummer tildelt etter ny ordning.",
                en: "A misprint, or a number issued under the new scheme.",
            },
            wrong: "k1 med rest 1",
            right: "k1 med rest 0",
            remedy: {
                nb: "Kontroller nummeret hos kilden.",
                en: "Check the number at the source.",
            },
        }
        BirthDateMismatch = 6008 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/birth_date_and_number.rs",
            title: {
                nb: "Fødselsdatoen passer ikke personnummeret",
                en: "Birth date does not fit the identity number",
            },
            explanation: {
                nb: "birthDate og datoen i nummeret er forskjellige.",
                en: "birthDate and the date in the number differ.",
            },
            cause: {
                nb: "Opplysninger om to personer kan være blandet.",
                en: "Information on two people may be mixed.",
            },
            wrong: r#"{"resourceType": "Patient", "birthDate": "1985-05-12"}"#,
            right: r#"{"resourceType": "Patient", "birthDate": "1958-05-12"}"#,
            remedy: {
                nb: "Kontroller at begge gjelder samme person.",
                en: "Check that both are of the same person.",
            },
        }
        HprNumberInvalid = 6010 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/hpr_number.rs",
            title: { nb: "HPR-nummeret har feil form", en: "HPR number malformed" },
            explanation: { nb: "HPR-nummer er bare sifre.", en: "HPR numbers are digits only." },
            cause: { nb: "Navn eller brukernavn er brukt.", en: "A name or user name was used." },
            wrong: r#"{"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "HPR9144900"}]}"#,
            right: r#"{"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900"}]}"#,
            remedy: { nb: "Skriv bare sifrene.", en: "Write the digits only." },
        }
        HprNumberLength = 6011 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/hpr_number.rs",
            title: { nb: "HPR-nummeret har uvanlig lengde", en: "HPR number of unusual length" },
            explanation: {
                nb: "HPR-nummer har vanligvis sju til ni sifre.",
                en: "HPR numbers usually have seven to nine digits.",
            },
            cause: { nb: "Sifre er falt bort.", en: "Digits were lost." },
            wrong: r#"{"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "914"}]}"#,
            right: r#"{"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900"}]}"#,
            remedy: { nb: "Kontroller nummeret.", en: "Check the number." },
        }
        OrganisationNumberFormat = 6012 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/organisation_number.rs",
            title: {
                nb: "Organisasjonsnummeret har feil form",
                en: "Organisation number malformed",
            },
            explanation: {
                nb: "Organisasjonsnummer har ni sifre uten mellomrom.",
                en: "Organisation numbers have nine digits without blanks.",
            },
            cause: {
                nb: "Mellomrom, eller et tiende siffer fra NPR.",
                en: "Blanks, or a tenth digit from NPR.",
            },
            wrong: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "1234567890"}]}"#,
            right: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "999000207"}]}"#,
            remedy: {
                nb: "Skriv nummeret med ni sifre.",
                en: "Write the number with nine digits.",
            },
        }
        OrganisationNumberCheckDigit = 6013 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/organisation_number.rs",
            title: {
                nb: "Kontrollsifferet i organisasjonsnummeret stemmer ikke",
                en: "Organisation number check digit wrong",
            },
            explanation: {
                nb: "Siste siffer regnes ut av de åtte første.",
                en: "The last digit follows from the first eight.",
            },
            cause: { nb: "Tastefeil.", en: "A misprint." },
            wrong: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "999000208"}]}"#,
            right: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "999000207"}]}"#,
            remedy: {
                nb: "Kontroller nummeret i Enhetsregisteret.",
                en: "Check the number in the register of entities.",
            },
        }
        ReshIdInvalid = 6014 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/resh_id.rs",
            title: { nb: "RESH-id har feil form", en: "RESH id malformed" },
            explanation: { nb: "RESH-id er bare sifre.", en: "RESH ids are digits only." },
            cause: { nb: "Navn eller OID er brukt.", en: "A name or an OID was used." },
            wrong: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "RESH-4001031"}]}"#,
            right: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001031"}]}"#,
            remedy: { nb: "Skriv bare sifrene.", en: "Write the digits only." },
        }
        HprNumberTooLarge = 6015 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/rules/hpr_number.rs",
            title: { nb: "HPR-nummeret er for stort", en: "HPR number too large" },
            explanation: {
                nb: "Registeret lagrer HPR-nummer som heltall opptil 2147483647; et større gir ingen rekvirent.",
                en: "The register stores HPR numbers as integers up to 2147483647; a larger one gives no prescriber.",
            },
            cause: {
                nb: "Et annet nummer er brukt som HPR-nummer.",
                en: "Another number was used as HPR number.",
            },
            wrong: r#"{"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900123"}]}"#,
            right: r#"{"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900"}]}"#,
            remedy: {
                nb: "Bruk helsepersonellets HPR-nummer.",
                en: "Use the practitioner's HPR number.",
            },
        }
        PatientWithBothNumbers = 6016 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/patient_with_both_numbers.rs",
            title: {
                nb: "Pasienten har både fødselsnummer og D-nummer",
                en: "Patient with both identity number and D-number",
            },
            explanation: {
                nb: "Registeret regner en pasient med begge numre som uten gyldig identitet, og administreringene mister pasienten.",
                en: "The register takes a patient with both numbers as one without a valid identity, and the administrations lose their patient.",
            },
            cause: {
                nb: "D-nummeret ble stående da personen fikk fødselsnummer.",
                en: "The D-number was kept when the person got an identity number.",
            },
            wrong: "fødselsnummer og D-nummer på samme Patient",
            right: "bare fødselsnummeret",
            remedy: {
                nb: "Send bare det nummeret som gjelder nå.",
                en: "Send only the number that is valid now.",
            },
        }
    }
    } };
}

pub(in crate::codes) use register_numbers;
