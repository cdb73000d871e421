//! Output that reads well in a terminal and is written whole or not at all in a file.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
pub(crate) use lmr_fhir::Language;
use lmr_report::visible_lines;

use crate::text::{Explain, text};

/// Reads `--lang`.
pub(crate) fn language() -> impl TypedValueParser<Value = Language> {
    let values = [
        PossibleValue::new("nb").help("Norwegian bokmål"),
        PossibleValue::new("en").help("English"),
        // LMR_LANG that is set to nothing.
        PossibleValue::new("").hide(true),
    ];
    PossibleValuesParser::new(values).try_map(|tag| match tag.is_empty() {
        true => Ok(Language::default()),
        false => tag.parse::<Language>(),
    })
}

/// Reads a file, `-` being standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)
            .explain(|| text!("kan ikke lese standard inn", "cannot read standard input"))?;
        return Ok(bytes);
    }
    fs::read(path)
        .explain(|| text!("kan ikke lese {path}", "cannot read {path}", path = path.display()))
}

/// Writes to a file by way of a temporary one beside it, or to standard output.
///
/// What is there and is not an ordinary file (`/dev/null`, a pipe) is written into: a rename would put a file in
/// its place, which as root takes the device from the whole machine. A symbolic link is followed.
pub(crate) fn write(path: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = Output::to(path);
    output.write(bytes)?;
    output.finish()
}

/// The same for what others must not read, such as health data: a new file is its owner's alone.
pub(crate) fn write_private(path: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = Output::private_to(path);
    output.write(bytes)?;
    output.finish()
}

/// What is written piece by piece, to be there whole or not at all where it goes to a file.
pub(crate) struct Output<'p> {
    /// `None`: standard output.
    path: Option<&'p Path>,
    /// The file that takes the pieces, from the first one on, and the name that it has until the end.
    file: Option<(fs::File, Option<OsString>)>,
    /// Whether nobody but its owner may read the file.
    is_private: bool,
}

impl<'p> Output<'p> {
    /// A file, or standard output without a name and for `-`.
    pub(crate) fn to(path: Option<&'p Path>) -> Self {
        Self { path: path.filter(|p| *p != Path::new("-")), file: None, is_private: false }
    }

    /// The same for what others must not read.
    pub(crate) fn private_to(path: Option<&'p Path>) -> Self {
        Self { is_private: true, ..Self::to(path) }
    }

    /// Writes one more piece.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let Some(path) = self.path else { return to_stdout(bytes) };
        self.open(path).and_then(|file| file.write_all(bytes)).explain(|| cannot_write(path))
    }

    /// That was all: the file gets its name.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let Some(path) = self.path else { return Ok(()) };
        self.open(path).map(drop).explain(|| cannot_write(path))?;
        if let Some((_, Some(partial))) = self.file.take() {
            fs::rename(partial, path).explain(|| cannot_write(path))?;
        }
        Ok(())
    }

    fn open(&mut self, path: &Path) -> io::Result<&mut fs::File> {
        if self.file.is_none() {
            let is_device = fs::symlink_metadata(path).is_ok_and(|there| !there.is_file());
            self.file = Some(if is_device {
                let file =
                    fs::OpenOptions::new().write(true).truncate(true).create(true).open(path)?;
                (file, None)
            } else {
                let mut partial = path.as_os_str().to_owned();
                partial.push(".partial");
                let mut options = fs::OpenOptions::new();
                options.write(true).truncate(true).create(true);
                if self.is_private {
                    // What an earlier run left has a mode of its own.
                    let _ = fs::remove_file(&partial);
                    #[cfg(unix)]
                    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                }
                (options.open(&partial)?, Some(partial))
            });
        }
        self.file.as_mut().map(|(file, _)| file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn cannot_write(path: &Path) -> crate::text::Text {
    text!("kan ikke skrive {path}", "cannot write {path}", path = path.display())
}

/// Bytes in hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a secret to a new file that only its owner may read.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    #[cfg_attr(
        not(unix),
        expect(unused_mut, reason = "Windows has no mode: the folder's rights count")
    )]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    write_with(options, path, bytes)
}

/// Writes a new file; one that is there is an error.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_with(fs::OpenOptions::new(), path, bytes)
}

fn write_with(mut options: fs::OpenOptions, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    options
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| {
            #[cfg(unix)]
            give_to_group_of_folder(&file, path);
            file.write_all(bytes).and_then(|()| file.sync_all())
        })
        .explain(|| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_some_and(|folder| !folder.exists()) {
                return text!(
                    "kan ikke skrive den nye filen {path}: lag mappen først",
                    "cannot write the new file {path}: make its folder first",
                    path = path.display()
                );
            }
            text!(
                "kan ikke skrive den nye filen {path}",
                "cannot write the new file {path}",
                path = path.display()
            )
        })
}

/// Text without what a terminal would obey but the colours of [`Style`]; `in_colour` where there may be some. JSON stays
/// JSON of the same values, whichever command made it.
fn shown(text: &str, in_colour: bool) -> Cow<'_, str> {
    if !in_colour || !text.contains("\x1b[") {
        let shown = visible_lines(text);
        return match shown {
            Cow::Owned(_) if is_json(text) => Cow::Owned(json_in_ascii(text)),
            shown => shown,
        };
    }
    let mut pieces = text.split("\x1b[");
    let mut out = visible_lines(pieces.next().unwrap_or_default()).into_owned();
    for piece in pieces {
        let is_colour = Style::CODES
            .iter()
            .any(|code| piece.strip_prefix(code).is_some_and(|rest| rest.starts_with('m')));
        out.push_str(if is_colour { "\x1b[" } else { "\\u{1b}[" });
        out.push_str(&visible_lines(piece));
    }
    Cow::Owned(out)
}

