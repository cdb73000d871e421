//! LMR-2xxx: the SignertKryptertBundle, its sender, certificates and content.

use super::Code;
use super::text::{Text, entry};

pub(super) const TEXTS: &[Text] = &[
    entry(
        Code::EnvelopeNotJson,
        ["Konvolutten er ikke JSON", "Envelope is not JSON"],
        [
            "Innholdet skal være ett JSON-objekt i UTF-8.",
            "The content shall be one JSON object in UTF-8.",
        ],
        [
            "Avkuttet fil, feil tegnkoding eller en usignert bundle.",
            "A file cut short, wrong encoding or an unsealed bundle.",
        ],
        "{ \"messageId\": \"a",
        "{ \"messageId\": \"a\", … }",
        ["Lag konvolutten på nytt.", "Make the envelope again."],
    ),
    entry(
        Code::EnvelopeMemberMissing,
        ["Et felt mangler i konvolutten", "Envelope member missing"],
        ["Alle tretten felt skal være med.", "All thirteen members shall be there."],
        [
            "Eldre beskrivelse av formatet, eller et felt uten verdi.",
            "An older description of the format, or a member without a value.",
        ],
        "{ \"messageId\": \"…\" }",
        "{ \"messageId\": \"…\", \"senderOrganizationIdentifier\": \"…\", … }",
        ["Ta med feltet som nevnes.", "Add the member named."],
    ),
    entry(
        Code::EnvelopeMemberDuplicate,
        ["Et felt står to ganger i konvolutten", "Envelope member given twice"],
        [
            "Feltnavn sammenlignes uten hensyn til store og små bokstaver og skal stå én gang.",
            "Member names are compared without case and shall stand once.",
        ],
        ["Både camelCase og PascalCase er skrevet.", "Both camelCase and PascalCase were written."],
        "{ \"nonce\": \"…\", \"Nonce\": \"…\" }",
        "{ \"nonce\": \"…\" }",
        ["Fjern det ene.", "Remove one of them."],
    ),
    entry(
        Code::EnvelopeMemberWrongType,
        ["Et felt i konvolutten har feil type", "Envelope member of the wrong type"],
        ["Alle felt er tekst.", "All members are strings."],
        [
            "Tall, liste eller null der det skal stå tekst.",
            "A number, list or null where a string belongs.",
        ],
        "{ \"messageFormatVersion\": 1.0 }",
        "{ \"messageFormatVersion\": \"1.0\" }",
        ["Skriv verdien som tekst.", "Write the value as a string."],
    ),
    entry(
        Code::EnvelopeMemberUnknown,
        ["Ukjent felt i konvolutten", "Unknown envelope member"],
        ["Feltet er ikke kjent og ble oversett.", "The member is not known and was ignored."],
        ["Skrivefeil eller egne tillegg.", "A misspelling or an addition of your own."],
        "{ \"mesageId\": \"…\" }",
        "{ \"messageId\": \"…\" }",
        ["Rett navnet eller fjern feltet.", "Correct the name or remove the member."],
    ),
    entry(
        Code::EnvelopeVersionUnsupported,
        ["Formatversjonen støttes ikke", "Format version not supported"],
        ["messageFormatVersion skal være 1.0.", "messageFormatVersion shall be 1.0."],
        [
            "Avsenderen bruker en annen versjon av formatet.",
            "The sender uses another version of the format.",
        ],
        "\"messageFormatVersion\": \"2.0\"",
        "\"messageFormatVersion\": \"1.0\"",
        ["Bruk versjon 1.0.", "Use version 1.0."],
    ),
    entry(
        Code::EnvelopeBase64Invalid,
        ["Feltet er ikke gyldig base64", "Member is not valid base64"],
        [
            "Vanlig alfabet med utfylling og uten linjeskift.",
            "The standard alphabet with padding and without line breaks.",
        ],
        [
            "base64url, manglende utfylling eller linjeskift.",
            "base64url, missing padding or line breaks.",
        ],
        "\"nonce\": \"AAECAwQFBgcICQoL\\n\"",
        "\"nonce\": \"AAECAwQFBgcICQoL\"",
        ["Kod feltet med standard base64.", "Encode the member with standard base64."],
    ),
    entry(
        Code::EnvelopeTimeInvalid,
        ["Tidspunktet kan ikke leses", "Unreadable time"],
        [
            "Tider skrives etter ISO 8601, helst med forskyvning.",
            "Times are written as ISO 8601, preferably with an offset.",
        ],
        [
            "Norsk datoformat eller manglende klokkeslett.",
            "A national date format or no time of day.",
        ],
        "\"generatedAt\": \"22.01.2025 10:30\"",
        "\"generatedAt\": \"2025-01-22T10:30:00+01:00\"",
        ["Skriv tiden etter ISO 8601.", "Write the time as ISO 8601."],
    ),
    entry(
        Code::EnvelopePeriodReversed,
        ["Rapporteringsperioden er snudd", "Reporting period reversed"],
        [
            "rapporteringFra kan ikke være etter rapporteringTil.",
            "rapporteringFra cannot be after rapporteringTil.",
        ],
        ["Feltene er byttet om.", "The members are swapped."],
        "fra 2025-02-02, til 2025-02-01",
        "fra 2025-02-01, til 2025-02-02",
        ["Bytt om på feltene.", "Swap the members."],
    ),
    entry(
        Code::EnvelopeInFuture,
        ["Tidspunktet ligger fram i tid", "Time lies in the future"],
        [
            "Meldingen kan ikke være laget, eller perioden slutte, etter nå.",
            "The message cannot be made, or the period end, after now.",
        ],
        [
            "Klokken går feil, eller tiden er merket med feil forskyvning.",
            "The clock is wrong, or the time has the wrong offset.",
        ],
        "generatedAt = i morgen",
        "generatedAt = nå",
        ["Rett klokken og lag meldingen på nytt.", "Correct the clock and make the message again."],
    ),
    entry(
        Code::EnvelopeMessageIdInvalid,
        ["messageId kan ikke brukes", "messageId unusable"],
        [
            "messageId skal være en unik tekst, helst en UUID.",
            "messageId shall be a unique text, preferably a UUID.",
        ],
        ["Tom, for lang eller med styretegn.", "Empty, too long or with control characters."],
        "\"messageId\": \"\"",
        "\"messageId\": \"6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11\"",
        ["Lag en ny UUID for hver melding.", "Make a new UUID for every message."],
    ),
    entry(
        Code::EnvelopeNonceInvalid,
        ["nonce har feil lengde", "nonce of the wrong length"],
        ["nonce skal være 12 byte.", "nonce shall be 12 bytes."],
        ["Feil oppsett av AES-GCM.", "AES-GCM set up wrongly."],
        "16 byte",
        "12 byte",
        [
            "Bruk 12 tilfeldige byte, nye for hver melding.",
            "Use 12 random bytes, new for every message.",
        ],
    ),
    entry(
        Code::EnvelopeTagInvalid,
        ["authenticationTag har feil lengde", "authenticationTag of the wrong length"],
        [
            "authenticationTag skal være 16 byte og stå for seg selv.",
            "authenticationTag shall be 16 bytes and stand on its own.",
        ],
        [
            "Taggen ligger bakerst i encryptedContent.",
            "The tag was left at the end of encryptedContent.",
        ],
        "12 byte",
        "16 byte",
        ["Skill taggen fra chifferteksten.", "Take the tag out of the ciphertext."],
    ),
    entry(
        Code::EnvelopeThumbprintInvalid,
        ["Sertifikatavtrykket kan ikke leses", "Thumbprint unreadable"],
        [
            "Avtrykket er SHA-1 av sertifikatet som 40 heksadesimale sifre.",
            "The thumbprint is SHA-1 of the certificate as 40 hexadecimal digits.",
        ],
        ["SHA-256 eller base64 ble brukt.", "SHA-256 or base64 was used."],
        "\"qvTGHdzF6KLavt4PO0gs2a6pQ00=\"",
        "\"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\"",
        [
            "Skriv avtrykket som 40 heksadesimale sifre.",
            "Write the thumbprint as 40 hexadecimal digits.",
        ],
    ),
    entry(
        Code::EnvelopeSenderInvalid,
        [
            "Avsenderens organisasjonsnummer kan ikke brukes",
            "Sender's organisation number unusable",
        ],
        [
            "Feltet skal ha ni sifre med riktig kontrollsiffer, eller en OID.",
            "The member shall have nine digits with the right check digit, or an OID.",
        ],
        ["Mellomrom, landkode eller skrivefeil.", "Blanks, a country code or a misprint."],
        "\"NO 999 999 999 MVA\"",
        "ni sifre",
        [
            "Skriv organisasjonsnummeret som ni sifre.",
            "Write the organisation number as nine digits.",
        ],
    ),
    entry(
        Code::SenderUnknown,
        ["Avsenderen er ikke registrert", "Sender not registered"],
        ["Bare avtalte virksomheter kan sende.", "Only organisations with an agreement can send."],
        [
            "Avtalen er ikke på plass, eller feil organisasjonsnummer brukes.",
            "The agreement is not in place, or the wrong organisation number is used.",
        ],
        "uregistrert organisasjon",
        "registrert organisasjon",
        ["Ta kontakt med registeret.", "Contact the register."],
    ),
    entry(
        Code::SenderInactive,
        ["Avsenderen er stanset", "Sender deactivated"],
        [
            "Avsenderen er registrert, men ikke åpen for innsending.",
            "The sender is registered but not open for sending.",
        ],
        ["Avtalen er avsluttet eller stanset.", "The agreement has ended or is on hold."],
        "stanset avsender",
        "aktiv avsender",
        ["Ta kontakt med registeret.", "Contact the register."],
    ),
    entry(
        Code::OrganisationMismatch,
        ["Organisasjonsnumrene er ikke like", "Organisation numbers differ"],
        [
            "Virksomheten i tokenet og senderOrganizationIdentifier skal være den samme.",
            "The organisation of the token and senderOrganizationIdentifier shall be the same.",
        ],
        [
            "Leverandør sender for flere virksomheter og blandet oppsettene.",
            "A supplier sends for several organisations and mixed their set-ups.",
        ],
        "token for A, konvolutt for B",
        "token for A, konvolutt for A",
        [
            "Bruk token og konvolutt for samme virksomhet.",
            "Use token and envelope of the same organisation.",
        ],
    ),
    entry(
        Code::CertificateOrganisationMismatch,
        ["Sertifikatet tilhører en annen virksomhet", "Certificate of another organisation"],
        [
            "Organisasjonsnummeret i signatursertifikatet skal være avsenderens.",
            "The organisation number in the signing certificate shall be the sender's.",
        ],
        ["Feil sertifikat i oppsettet.", "The wrong certificate is configured."],
        "sertifikat for B",
        "sertifikat for A",
        [
            "Signer med avsenderens eget virksomhetssertifikat.",
            "Sign with the sender's own enterprise certificate.",
        ],
    ),
    entry(
        Code::CertificateUnknown,
        ["Signatursertifikatet er ikke registrert", "Signing certificate not registered"],
        [
            "Registeret kjenner ikke sertifikatet avtrykket viser til.",
            "The register does not know the certificate the thumbprint names.",
        ],
        [
            "Nytt sertifikat er tatt i bruk før det er meldt inn.",
            "A new certificate was taken into use before it was reported.",
        ],
        "ukjent avtrykk",
        "registrert avtrykk",
        ["Meld inn sertifikatet før det brukes.", "Report the certificate before using it."],
    ),
    entry(
        Code::CertificateExpired,
        ["Signatursertifikatet er utløpt", "Signing certificate expired"],
        ["Sertifikatets gyldighetstid er over.", "The certificate's validity has ended."],
        ["Sertifikatet er ikke fornyet.", "The certificate was not renewed."],
        "gyldig til i går",
        "gyldig til neste år",
        ["Forny sertifikatet og meld det inn.", "Renew the certificate and report it."],
    ),
    entry(
        Code::CertificateNotYetValid,
        ["Signatursertifikatet gjelder ikke ennå", "Signing certificate not yet valid"],
        [
            "Sertifikatets gyldighetstid har ikke begynt.",
            "The certificate's validity has not begun.",
        ],
        ["Nytt sertifikat tatt i bruk for tidlig.", "A new certificate taken into use too early."],
        "gyldig fra i morgen",
        "gyldig fra i går",
        [
            "Bruk det gamle sertifikatet til det nye gjelder.",
            "Use the old certificate until the new one is valid.",
        ],
    ),
    entry(
        Code::CertificateRevoked,
        ["Signatursertifikatet er tilbakekalt", "Signing certificate revoked"],
        [
            "Sertifikatet står på utstederens tilbakekallingsliste.",
            "The certificate is on its issuer's revocation list.",
        ],
        ["Nøkkelen kan være på avveie.", "The key may be lost."],
        "tilbakekalt",
        "gyldig",
        ["Skaff nytt sertifikat og meld det inn.", "Get a new certificate and report it."],
    ),
    entry(
        Code::CertificateChainUntrusted,
        ["Utstederen av sertifikatet er ikke godtatt", "Certificate issuer not trusted"],
        [
            "Kjeden fører ikke til en utsteder mottaket godtar.",
            "The chain does not lead to an issuer the receiver accepts.",
        ],
        ["Testsertifikat i produksjon.", "A test certificate in production."],
        "egensignert sertifikat",
        "virksomhetssertifikat fra godkjent utsteder",
        [
            "Bruk virksomhetssertifikat fra godkjent utsteder.",
            "Use an enterprise certificate from an approved issuer.",
        ],
    ),
    entry(
        Code::CertificateUnsuitable,
        ["Sertifikatet kan ikke brukes", "Certificate unsuitable"],
        [
            "Nøkkelen skal være RSA på 2048 til 4096 bit og tillate formålet.",
            "The key shall be RSA of 2048 to 4096 bits and allow the purpose.",
        ],
        [
            "Elliptisk kurve, for kort nøkkel eller feil nøkkelbruk.",
            "An elliptic curve, too short a key or the wrong key usage.",
        ],
        "RSA 1024",
        "RSA 3072",
        ["Bruk et egnet virksomhetssertifikat.", "Use a suitable enterprise certificate."],
    ),
    entry(
        Code::SignatureInvalid,
        ["Signaturen stemmer ikke", "Signature invalid"],
        [
            "Signaturen passer ikke encryptedContent og signatursertifikatet.",
            "The signature does not fit encryptedContent and the signing certificate.",
        ],
        [
            "Innholdet er endret, feil nøkkel er brukt, eller det er hashet to ganger.",
            "The content was changed, the wrong key was used, or it was hashed twice.",
        ],
        "signatur over SHA-256 av SHA-256",
        "RSASSA-PKCS1-v1_5 med SHA-256 over chifferteksten",
        [
            "Signer byte i encryptedContent før base64, med nøkkelen til sertifikatet.",
            "Sign the bytes of encryptedContent before base64, with the certificate's key.",
        ],
    ),
    entry(
        Code::EncryptionCertificateUnknown,
        [
            "Krypteringssertifikatet er ikke registerets",
            "Encryption certificate not the register's",
        ],
        [
            "Registeret har ingen nøkkel for avtrykket.",
            "The register has no key for the thumbprint.",
        ],
        [
            "Registerets sertifikat er byttet, eller testsertifikatet er brukt.",
            "The register's certificate has changed, or the test one was used.",
        ],
        "avtrykk av gammelt sertifikat",
        "avtrykk av gjeldende sertifikat",
        [
            "Hent registerets gjeldende sertifikat og krypter på nytt.",
            "Fetch the register's current certificate and encrypt again.",
        ],
    ),
    entry(
        Code::DecryptionFailed,
        ["Innholdet kan ikke dekrypteres", "Content cannot be decrypted"],
        [
            "Nøkkel, nonce, tagg og chiffertekst hører ikke sammen. Av sikkerhetshensyn sies det ikke hvilken.",
            "Key, nonce, tag and ciphertext do not belong together. For safety it is not said which.",
        ],
        [
            "Feil i krypteringen eller endret innhold.",
            "A fault in the encryption or changed content.",
        ],
        "nøkkel fra en annen melding",
        "nøkkel fra samme melding",
        [
            "Krypter på nytt med AES-256-GCM og RSA-OAEP med SHA-256.",
            "Encrypt again with AES-256-GCM and RSA-OAEP with SHA-256.",
        ],
    ),
    entry(
        Code::CompressionInvalid,
        ["Innholdet er ikke gyldig gzip", "Content is not valid gzip"],
        [
            "Det dekrypterte innholdet skal være én gzip-strøm.",
            "The decrypted content shall be one gzip stream.",
        ],
        [
            "Innholdet er ikke komprimert, eller komprimert med noe annet.",
            "The content is not compressed, or with something else.",
        ],
        "ukomprimert JSON",
        "gzip(JSON)",
        [
            "Komprimer bundlen med gzip før kryptering.",
            "Compress the bundle with gzip before encrypting.",
        ],
    ),
    entry(
        Code::CompressedTooLarge,
        ["Det komprimerte innholdet er for stort", "Compressed content too large"],
        [
            "Innholdet er større enn mottakets grense.",
            "The content is larger than the receiver's limit.",
        ],
        ["For mange ressurser i én bundle.", "Too many resources in one bundle."],
        "60 MiB",
        "under grensen",
        ["Del overføringen i flere bundler.", "Split the transfer into several bundles."],
    ),
    entry(
        Code::InflatedTooLarge,
        ["Det utpakkede innholdet er for stort", "Inflated content too large"],
        [
            "Innholdet er større enn mottakets grense når det pakkes ut.",
            "The content is larger than the receiver's limit once inflated.",
        ],
        ["For mange ressurser i én bundle.", "Too many resources in one bundle."],
        "1 GiB",
        "under grensen",
        ["Del overføringen i flere bundler.", "Split the transfer into several bundles."],
    ),
    entry(
        Code::CompressionRatioTooHigh,
        ["Innholdet er unormalt komprimert", "Content compressed abnormally"],
        [
            "Innholdet vokser mer enn tillatt når det pakkes ut.",
            "The content grows more than allowed when inflated.",
        ],
        [
            "Svært mye gjentatt innhold, eller en gzip-bombe.",
            "Very much repeated content, or a gzip bomb.",
        ],
        "1 KiB som blir 100 MiB",
        "vanlig JSON",
        ["Fjern gjentatt innhold.", "Remove the repeated content."],
    ),
];
