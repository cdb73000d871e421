//! Limits: many messages at once, many entries, long answers, work that nobody waits for.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_at_once_that_change_the_same_resource_are_all_stored_in_some_order() {
    let place = Arc::new(place().await);
    let mut tasks = Vec::new();
    for n in 0..8 {
        let place = Arc::clone(&place);
        tasks.push(tokio::spawn(async move {
            let mut person = patient(PEOPLE[0], "female");
            person["address"] = json!([{"postalCode": format!("{:04}", 1000 + n)}]);
            let id = format!("m{n}");
            place.takes(sealed(&id, &batch(&id, &[person]))).await
        }));
    }
    let mut versions = Vec::new();
    for task in tasks {
        let reply = task.await.unwrap();
        let etag = json_of(&reply)["entry"][0]["response"]["etag"].clone();
        versions.push(etag.as_str().unwrap().to_owned());
    }
    versions.sort();
    assert_eq!(versions, (1..=8).map(|n| format!("W/\"{n}\"")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b9_forty_messages_at_once_of_one_resource_are_all_answered() {
    let place = Arc::new(place().await);
    let mut tasks = Vec::new();
    for n in 0..40 {
        let place = Arc::clone(&place);
        tasks.push(tokio::spawn(async move {
            let mut person = patient(PEOPLE[0], "female");
            person["address"] = json!([{"postalCode": format!("{:04}", 1000 + n)}]);
            let id = format!("m{n}");
            place.receive(sealed(&id, &batch(&id, &[person]))).await
        }));
    }
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(answered, 40);
}

#[tokio::test]
async fn b3_values_and_entries_shorter_than_those_of_fhir_are_refused_before_they_take_memory() {
    let place = place_with(|parts| parts.settings.limits.ratio = 10_000).await;
    let numbers = "0,".repeat(100_000);
    let many_values = format!(r#"{{"resourceType":"Bundle","type":"batch","x":[{numbers}0]}}"#);
    place.refuses(sealed("m1", many_values.as_bytes()), Code::JsonTooLarge).await;
    let entries = "{},".repeat(2_000);
    let many_entries =
        format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{entries}{{}}]}}"#);
    place.refuses(sealed("m1", many_entries.as_bytes()), Code::BundleTooManyEntries).await;
    place.takes(simple("m1")).await;
}

/// Only where the operator lets the JSON be deeper than the validator follows.
#[tokio::test]
async fn a_resource_deeper_than_is_followed_is_refused_alone() {
    let place = place_with(|parts| parts.settings.depth = 500).await;
    let mut item = json!({"linkId": "1"});
    for _ in 0..140 {
        item = json!({"linkId": "1", "item": [item]});
    }
    let mut person = patient(PEOPLE[0], "female");
    let deep =
        json!({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]});
    person["contained"] = json!([deep]);
    let reply =
        place.takes(sealed("m1", &batch("b1", &[person, patient(PEOPLE[1], "male")]))).await;
    let answer = json_of(&reply);
    let codes = |n: usize| answer["entry"][n]["response"]["outcome"].to_string();
    assert!(codes(0).contains(Code::StepBudgetExhausted.as_str()), "{}", codes(0));
    assert_eq!(statuses(&reply)[0], "422");
    assert_eq!(statuses(&reply)[1], "201", "{}", codes(1));
}

#[tokio::test]
async fn b4_an_answer_stays_in_proportion_and_each_entry_keeps_its_first_fault() {
    let place = place().await;
    let mut faulty = patient(PEOPLE[0], "female");
    for n in 0..50 {
        faulty[format!("x{n}")] = json!(n);
    }
    // An id that is not a UUID would be reported with the first entry.
    let id = "0b1ef1c6-3d10-4f5c-8f0d-1c1d1e1f2a2b";
    let few = place.takes(sealed(id, &batch("b1", &[faulty.clone()]))).await;
    let outcome = json_of(&few)["entry"][0]["response"]["outcome"]["issue"].clone();
    let issues = outcome.as_array().unwrap();
    assert_eq!(issues.len(), 21, "twenty findings and how many more there are");
    assert!(issues[20]["details"]["text"].as_str().unwrap().contains("funn til er utelatt"));

    let many: Vec<Value> = (0..400).map(|_| faulty.clone()).collect();
    let content = batch("b2", &many);
    let reply = place.takes(sealed("m2", &content)).await;
    assert_eq!(reply.answer.counts.refused, 400);
    assert!(reply.answer.body.len() < 12 * content.len(), "{}", reply.answer.body.len());
    let json = json_of(&reply);
    for entry in json["entry"].as_array().unwrap() {
        let issue = &entry["response"]["outcome"]["issue"][0];
        assert_eq!(issue["severity"], "error", "{entry}");
        assert!(issue["details"]["coding"][0]["code"].as_str().unwrap().starts_with("LMR-"));
    }
    // Where there are very many, the last ones are brief; the sender reads them all the same.
    let many = vec![patient(PEOPLE[0], "ukjent kjønn"); 2_500];
    let reply = place.takes(sealed("m3", &batch("b3", &many))).await;
    let last = json_of(&reply)["entry"][2_499]["response"]["outcome"]["issue"].clone();
    assert!(last[0]["details"]["text"].is_null() && last[1].is_null(), "{last}");
    assert_eq!(last[0]["severity"], "error");
    let read = lmr_lmdi::response::read(&reply.answer.body).unwrap();
    let lmr_lmdi::response::Answer::Bundle { entries, .. } = read else { panic!("no bundle") };
    assert!(entries.iter().all(|entry| entry.issues.iter().any(|issue| issue.code.is_some())));
}

