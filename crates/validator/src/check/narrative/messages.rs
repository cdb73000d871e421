//! Messages: narratives.

/// Passes its rows on; see `messages.rs`.
macro_rules! narrative_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            XhtmlElement { element: GivenName }
                "XHTML_XHTML_Element_Illegal" Error Invalid
                en "The element <{element}> is not allowed in a narrative"
                nb "Elementet <{element}> er ikke tillatt i en fortellende tekst";
            XhtmlAttribute { attribute: GivenName, element: GivenName }
                "XHTML_XHTML_Attribute_Illegal" Error Invalid
                en "The attribute {attribute} is not allowed on <{element}> in a narrative"
                nb "Attributtet {attribute} er ikke tillatt på <{element}> i en fortellende tekst";
            XhtmlEntity { entity: GivenName }
                "XHTML_XHTML_Entity_Illegal" Error Invalid
                en "The entity {entity} is not allowed in a narrative"
                nb "Entiteten {entity} er ikke tillatt i en fortellende tekst";
            XhtmlName { element: GivenName }
                "XHTML_XHTML_Name_Invalid" Error Invalid
                en "The narrative must be a div, not <{element}>"
                nb "Den fortellende teksten må være en div, ikke <{element}>";
            XhtmlNamespace { namespace: GivenName }
                "XHTML_XHTML_NS_InValid" Error Invalid
                en "The narrative is in the wrong namespace '{namespace}'"
                nb "Den fortellende teksten er i feil navnerom '{namespace}'";
            XhtmlSyntax { reason: Words }
                "Error_parsing_XHTML_" Error Invalid
                en "The narrative is not well-formed XHTML: {reason}"
                nb "Den fortellende teksten er ikke velformet XHTML: {reason}";
            XhtmlComment
                "XHTML_XHTML_DOCTYPE_ILLEGAL" Error Invalid
                en "A narrative must not hold a document type or processing instruction"
                nb "En fortellende tekst kan ikke ha dokumenttype eller prosesseringsinstruks";
            XhtmlAddress { address: GivenUrl, path: GivenName }
                "XHTML_URL_INVALID" Error Invalid
                en "'{address}' in the narrative is not an address ({path})"
                nb "'{address}' i den fortellende teksten er ikke en adresse ({path})";
            XhtmlImageResolve { source: GivenUrl, path: GivenName }
                "Type_Specific_Checks_DT_XHTML_Resolve_Img" Error Invalid
                en "The image '{source}' is not in the resource ({path})"
                nb "Bildet '{source}' finnes ikke i ressursen ({path})";
            XhtmlHref { scheme: GivenName, href: Value, path: GivenName, text: Value }
                "TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF" Error Invalid
                en "The link '{href}' uses the scheme '{scheme}', which a reader cannot follow"
                nb "Lenken '{href}' bruker skjemaet '{scheme}', som en leser ikke kan følge";
            XhtmlActiveHref { scheme: GivenName, href: Value, path: GivenName, text: Value }
                "TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF" Error Invalid
                en "The link '{href}' uses the scheme '{scheme}', which runs a program: not allowed in a narrative"
                nb "Lenken '{href}' bruker skjemaet '{scheme}', som kjører et program: ikke tillatt i en fortellende tekst";
            XhtmlBlockInPara { element: GivenName, path: GivenName }
                "XHTML_XHTML_BLOCK_IN_PARA" Error Structure
                en "<{element}> holds text only, no blocks such as lists or tables ({path})"
                nb "<{element}> har bare tekst, ikke blokker som lister og tabeller ({path})";
            XhtmlIllegalInPara { element: GivenName }
                "XHTML_XHTML_ELEMENT_ILLEGAL_IN_PARA" Error Invalid
                en "<{element}> is not allowed in a paragraph"
                nb "<{element}> er ikke tillatt i et avsnitt";
            XhtmlRecursion { element: GivenName, path: GivenName }
                "XHTML_XHTML_NO_RECURSION" Error Structure
                en "<{element}> is not allowed within itself ({path})"
                nb "<{element}> er ikke tillatt inni seg selv ({path})";
            XhtmlNoChildren { element: GivenName, path: GivenName }
                "XHTML_XHTML_NO_CHILDREN" Error Structure
                en "<{element}> must be empty ({path})"
                nb "<{element}> må være tomt ({path})";
            XhtmlIllegalChildren { element: GivenName, path: GivenName }
                "XHTML_XHTML_ILLEGAL_CHILDREN" Error Structure
                en "<{element}> holds something that does not belong there ({path})"
                nb "<{element}> har noe som ikke hører til der ({path})";
            XhtmlOutOfPlace { element: GivenName, allowed: Defined, path: GivenName }
                "XHTML_XHTML_OUT_OF_PLACE" Error Structure
                en "<{element}> is allowed in {allowed} only ({path})"
                nb "<{element}> er bare tillatt i {allowed} ({path})";
            XhtmlDuplicateIds { ids: Value }
                "XHTML_XHTML_DUPLICATE_IDS" Warning BusinessRule
                en "Ids or names of anchors occur more than once in the narrative: {ids}"
                nb "Id-er eller ankernavn står flere ganger i den fortellende teksten: {ids}";
            XhtmlResolve { href: Value, path: GivenName, text: Value }
                "Type_Specific_Checks_DT_XHTML_Resolve" Error Invalid
                en "The link '{href}' in the narrative leads nowhere"
                nb "Lenken '{href}' i den fortellende teksten fører ikke til noe";
            XhtmlMultipleMatches { href: Value, path: GivenName, text: Value }
                "TYPE_SPECIFIC_CHECKS_DT_XHTML_MULTIPLE_MATCHES" Warning Invalid
                en "The link '{href}' in the narrative has several targets"
                nb "Lenken '{href}' i den fortellende teksten har flere mål";
            XhtmlLangDifferent { language: GivenName, lang: GivenName }
                "Language_XHTML_Lang_Different1" Warning BusinessRule
                en "The resource is in the language {language}, the narrative says lang {lang}"
                nb "Ressursen har språket {language}, den fortellende teksten har lang {lang}";
            XhtmlLangDifferent2 { language: GivenName, lang: GivenName }
                "Language_XHTML_Lang_Different2" Warning BusinessRule
                en "The resource is in the language {language}, the narrative says xml:lang {lang}"
                nb "Ressursen har språket {language}, den fortellende teksten har xml:lang {lang}";
            XhtmlLangMissing
                "Language_XHTML_Lang_Missing1" Warning BusinessRule
                en "The resource has a language, but the narrative has neither lang nor xml:lang"
                nb "Ressursen har et språk, men den fortellende teksten har verken lang eller xml:lang";
            XhtmlLangMissing2
                "Language_XHTML_Lang_Missing2" Warning BusinessRule
                en "The narrative has xml:lang but no lang"
                nb "Den fortellende teksten har xml:lang, men ikke lang";
            XhtmlLangMissing3
                "Language_XHTML_Lang_Missing3" Warning BusinessRule
                en "The narrative has lang but no xml:lang"
                nb "Den fortellende teksten har lang, men ikke xml:lang";
            XhtmlMixedLang { languages: GivenName }
                "XHTML_XHTML_MIXED_LANG" Warning BusinessRule
                en "The narrative has sections by language ({languages}) and content outside them"
                nb "Den fortellende teksten har deler etter språk ({languages}) og innhold utenfor dem";
            XhtmlControlNoSource { text: Value }
                "XHTML_CONTROL_NO_SOURCE" Error BusinessRule
                en "Part of the narrative ('{text}') does not say its source by a class, which the profile requires"
                nb "En del av den fortellende teksten ('{text}') oppgir ikke kilden med en class, slik profilen krever";
            XhtmlLangsRequired { profile: Defined }
                "XHTML_CONTROL_LANGS_REQUIRED" Error BusinessRule
                en "The narrative has no sections by language, but the profile {profile} requires them"
                nb "Den fortellende teksten har ingen deler etter språk, men profilen {profile} krever det";
            XhtmlLangsRequiredDef { profile: Defined }
                "XHTML_CONTROL_LANGS_REQUIRED_DEF" Error BusinessRule
                en "The profile {profile} requires a section of the narrative in the resource's language"
                nb "Profilen {profile} krever en del av den fortellende teksten på ressursens språk";
            XhtmlNoLangs { languages: GivenName, profile: Defined }
                "XHTML_CONTROL_NO_LANGS" Error BusinessRule
                en "The narrative has sections by language ({languages}), but the profile {profile} prohibits them"
                nb "Den fortellende teksten har deler etter språk ({languages}), men profilen {profile} tillater det ikke";
        }
    };
}
pub(crate) use narrative_messages;
