//! What whoever guesses passwords can take: few attempts, however they come, and little memory.

use super::{PASSWORD, world};
use axum::http::StatusCode;
use jiff::SignedDuration;
use std::rc::Rc;
use tokio::task::{JoinSet, LocalSet};

/// Attempts at once are counted like attempts one after the other, of somebody as of nobody.
#[tokio::test]
async fn attempts_that_come_at_once_are_no_more_than_those_that_come_one_by_one() {
    for name in ["kari", "nobody"] {
        let world = Rc::new(world().await);
        let at_once = async {
            let mut attempts = JoinSet::new();
            for _ in 0..20 {
                let world = Rc::clone(&world);
                attempts.spawn_local(async move {
                    let wrong = [("name", name), ("password", "et annet langt passord")];
                    world.post("/konsoll/sign-in", "", &wrong).await.status
                });
            }
            attempts.join_all().await
        };
        let statuses = LocalSet::new().run_until(at_once).await;
        let tried = statuses.iter().filter(|&&s| s == StatusCode::UNAUTHORIZED).count();
        let waits = statuses.iter().filter(|&&s| s == StatusCode::TOO_MANY_REQUESTS).count();
        // Two passwords are tried at once: the second one may be on its way when the fifth fails.
        assert!((5..=6).contains(&tried) && tried + waits == 20, "{name}: {statuses:?}");
        *world.now.lock().unwrap() += SignedDuration::from_mins(15);
        world.sign_in("kari").await;
    }
}

#[tokio::test]
async fn a_form_larger_than_256_kib_is_refused() {
    let world = world().await;
    // A character takes three bytes on the way.
    let to = "x".repeat(84 << 10);
    let right = [("name", "kari"), ("password", PASSWORD), ("to", to.as_str())];
    let page = world.post("/konsoll/sign-in", "", &right).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let to = "x".repeat(86 << 10);
    let right = [("name", "kari"), ("password", PASSWORD), ("to", to.as_str())];
    let page = world.post("/konsoll/sign-in", "", &right).await;
    assert!(page.status.is_client_error() && page.cookie.is_none(), "{}", page.status);
    assert!(page.text.contains("det er for stort"), "{}", page.text);
}
