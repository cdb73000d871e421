//! Messages: references and contained resources.

/// Passes its rows on; see `messages.rs`.
macro_rules! reference_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            RefCantResolve { reference: Value }
                "Reference_REF_CantResolve" Error Structure
                en "The reference '{reference}' leads nowhere"
                nb "Referansen '{reference}' fører ikke til noe";
            RefBadTargetType { found: TypeName, allowed: Text }
                "Reference_REF_BadTargetType" Error Structure
                en "The reference leads to a {found}, but must lead to one of: {allowed}"
                nb "Referansen peker på {found}, men må peke på en av: {allowed}";
            RefBadTargetType2 { found: TypeName, reference: Value, allowed: Defined }
                "Reference_REF_BadTargetType2" Error Structure
                en "The reference '{reference}' says it leads to a {found}, but it must lead to one of: {allowed}"
                nb "Referansen '{reference}' sier at den peker på {found}, men den må peke på en av: {allowed}";
            RefWrongTarget { stated: TypeName, allowed: Defined }
                "Reference_REF_WrongTarget" Error Structure
                en "Reference.type is {stated}, but must be one of: {allowed}"
                nb "Reference.type er {stated}, men må være en av: {allowed}";
            RefResourceType { reference: Value, found: TypeName }
                "Reference_REF_ResourceType" Error Required
                en "The reference '{reference}' leads to a {found}, not to the type it names"
                nb "Referansen '{reference}' peker på {found}, ikke på typen den oppgir";
            RefCantMatchChoice { reference: Value, profiles: Defined, because: Because }
                "Reference_REF_CantMatchChoice" Error Structure
                en "The target of '{reference}' fits none of the profiles: {profiles}{because}"
                nb "Målet for '{reference}' passer ikke med noen av profilene: {profiles}{because}";
            RefMultipleMatches { reference: Value, profiles: Defined }
                "Reference_REF_MultipleMatches" Warning Structure
                en "The target of '{reference}' fits several profiles: {profiles}"
                nb "Målet for '{reference}' passer med flere profiler: {profiles}";
            RefCantResolveProfile { profile: Defined }
                "Reference_REF_CantResolveProfile" Error Structure
                en "The target profile {profile} is not known, so the reference was not checked"
                nb "Målprofilen {profile} er ukjent, så referansen ble ikke kontrollert";
            RefAggregation { found: Defined, allowed: Defined }
                "Reference_REF_Aggregation" Error Structure
                en "The reference is {found}, but must be {allowed}"
                nb "Referansen er {found}, men må være {allowed}";
            RefNotFoundBundle { reference: Value }
                "Reference_REF_NotFound_Bundle" Error Required
                en "The target of '{reference}' must be in the bundle or contained, but is not"
                nb "Målet for '{reference}' må være i bundlen eller innebygd, men er det ikke";
            RefFormat1 { reference: Value }
                "Reference_REF_Format1" Error Invalid
                en "The relative reference '{reference}' does not have the form type/id"
                nb "Den relative referansen '{reference}' har ikke formen type/id";
            RefFormat2 { reference: Value }
                "Reference_REF_Format2" Error Invalid
                en "The relative reference '{reference}' does not have the form type/id"
                nb "Den relative referansen '{reference}' har ikke formen type/id eller [base]/type/id";
            RefSuspicious { reference: Value }
                "REFERENCE_REF_SUSPICIOUS" Warning Structure
                en "The reference '{reference}' does not look right"
                nb "Referansen '{reference}' ser ikke riktig ut";
            RefNoDisplay
                "Reference_REF_NoDisplay" Warning Structure
                en "A reference without reference or identifier should have a display"
                nb "En referanse uten reference eller identifier bør ha display";
            ContainedOrphan { id: Value }
                "CONTAINED_ORPHAN_DOM3" Error Invalid
                en "The contained resource '{id}' is not referred to from anywhere in the resource"
                nb "Den innebygde ressursen '{id}' blir ikke vist til fra noe sted i ressursen";
            DuplicateId { id: Value }
                "DUPLICATE_ID" Error BusinessRule
                en "The id '{id}' occurs more than once in the resource"
                nb "Id-en '{id}' står mer enn én gang i ressursen";
            ResourceIdMissing
                "Resource_RES_ID_Missing" Error Invalid
                en "The resource must have an id"
                nb "Ressursen må ha en id";
            RefQueryInvalid { reference: Value }
                "REFERENCE_REF_QUERY_INVALID" Error Invalid
                en "What the conditional reference '{reference}' searches for is not written name=value"
                nb "Det den betingede referansen '{reference}' søker etter, er ikke skrevet navn=verdi";
            RefInvalid { reference: Value }
                "REFERENCE_REF_INVALID_REF" Error Structure
                en "The reference '{reference}' is not valid: an address has no white space"
                nb "Referansen '{reference}' er ikke gyldig: en adresse har ikke mellomrom";
        }
    };
}
pub(crate) use reference_messages;
