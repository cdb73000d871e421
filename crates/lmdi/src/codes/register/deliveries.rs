//! LMR-6030 to 6057: resources and messages again, identifiers, corrections and annulments.

macro_rules! register_deliveries {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Register {
        ResourceTwiceInBundle = 6030 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "duplicate",
            raised_in: "lmdi/src/rules/duplicate_resource.rs",
            title: {
                nb: "Samme ressurs to ganger i bundlen",
                en: "Same resource twice in the bundle",
            },
            explanation: {
                nb: "To oppføringer har samme identitet hos registeret.",
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
    }
    } };
}

pub(in crate::codes) use register_deliveries;