/// Whether a text is nothing but JSON documents, one or one after the other.
fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text)
        .into_iter::<serde::de::IgnoredAny>()
        .all(|document| document.is_ok())
}

/// JSON with every other character than those of ASCII written as its own escape (RFC 8259 section 7), and DEL, which is
/// of ASCII and is obeyed. Outside strings it has none of them.
fn json_in_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c.is_ascii() && c != '\x7f' {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

/// What root makes in a folder of its own that one group may enter and nobody else (`/etc/lmr` of the packages) is for that
/// group to read: it is a service's. Of others, and elsewhere, nothing changes.
#[cfg(unix)]
fn give_to_group_of_folder(file: &fs::File, path: &Path) {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let folder = crate::config::folder_of(path).metadata();
    let (Ok(folder), Ok(made)) = (folder, file.metadata()) else { return };
    let is_for_group = folder.uid() == 0 && folder.gid() != 0 && folder.mode() & 0o057 == 0o050;
    if is_for_group && made.uid() == 0 && fchown(file, None, Some(folder.gid())).is_ok() {
        // Where this fails the file is closed to the service, which `lmr doctor` reports.
        let _ = file.set_permissions(fs::Permissions::from_mode(0o640));
    }
}

/// Prints text. A reader that has gone away (`lmr codes | head`) is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    to_stdout(shown(text, Style::for_stdout().colour).as_bytes())
}

/// Whether the reader of standard output has gone away.
static READER_IS_GONE: AtomicBool = AtomicBool::new(false);

/// Whether what is printed has no reader any more, as far as was noticed: whoever prints for ever ends then.
pub(crate) fn reader_is_gone() -> bool {
    READER_IS_GONE.load(Ordering::Relaxed)
}

fn to_stdout(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            READER_IS_GONE.store(true, Ordering::Relaxed);
            Ok(())
        }
        written => written.explain(|| {
            text!("kan ikke skrive til standard ut", "cannot write to standard output")
        }),
    }
}

/// Prints a line on standard error. Where that cannot be written (its reader is gone, the disk is full) the line
/// is lost and the exit status alone tells what happened: `eprintln!` would end the program there.
pub(crate) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    drop(writeln!(err, "{}", shown(text, err.is_terminal())));
}

/// A progress bar on standard error for long work; nothing where nobody looks or little is to be done.
pub(crate) fn progress(count: usize, what: &'static str) -> indicatif::ProgressBar {
    if count < 50 || !io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(count as u64);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

/// Text with terminal colours where a person looks, plain elsewhere and where `NO_COLOR` is set.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    #[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
    pub(crate) fn for_stdout() -> Self {
        let plain = std::env::var("NO_COLOR").is_ok_and(|v| !v.is_empty());
        Self { colour: io::stdout().is_terminal() && !plain }
    }

    /// Without colours: for what is not a terminal.
    pub(crate) fn plain() -> Self {
        Self { colour: false }
    }

    /// What [`Self::paint`] is asked for, and the end of it.
    const CODES: [&str; 6] = ["0", "1", "2", "31", "32", "33"];

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_where_there_are_some_and_nothing_else_is_obeyed() {
        for (text, plain, in_colour) in [
            ("a\nb\tc", "a\nb\tc", "a\nb\tc"),
            ("\x1b[31mred\x1b[0m", r"\u{1b}[31mred\u{1b}[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[2J\x1b]0;x\x07", r"\u{1b}[2J\u{1b}]0;x\u{7}", r"\u{1b}[2J\u{1b}]0;x\u{7}"),
            ("\x1b[1mx\x1b[", r"\u{1b}[1mx\u{1b}[", "\x1b[1mx\\u{1b}["),
            // Hidden, blinking, inverted, black: of no Style.
            ("\x1b[8mx\x1b[m", r"\u{1b}[8mx\u{1b}[m", r"\u{1b}[8mx\u{1b}[m"),
            ("\x1b[5m\x1b[07m", r"\u{1b}[5m\u{1b}[07m", r"\u{1b}[5m\u{1b}[07m"),
            ("\x1b[30m\x1b[311m", r"\u{1b}[30m\u{1b}[311m", r"\u{1b}[30m\u{1b}[311m"),
        ] {
            assert_eq!(shown(text, false), plain);
            assert_eq!(shown(text, true), in_colour);
        }
    }

    #[test]
    fn all_that_a_style_paints_stays() {
        let style = Style { colour: true };
        for paint in [Style::bold, Style::good, Style::bad, Style::warn, Style::faint] {
            let text = paint(style, "x");
            assert_eq!(shown(&text, true), text);
        }
    }

    /// Whatever is in its strings, JSON is read back as it was, and has nothing that a terminal obeys.
    #[test]
    fn json_stays_json() {
        let odd = [
            "\x1b[31m",
            "\x1b[0m\x1b[8m",
            "\"",
            "\\",
            "\\u{1b}",
            "\u{feff}",
            "\u{e0001}",
            "\u{1f48a}",
        ];
        let all = ('\0'..'\u{3000}').map(String::from).chain(odd.map(str::to_owned));
        for text in all.chain([odd.concat() + "\u{202e}\x7f\u{9b}"]) {
            let value = serde_json::json!({ &*text: [text, { "name": text }] });
            for written in
                [format!("{value}\n{value}\n"), format!("{value:#}\n"), value.to_string()]
            {
                for in_colour in [false, true] {
                    let shown = shown(&written, in_colour);
                    assert_eq!(shown, visible_lines(&shown));
                    let read = serde_json::Deserializer::from_str(&shown).into_iter();
                    for read in read.map(Result::<serde_json::Value, _>::unwrap) {
                        assert_eq!(read, value, "{written}");
                    }
                }
            }
        }
    }
}
