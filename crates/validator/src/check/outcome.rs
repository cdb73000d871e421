//! What checking one resource gives: issues, and what is left to do.

use std::ops::Range;

use lmr_fhir::{Element, Node};
use smallvec::SmallVec;

use crate::compile::{Profile, ProfileId};
use crate::issue::Issue;

/// Profiles of one resource: seldom more than two.
pub(crate) type ProfileIds = SmallVec<[ProfileId; 2]>;

/// A resource met in the document, and the profiles it must meet in addition to its own
/// `meta.profile`.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) element: Element<'a>,
    pub(crate) role: Role,
    /// The resource that holds it, for `%rootResource`; itself unless contained.
    pub(crate) container: Element<'a>,
    pub(crate) profiles: ProfileIds,
    /// The profiles of its `meta.profile`, where they have been looked up and all of them can be used.
    pub(crate) own: Option<ProfileIds>,
}

/// How a resource is held by the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Root,
    Contained,
    Entry,
    Parameter,
}

/// A reference whose target must meet one of some profiles. It is decided when all resources are
/// validated, so that chains and circles of references do not lead to recursion.
#[derive(Clone, Debug)]
pub(crate) struct PendingTarget<'a> {
    pub(crate) at: Element<'a>,
    pub(crate) target: Element<'a>,
    pub(crate) container: Element<'a>,
    pub(crate) profiles: ProfileIds,
    /// The profile that asks for it.
    pub(crate) by: &'a Profile,
}

impl PendingTarget<'_> {
    /// The reference as written.
    pub(crate) fn reference(&self) -> String {
        let text = self.at.value().and_then(|n| n.member("reference")).and_then(Node::text);
        text.unwrap_or_default().into_owned()
    }
}

/// What validating one resource against one profile gave.
#[derive(Debug, Default)]
pub(crate) struct Outcome<'a> {
    pub(crate) issues: Vec<Issue>,
    pub(crate) pending: Vec<PendingTarget<'a>>,
    pub(crate) found: Vec<Found<'a>>,
    /// Elements whose value set a profile requires where the type does not.
    pub(crate) required: Vec<Range<usize>>,
    /// Whether an error was left out to bound memory.
    pub(crate) is_cut: bool,
    /// Issues made, left out ones included.
    pub(crate) made: usize,
}

impl Outcome<'_> {
    /// Takes up what validating another part of the same resource gave.
    pub(crate) fn add(&mut self, part: Self) {
        self.issues.extend(part.issues);
        self.pending.extend(part.pending);
        self.found.extend(part.found);
        self.required.extend(part.required);
        self.is_cut |= part.is_cut;
        self.made += part.made;
    }
}
