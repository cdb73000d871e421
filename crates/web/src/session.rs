//! Who is signed in. Kept in memory: a restart signs everybody out.

use crate::console::Role;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use lmr_intake::RandomSource;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Longest session, however busy.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// The same in minutes: a session that is not used cannot last longer.
pub const LONGEST_MINUTES: u64 = LONGEST.as_mins().unsigned_abs();
/// Most sessions at once; the one unused longest goes.
const MAX_SESSIONS: usize = 1000;

/// A visitor who has signed in.
#[derive(Clone)]
pub(crate) struct Session {
    /// As the audit log names them.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Goes with every form: another site cannot know it.
    pub(crate) csrf: String,
    began: Timestamp,
    seen: Timestamp,
}

/// The sessions. Of a token only its digest is kept.
pub(crate) struct Sessions {
    idle: SignedDuration,
    all: Mutex<HashMap<[u8; 32], Session>>,
}

impl Sessions {
    pub(crate) fn new(idle: SignedDuration) -> Self {
        Self { idle, all: Mutex::default() }
    }

    /// Begins a session and gives its token; `None` without randomness.
    pub(crate) fn begin(
        &self,
        name: &str,
        role: Role,
        random: &dyn RandomSource,
        now: Timestamp,
    ) -> Option<String> {
        let (token, csrf) = (random_text(random)?, random_text(random)?);
        let session = Session { name: name.to_owned(), role, csrf, began: now, seen: now };
        let mut all = self.lock();
        all.retain(|_, session| is_alive(session, self.idle, now));
        if all.len() >= MAX_SESSIONS
            && let Some(oldest) = all.iter().min_by_key(|(_, one)| one.seen).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        all.insert(key(&token), session);
        Some(token)
    }

    /// The session of a token, which counts as used now.
    pub(crate) fn of(&self, token: &str, now: Timestamp) -> Option<Session> {
        let mut all = self.lock();
        let session = all.get_mut(&key(token))?;
        if !is_alive(session, self.idle, now) {
            all.remove(&key(token));
            return None;
        }
        session.seen = now;
        Some(session.clone())
    }

    pub(crate) fn end(&self, token: &str) {
        self.lock().remove(&key(token));
    }

    /// Ends the sessions of everybody but these, with these roles: the configuration was read again.
    pub(crate) fn retain(&self, known: impl Fn(&str, Role) -> bool) {
        self.lock().retain(|_, session| known(&session.name, session.role));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(session: &Session, idle: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(session.seen) < idle && now.duration_since(session.began) < LONGEST
}

/// The digest under which a secret of a browser is kept.
pub(crate) fn key(token: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}

/// 256 random bits in 43 characters.
pub(crate) fn random_text(random: &dyn RandomSource) -> Option<String> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Challenges that passkeys are to sign: each is used once, and the browser that got it need not be known.
#[derive(Default)]
pub(crate) struct Challenges(Mutex<HashMap<[u8; 32], Timestamp>>);

/// How long a page with a challenge may stay open.
const CHALLENGE_LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// Most challenges at once; the oldest goes.
const MAX_CHALLENGES: usize = 10_000;

impl Challenges {
    /// A new one; `None` without randomness.
    pub(crate) fn begin(&self, random: &dyn RandomSource, now: Timestamp) -> Option<String> {
        let challenge = random_text(random)?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_CHALLENGES {
            all.retain(|_, since| now.duration_since(*since) < CHALLENGE_LIFETIME);
        }
        if all.len() >= MAX_CHALLENGES
            && let Some(oldest) = all.iter().min_by_key(|(_, since)| **since).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        all.insert(key(&challenge), now);
        Some(challenge)
    }

    /// Whether it was given not long ago; it is used up with this.
    pub(crate) fn take(&self, challenge: &str, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = all.remove(&key(challenge));
        since.is_some_and(|since| now.duration_since(since) < CHALLENGE_LIFETIME)
    }
}

/// Failed attempts to sign in, by name: after some, each takes longer. Of a name only its digest is kept: whoever tries
/// chooses its length, and it may be a password in the wrong field.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<[u8; 32], Failures>>);

#[derive(Clone, Copy)]
struct Failures {
    /// Whether the name is an operator's.
    is_operator: bool,
    count: u32,
    last: Timestamp,
}

/// Attempts that are free.
const FREE: u32 = 5;
/// Longest pause before the next attempt, in seconds: nobody is locked out for long.
const LONGEST_PAUSE: i64 = 900;
/// Most names that are remembered. Names of nobody make room for each other, the one with the fewest failures first, and never
/// an operator's: whoever fills the memory with names would guess again.
const MAX_NAMES: usize = 10_000;

impl Attempts {
    /// Seconds to wait before this name may try again; `None` when it may now.
    pub(crate) fn wait(&self, name: &str, now: Timestamp) -> Option<i64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Failures { count, last, .. } = all.get(&key(name))?;
        let over = count.checked_sub(FREE)?;
        // 2, 4, 8 … seconds: guessing is hopeless.
        let pause = 2_i64.checked_pow(over + 1).unwrap_or(i64::MAX).min(LONGEST_PAUSE);
        let left = pause - now.duration_since(*last).as_secs();
        (left > 0).then_some(left)
    }

    /// `is_operator`: whether it is the name of somebody who may sign in.
    pub(crate) fn failed(&self, name: &str, is_operator: bool, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = key(name);
        if all.len() >= MAX_NAMES && !all.contains_key(&name) {
            all.retain(|_, one| {
                one.is_operator || now.duration_since(one.last).as_secs() < LONGEST_PAUSE
            });
            let of_nobody = all.iter().filter(|(_, one)| !one.is_operator);
            if all.len() >= MAX_NAMES
                && let Some(least) =
                    of_nobody.min_by_key(|(_, one)| (one.count, one.last)).map(|(key, _)| *key)
            {
                all.remove(&least);
            }
        }
        let failures = all.entry(name).or_insert(Failures { is_operator, count: 0, last: now });
        failures.is_operator |= is_operator;
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    pub(crate) fn succeeded(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(Mutex<u8>);

    impl RandomSource for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), lmr_intake::RandomnessUnavailable> {
            let mut next = self.0.lock().unwrap();
            *next += 1;
            bytes.fill(*next);
            Ok(())
        }
    }

    /// Other bytes each time, as often as they are asked for.
    struct Numbered(Mutex<u64>);

    impl RandomSource for Numbered {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), lmr_intake::RandomnessUnavailable> {
            let mut next = self.0.lock().unwrap();
            *next += 1;
            let number = next.to_be_bytes();
            bytes[..number.len()].copy_from_slice(&number);
            Ok(())
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + 60 * minute).unwrap()
    }

