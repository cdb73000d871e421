//! LMR-2xxx: the SignertKryptertBundle. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! envelope_codes {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Envelope {
        EnvelopeNotJson = 2001 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "intake",
            title: { nb: "Konvolutten er ikke JSON", en: "Envelope is not JSON" },
            explanation: {
                nb: "Innholdet skal være ett JSON-objekt i UTF-8.",
                en: "The content shall be one JSON object in UTF-8.",
            },
            cause: {
                nb: "Avkuttet fil, feil tegnkoding eller en usignert bundle.",
                en: "A file cut short, wrong encoding or an unsealed bundle.",
            },
            wrong: "{ \"messageId\": \"a",
            right: "{ \"messageId\": \"a\", … }",
            remedy: { nb: "Lag konvolutten på nytt.", en: "Make the envelope again." },
        }
        EnvelopeMemberMissing = 2002 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "required",
            raised_in: "intake",
            title: { nb: "Et felt mangler i konvolutten", en: "Envelope member missing" },
            explanation: {
                nb: "Alle tretten felt skal være med.",
                en: "All thirteen members shall be there.",
            },
            cause: {
                nb: "Eldre beskrivelse av formatet, eller et felt uten verdi.",
                en: "An older description of the format, or a member without a value.",
            },
            wrong: "{ \"messageId\": \"…\" }",
            right: "{ \"messageId\": \"…\", \"senderOrganizationIdentifier\": \"…\", … }",
            remedy: { nb: "Ta med feltet som nevnes.", en: "Add the member named." },
        }
        EnvelopeMemberDuplicate = 2003 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "intake",
            title: {
                nb: "Et felt står to ganger i konvolutten",
                en: "Envelope member given twice",
            },
            explanation: {
                nb: "Feltnavn sammenlignes uten hensyn til store og små bokstaver og skal stå én gang.",
                en: "Member names are compared without case and shall occur once.",
            },
            cause: {
                nb: "Både camelCase og PascalCase er skrevet.",
                en: "Both camelCase and PascalCase were written.",
            },
            wrong: "{ \"nonce\": \"…\", \"Nonce\": \"…\" }",
            right: "{ \"nonce\": \"…\" }",
            remedy: { nb: "Fjern det ene.", en: "Remove one of them." },
        }
        EnvelopeMemberWrongType = 2004 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "intake",
            title: {
                nb: "Et felt i konvolutten har feil type",
                en: "Envelope member of the wrong type",
            },
            explanation: { nb: "Alle felt er tekst.", en: "All members are strings." },
            cause: {
                nb: "Tall, liste eller null der det skal stå tekst.",
                en: "A number, list or null where a string belongs.",
            },
            wrong: "{ \"messageFormatVersion\": 1.0 }",
            right: "{ \"messageFormatVersion\": \"1.0\" }",
            remedy: { nb: "Skriv verdien som tekst.", en: "Write the value as a string." },
        }
        EnvelopeMemberUnknown = 2005 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "intake",
            title: { nb: "Ukjent felt i konvolutten", en: "Unknown envelope member" },
            explanation: {
                nb: "Feltet er ikke kjent og ble oversett.",
                en: "The member is not known and was ignored.",
            },
            cause: {
                nb: "Skrivefeil eller egne tillegg.",
                en: "A misspelling or an addition of your own.",
            },
            wrong: "{ \"mesageId\": \"…\" }",
            right: "{ \"messageId\": \"…\" }",
            remedy: {
                nb: "Rett navnet eller fjern feltet.",
                en: "Correct the name or remove the member.",
            },
        }
        EnvelopeVersionUnsupported = 2006 {
            severity: Fatal, status: 400, retry: Never, issue_type: "not-supported",
            raised_in: "intake",
            title: { nb: "Formatversjonen støttes ikke", en: "Format version not supported" },
            explanation: {
                nb: "messageFormatVersion skal være 1.0.",
                en: "messageFormatVersion shall be 1.0.",
            },
            cause: {
                nb: "Avsenderen bruker en annen versjon av formatet.",
                en: "The sender uses another version of the format.",
            },
            wrong: "\"messageFormatVersion\": \"2.0\"",
            right: "\"messageFormatVersion\": \"1.0\"",
            remedy: { nb: "Bruk versjon 1.0.", en: "Use version 1.0." },
        }
        EnvelopeBase64Invalid = 2007 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "Feltet er ikke gyldig base64", en: "Member is not valid base64" },
            explanation: {
                nb: "Vanlig alfabet med utfylling og uten linjeskift.",
                en: "The standard alphabet with padding and without line breaks.",
            },
            cause: {
                nb: "base64url, manglende utfylling eller linjeskift.",
                en: "base64url, missing padding or line breaks.",
            },
            wrong: "\"nonce\": \"AAECAwQFBgcICQoL\\n\"",
            right: "\"nonce\": \"AAECAwQFBgcICQoL\"",
            remedy: {
                nb: "Kod feltet med standard base64.",
                en: "Encode the member with standard base64.",
            },
        }
        EnvelopeTimeInvalid = 2008 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "Tidspunktet kan ikke leses", en: "Unreadable time" },
            explanation: {
                nb: "Tider skrives etter ISO 8601, helst med forskyvning.",
                en: "Times are written as ISO 8601, preferably with an offset.",
            },
            cause: {
                nb: "Norsk datoformat eller manglende klokkeslett.",
                en: "A national date format or no time of day.",
            },
            wrong: "\"generatedAt\": \"22.01.2025 10:30\"",
            right: "\"generatedAt\": \"2025-01-22T10:30:00+01:00\"",
            remedy: { nb: "Skriv tiden etter ISO 8601.", en: "Write the time as ISO 8601." },
        }
        EnvelopePeriodReversed = 2009 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "Rapporteringsperioden er snudd", en: "Reporting period reversed" },
            explanation: {
                nb: "rapporteringFra kan ikke være etter rapporteringTil.",
                en: "rapporteringFra cannot be after rapporteringTil.",
            },
            cause: { nb: "Feltene er byttet om.", en: "The members are swapped." },
            wrong: "fra 2025-02-02, til 2025-02-01",
            right: "fra 2025-02-01, til 2025-02-02",
            remedy: { nb: "Bytt om på feltene.", en: "Swap the members." },
        }
        EnvelopeInFuture = 2010 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "Tidspunktet ligger fram i tid", en: "Time lies in the future" },
            explanation: {
                nb: "Meldingen kan ikke være laget, eller perioden slutte, etter nå.",
                en: "The message cannot be made, or the period end, after now.",
            },
            cause: {
                nb: "Klokken går feil, eller tiden er merket med feil forskyvning.",
                en: "The clock is wrong, or the time has the wrong offset.",
            },
            wrong: "generatedAt = i morgen",
            right: "generatedAt = nå",
            remedy: {
                nb: "Rett klokken og lag meldingen på nytt. Den samme meldingen blir ikke tatt imot senere heller.",
                en: "Correct the clock and make the message again. The same message is not taken later either.",
            },
        }
        EnvelopeMessageIdInvalid = 2011 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "messageId kan ikke brukes", en: "messageId unusable" },
            explanation: {
                nb: "messageId skal være en unik tekst, helst en UUID.",
                en: "messageId shall be a unique text, preferably a UUID.",
            },
            cause: {
                nb: "Tom, for lang eller med styretegn.",
                en: "Empty, too long or with control characters.",
            },
            wrong: "\"messageId\": \"\"",
            right: "\"messageId\": \"6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11\"",
            remedy: {
                nb: "Lag en ny UUID for hver melding.",
                en: "Make a new UUID for every message.",
            },
        }
        EnvelopeNonceInvalid = 2012 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "nonce har feil lengde", en: "nonce of the wrong length" },
            explanation: { nb: "nonce skal være 12 byte.", en: "nonce shall be 12 bytes." },
            cause: { nb: "Feil oppsett av AES-GCM.", en: "AES-GCM set up wrongly." },
            wrong: "16 byte",
            right: "12 byte",
            remedy: {
                nb: "Bruk 12 tilfeldige byte, nye for hver melding.",
                en: "Use 12 random bytes, new for every message.",
            },
        }
        EnvelopeTagInvalid = 2013 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: {
                nb: "authenticationTag har feil lengde",
                en: "authenticationTag of the wrong length",
            },
            explanation: {
                nb: "authenticationTag skal være 16 byte og stå for seg selv.",
                en: "authenticationTag shall be 16 bytes and be given by itself.",
            },
            cause: {
                nb: "Taggen ligger bakerst i encryptedContent.",
                en: "The tag was left at the end of encryptedContent.",
            },
            wrong: "12 byte",
            right: "16 byte",
            remedy: {
                nb: "Skill taggen fra chifferteksten.",
                en: "Take the tag out of the ciphertext.",
            },
        }
        EnvelopeThumbprintInvalid = 2014 {
            severity: Fatal, status: 400, retry: Never, issue_type: "value",
            raised_in: "intake",
            title: { nb: "Sertifikatavtrykket kan ikke leses", en: "Thumbprint unreadable" },
            explanation: {
                nb: "Avtrykket er SHA-1 av sertifikatet som 40 heksadesimale sifre.",
                en: "The thumbprint is SHA-1 of the certificate as 40 hexadecimal digits.",
            },
            cause: { nb: "SHA-256 eller base64 ble brukt.", en: "SHA-256 or base64 was used." },
            wrong: "\"qvTGHdzF6KLavt4PO0gs2a6pQ00=\"",
            right: "\"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\"",
            remedy: {
                nb: "Skriv avtrykket som 40 heksadesimale sifre.",
                en: "Write the thumbprint as 40 hexadecimal digits.",
            },
        }
        EnvelopeSenderInvalid = 2015 {
            severity: Fatal, status: 400, retry: Never, issue_type: "value",
            raised_in: "intake",
            title: {
                nb: "Avsenderens organisasjonsnummer kan ikke brukes",
                en: "Sender's organisation number unusable",
            },
            explanation: {
                nb: "Feltet skal ha ni sifre med riktig kontrollsiffer, eller en OID.",
                en: "The member shall have nine digits with the right check digit, or an OID.",
            },
            cause: {
                nb: "Mellomrom, landkode eller skrivefeil.",
                en: "Blanks, a country code or a misprint.",
            },
            wrong: "\"NO 999 999 999 MVA\"",
            right: "ni sifre",
            remedy: {
                nb: "Skriv organisasjonsnummeret som ni sifre.",
                en: "Write the organisation number as nine digits.",
            },
        }
        MessageIdNotUuid = 2016 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "value",
            raised_in: "intake",
            title: { nb: "messageId er ikke en UUID", en: "messageId is not a UUID" },
            explanation: {
                nb: "Registeret bruker messageId som UUID i alle ledd bak mottaket.",
                en: "The register uses the messageId as a UUID in every step behind the receiver.",
            },
            cause: {
                nb: "Et løpenummer eller en egen nøkkel er brukt.",
                en: "A running number or a key of your own was used.",
            },
            wrong: r#""messageId": "2026-05-01-0001""#,
            right: r#""messageId": "6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11""#,
            remedy: {
                nb: "Lag en ny UUID for hver melding.",
                en: "Make a new UUID for every message.",
            },
        }
        SenderUnknown = 2020 {
            severity: Fatal, status: 400, retry: Never, issue_type: "forbidden",
            raised_in: "intake",
            title: { nb: "Avsenderen er ikke registrert", en: "Sender not registered" },
            explanation: {
                nb: "Bare avtalte virksomheter kan sende.",
                en: "Only organisations with an agreement can send.",
            },
            cause: {
                nb: "Avtalen er ikke på plass, eller feil organisasjonsnummer brukes.",
                en: "The agreement is not in place, or the wrong organisation number is used.",
            },
            wrong: "uregistrert organisasjon",
            right: "registrert organisasjon",
            remedy: { nb: "Ta kontakt med registeret.", en: "Contact the register." },
        }
        SenderInactive = 2021 {
            severity: Fatal, status: 400, retry: Never, issue_type: "forbidden",
            raised_in: "intake",
            title: { nb: "Avsenderen er stanset", en: "Sender deactivated" },
            explanation: {
                nb: "Avsenderen er registrert, men ikke åpen for innsending.",
                en: "The sender is registered but not open for sending.",
            },
            cause: {
                nb: "Avtalen er avsluttet eller stanset.",
                en: "The agreement has ended or is on hold.",
            },
            wrong: "stanset avsender",
            right: "aktiv avsender",
            remedy: { nb: "Ta kontakt med registeret.", en: "Contact the register." },
        }
        OrganisationMismatch = 2022 {
            severity: Fatal, status: 400, retry: Never, issue_type: "forbidden",
            raised_in: "intake",
            title: { nb: "Organisasjonsnumrene er ikke like", en: "Organisation numbers differ" },
            explanation: {
                nb: "Virksomheten i tokenet og senderOrganizationIdentifier skal være den samme.",
                en: "The organisation of the token and senderOrganizationIdentifier shall be the same.",
            },
            cause: {
                nb: "Leverandør sender for flere virksomheter og blandet oppsettene.",
                en: "A supplier sends for several organisations and mixed their set-ups.",
            },
            wrong: "token for A, konvolutt for B",
            right: "token for A, konvolutt for A",
            remedy: {
                nb: "Bruk token og konvolutt for samme virksomhet.",
                en: "Use token and envelope of the same organisation.",
            },
        }
        CertificateOrganisationMismatch = 2023 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: {
                nb: "Sertifikatet tilhører en annen virksomhet",
                en: "Certificate of another organisation",
            },
            explanation: {
                nb: "Organisasjonsnummeret i signatursertifikatet skal være avsenderens.",
                en: "The organisation number in the signing certificate shall be the sender's.",
            },
            cause: {
                nb: "Feil sertifikat i oppsettet.",
                en: "The wrong certificate is configured.",
            },
            wrong: "sertifikat for B",
            right: "sertifikat for A",
            remedy: {
                nb: "Signer med avsenderens eget virksomhetssertifikat.",
                en: "Sign with the sender's own enterprise certificate.",
            },
        }
        CertificateUnknown = 2030 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: {
                nb: "Signatursertifikatet er ikke registrert",
                en: "Signing certificate not registered",
            },
            explanation: {
                nb: "Registeret kjenner ikke sertifikatet avtrykket viser til.",
                en: "The register does not know the certificate the thumbprint names.",
            },
            cause: {
                nb: "Nytt sertifikat er tatt i bruk før det er meldt inn.",
                en: "A new certificate was taken into use before it was reported.",
            },
            wrong: "ukjent avtrykk",
            right: "registrert avtrykk",
            remedy: {
                nb: "Meld inn sertifikatet før det brukes.",
                en: "Report the certificate before using it.",
            },
        }
        CertificateExpired = 2031 {
            severity: Fatal, status: 400, retry: Never, issue_type: "expired",
            raised_in: "intake",
            title: { nb: "Signatursertifikatet er utløpt", en: "Signing certificate expired" },
            explanation: {
                nb: "Sertifikatets gyldighetstid er over.",
                en: "The certificate's validity has ended.",
            },
            cause: { nb: "Sertifikatet er ikke fornyet.", en: "The certificate was not renewed." },
            wrong: "gyldig til i går",
            right: "gyldig til neste år",
            remedy: {
                nb: "Forny sertifikatet og meld det inn.",
                en: "Renew the certificate and report it.",
            },
        }
        CertificateNotYetValid = 2032 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: {
                nb: "Signatursertifikatet gjelder ikke ennå",
                en: "Signing certificate not yet valid",
            },
            explanation: {
                nb: "Sertifikatets gyldighetstid har ikke begynt.",
                en: "The certificate's validity has not begun.",
            },
            cause: {
                nb: "Nytt sertifikat tatt i bruk for tidlig.",
                en: "A new certificate taken into use too early.",
            },
            wrong: "gyldig fra i morgen",
            right: "gyldig fra i går",
            remedy: {
                nb: "Bruk det gamle sertifikatet til det nye gjelder.",
                en: "Use the old certificate until the new one is valid.",
            },
        }
        CertificateRevoked = 2033 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: { nb: "Signatursertifikatet er tilbakekalt", en: "Signing certificate revoked" },
            explanation: {
                nb: "Sertifikatet står på utstederens tilbakekallingsliste.",
                en: "The certificate is on its issuer's revocation list.",
            },
            cause: { nb: "Nøkkelen kan være på avveie.", en: "The key may be lost." },
            wrong: "tilbakekalt",
            right: "gyldig",
            remedy: {
                nb: "Skaff nytt sertifikat og meld det inn.",
                en: "Get a new certificate and report it.",
            },
        }
        CertificateChainUntrusted = 2034 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: {
                nb: "Utstederen av sertifikatet er ikke godtatt",
                en: "Certificate issuer not trusted",
            },
            explanation: {
                nb: "Kjeden fører ikke til en utsteder mottaket godtar.",
                en: "The chain does not lead to an issuer the receiver accepts.",
            },
            cause: { nb: "Testsertifikat i produksjon.", en: "A test certificate in production." },
            wrong: "egensignert sertifikat",
            right: "virksomhetssertifikat fra godkjent utsteder",
            remedy: {
                nb: "Bruk virksomhetssertifikat fra godkjent utsteder.",
                en: "Use an enterprise certificate from an approved issuer.",
            },
        }
        CertificateUnsuitable = 2035 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: { nb: "Sertifikatet kan ikke brukes", en: "Certificate unsuitable" },
            explanation: {
                nb: "Nøkkelen skal være RSA på 2048 til 4096 bit og tillate formålet.",
                en: "The key shall be RSA of 2048 to 4096 bits and allow the purpose.",
            },
            cause: {
                nb: "Elliptisk kurve, for kort nøkkel eller feil nøkkelbruk.",
                en: "An elliptic curve, too short a key or the wrong key usage.",
            },
            wrong: "RSA 1024",
            right: "RSA 3072",
            remedy: {
                nb: "Bruk et egnet virksomhetssertifikat.",
                en: "Use a suitable enterprise certificate.",
            },
        }
        SignatureInvalid = 2040 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: { nb: "Signaturen stemmer ikke", en: "Signature invalid" },
            explanation: {
                nb: "Signaturen passer ikke encryptedContent og signatursertifikatet.",
                en: "The signature does not fit encryptedContent and the signing certificate.",
            },
            cause: {
                nb: "Innholdet er endret, feil nøkkel er brukt, eller det er hashet to ganger.",
                en: "The content was changed, the wrong key was used, or it was hashed twice.",
            },
            wrong: "signatur over SHA-256 av SHA-256",
            right: "RSASSA-PKCS1-v1_5 med SHA-256 over chifferteksten",
            remedy: {
                nb: "Signer byte i encryptedContent før base64, med nøkkelen til sertifikatet.",
                en: "Sign the bytes of encryptedContent before base64, with the certificate's key.",
            },
        }
        EncryptionCertificateUnknown = 2050 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: {
                nb: "Krypteringssertifikatet er ikke registerets",
                en: "Encryption certificate not the register's",
            },
            explanation: {
                nb: "Registeret har ingen nøkkel for avtrykket.",
                en: "The register has no key for the thumbprint.",
            },
            cause: {
                nb: "Registerets sertifikat er byttet, eller testsertifikatet er brukt.",
                en: "The register's certificate has changed, or the test one was used.",
            },
            wrong: "avtrykk av gammelt sertifikat",
            right: "avtrykk av gjeldende sertifikat",
            remedy: {
                nb: "Hent registerets gjeldende sertifikat og krypter på nytt.",
                en: "Fetch the register's current certificate and encrypt again.",
            },
        }
        DecryptionFailed = 2051 {
            severity: Fatal, status: 400, retry: Never, issue_type: "security",
            raised_in: "intake",
            title: { nb: "Innholdet kan ikke dekrypteres", en: "Content cannot be decrypted" },
            explanation: {
                nb: "Nøkkel, nonce, tagg og chiffertekst hører ikke sammen. Av sikkerhetshensyn sies det ikke hvilken.",
                en: "Key, nonce, tag and ciphertext do not belong together. For safety it is not said which.",
            },
            cause: {
                nb: "Feil i krypteringen eller endret innhold.",
                en: "A fault in the encryption or changed content.",
            },
            wrong: "nøkkel fra en annen melding",
            right: "nøkkel fra samme melding",
            remedy: {
                nb: "Krypter på nytt med AES-256-GCM og RSA-OAEP med SHA-256.",
                en: "Encrypt again with AES-256-GCM and RSA-OAEP with SHA-256.",
            },
        }
        CompressionInvalid = 2060 {
            severity: Fatal, status: 400, retry: AfterCorrection, issue_type: "structure",
            raised_in: "intake",
            title: { nb: "Innholdet er ikke gyldig gzip", en: "Content is not valid gzip" },
            explanation: {
                nb: "Det dekrypterte innholdet skal være én gzip-strøm.",
                en: "The decrypted content shall be one gzip stream.",
            },
            cause: {
                nb: "Innholdet er ikke komprimert, eller komprimert med noe annet.",
                en: "The content is not compressed, or with something else.",
            },
            wrong: "ukomprimert JSON",
            right: "gzip(JSON)",
            remedy: {
                nb: "Komprimer bundlen med gzip før kryptering.",
                en: "Compress the bundle with gzip before encrypting.",
            },
        }
        CompressedTooLarge = 2061 {
            severity: Fatal, status: 413, retry: AfterCorrection, issue_type: "too-long",
            raised_in: "intake",
            title: {
                nb: "Det komprimerte innholdet er for stort",
                en: "Compressed content too large",
            },
            explanation: {
                nb: "Innholdet er større enn mottakets grense.",
                en: "The content is larger than the receiver's limit.",
            },
            cause: {
                nb: "For mange ressurser i én bundle.",
                en: "Too many resources in one bundle.",
            },
            wrong: "60 MiB",
            right: "under grensen",
            remedy: {
                nb: "Del overføringen i flere bundler.",
                en: "Split the transfer into several bundles.",
            },
        }
        InflatedTooLarge = 2062 {
            severity: Fatal, status: 413, retry: AfterCorrection, issue_type: "too-long",
            raised_in: "intake",
            title: { nb: "Det utpakkede innholdet er for stort", en: "Inflated content too large" },
            explanation: {
                nb: "Innholdet er større enn mottakets grense når det pakkes ut.",
                en: "The content is larger than the receiver's limit once inflated.",
            },
            cause: {
                nb: "For mange ressurser i én bundle.",
                en: "Too many resources in one bundle.",
            },
            wrong: "1 GiB",
            right: "under grensen",
            remedy: {
                nb: "Del overføringen i flere bundler.",
                en: "Split the transfer into several bundles.",
            },
        }
        CompressionRatioTooHigh = 2063 {
            severity: Fatal, status: 413, retry: AfterCorrection, issue_type: "too-costly",
            raised_in: "intake",
            title: { nb: "Innholdet er unormalt komprimert", en: "Content compressed abnormally" },
            explanation: {
                nb: "Innholdet vokser mer enn tillatt når det pakkes ut.",
                en: "The content grows more than allowed when inflated.",
            },
            cause: {
                nb: "Svært mye gjentatt innhold, eller en gzip-bombe.",
                en: "Very much repeated content, or a gzip bomb.",
            },
            wrong: "1 KiB som blir 100 MiB",
            right: "vanlig JSON",
            remedy: { nb: "Fjern gjentatt innhold.", en: "Remove the repeated content." },
        }
    }
    } };
}

pub(super) use envelope_codes;
