//! Any row of commits, alone and two at once, ends as a model of the contract says.

use std::collections::BTreeMap;
use std::sync::Arc;

use lmr_intake::{Database, Delivery, OrganisationNumber, Seen};

use super::{delivery, hash, identity, name, name_of_seen, other, sender, version};

/// A repeatable source of chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// What a sender has at the register, in the plainest form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kept {
    /// Content, answer and number of the receipt, by message id.
    messages: BTreeMap<String, (u64, Vec<u8>, usize)>,
    bundle_identifiers: Vec<String>,
    /// Contents of the versions, by key.
    resources: BTreeMap<String, Vec<u64>>,
}

/// A commit before it is made.
#[derive(Clone)]
struct Wish {
    message: String,
    content: u64,
    bundle_identifier: Option<String>,
    /// Key, version and content.
    versions: Vec<(u64, u32, u64)>,
}

impl Kept {
    /// Makes a commit, and says what becomes of it.
    fn commit(&mut self, wish: &Wish) -> &'static str {
        if let Some((content, ..)) = self.messages.get(&wish.message) {
            return if *content == wish.content { "repeated" } else { "message id reused" };
        }
        if self.messages.values().any(|(content, ..)| *content == wish.content) {
            return "content replayed";
        }
        if wish.bundle_identifier.as_ref().is_some_and(|one| self.bundle_identifiers.contains(one))
        {
            return "bundle identifier reused";
        }
        let fits = |(key, version, _): &(u64, u32, u64)| {
            let there = self.resources.get(&key.to_string()).map_or(0, Vec::len);
            there + 1 == *version as usize
        };
        if !wish.versions.iter().all(fits) {
            return "version moved";
        }
        for (key, _, content) in &wish.versions {
            self.resources.entry(key.to_string()).or_default().push(*content);
        }
        self.bundle_identifiers.extend(wish.bundle_identifier.clone());
        let answer = format!("answer to {}", wish.message).into_bytes();
        let number = self.messages.len() + 1;
        self.messages.insert(wish.message.clone(), (wish.content, answer, number));
        "stored"
    }

    fn wish(&self, dice: &mut Dice, unit: u64) -> Wish {
        let mut versions: Vec<(u64, u32, u64)> = Vec::new();
        for _ in 0..dice.roll(4) {
            let key = dice.roll(5);
            if versions.iter().any(|(taken, ..)| *taken == key) {
                continue;
            }
            let there = self.resources.get(&key.to_string()).map_or(0, Vec::len);
            let next = u32::try_from(there + 1).unwrap();
            // Mostly the next one, at times one that others have stored already or that is too early.
            let version = match dice.roll(8) {
                0 => next.saturating_sub(1).max(1),
                1 => next + 1,
                _ => next,
            };
            versions.push((key, version, dice.roll(1000)));
        }
        Wish {
            message: format!("m{}", dice.roll(60)),
            content: unit * 1_000_000 + dice.roll(80),
            bundle_identifier: (dice.roll(3) > 0).then(|| format!("urn:test|{}", dice.roll(60))),
            versions,
        }
    }
}

fn asked(wish: &Wish, unit: u64, organisation: OrganisationNumber) -> Delivery {
    let versions = wish
        .versions
        .iter()
        .map(|(key, number, content)| {
            version(&key.to_string(), unit * 100 + key, *number, *content)
        })
        .collect();
    let mut delivery = delivery(&wish.message, wish.content, versions);
    delivery.head.sender = organisation;
    delivery.bundle_identifier.clone_from(&wish.bundle_identifier);
    delivery
}

