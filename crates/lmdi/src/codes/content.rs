//! LMR-3xxx: JSON and bundle. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! content_codes {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Content {
        ContentNotUtf8 = 3001 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/json_fault.rs",
            title: { nb: "Innholdet er ikke UTF-8", en: "Content is not UTF-8" },
            explanation: {
                nb: "FHIR skrives i UTF-8, i JSON som i XML.",
                en: "FHIR is written in UTF-8, in JSON as in XML.",
            },
            cause: {
                nb: "Filen er lagret i ISO-8859-1, Windows-1252 eller UTF-16.",
                en: "The file was saved in ISO-8859-1, Windows-1252 or UTF-16.",
            },
            wrong: "byte E5 for å",
            right: "byte C3 A5 for å",
            remedy: { nb: "Skriv innholdet i UTF-8.", en: "Write the content in UTF-8." },
        }
        ContentNotJson = 3002 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Innholdet er ikke JSON", en: "Content is not JSON" },
            explanation: {
                nb: "Teksten kan ikke leses som JSON.",
                en: "The text cannot be read as JSON.",
            },
            cause: {
                nb: "Komma for mye eller for lite, kommentarer, XML, eller en pakket fil.",
                en: "A comma too many or too few, comments, XML, or a packed file.",
            },
            wrong: "{ \"a\": 1, }",
            right: "{ \"a\": 1 }",
            remedy: {
                nb: "Rett feilen på linjen og kolonnen som nevnes; pakk ut det som er pakket.",
                en: "Correct the fault at the line and column named; unpack what is packed.",
            },
        }
        JsonDuplicateKey = 3003 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Samme egenskap to ganger", en: "Property given twice" },
            explanation: {
                nb: "Et JSON-objekt kan ha hver egenskap bare én gang.",
                en: "A JSON object can have each property only once.",
            },
            cause: { nb: "Programfeil ved sammenslåing.", en: "A programming fault when merging." },
            wrong: "{ \"status\": \"completed\", \"status\": \"completed\" }",
            right: "{ \"status\": \"completed\" }",
            remedy: { nb: "Fjern den ene.", en: "Remove one of them." },
        }
        JsonTooDeep = 3004 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "too-costly",
            raised_in: "lmdi/src/json_fault.rs",
            title: { nb: "For dyp nøsting", en: "Nested too deeply" },
            explanation: {
                nb: "JSON-en er nøstet dypere enn mottaket leser.",
                en: "The JSON is nested deeper than the receiver reads.",
            },
            cause: {
                nb: "Ressurser i ressurser, eller et forsøk på overbelastning.",
                en: "Resources in resources, or an attempt to overload.",
            },
            wrong: "[[[[…]]]]",
            right: "flat struktur",
            remedy: { nb: "Fjern overflødig nøsting.", en: "Remove needless nesting." },
        }
        JsonEmptyValue = 3005 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Tom verdi", en: "Empty value" },
            explanation: {
                nb: "FHIR tillater ikke tomme lister, tomme objekter eller null.",
                en: "FHIR allows no empty lists, empty objects or null.",
            },
            cause: {
                nb: "Feltet mangler verdi hos kilden og er skrevet likevel.",
                en: "The field has no value at the source and was written all the same.",
            },
            wrong: r#"{"resourceType": "Patient", "identifier": []}"#,
            right: r#"{"resourceType": "Patient"}"#,
            remedy: {
                nb: "La egenskapen være borte når den ikke har verdi.",
                en: "Leave the property out when it has no value.",
            },
        }
        JsonWrongShape = 3006 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Feil JSON-form", en: "Wrong JSON shape" },
            explanation: {
                nb: "Liste, objekt eller enkel verdi er brukt der det skal stå noe annet.",
                en: "A list, object or simple value is where another belongs.",
            },
            cause: {
                nb: "Elementer som kan gjentas må alltid stå i liste.",
                en: "Elements that may repeat must always be in a list.",
            },
            wrong: r#"{"resourceType": "Organization", "identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001031"}}"#,
            right: r#"{"resourceType": "Organization", "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.102", "value": "4001031"}]}"#,
            remedy: {
                nb: "Skriv verdien i formen FHIR krever.",
                en: "Write the value in the shape FHIR demands.",
            },
        }
        JsonTooLarge = 3007 {
            severity: Fatal, status: 413, retry: AfterCorrection, issue_type: "too-costly",
            raised_in: "lmdi/src/json_fault.rs",
            title: { nb: "JSON-dokumentet er for stort", en: "JSON document too large" },
            explanation: {
                nb: "Dokumentet er større enn det som kan leses samlet.",
                en: "The document is larger than can be read as one.",
            },
            cause: {
                nb: "For mange ressurser i én bundle.",
                en: "Too many resources in one bundle.",
            },
            wrong: "over grensen",
            right: "under grensen",
            remedy: {
                nb: "Del overføringen i flere bundler.",
                en: "Split the transfer into several bundles.",
            },
        }
        ContentNotFhir = 3010 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/check.rs",
            title: { nb: "Innholdet er ikke FHIR", en: "Content is not FHIR" },
            explanation: {
                nb: "En FHIR-ressurs har egenskapen resourceType med et kjent navn.",
                en: "A FHIR resource has the property resourceType with a known name.",
            },
            cause: {
                nb: "Feil fil, eller et eget format.",
                en: "The wrong file, or a format of your own.",
            },
            wrong: "{ \"pasient\": … }",
            right: "{ \"resourceType\": \"Bundle\", … }",
            remedy: {
                nb: "Oppgi en FHIR-ressurs; til registeret en LegemiddelregisterBundle. I XML: rett feilen på linjen og kolonnen som nevnes.",
                en: "Give a FHIR resource; to the register a LegemiddelregisterBundle. In XML: correct the fault at the line and column named.",
            },
        }
        ContentNotBundle = 3011 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/check.rs",
            title: { nb: "Innholdet er ikke en Bundle", en: "Content is not a Bundle" },
            explanation: {
                nb: "Ressurser sendes alltid i en Bundle.",
                en: "Resources are always sent in a Bundle.",
            },
            cause: { nb: "En enkelt ressurs ble sendt.", en: "A single resource was sent." },
            wrong: "{ \"resourceType\": \"Patient\" }",
            right: "{ \"resourceType\": \"Bundle\", \"entry\": [ … ] }",
            remedy: { nb: "Legg ressursen i en Bundle.", en: "Put the resource into a Bundle." },
        }
        BundleTypeWrong = 3012 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Feil type Bundle", en: "Wrong bundle type" },
            explanation: {
                nb: "Type skal være batch eller transaction, etter utgaven av veiledningen.",
                en: "The type shall be batch or transaction, by edition of the guide.",
            },
            cause: {
                nb: "collection, document eller message er brukt.",
                en: "collection, document or message was used.",
            },
            wrong: r#"{"resourceType": "Bundle", "type": "collection"}"#,
            right: r#"{"resourceType": "Bundle", "type": "transaction"}"#,
            remedy: { nb: "Sett riktig type.", en: "Set the right type." },
        }
        BundleTypeNotAgreed = 3013 {
            severity: Fatal, status: 400, retry: Never, issue_type: "business-rule",
            raised_in: "lmdi/src/check.rs",
            title: {
                nb: "Typen er ikke avtalt for avsenderen",
                en: "Bundle type not agreed for this sender",
            },
            explanation: {
                nb: "Avsenderen er låst til én utgave av veiledningen.",
                en: "The sender is pinned to one edition of the guide.",
            },
            cause: {
                nb: "Ny programversjon sender en annen type enn avtalen sier.",
                en: "A new program version sends another type than agreed.",
            },
            wrong: "\"type\": \"batch\"",
            right: "\"type\": \"transaction\"",
            remedy: {
                nb: "Avtal overgangen med registeret, eller send den avtalte typen.",
                en: "Agree on the change with the register, or send the agreed type.",
            },
        }
        BundleEmpty = 3014 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Bundlen er tom", en: "Bundle is empty" },
            explanation: {
                nb: "En bundle skal ha minst én oppføring.",
                en: "A bundle shall have at least one entry.",
            },
            cause: { nb: "Ingen endringer siden sist.", en: "No changes since last time." },
            wrong: "\"entry\": []",
            right: "\"entry\": [ { … } ]",
            remedy: {
                nb: "Send ingenting når det ikke er noe nytt.",
                en: "Send nothing when there is nothing new.",
            },
        }
        BundleTooManyEntries = 3015 {
            severity: Fatal, status: 413, retry: AfterCorrection, issue_type: "too-costly",
            raised_in: "lmdi/src/check.rs",
            title: { nb: "For mange oppføringer", en: "Too many entries" },
            explanation: {
                nb: "Bundlen har flere oppføringer enn mottaket tar i én melding.",
                en: "The bundle has more entries than the receiver takes in one message.",
            },
            cause: {
                nb: "Første overføring, eller lang tid siden sist.",
                en: "A first transfer, or a long time since the last.",
            },
            wrong: "200 000 entry",
            right: "under grensen",
            remedy: {
                nb: "Del overføringen i flere bundler.",
                en: "Split the transfer into several bundles.",
            },
        }
        BundleIdentifierMissing = 3016 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Bundle.identifier mangler", en: "Bundle.identifier missing" },
            explanation: {
                nb: "Hver bundle skal ha sin egen identifikator.",
                en: "Every bundle shall have an identifier of its own.",
            },
            cause: { nb: "Feltet er ikke fylt ut.", en: "The field was not filled in." },
            wrong: r#"{"resourceType": "Bundle"}"#,
            right: r#"{"resourceType": "Bundle", "identifier": {"system": "urn:oid:2.16.578.1.34.10.3", "value": "6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11"}}"#,
            remedy: {
                nb: "Gi bundlen en ny, unik identifikator.",
                en: "Give the bundle a new, unique identifier.",
            },
        }
        BundleInvalid = 3017 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Bundlen følger ikke profilen", en: "Bundle breaks its profile" },
            explanation: {
                nb: "Feil utenfor de enkelte ressursene gjør at hele bundlen avvises.",
                en: "Faults outside the single resources make the whole bundle refused.",
            },
            cause: {
                nb: "Felt som total eller link er med, eller obligatoriske mangler.",
                en: "Members such as total or link are there, or mandatory ones are missing.",
            },
            wrong: r#"{"resourceType": "Bundle", "total": 3}"#,
            right: r#"{"resourceType": "Bundle"}"#,
            remedy: { nb: "Rett feltene som nevnes.", en: "Correct the members named." },
        }
        EntryResourceMissing = 3020 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Entry uten ressurs", en: "Entry without resource" },
            explanation: {
                nb: "Hver oppføring skal ha en ressurs.",
                en: "Every entry shall have a resource.",
            },
            cause: {
                nb: "Sletting er forsøkt, eller et tomt element er skrevet.",
                en: "A deletion was tried, or an empty element was written.",
            },
            wrong: "{ \"request\": { … } }",
            right: "{ \"resource\": { … }, \"request\": { … } }",
            remedy: {
                nb: "Ta med ressursen. Tilbaketrekking gjøres med status entered-in-error.",
                en: "Include the resource. Retract with status entered-in-error.",
            },
        }
        EntryRequestMissing = 3021 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Entry uten request", en: "Entry without request" },
            explanation: {
                nb: "Hver oppføring skal ha request med method og url.",
                en: "Every entry shall have request with method and url.",
            },
            cause: {
                nb: "Bundlen er laget som collection.",
                en: "The bundle was made as a collection.",
            },
            wrong: "{ \"resource\": { … } }",
            right: "{ \"resource\": { … }, \"request\": { \"method\": \"POST\", \"url\": \"Patient\" } }",
            remedy: { nb: "Legg til request.", en: "Add request." },
        }
        EntryMethodNotPost = 3022 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "not-supported",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "request.method er ikke POST", en: "request.method is not POST" },
            explanation: {
                nb: "Alle oppføringer sendes med POST, også nye versjoner.",
                en: "All entries are sent with POST, new versions too.",
            },
            cause: {
                nb: "PUT eller DELETE er brukt for endringer.",
                en: "PUT or DELETE was used for changes.",
            },
            wrong: "\"method\": \"PUT\"",
            right: "\"method\": \"POST\"",
            remedy: { nb: "Bruk POST.", en: "Use POST." },
        }
        ResourceKindNotAllowed = 3023 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/resource_type.rs",
            title: { nb: "Ressurstypen tas ikke imot", en: "Resource type not accepted" },
            explanation: {
                nb: "Veiledningen lister typene registeret tar imot.",
                en: "The guide lists the kinds the register accepts.",
            },
            cause: {
                nb: "Andre ressurser fra journalen har kommet med.",
                en: "Other resources of the record came along.",
            },
            wrong: "\"resourceType\": \"Observation\"",
            right: "\"resourceType\": \"MedicationAdministration\"",
            remedy: {
                nb: "Ta ressursen ut av bundlen.",
                en: "Take the resource out of the bundle.",
            },
        }
        EntryProfileMissing = 3024 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "required",
            raised_in: "lmdi/src/rules/named_profile.rs",
            title: { nb: "Ressursen oppgir ikke profil", en: "Resource names no profile" },
            explanation: {
                nb: "meta.profile skal ha en av registerets profiler, uten versjon.",
                en: "meta.profile shall have one of the register's profiles, without version.",
            },
            cause: {
                nb: "meta.profile mangler, har versjon bak | eller er skrevet feil.",
                en: "meta.profile is missing, has a version after | or is misspelt.",
            },
            wrong: r#"{"resourceType": "Patient", "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient|1.1.2"]}}"#,
            right: r#"{"resourceType": "Patient", "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient"]}}"#,
            remedy: { nb: "Oppgi profilen nøyaktig.", en: "Name the profile exactly." },
        }
        FullUrlDuplicate = 3025 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "duplicate",
            raised_in: "lmdi/src/rules/duplicate_full_url.rs",
            title: { nb: "Samme fullUrl to ganger", en: "fullUrl given twice" },
            explanation: {
                nb: "fullUrl skal være unik i bundlen.",
                en: "fullUrl shall be unique in the bundle.",
            },
            cause: {
                nb: "Samme ressurs er tatt med to ganger.",
                en: "The same resource was included twice.",
            },
            wrong: "to entry med urn:uuid:…01",
            right: "urn:uuid:…01 og urn:uuid:…02",
            remedy: {
                nb: "Gi hver oppføring sin egen fullUrl.",
                en: "Give every entry its own fullUrl.",
            },
        }
        FullUrlInvalid = 3026 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "value",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "fullUrl kan ikke brukes", en: "fullUrl unusable" },
            explanation: {
                nb: "fullUrl skal være en absolutt adresse, og stemme med ressursens id når den er en REST-adresse.",
                en: "fullUrl shall be absolute, and agree with the resource's id when it is a REST address.",
            },
            cause: {
                nb: "Relativ adresse eller feil id.",
                en: "A relative address or the wrong id.",
            },
            wrong: "\"fullUrl\": \"Patient/1\"",
            right: "\"fullUrl\": \"urn:uuid:6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11\"",
            remedy: { nb: "Bruk urn:uuid.", en: "Use urn:uuid." },
        }
        ReferenceDangling = 3030 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/rules/dangling_reference.rs",
            title: {
                nb: "Referansen peker på noe som ikke er med",
                en: "Reference to something not included",
            },
            explanation: {
                nb: "Det ressursen viser til skal være med i samme bundle.",
                en: "What a resource refers to shall be in the same bundle.",
            },
            cause: {
                nb: "Avhengigheten ble ikke tatt med, UUID-en er skrevet feil, eller referansen er relativ (Type/id) og ingen oppføring har den.",
                en: "The dependency was not included, the UUID is misspelt, or the reference is relative (Type/id) and no entry has it.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000099"}}"#,
            right: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}"#,
            remedy: {
                nb: "Ta med ressursen det vises til, og bare én som referansen passer på.",
                en: "Include the resource referred to, and only one that answers to the reference.",
            },
        }
        ReferenceWrongKind = 3031 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Referansen peker på feil slags ressurs",
                en: "Reference to the wrong resource type",
            },
            explanation: {
                nb: "Elementet kan bare vise til typene profilen nevner.",
                en: "The element can only refer to the kinds its profile names.",
            },
            cause: { nb: "Referansene er byttet om.", en: "The references are swapped." },
            wrong: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}}"#,
            right: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}"#,
            remedy: { nb: "Rett referansen.", en: "Correct the reference." },
        }
        ReferenceNotResolvable = 3032 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "not-found",
            raised_in: "lmdi/src/rules/outside_reference.rs",
            title: { nb: "Referansen kan ikke slås opp", en: "Reference cannot be resolved" },
            explanation: {
                nb: "Referansen peker utenfor bundlen og er ikke kontrollert.",
                en: "The reference points outside the bundle and was not checked.",
            },
            cause: {
                nb: "Absolutt adresse til avsenderens eget system.",
                en: "An absolute address in the sender's own system.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "https://journal.example/Patient/1"}}"#,
            right: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}"#,
            remedy: {
                nb: "Ta ressursen med i bundlen og vis til fullUrl.",
                en: "Include the resource in the bundle and refer to its fullUrl.",
            },
        }
        ReferenceInvalid = 3033 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Referansen er feil skrevet", en: "Malformed reference" },
            explanation: {
                nb: "Relative referanser krever fullUrl på oppføringen de står i.",
                en: "Relative references need a fullUrl on the entry they are in.",
            },
            cause: {
                nb: "Entry uten fullUrl, eller feil form.",
                en: "An entry without fullUrl, or the wrong form.",
            },
            wrong: "\"reference\": \"Patient\"",
            right: "\"reference\": \"urn:uuid:…01\"",
            remedy: { nb: "Vis til fullUrl.", en: "Refer to the fullUrl." },
        }
        ReferenceProfileMismatch = 3034 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "structure",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Ressursen det vises til følger ikke profilen",
                en: "Target does not fit its profile",
            },
            explanation: {
                nb: "Målet finnes, men passer ingen av profilene elementet krever.",
                en: "The target exists but fits none of the profiles the element demands.",
            },
            cause: {
                nb: "Målet har egne feil, som står på målets oppføring.",
                en: "The target has faults of its own, reported at its entry.",
            },
            wrong: r##"{"resourceType": "MedicationRequest", "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": "Eksempel"}]}], "subject": {"reference": "#p"}}"##,
            right: r#"{"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}"#,
            remedy: { nb: "Rett feilene i målet først.", en: "Correct the target's faults first." },
        }
        ContainedInvalid = 3035 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "invalid",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Feil i innkapslet ressurs", en: "Fault in a contained resource" },
            explanation: {
                nb: "Innkapslede ressurser skal vises til med # og være kjente typer.",
                en: "Contained resources shall be referred to with # and be of known kinds.",
            },
            cause: {
                nb: "contained uten referanse, eller referanse uten contained.",
                en: "contained without reference, or reference without contained.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "contained": [{"resourceType": "Basic", "id": "c", "code": {"text": "ingen viser til den"}}]}"#,
            right: r#"{"resourceType": "MedicationRequest"}"#,
            remedy: { nb: "Fjern den eller vis til den.", en: "Remove it or refer to it." },
        }
        IdDuplicate = 3036 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "duplicate",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "Samme id to ganger i ressursen", en: "Same id twice in the resource" },
            explanation: {
                nb: "En id kan brukes én gang i en ressurs.",
                en: "An id can be used once in a resource.",
            },
            cause: { nb: "Kopierte elementer.", en: "Copied elements." },
            wrong: r#"{"resourceType": "Medication", "ingredient": [{"id": "a", "itemCodeableConcept": {"text": "virkestoff"}}, {"id": "a", "itemCodeableConcept": {"text": "virkestoff"}}]}"#,
            right: r#"{"resourceType": "Medication", "ingredient": [{"id": "a", "itemCodeableConcept": {"text": "virkestoff"}}, {"id": "b", "itemCodeableConcept": {"text": "virkestoff"}}]}"#,
            remedy: {
                nb: "Gi elementene ulike id-er, eller fjern dem.",
                en: "Give the elements different ids, or remove them.",
            },
        }
        DependencyRefused = 3040 {
            severity: Error, status: 424, retry: AfterCorrection, issue_type: "conflict",
            raised_in: "lmdi/src/verdict.rs",
            title: {
                nb: "Ikke lagret: viser til en avvist ressurs",
                en: "Not stored: refers to a refused resource",
            },
            explanation: {
                nb: "Ressursen er riktig, men noe den viser til ble avvist.",
                en: "The resource is right, but something it refers to was refused.",
            },
            cause: { nb: "Feil i en annen oppføring.", en: "A fault in another entry." },
            wrong: "MedicationAdministration → avvist Medication",
            right: "MedicationAdministration → lagret Medication",
            remedy: {
                nb: "Rett ressursen det vises til; da sendes begge på nytt.",
                en: "Correct the resource referred to; then both are sent again.",
            },
        }
        TransactionAborted = 3041 {
            severity: Error, status: 424, retry: AfterCorrection, issue_type: "conflict",
            raised_in: "lmdi/src/verdict.rs",
            title: {
                nb: "Ikke lagret: en annen oppføring ble avvist",
                en: "Not stored: another entry was refused",
            },
            explanation: {
                nb: "En transaction lagres i sin helhet eller ikke i det hele tatt.",
                en: "A transaction is stored as a whole or not at all.",
            },
            cause: { nb: "Feil i en annen oppføring.", en: "A fault in another entry." },
            wrong: "én feil entry av åtte",
            right: "åtte riktige entry",
            remedy: {
                nb: "Rett eller ta ut oppføringen som ble avvist.",
                en: "Correct or take out the entry that was refused.",
            },
        }
        FindingsLeftOut = 3042 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Flere funn enn svaret tar med", en: "More findings than the answer holds" },
            explanation: {
                nb: "Svaret er begrenset. Hver avvist ressurs har sin første feil med; resten er utelatt.",
                en: "The answer is bounded. Each refused resource has its first fault in it; the rest is left out.",
            },
            cause: {
                nb: "Samme feil i mange ressurser, eller svært mange merknader.",
                en: "The same fault in many resources, or very many notes.",
            },
            wrong: "-",
            right: "-",
            remedy: {
                nb: "Rett feilene som er nevnt, og kontroller på nytt; `lmr validate` viser alle.",
                en: "Correct the faults that are named and check again; `lmr validate` shows all.",
            },
        }
    }
    } };
}

pub(super) use content_codes;
