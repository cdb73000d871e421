//! LMR-1xxx: address, token, limits of the call. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! connection_codes {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Connection {
        AddressNotAllowed = 1001 {
            severity: Fatal, status: 403, retry: Never, issue_type: "forbidden",
            raised_in: "intake",
            title: { nb: "Adressen er ikke åpnet", en: "Address not allowed" },
            explanation: {
                nb: "Bare registrerte IP-adresser når mottaket.",
                en: "Only registered IP addresses reach the receiver.",
            },
            cause: {
                nb: "Anropet kom fra en adresse som ikke står på listen, ofte ny utgående adresse eller proxy.",
                en: "The call came from an address that is not on the list, often a new outgoing address or proxy.",
            },
            wrong: "203.0.113.7",
            right: "198.51.100.20 (registrert)",
            remedy: {
                nb: "Meld inn den nye adressen til registeret, eller send fra den registrerte.",
                en: "Tell the register about the new address, or send from the registered one.",
            },
        }
        EndpointUnknown = 1002 {
            severity: Fatal, status: 404, retry: Never, issue_type: "not-found",
            raised_in: "server",
            title: { nb: "Ukjent adresse i API-et", en: "No such endpoint" },
            explanation: {
                nb: "Stien finnes ikke hos mottaket.",
                en: "The receiver has no such path.",
            },
            cause: {
                nb: "Feil grunnadresse eller skrivefeil i stien.",
                en: "Wrong base address or a misspelt path.",
            },
            wrong: "POST /fhirmottak/v2",
            right: "POST /fhirmottak/v1",
            remedy: {
                nb: "Rett adressen i oppsettet.",
                en: "Correct the address in the configuration.",
            },
        }
        MethodNotAllowed = 1003 {
            severity: Fatal, status: 405, retry: Never, issue_type: "not-supported",
            raised_in: "server",
            title: { nb: "HTTP-metoden er ikke tillatt", en: "HTTP method not allowed" },
            explanation: {
                nb: "Endepunktet tar bare metodene i svarhodet Allow.",
                en: "The endpoint takes only the methods in the Allow header.",
            },
            cause: {
                nb: "Klienten brukte en annen metode, ofte GET eller PUT der det skal sendes med POST.",
                en: "The client used another method, often GET or PUT where POST is needed.",
            },
            wrong: "PUT /fhirmottak/v1",
            right: "POST /fhirmottak/v1",
            remedy: {
                nb: "Bruk en av metodene i Allow: meldinger sendes med POST.",
                en: "Use one of the methods in Allow: messages are sent with POST.",
            },
        }
        MediaTypeUnsupported = 1004 {
            severity: Fatal, status: 415, retry: Never, issue_type: "not-supported",
            raised_in: "server",
            title: { nb: "Innholdstypen støttes ikke", en: "Media type not supported" },
            explanation: {
                nb: "Mottaket tar JSON i UTF-8 uten innholdskoding.",
                en: "The receiver takes JSON in UTF-8 without content coding.",
            },
            cause: {
                nb: "Content-Type eller Content-Encoding er satt til noe annet.",
                en: "Content-Type or Content-Encoding says something else.",
            },
            wrong: "Content-Type: text/xml",
            right: "Content-Type: application/json",
            remedy: {
                nb: "Send application/json eller application/fhir+json.",
                en: "Send application/json or application/fhir+json.",
            },
        }
        MediaTypeNotAcceptable = 1005 {
            severity: Fatal, status: 406, retry: Never, issue_type: "not-supported",
            raised_in: "server",
            title: { nb: "Svarformatet finnes ikke", en: "Answer format not available" },
            explanation: {
                nb: "Mottaket svarer bare i JSON.",
                en: "The receiver answers in JSON only.",
            },
            cause: { nb: "Accept utelukker JSON.", en: "Accept rules out JSON." },
            wrong: "Accept: application/fhir+xml",
            right: "Accept: application/fhir+json",
            remedy: {
                nb: "Be om application/fhir+json eller application/json.",
                en: "Ask for application/fhir+json or application/json.",
            },
        }
        RequestMalformed = 1006 {
            severity: Fatal, status: 400, retry: Never, issue_type: "invalid",
            raised_in: "server",
            title: { nb: "Anropet er feil bygget", en: "Malformed request" },
            explanation: {
                nb: "HTTP-hodene motsier hverandre eller er gitt to ganger.",
                en: "The HTTP headers contradict each other or are given twice.",
            },
            cause: {
                nb: "To Authorization-hoder, eller en proxy som legger til sitt eget.",
                en: "Two Authorization headers, or a proxy that adds its own.",
            },
            wrong: "Authorization: Bearer a\nAuthorization: Bearer b",
            right: "Authorization: Bearer a",
            remedy: { nb: "Send hvert hode én gang.", en: "Send each header once." },
        }
        TokenMissing = 1010 {
            severity: Fatal, status: 401, retry: Never, issue_type: "login",
            raised_in: "server",
            title: { nb: "Tilgangstoken mangler", en: "Access token missing" },
            explanation: {
                nb: "Endepunktet krever tilgangstoken i Authorization.",
                en: "The endpoint needs an access token in Authorization.",
            },
            cause: {
                nb: "Klienten sendte ikke hodet, eller en proxy fjernet det.",
                en: "The client did not send the header, or a proxy removed it.",
            },
            wrong: "POST /fhirmottak/v1",
            right: "POST /fhirmottak/v1\nAuthorization: Bearer …",
            remedy: { nb: "Hent token og send det med.", en: "Fetch a token and send it." },
        }
        TokenMalformed = 1011 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Tilgangstoken kan ikke leses", en: "Access token unreadable" },
            explanation: {
                nb: "Tokenet er ikke en signert JWT i tre deler.",
                en: "The token is not a signed JWT of three parts.",
            },
            cause: {
                nb: "Tokenet er kuttet, kodet to ganger eller av en annen type.",
                en: "The token is cut off, encoded twice or of another kind.",
            },
            wrong: "Authorization: Bearer abc",
            right: "Authorization: Bearer eyJ….….…",
            remedy: {
                nb: "Send tokenet uendret slik det ble utstedt.",
                en: "Send the token unchanged as it was issued.",
            },
        }
        TokenExpired = 1012 {
            severity: Fatal, status: 401, retry: Never, issue_type: "expired",
            raised_in: "server",
            title: { nb: "Tilgangstoken er utløpt", en: "Access token expired" },
            explanation: { nb: "Tidspunktet i exp er passert.", en: "The time in exp has passed." },
            cause: {
                nb: "Et gammelt token ble brukt om igjen, eller klokken går feil.",
                en: "An old token was used again, or a clock is wrong.",
            },
            wrong: "exp = for ti minutter siden",
            right: "exp = om ti minutter",
            remedy: {
                nb: "Hent nytt token og send én gang til. Feiler det igjen: kontroller klokken.",
                en: "Fetch a new token and send once more. If that fails too, check the clock.",
            },
        }
        TokenNotYetValid = 1013 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Tilgangstoken gjelder ikke ennå", en: "Access token not yet valid" },
            explanation: {
                nb: "nbf eller iat ligger fram i tid.",
                en: "nbf or iat lies in the future.",
            },
            cause: {
                nb: "Klokkene hos avsender, utsteder og mottak er ikke like.",
                en: "The clocks of sender, issuer and receiver differ.",
            },
            wrong: "nbf = om fem minutter",
            right: "nbf = nå",
            remedy: { nb: "Synkroniser klokken (NTP).", en: "Synchronise the clock (NTP)." },
        }
        TokenIssuerUnknown = 1014 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Ukjent tokenutsteder", en: "Unknown token issuer" },
            explanation: {
                nb: "iss er ikke en utsteder mottaket stoler på.",
                en: "iss is not an issuer that the receiver trusts.",
            },
            cause: {
                nb: "Token fra testmiljøet brukt i produksjon, eller omvendt.",
                en: "A token of the test environment used in production, or the reverse.",
            },
            wrong: "iss = https://helseid-sts.test.example",
            right: "iss = utstederen i avtalen",
            remedy: {
                nb: "Hent token fra riktig miljø.",
                en: "Fetch the token in the right environment.",
            },
        }
        TokenAudienceWrong = 1015 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: {
                nb: "Tokenet gjelder en annen mottaker",
                en: "Token meant for another receiver",
            },
            explanation: {
                nb: "aud er ikke dette API-et, eller nevner flere.",
                en: "aud is not this API, or names several.",
            },
            cause: {
                nb: "Token for et annet API, eller flere API-er i samme token. Navnene fhi:lmr.fhirmottak (HelseID) og fhi:lmr/fhirmottak (Maskinporten) er lette å forveksle.",
                en: "A token for another API, or several APIs in one token. The names fhi:lmr.fhirmottak (HelseID) and fhi:lmr/fhirmottak (Maskinporten) are easily taken for each other.",
            },
            wrong: "aud = annet:api",
            right: "aud = fhi:lmr.fhirmottak",
            remedy: {
                nb: "Be om token bare for registerets API.",
                en: "Ask for a token for the register's API only.",
            },
        }
        TokenSignatureInvalid = 1016 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Signaturen på tokenet stemmer ikke", en: "Token signature invalid" },
            explanation: {
                nb: "Tokenet er endret eller signert av en annen.",
                en: "The token was changed or signed by someone else.",
            },
            cause: { nb: "Tokenet er endret underveis.", en: "The token was changed on its way." },
            wrong: "endret nyttelast",
            right: "uendret token",
            remedy: {
                nb: "Hent nytt token og send det uendret.",
                en: "Fetch a new token and send it unchanged.",
            },
        }
        TokenKeyUnknown = 1017 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Ukjent nøkkel i tokenet", en: "Unknown key in the token" },
            explanation: {
                nb: "kid finnes ikke blant utstederens nøkler.",
                en: "kid is not among the issuer's keys.",
            },
            cause: {
                nb: "Tokenet er eldre enn utstederens nøkkelbytte.",
                en: "The token is older than the issuer's change of keys.",
            },
            wrong: "kid = gammel",
            right: "kid = gjeldende",
            remedy: { nb: "Hent nytt token.", en: "Fetch a new token." },
        }
        TokenAlgorithmNotAllowed = 1018 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Signaturalgoritmen er ikke tillatt", en: "Token algorithm not allowed" },
            explanation: {
                nb: "Tokenet er signert med en algoritme utenfor listen, eller usignert.",
                en: "The token is signed with an algorithm outside the list, or unsigned.",
            },
            cause: {
                nb: "Hjemmelaget token eller feil bibliotekoppsett.",
                en: "A home-made token or a wrongly set up library.",
            },
            wrong: "alg = none",
            right: "alg = PS256",
            remedy: { nb: "Bruk tokenet utstederen gir.", en: "Use the token the issuer gives." },
        }
        TokenTypeWrong = 1019 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Feil tokentype", en: "Wrong token type" },
            explanation: { nb: "typ er ikke et tilgangstoken.", en: "typ is not that of an access token." },
            cause: {
                nb: "Et id-token eller en klientpåstand ble sendt.",
                en: "An id token or a client assertion was sent.",
            },
            wrong: "typ = JWT",
            right: "typ = at+jwt",
            remedy: { nb: "Send tilgangstokenet.", en: "Send the access token." },
        }
        TokenScopeMissing = 1020 {
            severity: Fatal, status: 403, retry: Never, issue_type: "forbidden",
            raised_in: "server",
            title: { nb: "Tokenet mangler tilgang", en: "Scope missing" },
            explanation: {
                nb: "scope inneholder ikke tilgangen endepunktet krever.",
                en: "scope lacks the access the endpoint needs.",
            },
            cause: {
                nb: "Klienten har ikke fått tilgangen, eller ba ikke om den.",
                en: "The client was not granted the access, or did not ask for it.",
            },
            wrong: "scope = annet:api/les",
            right: "scope = fhi:lmr.fhirmottak/all",
            remedy: {
                nb: "Søk om tilgang og be om den når tokenet hentes.",
                en: "Apply for the access and ask for it when fetching the token.",
            },
        }
        TokenOrganisationMissing = 1021 {
            severity: Fatal, status: 403, retry: Never, issue_type: "forbidden",
            raised_in: "server",
            title: { nb: "Tokenet mangler organisasjon", en: "Organisation missing in the token" },
            explanation: {
                nb: "Mottaket må vite hvilken virksomhet som sender.",
                en: "The receiver must know which organisation sends.",
            },
            cause: {
                nb: "Klienten er satt opp uten organisasjonsnummer.",
                en: "The client is set up without an organisation number.",
            },
            wrong: "uten organisasjonskrav",
            right: "organisasjonskrav med ni sifre",
            remedy: {
                nb: "La klienten få organisasjonsnummer hos utstederen.",
                en: "Have the issuer give the client its organisation number.",
            },
        }
        TokenLifetimeTooLong = 1022 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Tokenet varer for lenge", en: "Token lifetime too long" },
            explanation: {
                nb: "exp minus iat er over mottakets tak.",
                en: "exp minus iat is above the receiver's ceiling.",
            },
            cause: { nb: "Uvanlig oppsett hos utstederen.", en: "Unusual set-up at the issuer." },
            wrong: "levetid 24 timer",
            right: "levetid 10 minutter",
            remedy: {
                nb: "Be om token med kortere levetid.",
                en: "Ask for a token with a shorter life.",
            },
        }
        TokenSchemeWrong = 1023 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "Feil Authorization-skjema", en: "Wrong authorization scheme" },
            explanation: {
                nb: "Mottaket godtar bare skjemaene som WWW-Authenticate nevner.",
                en: "The receiver takes only the schemes that WWW-Authenticate names.",
            },
            cause: {
                nb: "Et DPoP-bundet token ble sendt som Bearer, eller omvendt.",
                en: "A DPoP-bound token was sent as Bearer, or the reverse.",
            },
            wrong: "Authorization: Basic …",
            right: "Authorization: Bearer …",
            remedy: {
                nb: "Bruk skjemaet i WWW-Authenticate.",
                en: "Use the scheme of WWW-Authenticate.",
            },
        }
        TokenKindWrong = 1024 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: {
                nb: "Tokenet er ikke for maskin til maskin",
                en: "Token not for machine to machine",
            },
            explanation: {
                nb: "Tokenet må tilhøre en klient og ikke en person.",
                en: "The token must belong to a client, not to a person.",
            },
            cause: { nb: "Et brukertoken ble brukt.", en: "A user's token was used." },
            wrong: "token med sub",
            right: "token med client_id uten sub",
            remedy: { nb: "Bruk client credentials.", en: "Use client credentials." },
        }
        DpopProofMissing = 1030 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "DPoP-bevis mangler", en: "DPoP proof missing" },
            explanation: {
                nb: "Tokenet er bundet til en nøkkel, og beviset må følge hvert anrop.",
                en: "The token is bound to a key, and the proof must come with every call.",
            },
            cause: { nb: "DPoP-hodet er ikke sendt.", en: "The DPoP header was not sent." },
            wrong: "Authorization: DPoP …",
            right: "Authorization: DPoP …\nDPoP: eyJ…",
            remedy: {
                nb: "Lag nytt bevis for hvert anrop.",
                en: "Make a new proof for every call.",
            },
        }
        DpopProofInvalid = 1031 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "DPoP-beviset stemmer ikke", en: "DPoP proof invalid" },
            explanation: {
                nb: "Beviset gjelder en annen metode, adresse, tid eller et annet token.",
                en: "The proof is for another method, address, time or token.",
            },
            cause: {
                nb: "Beviset er brukt mot feil adresse, eller klokken går feil.",
                en: "The proof was made for another address, or the clock is wrong.",
            },
            wrong: "htu = https://annet.example",
            right: "htu = adressen som kalles",
            remedy: {
                nb: "Lag beviset av anropets egen metode, adresse og token.",
                en: "Make the proof from the call's own method, address and token.",
            },
        }
        DpopProofReplayed = 1032 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "DPoP-beviset er brukt før", en: "DPoP proof used before" },
            explanation: {
                nb: "Hvert bevis gjelder for ett anrop.",
                en: "Each proof is good for one call.",
            },
            cause: {
                nb: "Samme bevis ble sendt på nytt ved et nytt forsøk.",
                en: "The same proof was sent again on a new attempt.",
            },
            wrong: "samme jti to ganger",
            right: "ny jti for hvert anrop",
            remedy: {
                nb: "Lag nytt bevis for hvert forsøk.",
                en: "Make a new proof for every attempt.",
            },
        }
        DpopBindingMismatch = 1033 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: {
                nb: "DPoP-nøkkelen passer ikke tokenet",
                en: "DPoP key does not fit the token",
            },
            explanation: {
                nb: "Tokenet er bundet til en annen nøkkel enn den i beviset.",
                en: "The token is bound to another key than the proof's.",
            },
            cause: {
                nb: "Nøkkelen er byttet etter at tokenet ble hentet.",
                en: "The key was changed after the token was fetched.",
            },
            wrong: "cnf.jkt ≠ nøkkelens avtrykk",
            right: "cnf.jkt = nøkkelens avtrykk",
            remedy: {
                nb: "Hent token med nøkkelen som brukes i beviset.",
                en: "Fetch the token with the key used in the proof.",
            },
        }
        DpopNonceRequired = 1034 {
            severity: Fatal, status: 401, retry: Never, issue_type: "security",
            raised_in: "server",
            title: { nb: "DPoP-beviset må ha nonce", en: "DPoP proof needs a nonce" },
            explanation: {
                nb: "Mottaket krever verdien i svarhodet DPoP-Nonce.",
                en: "The receiver demands the value of the DPoP-Nonce header.",
            },
            cause: {
                nb: "Første anrop, eller utløpt nonce.",
                en: "First call, or a nonce that has run out.",
            },
            wrong: "bevis uten nonce",
            right: "bevis med nonce fra DPoP-Nonce",
            remedy: {
                nb: "Gjenta anropet med nytt bevis og verdien fra hodet.",
                en: "Repeat the call with a new proof and the header's value.",
            },
        }
        BodyMissing = 1040 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "required",
            raised_in: "server",
            title: { nb: "Meldingen er tom", en: "Empty body" },
            explanation: { nb: "Anropet har ikke noe innhold.", en: "The call has no content." },
            cause: {
                nb: "Feil i klienten eller en tom fil.",
                en: "A fault in the client or an empty file.",
            },
            wrong: "Content-Length: 0",
            right: "{ \"messageId\": … }",
            remedy: {
                nb: "Send konvolutten som innhold.",
                en: "Send the envelope as the content.",
            },
        }
        BodyTooLarge = 1041 {
            severity: Fatal, status: 413, retry: AfterCorrection, issue_type: "too-long",
            raised_in: "intake",
            title: { nb: "Meldingen er for stor", en: "Body too large" },
            explanation: {
                nb: "Innholdet er større enn mottakets grense.",
                en: "The content is larger than the receiver's limit.",
            },
            cause: {
                nb: "For mange ressurser i én overføring.",
                en: "Too many resources in one transfer.",
            },
            wrong: "120 MiB",
            right: "under grensen i avtalen",
            remedy: {
                nb: "Del overføringen i flere bundler.",
                en: "Split the transfer into several bundles.",
            },
        }
        BodyIncomplete = 1042 {
            severity: Fatal, status: 400, retry: Later, issue_type: "incomplete",
            raised_in: "server",
            title: { nb: "Meldingen kom ikke fram i sin helhet", en: "Body incomplete" },
            explanation: {
                nb: "Forbindelsen ble brutt før hele innholdet var lest.",
                en: "The connection broke before all content was read.",
            },
            cause: {
                nb: "Nettfeil eller avbrutt klient.",
                en: "A network fault or an aborted client.",
            },
            wrong: "færre byte enn Content-Length",
            right: "alle byte",
            remedy: { nb: "Send samme melding på nytt.", en: "Send the same message again." },
        }
        RequestTimeout = 1043 {
            severity: Fatal, status: 408, retry: Later, issue_type: "timeout",
            raised_in: "server",
            title: { nb: "Anropet tok for lang tid", en: "Request timed out" },
            explanation: {
                nb: "Innholdet kom ikke innen fristen.",
                en: "The content did not come in time.",
            },
            cause: { nb: "Langsomt nett.", en: "A slow network." },
            wrong: "opplasting over fristen",
            right: "opplasting innen fristen",
            remedy: {
                nb: "Send samme melding på nytt senere.",
                en: "Send the same message again later.",
            },
        }
        TooManyRequests = 1044 {
            severity: Fatal, status: 429, retry: Later, issue_type: "throttled",
            reserved: {
                nb: "Tas i bruk når mottaket teller kall per avsender; i dag svarer et fullt mottak LMR-9003.",
                en: "Comes into use when the receiver counts calls per sender; today a full one answers LMR-9003.",
            },
            title: { nb: "For mange anrop", en: "Too many requests" },
            explanation: {
                nb: "Avsenderen sender oftere enn mottaket tar imot.",
                en: "The sender calls more often than the receiver takes.",
            },
            cause: {
                nb: "Mange bundler på rad eller en klient i løkke.",
                en: "Many bundles in a row or a client in a loop.",
            },
            wrong: "hundre anrop i sekundet",
            right: "ett anrop av gangen",
            remedy: {
                nb: "Vent så lenge Retry-After sier.",
                en: "Wait as long as Retry-After says.",
            },
        }
    }
    } };
}

pub(super) use connection_codes;
