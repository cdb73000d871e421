//! What to do about the errors that HelseID and Maskinporten name: a row each, the issuers' own codes before the
//! names of OAuth, since they say more.

use lmr_fhir::Language;

/// Code or name; remedy in bokmål and in English.
const REMEDIES: &[(&str, &str, &str)] = &[
    // HelseID's codes for the organisation (assertion_details).
    (
        "HID-1001",
        "klienten har ikke lov til å handle for denne hovedenheten: delegering i Altinn, eller helseid.customer",
        "the client may not act for this legal unit: delegation in Altinn, or helseid.customer",
    ),
    (
        "HID-1002",
        "klienten har ikke lov til å nevne denne underenheten: registrer den i Selvbetjening, eller rett helseid.child",
        "the client may not name this sub-unit: register it in Selvbetjening, or correct helseid.child",
    ),
    (
        "HID-1003",
        "organisasjonsnummeret godtas ikke: rett helseid.customer og helseid.child",
        "the organisation number is not accepted: correct helseid.customer and helseid.child",
    ),
    (
        "HID-1004",
        "organisasjonsnumre skal ha nøyaktig ni sifre: rett helseid.customer og helseid.child",
        "organisation numbers have exactly nine digits: correct helseid.customer and helseid.child",
    ),
    (
        "HID-1005",
        "klienten kan ikke sende hovedenhet: ta bort helseid.customer (bare for leverandører med flere kunder)",
        "the client may not send a legal unit: remove helseid.customer (only for suppliers with several customers)",
    ),
    (
        "HID-1006",
        "klienten kan ikke sende underenhet: ta bort helseid.child",
        "the client may not send a sub-unit: remove helseid.child",
    ),
    (
        "HID-1007",
        "HelseID kan ikke lese organisasjonsopplysningene: meld det til dem som lager lmr",
        "HelseID cannot read the organisation details: report it to those who make lmr",
    ),
    (
        "HID-1008",
        "organisasjonsopplysningene godtas ikke: sammenlign helseid.customer og helseid.child med klienten i Selvbetjening",
        "the organisation details are not accepted: compare helseid.customer and helseid.child with the client in Selvbetjening",
    ),
    (
        "HID-1009",
        "organisasjonsopplysningene godtas ikke: sammenlign helseid.customer og helseid.child med klienten i Selvbetjening",
        "the organisation details are not accepted: compare helseid.customer and helseid.child with the client in Selvbetjening",
    ),
    (
        "HID-1010",
        "organisasjonsopplysningene godtas ikke: sammenlign helseid.customer og helseid.child med klienten i Selvbetjening",
        "the organisation details are not accepted: compare helseid.customer and helseid.child with the client in Selvbetjening",
    ),
    // Maskinporten's.
    (
        "MP-011",
        "tilgangsforespørselen er feil eller signert med en annen nøkkel: er maskinporten.key den registrerte?",
        "the grant is malformed or signed with another key: is maskinporten.key the registered one?",
    ),
    (
        "MP-012",
        "forespørselen er brukt før: går flere avsendere med samme klient, eller spiller noe på veien den om igjen?",
        "the grant was used before: do several senders run with one client, or does something on the way repeat it?",
    ),
    (
        "MP-100",
        "klienten er ukjent: rett maskinporten.client_id",
        "the client is unknown: correct maskinporten.client_id",
    ),
    (
        "MP-110",
        "feil mottaker i forespørselen: maskinporten.issuer skal være utstederens adresse med skråstrek til slutt",
        "wrong audience in the grant: maskinporten.issuer is the issuer's address with its slash at the end",
    ),
    (
        "MP-120",
        "nøkkelen eller algoritmen godtas ikke: RS256, RS384 eller RS512 med en RSA-nøkkel",
        "key or algorithm are not accepted: RS256, RS384 or RS512 with an RSA key",
    ),
    (
        "MP-121",
        "nøkkelen er ukjent eller utløpt (en registrert nøkkel gjelder i ett år): registrer en ny, og rett maskinporten.kid",
        "the key is unknown or expired (a registered key is good for one year): register a new one, and correct maskinporten.kid",
    ),
    (
        "MP-122",
        "sertifikatet tilhører en annen organisasjon enn klienten",
        "the certificate belongs to another organisation than the client",
    ),
    (
        "MP-123",
        "sertifikatet godtas ikke: er maskinporten.certificates riktig, gyldig og for dette miljøet? Har klienten registrerte nøkler, skal kid brukes",
        "the certificate is not accepted: is maskinporten.certificates right, valid and of this environment? A client with registered keys must use kid",
    ),
    (
        "MP-124",
        "sertifikatet godtas ikke: er det utløpt eller tilbakekalt?",
        "the certificate is not accepted: has it expired or been revoked?",
    ),
    (
        "MP-130",
        "forespørselen er utløpt eller gjelder for lenge: still klokken (NTP; høyst 10 sekunders avvik)",
        "the grant has expired or lives too long: set the clock (NTP; at most 10 seconds off)",
    ),
    (
        "MP-200",
        "klienten har ikke scopet: legg det til på klienten, og la FHI gi organisasjonen tilgang",
        "the client lacks the scope: add it to the client, and let FHI give the organisation access",
    ),
    (
        "MP-201",
        "klienten har ikke scopet: legg det til på klienten, og la FHI gi organisasjonen tilgang",
        "the client lacks the scope: add it to the client, and let FHI give the organisation access",
    ),
    (
        "MP-250",
        "leverandøren har ikke tilgang på vegne av maskinporten.consumer_org",
        "the supplier has no access on behalf of maskinporten.consumer_org",
    ),
    (
        "MP-251",
        "maskinporten.consumer_org har ikke delegert i Altinn",
        "maskinporten.consumer_org has not delegated in Altinn",
    ),
    (
        "MP-301",
        "Maskinporten får ikke svar fra Altinn: prøv igjen senere",
        "Maskinporten gets no answer from Altinn: try again later",
    ),
    (
        "MP-302",
        "Maskinporten får ikke svar fra Altinn: prøv igjen senere",
        "Maskinporten gets no answer from Altinn: try again later",
    ),
    (
        "MP-303",
        "Maskinporten får ikke svar fra Altinn: prøv igjen senere",
        "Maskinporten gets no answer from Altinn: try again later",
    ),
    // OAuth's names (RFC 6749 section 5.2, RFC 9449 section 5).
    (
        "invalid_client",
        "sammenlign client_id, key og kid med det som er registrert",
        "compare client_id, key and kid with what is registered",
    ),
    (
        "invalid_grant",
        "sammenlign key, kid og issuer med det som er registrert, og still klokken",
        "compare key, kid and issuer with what is registered, and set the clock",
    ),
    (
        "invalid_scope",
        "klienten har ikke scopet: legg det til der den er registrert",
        "the client lacks the scope: add it where it is registered",
    ),
    (
        "unauthorized_client",
        "klienten er ikke registrert for maskin til maskin (client credentials)",
        "the client is not registered for machine to machine (client credentials)",
    ),
    (
        "unsupported_grant_type",
        "utstederen gir ikke tokener på denne måten: er det riktig issuer, og riktig av [helseid] og [maskinporten]?",
        "the issuer gives no tokens in this way: is it the right issuer, and the right one of [helseid] and [maskinporten]?",
    ),
    (
        "invalid_dpop_proof",
        "beviset godtas ikke: still klokken (NTP), og se til at ingenting på veien endrer adressen",
        "the proof is not accepted: set the clock (NTP), and see that nothing on the way changes the address",
    ),
    ("DPoP is demanded", "sett helseid.dpop = true", "set helseid.dpop = true"),
    (
        "invalid_request",
        "forespørselen godtas ikke: sammenlign scope og resource med det som er registrert",
        "the request is not accepted: compare scope and resource with what is registered",
    ),
];

