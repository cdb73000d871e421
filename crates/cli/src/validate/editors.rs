//! What an editor's texts are validated against and explained by, `.lmr.toml` taken into account.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use lmr_lmdi::{Finding, RuleSetId};
use lmr_report::Checker;

use super::baseline::Baseline;
use super::project::Project;
use super::seen::Seen;
use super::triage::Triage;
use super::{RuleSetChoice, Validate, cannot_check};
use crate::clock;
use crate::explain::Source;
use crate::output::Language;

/// The rules of one project, or those without one.
pub(crate) struct ForEditors {
    checker: Arc<Checker>,
    source: Source,
    project: Project,
    baseline: Option<Baseline>,
}

impl Validate {
    /// The rules by this project file, or without one. What they are made of is looked at before it is read.
    pub(crate) fn for_editors(
        &self,
        project: Option<&Path>,
        lang: Language,
        seen: &mut Seen,
    ) -> anyhow::Result<ForEditors> {
        let project = match project {
            Some(path) => {
                seen.look([path.to_owned()]);
                Project::find(Some(path))?
            }
            None => Project::default(),
        };
        self.look_at_settings(&project, seen);
        let stop = Arc::new(AtomicBool::new(false));
        let checker = Arc::new(self.checker(&project, &stop, None, lang)?);
        let guide = match self.ruleset.or(project.keys.ruleset) {
            Some(RuleSetChoice::Guide(id)) => Some(id),
            Some(RuleSetChoice::None) => None,
            None => Some(RuleSetId::LATEST),
        };
        let source = Source::new(Arc::clone(&checker), guide)?;
        let baseline = project.keys.baseline.as_deref().map(Baseline::read).transpose()?;
        Ok(ForEditors { checker, source, project, baseline })
    }
}

impl ForEditors {
    /// What explains elements.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The findings that count of the texts of one document, each with what it begins at: the rules as they are now,
    /// since an editor stays open for days, without what the project leaves out and the baseline knows.
    pub(crate) fn findings(
        &self,
        document: &Path,
        texts: &[Part<'_>],
    ) -> anyhow::Result<Vec<Finding>> {
        let now = clock::now();
        let (today, written) = (clock::oslo(now).date(), clock::fhir_now());
        let mut triage = Triage::new(&self.project, self.baseline.clone(), false, today);
        triage.begin(document);
        let mut all = Vec::new();
        for Part { text, offset, line } in texts {
            let checked = self.checker.check_at(text.as_bytes(), now, &written);
            let checked = checked.map_err(cannot_check)?;
            let mut findings = checked.findings;
            if checked.is_readable {
                triage.keep(&mut findings);
            }
            for finding in &mut findings {
                // Of a finding without a place the whole text is meant.
                finding.line = finding.line.max(1) + line;
                finding.span =
                    finding.span.take().map(|span| span.start + offset..span.end + offset);
            }
            all.append(&mut findings);
        }
        Ok(all)
    }
}

/// A text of a document: all of it, or a line.
pub(crate) struct Part<'t> {
    pub(crate) text: &'t str,
    /// The bytes and the lines before it.
    pub(crate) offset: usize,
    pub(crate) line: u32,
}
