//! LMR-6060 to 6071: what the register would lose in silence.

macro_rules! register_links {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Register {
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
                nb: "Gi hver oppføring en fullUrl som urn:uuid.",
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
                nb: "Gi oppføringen en fullUrl som urn:uuid.",
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
                nb: "Gjør dem til egne oppføringer i bundlen.",
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
    }
    } };
}

pub(in crate::codes) use register_links;
