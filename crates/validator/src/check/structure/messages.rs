//! Messages: what may be where, in which shape, and how often.

/// Passes its rows on; see `messages.rs`.
macro_rules! structure_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            ProfileMinimum { found: usize, element: Defined, limit: usize, profile: Defined }
                "Validation_VAL_Profile_Minimum" Error Structure
                en "{element}: at least {limit} required, found {found}"
                nb "{element}: minst {limit} kreves, fant {found}";
            ProfileMinimumSlice { found: usize, element: Defined, limit: usize, profile: Defined }
                "Validation_VAL_Profile_Minimum_SLICE" Error Structure
                en "Slice {element}: at least {limit} required, found {found}"
                nb "Utsnittet {element}: minst {limit} kreves, fant {found}";
            ProfileMinimumSliceExt { found: usize, element: Defined, limit: usize, url: Defined }
                "Validation_VAL_Profile_Minimum_SLICE_EXT" Error Structure
                en "Extension {element} ({url}): at least {limit} required, found {found}"
                nb "Utvidelsen {element} ({url}): minst {limit} kreves, fant {found}";
            SecurityLabelTwice { label: Value }
                "Meta_RES_Security_Duplicate" Error BusinessRule
                en "The security label {label} is there twice"
                nb "Sikkerhetsmerket {label} står to ganger";
            ProfileMinimumMagic { element: Defined, code: Defined, profile: Defined }
                "VALIDATION_VAL_PROFILE_MINIMUM_MAGIC" Error Structure
                en "{element}: the vital signs profile {profile} requires the code {code}, which is not given"
                nb "{element}: vitaltegnprofilen {profile} krever koden {code}, som ikke er oppgitt";
            ProfileMaximum { found: usize, element: Defined, limit: usize, profile: Defined }
                "Validation_VAL_Profile_Maximum" Error Structure
                en "{element}: at most {limit} allowed, found {found}"
                nb "{element}: høyst {limit} er tillatt, fant {found}";
            UnrecognisedProperty { property: GivenName, hint: Hint }
                "Unrecognised_property_" Error Structure
                en "The property {property} is not known here{hint}"
                nb "Egenskapen {property} er ukjent her{hint}";
            IllegalProperty { property: Defined }
                "ILLEGAL_PROPERTY" Error Invalid
                en "The property {property} must not be under a primitive element"
                nb "Egenskapen {property} kan ikke stå under et primitivt element";
            MustBeArray { found: Words, property: Defined }
                "This_property_must_be_an_Array_not_" Error Invalid
                en "{property} must be a JSON array, not {found}"
                nb "{property} må være en JSON-liste, ikke {found}";
            MustBe { expected: Words, found: Words, property: Defined }
                "This_property_must_be__not_" Error Invalid
                en "{property} must be {expected}, not {found}"
                nb "{property} må være {expected}, ikke {found}";
            MustBeSimple { found: Words, property: Defined }
                "This_property_must_be_an_simple_value_not_" Error Invalid
                en "{property} must be a simple value, not {found}"
                nb "{property} må være en enkel verdi, ikke {found}";
            MustBeObject { found: Words, property: Defined }
                "This_property_must_be_an_object_not_" Error Invalid
                en "{property} must be an object, not {found}"
                nb "{property} må være et objekt, ikke {found}";
            BaseMustBeArray { found: Words, property: Defined }
                "This_base_property_must_be_an_Array_not_" Error Invalid
                en "{property} must be a JSON array like the property it belongs to, not {found}"
                nb "{property} må være en JSON-liste slik som egenskapen den hører til, ikke {found}";
            ProfileNoType { property: Defined, allowed: Defined }
                "Validation_VAL_Profile_NoType" Error Structure
                en "The type of {property} is not allowed here; allowed: {allowed}"
                nb "Typen til {property} er ikke tillatt her; tillatt: {allowed}";
            ResourceTypeOther { found: TypeName }
                "Validation_VAL_NoType" Error Structure
                en "The profile does not allow a {found} here"
                nb "Profilen tillater ikke {found} her";
            ProfileType { profile: Defined, allowed: Defined, found: Text }
                "Extension_PROF_Type" Error Structure
                en "The profile {profile} allows the types {allowed}, found {found}"
                nb "Profilen {profile} tillater typene {allowed}, fant {found}";
            ProfileWrongType { expected: Defined, found: TypeName, profile: Defined }
                "Validation_VAL_Profile_WrongType" Error Invalid
                en "The profile {profile} is for {expected}, but the resource is {found}"
                nb "Profilen {profile} gjelder {expected}, men ressursen er {found}";
            ProfileNoDefinition { type_name: TypeName }
                "Validation_VAL_Profile_NoDefinition" Error Invalid
                en "No definition is known for the resource type {type_name}"
                nb "Ingen definisjon er kjent for ressurstypen {type_name}";
        }
    };
}
pub(crate) use structure_messages;