#[tokio::test]
async fn b4_a_large_answer_to_what_is_refused_whole_is_not_kept() {
    let place = place().await;
    let content = batch("b1", &vec![patient(PEOPLE[0], "ukjent kjønn"); 5_000]);
    let message = sealed("m1", &content);
    let first = place.takes(message.clone()).await;
    assert!(first.answer.body.len() > 1 << 20 && !first.is_kept && !first.repeated);
    assert_eq!((first.answer.counts.refused, place.messages().await), (5_000, 0));
    assert!(first.codes.iter().any(|count| count.entries == 5_000), "{:?}", first.codes);
    let again = place.takes(message).await;
    assert!(!again.repeated && again.answer.counts == first.answer.counts);
    // Its identifier and its message id are free, as nothing of it was taken.
    place.takes(sealed("m1", &batch("b1", &[patient(PEOPLE[0], "female")]))).await;
}

/// A smaller answer is kept and given again; of this one only that it was a refusal.
#[tokio::test]
async fn b4_what_was_refused_with_a_large_answer_stays_refused_when_its_time_has_come() {
    let place = place().await;
    let mut person = patient(PEOPLE[0], "female");
    person["birthDate"] = "2025-03-15".into();
    let content = batch("b1", &vec![person; 5_000]);
    let receive = async |body: Vec<u8>, time| {
        place.receiver.receive(&caller(), body, time, Arc::new(SystemRandom)).await
    };
    let later = now() + SignedDuration::from_hours(48);
    let message = sealed("m1", &content);
    for _ in 0..2 {
        let refused = place.takes(message.clone()).await;
        assert!(!refused.is_kept && refused.answer.body.len() > 1 << 20);
        assert_eq!(refused.answer.counts.refused, 5_000);
    }
    let late = receive(message, later).await;
    assert_eq!(late.err().map(|rejection| rejection.code()), Some(Code::EnvelopeInFuture));
    assert_eq!(place.messages().await, 0);
    let again = receive(sealed("m2", &content), later).await.unwrap();
    assert_eq!((again.answer.counts.created, again.is_kept), (1, true));
}

#[tokio::test]
async fn b4_a_correct_bundle_is_not_refused_for_the_number_of_its_notes() {
    let place = place().await;
    let person = |n: usize| {
        let mut person = patient(PEOPLE[0], "female");
        person["identifier"] =
            json!([{"system": "urn:oid:2.16.578.1.34.1", "value": n.to_string()}]);
        // A code that nobody can check gives a warning each.
        person["maritalStatus"] = json!({"coding": (0..20).map(|c| json!({
            "system": "http://pas.local/status", "code": format!("c{c}")})).collect::<Vec<_>>()});
        person
    };
    let people: Vec<Value> = (0..300).map(person).collect();
    let reply = place.takes(sealed("m1", &batch("b1", &people))).await;
    let refused = reply.answer.counts.refused;
    let first = json_of(&reply)["entry"][0]["response"].to_string();
    let alone = place.takes(sealed("m2", &batch("b2", &[person(0)]))).await;
    assert_eq!(refused, 300 * alone.answer.counts.refused, "{first}");
}

#[tokio::test]
async fn b7_work_that_nobody_waits_for_is_stopped() {
    let place = place().await;
    let work = Work::default();
    let receiver = place.receiver.for_call(work.clone());
    work.stop();
    let stopped = receiver.receive(&caller(), simple("m1"), now(), Arc::new(SystemRandom)).await;
    assert_eq!(stopped.err().map(|r| r.code()), Some(Code::Overloaded));
    assert_eq!(place.messages().await, 0);
    place.takes(simple("m1")).await;
}
