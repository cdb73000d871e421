//! LMR-4010 to 4032: values of the wrong form, or not the ones asked for.

macro_rules! profile_values {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Profile {
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
    }
    } };
}

pub(in crate::codes) use profile_values;
