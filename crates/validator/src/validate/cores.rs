//! Work that is spread over the processor's cores.

use std::sync::{Mutex, PoisonError};

use crate::options::Options;

/// Hands a list out in helpings, so that no thread waits long for another; the calling thread works
/// too. Which thread does what changes nothing, as long as `work` looks at its helping alone.
pub(crate) fn spread<T: Send>(
    options: &Options,
    list: &mut [T],
    helping: usize,
    work: impl Fn(&mut [T]) + Sync,
) {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    // A thread costs more than a helping.
    let threads = threads.min(list.len() / helping.saturating_mul(2).max(1)).max(1);
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