/// What can be asked agrees with the model.
async fn agree(store: &dyn Database, kept: &Kept, organisation: OrganisationNumber, step: u64) {
    for (message, (content, answer, number)) in &kept.messages {
        let seen = store.seen(organisation, message, &hash(*content)).await.unwrap();
        let Some(Seen::Repeated { answer: found, receipt }) = seen else {
            panic!("step {step}: {message} is not known")
        };
        assert_eq!(&found.body, answer, "step {step}: {message}");
        let receipt = receipt.unwrap();
        assert!(receipt.contains(&format!("\"sequence\":{number},")), "step {step}: {receipt}");
        let other = store.seen(organisation, message, &hash(999_999_999)).await.unwrap();
        assert_eq!(other.as_ref().map(name_of_seen), Some("message id reused"), "step {step}");
    }
    let keys: Vec<_> = (0..5).map(|key: u64| identity(&key.to_string())).collect();
    let current = store.current(organisation, &keys).await.unwrap();
    for (key, current) in keys.iter().zip(current) {
        let contents = kept.resources.get(&key.key).map(Vec::as_slice).unwrap_or_default();
        let found = current.as_ref().map(|one| (one.version as usize, one.content_hash));
        let wanted = contents.last().map(|content| (contents.len(), hash(*content)));
        assert_eq!(found, wanted, "step {step}: {key:?}");
    }
    for n in 0..60 {
        let identifier = format!("urn:test|{n}");
        assert_eq!(
            store.bundle_identifier_seen(organisation, &identifier).await.unwrap(),
            kept.bundle_identifiers.contains(&identifier),
            "step {step}: {identifier}"
        );
    }
    let newest = store.newest_receipt(organisation).await.unwrap();
    let count = kept.messages.len();
    assert_eq!(newest.is_some(), count > 0, "step {step}");
    let is_last = |payload: &str| payload.contains(&format!("\"sequence\":{count},"));
    assert!(newest.as_deref().is_none_or(is_last), "step {step}: {newest:?}");
}

pub async fn any_row_of_commits_ends_as_the_model_says(store: Arc<dyn Database>) {
    let mut dice = Dice(11);
    let units = [(1, sender()), (2, other())];
    let mut kept = [Kept::default(), Kept::default()];
    let mut ends: BTreeMap<&'static str, u32> = BTreeMap::new();
    for step in 0..160 {
        let at = usize::try_from(dice.roll(2)).unwrap();
        let (unit, organisation) = units[at];
        let wish = kept[at].wish(&mut dice, unit);
        if dice.roll(4) > 0 {
            let found = store.commit(asked(&wish, unit, organisation)).await.unwrap();
            assert_eq!(name(&found), kept[at].commit(&wish), "step {step}");
            *ends.entry(name(&found)).or_default() += 1;
        } else {
            // Two at once: as one after the other, in either order.
            let second =
                if dice.roll(3) == 0 { wish.clone() } else { kept[at].wish(&mut dice, unit) };
            let (one, two) = tokio::join!(
                store.commit(asked(&wish, unit, organisation)),
                store.commit(asked(&second, unit, organisation))
            );
            let found = (name(&one.unwrap()), name(&two.unwrap()));
            let (mut forth, mut back) = (kept[at].clone(), kept[at].clone());
            let in_order = (forth.commit(&wish), forth.commit(&second));
            let first = back.commit(&second);
            let reversed = (back.commit(&wish), first);
            let newest = store.newest_receipt(organisation).await.unwrap().unwrap_or_default();
            let is_in_order = found == in_order
                && (found != reversed || newest.contains(&format!("\"{}\"", second.message)));
            assert!(is_in_order || found == reversed, "step {step}: {found:?}");
            kept[at] = if is_in_order { forth } else { back };
        }
        if step % 8 == 0 {
            agree(&*store, &kept[at], organisation, step).await;
        }
    }
    for (kept, (_, organisation)) in kept.iter().zip(units) {
        agree(&*store, kept, organisation, 160).await;
        assert!(kept.messages.len() > 20, "{} messages only", kept.messages.len());
    }
    // Every end of a commit was met.
    for end in [
        "stored",
        "repeated",
        "message id reused",
        "content replayed",
        "bundle identifier reused",
        "version moved",
    ] {
        assert!(ends.contains_key(end), "{ends:?}");
    }
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
}
