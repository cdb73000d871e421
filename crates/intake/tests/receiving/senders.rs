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
