//! LMR-4040 to 4090: slices, extensions, invariants and the profile itself.

macro_rules! profile_structure {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Profile {
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

pub(in crate::codes) use profile_structure;
