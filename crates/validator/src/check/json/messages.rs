//! Messages: the JSON itself.

/// Passes its rows on; see `messages.rs`.
macro_rules! json_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            JsonParse { reason: Defined }
                "Error_parsing_JSON_" Fatal Invalid
                en "The JSON cannot be read: {reason}"
                nb "JSON-en kan ikke leses: {reason}";
            JsonDuplicate { property: GivenName }
                "DUPLICATE_JSON_PROPERTY_KEY" Error Invalid
                en "The property {property} occurs twice"
                nb "Egenskapen {property} står to ganger";
            JsonEmptyArray
                "ARRAY_CANNOT_BE_EMPTY" Error Invalid
                en "An array must not be empty"
                nb "En liste kan ikke være tom";
            JsonEmptyObject
                "Object_must_have_some_content" Error Invalid
                en "An object must have content"
                nb "Et objekt må ha innhold";
            JsonInvalidArray { element: Defined, index: usize }
                "JSON_PROPERTY_INVALID_ARRAY" Error Invalid
                en "Item {index} of {element} has neither a value nor an extension"
                nb "Ledd {index} i {element} har verken verdi eller utvidelse";
            JsonCommaExtra { container: Words }
                "JSON_COMMA_EXTRA" Error Invalid
                en "There is a comma too many at the end of the {container}"
                nb "Det er et komma for mye på slutten av {container}";
            JsonCommaMissing
                "JSON_COMMA_MISSING" Error Invalid
                en "A comma is missing"
                nb "Et komma mangler";
            JsonComments
                "JSON_COMMENTS_NOT_ALLOWED" Error Invalid
                en "Comments are not allowed in JSON"
                nb "Kommentarer er ikke tillatt i JSON";
            JsonNoQuotes { property: GivenName }
                "JSON_PROPERTY_NO_QUOTES" Error Invalid
                en "The property name {property} has no quotes"
                nb "Egenskapsnavnet {property} mangler anførselstegn";
            JsonValueNoQuotes { property: GivenName }
                "JSON_PROPERTY_VALUE_NO_QUOTES" Error Invalid
                en "The value of {property} has no quotes"
                nb "Verdien til {property} mangler anførselstegn";
            JsonOther { reason: Words }
                "LMRV_JSON_SYNTAX" Error Invalid
                en "The JSON is not correct here: {reason}"
                nb "JSON-en er ikke riktig her: {reason}";
            JsonNotBoolean
                "Error_parsing_JSON_the_primitive_value_must_be_a_boolean" Error Invalid
                en "The value must be a JSON boolean (true or false)"
                nb "Verdien må være boolsk i JSON (true eller false)";
            JsonNotNumber
                "Error_parsing_JSON_the_primitive_value_must_be_a_number" Error Invalid
                en "The value must be a JSON number"
                nb "Verdien må være et tall i JSON";
            JsonNotString
                "Error_parsing_JSON_the_primitive_value_must_be_a_string" Error Invalid
                en "The value must be a JSON string"
                nb "Verdien må være en tekst i JSON";
            NoResourceType
                "Unable_to_find_resourceType_property" Fatal Invalid
                en "There is no resourceType"
                nb "resourceType mangler";
            ResourceTypeWrong { found: Words }
                "RESOURCETYPE_PROPERTY_WRONG_TYPE" Fatal Invalid
                en "resourceType must be a string, not {found}"
                nb "resourceType må være en tekst, ikke {found}";
            ResourceTypeUnknown { type_name: GivenName, hint: Hint }
                "This_does_not_appear_to_be_a_FHIR_resource_unknown_name_" Fatal Structure
                en "'{type_name}' is not a FHIR resource type{hint}"
                nb "'{type_name}' er ikke en FHIR-ressurstype{hint}";
            ResourceTypeUnknownInside { type_name: GivenName, hint: Hint }
                "Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_" Fatal Invalid
                en "'{type_name}' is not a FHIR resource type{hint}"
                nb "'{type_name}' er ikke en FHIR-ressurstype{hint}";
        }
    };
}
pub(crate) use json_messages;