/// Who gives such codes.
pub(super) fn issuer(named: &str) -> &'static str {
    if named.contains("MP-") { "Maskinporten" } else { "HelseID" }
}

/// What to do about an error, by the code or name in it.
pub(super) fn remedy(named: &str, language: Language) -> Option<&'static str> {
    let is_named = |code: &str| {
        // A longer number is another code.
        named
            .match_indices(code)
            .any(|(at, _)| !named[at + code.len()..].starts_with(|c: char| c.is_ascii_digit()))
    };
    let (_, nb, en) = REMEDIES.iter().find(|(code, ..)| is_named(code))?;
    Some(if language == Language::Bokmal { nb } else { en })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_an_issuer_names_has_a_remedy_of_its_own_code() {
        let codes = (1001..=1010).map(|number| format!("HID-{number}")).chain(
            [11, 12, 100, 110, 120, 121, 122, 123, 124, 130, 200, 201, 250, 251, 301, 302, 303]
                .map(|number| format!("MP-{number:03}")),
        );
        for code in codes {
            let named = format!("invalid_grant ({code})");
            let row = REMEDIES.iter().find(|(known, ..)| *known == code).expect(&code);
            assert_eq!(remedy(&named, Language::Bokmal), Some(row.1), "{code}");
            assert_eq!(remedy(&named, Language::English), Some(row.2), "{code}");
            assert_eq!(issuer(&named) == "Maskinporten", code.starts_with("MP"), "{code}");
        }
        use lmr_auth::OauthError as O;
        for error in [
            O::InvalidRequest,
            O::InvalidClient,
            O::InvalidGrant,
            O::UnauthorizedClient,
            O::UnsupportedGrantType,
            O::InvalidScope,
            O::InvalidDpopProof,
            O::DpopDemanded,
        ] {
            assert!(remedy(&error.to_string(), Language::English).is_some(), "{error}");
        }
        let longer = remedy("invalid_client (HID-10010)", Language::English).expect("by its name");
        assert!(longer.contains("client_id"), "{longer}");
        assert_eq!(remedy(&O::Other.to_string(), Language::English), None);
    }
}
