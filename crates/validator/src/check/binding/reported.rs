//! What has been reported of codings by themselves, which their binding confirms, raises or withdraws.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use lmr_fhir::{Element, Node, Severity};

use super::{CODE, DISPLAY, SYSTEM};
use crate::check::coding::{self, same_display, single};
use crate::check::context::Context;
use crate::issue::Issue;
use crate::messages::Message;
use crate::terminology::ValueSet;

/// What has been reported of the codings of an element, by where in the text it begins. Looked through once for each
/// element: a resource may have as many issues as codings.
pub(super) struct Reported {
    /// Number of the first issue within the element.
    from: usize,
    /// Codes that their systems have not.
    codes: HashSet<usize>,
    /// Displays that their codes have not, and whether that is an error.
    displays: HashMap<usize, bool>,
    /// Systems that nobody knows.
    systems: HashSet<usize>,
    /// Those of the systems that are to be errors.
    raised: HashSet<usize>,
    /// Those of the displays that are right after all.
    withdrawn: HashSet<usize>,
}

impl Reported {
    pub(super) fn of(cx: &Context<'_>, at: Node<'_>) -> Self {
        let begin = at.span().start;
        let issues = &cx.out.issues;
        // What is reported on the way through an element is at it or within it, and that of an element before it came
        // earlier: nothing of another element is in between.
        let within = issues.iter().rev().take_while(|issue| issue.span.start >= begin).count();
        let from = issues.len() - within;
        let mut found = Self {
            from,
            codes: HashSet::new(),
            displays: HashMap::new(),
            systems: HashSet::new(),
            raised: HashSet::new(),
            withdrawn: HashSet::new(),
        };
        for issue in &issues[from..] {
            let (start, is_error) = (issue.span.start, issue.severity.is_error());
            match &issue.message {
                Message::UnknownCode { .. } | Message::UnknownCodeNoVersion { .. } if is_error => {
                    found.codes.insert(start);
                }
                Message::DisplayWrong { .. } => {
                    *found.displays.entry(start).or_default() |= is_error;
                }
                message if is_unknown_system(message) => {
                    found.systems.insert(start);
                }
                _ => {}
            }
        }
        found
    }

    /// A system of HL7's that is not known is an error where a code of it is required.
    pub(super) fn raise_system(&mut self, coding: Element<'_>, system: Option<&str>) {
        if self.systems.is_empty() || !system.is_some_and(coding::is_of_hl7) {
            return;
        }
        let system = single(coding, &SYSTEM).map(|system| system.node().span().start);
        self.raised.extend(system.filter(|start| self.systems.contains(start)));
    }

    /// A display that the bound value set gives the code is right, whatever the code system calls
    /// it: a finding made of the Coding alone is withdrawn.
    pub(super) fn named_by(
        &mut self,
        coding: Element<'_>,
        set: &ValueSet,
        system: &str,
        code: &str,
    ) {
        if self.displays.is_empty() {
            return;
        }
        let Some(display) = single(coding, &DISPLAY) else { return };
        let start = display.node().span().start;
        if !self.displays.contains_key(&start) {
            return;
        }
        let Some(text) = display.text() else { return };
        if set.texts(system, code).iter().any(|known| same_display(known, &text)) {
            self.displays.remove(&start);
            self.withdrawn.insert(start);
        }
    }

    /// The display of a coding, if it has been reported as an error.
    pub(super) fn wrong_display<'a>(&self, coding: Element<'a>) -> Option<Cow<'a, str>> {
        if self.displays.is_empty() {
            return None;
        }
        let display = single(coding, &DISPLAY)?;
        let is_error = *self.displays.get(&display.node().span().start)?;
        is_error.then(|| display.text()).flatten()
    }

    /// Whether the code of a coding has been reported as one that its system has not.
    pub(super) fn has_unknown_code(&self, coding: Element<'_>) -> bool {
        !self.codes.is_empty()
            && single(coding, &CODE)
                .is_some_and(|code| self.codes.contains(&code.node().span().start))
    }

    /// Raises and withdraws what is to be, among the issues.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        if self.raised.is_empty() && self.withdrawn.is_empty() {
            return;
        }
        let mut within = cx.out.issues.split_off(self.from);
        within.retain(|issue| !self.is_withdrawn(issue));
        for issue in &mut within {
            if is_unknown_system(&issue.message) && self.raised.contains(&issue.span.start) {
                issue.severity = Severity::Error;
            }
        }
        cx.out.issues.append(&mut within);
        self.raised.clear();
        self.withdrawn.clear();
    }

    fn is_withdrawn(&self, issue: &Issue) -> bool {
        matches!(issue.message, Message::DisplayWrong { .. })
            && self.withdrawn.contains(&issue.span.start)
    }
}

fn is_unknown_system(message: &Message) -> bool {
    matches!(
        message,
        Message::UnknownCodeSystem { .. }
            | Message::UnknownCodeSystemVersion { .. }
            | Message::UnknownCodeSystemVersionNone { .. }
    )
}
