//! Work that is spread over the processor's cores.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::options::Options;

/// Hands a list out in helpings, so that no thread waits long for another; the calling thread works
/// too. Which thread does what changes nothing, as long as `work` looks at its helping alone.
pub(crate) fn spread<T: Send>(
    options: &Options,
    list: &mut [T],
    helping: usize,
    work: impl Fn(&mut [T]) + Sync,
) {
    // A thread costs more than a helping. The list is looked at first: most are too short for two.
    let useful = list.len() / helping.saturating_mul(2).max(1);
    let threads = match options.threads {
        _ if useful <= 1 => 1,
        0 => core_count().min(useful),
        n => n.min(useful),
    };
    if threads == 1 {
        return work(list);
    }
    let helpings = Mutex::new(list.chunks_mut(helping));
    let work = || {
        loop {
            // Nobody panics with the lock in hand.
            let next = helpings.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(items) = next else { return };
            work(items);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

/// How many cores the process may use, asked of the system once: under Linux each question reads
/// the control group's files, which takes longer than the validation of a small bundle.
fn core_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}
