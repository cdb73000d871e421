//! Every fault of an envelope, its sender and its content has a code of its own, and nothing is stored.

use super::*;

#[tokio::test]
async fn replays_are_refused_each_with_its_own_code() {
    let place = place().await;
    let first = simple("m1");
    place.takes(first.clone()).await;
    place.refuses(changed(&first, set("messageId", "m2")), Code::ContentReplayed).await;
    place
        .refuses(sealed("m1", &batch("b2", &[patient(PEOPLE[1], "male")])), Code::MessageIdReused)
        .await;
    place
        .refuses(
            sealed("m3", &batch("m1", &[patient(PEOPLE[1], "male")])),
            Code::BundleIdentifierReused,
        )
        .await;
    assert_eq!(place.messages().await, 1);
    // Checking a message that was delivered is not a replay.
    let checked =
        place.receiver.check(&caller(), first, now(), Arc::new(SystemRandom)).await.unwrap();
    assert_eq!((checked.answer.outcome, checked.repeated), (Outcome::Accepted, false));
}

#[tokio::test]
async fn every_fault_of_the_envelope_has_its_code() {
    let place = place().await;
    let cases: Vec<(&str, &str, Code)> = vec![
        ("messageFormatVersion", "2.0", Code::EnvelopeVersionUnsupported),
        ("messageId", "", Code::EnvelopeMemberMissing),
        ("messageId", "\t", Code::EnvelopeMessageIdInvalid),
        ("senderOrganizationIdentifier", "ti", Code::EnvelopeSenderInvalid),
        ("encryptedContent", "*", Code::EnvelopeBase64Invalid),
        ("nonce", "AAAA", Code::EnvelopeNonceInvalid),
        ("authenticationTag", "AAAA", Code::EnvelopeTagInvalid),
        ("signatureCertificateThumbprint", "12", Code::EnvelopeThumbprintInvalid),
        ("generatedAt", "nå", Code::EnvelopeTimeInvalid),
        ("rapporteringFra", "2025-03-14T01:30:00Z", Code::EnvelopePeriodReversed),
        ("generatedAt", "2025-03-14T07:05:01Z", Code::EnvelopeInFuture),
        ("rapporteringTil", "2025-03-15T00:00:00Z", Code::EnvelopeInFuture),
    ];
    for (member, value, code) in cases {
        place.refuses(changed(&simple("m1"), set(member, value)), code).await;
    }
    place.refuses(b"not json".to_vec(), Code::EnvelopeNotJson).await;
    place.refuses(b"[]".to_vec(), Code::EnvelopeNotJson).await;
    place
        .refuses(
            changed(&simple("m1"), |m| drop(m.insert("NONCE".into(), "".into()))),
            Code::EnvelopeMemberDuplicate,
        )
        .await;
    place
        .refuses(
            changed(&simple("m1"), |m| drop(m.insert("nonce".into(), 1.into()))),
            Code::EnvelopeMemberWrongType,
        )
        .await;
    let rejection =
        place.receive(changed(&simple("m1"), set("nonce", "AAAA"))).await.err().unwrap();
    assert_eq!(rejection.location().expression.as_deref(), Some("nonce"));
    let edge = changed(&simple("m1"), set("generatedAt", "2025-03-14T07:05:00Z"));
    assert_eq!(place.takes(edge).await.answer.counts.created, 1);
    // A period of a single moment.
    let moment = changed(&simple("m2"), |m| {
        for member in ["rapporteringFra", "rapporteringTil"] {
            m.insert(member.into(), "2025-03-14T01:00:00Z".into());
        }
    });
    place.takes(moment).await;
}