    #[test]
    fn a_session_ends_when_idle_when_old_and_when_its_operator_is_gone() {
        let sessions = Sessions::new(SignedDuration::from_mins(30));
        let random = Counting(Mutex::new(0));
        let begin = || sessions.begin("kari", Role::Act, &random, at(0)).unwrap();
        let token = begin();
        assert!(sessions.of(&token, at(29)).is_some());
        assert!(sessions.of(&token, at(58)).is_some(), "used half an hour ago");
        assert!(sessions.of(&token, at(88)).is_none(), "idle");
        assert!(sessions.of(&token, at(60)).is_none(), "ended for good");
        let token = begin();
        for minute in (0..720).step_by(20) {
            assert!(sessions.of(&token, at(minute)).is_some());
        }
        assert!(sessions.of(&token, at(720)).is_none(), "twelve hours");
        let token = begin();
        sessions.retain(|name, role| name == "kari" && role == Role::Act);
        assert!(sessions.of(&token, at(1)).is_some());
        sessions.retain(|_, role| role == Role::Read);
        assert!(sessions.of(&token, at(1)).is_none(), "the role was taken away");
        assert!(sessions.of("none", at(1)).is_none());
    }

    #[test]
    fn guessing_gets_slower_and_a_success_forgives() {
        let attempts = Attempts::default();
        for _ in 0..4 {
            attempts.failed("kari", true, at(0));
            assert_eq!(attempts.wait("kari", at(0)), None);
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            attempts.failed("kari", true, at(0));
            waits.push(attempts.wait("kari", at(0)).unwrap());
        }
        assert_eq!(waits[..4], [2, 4, 8, 16]);
        assert_eq!(waits[11], 900);
        assert_eq!(attempts.wait("ola", at(0)), None);
        assert_eq!(attempts.wait("kari", at(15)), None, "the pause is over");
        attempts.succeeded("kari");
        assert_eq!(attempts.wait("kari", at(0)), None);
    }

    #[test]
    fn names_of_nobody_take_bounded_memory_and_push_out_no_name_that_is_guessed_at() {
        let attempts = Attempts::default();
        for _ in 0..6 {
            attempts.failed("kari", true, at(0));
        }
        for number in 0..MAX_NAMES + 20 {
            attempts.failed(&format!("nobody-{number}"), false, at(1));
        }
        assert_eq!(attempts.0.lock().unwrap().len(), MAX_NAMES);
        attempts.failed("kari", true, at(1));
        assert_eq!(attempts.wait("kari", at(1)), Some(8), "the seventh failure");
    }

    /// Each name of nobody fails more often than the operator's, and later, again and again.
    #[test]
    fn no_flood_of_names_lets_an_operator_be_guessed_at_again() {
        let attempts = Attempts::default();
        for _ in 0..7 {
            attempts.failed("kari", true, at(0));
        }
        for round in 0..3 {
            for number in 0..MAX_NAMES + 20 {
                for _ in 0..if round == 0 { 8 } else { 1 } {
                    attempts.failed(&format!("nobody-{round}-{number}"), false, at(20 * round));
                }
            }
        }
        assert!(attempts.0.lock().unwrap().len() <= MAX_NAMES);
        attempts.failed("kari", true, at(60));
        assert_eq!(attempts.wait("kari", at(60)), Some(16), "the eighth failure");
    }

    #[test]
    fn the_session_and_the_challenge_that_were_unused_longest_make_room() {
        let sessions = Sessions::new(SignedDuration::from_mins(30));
        let random = Numbered(Mutex::new(0));
        let first = sessions.begin("kari", Role::Act, &random, at(0)).unwrap();
        for _ in 0..MAX_SESSIONS {
            sessions.begin("ola", Role::Act, &random, at(1)).unwrap();
        }
        assert!(sessions.of(&first, at(1)).is_none());
        assert_eq!(sessions.lock().len(), MAX_SESSIONS);
        let challenges = Challenges::default();
        let first = challenges.begin(&random, at(0)).unwrap();
        let mut last = String::new();
        for _ in 0..MAX_CHALLENGES {
            last = challenges.begin(&random, at(1)).unwrap();
        }
        assert!(!challenges.take(&first, at(1)) && challenges.take(&last, at(1)));
        let kept = challenges.begin(&random, at(2)).unwrap();
        assert!(!challenges.take(&kept, at(32)), "half an hour");
    }
}
