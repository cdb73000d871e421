//! Messages: bundles.

/// Passes its rows on; see `messages.rs`.
macro_rules! bundle_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            BundleNoFirst { bundle_type: Defined }
                "Bundle_BUNDLE_Entry_NoFirst" Error Invalid
                en "A {bundle_type} bundle must have a first entry"
                nb "En bundle av typen {bundle_type} må ha en første oppføring";
            BundleNoFirstResource { bundle_type: Defined }
                "Bundle_BUNDLE_Entry_NoFirstResource" Error Invalid
                en "The first entry of a {bundle_type} bundle must have a resource"
                nb "Første oppføring i en bundle av typen {bundle_type} må ha en ressurs";
            BundleDocument
                "Bundle_BUNDLE_Entry_Document" Error Invalid
                en "The first resource of a document must be a Composition"
                nb "Første ressurs i et dokument må være en Composition";
            BundleMessage
                "Validation_BUNDLE_Message" Error Invalid
                en "The first resource of a message must be a MessageHeader"
                nb "Første ressurs i en melding må være en MessageHeader";
            BundleFullUrlRequired
                "BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED" Error Invalid
                en "Except in transactions and batches, every entry of a bundle must have a fullUrl"
                nb "Bortsett fra i transaksjoner og batcher må hver oppføring i en bundle ha fullUrl";
            BundleUrlAbsolute { url: Value }
                "BUNDLE_ENTRY_URL_ABSOLUTE" Error Invalid
                en "fullUrl must be absolute, not '{url}'"
                nb "fullUrl må være absolutt, ikke '{url}'";
            BundleUrlNoId { url: Value }
                "BUNDLE_ENTRY_URL_MATCHES_NO_ID" Error Invalid
                en "The fullUrl '{url}' looks like a server address, but the resource has no id"
                nb "fullUrl '{url}' ser ut som en serveradresse, men ressursen har ingen id";
            BundleUrlTypeId { url: Value, type_name: TypeName, id: Value }
                "BUNDLE_ENTRY_URL_MATCHES_TYPE_ID" Error Invalid
                en "The fullUrl '{url}' looks like a server address and must end in /{type_name}/{id}"
                nb "fullUrl '{url}' ser ut som en serveradresse og må slutte på /{type_name}/{id}";
            BundleMultipleMatches { reference: Value }
                "Bundle_BUNDLE_MultipleMatches" Error Forbidden
                en "Several entries fit the reference '{reference}'"
                nb "Flere oppføringer passer med referansen '{reference}'";
            BundleNotFound { reference: Value, source: Text }
                "Bundle_BUNDLE_Entry_NotFound" Error NotFound
                en "'{reference}' is not in the bundle ({source})"
                nb "'{reference}' finnes ikke i bundlen ({source})";
            BundleFoundMultiple { count: usize, reference: Value, source: Text }
                "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE" Error Invalid
                en "{count} entries fit '{reference}' ({source})"
                nb "{count} oppføringer passer med '{reference}' ({source})";
            BundleFragmentMultiple { count: usize, id: Value, resource: Value }
                "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE_FRAGMENT" Error Invalid
                en "{count} elements have the id '{id}' in the resource '{resource}'"
                nb "{count} elementer har id-en '{id}' i ressursen '{resource}'";
            BundleNotFoundApparent { count: usize, reference: Value, source: Text }
                "BUNDLE_BUNDLE_ENTRY_NOTFOUND_APPARENT" Error Invalid
                en "'{reference}' is not in the bundle ({source}); {count} entries have that type and id, but their fullUrl does not fit"
                nb "'{reference}' finnes ikke i bundlen ({source}); {count} oppføringer har den typen og id-en, men fullUrl passer ikke";
            BundleNotFoundCannot { count: usize, reference: Value, source: Text, full_url: Value }
                "BUNDLE_BUNDLE_ENTRY_NOTFOUND_CANNOT" Error Invalid
                en "'{reference}' is not in the bundle ({source}); {count} entries have that type and id, but the fullUrl '{full_url}' of the source gives no server address to compare with"
                nb "'{reference}' finnes ikke i bundlen ({source}); {count} oppføringer har den typen og id-en, men kildens fullUrl '{full_url}' gir ingen serveradresse å sammenligne med";
            BundlePossibleWrongUrl { entry: usize, reference: Value, full_url: Value, expected: Value }
                "BUNDLE_BUNDLE_POSSIBLE_MATCH_WRONG_FU" Warning Required
                en "Entry {entry} has the type and id of '{reference}', but its fullUrl {full_url} is not {expected}"
                nb "Oppføring {entry} har typen og id-en til '{reference}', men fullUrl {full_url} er ikke {expected}";
            BundlePossibleNoUrl { entry: usize, reference: Value, expected: Value }
                "BUNDLE_BUNDLE_POSSIBLE_MATCH_NO_FU" Warning Required
                en "Entry {entry} has the type and id of '{reference}', but no fullUrl, which would have to be {expected}"
                nb "Oppføring {entry} har typen og id-en til '{reference}', men ingen fullUrl; den måtte være {expected}";
            BundleNeedVersion { full_url: Value }
                "Bundle_BUNDLE_FullUrl_NeedVersion" Warning Invalid
                en "The reference asks for a version of {full_url}, but an entry with that fullUrl does not say in meta.versionId which it is"
                nb "Referansen gjelder en versjon av {full_url}, men en oppføring med den fullUrl-en oppgir ikke versjon i meta.versionId";
            BundleStyleSheetExternal { url: Value }
                "BUNDLE_LINK_STYELSHEET_EXTERNAL" Warning BusinessRule
                en "The style sheet '{url}' has an absolute address: only https://hl7.org/fhir/fhir.css should, all others are entries by a relative one"
                nb "Stilarket '{url}' har en absolutt adresse: bare https://hl7.org/fhir/fhir.css bør ha det, alle andre er oppføringer med en relativ";
            BundleStyleSheetInsecure { url: Value }
                "BUNDLE_LINK_STYELSHEET_INSECURE" Warning BusinessRule
                en "The style sheet '{url}' is fetched without encryption"
                nb "Stilarket '{url}' hentes ukryptert";
            BundleStyleSheetLinkable { url: Value }
                "BUNDLE_LINK_STYELSHEET_LINKABLE" Warning BusinessRule
                en "The style sheet '{url}' has an address that cannot be fetched"
                nb "Stilarket '{url}' har en adresse som ikke kan hentes";
            BundleStyleSheetNotFound { url: Value }
                "BUNDLE_LINK_STYELSHEET_NOT_FOUND" Error NotFound
                en "The style sheet '{url}' is not in the document"
                nb "Stilarket '{url}' finnes ikke i dokumentet";
            BundlePossibleMatches { reference: Value, target: Value }
                "BUNDLE_POSSSIBLE_MATCHES" Warning Required
                en "No entry fits '{reference}' by fullUrl, but several have the type and id {target}"
                nb "Ingen oppføring passer med '{reference}' etter fullUrl, men flere har type og id {target}";
            BundleFullUrlMissing { reference: Value }
                "Bundle_BUNDLE_FullUrl_Missing" Error Required
                en "The relative reference '{reference}' is in an entry without fullUrl and cannot be resolved"
                nb "Den relative referansen '{reference}' står i en oppføring uten fullUrl og kan ikke følges";
            BundleNotLocal { reference: Value }
                "Bundle_BUNDLE_Not_Local" Warning Required
                en "The urn reference '{reference}' has no entry in the bundle"
                nb "Urn-referansen '{reference}' har ingen oppføring i bundlen";
            BundleOrphanDocument { full_url: Value }
                "Bundle_BUNDLE_Entry_Orphan_DOCUMENT" Error Informational
                en "The entry '{full_url}' cannot be reached from the Composition"
                nb "Oppføringen '{full_url}' kan ikke nås fra Composition";
            BundleReverseDocument { full_url: Value }
                "BUNDLE_BUNDLE_ENTRY_REVERSE_R4" Warning Invalid
                en "The entry '{full_url}' can be reached only backwards from the Composition; only Provenance should be"
                nb "Oppføringen '{full_url}' kan bare nås bakover fra Composition; det bør bare gjelde Provenance";
            BundleOrphanMessage { full_url: Value }
                "Bundle_BUNDLE_Entry_Orphan_MESSAGE" Warning Informational
                en "The entry '{full_url}' cannot be reached from the MessageHeader"
                nb "Oppføringen '{full_url}' kan ikke nås fra MessageHeader";
            BundleReverseMessage { full_url: Value }
                "BUNDLE_BUNDLE_ENTRY_REVERSE_MSG" Information Informational
                en "The entry '{full_url}' can be reached only backwards from the MessageHeader"
                nb "Oppføringen '{full_url}' kan bare nås bakover fra MessageHeader";
            BundleEntryOther { found: TypeName, allowed: Defined }
                "Bundle_BUNDLE_Entry_Type" Error Informational
                en "A {found} is not allowed here; allowed: {allowed}"
                nb "{found} er ikke tillatt her; tillatt: {allowed}";
            BundleEntryType { found: TypeName, allowed: Defined }
                "Bundle_BUNDLE_Entry_Type2" Error Informational
                en "A {found} is not allowed here; allowed: {allowed}"
                nb "{found} er ikke tillatt her; tillatt: {allowed}";
            BundleSearchNoSelf
                "BUNDLE_SEARCH_NOSELF" Warning Invalid
                en "A search result should have a self link"
                nb "Et søkeresultat bør ha en self-lenke";
            BundleSearchSelfNotUnderstood
                "BUNDLE_SEARCH_SELF_NOT_UNDERSTOOD" Information Invalid
                en "The self link of the search result does not say which types were searched for, so they were not checked"
                nb "Self-lenken i søkeresultatet sier ikke hvilke typer det ble søkt etter, så de ble ikke kontrollert";
            BundleSearchNoMode
                "BUNDLE_SEARCH_NO_MODE" Warning Invalid
                en "The entries of a search result should say their search mode"
                nb "Oppføringene i et søkeresultat bør oppgi search.mode";
            BundleSearchNoResource
                "BUNDLE_SEARCH_ENTRY_NO_RESOURCE" Error Invalid
                en "An entry of a search result must have a resource"
                nb "En oppføring i et søkeresultat må ha en ressurs";
            BundleSearchNoId
                "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID" Error Invalid
                en "A resource in a search result must have an id"
                nb "En ressurs i et søkeresultat må ha id";
            BundleSearchWrongOutcome { found: TypeName }
                "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_OUTCOME" Error Invalid
                en "An entry of mode outcome must be an OperationOutcome, not {found}"
                nb "En oppføring med modus outcome må være OperationOutcome, ikke {found}";
            BundleSearchWrongType { found: TypeName, searched: GivenName }
                "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_MODE" Error Invalid
                en "{found} does not fit the search, which was for {searched}"
                nb "{found} passer ikke med søket, som gjaldt {searched}";
            BundleSearchWrongTypeNoMode { found: TypeName, searched: GivenName }
                "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_NO_MODE" Warning Invalid
                en "{found} does not fit the search for {searched}, and the entry says no mode"
                nb "{found} passer ikke med søket etter {searched}, og oppføringen oppgir ikke modus";
            BundleLinkDuplicate { relation: Defined }
                "BUNDLE_LINK_SEARCH_NO_DUPLICATES" Error Invalid
                en "The link relation '{relation}' occurs more than once"
                nb "Lenkerelasjonen '{relation}' står mer enn én gang";
            BundleLinkProhibited { relation: Defined, bundle_type: GivenName }
                "BUNDLE_LINK_SEARCH_PROHIBITED" Error Invalid
                en "The link relation '{relation}' is not allowed in a {bundle_type} bundle"
                nb "Lenkerelasjonen '{relation}' er ikke tillatt i en bundle av typen {bundle_type}";
            BundleEntryNoMatch { profile: Defined }
                "Bundle_BUNDLE_Entry_NoProfile_EXPL" Error NotFound
                en "The profile {profile} expected of this entry is not known"
                nb "Profilen {profile} som ventes av denne oppføringen, er ukjent";
        }
    };
}
pub(crate) use bundle_messages;
