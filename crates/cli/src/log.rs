//! Writing the log so that it decides nothing: a log that cannot be written, or is read too slowly, loses lines and
//! nobody waits for it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

/// Lines that may wait for whoever reads the log.
const QUEUE: usize = 8192;
/// How long the end of the program waits for the last lines.
const FLUSH: Duration = Duration::from_secs(1);

static LOST: LazyLock<Arc<AtomicU64>> = LazyLock::new(Arc::default);

/// Lines that could not be written, for the metrics.
pub(crate) fn lost_lines() -> Arc<AtomicU64> {
    Arc::clone(&LOST)
}

enum Order {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Hands each line to the thread that writes.
#[derive(Clone)]
pub(crate) struct Lines(SyncSender<Order>);

/// Sees to it that the last lines are written before the program ends.
#[must_use]
pub(crate) struct LastLines(SyncSender<Order>);

/// Starts a thread that writes lines to `out`.
pub(crate) fn start(out: impl Write + Send + 'static) -> io::Result<(Lines, LastLines)> {
    let (queue, waiting) = sync_channel(QUEUE);
    thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &waiting))?;
    Ok((Lines(queue.clone()), LastLines(queue)))
}

fn write(mut out: impl Write, waiting: &Receiver<Order>) {
    while let Ok(order) = waiting.recv() {
        match order {
            Order::Line(line) => {
                if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                    LOST.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Nobody waits any more when the time for it has run out.
            Order::Flush(done) => drop(done.send(())),
        }
    }
}

impl Write for Lines {
    /// The subscriber writes an event with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Order::Line(line.to_vec())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        if self.0.try_send(Order::Flush(done)).is_ok() {
            // What is not written by now is lost with the program.
            let _ = written.recv_timeout(FLUSH);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Nobody reads: every write waits for good.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            loop {
                thread::park();
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn b1_a_log_that_cannot_be_written_loses_lines_and_holds_up_nobody() {
        let kept = Kept::default();
        let (mut lines, last) = start(kept.clone()).unwrap();
        lines.write_all(b"one\n").unwrap();
        lines.write_all(b"two\n").unwrap();
        drop(last);
        assert_eq!(*kept.0.lock().unwrap(), b"one\ntwo\n");

        let before = LOST.load(Ordering::Relaxed);
        let (mut lines, last) = start(Broken).unwrap();
        lines.write_all(b"lost\n").unwrap();
        drop(last);
        assert_eq!(LOST.load(Ordering::Relaxed) - before, 1);

        let before = LOST.load(Ordering::Relaxed);
        let (mut lines, last) = start(Stuck).unwrap();
        for _ in 0..QUEUE + 100 {
            lines.write_all(b"waits\n").unwrap();
        }
        drop(last);
        assert!(LOST.load(Ordering::Relaxed) - before >= 99);
    }
}
