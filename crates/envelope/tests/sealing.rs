//! The envelope at its public border: what is sealed opens, what was touched does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use lmr_envelope::synthetic::{self as world, Authority, header, now, params, subject, world};
use lmr_envelope::{
    Certificate, CertificateError, Envelope, KeyError, Limits, OpenError, ParseError, PrivateKey,
    RandomSource, RandomnessUnavailable, SealError, SigningKey, SystemRandom, Thumbprint, Trust,
    TrustError, Usage, VerifyError, Warning, open, primitives, seal,
};
use lmr_identifiers::OrganisationNumber;
use rcgen::{
    CertificateRevocationListParams, DnType, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use serde_json::{Map, Value};
use std::io::Write;

const BUNDLE: &[u8] = br#"{"resourceType":"Bundle","type":"batch"}"#;

fn sealed() -> Map<String, Value> {
    let world = world();
    let message = seal(
        BUNDLE,
        &header(),
        &world.register.certificate(),
        &world.sender.signing(),
        &SystemRandom,
    )
    .unwrap();
    serde_json::from_slice(&message).unwrap()
}

fn try_open(message: &Map<String, Value>) -> Result<Vec<u8>, OpenError> {
    open_text(serde_json::to_string(message).unwrap().as_bytes())
}

fn open_text(text: &[u8]) -> Result<Vec<u8>, OpenError> {
    let world = world();
    let sender = world.sender.certificate();
    open(text, &sender, &world.register.decrypting(), &Limits::default(), now(), &SystemRandom)
}

fn parse_error(text: &[u8]) -> ParseError {
    Envelope::parse(text, &Limits::default()).unwrap_err()
}

fn with(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Vec<u8>, OpenError> {
    let mut message = sealed();
    change(&mut message);
    try_open(&message)
}

/// Signs changed content again, as a sender with a broken implementation would.
fn resign(message: &mut Map<String, Value>, content: &[u8]) {
    let signature =
        primitives::sign(&world().sender.private_key(), &digest(&SHA256, content)).unwrap();
    message.insert("encryptedContent".into(), STANDARD.encode(content).into());
    message.insert("signature".into(), STANDARD.encode(signature).into());
}

fn bytes(message: &Map<String, Value>, member: &str) -> Vec<u8> {
    STANDARD.decode(message[member].as_str().unwrap()).unwrap()
}

#[test]
fn what_is_sealed_opens_and_has_the_members_of_the_guide_in_order() {
    let message = sealed();
    let names: Vec<&str> = message.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "messageId",
            "senderOrganizationIdentifier",
            "messageFormatVersion",
            "rapporteringFra",
            "rapporteringTil",
            "encryptedContent",
            "encryptionCertificateThumbprint",
            "encryptedKey",
            "nonce",
            "authenticationTag",
            "signatureCertificateThumbprint",
            "signature",
            "generatedAt"
        ]
    );
    assert_eq!(message["messageFormatVersion"], "1.0");
    assert_eq!(message["senderOrganizationIdentifier"], world::SENDER);
    assert_eq!(message["rapporteringFra"], "2025-03-13T01:00:00+01:00");
    assert_eq!(try_open(&message).unwrap(), BUNDLE);
}

#[test]
fn key_and_nonce_are_fresh_for_every_message() {
    let (one, two) = (sealed(), sealed());
    for member in ["encryptedContent", "encryptedKey", "nonce", "authenticationTag"] {
        assert_ne!(one[member], two[member], "{member}");
    }
}

#[test]
fn names_are_compared_without_case_in_any_order_and_unknown_ones_only_warn() {
    let mut message = Map::new();
    for (name, value) in sealed().into_iter().rev() {
        let mut letters = name.chars();
        let pascal: String = letters.next().unwrap().to_uppercase().chain(letters).collect();
        message.insert(pascal, value);
    }
    message.insert("Extra".into(), serde_json::json!({"a": [1, null, true, 1.5]}));
    assert_eq!(try_open(&message).unwrap(), BUNDLE);
    let text = serde_json::to_string(&message).unwrap();
    let envelope = Envelope::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(envelope.warnings(), [Warning::UnknownMember("Extra".into())]);
}

