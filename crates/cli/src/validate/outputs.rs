//! Where reports go: what cannot or must not be written is refused before anything is checked.

use std::path::{Path, PathBuf};

use super::Validate;
use crate::config::folder_of;
use crate::input::{document, each_text, has_resources};
use crate::text::fail;

impl Validate {
    /// Refuses to write over what is to be checked and over other resources, and into a folder that is not there.
    pub(super) fn may_write(&self, asked: &[(PathBuf, Vec<PathBuf>)]) -> anyhow::Result<()> {
        let statistics = self.statistics.as_ref().and_then(Option::as_ref);
        let all = [self.output.as_ref(), statistics, self.write_baseline.as_ref()];
        for to in all.into_iter().flatten() {
            // It is standard output.
            if *to == Path::new("-") {
                continue;
            }
            let shown = to.display();
            let folder = folder_of(to);
            if !folder.is_dir() {
                fail!(
                    "kan ikke skrive {shown}: mappen {folder} finnes ikke: lag den først",
                    "cannot write {shown}: there is no folder {folder}: make it first",
                    folder = folder.display()
                );
            }
            // What is not there cannot be overwritten.
            let Ok(at) = std::fs::canonicalize(to) else { continue };
            if at.is_dir() {
                fail!(
                    "kan ikke skrive {shown}: det er en mappe; oppgi en fil i den",
                    "cannot write {shown}: it is a folder; give a file in it"
                );
            }
            // What a baseline may take the place of is decided where the one before is read.
            if !at.is_file() || self.write_baseline.as_ref() == Some(to) {
                continue;
            }
            let mut files = asked.iter().flat_map(|(_, found)| found);
            if files.any(|file| std::fs::canonicalize(file).is_ok_and(|file| file == at)) {
                fail!(
                    "{shown} er blant filene som skal kontrolleres, og ville bli skrevet over: skriv til en annen fil, utenfor \
                     mappene som kontrolleres",
                    "{shown} is among the files that are to be checked and would be overwritten: write to another file, outside \
                     the folders that are checked"
                );
            }
            if holds_resource(to) {
                fail!(
                    "{shown} er en FHIR-ressurs og ville bli skrevet over: etter --output kommer navnet på rapporten, før filene \
                     som skal kontrolleres",
                    "{shown} is a FHIR resource and would be overwritten: after --output comes the name of the report, before the \
                     files that are to be checked"
                );
            }
        }
        Ok(())
    }
}

/// Whether a file begins with a resource that is no report: `--output *.json` names one.
fn holds_resource(path: &Path) -> bool {
    let mut is_resource = None;
    let mut look = |line, text: &[u8]| {
        if is_resource.is_none() {
            let document = document(path, line, text)?;
            let of = document.root_element().resource_type();
            is_resource = Some(of.is_some_and(|of| of != "OperationOutcome"));
        }
        Ok(())
    };
    if !has_resources(path) {
        return false;
    }
    // What follows the first one changes nothing, and what cannot be read is none.
    drop(each_text(path, &mut look));
    is_resource == Some(true)
}
