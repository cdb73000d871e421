//! Messages: extensions.

/// Passes its rows on; see `messages.rs`.
macro_rules! extension_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            ExtUnknownNotHere { url: Canonical }
                "Extension_EXT_Unknown_NotHere" Error Structure
                en "The extension {url} is not known and therefore not allowed here"
                nb "Utvidelsen {url} er ukjent og derfor ikke tillatt her";
            ExtUnknown { url: Canonical }
                "Extension_EXT_Unknown" Information Structure
                en "The extension {url} is not known"
                nb "Utvidelsen {url} er ukjent";
            ExtType { url: Defined, allowed: Defined, found: Defined }
                "Extension_EXT_Type" Error Structure
                en "The extension {url} allows the types {allowed}, found {found}"
                nb "Utvidelsen {url} tillater typene {allowed}, fant {found}";
            ExtSimpleAbsent { url: Defined }
                "Extension_EXT_Simple_ABSENT" Error Structure
                en "The extension {url} must have a value"
                nb "Utvidelsen {url} må ha en verdi";
            ExtSimpleWrong { url: Defined }
                "Extension_EXT_Simple_WRONG" Error Structure
                en "The extension {url} is simple: it must have a value and no extensions inside"
                nb "Utvidelsen {url} er enkel: den må ha en verdi og ingen utvidelser inni seg";
            ExtModifierN { url: Defined }
                "Extension_EXT_Modifier_N" Error Structure
                en "The extension {url} changes the meaning and must be a modifierExtension"
                nb "Utvidelsen {url} endrer meningen og må være en modifierExtension";
            ExtModifierY { url: Defined }
                "Extension_EXT_Modifier_Y" Error Structure
                en "The extension {url} must not be a modifierExtension"
                nb "Utvidelsen {url} kan ikke være en modifierExtension";
            ExtUrlNotFound
                "Extension_EXT_Url_NotFound" Error Invalid
                en "An extension must have a url"
                nb "En utvidelse må ha url";
            ExtUrlAbsolute
                "Extension_EXT_URL_Absolute" Error Invalid
                en "Extension.url must be an absolute address"
                nb "Extension.url må være en absolutt adresse";
            ExtSubInvalid { url: Value, extension: Defined }
                "Extension_EXT_SubExtension_Invalid" Error Invalid
                en "The extension {extension} does not define the part '{url}'"
                nb "Utvidelsen {extension} har ingen del '{url}'";
            ExtContextWrong { url: Defined, allowed: Defined, found: Defined }
                "Extension_EXTP_Context_Wrong" Error Structure
                en "The extension {url} is allowed on {allowed}, not here ({found})"
                nb "Utvidelsen {url} er tillatt på {allowed}, ikke her ({found})";
            ExtModifierContextWrong { url: Defined, allowed: Defined, found: Defined }
                "Extension_EXTM_Context_Wrong" Error Structure
                en "The modifier extension {url} is allowed on {allowed}, not here ({found})"
                nb "Den modifiserende utvidelsen {url} er tillatt på {allowed}, ikke her ({found})";
            ExtContextWrongVer { url: Defined, allowed: Defined, found: Defined, version: Defined }
                "Extension_EXTP_Context_Wrong_VER" Error Structure
                en "The extension {url} version {version} is allowed on {allowed}, not here ({found})"
                nb "Utvidelsen {url} versjon {version} er tillatt på {allowed}, ikke her ({found})";
            ExtModifierContextWrongVer { url: Defined, allowed: Defined, found: Defined, version: Defined }
                "Extension_EXTM_Context_Wrong_VER" Error Structure
                en "The modifier extension {url} is not allowed here ({found}); allowed: {allowed}"
                nb "Modifiserende utvidelse {url} er ikke tillatt her ({found}); tillatt: {allowed}";
            ExtNotHere { url: Defined, condition: Defined }
                "Profile_EXT_Not_Here" Error Structure
                en "The extension {url} is not allowed here: its condition '{condition}' is not met"
                nb "Utvidelsen {url} er ikke tillatt her: betingelsen '{condition}' er ikke oppfylt";
            ExtVersionOther { known: Defined }
                "EXT_VER_URL_REVERSION" Error Invalid
                en "The url of an extension names no version; the extension at hand is {known}"
                nb "url i en utvidelse oppgir ikke versjon; utvidelsen som er for hånden, er {known}";
            ExtVersion { url: Canonical }
                "EXT_VER_URL_NOT_ALLOWED" Error Invalid
                en "The url of an extension names no version: '{url}'"
                nb "url i en utvidelse oppgir ikke versjon: '{url}'";
        }
    };
}
pub(crate) use extension_messages;
