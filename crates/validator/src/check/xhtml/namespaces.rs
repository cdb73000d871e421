//! The namespaces of a narrative's elements: which prefixes stand for that of XHTML.
//! Rule: <https://www.w3.org/TR/xml-names/>.

use std::collections::HashMap;

use super::Attributes;

/// The namespace of XHTML.
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// What the prefixes stand for where the reading is.
#[derive(Default)]
pub(super) struct Scopes<'t> {
    /// For each prefix whether it is that of XHTML, by each open element that says so, the innermost last.
    bound: HashMap<&'t str, Vec<bool>>,
    /// The prefixes that each open element binds.
    open: Vec<Vec<&'t str>>,
}

impl<'t> Scopes<'t> {
    /// An element begins.
    pub(super) fn open(&mut self, attributes: &Attributes<'t>) {
        let binds = |name: &'t str| name.strip_prefix("xmlns:");
        let mut own = Vec::new();
        for (prefix, value) in
            attributes.iter().filter_map(|(name, value)| Some((binds(name)?, value)))
        {
            self.bound.entry(prefix).or_default().push(value == XHTML);
            own.push(prefix);
        }
        self.open.push(own);
    }

    /// The element that began last ends.
    pub(super) fn close(&mut self) {
        for prefix in self.open.pop().unwrap_or_default() {
            if let Some(of) = self.bound.get_mut(prefix) {
                of.pop();
            }
        }
    }

    /// The name of an element without the prefix that stands for XHTML; as it is written with any other.
    pub(super) fn plain(&self, written: &'t str) -> &'t str {
        match written.split_once(':') {
            Some((prefix, name)) if self.is_xhtml(prefix) => name,
            _ => written,
        }
    }

    fn is_xhtml(&self, prefix: &str) -> bool {
        self.bound.get(prefix).and_then(|of| of.last()) == Some(&true)
    }
}
