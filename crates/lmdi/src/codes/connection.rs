//! LMR-1xxx: the call before its body is judged, and LMR-9xxx: the register's own faults.

use super::Code;
use super::text::{Text, entry};

pub(super) const TEXTS: &[Text] = &[
    entry(
        Code::AddressNotAllowed,
        ["Adressen er ikke åpnet", "Address not allowed"],
        [
            "Bare registrerte IP-adresser når mottaket.",
            "Only registered IP addresses reach the receiver.",
        ],
        [
            "Anropet kom fra en adresse som ikke står på listen, ofte ny utgående adresse eller proxy.",
            "The call came from an address that is not on the list, often a new outgoing address or proxy.",
        ],
        "203.0.113.7",
        "198.51.100.20 (registrert)",
        [
            "Meld inn den nye adressen til registeret, eller send fra den registrerte.",
            "Tell the register about the new address, or send from the registered one.",
        ],
    ),
    entry(
        Code::EndpointUnknown,
        ["Ukjent adresse i API-et", "No such endpoint"],
        ["Stien finnes ikke hos mottaket.", "The receiver has no such path."],
        ["Feil grunnadresse eller skrivefeil i stien.", "Wrong base address or a misspelt path."],
        "POST /fhirmottak/v2",
        "POST /fhirmottak/v1",
        ["Rett adressen i oppsettet.", "Correct the address in the configuration."],
    ),
    entry(
        Code::MethodNotAllowed,
        ["HTTP-metoden er ikke tillatt", "HTTP method not allowed"],
        [
            "Endepunktet tar bare metodene i svarhodet Allow.",
            "The endpoint takes only the methods in the Allow header.",
        ],
        [
            "Klienten brukte GET eller PUT der det skal sendes med POST.",
            "The client used GET or PUT where POST is needed.",
        ],
        "PUT /fhirmottak/v1",
        "POST /fhirmottak/v1",
        ["Send med POST.", "Send with POST."],
    ),
    entry(
        Code::MediaTypeUnsupported,
        ["Innholdstypen støttes ikke", "Media type not supported"],
        [
            "Mottaket tar JSON i UTF-8 uten innholdskoding.",
            "The receiver takes JSON in UTF-8 without content coding.",
        ],
        [
            "Content-Type eller Content-Encoding er satt til noe annet.",
            "Content-Type or Content-Encoding says something else.",
        ],
        "Content-Type: text/xml",
        "Content-Type: application/json",
        [
            "Send application/json eller application/fhir+json.",
            "Send application/json or application/fhir+json.",
        ],
    ),
    entry(
        Code::MediaTypeNotAcceptable,
        ["Svarformatet finnes ikke", "Answer format not available"],
        ["Mottaket svarer bare i JSON.", "The receiver answers in JSON only."],
        ["Accept utelukker JSON.", "Accept rules out JSON."],
        "Accept: application/fhir+xml",
        "Accept: application/fhir+json",
        [
            "Be om application/fhir+json eller application/json.",
            "Ask for application/fhir+json or application/json.",
        ],
    ),
    entry(
        Code::RequestMalformed,
        ["Anropet er feil bygget", "Malformed request"],
        [
            "HTTP-hodene motsier hverandre eller er gitt to ganger.",
            "The HTTP headers contradict each other or are given twice.",
        ],
        [
            "To Authorization-hoder, eller en proxy som legger til sitt eget.",
            "Two Authorization headers, or a proxy that adds its own.",
        ],
        "Authorization: Bearer a\nAuthorization: Bearer b",
        "Authorization: Bearer a",
        ["Send hvert hode én gang.", "Send each header once."],
    ),
    entry(
        Code::TokenMissing,
        ["Tilgangstoken mangler", "Access token missing"],
        [
            "Endepunktet krever tilgangstoken i Authorization.",
            "The endpoint needs an access token in Authorization.",
        ],
        [
            "Klienten sendte ikke hodet, eller en proxy fjernet det.",
            "The client did not send the header, or a proxy removed it.",
        ],
        "POST /fhirmottak/v1",
        "POST /fhirmottak/v1\nAuthorization: Bearer …",
        ["Hent token og send det med.", "Fetch a token and send it."],
    ),
    entry(
        Code::TokenMalformed,
        ["Tilgangstoken kan ikke leses", "Access token unreadable"],
        [
            "Tokenet er ikke en signert JWT i tre deler.",
            "The token is no signed JWT of three parts.",
        ],
        [
            "Tokenet er kuttet, kodet to ganger eller av en annen type.",
            "The token is cut off, encoded twice or of another kind.",
        ],
        "Authorization: Bearer abc",
        "Authorization: Bearer eyJ….….…",
        [
            "Send tokenet uendret slik det ble utstedt.",
            "Send the token unchanged as it was issued.",
        ],
    ),
    entry(
        Code::TokenExpired,
        ["Tilgangstoken er utløpt", "Access token expired"],
        ["Tidspunktet i exp er passert.", "The time in exp has passed."],
        [
            "Et gammelt token ble brukt om igjen, eller klokken går feil.",
            "An old token was used again, or a clock is wrong.",
        ],
        "exp = for ti minutter siden",
        "exp = om ti minutter",
        [
            "Hent nytt token og send én gang til. Feiler det igjen: kontroller klokken.",
            "Fetch a new token and send once more. If that fails too, check the clock.",
        ],
    ),
    entry(
        Code::TokenNotYetValid,
        ["Tilgangstoken gjelder ikke ennå", "Access token not yet valid"],
        ["nbf eller iat ligger fram i tid.", "nbf or iat lies in the future."],
        [
            "Klokkene hos avsender, utsteder og mottak er ikke like.",
            "The clocks of sender, issuer and receiver differ.",
        ],
        "nbf = om fem minutter",
        "nbf = nå",
        ["Synkroniser klokken (NTP).", "Synchronise the clock (NTP)."],
    ),
    entry(
        Code::TokenIssuerUnknown,
        ["Ukjent tokenutsteder", "Unknown token issuer"],
        ["iss er ikke en utsteder mottaket stoler på.", "iss is no issuer the receiver trusts."],
        [
            "Token fra testmiljøet brukt i produksjon, eller omvendt.",
            "A token of the test environment used in production, or the reverse.",
        ],
        "iss = https://helseid-sts.test.example",
        "iss = utstederen i avtalen",
        ["Hent token fra riktig miljø.", "Fetch the token in the right environment."],
    ),
    entry(
        Code::TokenAudienceWrong,
        ["Tokenet gjelder en annen mottaker", "Token meant for another receiver"],
        ["aud er ikke dette API-et, eller nevner flere.", "aud is not this API, or names several."],
        [
            "Token for et annet API, eller flere API-er i samme token.",
            "A token for another API, or several APIs in one token.",
        ],
        "aud = annet:api",
        "aud = fhi:lmr.fhirmottak",
        ["Be om token bare for registerets API.", "Ask for a token for the register's API only."],
    ),
    entry(
        Code::TokenSignatureInvalid,
        ["Signaturen på tokenet stemmer ikke", "Token signature invalid"],
        [
            "Tokenet er endret eller signert av en annen.",
            "The token was changed or signed by someone else.",
        ],
        ["Tokenet er endret underveis.", "The token was changed on its way."],
        "endret nyttelast",
        "uendret token",
        ["Hent nytt token og send det uendret.", "Fetch a new token and send it unchanged."],
    ),
    entry(
        Code::TokenKeyUnknown,
        ["Ukjent nøkkel i tokenet", "Unknown key in the token"],
        ["kid finnes ikke blant utstederens nøkler.", "kid is not among the issuer's keys."],
        [
            "Tokenet er eldre enn utstederens nøkkelbytte.",
            "The token is older than the issuer's change of keys.",
        ],
        "kid = gammel",
        "kid = gjeldende",
        ["Hent nytt token.", "Fetch a new token."],
    ),
    entry(
        Code::TokenAlgorithmNotAllowed,
        ["Signaturalgoritmen er ikke tillatt", "Token algorithm not allowed"],
        [
            "Tokenet er signert med en algoritme utenfor listen, eller usignert.",
            "The token is signed with an algorithm outside the list, or unsigned.",
        ],
        [
            "Hjemmelaget token eller feil bibliotekoppsett.",
            "A home-made token or a wrongly set up library.",
        ],
        "alg = none",
        "alg = PS256",
        ["Bruk tokenet utstederen gir.", "Use the token the issuer gives."],
    ),
    entry(
        Code::TokenTypeWrong,
        ["Feil tokentype", "Wrong token type"],
        ["typ er ikke et tilgangstoken.", "typ is no access token."],
        [
            "Et id-token eller en klientpåstand ble sendt.",
            "An id token or a client assertion was sent.",
        ],
        "typ = JWT",
        "typ = at+jwt",
        ["Send tilgangstokenet.", "Send the access token."],
    ),
    entry(
        Code::TokenScopeMissing,
        ["Tokenet mangler tilgang", "Scope missing"],
        [
            "scope inneholder ikke tilgangen endepunktet krever.",
            "scope lacks the access the endpoint needs.",
        ],
        [
            "Klienten har ikke fått tilgangen, eller ba ikke om den.",
            "The client was not granted the access, or did not ask for it.",
        ],
        "scope = annet:api/les",
        "scope = fhi:lmr.fhirmottak/all",
        [
            "Søk om tilgang og be om den når tokenet hentes.",
            "Apply for the access and ask for it when fetching the token.",
        ],
    ),
    entry(
        Code::TokenOrganisationMissing,
        ["Tokenet mangler organisasjon", "Organisation missing in the token"],
        [
            "Mottaket må vite hvilken virksomhet som sender.",
            "The receiver must know which organisation sends.",
        ],
        [
            "Klienten er satt opp uten organisasjonsnummer.",
            "The client is set up without an organisation number.",
        ],
        "uten organisasjonskrav",
        "organisasjonskrav med ni sifre",
        [
            "La klienten få organisasjonsnummer hos utstederen.",
            "Have the issuer give the client its organisation number.",
        ],
    ),
    entry(
        Code::TokenLifetimeTooLong,
        ["Tokenet varer for lenge", "Token lifetime too long"],
        ["exp minus iat er over mottakets tak.", "exp minus iat is above the receiver's ceiling."],
        ["Uvanlig oppsett hos utstederen.", "Unusual set-up at the issuer."],
        "levetid 24 timer",
        "levetid 10 minutter",
        ["Be om token med kortere levetid.", "Ask for a token with a shorter life."],
    ),
    entry(
        Code::TokenSchemeWrong,
        ["Feil Authorization-skjema", "Wrong authorization scheme"],
        [
            "Endepunktet tar enten Bearer eller DPoP, se WWW-Authenticate.",
            "The endpoint takes either Bearer or DPoP, see WWW-Authenticate.",
        ],
        [
            "Et DPoP-bundet token ble sendt som Bearer, eller omvendt.",
            "A DPoP-bound token was sent as Bearer, or the reverse.",
        ],
        "Authorization: Basic …",
        "Authorization: Bearer …",
        ["Bruk skjemaet i WWW-Authenticate.", "Use the scheme of WWW-Authenticate."],
    ),
    entry(
        Code::TokenKindWrong,
        ["Tokenet er ikke for maskin til maskin", "Token not for machine to machine"],
        [
            "Tokenet må tilhøre en klient og ikke en person.",
            "The token must belong to a client, not to a person.",
        ],
        ["Et brukertoken ble brukt.", "A user's token was used."],
        "token med sub",
        "token med client_id uten sub",
        ["Bruk client credentials.", "Use client credentials."],
    ),
    entry(
        Code::DpopProofMissing,
        ["DPoP-bevis mangler", "DPoP proof missing"],
        [
            "Tokenet er bundet til en nøkkel, og beviset må følge hvert anrop.",
            "The token is bound to a key, and the proof must come with every call.",
        ],
        ["DPoP-hodet er ikke sendt.", "The DPoP header was not sent."],
        "Authorization: DPoP …",
        "Authorization: DPoP …\nDPoP: eyJ…",
        ["Lag nytt bevis for hvert anrop.", "Make a new proof for every call."],
    ),
    entry(
        Code::DpopProofInvalid,
        ["DPoP-beviset stemmer ikke", "DPoP proof invalid"],
        [
            "Beviset gjelder en annen metode, adresse, tid eller et annet token.",
            "The proof is for another method, address, time or token.",
        ],
        [
            "Beviset er brukt mot feil adresse, eller klokken går feil.",
            "The proof was made for another address, or the clock is wrong.",
        ],
        "htu = https://annet.example",
        "htu = adressen som kalles",
        [
            "Lag beviset av anropets egen metode, adresse og token.",
            "Make the proof from the call's own method, address and token.",
        ],
    ),
    entry(
        Code::DpopProofReplayed,
        ["DPoP-beviset er brukt før", "DPoP proof used before"],
        ["Hvert bevis gjelder for ett anrop.", "Each proof is good for one call."],
        [
            "Samme bevis ble sendt på nytt ved et nytt forsøk.",
            "The same proof was sent again on a new attempt.",
        ],
        "samme jti to ganger",
        "ny jti for hvert anrop",
        ["Lag nytt bevis for hvert forsøk.", "Make a new proof for every attempt."],
    ),
    entry(
        Code::DpopBindingMismatch,
        ["DPoP-nøkkelen passer ikke tokenet", "DPoP key does not fit the token"],
        [
            "Tokenet er bundet til en annen nøkkel enn den i beviset.",
            "The token is bound to another key than the proof's.",
        ],
        [
            "Nøkkelen er byttet etter at tokenet ble hentet.",
            "The key was changed after the token was fetched.",
        ],
        "cnf.jkt ≠ nøkkelens avtrykk",
        "cnf.jkt = nøkkelens avtrykk",
        [
            "Hent token med nøkkelen som brukes i beviset.",
            "Fetch the token with the key used in the proof.",
        ],
    ),
    entry(
        Code::DpopNonceRequired,
        ["DPoP-beviset må ha nonce", "DPoP proof needs a nonce"],
        [
            "Mottaket krever verdien i svarhodet DPoP-Nonce.",
            "The receiver demands the value of the DPoP-Nonce header.",
        ],
        ["Første anrop, eller utløpt nonce.", "First call, or a nonce that has run out."],
        "bevis uten nonce",
        "bevis med nonce fra DPoP-Nonce",
        [
            "Gjenta anropet med nytt bevis og verdien fra hodet.",
            "Repeat the call with a new proof and the header's value.",
        ],
    ),
    entry(
        Code::BodyMissing,
        ["Meldingen er tom", "Empty body"],
        ["Anropet har ikke noe innhold.", "The call has no content."],
        ["Feil i klienten eller en tom fil.", "A fault in the client or an empty file."],
        "Content-Length: 0",
        "{ \"messageId\": … }",
        ["Send konvolutten som innhold.", "Send the envelope as the content."],
    ),
    entry(
        Code::BodyTooLarge,
        ["Meldingen er for stor", "Body too large"],
        [
            "Innholdet er større enn mottakets grense.",
            "The content is larger than the receiver's limit.",
        ],
        ["For mange ressurser i én overføring.", "Too many resources in one transfer."],
        "120 MiB",
        "under grensen i avtalen",
        ["Del overføringen i flere bundler.", "Split the transfer into several bundles."],
    ),
    entry(
        Code::BodyIncomplete,
        ["Meldingen kom ikke fram i sin helhet", "Body incomplete"],
        [
            "Forbindelsen ble brutt før hele innholdet var lest.",
            "The connection broke before all content was read.",
        ],
        ["Nettfeil eller avbrutt klient.", "A network fault or an aborted client."],
        "færre byte enn Content-Length",
        "alle byte",
        ["Send samme melding på nytt.", "Send the same message again."],
    ),
    entry(
        Code::RequestTimeout,
        ["Anropet tok for lang tid", "Request timed out"],
        ["Innholdet kom ikke innen fristen.", "The content did not come in time."],
        ["Langsomt nett.", "A slow network."],
        "opplasting over fristen",
        "opplasting innen fristen",
        ["Send samme melding på nytt senere.", "Send the same message again later."],
    ),
    entry(
        Code::TooManyRequests,
        ["For mange anrop", "Too many requests"],
        [
            "Avsenderen sender oftere enn mottaket tar imot.",
            "The sender calls more often than the receiver takes.",
        ],
        [
            "Mange bundler på rad eller en klient i løkke.",
            "Many bundles in a row or a client in a loop.",
        ],
        "hundre anrop i sekundet",
        "ett anrop av gangen",
        ["Vent så lenge Retry-After sier.", "Wait as long as Retry-After says."],
    ),
];

