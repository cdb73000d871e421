//! References that must lead to something that meets a profile: decided when all units are judged.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Edge, Plan};
use crate::issue::Issue;
use crate::messages::Message;

impl<'a> Plan<'a> {
    /// Which units fail: by themselves, or because a reference of theirs leads
    /// to nothing that fits. References in a circle hold each other up.
    pub(super) fn failed(&self) -> Vec<bool> {
        let mut failed: Vec<bool> = self
            .units
            .iter()
            .map(|u| {
                u.outcome.as_ref().is_none_or(|o| o.issues.iter().any(|i| i.severity.is_error()))
            })
            .collect();
        if !failed.contains(&true) {
            return failed;
        }
        // Who must be asked again when a unit fails.
        let mut askers: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut fresh: Vec<usize> = Vec::new();
        for (at, unit) in self.units.iter().enumerate() {
            for edge in unit.outcome.as_ref().map_or(&[][..], |o| &o.edges) {
                let node = edge.target.node().index();
                for target in edge.profiles.iter().filter_map(|p| self.by_key.get(&(node, *p))) {
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
                let edges = self.units[asker].outcome.as_ref().map_or(&[][..], |o| &o.edges);
                if edges.iter().any(|e| !self.holds(e, &failed)) {
                    failed[asker] = true;
                    fresh.push(asker);
                }
            }
        }
        failed
    }

    pub(super) fn holds(&self, edge: &Edge<'a>, failed: &[bool]) -> bool {
        let node = edge.target.node().index();
        edge.profiles.iter().any(|p| self.by_key.get(&(node, *p)).is_some_and(|&u| !failed[u]))
    }

    /// A target that fits several of the profiles: probably not what was meant.
    fn several_fit(&self, edge: &Edge<'a>, failed: &[bool]) -> Option<Issue> {
        if edge.profiles.len() < 2 {
            return None;
        }
        let node = edge.target.node().index();
        let fitting: Vec<&str> = edge
            .profiles
            .iter()
            .filter(|p| self.by_key.get(&(node, **p)).is_some_and(|&u| !failed[u]))
            .filter_map(|p| self.shared.validator.get(*p))
            .map(|p| &*p.definition.url)
            .collect();
        if fitting.len() < 2 {
            return None;
        }
        Some(self.shared.issue(
            Message::RefMultipleMatches {
                reference: edge.reference().into(),
                profiles: fitting.join(", ").into(),
            },
            edge.at.node(),
            Some(edge.by),
        ))
    }

    pub(super) fn edge_issue(&self, edge: &Edge<'a>, failed: &[bool]) -> Option<Issue> {
        if self.holds(edge, failed) {
            return self.several_fit(edge, failed);
        }
        let names: Vec<&str> = edge
            .profiles
            .iter()
            .filter_map(|p| self.shared.validator.get(*p))
            .map(|p| &*p.definition.url)
            .collect();
        let mut issue = self.shared.issue(
            Message::RefCantMatchChoice {
                reference: edge.reference().into(),
                profiles: names.join(", ").into(),
            },
            edge.at.node(),
            None,
        );
        issue.profile = Some(Arc::clone(&edge.by.canonical));
        let node = edge.target.node().index();
        let mut best: Option<&[Issue]> = None;
        for profile in &edge.profiles {
            let Some(&unit) = self.by_key.get(&(node, *profile)) else { continue };
            let issues = self.units[unit].outcome.as_ref().map_or(&[][..], |o| &o.issues);
            if best.is_none_or(|b| issues.len() < b.len()) {
                best = Some(issues);
            }
        }
        issue.inner = best
            .unwrap_or_default()
            .iter()
            .filter(|i| i.severity.is_error())
            .take(5)
            .cloned()
            .collect();
        Some(issue)
    }

    /// Why a target fits none of the profiles, profile by profile.
    pub(super) fn details(&self, edge: &Edge<'a>, out: &mut Vec<Issue>) {
        let node = edge.target.node().index();
        for id in &edge.profiles {
            let (Some(&unit), Some(profile)) =
                (self.by_key.get(&(node, *id)), self.shared.validator.get(*id))
            else {
                continue;
            };
            let mut issue = self.shared.issue(
                Message::Details {
                    reference: edge.reference().into(),
                    profile: (&profile.canonical).into(),
                },
                edge.at.node(),
                Some(edge.by),
            );
            let issues = self.units[unit].outcome.as_ref().map_or(&[][..], |o| &o.issues);
            issue.inner =
                issues.iter().filter(|i| i.severity.is_error()).take(5).cloned().collect();
            out.push(issue);
        }
    }
}
