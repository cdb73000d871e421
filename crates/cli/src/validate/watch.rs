//! `--watch`: validates again whenever a file changes. Files are looked at twice a second, which works on network
//! drives too, where the system does not tell of changes.

use std::process::ExitCode;
use std::time::Duration;

use super::Validate;
use super::files::gather;
use super::project::Project;
use super::seen::Seen;
use crate::output::{self, Language};
use crate::text::{fail, text};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(500);

/// Validates until the process is ended.
pub(super) fn run(command: &Validate, lang: Language) -> anyhow::Result<ExitCode> {
    if command.files.iter().any(|path| path.as_os_str() == "-") {
        fail!(
            "--watch ser på filer; standard inn kan ikke leses to ganger",
            "--watch looks at files; standard input cannot be read twice"
        );
    }
    let mut last = None;
    let mut trouble = None;
    loop {
        let state = match state_of(command) {
            Ok(state) => state,
            // Files and .lmr.toml are being worked on: what is wrong with them now is said once.
            Err(error) if last.is_some() => {
                let error = crate::text::chain(&error, lang);
                if trouble.as_ref() != Some(&error) {
                    output::complain(&format!("lmr: {error}"));
                    (trouble, last) = (Some(error), Some(Seen::default()));
                }
                std::thread::sleep(INTERVAL);
                continue;
            }
            Err(error) => return Err(error),
        };
        trouble = None;
        if last.as_ref() != Some(&state) {
            // A file that is just being written may be half there; the next look has it whole.
            if let Err(error) = command.once(lang) {
                output::complain(&format!("lmr: {}", crate::text::chain(&error, lang)));
            }
            let note = text!(
                "lmr: venter på endringer i {count} filer (Ctrl-C avslutter)",
                "lmr: waiting for changes in {count} files (Ctrl-C ends)",
                count = state.count()
            );
            output::complain(note.get(lang));
            if output::reader_is_gone() {
                return Ok(ExitCode::SUCCESS);
            }
            last = Some(state);
        }
        std::thread::sleep(INTERVAL);
    }
}

fn state_of(command: &Validate) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    let project = match command.no_project {
        true => Project::default(),
        false => Project::find(command.project.as_deref())?,
    };
    for path in &command.files {
        // What cannot be read is reported by the check itself.
        seen.look(gather(path, &mut |_| (), &mut |_| ())?);
    }
    command.look_at_settings(&project, &mut seen);
    Ok(seen)
}
