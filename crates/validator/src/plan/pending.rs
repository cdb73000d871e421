//! References that must lead to something that meets a profile: decided when all tasks are done.

use std::collections::HashMap;
use std::sync::Arc;

use super::Plan;
use crate::check::outcome::PendingTarget;
use crate::issue::{Issue, reason_of};
use crate::messages::Message;

impl<'a> Plan<'a> {
    /// Which tasks fail: by themselves, or because a reference of theirs leads
    /// to nothing that fits. References in a circle hold each other up.
    pub(super) fn failed(&self) -> Vec<bool> {
        let mut failed: Vec<bool> = self
            .tasks
            .iter()
            .map(|u| {
                u.outcome.as_ref().is_none_or(|o| o.issues.iter().any(Issue::is_against_profile))
            })
            .collect();
        if !failed.contains(&true) {
            return failed;
        }
        // Who must be asked again when a task fails.
        let mut askers: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut fresh: Vec<usize> = Vec::new();
        for (at, task) in self.tasks.iter().enumerate() {
            for target in task.outcome.as_ref().map_or(&[][..], |o| &o.pending) {
                let node = target.target.node().index();
                for target in target.profiles.iter().filter_map(|p| self.by_key.get(&(node, *p))) {
                    askers.entry(*target).or_default().push(at);
                }
            }
            if failed[at] {
                fresh.push(at);
            }
        }
        while let Some(at) = fresh.pop() {
            for &asker in askers.get(&at).map_or(&[][..], |a| a.as_slice()) {
                if failed[asker] {
                    continue;
                }
                let pending = self.tasks[asker].outcome.as_ref().map_or(&[][..], |o| &o.pending);
                if pending.iter().any(|e| !self.holds(e, &failed)) {
                    failed[asker] = true;
                    fresh.push(asker);
                }
            }
        }
        failed
    }

    pub(super) fn holds(&self, target: &PendingTarget<'a>, failed: &[bool]) -> bool {
        let node = target.target.node().index();
        target.profiles.iter().any(|p| self.by_key.get(&(node, *p)).is_some_and(|&u| !failed[u]))
    }

    /// A target that fits several of the profiles: probably not what was meant.
    fn several_fit(&self, target: &PendingTarget<'a>, failed: &[bool]) -> Option<Issue> {
        if target.profiles.len() < 2 {
            return None;
        }
        let node = target.target.node().index();
        let fitting: Vec<&str> = target
            .profiles
            .iter()
            .filter(|p| self.by_key.get(&(node, **p)).is_some_and(|&u| !failed[u]))
            .filter_map(|p| self.shared.profiles.get(*p))
            .map(|p| &*p.definition.url)
            .collect();
        if fitting.len() < 2 {
            return None;
        }
        Some(self.shared.issue(
            Message::RefMultipleMatches {
                reference: target.reference().into(),
                profiles: fitting.join(", ").into(),
            },
            target.at.node(),
            Some(target.by),
        ))
    }

    pub(super) fn pending_issue(
        &self,
        target: &PendingTarget<'a>,
        failed: &[bool],
    ) -> Option<Issue> {
        if self.holds(target, failed) {
            return self.several_fit(target, failed);
        }
        let names: Vec<&str> = target
            .profiles
            .iter()
            .filter_map(|p| self.shared.profiles.get(*p))
            .map(|p| &*p.definition.url)
            .collect();
        let node = target.target.node().index();
        let mut best: Option<&[Issue]> = None;
        for profile in &target.profiles {
            let Some(&task) = self.by_key.get(&(node, *profile)) else { continue };
            let issues = self.tasks[task].outcome.as_ref().map_or(&[][..], |o| &o.issues);
            if best.is_none_or(|b| issues.len() < b.len()) {
                best = Some(issues);
            }
        }
        let inner: Vec<Issue> = best
            .unwrap_or_default()
            .iter()
            .filter(|i| i.severity.is_error())
            .take(5)
            .cloned()
            .collect();
        let mut issue = self.shared.issue(
            Message::RefCantMatchChoice {
                reference: target.reference().into(),
                profiles: names.join(", ").into(),
                because: reason_of(&inner),
            },
            target.at.node(),
            None,
        );
        issue.profile = Some(Arc::clone(&target.by.canonical));
        issue.inner = inner;
        Some(issue)
    }

    /// Why a target fits none of the profiles, profile by profile.
    pub(super) fn details(&self, target: &PendingTarget<'a>, out: &mut Vec<Issue>) {
        let node = target.target.node().index();
        for id in &target.profiles {
            let (Some(&task), Some(profile)) =
                (self.by_key.get(&(node, *id)), self.shared.profiles.get(*id))
            else {
                continue;
            };
            let mut issue = self.shared.issue(
                Message::Details {
                    reference: target.reference().into(),
                    profile: (&profile.canonical).into(),
                },
                target.at.node(),
                Some(target.by),
            );
            let issues = self.tasks[task].outcome.as_ref().map_or(&[][..], |o| &o.issues);
            issue.inner =
                issues.iter().filter(|i| i.severity.is_error()).take(5).cloned().collect();
            out.push(issue);
        }
    }
}
