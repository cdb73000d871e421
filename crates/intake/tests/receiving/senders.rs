//! Who may send: registered senders, addresses, keys, and changes of them while the receiver runs.

use super::*;

#[tokio::test]
async fn a_sender_bound_to_a_rule_set_may_not_use_the_other() {
    let place = place_with(|parts| parts.avsendere[0].rule_set = Some(RuleSetId::Lmdi112)).await;
    place.refuses(simple("m1"), Code::BundleTypeNotAgreed).await;
}

#[tokio::test]
async fn keys_and_senders_can_be_replaced_while_the_receiver_runs() {
    let place = place().await;
    let stranger = world().stranger.decrypting();
    place.receiver.replace(Material { keys: stranger, trust: None }, vec![avsender()]);
    place.refuses(simple("m1"), Code::EncryptionCertificateUnknown).await;
    let material = || Material { keys: world().register.decrypting(), trust: None };
    place.receiver.replace(material(), vec![Avsender { active: false, ..avsender() }]);
    place.refuses(simple("m1"), Code::SenderInactive).await;
    place.receiver.replace(material(), vec![avsender()]);
    place.takes(simple("m1")).await;
}

#[tokio::test]
async fn senders_of_the_store_may_send_and_a_change_takes_effect_within_seconds() {
    let place = place_with(|parts| parts.avsendere.clear()).await;
    place.refuses(simple("m1"), Code::SenderUnknown).await;
    place.store.save_avsender(&avsender()).await.unwrap();
    let later = |seconds| now() + SignedDuration::from_secs(seconds);
    let random = || Arc::new(SystemRandom);
    let reply = place.receiver.receive(&caller(), simple("m1"), later(6), random()).await.unwrap();
    assert_eq!(reply.answer.counts.created, 1);
    place.store.save_avsender(&Avsender { active: false, ..avsender() }).await.unwrap();
    let refused = place.receiver.receive(&caller(), simple("m2"), later(12), random()).await;
    assert_eq!(refused.err().map(|r| r.code()), Some(Code::SenderInactive));
}

/// Five seconds old is too old, in either direction of the clock; a list of the configuration is read at once.
#[tokio::test]
async fn the_list_of_senders_is_used_for_less_than_five_seconds() {
    let place = place_with(|parts| parts.avsendere.clear()).await;
    let admits = async |milliseconds| {
        let at = now() + SignedDuration::from_millis(milliseconds);
        place.receiver.admits("192.0.2.1".parse().unwrap(), at).await.unwrap()
    };
    for (first, used, read_again) in [(0, 4999, 5000), (20_000, 15_001, 15_000)] {
        place.store.save_avsender(&Avsender { active: false, ..avsender() }).await.unwrap();
        assert!(!admits(first).await, "{first}");
        place.store.save_avsender(&avsender()).await.unwrap();
        assert!(!admits(used).await, "{used}: read again too early");
        assert!(admits(read_again).await, "{read_again}: not read again");
    }
    let material = Material { keys: world().register.decrypting(), trust: None };
    place.receiver.replace(material, vec![Avsender { active: false, ..avsender() }]);
    assert!(!admits(15_001).await, "a replaced configuration counts at once");
}

#[tokio::test]
async fn a_sender_of_the_configuration_takes_precedence_over_a_stored_one() {
    let place = place_with(|parts| parts.avsendere[0].name = "configured".into()).await;
    let named = |avsendere: &[Avsender]| {
        avsendere.iter().map(|one| (one.organisation, one.name.clone())).collect::<Vec<_>>()
    };
    let configured = (org(SENDER), "configured".to_owned());
    let unread = named(&place.receiver.last_read_avsendere());
    assert_eq!(unread.as_slice(), std::slice::from_ref(&configured), "not read yet");
    let other = lmr_identifiers::synthetic::organisation_number(77);
    let stored = |organisation| Avsender {
        organisation,
        name: "stored".into(),
        active: false,
        certificates: Vec::new(),
        ..avsender()
    };
    place.store.save_avsender(&stored(org(SENDER))).await.unwrap();
    place.store.save_avsender(&stored(other)).await.unwrap();
    let expected = [configured, (other, "stored".to_owned())];
    assert_eq!(named(&place.receiver.avsendere().await.unwrap()), expected);
    place.takes(simple("m1")).await;
    let mut read = named(&place.receiver.last_read_avsendere());
    read.sort_by_key(|(organisation, _)| *organisation != org(SENDER));
    assert_eq!(read, expected, "the stored one of the same number changes nothing");
}

