//! A simulated disk under the real SQLite of sender and receiver (a VFS, <https://sqlite.org/vfs.html>): what was
//! written and not flushed is lost, kept or torn when a machine crashes; any write or flush can be the last one, or
//! fail.
//!
//! Paths are `/sim/MACHINE/FILE`. A crash ends every handle of the machine: whatever still runs gets I/O errors and
//! changes nothing any more.
#![allow(unsafe_code, reason = "SQLite calls a table of C functions")]

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use libsqlite3_sys as ffi;

use crate::rng::Rng;

const SECTOR: usize = 512;
const LOCKS: usize = 8;

/// What a machine does with its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Write,
    Flush,
}

#[derive(Default)]
struct Machine {
    generation: u64,
    crashed: bool,
    counts: [u64; 2],
    crash: Option<(Op, u64, bool)>,
    error: Option<(Op, u64, u64, c_int)>,
    /// Calls that an error was given to.
    failed: u64,
    /// Says of every flush that it is done, and keeps nothing.
    lies: bool,
}

struct Record {
    cuts: bool,
    offset: usize,
    size: usize,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Memory of a log's index, shared by its connections.
#[derive(Default)]
struct Index {
    regions: Mutex<Vec<Box<[u64; 4096]>>>,
    /// Above 0: so many share it; -1: one has it alone.
    locks: Mutex<[i32; LOCKS]>,
}

#[derive(Default)]
struct Content {
    data: Vec<u8>,
    unflushed: Vec<Record>,
    shared: usize,
    reserved: u64,
    pending: u64,
    exclusive: u64,
    index: Arc<Index>,
}

#[derive(Default)]
struct Disk {
    machines: HashMap<String, Machine>,
    files: HashMap<String, Arc<Mutex<Content>>>,
}

static DISK: LazyLock<Mutex<Disk>> = LazyLock::new(Mutex::default);
static HANDLES: AtomicU64 = AtomicU64::new(1);

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn machine_of(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}

/// What a crash did to what was not flushed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lost {
    pub writes: u64,
    pub torn: u64,
}

/// Makes the disk SQLite's only one in this process.
pub fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<Handle>()).unwrap_or(c_int::MAX),
            mxPathname: 512,
            pNext: ptr::null_mut(),
            zName: c"simulated".as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: None,
            xGetLastError: None,
            xCurrentTimeInt64: Some(time),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the table lives as long as the process, and nothing has opened a database yet.
        let done = unsafe {
            ffi::sqlite3_initialize();
            ffi::sqlite3_vfs_register(vfs, 1)
        };
        assert_eq!(done, ffi::SQLITE_OK, "the simulated disk could not be registered");
    });
}

/// The machine crashes at the nth operation of a kind from now on, before or after it is done.
pub fn crash_at(machine: &str, op: Op, nth: u64, after: bool) {
    let mut disk = held(&DISK);
    let machine = disk.machines.entry(machine.to_owned()).or_default();
    machine.crash = Some((op, machine.counts[op as usize] + nth, after));
}

/// The machine crashes now.
pub fn crash_now(machine: &str) {
    held(&DISK).machines.entry(machine.to_owned()).or_default().crashed = true;
}

/// The machine's disk calls flushed what is not: a fault that the proof must find, or it proves nothing.
pub fn lie(machine: &str) {
    held(&DISK).machines.entry(machine.to_owned()).or_default().lies = true;
}

/// Operations of a kind fail, from the nth from now on.
pub fn fail_at(machine: &str, op: Op, nth: u64, count: u64, full: bool) {
    let mut disk = held(&DISK);
    let machine = disk.machines.entry(machine.to_owned()).or_default();
    let code = match (full, op) {
        (true, _) => ffi::SQLITE_FULL,
        (false, Op::Write) => ffi::SQLITE_IOERR_WRITE,
        (false, Op::Flush) => ffi::SQLITE_IOERR_FSYNC,
    };
    machine.error = Some((op, machine.counts[op as usize] + nth, count, code));
}

/// Whether it has crashed and was not started since.
pub fn has_crashed(machine: &str) -> bool {
    held(&DISK).machines.get(machine).is_some_and(|machine| machine.crashed)
}

