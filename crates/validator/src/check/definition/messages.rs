//! Messages: definitions as instances.

/// Passes its rows on; see `messages.rs`.
macro_rules! definition_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            DefinitionNoBase { base: GivenUrl }
                "Unable_to_find_base__for_" Warning NotFound
                en "The base definition {base} is not known"
                nb "Grunndefinisjonen {base} er ukjent";
            DefinitionOtherType { found: GivenName, base: Defined }
                "SD_CONSTRAINED_TYPE_NO_MATCH" Error NotFound
                en "A profile constrains the type of its base, {base}, not {found}"
                nb "En profil begrenser typen til grunndefinisjonen, {base}, ikke {found}";
            DefinitionLinesUnknown { lines: Value }
                "LMRV_DIFFERENTIAL_LINES_UNKNOWN" Error Invalid
                en "The differential names what the base does not have, or slices without a slicing: {lines}"
                nb "Differensialen nevner noe som grunndefinisjonen ikke har, eller slices uten slicing: {lines}";
            DefinitionLinesLooser { lines: Value }
                "LMRV_DIFFERENTIAL_LINES_LOOSER" Error Invalid
                en "The differential would allow more than the base does, which a profile cannot: {lines}"
                nb "Differensialen ville tillatt mer enn grunndefinisjonen, og det kan ingen profil: {lines}";
            DefinitionExtensionNoUrl { url: GivenUrl }
                "SD_EXTENSION_URL_MISSING" Error Invalid
                en "The differential of an extension fixes Extension.url to its own url, {url}"
                nb "Differensialen til en utvidelse fastsetter Extension.url til dens egen url, {url}";
            DefinitionExtensionOtherUrl { url: GivenUrl, found: GivenUrl }
                "SD_EXTENSION_URL_MISMATCH" Error Invalid
                en "Extension.url is fixed to {found}, but the extension is {url}"
                nb "Extension.url er fastsatt til {found}, men utvidelsen er {url}";
            DefinitionValueSetUnknown { value_set: GivenUrl }
                "SD_ED_BIND_UNKNOWN_VS" Warning BusinessRule
                en "The value set {value_set} of the binding is not known"
                nb "Verdisettet {value_set} i bindingen er ukjent";
            DefinitionNotValueSet { value_set: GivenUrl, found: Defined }
                "SD_ED_BIND_NOT_VS" Error BusinessRule
                en "A binding names a value set; {value_set} is a {found}"
                nb "En binding angir et verdisett; {value_set} er et {found}";
            DefinitionNotBindable { found: GivenName }
                "SD_ED_BIND_NO_BINDABLE" Error BusinessRule
                en "What is of the type {found} has no code that could be bound to a value set"
                nb "Det som er av typen {found}, har ingen kode som kan bindes til et verdisett";
            DefinitionProfileUnknown { profile: GivenUrl }
                "SD_ED_TYPE_PROFILE_UNKNOWN" Warning Exception
                en "The profile {profile} is not known"
                nb "Profilen {profile} er ukjent";
            DefinitionProfileWrong { profile: GivenUrl, found: Defined, of: GivenName }
                "SD_ED_TYPE_PROFILE_WRONG" Error Exception
                en "The profile {profile} is of the type {found}, not of {of}"
                nb "Profilen {profile} er av typen {found}, ikke av {of}";
            DefinitionTargetWrong { profile: GivenUrl, found: Defined }
                "SD_ED_TYPE_PROFILE_WRONG_TARGET" Error Exception
                en "A target profile is of a resource; {profile} is of the type {found}"
                nb "En målprofil er av en ressurs; {profile} er av typen {found}";
            DefinitionNoTarget { of: GivenName }
                "SD_ED_TYPE_NO_TARGET_PROFILE" Error Exception
                en "A {of} has no target that a target profile could be of"
                nb "En {of} har ikke noe mål som en målprofil kan være av";
            DefinitionValueType { found: GivenName, allowed: GivenName }
                "SD_VALUE_TYPE_IILEGAL" Error Exception
                en "The value is of the type {found}, the element of {allowed}"
                nb "Verdien er av typen {found}, elementet av {allowed}";
            DefinitionComplexFixed { found: GivenName }
                "SD_VALUE_COMPLEX_FIXED" Warning Exception
                en "A fixed {found} forbids everything else in it; a pattern asks for these parts alone"
                nb "En fastsatt {found} forbyr alt annet i den; et mønster krever bare disse delene";
            DefinitionFixedRepeats
                "SD_VALUE_TYPE_REPEAT_WARNING_DOTNET" Warning Exception
                en "The element may repeat, and each repetition must have this value"
                nb "Elementet kan gjentas, og hver gjentakelse må ha denne verdien";
            DefinitionNoTypes { element: GivenName }
                "SD_NO_TYPES_OR_CONTENTREF" Error Exception
                en "The element {element} has neither a type nor a content reference"
                nb "Elementet {element} har verken type eller innholdsreferanse";
            DefinitionConstraintWrong { key: Value, reason: GivenName }
                "ED_INVARIANT_EXPRESSION_ERROR" Error Invalid
                en "The expression of the constraint {key} cannot be evaluated: {reason}"
                nb "Uttrykket i regelen {key} kan ikke evalueres: {reason}";
            DefinitionDiscriminatorWrong { path: Value, element: GivenName }
                "SD_PATH_NOT_VALID" Error Invalid
                en "The discriminator {path} leads to nothing in {element}"
                nb "Diskriminatoren {path} fører ikke til noe i {element}";
            DefinitionDiscriminatorUnreadable { path: Value, reason: GivenName }
                "SD_PATH_ERROR" Error Invalid
                en "The discriminator {path} cannot be read: {reason}"
                nb "Diskriminatoren {path} kan ikke leses: {reason}";
            ValueSetSystemRelative { system: GivenUrl }
                "VALUESET_INCLUDE_SYSTEM_ABSOLUTE" Error Invalid
                en "A code system is named by an absolute address, not '{system}'"
                nb "Et kodeverk angis med en absolutt adresse, ikke '{system}'";
            ValueSetSystemLocal { system: GivenUrl }
                "VALUESET_INCLUDE_SYSTEM_ABSOLUTE_FRAG" Error Invalid
                en "A code system is named by its url, also a contained one, not '{system}'"
                nb "Et kodeverk angis med sin url, også et inkludert, ikke '{system}'";
            ValueSetSystemVersion { system: GivenUrl, version: Value }
                "VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_1" Error Invalid
                en "The version '{version}' of {system} belongs in version: the system is an address without one"
                nb "Versjonen '{version}' av {system} hører hjemme i version: kodeverket er en adresse uten den";
            ValueSetSystemVersionTwice { system: GivenUrl, version: Value }
                "VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_3" Error Invalid
                en "The version '{version}' of {system} is in version already: the system is an address without one"
                nb "Versjonen '{version}' av {system} står alt i version: kodeverket er en adresse uten den";
            ValueSetFilterCode { code: Value, system: GivenUrl }
                "VALUESET_BAD_FILTER_VALUE_VALID_CODE" Error Invalid
                en "The filter compares with the code '{code}', which the code system {system} does not have"
                nb "Filteret sammenligner med koden '{code}', som kodeverket {system} ikke har";
            ValueSetSystemIsValueSet { system: GivenUrl }
                "VALUESET_INCLUDE_WRONG_VS" Error Invalid
                en "{system} is a value set, not a code system"
                nb "{system} er et verdisett, ikke et kodeverk";
            ValueSetSystemIsSupplement { system: GivenUrl }
                "VALUESET_INCLUDE_CS_SUPPLEMENT" Error Invalid
                en "{system} is a supplement to a code system, and no system by itself"
                nb "{system} er et tillegg til et kodeverk, ikke et kodeverk i seg selv";
            ValueSetCodeUnknown { code: Value, system: GivenUrl }
                "VALUESET_INCLUDE_INVALID_CONCEPT_CODE" Error BusinessRule
                en "The code system {system} does not have the code '{code}'"
                nb "Kodeverket {system} har ikke koden '{code}'";
            ValueSetImportUnknown { value_set: GivenUrl }
                "VALUESET_REFERENCE_UNKNOWN" Warning BusinessRule
                en "The value set {value_set} is not known"
                nb "Verdisettet {value_set} er ukjent";
            ValueSetImportWrong { value_set: GivenUrl, found: Defined }
                "VALUESET_REFERENCE_INVALID_TYPE" Warning BusinessRule
                en "{value_set} is a {found}, not a value set"
                nb "{value_set} er et {found}, ikke et verdisett";
            CodeSystemNoSupplemented
                "CODESYSTEM_CS_SUPP_NO_SUPP" Error BusinessRule
                en "A supplement names the code system that it is for"
                nb "Et tillegg angir kodeverket det er til";
            CodeSystemSupplementCode { code: Value, system: GivenUrl }
                "CODESYSTEM_CS_SUPP_INVALID_CODE" Error BusinessRule
                en "A supplement has no codes of its own: {system} does not have the code '{code}'"
                nb "Et tillegg har ingen egne koder: {system} har ikke koden '{code}'";
            CodeSystemNotSupplement
                "CODESYSTEM_CS_HL7_PRESENT_ELEMENT_SUPPL_WRONG" Error BusinessRule
                en "A code system with supplements has the content 'supplement'"
                nb "Et kodeverk med supplements har innholdet 'supplement'";
            CodeSystemContentPresent
                "CODESYSTEM_CS_COUNT_NO_CONTENT_ALLOWED" Error Invalid
                en "A code system whose content is 'not-present' has no concepts"
                nb "Et kodeverk med innholdet 'not-present' har ingen begreper";
            CodeSystemCountWrong { stated: Value, found: usize }
                "CODESYSTEM_CS_COUNT_COMPLETE_WRONG" Error Invalid
                en "The complete code system has {found} concepts, not {stated}"
                nb "Det fullstendige kodeverket har {found} begreper, ikke {stated}";
            CodeSystemFragmentWhole { stated: Value, found: usize }
                "CODESYSTEM_CS_COUNT_FRAGMENT_WRONG" Warning Invalid
                en "A part of a code system has fewer concepts than the whole: {found} of {stated}"
                nb "En del av et kodeverk har færre begreper enn hele: {found} av {stated}";
            CodeSystemEmpty
                "CODESYSTEM_CS_COMPLETE_AND_EMPTY" Warning BusinessRule
                en "The code system is complete and has no concepts"
                nb "Kodeverket er fullstendig og har ingen begreper";
            CodeSystemPropertyTwice { code: Value }
                "CODESYSTEM_PROPERTY_DUPLICATE_CODE" Error BusinessRule
                en "The property {code} is defined before"
                nb "Egenskapen {code} er definert tidligere";
            CodeSystemPropertyUndefined { code: Value }
                "CODESYSTEM_PROPERTY_UNDEFINED" Warning BusinessRule
                en "The code system does not define the property {code}"
                nb "Kodeverket definerer ikke egenskapen {code}";
            CodeSystemPropertyType { code: Value, found: GivenName, wanted: Value }
                "CODESYSTEM_PROPERTY_WRONG_TYPE" Error BusinessRule
                en "The property {code} has values of the type {wanted}, not {found}"
                nb "Egenskapen {code} har verdier av typen {wanted}, ikke {found}";
        }
    };
}
pub(crate) use definition_messages;
