//! LMR-6xxx: the register's rules beyond the profiles, and what became of an entry. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! register_codes {
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
        AdministeredInFuture = 6020 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/administered_in_future.rs",
            title: { nb: "Administrert fram i tid", en: "Administered in the future" },
            explanation: {
                nb: "Administreringen kan ikke ha skjedd etter at meldingen kom.",
                en: "The administration cannot have happened after the message came.",
            },
            cause: {
                nb: "Planlagt administrering er sendt som gjennomført, eller klokken er feil.",
                en: "A planned administration was sent as completed, or the clock is wrong.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "9999-12-31T23:59:59+01:00"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-01T08:00:00+02:00"}"#,
            remedy: {
                nb: "Send administreringen når den er gjennomført.",
                en: "Send the administration once it has happened.",
            },
        }
        AdministeredBeforeBirth = 6021 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/administered_before_birth.rs",
            title: {
                nb: "Administrert før pasienten ble født",
                en: "Administered before the patient was born",
            },
            explanation: {
                nb: "Administreringen er før pasientens fødselsdato.",
                en: "The administration is before the patient's birth date.",
            },
            cause: {
                nb: "Feil pasient eller feil dato.",
                en: "The wrong patient or the wrong date.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "1950-01-01T08:00:00+01:00"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-01T08:00:00+02:00"}"#,
            remedy: { nb: "Kontroller pasient og tidspunkt.", en: "Check patient and time." },
        }
        BirthDateInFuture = 6022 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/birth_date_in_future.rs",
            title: { nb: "Fødselsdato fram i tid", en: "Birth date in the future" },
            explanation: {
                nb: "birthDate kan ikke være etter i dag.",
                en: "birthDate cannot be after today.",
            },
            cause: { nb: "Tastefeil.", en: "A misprint." },
            wrong: r#"{"resourceType": "Patient", "birthDate": "2058-05-12"}"#,
            right: r#"{"resourceType": "Patient", "birthDate": "1958-05-12"}"#,
            remedy: { nb: "Rett datoen.", en: "Correct the date." },
        }
        OutsideReportingPeriod = 6023 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/outside_reporting_period.rs",
            title: { nb: "Utenfor rapporteringsperioden", en: "Outside the reporting period" },
            explanation: {
                nb: "Administreringen ligger utenfor perioden i konvolutten.",
                en: "The administration lies outside the envelope's period.",
            },
            cause: {
                nb: "Etterregistrering, eller feil periode.",
                en: "A late entry, or the wrong period.",
            },
            wrong: "administrert i januar, periode februar",
            right: "administrert i februar",
            remedy: {
                nb: "Ingen ting ved etterregistrering; ellers rett perioden.",
                en: "Nothing for late entries; else correct the period.",
            },
        }
        OrderedInFuture = 6025 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/ordered_in_future.rs",
            title: { nb: "Rekvirert fram i tid", en: "Ordered in the future" },
            explanation: {
                nb: "authoredOn er etter at meldingen kom.",
                en: "authoredOn is after the message came.",
            },
            cause: {
                nb: "Feil klokke eller planlagt dato.",
                en: "A wrong clock or a planned date.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "authoredOn": "2062-04-30"}"#,
            right: r#"{"resourceType": "MedicationRequest", "authoredOn": "2026-04-30"}"#,
            remedy: {
                nb: "Bruk tidspunktet rekvireringen ble skrevet.",
                en: "Use the time the order was written.",
            },
        }
        BundleTimestampInFuture = 6026 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/bundle_timestamp.rs",
            title: { nb: "Bundle.timestamp er fram i tid", en: "Bundle.timestamp in the future" },
            explanation: {
                nb: "Bundlen er merket med et tidspunkt etter nå.",
                en: "The bundle is marked with a time after now.",
            },
            cause: {
                nb: "Feil klokke eller feil forskyvning.",
                en: "A wrong clock or a wrong offset.",
            },
            wrong: r#"{"resourceType": "Bundle", "timestamp": "2062-05-02T06:00:00+02:00"}"#,
            right: r#"{"resourceType": "Bundle", "timestamp": "2026-05-02T06:00:00+02:00"}"#,
            remedy: { nb: "Rett klokken.", en: "Correct the clock." },
        }
        ResourceTwiceInBundle = 6030 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "duplicate",
            raised_in: "lmdi/src/rules/duplicate_resource.rs",
            title: {
                nb: "Samme ressurs to ganger i bundlen",
                en: "Same resource twice in the bundle",
            },
            explanation: {
                nb: "To entry har samme identitet hos registeret.",
                en: "Two entries have the same identity at the register.",
            },
            cause: {
                nb: "To versjoner av samme ressurs er tatt med.",
                en: "Two versions of one resource were included.",
            },
            wrong: "to Patient med samme identifier",
            right: "én Patient",
            remedy: { nb: "Send bare den siste versjonen.", en: "Send only the latest version." },
        }
        ResourceWithoutIdentity = 6031 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/rules/missing_identity.rs",
            title: { nb: "Ressursen kan ikke gjenkjennes", en: "Resource cannot be recognised" },
            explanation: {
                nb: "En ressurs skal ha identifier med verdi, id, eller fullUrl som urn:uuid.",
                en: "A resource shall have an identifier with a value, an id, or a fullUrl that is a urn:uuid.",
            },
            cause: { nb: "Ingen av dem er overført.", en: "None of them was carried over." },
            wrong: "{ \"resourceType\": \"Medication\", … }",
            right: "{ \"resourceType\": \"Medication\", \"id\": \"m1\", … }",
            remedy: { nb: "Gi ressursen en varig id.", en: "Give the resource a lasting id." },
        }
        MessageIdReused = 6040 {
            severity: Fatal, status: 409, retry: Never, issue_type: "duplicate",
            raised_in: "intake",
            title: {
                nb: "messageId er brukt før med annet innhold",
                en: "messageId used before with other content",
            },
            explanation: {
                nb: "En messageId gjelder én melding.",
                en: "A messageId belongs to one message.",
            },
            cause: { nb: "Ny melding fikk gammel id.", en: "A new message got an old id." },
            wrong: "samme id, nytt innhold",
            right: "ny id, nytt innhold",
            remedy: {
                nb: "Gi meldingen ny messageId, og finn ut hvorfor den gamle ble brukt.",
                en: "Give the message a new messageId, and find out why the old one was used.",
            },
        }
        ContentReplayed = 6041 {
            severity: Fatal, status: 409, retry: Never, issue_type: "duplicate",
            raised_in: "intake",
            title: {
                nb: "Samme innhold er sendt før under en annen id",
                en: "Same content sent before under another id",
            },
            explanation: {
                nb: "Chifferteksten er kjent fra en tidligere melding.",
                en: "The ciphertext is known from an earlier message.",
            },
            cause: {
                nb: "En gammel melding er merket om. Det kan være et forsøk på misbruk.",
                en: "An old message was re-labelled. It may be an attempt at abuse.",
            },
            wrong: "nytt messageId på gammelt innhold",
            right: "samme messageId ved ny sending",
            remedy: {
                nb: "Send om igjen med uendret messageId, eller krypter på nytt.",
                en: "Resend with the messageId unchanged, or encrypt again.",
            },
        }
        BundleIdentifierReused = 6042 {
            severity: Fatal, status: 409, retry: Never, issue_type: "duplicate",
            raised_in: "intake",
            title: { nb: "Bundle.identifier er brukt før", en: "Bundle.identifier used before" },
            explanation: {
                nb: "Hver bundle skal ha sin egen identifikator.",
                en: "Every bundle shall have an identifier of its own.",
            },
            cause: {
                nb: "Identifikatoren er fast i oppsettet, eller bundlen er pakket på nytt.",
                en: "The identifier is fixed in the set-up, or the bundle was sealed again.",
            },
            wrong: "samme identifier i to meldinger",
            right: "ny identifier i hver bundle",
            remedy: {
                nb: "Lag ny identifikator for hver bundle.",
                en: "Make a new identifier for every bundle.",
            },
        }
        AdministrationWithoutIdentifier = 6050 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/rules/administration_identifier.rs",
            title: {
                nb: "Administreringen har ikke identifier",
                en: "Administration without identifier",
            },
            explanation: {
                nb: "Fra veiledningen 1.1.6 kjennes en administrering igjen på identifier når den rettes eller annulleres.",
                en: "From guide 1.1.6 an administration is recognised by its identifier when it is corrected or annulled.",
            },
            cause: {
                nb: "Kildens nøkkel er ikke overført.",
                en: "The source's key was not carried over.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "status": "completed"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "status": "completed", "identifier": [{"system": "http://sykehus.example/administrering", "value": "A-1"}]}"#,
            remedy: {
                nb: "Send kildens varige nøkkel som identifier, med system.",
                en: "Send the source's lasting key as identifier, with a system.",
            },
        }
        IdentifierWithoutSystem = 6051 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/rules/administration_identifier.rs",
            title: { nb: "Identifier uten system", en: "Identifier without system" },
            explanation: {
                nb: "identifier.system skiller nøklene til ulike avsendere fra hverandre.",
                en: "identifier.system keeps the keys of different senders apart.",
            },
            cause: { nb: "Bare verdien er overført.", en: "Only the value was carried over." },
            wrong: r#"{"resourceType": "MedicationAdministration", "identifier": [{"value": "A-1"}]}"#,
            right: r#"{"resourceType": "MedicationAdministration", "identifier": [{"system": "http://sykehus.example/administrering", "value": "A-1"}]}"#,
            remedy: {
                nb: "Oppgi et system som virksomheten selv eier (urn:oid eller http-adresse).",
                en: "Give a system that the organisation owns (urn:oid or http address).",
            },
        }
        SeveralIdentifiers = 6052 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/administration_identifier.rs",
            title: {
                nb: "Administreringen har flere identifier",
                en: "Administration with several identifiers",
            },
            explanation: {
                nb: "Veiledningen sier ikke hvilken som gjelder; mottaket bruker den første med verdi.",
                en: "The guide does not say which one counts; the receiver uses the first one with a value.",
            },
            cause: {
                nb: "Flere systemer har gitt administreringen en nøkkel.",
                en: "Several systems gave the administration a key.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "identifier": [{"system": "http://sykehus.example/administrering", "value": "A-1"}, {"system": "http://annet.example/id", "value": "7"}]}"#,
            right: r#"{"resourceType": "MedicationAdministration", "identifier": [{"system": "http://sykehus.example/administrering", "value": "A-1"}]}"#,
            remedy: {
                nb: "Sett den varige nøkkelen først, i alle overføringer.",
                en: "Put the lasting key first, in all transfers.",
            },
        }
        AnnulsUnknown = 6053 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/history.rs",
            title: {
                nb: "Annullerer noe som ikke er mottatt",
                en: "Annuls what was never received",
            },
            explanation: {
                nb: "Registeret har ingen tidligere versjon av administreringen. Annulleringen er lagret.",
                en: "The register has no earlier version of the administration. The annulment is stored.",
            },
            cause: {
                nb: "Nøkkelen er en annen enn da administreringen ble sendt, eller den ble aldri sendt.",
                en: "The key is not the one the administration was sent with, or it was never sent.",
            },
            wrong: "entered-in-error med ukjent identifier",
            right: "entered-in-error med identifier fra en tidligere overføring",
            remedy: {
                nb: "Kontroller at identifier er den samme som før.",
                en: "Check that the identifier is the same as before.",
            },
        }
        CompletedAfterAnnulment = 6054 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/history.rs",
            title: { nb: "Gjennomført etter annullering", en: "Completed after annulment" },
            explanation: {
                nb: "Administreringen var annullert. Den nye versjonen er lagret og gjelder.",
                en: "The administration was annulled. The new version is stored and counts.",
            },
            cause: {
                nb: "Annulleringen var en feil, eller nøkkelen er brukt om igjen.",
                en: "The annulment was a mistake, or the key was used again.",
            },
            wrong: "completed etter entered-in-error",
            right: "ny identifier for en ny administrering",
            remedy: {
                nb: "Kontroller hos kilden hva som gjelder.",
                en: "Check at the source what holds.",
            },
        }
        CorrectionChangesPatient = 6055 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/history.rs",
            title: {
                nb: "Rettelsen gjelder en annen pasient",
                en: "Correction is of another patient",
            },
            explanation: {
                nb: "Pasienten er en annen enn i den forrige versjonen av administreringen.",
                en: "The patient is another one than in the previous version of the administration.",
            },
            cause: {
                nb: "Administreringen var ført på feil pasient, eller nøkkelen er brukt om igjen.",
                en: "The administration was recorded for the wrong patient, or the key was used again.",
            },
            wrong: "samme identifier, ny subject",
            right: "samme identifier, samme subject",
            remedy: {
                nb: "Kontroller hos kilden. Var pasienten feil, annuller og send på nytt.",
                en: "Check at the source. If the patient was wrong, annul and send again.",
            },
        }
        SystemOfAnotherSender = 6056 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "intake",
            title: {
                nb: "Systemet brukes av en annen avsender",
                en: "System used by another sender",
            },
            explanation: {
                nb: "En annen avsender har sendt administreringer med samme identifier.system.",
                en: "Another sender has sent administrations with the same identifier.system.",
            },
            cause: {
                nb: "Systemet er leverandørens og ikke virksomhetens eget.",
                en: "The system is the vendor's and not the organisation's own.",
            },
            wrong: "samme system fra to virksomheter",
            right: "eget system for hver virksomhet",
            remedy: {
                nb: "Bruk et system som virksomheten selv eier.",
                en: "Use a system that the organisation owns.",
            },
        }
        StrengthGivenTwice = 6057 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/strength_given_twice.rs",
            title: {
                nb: "Styrke oppgitt både som brøk og mengde",
                en: "Strength as both ratio and amount",
            },
            explanation: {
                nb: "Mengden brukes i stedet for teller og nevner, ikke sammen med dem.",
                en: "The amount is used instead of numerator and denominator, not beside them.",
            },
            cause: { nb: "Begge er fylt ut fra kilden.", en: "Both were filled from the source." },
            wrong: r#"{"resourceType": "Medication", "ingredient": [{"itemCodeableConcept": {"text": "morfin"}, "strength": {"extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-ingredient-strength", "valueQuantity": {"value": 12.5, "unit": "mL"}}], "numerator": {"value": 40, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}}]}"#,
            right: r#"{"resourceType": "Medication", "ingredient": [{"itemCodeableConcept": {"text": "morfin"}, "strength": {"numerator": {"value": 40, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}}]}"#,
            remedy: {
                nb: "Oppgi brøken når konsentrasjonen er kjent, ellers mengden.",
                en: "Give the ratio when the concentration is known, else the amount.",
            },
        }
        JoinKeyMissing = 6060 {
            severity: Warning, advice: refuse, status: none, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/rules/join_key.rs",
            title: {
                nb: "Administreringen har ingen koblingsnøkkel",
                en: "Administration without join key",
            },
            explanation: {
                nb: "Registeret kobler pasient, rekvirent og administrering med fullUrl, ellers med id. Begge mangler.",
                en: "The register joins patient, prescriber and administration by fullUrl, else by id. Both are missing.",
            },
            cause: {
                nb: "Verken fullUrl eller id er overført.",
                en: "Neither fullUrl nor id was carried over.",
            },
            wrong: "MedicationAdministration uten fullUrl og id",
            right: r#""fullUrl": "urn:uuid:6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11""#,
            remedy: {
                nb: "Gi hver entry en fullUrl som urn:uuid.",
                en: "Give every entry a fullUrl that is a urn:uuid.",
            },
        }
        JoinKeyFromId = 6061 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/join_key.rs",
            title: {
                nb: "Koblingsnøkkelen må lages av id",
                en: "Join key has to be made from the id",
            },
            explanation: {
                nb: "Registeret ser først etter fullUrl; uten den brukes MedicationAdministration/id.",
                en: "The register looks for the fullUrl first; without it MedicationAdministration/id is used.",
            },
            cause: { nb: "fullUrl er ikke overført.", en: "The fullUrl was not carried over." },
            wrong: r#"{ "resource": { "resourceType": "MedicationAdministration", "id": "a1", … } }"#,
            right: r#"{ "fullUrl": "urn:uuid:…", "resource": { … } }"#,
            remedy: {
                nb: "Gi entry en fullUrl som urn:uuid.",
                en: "Give the entry a fullUrl that is a urn:uuid.",
            },
        }
        JoinKeyDuplicate = 6062 {
            severity: Warning, advice: refuse, status: none, retry: AfterCorrection, issue_type: "duplicate",
            raised_in: "lmdi/src/rules/join_key.rs",
            title: {
                nb: "To administreringer har samme koblingsnøkkel",
                en: "Two administrations share a join key",
            },
            explanation: {
                nb: "Koblingsnøkkelen (fullUrl, ellers id) er primærnøkkel hos registeret; lagringen stopper bak mottaket.",
                en: "The join key (fullUrl, else id) is a primary key at the register; storing stops behind the receiver.",
            },
            cause: {
                nb: "To versjoner av samme ressurs, eller en id som ikke er entydig.",
                en: "Two versions of one resource, or an id that is not unique.",
            },
            wrong: "to administreringer uten fullUrl med id a1",
            right: "id a1 og id a2",
            remedy: {
                nb: "Gi hver administrering sin egen fullUrl.",
                en: "Give every administration a fullUrl of its own.",
            },
        }
        LinkUnresolved = 6063 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/rules/lost_link.rs",
            title: { nb: "Koblingen fører ut av bundlen", en: "Link leads out of the bundle" },
            explanation: {
                nb: "Registeret finner pasient og rekvirent bare i samme bundle; administreringen lagres uten.",
                en: "The register finds patient and prescriber only in the same bundle; the administration is stored without.",
            },
            cause: {
                nb: "Ressursen det vises til er ikke tatt med.",
                en: "The resource referred to was not included.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "request": {"reference": "https://journal.example/MedicationRequest/1"}}"#,
            right: r#"{"resourceType": "MedicationAdministration", "request": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000009"}}"#,
            remedy: {
                nb: "Ta ressursen med i bundlen og vis til dens fullUrl.",
                en: "Include the resource in the bundle and refer to its fullUrl.",
            },
        }
        LinkOnlyLogical = 6064 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/rules/lost_link.rs",
            title: { nb: "Koblingen er bare logisk", en: "Link is only logical" },
            explanation: {
                nb: "En referanse med bare identifier eller display fører ikke til noen ressurs; administreringen lagres uten pasient eller rekvirent.",
                en: "A reference with only identifier or display leads to no resource; the administration is stored without patient or prescriber.",
            },
            cause: {
                nb: "Kilden kjenner bare nummer eller navn.",
                en: "The source knows only a number or a name.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "requester": {"display": "avdelingen"}}"#,
            right: r#"{"resourceType": "MedicationRequest", "requester": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000003"}}"#,
            remedy: {
                nb: "Ta ressursen med i bundlen og vis til dens fullUrl.",
                en: "Include the resource in the bundle and refer to its fullUrl.",
            },
        }
        PatientLinksMissing = 6065 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/rules/missing_links.rs",
            title: {
                nb: "Administreringer uten pasientkobling",
                en: "Administrations without a patient link",
            },
            explanation: {
                nb: "Registeret finner ikke en pasient med ett gyldig fødselsnummer eller D-nummer til alle administreringer.",
                en: "The register does not find a patient with one valid identity number or D-number for all administrations.",
            },
            cause: {
                nb: "Pasienten har ikke nummer, eller har to, eller er ikke med i bundlen.",
                en: "The patient has no number, or two, or is not in the bundle.",
            },
            wrong: "Patient uten identifier",
            right: "Patient med fødselsnummer",
            remedy: { nb: "Se på andelen over tid.", en: "Watch the share over time." },
        }
        PrescriberLinksMissing = 6066 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/rules/missing_links.rs",
            title: {
                nb: "Administreringer uten rekvirentkobling",
                en: "Administrations without a prescriber link",
            },
            explanation: {
                nb: "Registeret finner ikke en rekvirent med gyldig HPR-nummer til alle administreringer.",
                en: "The register does not find a prescriber with a valid HPR number for all administrations.",
            },
            cause: {
                nb: "Administreringen har ikke request, eller rekvireringen har ikke requester med HPR-nummer.",
                en: "The administration has no request, or the request has no requester with an HPR number.",
            },
            wrong: "MedicationAdministration uten request",
            right: "request → MedicationRequest med requester → Practitioner med HPR-nummer",
            remedy: { nb: "Se på andelen over tid.", en: "Watch the share over time." },
        }
        ContainedResource = 6067 {
            severity: Warning, advice: refuse, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/contained_resource.rs",
            title: {
                nb: "Ressursen inneholder andre ressurser",
                en: "Resource with contained resources",
            },
            explanation: {
                nb: "Registeret kan ikke dele en melding med contained; meldingen stopper bak mottaket.",
                en: "The register cannot split a message with contained; the message stops behind the receiver.",
            },
            cause: {
                nb: "Kilden bygger legemiddel eller rekvirent inn i ressursen.",
                en: "The source builds the medication or the prescriber into the resource.",
            },
            wrong: r##"{"resourceType": "MedicationRequest", "contained": [{"resourceType": "Patient", "id": "p"}], "subject": {"reference": "#p"}}"##,
            right: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}"#,
            remedy: {
                nb: "Gjør dem til egne entry i bundlen.",
                en: "Make them entries of the bundle.",
            },
        }
        IdentityNumberElsewhere = 6068 {
            severity: Warning, advice: refuse, status: none, retry: AfterCorrection, issue_type: "security",
            raised_in: "lmdi/src/rules/identity_number_elsewhere.rs",
            title: {
                nb: "Personnummer utenfor Patient.identifier",
                en: "Identity number outside Patient.identifier",
            },
            explanation: {
                nb: "Registeret maskerer bare verdien i Patient.identifier; et personnummer i id, adresse, referanse eller tekst blir liggende.",
                en: "The register masks only the value in Patient.identifier; an identity number in an id, address, reference or text stays.",
            },
            cause: {
                nb: "Id eller nøkkel er laget av personnummeret, eller nummeret står i fritekst.",
                en: "An id or key was made from the identity number, or the number is in free text.",
            },
            wrong: r#""id": "pasient-<fødselsnummer>""#,
            right: r#""id": "pasient-1""#,
            remedy: {
                nb: "Lag id-er og nøkler uten personnummer, og fjern nummeret fra tekst.",
                en: "Make ids and keys without identity numbers, and remove the number from texts.",
            },
        }
        HprNumberElsewhere = 6069 {
            severity: Warning, advice: refuse, status: none, retry: AfterCorrection, issue_type: "security",
            raised_in: "lmdi/src/rules/hpr_number_elsewhere.rs",
            title: {
                nb: "HPR-nummer utenfor Practitioner.identifier",
                en: "HPR number outside Practitioner.identifier",
            },
            explanation: {
                nb: "Registeret maskerer bare verdien i Practitioner.identifier; et HPR-nummer i en logisk referanse blir liggende, og rekvirenten finnes ikke.",
                en: "The register masks only the value in Practitioner.identifier; an HPR number in a logical reference stays, and the prescriber is not found.",
            },
            cause: {
                nb: "Rekvirenten er oppgitt som logisk referanse.",
                en: "The prescriber is given as a logical reference.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "requester": {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900"}}}"#,
            right: r#"{"resourceType": "MedicationRequest", "requester": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000003"}}"#,
            remedy: {
                nb: "Ta Practitioner med i bundlen og vis til den.",
                en: "Include the Practitioner in the bundle and refer to it.",
            },
        }
        NeedsNewerGuide = 6071 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/needs.rs",
            title: {
                nb: "Krever en nyere versjon av veiledningen",
                en: "Needs a newer version of the guide",
            },
            explanation: {
                nb: "Innholdet er riktig etter den nyeste veiledningen, men en eldre versjon avviser det.",
                en: "The content is correct by the newest guide, but an older version refuses it.",
            },
            cause: {
                nb: "Noe er brukt som eldre versjoner ikke tillater.",
                en: "Something is used that older versions do not allow.",
            },
            wrong: "to ICD-10-koder i Condition (før 1.1.7)",
            right: "én ICD-10-kode",
            remedy: {
                nb: "Ingen ting hvis motparten følger den nyeste veiledningen.",
                en: "Nothing if the counterpart follows the newest guide.",
            },
        }
        StoredNew = 6080 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            reserved: { nb: "Status 201 sier det samme.", en: "Status 201 says the same." },
            title: { nb: "Lagret", en: "Stored" },
            explanation: {
                nb: "Ressursen er ny for registeret og lagret.",
                en: "The resource is new to the register and stored.",
            },
            cause: { nb: "-", en: "-" },
            wrong: "-",
            right: "201 Created",
            remedy: { nb: "Ingen ting.", en: "Nothing." },
        }
        StoredNewVersion = 6081 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Lagret som ny versjon", en: "Stored as a new version" },
            explanation: {
                nb: "Ressursen var kjent med annet innhold; en ny versjon er lagret.",
                en: "The resource was known with other content; a new version is stored.",
            },
            cause: { nb: "-", en: "-" },
            wrong: "-",
            right: "200 OK",
            remedy: { nb: "Ingen ting.", en: "Nothing." },
        }
        AlreadyStored = 6082 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Allerede lagret", en: "Already stored" },
            explanation: {
                nb: "Ressursen er lik den som er lagret; ingen ny versjon er laget.",
                en: "The resource equals the stored one; no new version was made.",
            },
            cause: {
                nb: "Uendret ressurs er sendt på nytt.",
                en: "An unchanged resource was sent again.",
            },
            wrong: "-",
            right: "200 OK",
            remedy: {
                nb: "Send bare det som er nytt eller endret.",
                en: "Send only what is new or changed.",
            },
        }
        CheckedOnly = 6083 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Kontrollert, ikke lagret", en: "Checked, not stored" },
            explanation: { nb: "Endepunktet kontrollerer bare.", en: "The endpoint only checks." },
            cause: { nb: "-", en: "-" },
            wrong: "-",
            right: "200 OK",
            remedy: { nb: "Send til mottaket for å lagre.", en: "Send to the receiver to store." },
        }
    }
    } };
}

pub(super) use register_codes;