/// Two senders may call from one address: an active one of them is enough, whatever their order.
#[tokio::test]
async fn an_address_of_two_senders_is_that_of_the_active_one() {
    let other = lmr_identifiers::synthetic::organisation_number(77);
    for (first, second, expected) in [
        (true, false, AddressStatus::Admitted),
        (false, true, AddressStatus::Admitted),
        (true, true, AddressStatus::Admitted),
    ] {
        let place = place_with(|parts| {
            parts.avsendere[0].active = first;
            parts.avsendere.push(Avsender {
                organisation: other,
                active: second,
                certificates: Vec::new(),
                ..avsender()
            });
        })
        .await;
        let status = place.receiver.address_status("192.0.2.1".parse().unwrap(), now()).await;
        assert_eq!(status.unwrap(), expected, "{first} {second}");
    }
    let inactive = place_with(|parts| parts.avsendere[0].active = false).await;
    let status = inactive.receiver.address_status("192.0.2.1".parse().unwrap(), now()).await;
    assert_eq!(status.unwrap(), AddressStatus::Inactive(org(SENDER)));
    let status = inactive.receiver.address_status("198.51.100.1".parse().unwrap(), now()).await;
    assert_eq!(status.unwrap(), AddressStatus::Unlisted);
}

/// The first and the last second of a registered time count.
#[tokio::test]
async fn a_certificate_is_accepted_from_its_first_to_its_last_second() {
    let at_the_edge = |parts: &mut Parts| {
        let registered = &mut parts.avsendere[0].certificates[0];
        (registered.from, registered.until) = (Some(now()), Some(now()));
    };
    place_with(at_the_edge).await.takes(simple("m1")).await;
}

#[tokio::test]
async fn addresses_are_admitted_by_the_receivers_list_or_an_active_senders() {
    let place =
        place_with(|parts| parts.settings.addresses = AllowList::parse(["::1"]).unwrap()).await;
    let admits = async |place: &Setup, text: &str, at: Timestamp| {
        place.receiver.admits(text.parse().unwrap(), at).await.unwrap()
    };
    for (address, expected) in
        [("192.0.2.200", true), ("::ffff:192.0.2.1", true), ("::1", true), ("198.51.100.1", false)]
    {
        assert_eq!(admits(&place, address, now()).await, expected, "{address}");
    }
    let place = place_with(|parts| parts.avsendere[0].active = false).await;
    assert!(!admits(&place, "192.0.2.200", now()).await);
}

#[test]
fn senders_in_a_configuration_are_read_strictly() {
    let record = || AvsenderRecord {
        organisation: SENDER.into(),
        name: "Oppdiktet sykehus".into(),
        active: true,
        certificates: vec![CertificateRecord {
            pem: world().sender.pem.clone(),
            from: None,
            until: None,
        }],
        addresses: vec!["192.0.2.0/24".into()],
        rule_set: None,
        start_date: None,
        database: None,
    };
    assert_eq!(Avsender::try_from(&record()), Ok(avsender()));
    let error = |change: &dyn Fn(&mut AvsenderRecord)| {
        let mut record = record();
        change(&mut record);
        Avsender::try_from(&record).unwrap_err()
    };
    assert!(matches!(
        error(&|r| r.organisation = "310000018".into()),
        AvsenderError::Organisation { .. }
    ));
    assert!(matches!(
        error(&|r| r.certificates[0].pem = "x".into()),
        AvsenderError::Certificate { .. }
    ));
    let foreign = |r: &mut AvsenderRecord| r.certificates[0].pem = world().register.pem.clone();
    assert!(matches!(error(&foreign), AvsenderError::ForeignCertificate { .. }));
    assert!(matches!(error(&|r| r.addresses.push("x".into())), AvsenderError::Address { .. }));
    let unknown = json!({"organisation": SENDER, "name": "x", "sertifikat": []});
    assert!(serde_json::from_value::<AvsenderRecord>(unknown).is_err());
}