/// Nothing is wrong with it from now on. Gives how many calls failed.
pub fn repair(machine: &str) -> u64 {
    let mut disk = held(&DISK);
    let machine = disk.machines.entry(machine.to_owned()).or_default();
    (machine.crash, machine.error) = (None, None);
    std::mem::take(&mut machine.failed)
}

/// The processes of the machine have died and others start; what was not flushed is still there, and not on the disk.
pub fn revive(name: &str) {
    let mut disk = held(&DISK);
    let machine = disk.machines.entry(name.to_owned()).or_default();
    let (generation, lies) = (machine.generation + 1, machine.lies);
    *machine = Machine { generation, lies, ..Machine::default() };
    for (_, content) in disk.files.iter().filter(|(path, _)| machine_of(path) == name) {
        let_go(&mut held(content));
    }
}

/// Nobody has the file open any more.
fn let_go(content: &mut Content) {
    (content.shared, content.reserved, content.pending, content.exclusive) = (0, 0, 0, 0);
    content.index = Arc::default();
}

/// The machine has lost its power and starts again: what was not flushed is as chance decides.
pub fn restart(name: &str, rng: &mut Rng) -> Lost {
    let mut disk = held(&DISK);
    let machine = disk.machines.entry(name.to_owned()).or_default();
    let (generation, lies) = (machine.generation + 1, machine.lies);
    *machine = Machine { generation, lies, ..Machine::default() };
    let keep = *rng.pick(&[0, 0, 50, 90]);
    let mut lost = Lost::default();
    let mut names: Vec<&String> =
        disk.files.keys().filter(|path| machine_of(path) == name).collect();
    names.sort();
    for name in names {
        let mut content = held(&disk.files[name]);
        let records = std::mem::take(&mut content.unflushed);
        for record in records.iter().rev() {
            let end = record.offset + record.old.len();
            if content.data.len() < end {
                content.data.resize(end, 0);
            }
            content.data[record.offset..end].copy_from_slice(&record.old);
            content.data.resize(record.size, 0);
        }
        for record in &records {
            if !rng.chance(keep) {
                lost.writes += 1;
                continue;
            }
            if record.cuts {
                content.data.resize(record.offset, 0);
                continue;
            }
            let mut new = record.new.as_slice();
            let sectors = new.len() / SECTOR;
            if sectors > 1 && rng.chance(30) {
                lost.torn += 1;
                new = &new[..usize::try_from(rng.below(sectors as u64)).unwrap_or(0) * SECTOR];
            }
            let end = record.offset + new.len();
            if content.data.len() < end {
                content.data.resize(end, 0);
            }
            content.data[record.offset..end].copy_from_slice(new);
        }
        let_go(&mut content);
    }
    lost
}

/// A copy of a machine's files, as they are.
pub fn image(machine: &str) -> HashMap<String, Vec<u8>> {
    let disk = held(&DISK);
    let files = disk.files.iter().filter(|(path, _)| machine_of(path) == machine);
    files
        .map(|(path, content)| {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            (name, held(content).data.clone())
        })
        .collect()
}

/// Gives a machine these files and no others.
pub fn install_image(machine: &str, files: &HashMap<String, Vec<u8>>) {
    let mut disk = held(&DISK);
    disk.files.retain(|path, _| machine_of(path) != machine);
    let generation = disk.machines.get(machine).map_or(0, |machine| machine.generation + 1);
    disk.machines.insert(machine.to_owned(), Machine { generation, ..Machine::default() });
    for (name, data) in files {
        let content = Content { data: data.clone(), ..Content::default() };
        disk.files.insert(format!("/sim/{machine}/{name}"), Arc::new(Mutex::new(content)));
    }
}

struct Inner {
    id: u64,
    content: Arc<Mutex<Content>>,
    index: Option<Arc<Index>>,
    machine: String,
    generation: u64,
    lock: c_int,
    shares: u32,
    alone: u32,
    remove: Option<String>,
}

#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    inner: *mut Inner,
}

/// What SQLite gives back to us is what `open` has made.
///
/// # Safety
/// `file` is a handle that `open` has filled and `close` has not taken.
unsafe fn inner<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Inner {
    // SAFETY: as promised by the caller; SQLite uses a handle from one thread at a time.
    unsafe { &mut *(*file.cast::<Handle>()).inner }
}

