//! Relations among the members of a finished object: pairs of `x` and `_x`, duplicates.

use std::borrow::Cow;

use super::{Parser, SyntaxIssue, SyntaxIssueKind, unescape};
use crate::arena::{DUPLICATE, HAS_UNDERSCORE, KEY_ESCAPED, NONE, NodeData, UNDERSCORE};

impl Parser<'_> {
    /// Pairs `x` with `_x` and marks duplicate names in a finished object.
    pub(super) fn link_members(&mut self, object: u32) {
        let end = self.nodes.len() as u32;
        let has_underscore = self.nodes[object as usize].flags & HAS_UNDERSCORE != 0;
        const FEW: usize = 24;
        let mut few = [(0u32, 0u32); FEW];
        let mut count = 0;
        let mut at = object + 1;
        while at < end {
            if count == FEW {
                return self.link_many(object, end);
            }
            let hash = self.nodes[at as usize].hash;
            for &(earlier, earlier_hash) in &few[..count] {
                if earlier_hash == hash {
                    self.relate(earlier, at, has_underscore);
                }
            }
            few[count] = (at, hash);
            count += 1;
            at = self.nodes[at as usize].next;
        }
    }

    /// The same for an object with many members, in n log n whatever the names.
    fn link_many(&mut self, object: u32, end: u32) {
        let mut members = Vec::new();
        let mut at = object + 1;
        while at < end {
            members.push(at);
            at = self.nodes[at as usize].next;
        }
        members.sort_by(|&a, &b| {
            let (x, y) = (&self.nodes[a as usize], &self.nodes[b as usize]);
            x.hash.cmp(&y.hash).then_with(|| self.name_of(x).cmp(&self.name_of(y))).then(a.cmp(&b))
        });
        let mut first = 0;
        for i in 1..=members.len() {
            let same = i < members.len() && {
                let (x, y) =
                    (&self.nodes[members[first] as usize], &self.nodes[members[i] as usize]);
                x.hash == y.hash && self.name_of(x) == self.name_of(y)
            };
            if !same {
                let mut seen: [Option<u32>; 2] = [None, None];
                for &member in &members[first..i] {
                    let which = usize::from(self.nodes[member as usize].flags & UNDERSCORE != 0);
                    match seen[which] {
                        Some(earlier) => self.relate(earlier, member, true),
                        None => {
                            seen[which] = Some(member);
                            if let (Some(a), Some(b)) = (seen[0], seen[1]) {
                                self.relate(a.min(b), a.max(b), true);
                            }
                        }
                    }
                }
                first = i;
            }
        }
    }

    fn name_of(&self, node: &NodeData) -> Cow<'_, str> {
        let start = node.key_start as usize;
        let raw = std::str::from_utf8(&self.bytes[start..start + node.key_len as usize])
            .unwrap_or_default();
        if node.flags & KEY_ESCAPED != 0 {
            let text = unescape(raw);
            return Cow::Owned(text.strip_prefix('_').map_or_else(|| text.clone(), str::to_owned));
        }
        Cow::Borrowed(raw.strip_prefix('_').filter(|_| node.flags & UNDERSCORE != 0).unwrap_or(raw))
    }

    /// Two members whose hashes agree: a pair, a duplicate, or two names with one hash.
    fn relate(&mut self, earlier: u32, later: u32, has_underscore: bool) {
        let (a, b) = (&self.nodes[earlier as usize], &self.nodes[later as usize]);
        if b.flags & DUPLICATE != 0
            || a.flags & DUPLICATE != 0
            || self.name_of(a) != self.name_of(b)
        {
            return;
        }
        if a.flags & UNDERSCORE == b.flags & UNDERSCORE {
            self.nodes[later as usize].flags |= DUPLICATE;
            let offset = self.nodes[later as usize].key_start;
            self.syntax_issues.push(SyntaxIssue {
                kind: SyntaxIssueKind::DuplicateKey,
                offset,
                node: later,
            });
        } else if has_underscore && a.sibling == NONE {
            self.nodes[earlier as usize].sibling = later;
            self.nodes[later as usize].sibling = earlier;
        }
    }
}
