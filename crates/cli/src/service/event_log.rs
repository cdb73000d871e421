//! The event log of Windows: start, stop and errors of a service, where its administrators look for them.

use std::fmt::{self, Write as _};
use std::io;
use std::ptr;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, RegisterEventSourceW,
    ReportEventW,
};
use windows_sys::Win32::System::Registry::{
    HKEY_LOCAL_MACHINE, REG_DWORD, REG_EXPAND_SZ, RegDeleteTreeW, RegSetKeyValueW,
};

/// What is reported; the number is the event's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Started = 1,
    Stopped = 2,
    /// The service ended with an error.
    Failed = 3,
    /// An error of the log while it runs.
    Error = 4,
}

/// Longest text that is taken, in units of UTF-16 (`ReportEventW` has 31 839).
const MAX_TEXT: usize = 31_000;

/// The system's own file with a text for each id up to 1000, which is the string that is reported.
const MESSAGE_FILE: &str = r"%SystemRoot%\System32\EventCreate.exe";
/// Errors, warnings and information.
const TYPES: u32 = 7;

/// Writes an event of a source, which has the service's name.
///
/// # Errors
/// The system's.
#[expect(unsafe_code, reason = "the system's functions; no well-kept crate writes events")]
pub(super) fn write(source: &str, event: Event, text: &str) -> io::Result<()> {
    let kind = match event {
        Event::Started | Event::Stopped => EVENTLOG_INFORMATION_TYPE,
        Event::Failed | Event::Error => EVENTLOG_ERROR_TYPE,
    };
    let source = wide(source);
    let mut text = wide(text);
    if text.len() > MAX_TEXT {
        text.truncate(MAX_TEXT);
        text.push(0);
    }
    let texts = [text.as_ptr()];
    // SAFETY: names and texts end with a zero and outlive the calls, the list has the one text that is counted, there
    // are no further data, and the handle is closed once, after its use.
    unsafe {
        let log = RegisterEventSourceW(ptr::null(), source.as_ptr());
        if log.is_null() {
            return Err(io::Error::last_os_error());
        }
        let written = ReportEventW(
            log,
            kind,
            0,
            event as u32,
            ptr::null_mut(),
            1,
            0,
            texts.as_ptr(),
            ptr::null(),
        );
        let error = io::Error::last_os_error();
        DeregisterEventSource(log);
        if written == 0 { Err(error) } else { Ok(()) }
    }
}

/// Makes a source of the application log, so that its events are shown with their texts.
///
/// # Errors
/// The registry's.
pub(super) fn add_source(name: &str) -> io::Result<()> {
    let file: Vec<u8> = wide(MESSAGE_FILE).into_iter().flat_map(u16::to_le_bytes).collect();
    set(name, "EventMessageFile", REG_EXPAND_SZ, &file)?;
    set(name, "TypesSupported", REG_DWORD, &TYPES.to_le_bytes())
}

/// Removes a source; one that is not there is no error.
///
/// # Errors
/// The registry's.
#[expect(unsafe_code, reason = "the system's function")]
pub(super) fn remove_source(name: &str) -> io::Result<()> {
    let key = wide(&key(name));
    // SAFETY: the key's name ends with a zero and outlives the call.
    let status = unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, key.as_ptr()) };
    if status == ERROR_FILE_NOT_FOUND { Ok(()) } else { done(status) }
}

#[expect(unsafe_code, reason = "the system's function")]
fn set(name: &str, value: &str, kind: u32, data: &[u8]) -> io::Result<()> {
    let (key, value) = (wide(&key(name)), wide(value));
    let length = u32::try_from(data.len()).map_err(io::Error::other)?;
    // SAFETY: both names end with a zero, and `length` is that of the data; all outlive the call.
    let status = unsafe {
        RegSetKeyValueW(
            HKEY_LOCAL_MACHINE,
            key.as_ptr(),
            value.as_ptr(),
            kind,
            data.as_ptr().cast(),
            length,
        )
    };
    done(status)
}

fn done(status: u32) -> io::Result<()> {
    if status == ERROR_SUCCESS {
        return Ok(());
    }
    Err(i32::try_from(status).map_or_else(io::Error::other, io::Error::from_raw_os_error))
}

fn key(name: &str) -> String {
    format!(r"SYSTEM\CurrentControlSet\Services\EventLog\Application\{name}")
}

/// UTF-16 with a zero at the end, and none before it.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().filter(|unit| *unit != 0).chain([0]).collect()
}

/// Errors that may wait for the event log.
const QUEUE: usize = 256;

/// Brings the log's errors into the event log too. A thread of its own writes them, so that nobody waits for the event
/// log; what it cannot take is in the log file all the same.
pub(crate) struct Errors(SyncSender<String>);

impl Errors {
    /// Starts the thread for a source.
    ///
    /// # Errors
    /// The system's, when there is no thread.
    pub(super) fn of(source: &str) -> io::Result<Self> {
        let (queue, waiting) = sync_channel::<String>(QUEUE);
        let source = source.to_owned();
        thread::Builder::new().name("event-log".to_owned()).spawn(move || {
            for text in waiting {
                let _ = write(&source, Event::Error, &text);
            }
        })?;
        Ok(Self(queue))
    }
}

impl<S: tracing::Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == tracing::Level::ERROR {
            let mut line = Line::default();
            event.record(&mut line);
            let _ = self.0.try_send(line.message + &line.fields);
        }
    }
}

/// An event of the log as one text.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a string does not fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}