impl Inner {
    fn is_dead(&self) -> bool {
        if self.machine.is_empty() {
            return false;
        }
        let disk = held(&DISK);
        disk.machines
            .get(&self.machine)
            .is_none_or(|now| now.crashed || now.generation != self.generation)
    }

    /// Counts an operation; whether the machine crashes after it, or why it is not done.
    fn begin(&self, op: Op) -> Result<bool, c_int> {
        if self.machine.is_empty() {
            return Ok(false);
        }
        let mut disk = held(&DISK);
        let Some(machine) = disk.machines.get_mut(&self.machine) else {
            return Err(ffi::SQLITE_IOERR);
        };
        if machine.crashed || machine.generation != self.generation {
            return Err(ffi::SQLITE_IOERR);
        }
        machine.counts[op as usize] += 1;
        let count = machine.counts[op as usize];
        if let Some((of, at, after)) = machine.crash
            && of == op
            && at == count
        {
            if after {
                return Ok(true);
            }
            machine.crashed = true;
            return Err(ffi::SQLITE_IOERR);
        }
        if let Some((of, at, many, code)) = machine.error
            && of == op
            && (at..at + many).contains(&count)
        {
            machine.failed += 1;
            return Err(code);
        }
        Ok(false)
    }

    fn crash(&self) -> c_int {
        if let Some(machine) = held(&DISK).machines.get_mut(&self.machine) {
            machine.crashed = true;
        }
        ffi::SQLITE_IOERR
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map),
    xShmLock: Some(map_lock),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe fn text(name: *const c_char) -> String {
    // SAFETY: SQLite gives names that end with a zero.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let id = HANDLES.fetch_add(1, Ordering::Relaxed);
    // SAFETY: a name is null or a text.
    let path = if name.is_null() { format!("/temporary/{id}") } else { unsafe { text(name) } };
    let machine =
        if path.starts_with("/sim/") { machine_of(&path).to_owned() } else { String::new() };
    let mut disk = held(&DISK);
    let generation = if machine.is_empty() {
        0
    } else {
        let now = disk.machines.entry(machine.clone()).or_default();
        if now.crashed {
            return ffi::SQLITE_CANTOPEN;
        }
        now.generation
    };
    if flags & ffi::SQLITE_OPEN_CREATE == 0 && !disk.files.contains_key(&path) {
        return ffi::SQLITE_CANTOPEN;
    }
    let content = Arc::clone(disk.files.entry(path.clone()).or_default());
    drop(disk);
    let remove = (flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0).then_some(path);
    let inner = Inner {
        id,
        content,
        index: None,
        machine,
        generation,
        lock: 0,
        shares: 0,
        alone: 0,
        remove,
    };
    // SAFETY: SQLite gives room for a handle, which it has not used yet.
    unsafe {
        let handle = file.cast::<Handle>();
        (*handle).inner = Box::into_raw(Box::new(inner));
        (*handle).base.pMethods = &METHODS;
        if !out.is_null() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: an open handle; it is not used after this.
    let mut inner = unsafe { Box::from_raw((*file.cast::<Handle>()).inner) };
    release(&mut inner, 0);
    release_map(&mut inner);
    if let Some(path) = &inner.remove {
        held(&DISK).files.remove(path);
    }
    // SAFETY: as above.
    unsafe { (*file).pMethods = ptr::null() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    amount: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open handle and room for the bytes.
    let (inner, into) = unsafe {
        (
            inner(file),
            std::slice::from_raw_parts_mut(into.cast::<u8>(), usize::try_from(amount).unwrap_or(0)),
        )
    };
    if inner.is_dead() {
        return ffi::SQLITE_IOERR_READ;
    }
    let content = held(&inner.content);
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(content.data.len());
    let there = (content.data.len() - from).min(into.len());
    into[..there].copy_from_slice(&content.data[from..from + there]);
    into[there..].fill(0);
    if there < into.len() { ffi::SQLITE_IOERR_SHORT_READ } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open handle and so many bytes.
    let (inner, new) = unsafe {
        (
            inner(file),
            std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or(0)),
        )
    };
    let crashes = match inner.begin(Op::Write) {
        Ok(crashes) => crashes,
        Err(code) => return code,
    };
    let mut content = held(&inner.content);
    let offset = usize::try_from(offset).unwrap_or(0);
    let (size, end) = (content.data.len(), offset + new.len());
    let old = content.data.get(offset..end.min(size).max(offset)).unwrap_or_default().to_vec();
    if !inner.machine.is_empty() {
        content.unflushed.push(Record { cuts: false, offset, size, old, new: new.to_vec() });
    }
    if size < end {
        content.data.resize(end, 0);
    }
    content.data[offset..end].copy_from_slice(new);
    drop(content);
    if crashes { inner.crash() } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, to: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open handle.
    let inner = unsafe { inner(file) };
    if inner.is_dead() {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    let mut content = held(&inner.content);
    let to = usize::try_from(to).unwrap_or(0);
    let size = content.data.len();
    let old = content.data.get(to..).unwrap_or_default().to_vec();
    content.unflushed.push(Record { cuts: true, offset: to, size, old, new: Vec::new() });
    content.data.resize(to, 0);
    ffi::SQLITE_OK
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open handle.
    let inner = unsafe { inner(file) };
    match inner.begin(Op::Flush) {
        Ok(crashes) => {
            if !held(&DISK).machines.get(&inner.machine).is_some_and(|machine| machine.lies) {
                held(&inner.content).unflushed.clear();
            }
            if crashes { inner.crash() } else { ffi::SQLITE_OK }
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn size(file: *mut ffi::sqlite3_file, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open handle and room for the number.
    unsafe { *out = i64::try_from(held(&inner(file).content).data.len()).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open handle.
    let inner = unsafe { inner(file) };
    if inner.is_dead() {
        return ffi::SQLITE_IOERR_LOCK;
    }
    if inner.lock >= level {
        return ffi::SQLITE_OK;
    }
    let mut content = held(&inner.content);
    let is_others = |holder: u64| holder != 0 && holder != inner.id;
    match level {
        ffi::SQLITE_LOCK_SHARED => {
            if is_others(content.pending) || is_others(content.exclusive) {
                return ffi::SQLITE_BUSY;
            }
            content.shared += 1;
        }
        ffi::SQLITE_LOCK_RESERVED => {
            if is_others(content.reserved) {
                return ffi::SQLITE_BUSY;
            }
            content.reserved = inner.id;
        }
        _ => {
            if is_others(content.reserved) || is_others(content.pending) {
                return ffi::SQLITE_BUSY;
            }
            content.pending = inner.id;
            if content.shared > 1 {
                inner.lock = ffi::SQLITE_LOCK_PENDING;
                return ffi::SQLITE_BUSY;
            }
            content.exclusive = inner.id;
        }
    }
    inner.lock = level;
    ffi::SQLITE_OK
}

fn release(inner: &mut Inner, level: c_int) {
    if inner.lock <= level {
        return;
    }
    let is_now = inner.machine.is_empty()
        || held(&DISK)
            .machines
            .get(&inner.machine)
            .is_some_and(|now| now.generation == inner.generation);
    if is_now {
        let mut content = held(&inner.content);
        let Content { reserved, pending, exclusive, .. } = &mut *content;
        for holder in [reserved, pending, exclusive] {
            if *holder == inner.id {
                *holder = 0;
            }
        }
        if level == 0 {
            content.shared = content.shared.saturating_sub(1);
        }
    }
    inner.lock = level;
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open handle.
    release(unsafe { inner(file) }, level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn reserved(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open handle and room for the answer.
    unsafe { *out = c_int::from(held(&inner(file).content).reserved != 0) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    // As SQLite takes the disks of Unix to be.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    _: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open handle.
    let inner = unsafe { inner(file) };
    if inner.is_dead() {
        return ffi::SQLITE_IOERR_SHMMAP;
    }
    let index =
        Arc::clone(inner.index.get_or_insert_with(|| Arc::clone(&held(&inner.content).index)));
    let mut regions = held(&index.regions);
    let region = usize::try_from(region).unwrap_or(0);
    let mut found = ptr::null_mut();
    if region < regions.len() || extend != 0 {
        while regions.len() <= region {
            regions.push(Box::new([0; 4096]));
        }
        // The box does not move when the list grows, and the handle keeps the index.
        found = regions[region].as_mut_ptr().cast();
    }
    // SAFETY: room for the address.
    unsafe { *out = found };
    ffi::SQLITE_OK
}

unsafe extern "C" fn map_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    n: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: an open handle.
    let inner = unsafe { inner(file) };
    if inner.is_dead() {
        return ffi::SQLITE_IOERR_SHMLOCK;
    }
    let Some(index) = inner.index.clone() else { return ffi::SQLITE_OK };
    let from = usize::try_from(offset).unwrap_or(0);
    let to = (from + usize::try_from(n).unwrap_or(0)).min(LOCKS);
    let mut locks = held(&index.locks);
    let is_shared = flags & ffi::SQLITE_SHM_SHARED != 0;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        for (at, lock) in locks.iter_mut().enumerate().take(to).skip(from) {
            let bit = 1 << at;
            if inner.shares & bit != 0 {
                inner.shares &= !bit;
                *lock -= 1;
            } else if inner.alone & bit != 0 {
                inner.alone &= !bit;
                *lock = 0;
            }
        }
        return ffi::SQLITE_OK;
    }
    let mine = |at: usize| (inner.shares | inner.alone) & (1 << at) != 0;
    for (at, lock) in locks.iter().enumerate().take(to).skip(from) {
        if (*lock < 0 || !is_shared && *lock > 0) && !mine(at) {
            return ffi::SQLITE_BUSY;
        }
    }
    for (at, lock) in locks.iter_mut().enumerate().take(to).skip(from) {
        let bit = 1 << at;
        if (inner.shares | inner.alone) & bit != 0 {
            continue;
        }
        if is_shared {
            *lock += 1;
            inner.shares |= bit;
        } else {
            *lock = -1;
            inner.alone |= bit;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

fn release_map(inner: &mut Inner) {
    if let Some(index) = inner.index.take() {
        let mut locks = held(&index.locks);
        for (at, lock) in locks.iter_mut().enumerate() {
            let bit = 1 << at;
            if inner.shares & bit != 0 {
                *lock -= 1;
            } else if inner.alone & bit != 0 {
                *lock = 0;
            }
        }
    }
    (inner.shares, inner.alone) = (0, 0);
}

unsafe extern "C" fn unmap(file: *mut ffi::sqlite3_file, remove: c_int) -> c_int {
    // SAFETY: an open handle.
    let inner = unsafe { inner(file) };
    release_map(inner);
    if remove != 0 && !inner.is_dead() {
        held(&inner.content).index = Arc::default();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, _: c_int) -> c_int {
    // SAFETY: a name.
    let path = unsafe { text(name) };
    let mut disk = held(&DISK);
    if disk.machines.get(machine_of(&path)).is_some_and(|machine| machine.crashed) {
        return ffi::SQLITE_IOERR_DELETE;
    }
    if disk.files.remove(&path).is_some() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_DELETE_NOENT }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a name, and room for the answer.
    unsafe { *out = c_int::from(held(&DISK).files.contains_key(&text(name))) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a name, and so much room.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > usize::try_from(room).unwrap_or(0) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, n: c_int, out: *mut c_char) -> c_int {
    // Salts of logs must differ from one to the next, or a log's old frames would count as new.
    let mut rng = Rng::new(HANDLES.fetch_add(1, Ordering::Relaxed));
    // SAFETY: so much room.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(out.cast::<u8>(), usize::try_from(n).unwrap_or(0))
    };
    for byte in bytes {
        *byte = rng.next().to_le_bytes()[0];
    }
    n
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    std::thread::sleep(std::time::Duration::from_micros(
        u64::try_from(microseconds).unwrap_or(0).min(1000),
    ));
    microseconds
}

unsafe extern "C" fn time(_: *mut ffi::sqlite3_vfs, out: *mut ffi::sqlite3_int64) -> c_int {
    // Julian days in milliseconds. Nothing here depends on it.
    // SAFETY: room for the number.
    unsafe { *out = 212_000_000_000_000 };
    ffi::SQLITE_OK
}
