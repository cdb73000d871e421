//! Whatever goes wrong, and wherever the process dies: in the end every resource is at the register once, in its
//! last version, and no version ever followed a newer one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{Fate, World, given, medicine, patient, with};
use lmr_lmdi::RuleSetId;

use crate::error::SenderError;
use crate::outbox::OutboxError;
use crate::plan::BundleLimits;
use crate::report::RunStatus;

#[derive(Debug, Clone)]
enum Step {
    /// The source changes: resource number, and what is wrong with it now.
    Edit(usize, Option<&'static str>),
    /// A planned transfer, the fates of its posts, and after how many half steps the process dies.
    Run(Vec<Fate>, Option<i64>),
    /// The same for new attempts, an hour later.
    Retry(Vec<Fate>, Option<i64>),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        5 => Just(Fate::Answered),
        3 => Just(Fate::AnswerLost),
        4 => Just(Fate::RequestLost),
        1 => Just(Fate::NotReached),
        1 => Just(Fate::Status(500)),
        1 => Just(Fate::Status(429)),
        1 => Just(Fate::Status(403)),
        1 => Just(Fate::Status(400)),
        1 => Just(Fate::Status(409)),
        1 => Just(Fate::Status(413)),
        1 => prop_oneof![Just(400_u16), Just(413), Just(421), Just(499)].prop_map(Fate::Page),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let fates = || prop::collection::vec(fate(), 0..4);
    let death = || prop::option::weighted(0.4, 0_i64..50);
    let fault = prop_oneof![3 => Just(None), 1 => Just(Some("check")), 1 => Just(Some("register"))];
    prop_oneof![
        (0..4_usize, fault).prop_map(|(at, fault)| Step::Edit(at, fault)),
        (fates(), death()).prop_map(|(fates, death)| Step::Run(fates, death)),
        (fates(), death()).prop_map(|(fates, death)| Step::Retry(fates, death)),
    ]
}

/// Two patients and five administrations, each with a version and perhaps a fault.
struct Source([(u32, Option<&'static str>); 7]);

impl Source {
    fn resource(&self, at: usize) -> Value {
        let (version, fault) = self.0[at];
        let resource = match at {
            0 | 1 => patient(&format!("p{at}"), version),
            _ => given(&format!("a{at}"), &format!("p{}", at % 2), version),
        };
        fault.map_or(resource.clone(), |fault| with(resource, "fault", json!(fault)))
    }

    fn write(&self, world: &World) {
        let mut all: Vec<Value> = (0..7).map(|at| self.resource(at)).collect();
        all.push(medicine("m"));
        world.write("all.ndjson", &all);
    }
}

async fn act(world: &World, fates: &[Fate], death: Option<i64>, planned: bool) {
    world.fates(fates);
    let agent = world.agent().await;
    if let Some(steps) = death {
        agent.outbox().fail_after(steps);
    }
    let done = if planned { agent.run().await } else { agent.retry_due().await };
    match done {
        Ok(_) | Err(SenderError::Outbox(OutboxError::Failpoint)) => {}
        Err(error) => panic!("{error}"),
    }
}

async fn play(form: RuleSetId, entries: usize, steps: &[Step]) {
    let mut world = World::new(form);
    world.limits = BundleLimits { entries, bytes: 1 << 20 };
    let mut source = Source([(1, None); 7]);
    source.write(&world);
    for step in steps {
        match step {
            Step::Edit(at, fault) => {
                source.0[*at] = (source.0[*at].0 + 1, *fault);
                source.write(&world);
            }
            Step::Run(fates, death) => {
                world.pass(20);
                act(&world, fates, *death, true).await;
            }
            Step::Retry(fates, death) => {
                world.pass(1);
                act(&world, fates, *death, false).await;
            }
        }
    }
    // Everything is corrected, released and reachable.
    for (version, fault) in &mut source.0 {
        *version += u32::from(fault.take().is_some());
    }
    source.write(&world);
    world.fates(&[]);
    world.release_all().await;
    let mut last = world.run().await;
    // A version deferred behind an open message goes with the transfer after it.
    for _ in 0..2 {
        world.pass(24);
        last = world.run().await;
    }
    assert_eq!(last.status(), RunStatus::Clean, "{last:#?}");
    assert_eq!(last.messages, []);
    let register = world.register.lock().unwrap();
    for at in 0..7 {
        let resource = source.resource(at);
        let name = format!(
            "{}/{}",
            resource["resourceType"].as_str().unwrap(),
            resource["id"].as_str().unwrap()
        );
        let versions: Vec<u64> =
            register.versions[&name].iter().map(|version| version["n"].as_u64().unwrap()).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{name}: {versions:?}");
        assert_eq!(versions.last(), Some(&u64::from(source.0[at].0)), "{name}: {versions:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_stored_twice_or_overtaken(
        form in prop_oneof![Just(RuleSetId::Lmdi094), Just(RuleSetId::Lmdi112)],
        entries in prop_oneof![Just(3_usize), Just(5), Just(100)],
        steps in prop::collection::vec(step(), 1..16),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
            .block_on(play(form, entries, &steps));
    }
}

/// Every half step of one run is a place to die at.
#[tokio::test]
async fn a_process_may_die_at_any_step_of_a_run() {
    let mut deaths = 0;
    for after in 0.. {
        let mut world = World::new(RuleSetId::Lmdi094);
        world.limits = BundleLimits { entries: 4, bytes: 1 << 20 };
        let mut source = Source([(1, None); 7]);
        source.0[3].1 = Some("check");
        source.0[4].1 = Some("register");
        source.write(&world);
        let agent = world.agent().await;
        agent.outbox().fail_after(after);
        let died = agent.run().await.is_err();
        drop(agent);
        let report = world.run().await;
        assert_eq!((report.open_messages, report.held), (0, 2), "died after {after}");
        for name in ["a2", "a5", "a6"] {
            assert_eq!(
                world.versions(&format!("MedicationAdministration/{name}")),
                1,
                "died after {after}"
            );
        }
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 20, "only {deaths}");
}
