//! Measuring: an allocator that counts, what the system says of memory, and the engines.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

pub type AnyError = Box<dyn std::error::Error>;

/// The system's allocator, counting while [`allocations`] runs. Only in measuring programs.
pub struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);
/// Below zero where more was given back than taken since counting began.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

fn took(bytes: usize) {
    // Off while speed is measured: counters shared by threads would cost a fifth of the time.
    if ON.load(Relaxed) {
        CALLS.fetch_add(1, Relaxed);
        ALLOCATED.fetch_add(bytes as u64, Relaxed);
        let live = LIVE.fetch_add(bytes as i64, Relaxed) + bytes as i64;
        PEAK.fetch_max(live, Relaxed);
    }
}

fn gave(bytes: usize) {
    if ON.load(Relaxed) {
        LIVE.fetch_sub(bytes as i64, Relaxed);
    }
}

// SAFETY: every call is handed to the system's allocator unchanged; only counters are added.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        gave(layout.size());
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        gave(layout.size());
        took(size);
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Calls of the allocator, bytes asked for, and the peak of bytes held, while `work` ran; bytes held
/// before are not counted.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Allocations {
    pub calls: u64,
    pub bytes: u64,
    pub peak_above_start: u64,
}

pub fn allocations<T>(work: impl FnOnce() -> T) -> (T, Allocations) {
    for counter in [&CALLS, &ALLOCATED] {
        counter.store(0, Relaxed);
    }
    for counter in [&LIVE, &PEAK] {
        counter.store(0, Relaxed);
    }
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    let counted = Allocations {
        calls: CALLS.load(Relaxed),
        bytes: ALLOCATED.load(Relaxed),
        peak_above_start: PEAK.load(Relaxed).unsigned_abs(),
    };
    (result, counted)
}

/// Seconds this thread has had on a processor: what else the machine does does not count.
pub fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

/// Most bytes of memory this process had resident so far.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