#[test]
fn a_byte_order_mark_and_escaped_plus_signs_are_read() {
    let text = serde_json::to_string(&sealed()).unwrap();
    let (first, rest) = text.split_once("\"encryptedContent\"").unwrap();
    let text = format!("\u{feff}{first}\"encryptedContent\"{}", rest.replace('/', "\\/"));
    assert_eq!(open_text(text.as_bytes()).unwrap(), BUNDLE);
}

#[test]
fn a_duplicate_name_is_an_error_also_in_another_case() {
    let text = serde_json::to_string(&sealed()).unwrap();
    for extra in ["\"nonce\":\"AAAA\"", "\"NONCE\":\"AAAA\"", "\"nOnce\":null"] {
        let duplicate = format!("{},{extra}}}", text.strip_suffix('}').unwrap());
        assert_eq!(parse_error(duplicate.as_bytes()), ParseError::Duplicate { member: "nonce" });
    }
}

#[test]
fn a_missing_null_or_empty_member_is_named() {
    for (name, _) in sealed() {
        for absent in [None, Some(Value::Null), Some("".into())] {
            let mut message = sealed();
            match absent {
                None => drop(message.remove(&name)),
                Some(value) => drop(message.insert(name.clone(), value)),
            }
            match try_open(&message) {
                Err(OpenError::Parse(ParseError::Missing { member })) => assert_eq!(member, name),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_member_that_is_not_a_string_is_named() {
    for value in
        [Value::from(1), Value::from(1.5), true.into(), vec![1].into(), Value::Object(Map::new())]
    {
        let error = with(|m| drop(m.insert("nonce".into(), value))).unwrap_err();
        assert_eq!(error, OpenError::Parse(ParseError::NotAString { member: "nonce" }));
    }
}

#[test]
fn what_is_not_a_json_object_is_refused() {
    for text in ["", "{", "<xml/>", "{\"a\":}", "{\"messageId\":\"x\"} {", "\u{0}"] {
        assert!(matches!(parse_error(text.as_bytes()), ParseError::NotJson { .. }), "{text}");
    }
    assert!(matches!(
        parse_error(b"{\"messageId\":\"\xff\"}"),
        ParseError::NotJson { line: 1, .. }
    ));
    for text in ["[]", "null", "17", "1.5", "true", "\"text\""] {
        assert_eq!(parse_error(text.as_bytes()), ParseError::NotAnObject, "{text}");
    }
    // An unknown member is skipped without recursion, however deep it is.
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(
        parse_error(deep.as_bytes()),
        ParseError::Missing { member: "messageFormatVersion" }
    );
}

#[test]
fn values_of_the_wrong_form_are_named() {
    let cases: [(&str, &str, ParseError); 12] = [
        ("messageFormatVersion", "1.1", ParseError::UnsupportedVersion),
        ("messageId", "  ", ParseError::UnusableMessageId),
        ("messageId", "a\nb", ParseError::UnusableMessageId),
        ("senderOrganizationIdentifier", "12345", ParseError::NotAnOrganisation),
        ("encryptedContent", "AA==\n", ParseError::NotBase64 { member: "encryptedContent" }),
        ("encryptedContent", "AA", ParseError::NotBase64 { member: "encryptedContent" }),
        ("encryptedKey", "a-_b", ParseError::NotBase64 { member: "encryptedKey" }),
        ("signature", "AB==", ParseError::NotBase64 { member: "signature" }),
        ("nonce", "AAAA", ParseError::WrongLength { member: "nonce", expected: 12 }),
        (
            "authenticationTag",
            "AAAA",
            ParseError::WrongLength { member: "authenticationTag", expected: 16 },
        ),
        (
            "signatureCertificateThumbprint",
            "ABCD",
            ParseError::NotAThumbprint { member: "signatureCertificateThumbprint" },
        ),
        (
            "rapporteringTil",
            "2025-03-14",
            ParseError::NotATime {
                member: "rapporteringTil",
                reason: lmr_envelope::TimeError::NoTimeOfDay,
            },
        ),
    ];
    for (member, value, expected) in cases {
        let error = with(|m| drop(m.insert(member.into(), value.into()))).unwrap_err();
        assert_eq!(error, OpenError::Parse(expected), "{member}");
    }
}

/// The id is a key of the register's database.
#[test]
fn a_message_id_has_at_most_200_bytes() {
    for (length, is_taken) in [(1, true), (200, true), (201, false), (10_000, false)] {
        let opened = with(|m| drop(m.insert("messageId".into(), "x".repeat(length).into())));
        assert_eq!(
            opened.err() == Some(OpenError::Parse(ParseError::UnusableMessageId)),
            !is_taken,
            "{length}"
        );
    }
    // In bytes, as the database counts them.
    let opened = with(|m| drop(m.insert("messageId".into(), "ø".repeat(101).into())));
    assert_eq!(opened.unwrap_err(), OpenError::Parse(ParseError::UnusableMessageId));
}

#[test]
fn body_and_content_are_bounded_before_work_is_done() {
    let text = serde_json::to_string(&sealed()).unwrap();
    let limits = Limits { body: text.len() - 1, ..Limits::default() };
    let error = Envelope::parse(text.as_bytes(), &limits).unwrap_err();
    assert_eq!(error, ParseError::BodyTooLarge { limit: text.len() - 1 });
    let len = bytes(&sealed(), "encryptedContent").len();
    for (limit, fits) in [(len, true), (len - 1, false), (1, false)] {
        let limits = Limits { compressed: limit, ..Limits::default() };
        assert_eq!(Envelope::parse(text.as_bytes(), &limits).is_ok(), fits, "{limit}");
    }
}

/// What is too long is refused by its length in base64: it is not decoded, so it does not matter that it is none.
#[test]
fn a_content_that_is_too_long_is_not_decoded() {
    let limits = Limits { compressed: 300, ..Limits::default() };
    let refused = |length: usize| {
        let mut message = sealed();
        message.insert("encryptedContent".to_owned(), Value::from("!".repeat(length)));
        Envelope::parse(&serde_json::to_vec(&message).unwrap(), &limits).unwrap_err()
    };
    for length in [1, 4, 400, 404, 407] {
        let not_base64 = ParseError::NotBase64 { member: "encryptedContent" };
        assert_eq!(refused(length), not_base64, "{length}");
    }
    for length in [408, 409, 500, 100_000] {
        assert_eq!(refused(length), ParseError::ContentTooLarge { limit: 300 }, "{length}");
    }
}

#[test]
fn a_changed_content_breaks_the_signature() {
    let error = with(|m| {
        let mut content = bytes(m, "encryptedContent");
        content[3] ^= 1;
        m.insert("encryptedContent".into(), STANDARD.encode(content).into());
    });
    assert_eq!(error.unwrap_err(), OpenError::Verify(VerifyError::BadSignature));
}

#[test]
fn another_certificate_of_the_same_sender_does_not_verify() {
    let world = world();
    let text = serde_json::to_string(&sealed()).unwrap();
    let envelope = Envelope::parse(text.as_bytes(), &Limits::default()).unwrap();
    let named = world.sender.certificate().thumbprint();
    let error = envelope.verify(&world.stranger.certificate(), now()).unwrap_err();
    assert_eq!(error, VerifyError::OtherCertificate { named });
    // The name alone does not help: the key behind it decides.
    let mut message = sealed();
    let stranger = world.stranger.certificate();
    message
        .insert("signatureCertificateThumbprint".into(), stranger.thumbprint().to_string().into());
    let text = serde_json::to_string(&message).unwrap();
    let envelope = Envelope::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(envelope.verify(&stranger, now()).unwrap_err(), VerifyError::BadSignature);
}

#[test]
fn every_decryption_fault_after_the_signature_looks_the_same() {
    let world = world();
    let register = world.register.certificate();
    let mut seen = Vec::new();
    let mut provoke = |change: &dyn Fn(&mut Map<String, Value>)| {
        let error = with(|m| change(m)).unwrap_err();
        seen.push((error.to_string(), format!("{error:?}")));
    };
    let flip = |m: &mut Map<String, Value>, member: &str| {
        let mut value = bytes(m, member);
        value[0] ^= 1;
        m.insert(member.into(), STANDARD.encode(value).into());
    };
    provoke(&|m| flip(m, "nonce"));
    provoke(&|m| flip(m, "authenticationTag"));
    provoke(&|m| flip(m, "encryptedKey"));
    provoke(&|m| drop(m.insert("encryptedKey".into(), "AAAA".into())));
    // A well-padded key that is not an AES-256 key, and one that is not this content's.
    for key in [vec![7; 16], vec![7; 32], vec![]] {
        let spki = x509_parser::parse_x509_certificate(register.der())
            .unwrap()
            .1
            .public_key()
            .raw
            .to_vec();
        let encrypted = primitives::oaep_encrypt(&spki, &key).unwrap();
        provoke(&|m| drop(m.insert("encryptedKey".into(), STANDARD.encode(&encrypted).into())));
    }
    provoke(&|m| {
        let mut content = bytes(m, "encryptedContent");
        content[3] ^= 1;
        resign(m, &content);
    });
    assert_eq!(seen.len(), 8);
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
}

/// No random bytes: what then takes the place of a key that cannot be unwrapped is known to everybody.
struct NoRandom;

impl RandomSource for NoRandom {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        Err(RandomnessUnavailable)
    }
}

fn spki(certificate: &Certificate) -> Vec<u8> {
    x509_parser::parse_x509_certificate(certificate.der()).unwrap().1.public_key().raw.to_vec()
}

/// Content, tag and signature under a key of one's own choice, and what is written for the key.
fn sealed_under(key: [u8; 32], encrypted_key: &[u8]) -> Map<String, Value> {
    let mut message = sealed();
    let nonce: [u8; 12] = bytes(&message, "nonce").try_into().unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(BUNDLE).unwrap();
    let mut content = packed.finish().unwrap();
    let tag = primitives::aes_seal(&key, nonce, &[], &mut content).unwrap();
    message.insert("authenticationTag".into(), STANDARD.encode(tag).into());
    message.insert("encryptedKey".into(), STANDARD.encode(encrypted_key).into());
    resign(&mut message, &content);
    message
}

#[test]
fn only_a_key_of_exactly_its_length_that_was_unwrapped_opens_a_message() {
    let world = world();
    let register = spki(&world.register.certificate());
    let wrapped = |key: &[u8]| primitives::oaep_encrypt(&register, key).unwrap();
    let opens = |message: &Map<String, Value>, random: &dyn RandomSource| {
        let text = serde_json::to_string(message).unwrap();
        let (sender, keys) = (world.sender.certificate(), world.register.decrypting());
        open(text.as_bytes(), &sender, &keys, &Limits::default(), now(), random)
    };
    let key = [7; 32];
    let right = sealed_under(key, &wrapped(&key));
    assert_eq!(opens(&right, &SystemRandom).unwrap(), BUNDLE);
    assert_eq!(opens(&right, &NoRandom).unwrap(), BUNDLE);
    let mut longer = key.to_vec();
    longer.push(0);
    let cases = [
        ("one byte too many", sealed_under(key, &wrapped(&longer))),
        ("the last byte missing", sealed_under(key, &wrapped(&key[..31]))),
        ("no key, content under zeros", sealed_under([0; 32], &[1; 256])),
        ("an empty key, content under zeros", sealed_under([0; 32], &wrapped(&[]))),
    ];
    for (what, message) in &cases {
        for random in [&SystemRandom as &dyn RandomSource, &NoRandom] {
            assert!(matches!(opens(message, random), Err(OpenError::Decrypt(_))), "{what}");
        }
    }
}

/// The caller gets one text for every cause; the receiver's own log tells them apart.
#[test]
fn the_log_names_what_could_not_be_decrypted() {
    let detail = |message: &Map<String, Value>| match try_open(message) {
        Err(OpenError::Decrypt(error)) => error.detail(),
        other => panic!("{other:?}"),
    };
    assert!(detail(&sealed_under([7; 32], &[1; 256])).contains("encryptedKey"));
    let wrapped = primitives::oaep_encrypt(&spki(&world().register.certificate()), &[8; 32]);
    assert!(detail(&sealed_under([7; 32], &wrapped.unwrap())).contains("authenticationTag"));
}

#[test]
fn a_message_for_a_foreign_certificate_is_refused_by_name() {
    let stranger = world().stranger.certificate().thumbprint();
    let error = with(|m| {
        drop(m.insert("encryptionCertificateThumbprint".into(), stranger.to_string().into()))
    });
    assert_eq!(error.unwrap_err(), OpenError::UnknownEncryptionCertificate { named: stranger });
}

#[test]
fn many_megabytes_of_blanks_in_a_small_message_are_stopped() {
    let world = world();
    let bomb = vec![b' '; 64 << 20];
    let message = seal(
        &bomb,
        &header(),
        &world.register.certificate(),
        &world.sender.signing(),
        &SystemRandom,
    )
    .unwrap();
    assert!(message.len() < 200_000);
    let error = open_text(&message).unwrap_err();
    assert!(matches!(
        error,
        OpenError::Inflate(lmr_envelope::InflateError::RatioTooHigh { limit: 200 })
    ));
}

#[test]
fn certificates_are_held_to_their_time_and_use() {
    let world = world();
    let text = serde_json::to_string(&sealed()).unwrap();
    let verify = |time: &str| {
        let envelope = Envelope::parse(text.as_bytes(), &Limits::default()).unwrap();
        envelope.verify(&world.sender.certificate(), time.parse().unwrap()).map(|_| ())
    };
    assert_eq!(verify("2024-01-01T00:00:00Z"), Ok(()));
    assert_eq!(verify("2027-01-01T00:00:00.9Z"), Ok(()));
    assert!(matches!(
        verify("2023-12-31T23:59:59Z"),
        Err(VerifyError::Certificate(CertificateError::NotYetValid { .. }))
    ));
    assert!(matches!(
        verify("2027-01-01T00:00:01Z"),
        Err(VerifyError::Certificate(CertificateError::Expired { .. }))
    ));
    let only_key = world.authority.issue(&params(
        subject(world::SENDER),
        20,
        &[KeyUsagePurpose::KeyEncipherment],
    ));
    let certificate = only_key.certificate();
    assert!(certificate.check_usage(Usage::KeyEncipherment).is_ok());
    assert!(matches!(
        certificate.check_usage(Usage::Signature),
        Err(CertificateError::WrongUsage { .. })
    ));
    let error =
        seal(BUNDLE, &header(), &world.register.certificate(), &only_key.signing(), &SystemRandom)
            .unwrap_err();
    assert!(matches!(error, SealError::Signing(CertificateError::WrongUsage { .. })));
}

/// The same key under two certificates, so that nothing but the usage differs.
#[test]
fn a_signature_under_a_certificate_for_another_use_gives_no_trust() {
    let world = world();
    let key = world::rsa_key();
    let issue = |serial, usages: &[KeyUsagePurpose]| {
        world.authority.issue_for(&params(subject(world::SENDER), serial, usages), &key)
    };
    let signing = issue(40, &[KeyUsagePurpose::DigitalSignature]);
    let sealed =
        seal(BUNDLE, &header(), &world.register.certificate(), &signing.signing(), &SystemRandom)
            .unwrap();
    let mut message: Map<String, Value> = serde_json::from_slice(&sealed).unwrap();
    for (serial, usage, trusted) in [
        (41, KeyUsagePurpose::DigitalSignature, true),
        (42, KeyUsagePurpose::ContentCommitment, true),
        (43, KeyUsagePurpose::KeyEncipherment, false),
        (44, KeyUsagePurpose::KeyCertSign, false),
    ] {
        let certificate = issue(serial, &[usage]).certificate();
        let thumbprint = certificate.thumbprint();
        message.insert("signatureCertificateThumbprint".into(), thumbprint.to_string().into());
        let text = serde_json::to_string(&message).unwrap();
        let envelope = Envelope::parse(text.as_bytes(), &Limits::default()).unwrap();
        let wrong = CertificateError::WrongUsage { thumbprint, usage: Usage::Signature };
        let verified = envelope.verify(&certificate, now()).map(|_| ());
        let expected = if trusted { Ok(()) } else { Err(VerifyError::Certificate(wrong)) };
        assert_eq!(verified, expected, "serial {serial}");
    }
}

#[test]
fn b13_a_certificate_with_a_key_of_1024_bits_is_refused_when_it_is_read() {
    let error = Certificate::read(WEAK.as_bytes()).unwrap_err();
    assert!(matches!(error, CertificateError::NotRsa { .. }));
    assert!(error.to_string().contains("at least 2048 bits"), "{error}");
}

#[test]
fn sealing_with_somebody_elses_certificate_is_refused() {
    let world = world();
    let error = seal(
        BUNDLE,
        &header(),
        &world.register.certificate(),
        &world.register.signing(),
        &SystemRandom,
    );
    let sender = OrganisationNumber::parse(world::SENDER).unwrap();
    assert_eq!(error.unwrap_err(), SealError::NotOurCertificate { sender });
}

#[test]
fn the_organisation_is_read_from_either_attribute() {
    let authority = &world().authority;
    assert_eq!(
        world().sender.certificate().organisation(),
        OrganisationNumber::parse(world::SENDER).ok()
    );
    let mut old = rcgen::DistinguishedName::new();
    old.push(DnType::CommonName, "Oppdiktet foretak");
    old.push(DnType::from_oid(&[2, 5, 4, 5]), world::REGISTER);
    let old = authority.issue(&params(old, 30, &[])).certificate();
    assert_eq!(old.organisation(), OrganisationNumber::parse(world::REGISTER).ok());
    assert!(old.check_usage(Usage::Signature).is_ok());
    let mut foreign = rcgen::DistinguishedName::new();
    foreign.push(DnType::from_oid(&[2, 5, 4, 97]), "NTRSE-5560000000");
    assert_eq!(authority.issue(&params(foreign, 31, &[])).certificate().organisation(), None);
}

#[test]
fn thumbprints_are_compared_without_case_blanks_and_colons() {
    let thumbprint = world().sender.certificate().thumbprint();
    let upper = thumbprint.to_string();
    let pairs: Vec<&str> = (0..20).map(|i| &upper[i * 2..i * 2 + 2]).collect();
    for text in [
        upper.to_lowercase(),
        pairs.join(":"),
        format!("\u{200e}{}", pairs.join(" ").to_lowercase()),
    ] {
        assert_eq!(Thumbprint::parse(&text), Some(thumbprint), "{text}");
    }
    for text in ["", &upper[..39], &format!("{upper}0"), &upper.replace(&upper[..1], "x")] {
        assert_eq!(Thumbprint::parse(text), None, "{text}");
    }
}

#[test]
fn unusable_keys_and_certificates_are_explained() {
    let world = world();
    assert!(matches!(PrivateKey::from_pem(b"nothing"), Err(KeyError::NoPem)));
    assert!(matches!(
        PrivateKey::from_pem(world.sender.pem.as_bytes()),
        Err(KeyError::WrongPem { label }) if label == "CERTIFICATE"
    ));
    let cut = world.sender.key_pem.replace("-----END", "");
    assert!(matches!(PrivateKey::from_pem(cut.as_bytes()), Err(KeyError::Damaged)));
    let elliptic = KeyPair::generate().unwrap();
    assert!(matches!(
        PrivateKey::from_pem(elliptic.serialize_pem().as_bytes()),
        Err(KeyError::NotRsa)
    ));
    let pair = SigningKey::new(world.sender.certificate(), world.stranger.private_key());
    assert!(matches!(pair, Err(KeyError::NotThisCertificate { .. })));
    assert_eq!(format!("{:?}", world.sender.private_key()), "PrivateKey(..)");

    assert_eq!(Certificate::read(b"nothing").unwrap_err(), CertificateError::NoPem);
    assert_eq!(Certificate::read(b"\x30\x03abc").unwrap_err(), CertificateError::Unreadable);
    let elliptic = params(subject(world::SENDER), 40, &[]).self_signed(&elliptic).unwrap();
    assert!(matches!(Certificate::from_der(elliptic.der()), Err(CertificateError::NotRsa { .. })));
    let mut longer = world.sender.certificate().der().to_vec();
    longer.push(0);
    assert_eq!(Certificate::from_der(&longer).unwrap_err(), CertificateError::Unreadable);
}

fn revocations(authority: &Authority, revoked: u64) -> String {
    CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 3, 1),
        next_update: date_time_ymd(2025, 4, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(revoked),
            revocation_time: date_time_ymd(2025, 3, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(&authority.issuer())
    .unwrap()
    .pem()
    .unwrap()
}

#[test]
fn the_optional_chain_check_knows_issuers_and_revocations() {
    let world = world();
    let (sender, stranger) = (world.sender.certificate(), world.stranger.certificate());
    let trust = || Trust::from_pem(world.authority.pem.as_bytes()).unwrap();
    assert_eq!(trust().check(&sender, now()), Ok(()));

    // Same name, other key.
    let other = Authority::new("Oppdiktet CA");
    let foreign = Trust::from_pem(other.pem.as_bytes()).unwrap();
    let thumbprint = sender.thumbprint();
    assert_eq!(foreign.check(&sender, now()), Err(TrustError::UnknownIssuer { thumbprint }));
    assert!(foreign.with_revocations(revocations(&world.authority, 11).as_bytes()).is_err());

    let trust = trust().with_revocations(revocations(&world.authority, 11).as_bytes()).unwrap();
    assert_eq!(trust.check(&sender, now()), Ok(()));
    let revoked = stranger.thumbprint();
    assert_eq!(trust.check(&stranger, now()), Err(TrustError::Revoked { thumbprint: revoked }));
    let late = "2025-04-02T00:00:00Z".parse().unwrap();
    assert_eq!(trust.check(&sender, late), Err(TrustError::NoCurrentRevocationList { thumbprint }));
    let later = "2028-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(trust.check(&sender, later), Err(TrustError::IssuerNotValid { thumbprint }));
    // An end certificate is not an authority.
    assert!(Trust::from_pem(world.sender.pem.as_bytes()).is_err());
    assert!(Trust::from_pem(b"").is_err());
}

/// The authority's own time and the list's count to the second, ends included.
#[test]
fn the_chain_check_holds_the_issuer_and_the_list_to_their_time() {
    let world = world();
    let sender = world.sender.certificate();
    let thumbprint = sender.thumbprint();
    let trust = || Trust::from_pem(world.authority.pem.as_bytes()).unwrap();
    let check = |trust: &Trust, time: &str| trust.check(&sender, time.parse().unwrap());
    let too_early_or_late = Err(TrustError::IssuerNotValid { thumbprint });
    for (time, expected) in [
        ("2023-12-31T23:59:59Z", too_early_or_late.clone()),
        ("2024-01-01T00:00:00Z", Ok(())),
        ("2027-01-01T00:00:00Z", Ok(())),
        ("2027-01-01T00:00:01Z", too_early_or_late),
    ] {
        assert_eq!(check(&trust(), time), expected, "{time}");
    }
    let listed = trust().with_revocations(revocations(&world.authority, 11).as_bytes()).unwrap();
    assert_eq!(check(&listed, "2025-04-01T00:00:00Z"), Ok(()));
    let late = Err(TrustError::NoCurrentRevocationList { thumbprint });
    assert_eq!(check(&listed, "2025-04-01T00:00:01Z"), late);
}

/// Whoever may not sign certificates vouches for nobody: no CA, or a CA for something else.
#[test]
fn only_a_ca_that_may_sign_certificates_is_an_authority() {
    let authority = |is_ca: bool, usages: &[KeyUsagePurpose]| {
        let mut params = params(subject(world::REGISTER), 50, usages);
        if is_ca {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        let pem = params.self_signed(&world::rsa_key()).unwrap().pem();
        Trust::from_pem(pem.as_bytes()).is_ok()
    };
    assert!(authority(true, &[KeyUsagePurpose::KeyCertSign]));
    assert!(authority(true, &[]), "no key usage forbids nothing");
    assert!(!authority(true, &[KeyUsagePurpose::DigitalSignature]));
    assert!(!authority(false, &[KeyUsagePurpose::KeyCertSign]));
    assert!(!authority(false, &[]));
}

/// Made with `openssl req -x509 -newkey rsa:1024`; its private key is gone.
const WEAK: &str = "\
-----BEGIN CERTIFICATE-----
MIICSjCCAbOgAwIBAgIULxb+iCOXAU9j9u4tLQQkMRDXfEMwDQYJKoZIhvcNAQEL
BQAwNjEaMBgGA1UEAwwRT3BwZGlrdGV0IGZvcmV0YWsxGDAWBgNVBGEMD05UUk5P
LTMxMDAwMDAxOTAgFw0yNjExMjUyMTI3MTZaGA8yMTI2MTEwMTIxMjcxNlowNjEa
MBgGA1UEAwwRT3BwZGlrdGV0IGZvcmV0YWsxGDAWBgNVBGEMD05UUk5PLTMxMDAw
MDAxOTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAtUiHYSrN+JQyYoxI/ogm
Lyn9bp7LIXrqMLePLSNz8wLINDFSEBiUejXhpCeLL5jaRK627f7MT2MRk2DZZ4MU
zt7BNLUHFQL8JDC2vEuGCf+LAO5kpCCFF/LBtzXZ34pXo1fIzlwfO7wbovYW5iRD
gg+qjJktIzzukRbrhPmh9Z8CAwEAAaNTMFEwHQYDVR0OBBYEFGjd/d1lOuEFdwDg
N1hSIXTL5ZqCMB8GA1UdIwQYMBaAFGjd/d1lOuEFdwDgN1hSIXTL5ZqCMA8GA1Ud
EwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAU4P3QVzrK9cwKoyIRBso+d7Q
MDfWux7Eh0NuTEUh3gM5eLFSF6w/DPQ+9N/RD9cC9wR+qseR5AN9x559MS69CLJZ
li+1vXg6eQsWlfhUzG8Iei6S7TF2qMI+W5Ez1ToQipZiVFIT9kumsgISHEdsVhSV
s0WvJJsLWjdbXzpz47c=
-----END CERTIFICATE-----
";