/// Its data have gone in another message when its time has come, and newer ones after that.
#[tokio::test]
async fn what_lay_in_the_future_stays_refused_when_its_time_has_come() {
    let place = place().await;
    let later = now() + SignedDuration::from_hours(48);
    let at = async |body: &[u8], time| {
        place
            .receiver
            .receive(&caller(), body.to_vec(), time, Arc::new(SystemRandom))
            .await
            .map(|reply| reply.answer.outcome)
            .map_err(|rejection| rejection.code())
    };
    for (member, value) in
        [("generatedAt", "2025-03-15T07:00:00Z"), ("rapporteringTil", "2025-03-15T00:00:00Z")]
    {
        let ahead = changed(&simple(member), set(member, value));
        for time in [now(), now(), later, later] {
            assert_eq!(at(&ahead, time).await, Err(Code::EnvelopeInFuture), "{member} {time}");
        }
        let checked =
            place.receiver.check(&caller(), ahead.clone(), later, Arc::new(SystemRandom)).await;
        assert_eq!(checked.err().map(|rejection| rejection.code()), Some(Code::EnvelopeInFuture));
        // Nobody else can have it refused, and with the right times it is another message.
        let untouched = changed(&simple(&format!("{member}-2")), set(member, value));
        let forged = changed(&untouched, set("signature", &STANDARD.encode([7; 256])));
        assert_eq!(at(&forged, now()).await, Err(Code::EnvelopeInFuture));
        assert_eq!(at(&untouched, later).await, Ok(Outcome::Accepted));
        let corrected = changed(&ahead, set(member, "2025-03-14T03:00:00Z"));
        assert_eq!(at(&corrected, now()).await, Ok(Outcome::Accepted));
    }
    // What was stored is answered as before, whatever the clock says.
    let stored = simple("m1");
    place.takes(stored.clone()).await;
    let before = now() - SignedDuration::from_hours(48);
    assert_eq!(at(&stored, before).await, Ok(Outcome::Accepted));
}

#[tokio::test]
async fn every_doubt_about_the_sender_has_its_code() {
    let place = place().await;
    place
        .refuses(
            changed(&simple("m1"), set("senderOrganizationIdentifier", REGISTER)),
            Code::SenderUnknown,
        )
        .await;
    let foreign = Caller { organisation: org(REGISTER), ..caller() };
    place.refuses_from(&foreign, simple("m1"), Code::OrganisationMismatch).await;
    let elsewhere = Caller { address: Some("198.51.100.1".parse().unwrap()), ..caller() };
    place.refuses_from(&elsewhere, simple("m1"), Code::AddressNotAllowed).await;
    let other = world().stranger.certificate().thumbprint().to_string();
    place
        .refuses(
            changed(&simple("m1"), set("signatureCertificateThumbprint", &other)),
            Code::CertificateUnknown,
        )
        .await;
    place
        .refuses(
            changed(&simple("m1"), set("signature", &STANDARD.encode([7; 256]))),
            Code::SignatureInvalid,
        )
        .await;
    place.takes(simple("m1")).await;

    let inactive = place_with(|parts| parts.avsendere[0].active = false).await;
    inactive.refuses(simple("m1"), Code::SenderInactive).await;

    let ended = |parts: &mut Parts| {
        parts.avsendere[0].certificates[0].until = Some(now() - SignedDuration::from_secs(1))
    };
    place_with(ended).await.refuses(simple("m1"), Code::CertificateExpired).await;
    let early = |parts: &mut Parts| {
        parts.avsendere[0].certificates[0].from = Some(now() + SignedDuration::from_secs(1))
    };
    place_with(early).await.refuses(simple("m1"), Code::CertificateNotYetValid).await;
    let wrong = |parts: &mut Parts| {
        parts.avsendere[0].organisation = org(REGISTER);
        // Somebody registered the sender's certificate for another organisation.
        parts
            .avsendere
            .push(Avsender { certificates: parts.avsendere[0].certificates.clone(), ..avsender() });
        parts.avsendere[1].certificates[0].certificate = world().register.certificate();
    };
    let message = changed(
        &simple("m1"),
        set(
            "signatureCertificateThumbprint",
            &world().register.certificate().thumbprint().to_string(),
        ),
    );
    place_with(wrong).await.refuses(message, Code::CertificateOrganisationMismatch).await;
    let strict = |parts: &mut Parts| {
        let other = world::Authority::new("En annen CA");
        parts.trust = Some(Trust::from_pem(other.pem.as_bytes()).unwrap());
    };
    place_with(strict).await.refuses(simple("m1"), Code::CertificateChainUntrusted).await;
    let chained = |parts: &mut Parts| {
        parts.trust = Some(Trust::from_pem(world().authority.pem.as_bytes()).unwrap());
    };
    place_with(chained).await.receive(simple("m1")).await.unwrap();
}

