//! How far a transfer is, with rate and time left: for whoever looks at the terminal, and in the log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lmr_sender::TransferProgress;

use crate::clock;

/// How often the log says it.
const EVERY: Duration = Duration::from_secs(30);

/// What takes the progress of a run: a bar on standard error where somebody looks, a line in the log now and then.
pub(super) fn sink() -> impl Fn(&TransferProgress) + Send + Sync + 'static {
    let shown: Mutex<Option<ProgressBar>> = Mutex::new(None);
    let said: Mutex<Instant> = Mutex::new(clock::instant());
    move |progress| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = shown.get_or_insert_with(bar);
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        bar.set_message(progress.through.map(|date| date.to_string()).unwrap_or_default());
        if progress.done == progress.total {
            bar.finish_and_clear();
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= EVERY {
            *said = clock::instant();
            let per_second = progress.per_second.map(f64::round);
            let seconds_left = progress.left.map(|left| left.as_secs());
            let through = progress.through.map(|date| date.to_string());
            tracing::info!(
                done = progress.done,
                total = progress.total,
                per_second,
                seconds_left,
                through,
                "transfer under way"
            );
        }
    }
}

/// Hidden where standard error is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {per_sec}  {eta}  {msg}")
    {
        bar.set_style(style);
    }
    bar
}
