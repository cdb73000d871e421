//! LMR-5xxx: terminology. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! terminology_codes {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Terminology {
        CodeNotInRequiredSet = 5001 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Koden er ikke tillatt her", en: "Code not allowed here" },
            explanation: {
                nb: "Elementet skal ha en kode fra det påkrevde kodeutvalget.",
                en: "The element shall have a code of the required value set.",
            },
            cause: {
                nb: "Kildens egen kode er ikke oversatt.",
                en: "The source's own code was not translated.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "status": "in-progress"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "status": "completed"}"#,
            remedy: {
                nb: "Oversett til en kode i utvalget.",
                en: "Translate to a code of the set.",
            },
        }
        CodeNotInExtensibleSet = 5002 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Koden er utenfor det vanlige utvalget",
                en: "Code outside the usual set",
            },
            explanation: {
                nb: "Bruk en kode fra utvalget når det finnes en som passer.",
                en: "Use a code of the set when one fits.",
            },
            cause: { nb: "Eget kodeverk.", en: "A code system of your own." },
            wrong: r#"{"resourceType": "Encounter", "class": {"system": "urn:oid:1.2.3", "code": "x"}}"#,
            right: r#"{"resourceType": "Encounter", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}"#,
            remedy: {
                nb: "Se om utvalget har en kode som passer.",
                en: "See whether the set has a code that fits.",
            },
        }
        CodeNotInPreferredSet = 5003 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Et annet utvalg er anbefalt", en: "Another set is recommended" },
            explanation: {
                nb: "Koden er tillatt, men ikke fra det anbefalte utvalget.",
                en: "The code is allowed, but not of the recommended set.",
            },
            cause: { nb: "Eget kodeverk.", en: "A code system of your own." },
            wrong: "lokal kode",
            right: "kode fra utvalget",
            remedy: { nb: "Vurder det anbefalte utvalget.", en: "Consider the recommended set." },
        }
        CodeMissing = 5004 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Kode mangler", en: "Code missing" },
            explanation: {
                nb: "Elementet har et påkrevd kodeutvalg, men ingen kode.",
                en: "The element has a required value set but no code.",
            },
            cause: {
                nb: "Bare tekst eller system er overført.",
                en: "Only text or system was carried over.",
            },
            wrong: r#"{"resourceType": "Condition", "clinicalStatus": {"text": "aktiv"}}"#,
            right: r#"{"resourceType": "Condition", "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}}"#,
            remedy: { nb: "Oppgi kode og system.", en: "Give code and system." },
        }
        CodeSystemNotAvailable = 5005 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Kodeverket finnes ikke hos mottaket", en: "Code system not available" },
            explanation: {
                nb: "Koden kunne ikke kontrolleres fordi kodeverket ikke er lastet inn.",
                en: "The code could not be checked because its code system is not loaded.",
            },
            cause: {
                nb: "Kodeverk som FEST, ATC og SNOMED CT følger ikke med.",
                en: "Code systems such as FEST, ATC and SNOMED CT are not included.",
            },
            wrong: "-",
            right: "-",
            remedy: {
                nb: "Ingen ting hos avsender. Mottaket kan laste inn kodeverket.",
                en: "Nothing at the sender. The receiver can load the code system.",
            },
        }
        ValueSetNotAvailable = 5006 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Kodeutvalget finnes ikke hos mottaket", en: "Value set not available" },
            explanation: {
                nb: "Koden kunne ikke kontrolleres fordi utvalget ikke er lastet inn.",
                en: "The code could not be checked because the value set is not loaded.",
            },
            cause: {
                nb: "Utvalget er ikke offentlig tilgjengelig.",
                en: "The value set is not publicly available.",
            },
            wrong: "-",
            right: "-",
            remedy: {
                nb: "Ingen ting hos avsender. Mottaket kan laste inn utvalget.",
                en: "Nothing at the sender. The receiver can load the value set.",
            },
        }
        CodeUnknown = 5007 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Koden finnes ikke i kodeverket", en: "Code not in its code system" },
            explanation: {
                nb: "Kodeverket er kjent, men har ikke koden.",
                en: "The code system is known but lacks the code.",
            },
            cause: {
                nb: "Utgått kode, skrivefeil eller feil system.",
                en: "A retired code, a misspelling or the wrong system.",
            },
            wrong: r#"{"resourceType": "Encounter", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "FINNES-IKKE"}}"#,
            right: r#"{"resourceType": "Encounter", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}"#,
            remedy: { nb: "Rett koden eller systemet.", en: "Correct the code or the system." },
        }
        DisplayWrong = 5008 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Visningsteksten hører ikke til koden",
                en: "Display does not belong to the code",
            },
            explanation: {
                nb: "Kodeverket har en annen tekst for koden.",
                en: "The code system has another text for the code.",
            },
            cause: {
                nb: "Tekst og kode er hentet fra ulike rader.",
                en: "Text and code come from different rows.",
            },
            wrong: r#"{"resourceType": "Encounter", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP", "display": "noe helt annet"}}"#,
            right: r#"{"resourceType": "Encounter", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP", "display": "inpatient encounter"}}"#,
            remedy: {
                nb: "Kontroller at koden er den som var ment.",
                en: "Check that the code is the one meant.",
            },
        }
        SystemInvalid = 5009 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "system er ikke et kodeverk", en: "system is not a code system" },
            explanation: {
                nb: "system skal være en absolutt adresse til et kodeverk, ikke til et kodeutvalg.",
                en: "system shall be the absolute address of a code system, not of a value set.",
            },
            cause: {
                nb: "Adressen til utvalget er brukt.",
                en: "The value set's address was used.",
            },
            wrong: r#"{"resourceType": "Encounter", "class": {"system": "ikke/absolutt", "code": "IMP"}}"#,
            right: r#"{"resourceType": "Encounter", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}"#,
            remedy: { nb: "Bruk kodeverkets adresse.", en: "Use the code system's address." },
        }
        SystemMissing = 5010 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Kode uten system", en: "Code without system" },
            explanation: {
                nb: "En kode uten system kan ikke tolkes sikkert.",
                en: "A code without system cannot be understood safely.",
            },
            cause: { nb: "system er ikke overført.", en: "system was not carried over." },
            wrong: r#"{"resourceType": "Condition", "stage": [{"summary": {"coding": [{"code": "x"}]}}]}"#,
            right: r#"{"resourceType": "Condition", "stage": [{"summary": {"coding": [{"system": "urn:oid:1.2.3", "code": "x"}]}}]}"#,
            remedy: { nb: "Legg til system.", en: "Add system." },
        }
        RouteCodeRefused = 5011 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/route_code.rs",
            title: {
                nb: "SNOMED-koden er ikke en administrasjonsvei",
                en: "SNOMED code is not a route of administration",
            },
            explanation: {
                nb: "route skal ha en kode under 284009009 i SNOMED CT. Denne koden er kjent for ikke å være det.",
                en: "route shall have a code below 284009009 in SNOMED CT. This code is known not to be.",
            },
            cause: {
                nb: "En handling (svelge) er brukt i stedet for en vei (oral).",
                en: "An action (swallow) was used instead of a route (oral).",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "421521009"}]}, "dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}}"#,
            right: r#"{"resourceType": "MedicationAdministration", "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}, "dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}}"#,
            remedy: {
                nb: "Bruk koden for administrasjonsveien.",
                en: "Use the code of the route.",
            },
        }
        RouteCodeNotDecided = 5012 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/rules/route_code.rs",
            title: {
                nb: "Administrasjonsveien er ikke kontrollert",
                en: "Route of administration not checked",
            },
            explanation: {
                nb: "Uten SNOMED CT kan mottaket ikke avgjøre om koden er en administrasjonsvei.",
                en: "Without SNOMED CT the receiver cannot decide whether the code is a route of administration.",
            },
            cause: {
                nb: "SNOMED CT er ikke lastet inn hos mottaket.",
                en: "SNOMED CT is not loaded at the receiver.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "55452001"}]}, "dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}}"#,
            right: r#"{"resourceType": "MedicationAdministration", "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}, "dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}}"#,
            remedy: { nb: "Ingen ting hos avsender.", en: "Nothing at the sender." },
        }
        AtcSyntax = 5020 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som en ATC-kode",
                en: "Does not look like an ATC code",
            },
            explanation: {
                nb: "ATC-koder har formen A, A01, A01A, A01AA eller A01AA01.",
                en: "ATC codes have the form A, A01, A01A, A01AA or A01AA01.",
            },
            cause: {
                nb: "Skrivefeil eller annet kodeverk.",
                en: "A misspelling or another code system.",
            },
            wrong: r#"{"resourceType": "Medication", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/legemiddel-classification", "valueCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "N2AA05"}]}}]}"#,
            right: r#"{"resourceType": "Medication", "extension": [{"url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/legemiddel-classification", "valueCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02AA05"}]}}]}"#,
            remedy: { nb: "Rett koden.", en: "Correct the code." },
        }
        Icd10Syntax = 5021 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som en ICD-10-kode",
                en: "Does not look like an ICD-10 code",
            },
            explanation: {
                nb: "ICD-10-koder har bokstav, to sifre og eventuelt punktum med ett eller to tegn.",
                en: "ICD-10 codes have a letter, two digits and possibly a dot with one or two characters.",
            },
            cause: {
                nb: "Skrivefeil eller annet kodeverk.",
                en: "A misspelling or another code system.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "R633."}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "R63.3"}]}}"#,
            remedy: { nb: "Rett koden.", en: "Correct the code." },
        }
        Icd11Syntax = 5022 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som en ICD-11-kode",
                en: "Does not look like an ICD-11 code",
            },
            explanation: {
                nb: "ICD-11-koder har fire tegn og eventuelt punktum, og kan settes sammen med & og /.",
                en: "ICD-11 codes have four characters and possibly a dot, and can be combined with & and /.",
            },
            cause: {
                nb: "Skrivefeil eller annet kodeverk.",
                en: "A misspelling or another code system.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://id.who.int/icd/release/11/mms", "code": "I20"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://id.who.int/icd/release/11/mms", "code": "BA40"}]}}"#,
            remedy: { nb: "Rett koden.", en: "Correct the code." },
        }
        Icpc2Syntax = 5023 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som en ICPC-2-kode",
                en: "Does not look like an ICPC-2 code",
            },
            explanation: {
                nb: "ICPC-2-koder har én bokstav og to sifre.",
                en: "ICPC-2 codes have one letter and two digits.",
            },
            cause: {
                nb: "Skrivefeil eller annet kodeverk.",
                en: "A misspelling or another code system.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7170", "code": "K7"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7170", "code": "K74"}]}}"#,
            remedy: { nb: "Rett koden.", en: "Correct the code." },
        }
        SnomedSyntax = 5024 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som en SNOMED CT-kode",
                en: "Does not look like a SNOMED CT code",
            },
            explanation: {
                nb: "En SNOMED CT-kode for et begrep har 6 til 18 sifre.",
                en: "A SNOMED CT concept id has 6 to 18 digits.",
            },
            cause: {
                nb: "Term eller beskrivelses-id er brukt.",
                en: "A term or a description id was used.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "artrose"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "396275006"}]}}"#,
            remedy: { nb: "Bruk begrepets id.", en: "Use the concept id." },
        }
        SnomedCheckDigit = 5025 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Kontrollsifferet i SNOMED CT-koden stemmer ikke",
                en: "SNOMED CT check digit wrong",
            },
            explanation: {
                nb: "Siste siffer er et kontrollsiffer (Verhoeff). Koden er trolig skrevet feil.",
                en: "The last digit is a check digit (Verhoeff). The code is probably misspelt.",
            },
            cause: { nb: "Tastefeil eller ombyttede sifre.", en: "A misprint or swapped digits." },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "396275007"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "396275006"}]}}"#,
            remedy: { nb: "Rett koden.", en: "Correct the code." },
        }
        FestIdSyntax = 5026 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: { nb: "Koden ser ikke ut som en FEST-id", en: "Does not look like a FEST id" },
            explanation: {
                nb: "En FEST-id er en GUID, vanligvis med ID_ foran.",
                en: "A FEST id is a GUID, usually with ID_ in front.",
            },
            cause: {
                nb: "Varenummer eller navn er brukt.",
                en: "An item number or a name was used.",
            },
            wrong: r#"{"resourceType": "Medication", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/festLegemiddelMerkevare", "code": "106383"}]}}"#,
            right: r#"{"resourceType": "Medication", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/festLegemiddelMerkevare", "code": "ID_00000000-0000-4000-8000-000000000001"}]}}"#,
            remedy: { nb: "Bruk id-en fra FEST.", en: "Use the id from FEST." },
        }
        LmrSerialSyntax = 5027 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som et LMR-løpenummer",
                en: "Does not look like an LMR serial number",
            },
            explanation: {
                nb: "LMR-løpenummer har sju sifre.",
                en: "LMR serial numbers have seven digits.",
            },
            cause: { nb: "Annet nummer er brukt.", en: "Another number was used." },
            wrong: r#"{"resourceType": "Medication", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/lmrLopenummer", "code": "10030"}]}}"#,
            right: r#"{"resourceType": "Medication", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/lmrLopenummer", "code": "1000003"}]}}"#,
            remedy: { nb: "Rett nummeret.", en: "Correct the number." },
        }
        ItemNumberSyntax = 5028 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som et varenummer",
                en: "Does not look like an item number",
            },
            explanation: {
                nb: "Varenummer har seks sifre, også nuller foran.",
                en: "Item numbers have six digits, leading zeros included.",
            },
            cause: { nb: "Nuller foran er borte.", en: "Leading zeros are gone." },
            wrong: r#"{"resourceType": "Medication", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/fest-varenummer", "code": "1234"}]}}"#,
            right: r#"{"resourceType": "Medication", "code": {"coding": [{"system": "http://dmp.no/fhir/NamingSystem/fest-varenummer", "code": "001234"}]}}"#,
            remedy: {
                nb: "Skriv nummeret med seks sifre.",
                en: "Write the number with six digits.",
            },
        }
        MunicipalitySyntax = 5029 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som et kommunenummer",
                en: "Does not look like a municipality number",
            },
            explanation: {
                nb: "Kommunenummer har fire sifre.",
                en: "Municipality numbers have four digits.",
            },
            cause: {
                nb: "Navn, eller null foran er borte.",
                en: "A name, or the leading zero is gone.",
            },
            wrong: r#"{"resourceType": "Patient", "address": [{"_district": {"extension": [{"url": "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode", "valueCoding": {"system": "urn:oid:2.16.578.1.12.4.1.1.3402", "code": "301"}}]}}]}"#,
            right: r#"{"resourceType": "Patient", "address": [{"_district": {"extension": [{"url": "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode", "valueCoding": {"system": "urn:oid:2.16.578.1.12.4.1.1.3402", "code": "0301"}}]}}]}"#,
            remedy: {
                nb: "Skriv nummeret med fire sifre.",
                en: "Write the number with four digits.",
            },
        }
        UrbanDistrictSyntax = 5030 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden ser ikke ut som et bydelsnummer",
                en: "Does not look like an urban district number",
            },
            explanation: {
                nb: "Bydelsnummer har seks sifre: kommunenummer og to til.",
                en: "Urban district numbers have six digits: municipality and two more.",
            },
            cause: {
                nb: "Bare de to siste sifrene er brukt.",
                en: "Only the last two digits were used.",
            },
            wrong: r#"{"resourceType": "Patient", "address": [{"extension": [{"url": "http://hl7.no/fhir/StructureDefinition/no-basis-urban-district", "valueCoding": {"system": "urn:oid:2.16.578.1.12.4.1.1.3403", "code": "02"}}]}]}"#,
            right: r#"{"resourceType": "Patient", "address": [{"extension": [{"url": "http://hl7.no/fhir/StructureDefinition/no-basis-urban-district", "valueCoding": {"system": "urn:oid:2.16.578.1.12.4.1.1.3403", "code": "030102"}}]}]}"#,
            remedy: {
                nb: "Skriv nummeret med seks sifre.",
                en: "Write the number with six digits.",
            },
        }
        VolvenCodeSyntax = 5031 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/rules/code_form.rs",
            title: {
                nb: "Koden har ikke formen kodeverket bruker",
                en: "Code not of the form its code system uses",
            },
            explanation: {
                nb: "Kodeverket på OID-en bruker bare sifre.",
                en: "The code system of the OID uses digits only.",
            },
            cause: { nb: "Tekst er brukt som kode.", en: "Text was used as a code." },
            wrong: r#"{"resourceType": "Medication", "form": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7448", "code": "tablett"}]}}"#,
            right: r#"{"resourceType": "Medication", "form": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7448", "code": "53"}]}}"#,
            remedy: { nb: "Bruk den tallfestede koden.", en: "Use the numeric code." },
        }
        UnitInvalid = 5032 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "code-invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Enheten er ikke UCUM", en: "Unit is not UCUM" },
            explanation: {
                nb: "Koden følger ikke grammatikken i UCUM.",
                en: "The code does not follow UCUM's grammar.",
            },
            cause: {
                nb: "Egen forkortelse er brukt.",
                en: "An abbreviation of your own was used.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "dosage": {"dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mgg"}}}"#,
            right: r#"{"resourceType": "MedicationAdministration", "dosage": {"dose": {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}}"#,
            remedy: { nb: "Bruk en UCUM-kode.", en: "Use a UCUM code." },
        }
        DiagnosisTwice = 5033 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/diagnosis_twice.rs",
            title: { nb: "Samme ICD-10-kode to ganger", en: "Same ICD-10 code twice" },
            explanation: {
                nb: "En diagnose kan ha flere ICD-10-koder, men hver av dem bare én gang.",
                en: "A condition can have several ICD-10 codes, but each of them only once.",
            },
            cause: {
                nb: "Kodene er slått sammen fra flere kilder.",
                en: "The codes were merged from several sources.",
            },
            wrong: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "M15.0"}, {"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "M15.0"}]}}"#,
            right: r#"{"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "M15.0"}, {"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "M24.1"}]}}"#,
            remedy: { nb: "Fjern den ene.", en: "Remove one of them." },
        }
    }
    } };
}

pub(super) use terminology_codes;
