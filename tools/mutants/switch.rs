//! The switch between the changes that are compiled into this crate; written here by `tools/mutants`.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

const UNREAD: u32 = u32::MAX;
const TRACE: u32 = u32::MAX - 1;

static CHOSEN: AtomicU32 = AtomicU32::new(UNREAD);
static REACHED: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

/// Says whether the change with this number is the one that is tried.
pub(crate) fn on(number: u32) -> bool {
    match CHOSEN.load(Relaxed) {
        UNREAD => {
            let chosen = match std::env::var("LMR_MUTANT") {
                Ok(number) => number.parse().expect("LMR_MUTANT is a number"),
                Err(_) if std::env::var_os("LMR_MUTANTS_TRACE").is_some() => TRACE,
                Err(_) => 0,
            };
            CHOSEN.store(chosen, Relaxed);
            on(number)
        }
        TRACE => {
            let bit = 1 << (number % 64);
            if REACHED[number as usize / 64].fetch_or(bit, Relaxed) & bit == 0 {
                note(number);
            }
            false
        }
        chosen => chosen == number,
    }
}

/// Writes at once that a change was reached: the process may be killed.
fn note(number: u32) {
    let path = std::env::var_os("LMR_MUTANTS_TRACE").expect("it was set a moment ago");
    let line = format!("{number}\n");
    let written = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, line.as_bytes()));
    written.expect("the trace can be written");
}