#[tokio::test]
async fn every_fault_of_encryption_and_content_has_its_code() {
    let place = place().await;
    let world = world();
    let other = world.stranger.certificate().thumbprint().to_string();
    place
        .refuses(
            changed(&simple("m1"), set("encryptionCertificateThumbprint", &other)),
            Code::EncryptionCertificateUnknown,
        )
        .await;
    place
        .refuses(changed(&simple("m1"), set("encryptedKey", "AAAA")), Code::DecryptionFailed)
        .await;
    place
        .refuses(changed(&simple("m1"), set("nonce", "AAAAAAAAAAAAAAAA")), Code::DecryptionFailed)
        .await;
    place.refuses(sealed("m1", &vec![b' '; 10 << 20]), Code::CompressionRatioTooHigh).await;
    place.refuses(sealed("m1", b"\xff\xfe"), Code::ContentNotUtf8).await;
    place.refuses(sealed("m1", b"{"), Code::ContentNotJson).await;
    place.refuses(sealed("m1", b"{}"), Code::ContentNotFhir).await;
    place.refuses(sealed("m1", br#"{"resourceType":"Patient"}"#), Code::ContentNotBundle).await;
    let message = sealed("m1", &bundle_of("message", "b", &[patient(PEOPLE[0], "male")]));
    place.refuses(message, Code::BundleTypeWrong).await;
    let rejection =
        place.receive(sealed("m1", &bundle_of("message", "b", &[]))).await.err().unwrap();
    assert_eq!(rejection.location().expression.as_deref(), Some("Bundle.type"));
    assert!(rejection.location().line_column.is_some());

    let narrow = |parts: &mut Parts| {
        parts.settings.entries = 1;
        parts.settings.depth = 8;
        parts.settings.limits =
            Limits { body: 13_000, compressed: 6000, inflated: 3000, ratio: 200 };
    };
    let place = place_with(narrow).await;
    let two = batch("b", &[patient(PEOPLE[0], "male"), patient(PEOPLE[1], "male")]);
    place.refuses(sealed("m1", &two), Code::BundleTooManyEntries).await;
    place
        .refuses(sealed("m1", &[&[b'['; 9][..], &[b']'; 9][..]].concat()), Code::JsonTooDeep)
        .await;
    let mut noise = vec![0; 12_000];
    SystemRandom.fill(&mut noise).unwrap();
    place.refuses(sealed("m1", &noise[..4000]), Code::InflatedTooLarge).await;
    place.refuses(sealed("m1", &noise[..8000]), Code::CompressedTooLarge).await;
    place.refuses(sealed("m1", &noise), Code::BodyTooLarge).await;
    place.takes(simple("m1")).await;
}

#[tokio::test]
async fn content_that_does_not_inflate_is_distinguished_from_content_that_does_not_decrypt() {
    let place = place().await;
    let world = world();
    // A sender that forgot to compress: sealed by hand.
    let (key, nonce) = ([1; 32], [2; 12]);
    let mut content = b"{\"resourceType\":\"Bundle\"}".to_vec();
    let tag = primitives::aes_seal(&key, nonce, &[], &mut content).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
    let register = world.register.certificate();
    let spki = x509_public_key(register.der());
    let message = changed(&simple("m1"), |m| {
        let mut put =
            |name: &str, bytes: &[u8]| drop(m.insert(name.into(), STANDARD.encode(bytes).into()));
        put("encryptedContent", &content);
        put("encryptedKey", &primitives::oaep_encrypt(&spki, &key).unwrap());
        put("nonce", &nonce);
        put("authenticationTag", &tag);
        put("signature", &primitives::sign(&world.sender.private_key(), &digest).unwrap());
    });
    place.refuses(message, Code::CompressionInvalid).await;
}

/// SubjectPublicKeyInfo of a certificate: the one SEQUENCE that starts with RSA's algorithm identifier.
fn x509_public_key(der: &[u8]) -> Vec<u8> {
    let rsa =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let at = der.windows(rsa.len()).position(|window| window == rsa).unwrap() - 4;
    let len = usize::from(der[at + 2]) << 8 | usize::from(der[at + 3]);
    der[at..at + 4 + len].to_vec()
}
