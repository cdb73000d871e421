//! LMR-3xxx: the JSON and the bundle around the resources.

use super::Code;
use super::text::{Text, entry};

pub(super) const TEXTS: &[Text] = &[
    entry(
        Code::ContentNotUtf8,
        ["Innholdet er ikke UTF-8", "Content is not UTF-8"],
        ["FHIR i JSON skrives i UTF-8.", "FHIR in JSON is written in UTF-8."],
        [
            "Filen er lagret i ISO-8859-1 eller Windows-1252.",
            "The file was saved in ISO-8859-1 or Windows-1252.",
        ],
        "byte E5 for å",
        "byte C3 A5 for å",
        ["Skriv innholdet i UTF-8.", "Write the content in UTF-8."],
    ),
    entry(
        Code::ContentNotJson,
        ["Innholdet er ikke JSON", "Content is not JSON"],
        ["Teksten kan ikke leses som JSON.", "The text cannot be read as JSON."],
        [
            "Komma for mye eller for lite, kommentarer, eller XML.",
            "A comma too many or too few, comments, or XML.",
        ],
        "{ \"a\": 1, }",
        "{ \"a\": 1 }",
        [
            "Rett feilen på linjen og kolonnen som nevnes.",
            "Correct the fault at the line and column named.",
        ],
    ),
    entry(
        Code::JsonDuplicateKey,
        ["Samme egenskap to ganger", "Property given twice"],
        [
            "Et JSON-objekt kan ha hver egenskap bare én gang.",
            "A JSON object can have each property only once.",
        ],
        ["Programfeil ved sammenslåing.", "A programming fault when merging."],
        "{ \"status\": \"completed\", \"status\": \"completed\" }",
        "{ \"status\": \"completed\" }",
        ["Fjern den ene.", "Remove one of them."],
    ),
    entry(
        Code::JsonTooDeep,
        ["For dyp nøsting", "Nested too deeply"],
        [
            "JSON-en er nøstet dypere enn mottaket leser.",
            "The JSON is nested deeper than the receiver reads.",
        ],
        [
            "Ressurser i ressurser, eller et forsøk på overbelastning.",
            "Resources in resources, or an attempt to overload.",
        ],
        "[[[[…]]]]",
        "flat struktur",
        ["Fjern overflødig nøsting.", "Remove needless nesting."],
    ),
    entry(
        Code::JsonEmptyValue,
        ["Tom verdi", "Empty value"],
        [
            "FHIR tillater ikke tomme lister, tomme objekter eller null.",
            "FHIR allows no empty lists, empty objects or null.",
        ],
        [
            "Feltet mangler verdi hos kilden og er skrevet likevel.",
            "The field has no value at the source and was written all the same.",
        ],
        "{ \"identifier\": [] }",
        "egenskapen utelatt",
        [
            "La egenskapen være borte når den ikke har verdi.",
            "Leave the property out when it has no value.",
        ],
    ),
    entry(
        Code::JsonWrongShape,
        ["Feil JSON-form", "Wrong JSON shape"],
        [
            "Liste, objekt eller enkel verdi er brukt der det skal stå noe annet.",
            "A list, object or simple value stands where another belongs.",
        ],
        [
            "Elementer som kan gjentas må alltid stå i liste.",
            "Elements that may repeat must always stand in a list.",
        ],
        "\"identifier\": { … }",
        "\"identifier\": [ { … } ]",
        ["Skriv verdien i formen FHIR krever.", "Write the value in the shape FHIR demands."],
    ),
    entry(
        Code::JsonTooLarge,
        ["JSON-dokumentet er for stort", "JSON document too large"],
        [
            "Dokumentet er større enn det som kan leses samlet.",
            "The document is larger than can be read as one.",
        ],
        ["For mange ressurser i én bundle.", "Too many resources in one bundle."],
        "over grensen",
        "under grensen",
        ["Del overføringen i flere bundler.", "Split the transfer into several bundles."],
    ),
    entry(
        Code::ContentNotFhir,
        ["Innholdet er ikke FHIR", "Content is not FHIR"],
        [
            "En FHIR-ressurs har egenskapen resourceType med et kjent navn.",
            "A FHIR resource has the property resourceType with a known name.",
        ],
        ["Feil fil, eller et eget format.", "The wrong file, or a format of your own."],
        "{ \"pasient\": … }",
        "{ \"resourceType\": \"Bundle\", … }",
        ["Send en LegemiddelregisterBundle.", "Send a LegemiddelregisterBundle."],
    ),
    entry(
        Code::ContentNotBundle,
        ["Innholdet er ikke en Bundle", "Content is not a Bundle"],
        ["Ressurser sendes alltid i en Bundle.", "Resources are always sent in a Bundle."],
        ["En enkelt ressurs ble sendt.", "A single resource was sent."],
        "{ \"resourceType\": \"Patient\" }",
        "{ \"resourceType\": \"Bundle\", \"entry\": [ … ] }",
        ["Legg ressursen i en Bundle.", "Put the resource into a Bundle."],
    ),
    entry(
        Code::BundleTypeWrong,
        ["Feil type Bundle", "Wrong bundle type"],
        [
            "Type skal være batch eller transaction, etter utgaven av veiledningen.",
            "The type shall be batch or transaction, by edition of the guide.",
        ],
        [
            "collection, document eller message er brukt.",
            "collection, document or message was used.",
        ],
        "\"type\": \"collection\"",
        "\"type\": \"transaction\"",
        ["Sett riktig type.", "Set the right type."],
    ),
    entry(
        Code::BundleTypeNotAgreed,
        ["Typen er ikke avtalt for avsenderen", "Bundle type not agreed for this sender"],
        [
            "Avsenderen er låst til én utgave av veiledningen.",
            "The sender is pinned to one edition of the guide.",
        ],
        [
            "Ny programversjon sender en annen type enn avtalen sier.",
            "A new program version sends another type than agreed.",
        ],
        "\"type\": \"batch\"",
        "\"type\": \"transaction\"",
        [
            "Avtal overgangen med registeret, eller send den avtalte typen.",
            "Agree on the change with the register, or send the agreed type.",
        ],
    ),
    entry(
        Code::BundleEmpty,
        ["Bundlen er tom", "Bundle is empty"],
        ["En bundle skal ha minst én entry.", "A bundle shall have at least one entry."],
        ["Ingen endringer siden sist.", "No changes since last time."],
        "\"entry\": []",
        "\"entry\": [ { … } ]",
        ["Send ingenting når det ikke er noe nytt.", "Send nothing when there is nothing new."],
    ),
    entry(
        Code::BundleTooManyEntries,
        ["For mange entry", "Too many entries"],
        [
            "Bundlen har flere entry enn mottaket tar i én melding.",
            "The bundle has more entries than the receiver takes in one message.",
        ],
        [
            "Første overføring, eller lang tid siden sist.",
            "A first transfer, or a long time since the last.",
        ],
        "200 000 entry",
        "under grensen",
        ["Del overføringen i flere bundler.", "Split the transfer into several bundles."],
    ),
    entry(
        Code::BundleIdentifierMissing,
        ["Bundle.identifier mangler", "Bundle.identifier missing"],
        [
            "Hver bundle skal ha sin egen identifikator.",
            "Every bundle shall have an identifier of its own.",
        ],
        ["Feltet er ikke fylt ut.", "The field was not filled in."],
        "uten identifier",
        "\"identifier\": { \"system\": \"…\", \"value\": \"…\" }",
        ["Gi bundlen en ny, unik identifikator.", "Give the bundle a new, unique identifier."],
    ),
    entry(
        Code::BundleInvalid,
        ["Bundlen følger ikke profilen", "Bundle breaks its profile"],
        [
            "Feil utenfor de enkelte ressursene gjør at hele bundlen avvises.",
            "Faults outside the single resources make the whole bundle refused.",
        ],
        [
            "Felt som total eller link er med, eller obligatoriske mangler.",
            "Members such as total or link are there, or mandatory ones are missing.",
        ],
        "\"total\": 3",
        "uten total",
        ["Rett feltene som nevnes.", "Correct the members named."],
    ),
    entry(
        Code::EntryResourceMissing,
        ["Entry uten ressurs", "Entry without resource"],
        ["Hver entry skal ha en ressurs.", "Every entry shall have a resource."],
        [
            "Sletting er forsøkt, eller et tomt element er skrevet.",
            "A deletion was tried, or an empty element was written.",
        ],
        "{ \"request\": { … } }",
        "{ \"resource\": { … }, \"request\": { … } }",
        [
            "Ta med ressursen. Tilbaketrekking gjøres med status entered-in-error.",
            "Include the resource. Retract with status entered-in-error.",
        ],
    ),
    entry(
        Code::EntryRequestMissing,
        ["Entry uten request", "Entry without request"],
        [
            "Hver entry skal ha request med method og url.",
            "Every entry shall have request with method and url.",
        ],
        ["Bundlen er laget som collection.", "The bundle was made as a collection."],
        "{ \"resource\": { … } }",
        "{ \"resource\": { … }, \"request\": { \"method\": \"POST\", \"url\": \"Patient\" } }",
        ["Legg til request.", "Add request."],
    ),
    entry(
        Code::EntryMethodNotPost,
        ["request.method er ikke POST", "request.method is not POST"],
        [
            "Alle entry sendes med POST, også nye versjoner.",
            "All entries are sent with POST, new versions too.",
        ],
        ["PUT eller DELETE er brukt for endringer.", "PUT or DELETE was used for changes."],
        "\"method\": \"PUT\"",
        "\"method\": \"POST\"",
        ["Bruk POST.", "Use POST."],
    ),
    entry(
        Code::ResourceKindNotAllowed,
        ["Ressurstypen tas ikke imot", "Resource kind not accepted"],
        [
            "Veiledningen lister typene registeret tar imot.",
            "The guide lists the kinds the register accepts.",
        ],
        [
            "Andre ressurser fra journalen har kommet med.",
            "Other resources of the record came along.",
        ],
        "\"resourceType\": \"Observation\"",
        "\"resourceType\": \"MedicationAdministration\"",
        ["Ta ressursen ut av bundlen.", "Take the resource out of the bundle."],
    ),
    entry(
        Code::EntryProfileMissing,
        ["Ressursen oppgir ikke profil", "Resource names no profile"],
        [
            "meta.profile skal ha en av registerets profiler, uten versjon.",
            "meta.profile shall have one of the register's profiles, without version.",
        ],
        [
            "meta.profile mangler, har versjon bak | eller er skrevet feil.",
            "meta.profile is missing, has a version after | or is misspelt.",
        ],
        "\"profile\": [ \"…/lmdi-patient|1.1.2\" ]",
        "\"profile\": [ \"http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient\" ]",
        ["Oppgi profilen nøyaktig.", "Name the profile exactly."],
    ),
    entry(
        Code::FullUrlDuplicate,
        ["Samme fullUrl to ganger", "fullUrl given twice"],
        ["fullUrl skal være unik i bundlen.", "fullUrl shall be unique in the bundle."],
        ["Samme ressurs er tatt med to ganger.", "The same resource was included twice."],
        "to entry med urn:uuid:…01",
        "urn:uuid:…01 og urn:uuid:…02",
        ["Gi hver entry sin egen fullUrl.", "Give every entry its own fullUrl."],
    ),
    entry(
        Code::FullUrlInvalid,
        ["fullUrl kan ikke brukes", "fullUrl unusable"],
        [
            "fullUrl skal være en absolutt adresse, og stemme med ressursens id når den er en REST-adresse.",
            "fullUrl shall be absolute, and agree with the resource's id when it is a REST address.",
        ],
        ["Relativ adresse eller feil id.", "A relative address or the wrong id."],
        "\"fullUrl\": \"Patient/1\"",
        "\"fullUrl\": \"urn:uuid:6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11\"",
        ["Bruk urn:uuid.", "Use urn:uuid."],
    ),
    entry(
        Code::ReferenceDangling,
        ["Referansen peker på noe som ikke er med", "Reference to something not included"],
        [
            "Det ressursen viser til skal være med i samme bundle.",
            "What a resource refers to shall be in the same bundle.",
        ],
        [
            "Avhengigheten ble ikke tatt med, UUID-en er skrevet feil, eller referansen er relativ (Type/id) og ingen entry har den.",
            "The dependency was not included, the UUID is misspelt, or the reference is relative (Type/id) and no entry has it.",
        ],
        "\"reference\": \"urn:uuid:…99\"",
        "\"reference\": \"urn:uuid:…01\" (entry i bundlen)",
        ["Ta med ressursen det vises til.", "Include the resource referred to."],
    ),
    entry(
        Code::ReferenceWrongKind,
        ["Referansen peker på feil slags ressurs", "Reference to the wrong kind of resource"],
        [
            "Elementet kan bare vise til typene profilen nevner.",
            "The element can only refer to the kinds its profile names.",
        ],
        ["Referansene er byttet om.", "The references are swapped."],
        "subject → Organization",
        "subject → Patient",
        ["Rett referansen.", "Correct the reference."],
    ),
    entry(
        Code::ReferenceNotResolvable,
        ["Referansen kan ikke slås opp", "Reference cannot be resolved"],
        [
            "Referansen peker utenfor bundlen og er ikke kontrollert.",
            "The reference points outside the bundle and was not checked.",
        ],
        [
            "Absolutt adresse til avsenderens eget system.",
            "An absolute address in the sender's own system.",
        ],
        "\"reference\": \"https://journal.example/Patient/1\"",
        "\"reference\": \"urn:uuid:…01\"",
        [
            "Ta ressursen med i bundlen og vis til fullUrl.",
            "Include the resource in the bundle and refer to its fullUrl.",
        ],
    ),
    entry(
        Code::ReferenceInvalid,
        ["Referansen er feil skrevet", "Malformed reference"],
        [
            "Relative referanser krever fullUrl på entryen de står i.",
            "Relative references need a fullUrl on the entry they stand in.",
        ],
        ["Entry uten fullUrl, eller feil form.", "An entry without fullUrl, or the wrong form."],
        "\"reference\": \"Patient\"",
        "\"reference\": \"urn:uuid:…01\"",
        ["Vis til fullUrl.", "Refer to the fullUrl."],
    ),
    entry(
        Code::ReferenceProfileMismatch,
        ["Ressursen det vises til følger ikke profilen", "Target does not fit its profile"],
        [
            "Målet finnes, men passer ingen av profilene elementet krever.",
            "The target exists but fits none of the profiles the element demands.",
        ],
        [
            "Målet har egne feil, som står på målets entry.",
            "The target has faults of its own, reported at its entry.",
        ],
        "medication → Medication med feil",
        "medication → Medication uten feil",
        ["Rett feilene i målet først.", "Correct the target's faults first."],
    ),
    entry(
        Code::ContainedInvalid,
        ["Feil i innkapslet ressurs", "Fault in a contained resource"],
        [
            "Innkapslede ressurser skal vises til med # og være kjente typer.",
            "Contained resources shall be referred to with # and be of known kinds.",
        ],
        [
            "contained uten referanse, eller referanse uten contained.",
            "contained without reference, or reference without contained.",
        ],
        "\"reference\": \"#m1\" uten contained m1",
        "\"contained\": [ { \"id\": \"m1\", … } ]",
        ["Fjern den eller vis til den.", "Remove it or refer to it."],
    ),
    entry(
        Code::IdDuplicate,
        ["Samme id to ganger i ressursen", "Same id twice in the resource"],
        ["En id kan brukes én gang i en ressurs.", "An id can be used once in a resource."],
        ["Kopierte elementer.", "Copied elements."],
        "to elementer med id a",
        "id a og id b",
        [
            "Gi elementene ulike id-er, eller fjern dem.",
            "Give the elements different ids, or remove them.",
        ],
    ),
    entry(
        Code::DependencyRefused,
        ["Ikke lagret: viser til en avvist ressurs", "Not stored: refers to a refused resource"],
        [
            "Ressursen er riktig, men noe den viser til ble avvist.",
            "The resource is right, but something it refers to was refused.",
        ],
        ["Feil i en annen entry.", "A fault in another entry."],
        "MedicationAdministration → avvist Medication",
        "MedicationAdministration → lagret Medication",
        [
            "Rett ressursen det vises til; da sendes begge på nytt.",
            "Correct the resource referred to; then both are sent again.",
        ],
    ),
    entry(
        Code::TransactionAborted,
        ["Ikke lagret: en annen entry ble avvist", "Not stored: another entry was refused"],
        [
            "En transaction lagres i sin helhet eller ikke i det hele tatt.",
            "A transaction is stored as a whole or not at all.",
        ],
        ["Feil i en annen entry.", "A fault in another entry."],
        "én feil entry av åtte",
        "åtte riktige entry",
        [
            "Rett eller ta ut entryen som ble avvist.",
            "Correct or take out the entry that was refused.",
        ],
    ),
];