pub(super) const OWN_TEXTS: &[Text] = &[
    entry(
        Code::InternalFault,
        ["Feil hos registeret", "Fault at the register"],
        [
            "Noe uventet skjedde. Ingenting er lagret.",
            "Something unexpected happened. Nothing was stored.",
        ],
        ["Feilen ligger hos registeret.", "The fault is the register's."],
        "HTTP 500",
        "HTTP 200",
        [
            "Send samme melding på nytt senere. Oppgi korrelasjonsid hvis du kontakter registeret.",
            "Send the same message again later. Give the correlation id if you contact the register.",
        ],
    ),
    entry(
        Code::StorageUnavailable,
        ["Lageret er ikke tilgjengelig", "Storage unavailable"],
        ["Registeret kan ikke lagre akkurat nå.", "The register cannot store right now."],
        ["Vedlikehold eller feil i databasen.", "Maintenance or a database fault."],
        "HTTP 503",
        "HTTP 200",
        ["Send samme melding på nytt senere.", "Send the same message again later."],
    ),
    entry(
        Code::Overloaded,
        ["Mottaket har for mye å gjøre", "Receiver overloaded"],
        ["Køen er full.", "The queue is full."],
        ["Mange avsendere samtidig.", "Many senders at once."],
        "HTTP 503",
        "HTTP 200",
        ["Vent så lenge Retry-After sier.", "Wait as long as Retry-After says."],
    ),
    entry(
        Code::ShuttingDown,
        ["Mottaket stanses", "Receiver shutting down"],
        [
            "Mottaket tar ikke imot nye meldinger før det er startet igjen.",
            "The receiver takes no new messages until it has started again.",
        ],
        ["Planlagt oppgradering.", "A planned upgrade."],
        "HTTP 503",
        "HTTP 200",
        ["Send samme melding på nytt senere.", "Send the same message again later."],
    ),
    entry(
        Code::AuthorityUnavailable,
        ["Tokenutstederen kan ikke nås", "Token issuer unreachable"],
        [
            "Mottaket får ikke hentet utstederens nøkler.",
            "The receiver cannot fetch the issuer's keys.",
        ],
        [
            "Driftsproblem hos utstederen eller i nettet.",
            "Trouble at the issuer or in the network.",
        ],
        "HTTP 503",
        "HTTP 200",
        ["Send samme melding på nytt senere.", "Send the same message again later."],
    ),
    entry(
        Code::RuleNotEvaluated,
        ["En regel kunne ikke vurderes", "A rule could not be evaluated"],
        [
            "Mottaket kan ikke avgjøre om ressursen følger regelen, og godtar den derfor ikke.",
            "The receiver cannot decide whether the resource follows the rule, so it does not accept it.",
        ],
        [
            "Feil hos registeret, ikke i ressursen.",
            "A fault of the register's, not of the resource.",
        ],
        "regel uten resultat",
        "regel med resultat",
        [
            "Meld fra til den som eier regelen, og send på nytt når den er rettet.",
            "Tell whoever owns the rule, and send again when it is corrected.",
        ],
    ),
    entry(
        Code::StepBudgetExhausted,
        ["Ressursen er for krevende å kontrollere", "Resource too costly to check"],
        [
            "Kontrollen ble stanset fordi den krevde for mange steg.",
            "The check was stopped because it needed too many steps.",
        ],
        ["Uvanlig stor eller dyp ressurs.", "An unusually large or deep resource."],
        "hundretusen gjentakelser i ett element",
        "vanlig størrelse",
        ["Del ressursen eller fjern gjentakelser.", "Split the resource or remove repetitions."],
    ),
];
