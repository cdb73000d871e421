//! LMR-4xxx: a resource against its profile. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! profile_codes {
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
        DateInvalid = 4010 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Datoen er ikke gyldig", en: "Date not valid" },
            explanation: {
                nb: "En dato skrives ÅÅÅÅ, ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD og skal finnes i kalenderen.",
                en: "A date is written YYYY, YYYY-MM or YYYY-MM-DD and shall exist in the calendar.",
            },
            cause: {
                nb: "Norsk datoformat, eller 30. februar.",
                en: "A national date format, or 30 February.",
            },
            wrong: r#"{"resourceType": "Patient", "birthDate": "12.05.1958"}"#,
            right: r#"{"resourceType": "Patient", "birthDate": "1958-05-12"}"#,
            remedy: { nb: "Skriv datoen etter ISO 8601.", en: "Write the date as ISO 8601." },
        }
        DateTimeInvalid = 4011 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Tidspunktet er ikke gyldig", en: "Date and time not valid" },
            explanation: {
                nb: "Tidspunktet følger ikke FHIRs format, eller finnes ikke.",
                en: "The time does not follow FHIR's format, or does not exist.",
            },
            cause: {
                nb: "Sekunder mangler, eller klokken er 24:00 eller mer.",
                en: "The seconds are missing, or the hour is 24 or more.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "authoredOn": "2026-04-30T25:00:00Z"}"#,
            right: r#"{"resourceType": "MedicationRequest", "authoredOn": "2026-04-30T15:00:00Z"}"#,
            remedy: {
                nb: "Skriv dato, klokkeslett med sekunder og tidssone.",
                en: "Write date, time with seconds and time zone.",
            },
        }
        TimeZoneMissing = 4012 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Tidssone mangler", en: "Time zone missing" },
            explanation: {
                nb: "Et tidspunkt med klokkeslett skal ha Z eller forskyvning.",
                en: "A date with a time of day shall have Z or an offset.",
            },
            cause: {
                nb: "Lokal tid er skrevet uten forskyvning.",
                en: "Local time was written without an offset.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "authoredOn": "2026-04-30T10:00:00"}"#,
            right: r#"{"resourceType": "MedicationRequest", "authoredOn": "2026-04-30T10:00:00+02:00"}"#,
            remedy: { nb: "Legg til forskyvningen.", en: "Add the offset." },
        }
        TimeInvalid = 4013 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Klokkeslettet er ikke gyldig", en: "Time of day not valid" },
            explanation: {
                nb: "Klokkeslett skrives TT:MM:SS.",
                en: "A time of day is written hh:mm:ss.",
            },
            cause: { nb: "Sekunder mangler.", en: "The seconds are missing." },
            wrong: r#"{"resourceType": "MedicationRequest", "dosageInstruction": [{"timing": {"repeat": {"timeOfDay": ["13.14"]}}}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "dosageInstruction": [{"timing": {"repeat": {"timeOfDay": ["13:14:00"]}}}]}"#,
            remedy: {
                nb: "Skriv timer, minutter og sekunder.",
                en: "Write hours, minutes and seconds.",
            },
        }
        NumberInvalid = 4014 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Tallet er ikke gyldig", en: "Number not valid" },
            explanation: {
                nb: "Tallet har feil form eller ligger utenfor typens område.",
                en: "The number has the wrong form or lies outside its type's range.",
            },
            cause: {
                nb: "Desimalkomma, tall som tekst, eller desimaler i heltall.",
                en: "A decimal comma, a number as text, or decimals in an integer.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "dosageInstruction": [{"timing": {"repeat": {"frequency": 1.5, "period": 1, "periodUnit": "d"}}}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "dosageInstruction": [{"timing": {"repeat": {"frequency": 3, "period": 2, "periodUnit": "d"}}}]}"#,
            remedy: { nb: "Skriv tallet som JSON-tall.", en: "Write the number as a JSON number." },
        }
        BooleanInvalid = 4015 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien er ikke ja eller nei", en: "Value is not a boolean" },
            explanation: {
                nb: "Verdien skal være true eller false uten anførselstegn.",
                en: "The value shall be true or false without quotes.",
            },
            cause: { nb: "Tekst eller 0/1 er brukt.", en: "Text or 0/1 was used." },
            wrong: r#"{"resourceType": "MedicationRequest", "reportedBoolean": "ja"}"#,
            right: r#"{"resourceType": "MedicationRequest", "reportedBoolean": true}"#,
            remedy: { nb: "Skriv true eller false.", en: "Write true or false." },
        }
        CodeFormatInvalid = 4016 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Koden har feil form", en: "Code malformed" },
            explanation: {
                nb: "En kode kan ikke begynne eller slutte med mellomrom, eller ha to på rad.",
                en: "A code can neither begin nor end with a blank, nor have two in a row.",
            },
            cause: {
                nb: "Utfylling med mellomrom fra kilden.",
                en: "Padding with blanks from the source.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "status": "completed "}"#,
            right: r#"{"resourceType": "MedicationAdministration", "status": "completed"}"#,
            remedy: { nb: "Fjern mellomrommene.", en: "Remove the blanks." },
        }
        IdInvalid = 4017 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "id kan ikke brukes", en: "id unusable" },
            explanation: {
                nb: "En id har 1 til 64 av tegnene A-Z, a-z, 0-9, bindestrek og punktum.",
                en: "An id has 1 to 64 of the characters A-Z, a-z, 0-9, hyphen and dot.",
            },
            cause: {
                nb: "Understrek, norske bokstaver eller for lang id.",
                en: "An underscore, national letters or too long an id.",
            },
            wrong: r#"{"resourceType": "Patient", "id": "pasient_1"}"#,
            right: r#"{"resourceType": "Patient", "id": "pasient-1"}"#,
            remedy: { nb: "Bruk bare tillatte tegn.", en: "Use only allowed characters." },
        }
        OidInvalid = 4018 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "OID-en er ikke gyldig", en: "OID not valid" },
            explanation: {
                nb: "En OID skrives urn:oid: fulgt av tall skilt med punktum.",
                en: "An OID is written urn:oid: followed by numbers parted by dots.",
            },
            cause: {
                nb: "Bokstaver i OID-en, eller urn:oid: mangler.",
                en: "Letters in the OID, or urn:oid: is missing.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "identifier": [{"system": "urn:oid:2.16.578.reseptid", "value": "R-1"}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "identifier": [{"system": "urn:oid:2.16.578.1.34.10.4", "value": "R-1"}]}"#,
            remedy: { nb: "Rett OID-en.", en: "Correct the OID." },
        }
        UuidInvalid = 4019 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "UUID-en er ikke gyldig", en: "UUID not valid" },
            explanation: {
                nb: "En UUID skrives urn:uuid: fulgt av små bokstaver og sifre.",
                en: "A UUID is written urn:uuid: followed by lower-case letters and digits.",
            },
            cause: {
                nb: "Store bokstaver, eller urn:uuid: mangler.",
                en: "Capital letters, or urn:uuid: is missing.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "identifier": [{"system": "urn:uuid:6F1F6C0E", "value": "R-1"}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "identifier": [{"system": "urn:uuid:6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11", "value": "R-1"}]}"#,
            remedy: { nb: "Skriv UUID-en med små bokstaver.", en: "Write the UUID in lower case." },
        }
        UriInvalid = 4020 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Adressen er ikke gyldig", en: "URI not valid" },
            explanation: {
                nb: "En URI kan ikke ha mellomrom, og en canonical skal være absolutt.",
                en: "A URI has no blanks, and a canonical shall be absolute.",
            },
            cause: {
                nb: "Mellomrom bak adressen, eller bare et navn.",
                en: "A blank after the address, or just a name.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "identifier": [{"system": "http://eksempel .no", "value": "R-1"}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "identifier": [{"system": "http://eksempel.no", "value": "R-1"}]}"#,
            remedy: { nb: "Rett adressen.", en: "Correct the address." },
        }
        Base64Invalid = 4021 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien er ikke gyldig base64", en: "Value is not valid base64" },
            explanation: { nb: "Verdien kan ikke dekodes.", en: "The value cannot be decoded." },
            cause: { nb: "Feil alfabet eller lengde.", en: "The wrong alphabet or length." },
            wrong: "\"####\"",
            right: "\"AAEC\"",
            remedy: { nb: "Kod verdien på nytt.", en: "Encode the value again." },
        }
        StringInvalid = 4022 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Teksten er ikke gyldig", en: "Text not valid" },
            explanation: {
                nb: "En tekst kan ikke være tom eller ha styretegn.",
                en: "A text can neither be empty nor have control characters.",
            },
            cause: {
                nb: "Tomt felt skrevet som tom tekst.",
                en: "An empty field written as an empty text.",
            },
            wrong: r#"{"resourceType": "Organization", "name": ""}"#,
            right: r#"{"resourceType": "Organization", "name": "Eksempelsykehuset"}"#,
            remedy: {
                nb: "La feltet være borte når det er tomt.",
                en: "Leave the field out when it is empty.",
            },
        }
        StringTooLong = 4023 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "too-long",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien er for lang", en: "Value too long" },
            explanation: {
                nb: "Verdien er lengre enn elementet tillater.",
                en: "The value is longer than the element allows.",
            },
            cause: { nb: "Feil innhold i feltet.", en: "The wrong content in the field." },
            wrong: "over grensen",
            right: "under grensen",
            remedy: { nb: "Kort ned verdien.", en: "Shorten the value." },
        }
        PrimitiveInvalid = 4024 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien har feil form", en: "Value malformed" },
            explanation: {
                nb: "Verdien følger ikke formatet for typen sin.",
                en: "The value does not follow the format of its type.",
            },
            cause: { nb: "Feil omforming fra kilden.", en: "A wrong conversion from the source." },
            wrong: "fritekst i et kodefelt",
            right: "kode",
            remedy: { nb: "Rett verdien.", en: "Correct the value." },
        }
        FixedValueWrong = 4030 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien skal være en bestemt", en: "Value must be a fixed one" },
            explanation: { nb: "Profilen fastsetter verdien.", en: "The profile fixes the value." },
            cause: {
                nb: "En annen verdi fra kilden er brukt.",
                en: "Another value of the source was used.",
            },
            wrong: r#"{"resourceType": "Patient", "address": [{"type": "postal", "district": "Oslo"}]}"#,
            right: r#"{"resourceType": "Patient", "address": [{"type": "physical", "district": "Oslo"}]}"#,
            remedy: {
                nb: "Bruk verdien profilen krever.",
                en: "Use the value the profile demands.",
            },
        }
        PatternMismatch = 4031 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien følger ikke mønsteret", en: "Value does not follow the pattern" },
            explanation: {
                nb: "Deler av verdien skal være som profilen sier.",
                en: "Parts of the value shall be as the profile says.",
            },
            cause: { nb: "Feil kodesystem eller enhet.", en: "The wrong code system or unit." },
            wrong: "\"system\": \"http://annet.example\"",
            right: "\"system\": \"http://unitsofmeasure.org\"",
            remedy: { nb: "Rett delen som nevnes.", en: "Correct the part named." },
        }
        ValueOutOfRange = 4032 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien er utenfor området", en: "Value out of range" },
            explanation: {
                nb: "Verdien er mindre eller større enn elementet tillater.",
                en: "The value is smaller or larger than the element allows.",
            },
            cause: { nb: "Feil enhet eller tastefeil.", en: "The wrong unit or a misprint." },
            wrong: "-1",
            right: "0",
            remedy: { nb: "Kontroller verdien hos kilden.", en: "Check the value at the source." },
        }
        SliceClosed = 4040 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Verdien er ikke blant dem profilen tillater",
                en: "Value not among those the profile allows",
            },
            explanation: {
                nb: "Listen er lukket: bare bestemte systemer eller typer kan stå her.",
                en: "The list is closed: only certain systems or types can be here.",
            },
            cause: {
                nb: "Eget kodeverk, eller en kode uten system.",
                en: "A code system of your own, or a code without system.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:1.2.3", "code": "x"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "M15.0"}]}}"#,
            remedy: {
                nb: "Fjern verdien eller bruk et tillatt system.",
                en: "Remove the value or use an allowed system.",
            },
        }
        SliceAmbiguous = 4041 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien passer to steder", en: "Value fits two places" },
            explanation: {
                nb: "Verdien passer flere deler av profilen samtidig.",
                en: "The value fits several slices of the profile at once.",
            },
            cause: { nb: "Uvanlig sammensatt verdi.", en: "An unusually combined value." },
            wrong: "én verdi for to deler",
            right: "én verdi per del",
            remedy: { nb: "Del verdien i to.", en: "Split the value in two." },
        }
        SliceOrder = 4042 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Feil rekkefølge", en: "Wrong order" },
            explanation: {
                nb: "Elementene skal stå i profilens rekkefølge.",
                en: "The elements shall be in the profile's order.",
            },
            cause: { nb: "Sortering hos kilden.", en: "Sorting at the source." },
            wrong: r#"{"resourceType": "Substance", "code": {"coding": [{"system": "urn:oid:1.2.3", "code": "x"}, {"system": "http://ehelse.no/fhir/CodeSystem/FEST", "code": "x", "display": "x"}]}}"#,
            right: r#"{"resourceType": "Substance", "code": {"coding": [{"system": "http://ehelse.no/fhir/CodeSystem/FEST", "code": "x", "display": "x"}, {"system": "urn:oid:1.2.3", "code": "x"}]}}"#,
            remedy: { nb: "Rett rekkefølgen.", en: "Correct the order." },
        }
        SliceUnmatched = 4043 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Verdien passer ingen kjent del", en: "Value matches no known slice" },
            explanation: {
                nb: "Profilen er åpen, så verdien er tillatt, men den er ikke kontrollert nærmere.",
                en: "The profile is open, so the value is allowed, but it was not checked further.",
            },
            cause: {
                nb: "Ekstra kode i tillegg til de kjente.",
                en: "An extra code beside the known ones.",
            },
            wrong: "identifier med lokalt system",
            right: "identifier med kjent system",
            remedy: {
                nb: "Ingen ting, dersom det er ment slik.",
                en: "Nothing, if it is meant so.",
            },
        }
        ExtensionUnknown = 4050 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "extension",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Ukjent utvidelse", en: "Unknown extension" },
            explanation: {
                nb: "Utvidelsen er ikke definert i veiledningen eller i FHIR.",
                en: "The extension is defined neither in the guide nor in FHIR.",
            },
            cause: {
                nb: "Egen utvidelse, eller skrivefeil i adressen.",
                en: "An extension of your own, or a misspelt address.",
            },
            wrong: r#"{"resourceType": "Patient", "extension": [{"url": "http://eksempel.no/egen", "valueString": "x"}]}"#,
            right: r#"{"resourceType": "Patient"}"#,
            remedy: {
                nb: "Fjern utvidelsen eller rett adressen.",
                en: "Remove the extension or correct its address.",
            },
        }
        ExtensionNotAllowedHere = 4051 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "extension",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Utvidelsen hører ikke hjemme her", en: "Extension not allowed here" },
            explanation: {
                nb: "Utvidelsen er definert for andre elementer.",
                en: "The extension is defined for other elements.",
            },
            cause: {
                nb: "Utvidelsen er lagt på feil nivå.",
                en: "The extension is at the wrong level.",
            },
            wrong: r#"{"resourceType": "Patient", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-del-av-behandlingsregime", "valueString": "regime"}]}"#,
            right: r#"{"resourceType": "Patient"}"#,
            remedy: { nb: "Flytt utvidelsen.", en: "Move the extension." },
        }
        ExtensionModifierMisuse = 4052 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "extension",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "extension og modifierExtension er forvekslet",
                en: "extension and modifierExtension mixed up",
            },
            explanation: {
                nb: "Utvidelser som endrer betydningen skal stå i modifierExtension, og bare de.",
                en: "Extensions that change the meaning shall be in modifierExtension, and only they.",
            },
            cause: { nb: "Feil egenskap er brukt.", en: "The wrong property was used." },
            wrong: r#"{"resourceType": "MedicationRequest", "modifierExtension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-del-av-behandlingsregime", "valueString": "regime"}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-del-av-behandlingsregime", "valueString": "regime"}]}"#,
            remedy: { nb: "Bruk riktig egenskap.", en: "Use the right property." },
        }
        ExtensionInvalid = 4053 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "extension",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Utvidelsen er feil bygget", en: "Extension malformed" },
            explanation: {
                nb: "En utvidelse har url og enten verdi av riktig type eller underutvidelser.",
                en: "An extension has a url and either a value of the right type or nested extensions.",
            },
            cause: {
                nb: "url mangler, verdien har feil type, eller begge deler er med.",
                en: "The url is missing, the value has the wrong type, or both are there.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-klinisk-studie"}]}"#,
            right: r#"{"resourceType": "MedicationRequest", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-klinisk-studie", "valueBoolean": true}]}"#,
            remedy: {
                nb: "Gi utvidelsen verdien definisjonen krever.",
                en: "Give the extension the value its definition demands.",
            },
        }
        InvariantFailed = 4060 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "En regel i FHIR eller profilen er brutt",
                en: "A rule of FHIR or the profile is broken",
            },
            explanation: {
                nb: "Elementene passer ikke sammen slik regelen krever.",
                en: "The elements do not fit together as the rule demands.",
            },
            cause: {
                nb: "Se regelen som nevnes i meldingen.",
                en: "See the rule named in the message.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "dosage": {"dose": {"value": 2.5, "unit": "mg", "code": "mg"}}}"#,
            right: r#"{"resourceType": "MedicationAdministration", "dosage": {"dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}}"#,
            remedy: {
                nb: "Rett elementene regelen nevner.",
                en: "Correct the elements the rule names.",
            },
        }
        TimeOfDayRequired = 4061 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Klokkeslett mangler", en: "Time of day missing" },
            explanation: {
                nb: "Tidspunktet for administrering skal ha klokkeslett.",
                en: "The time of administration shall have a time of day.",
            },
            cause: { nb: "Bare datoen er overført.", en: "Only the date was carried over." },
            wrong: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-01"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-01T08:00:00+02:00"}"#,
            remedy: { nb: "Send klokkeslettet.", en: "Send the time of day." },
        }
        OrganisationIdentifierRequired = 4062 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Organisasjonen mangler ENH eller RESH",
                en: "Organisation without ENH or RESH",
            },
            explanation: {
                nb: "En organisasjon skal ha organisasjonsnummer eller RESH-id.",
                en: "An organisation shall have an organisation number or a RESH id.",
            },
            cause: {
                nb: "Bare et lokalt navn eller nummer er overført.",
                en: "Only a local name or number was carried over.",
            },
            wrong: r#"{"resourceType": "Organization", "name": "Post 3"}"#,
            right: r#"{"resourceType": "Organization", "name": "Post 3", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001031"}]}"#,
            remedy: {
                nb: "Legg til organisasjonsnummer eller RESH-id.",
                en: "Add the organisation number or the RESH id.",
            },
        }
        EpisodeIdentifierRequired = 4063 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Episoden mangler identifikator", en: "Episode without identifier" },
            explanation: {
                nb: "NPR-identifikatoren skal ha tekst, UUID eller begge.",
                en: "The NPR identifier shall have a string, a UUID or both.",
            },
            cause: { nb: "Utvidelsen er tom.", en: "The extension is empty." },
            wrong: r#"{"resourceType": "Encounter", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/npr-episode-identifier", "extension": [{"url": "annet", "valueString": "x"}]}]}"#,
            right: r#"{"resourceType": "Encounter", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/npr-episode-identifier", "extension": [{"url": "stringIdentifier", "valueString": "NPR-1"}]}]}"#,
            remedy: {
                nb: "Oppgi identifikatoren, eller utelat utvidelsen.",
                en: "Give the identifier, or leave the extension out.",
            },
        }
        MedicationCodeOrIngredient = 4064 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Legemidlet har verken kode eller ingrediens",
                en: "Medication with neither code nor ingredient",
            },
            explanation: {
                nb: "Et legemiddel skal ha code.coding eller minst én ingredient.",
                en: "A medication shall have code.coding or at least one ingredient.",
            },
            cause: {
                nb: "Legemidlet er skrevet som fritekst.",
                en: "The medication was written as free text.",
            },
            wrong: r#"{"resourceType": "Medication", "status": "active"}"#,
            right: r#"{"resourceType": "Medication", "status": "active", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/lmrLopenummer", "code": "1000003"}]}, "ingredient": [{"itemCodeableConcept": {"text": "virkestoff"}}]}"#,
            remedy: {
                nb: "Oppgi FEST-id, varenummer, lokal kode eller ingredienser.",
                en: "Give a FEST id, item number, local code or ingredients.",
            },
        }
        ElementEmpty = 4065 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Elementet er tomt", en: "Element is empty" },
            explanation: {
                nb: "Et element skal ha en verdi eller underelementer.",
                en: "An element shall have a value or children.",
            },
            cause: { nb: "Bare id er skrevet.", en: "Only an id was written." },
            wrong: r#"{"resourceType": "MedicationRequest", "groupIdentifier": {"id": "a"}}"#,
            right: r#"{"resourceType": "MedicationRequest", "groupIdentifier": {"value": "a"}}"#,
            remedy: { nb: "Fyll elementet eller fjern det.", en: "Fill the element or remove it." },
        }
        PeriodReversed = 4066 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invariant",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Perioden slutter før den begynner", en: "Period ends before it starts" },
            explanation: { nb: "start kan ikke være etter end.", en: "start cannot be after end." },
            cause: {
                nb: "Feltene er byttet om, eller tidssonen er feil.",
                en: "The fields are swapped, or the time zone is wrong.",
            },
            wrong: r#"{"resourceType": "Patient", "identifier": [{"value": "lokal-1", "period": {"start": "2026-05-02", "end": "2026-05-01"}}]}"#,
            right: r#"{"resourceType": "Patient", "identifier": [{"value": "lokal-1", "period": {"start": "2026-05-01", "end": "2026-05-02"}}]}"#,
            remedy: { nb: "Rett tidene.", en: "Correct the times." },
        }
        BestPractice = 4067 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Anbefaling", en: "Recommendation" },
            explanation: {
                nb: "FHIR anbefaler dette, men krever det ikke.",
                en: "FHIR recommends this but does not demand it.",
            },
            cause: { nb: "Valgfritt felt er ikke brukt.", en: "An optional field is not used." },
            wrong: "uten anbefalt felt",
            right: "med anbefalt felt",
            remedy: { nb: "Vurder anbefalingen.", en: "Consider the recommendation." },
        }
        ProfileUnknown = 4070 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Ukjent profil", en: "Unknown profile" },
            explanation: {
                nb: "Profilen i meta.profile finnes ikke her og er ikke kontrollert.",
                en: "The profile in meta.profile is not known here and was not checked.",
            },
            cause: {
                nb: "En profil fra et annet regelsett, eller skrivefeil.",
                en: "A profile of another rule set, or a misspelling.",
            },
            wrong: r#"{"resourceType": "Patient", "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient", "http://eksempel.no/p"]}}"#,
            right: r#"{"resourceType": "Patient", "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient"]}}"#,
            remedy: { nb: "Rett eller fjern profilen.", en: "Correct or remove the profile." },
        }
        ProfileNotMatched = 4071 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Ressursen passer ikke profilen",
                en: "Resource does not fit the profile",
            },
            explanation: {
                nb: "Ressursen eller typen passer ingen av profilene som gjelder.",
                en: "The resource or type fits none of the profiles that apply.",
            },
            cause: {
                nb: "Profilen gjelder en annen ressurstype.",
                en: "The profile is for another resource type.",
            },
            wrong: r#"{"resourceType": "Organization", "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-organization", "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient"]}}"#,
            right: r#"{"resourceType": "Organization", "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-organization"]}}"#,
            remedy: {
                nb: "Oppgi profilen som hører til typen.",
                en: "Name the profile that belongs to the type.",
            },
        }
        NarrativeInvalid = 4072 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Teksten (narrative) er ikke gyldig", en: "Narrative not valid" },
            explanation: {
                nb: "text.div har ulovlig innhold. I veiledningens profiler skal text ikke sendes.",
                en: "text.div has illegal content. In the guide's profiles text shall not be sent.",
            },
            cause: { nb: "Generert HTML fra kilden.", en: "HTML generated by the source." },
            wrong: "<script>",
            right: "uten text",
            remedy: { nb: "Fjern text.", en: "Remove text." },
        }
        RuleBroken = 4090 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "processing",
            reserved: {
                nb: "Hver regel i validatoren har en egen kode.",
                en: "Every rule of the validator has a code of its own.",
            },
            title: { nb: "En annen FHIR-regel er brutt", en: "Another FHIR rule is broken" },
            explanation: { nb: "Regelen står i meldingen.", en: "The rule is in the message." },
            cause: { nb: "Se meldingen.", en: "See the message." },
            wrong: "se meldingen",
            right: "se meldingen",
            remedy: { nb: "Rett det meldingen nevner.", en: "Correct what the message names." },
        }
    }
    } };
}

pub(super) use profile_codes;
