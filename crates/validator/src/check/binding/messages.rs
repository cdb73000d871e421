//! Messages: codes, value sets and code systems.

/// Passes its rows on; see `messages.rs`.
macro_rules! binding_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            CodeNotInRequired { code: Value, value_set: Defined, hint: Hint }
                "Terminology_TX_NoValid_16" Error CodeInvalid
                en "'{code}' is not in the value set {value_set}, which is required{hint}"
                nb "'{code}' er ikke i verdisettet {value_set}, som er påkrevd{hint}";
            CodeNotInExtensible { code: Value, value_set: Defined }
                "Terminology_TX_NoValid_17" Warning CodeInvalid
                en "'{code}' is not in the value set {value_set}; a code from it should be used if there is a fitting one"
                nb "'{code}' er ikke i verdisettet {value_set}; en kode derfra bør brukes hvis en passer";
            CodeNotInPreferred { code: Value, value_set: Defined }
                "Terminology_TX_NoValid_18" Information CodeInvalid
                en "'{code}' is not in the value set {value_set}, which is recommended"
                nb "'{code}' er ikke i verdisettet {value_set}, som er anbefalt";
            ConceptNotInRequired { value_set: Defined, codes: Value }
                "Terminology_TX_NoValid_1_CC" Error CodeInvalid
                en "None of the codings is in the value set {value_set}, which is required ({codes})"
                nb "Ingen av kodingene er i verdisettet {value_set}, som er påkrevd ({codes})";
            ConceptNotInExtensible { value_set: Defined, codes: Value }
                "Terminology_TX_NoValid_2_CC" Warning CodeInvalid
                en "None of the codings is in the value set {value_set}; one from it should be used if there is a fitting one ({codes})"
                nb "Ingen av kodingene er i verdisettet {value_set}; en derfra bør brukes hvis en passer ({codes})";
            ConceptNotInPreferred { value_set: Defined, codes: Value }
                "Terminology_TX_NoValid_3_CC" Information CodeInvalid
                en "None of the codings is in the value set {value_set}, which is recommended ({codes})"
                nb "Ingen av kodingene er i verdisettet {value_set}, som er anbefalt ({codes})";
            CodingNotInRequired { code: Value, value_set: Defined }
                "Terminology_TX_Confirm_4a" Error CodeInvalid
                en "The code {code} is not in the value set {value_set}, which is required"
                nb "Koden {code} er ikke i verdisettet {value_set}, som er påkrevd";
            CodingNotInExtensible { code: Value, value_set: Defined }
                "Terminology_TX_Confirm_5" Warning CodeInvalid
                en "The code {code} is not in the value set {value_set}; a code from it should be used if there is a fitting one"
                nb "Koden {code} er ikke i verdisettet {value_set}; en kode derfra bør brukes hvis en passer";
            CodingNotInPreferred { code: Value, value_set: Defined }
                "Terminology_TX_Confirm_6" Information CodeInvalid
                en "The code {code} is not in the value set {value_set}, which is recommended"
                nb "Koden {code} er ikke i verdisettet {value_set}, som er anbefalt";
            CodingNotInMax { value_set: Defined }
                "Terminology_TX_NoValid_8" Error CodeInvalid
                en "None of the codings is in the maximum value set {value_set}"
                nb "Ingen av kodingene er i det største tillatte verdisettet {value_set}";
            CodingNotInMaxSingle { code: Value, value_set: Defined }
                "Terminology_TX_NoValid_11" Error CodeInvalid
                en "'{code}' is not in the maximum value set {value_set}"
                nb "'{code}' er ikke i det største tillatte verdisettet {value_set}";
            OneCodingNotInRequired { code: Value, value_set: Defined }
                "Terminology_TX_NoValid_12" Error CodeInvalid
                en "The code {code} is not in the value set {value_set}, which is required"
                nb "Koden {code} er ikke i verdisettet {value_set}, som kreves";
            OneCodingNotInExtensible { code: Value, value_set: Defined }
                "Terminology_TX_NoValid_13" Warning CodeInvalid
                en "The code {code} is not in the value set {value_set}; a code from it should be used if there is a fitting one"
                nb "Koden {code} er ikke i verdisettet {value_set}; en kode derfra bør brukes hvis en passer";
            OneCodingNotInPreferred { code: Value, value_set: Defined }
                "Terminology_TX_NoValid_14" Information CodeInvalid
                en "The code {code} is not in the value set {value_set}, which is recommended"
                nb "Koden {code} er ikke i verdisettet {value_set}, som anbefales";
            CodeMissingRequired { value_set: Defined }
                "Terminology_TX_Code_ValueSet" Error CodeInvalid
                en "No code is given, but one of the value set {value_set} is required"
                nb "Ingen kode er oppgitt, men en fra verdisettet {value_set} er påkrevd";
            CodeOnlyExtended { value_set: Defined }
                "Terminology_TX_Code_ValueSet_MISSING" Error CodeInvalid
                en "No code is given, only extensions, but one of the value set {value_set} is required"
                nb "Ingen kode er oppgitt, bare utvidelser, men en fra verdisettet {value_set} er påkrevd";
            CodeMissingExtensible { value_set: Defined }
                "Terminology_TX_Code_ValueSet_Ext" Warning CodeInvalid
                en "No code is given, but one of the value set {value_set} should be if there is a fitting one"
                nb "Ingen kode er oppgitt, men en fra verdisettet {value_set} bør oppgis hvis en passer";
            CodeMissingMaximum { value_set: Defined }
                "Terminology_TX_Code_ValueSetMax" Error CodeInvalid
                en "No code is given, but one of the maximum value set {value_set} is required"
                nb "Ingen kode er oppgitt, men en fra det videste tillatte verdisettet {value_set} er påkrevd";
            BoundToCodeSystem { system: Defined }
                "Terminology_TX_ValueSet_NotFound_CS" Error CodeInvalid
                en "The binding names the code system {system} where a value set belongs"
                nb "Bindingen angir kodeverket {system} der et verdisett hører hjemme";
            ValueSetNotFound { value_set: Defined }
                "Terminology_TX_ValueSet_NotFound" Warning CodeInvalid
                en "The value set {value_set} is not known, so the code was not checked"
                nb "Verdisettet {value_set} er ukjent, så koden ble ikke kontrollert";
            ValueSetPartUnknown { value_set: Defined, part: Defined }
                "Unable_to_resolve_value_Set_" Warning NotFound
                en "The value set {part}, which {value_set} imports, is not known, so the code was not checked"
                nb "Verdisettet {part}, som {value_set} importerer, er ukjent, så koden ble ikke kontrollert";
            ValueSetNoContent { value_set: Defined, reason: GivenUrl }
                "LMRV_VALUESET_WITHOUT_CONTENT" Warning NotFound
                en "The value set {value_set} is known, but not all of its content is at hand ({reason}); the code was not checked"
                nb "Verdisettet {value_set} er kjent, men ikke alt innholdet er tilgjengelig ({reason}); koden ble ikke kontrollert";
            BindingNoSource { element: Defined }
                "Terminology_TX_Binding_NoSource" Information CodeInvalid
                en "The binding of {element} names no value set"
                nb "Bindingen for {element} oppgir ikke noe verdisett";
            UnknownCodeSystem { system: Canonical }
                "UNKNOWN_CODESYSTEM" Warning NotFound
                en "No complete definition of the code system {system} is at hand, so the code was not checked"
                nb "Ingen fullstendig definisjon av kodeverket {system} er tilgjengelig, så koden ble ikke kontrollert";
            UnknownCodeSystemVersion { system: Defined, version: Value, known: Defined }
                "UNKNOWN_CODESYSTEM_VERSION" Warning NotFound
                en "The version '{version}' of the code system {system} is not known, so the code was not checked (known: {known})"
                nb "Versjonen '{version}' av kodeverket {system} er ukjent, så koden ble ikke kontrollert (kjent: {known})";
            ValueSetOtherVersion { system: Defined, known: Defined, version: Value }
                "VALUESET_VALUE_MISMATCH_DEFAULT" Warning Invalid
                en "The value set takes version {known} of the code system {system}, not version '{version}'"
                nb "Verdisettet bruker versjon {known} av kodeverket {system}, ikke versjon '{version}'";
            UnknownCodeSystemVersionNone { system: Canonical, version: Value }
                "UNKNOWN_CODESYSTEM_VERSION_NONE" Warning NotFound
                en "The code system {system} (version '{version}') is not known, so the code was not checked"
                nb "Kodeverket {system} (versjon '{version}') er ukjent, så koden ble ikke kontrollert";
            CodeSystemUnusable { system: Defined, reason: Defined }
                "LMRV_CODESYSTEM_NOT_USABLE" Warning Exception
                en "The code system {system} cannot be used, so the code was not checked: {reason}"
                nb "Kodeverket {system} kan ikke brukes, så koden ble ikke kontrollert: {reason}";
            CodeSystemNoContent { system: Defined }
                "LMRV_CODESYSTEM_WITHOUT_CONTENT" Information NotFound
                en "The content of the code system {system} is not at hand, so the code was not checked"
                nb "Innholdet i kodeverket {system} er ikke tilgjengelig, så koden ble ikke kontrollert";
            CodeNotInPart { code: Value, system: Defined }
                "UNKNOWN_CODE_IN_FRAGMENT" Warning CodeInvalid
                en "The part of {system} that is at hand does not have the code '{code}', so the code was not checked"
                nb "Den delen av {system} som er tilgjengelig, har ikke koden '{code}', så koden ble ikke kontrollert";
            UnknownCode { code: Value, system: Defined, version: Defined, hint: Hint }
                "Unknown_Code_in_Version" Error CodeInvalid
                en "The code {code} is not in the code system {system} version {version}{hint}"
                nb "Koden {code} finnes ikke i kodeverket {system} versjon {version}{hint}";
            UnknownCodeNoVersion { code: Value, system: Defined, hint: Hint }
                "Unknown_Code_in" Error CodeInvalid
                en "The code {code} is not in the code system {system}{hint}"
                nb "Koden {code} finnes ikke i kodeverket {system}{hint}";
            InferCodeSystem { code: Value, value_set: Defined }
                "UNABLE_TO_INFER_CODESYSTEM" Error NotFound
                en "No code system of the value set {value_set} has the code '{code}'"
                nb "Ingen av kodeverkene i verdisettet {value_set} har koden '{code}'";
            DisplayWrong { system: Defined, code: Value, expected: Defined, found: Value }
                "Display_Name_for__should_be_one_of__instead_of" Error Invalid
                en "'{found}' is not the display of {system}#{code}; expected {expected}"
                nb "'{found}' er ikke visningsteksten til {system}#{code}; ventet {expected}";
            SystemRelative
                "Terminology_TX_System_Relative" Error Invalid
                en "Coding.system must be absolute, not relative"
                nb "Coding.system må være absolutt, ikke relativ";
            SystemIsValueSet { system: Defined }
                "Terminology_TX_System_ValueSet2" Error Invalid
                en "Coding.system names a value set ({system}), not a code system"
                nb "Coding.system angir et verdisett ({system}), ikke et kodeverk";
            CodeNoSystem
                "TERMINOLOGY_TX_SYSTEM_NO_CODE" Warning CodeInvalid
                en "A code without a system has no meaning and cannot be checked"
                nb "En kode uten system har ingen mening og kan ikke kontrolleres";
            NoCodeProvided { system: Defined }
                "NO_CODE_PROVIDED" Warning Value
                en "No code is given for the code system {system}"
                nb "Ingen kode er oppgitt for kodeverket {system}";
            NoCodeProvidedVersion { system: Defined, version: Defined }
                "NO_CODE_PROVIDED_VERSION" Warning Value
                en "No code is given for the code system {system} version {version}"
                nb "Ingen kode er oppgitt for kodeverket {system} versjon {version}";
            UcumSyntax { unit: Value }
                "LMRV_UCUM_SYNTAX" Warning CodeInvalid
                en "'{unit}' is not a valid UCUM unit"
                nb "'{unit}' er ikke en gyldig UCUM-enhet";
            LanguageCode { tag: Value }
                "LMRV_LANGUAGE_CODE" Warning CodeInvalid
                en "'{tag}' is not a valid language tag"
                nb "'{tag}' er ikke en gyldig språkkode";
            SystemInvalid { system: Canonical, expected: Defined }
                "Terminology_TX_System_Invalid" Error CodeInvalid
                en "'{system}' is not a code system; {expected} is"
                nb "'{system}' er ikke et kodeverk; {expected} er det";
            SystemHttps { system: Canonical }
                "TERMINOLOGY_TX_SYSTEM_HTTPS" Error CodeInvalid
                en "The code system '{system}' begins with http:, not https:"
                nb "Kodeverket '{system}' begynner med http:, ikke https:";
            SystemUnknown { system: Canonical }
                "Terminology_TX_System_Unknown" Error CodeInvalid
                en "FHIR has no code system with the address '{system}'"
                nb "FHIR har ikke noe kodeverk med adressen '{system}'";
            ConceptInactive { code: Value }
                "INACTIVE_CONCEPT_FOUND" Warning BusinessRule
                en "The code '{code}' is no longer in use"
                nb "Koden '{code}' er ikke lenger i bruk";
            ConceptDeprecated { code: Value }
                "DEPRECATED_CONCEPT_FOUND" Warning BusinessRule
                en "The code '{code}' is deprecated: another should be used in its place"
                nb "Koden '{code}' er foreldet: en annen bør brukes i stedet";
            SystemIsSupplement { system: Defined }
                "CODESYSTEM_CS_NO_SUPPLEMENT" Error BusinessRule
                en "{system} is a supplement to a code system, and no system by itself"
                nb "{system} er et tillegg til et kodeverk, ikke et kodeverk i seg selv";
        }
    };
}
pub(crate) use binding_messages;
