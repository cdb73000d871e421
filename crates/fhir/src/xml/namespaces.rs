//! The namespaces that are declared where the reading is. Rule: <https://www.w3.org/TR/xml-names/>.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{FHIR, SCHEMA_INSTANCE, XHTML};

/// The namespace of the prefix `xml`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of the prefix `xmlns`.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// A namespace by its number in the text: names of any length are compared where they are declared and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NamespaceId(usize);

impl NamespaceId {
    /// What a name without a prefix and without a default namespace is in.
    pub(super) const NONE: Self = Self(0);
    pub(super) const XML: Self = Self(1);
    pub(super) const XMLNS: Self = Self(2);
    pub(super) const FHIR: Self = Self(3);
    pub(super) const XHTML: Self = Self(4);
    pub(super) const SCHEMA_INSTANCE: Self = Self(5);

    /// The names of those above, each at its number.
    const KNOWN: [&'static str; 6] = ["", XML, XMLNS, FHIR, XHTML, SCHEMA_INSTANCE];
}

/// What a prefix stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'x> {
    prefix: &'x str,
    pub(super) namespace: NamespaceId,
    /// How many elements are open where it is declared, the one that declares it among them.
    pub(super) level: usize,
    /// The binding of the same prefix around it.
    around: usize,
}

/// The bindings of all open elements. Each declaration, use and end costs the length of what is written there, however
/// many others there are.
#[derive(Debug)]
pub(super) struct Namespaces<'x> {
    names: Vec<Cow<'x, str>>,
    ids: HashMap<Cow<'x, str>, NamespaceId>,
    /// Those of inner elements are last. The first one stands for prefixes that nothing declares.
    bindings: Vec<Binding<'x>>,
    /// The innermost binding of each prefix.
    innermost: HashMap<&'x str, usize>,
    /// The innermost binding of the default namespace.
    default: usize,
}

/// Where the binding is that stands for none.
const UNBOUND: usize = 0;

impl<'x> Namespaces<'x> {
    pub(super) fn new() -> Self {
        let nothing =
            Binding { prefix: "", namespace: NamespaceId::NONE, level: 0, around: UNBOUND };
        let mut namespaces = Self {
            names: Vec::new(),
            ids: HashMap::new(),
            bindings: vec![nothing],
            innermost: HashMap::new(),
            default: UNBOUND,
        };
        for name in NamespaceId::KNOWN {
            namespaces.id(Cow::Borrowed(name));
        }
        namespaces.bind("xml", NamespaceId::XML, 0);
        namespaces.bind("xmlns", NamespaceId::XMLNS, 0);
        namespaces
    }

    /// The number of a namespace.
    pub(super) fn id(&mut self, name: Cow<'x, str>) -> NamespaceId {
        if let Some(id) = self.ids.get(&*name) {
            return *id;
        }
        let id = NamespaceId(self.names.len());
        self.names.push(name.clone());
        self.ids.insert(name, id);
        id
    }

    pub(super) fn name(&self, id: NamespaceId) -> &str {
        self.names.get(id.0).map_or("", |name| name)
    }

    /// Takes up a declaration; an empty prefix is the default namespace.
    pub(super) fn bind(&mut self, prefix: &'x str, namespace: NamespaceId, level: usize) {
        let at = self.bindings.len();
        let around = std::mem::replace(self.innermost(prefix), at);
        self.bindings.push(Binding { prefix, namespace, level, around });
    }

    /// Forgets what is declared deeper than a level.
    pub(super) fn leave(&mut self, level: usize) {
        while let Some(last) = self.bindings.pop_if(|last| last.level > level) {
            *self.innermost(last.prefix) = last.around;
        }
    }

    /// What a prefix stands for, an empty one for the default namespace.
    pub(super) fn binding(&self, prefix: &str) -> Binding<'x> {
        let at = match prefix {
            "" => self.default,
            prefix => self.innermost.get(prefix).copied().unwrap_or(UNBOUND),
        };
        self.bindings[at]
    }

    fn innermost(&mut self, prefix: &'x str) -> &mut usize {
        match prefix {
            "" => &mut self.default,
            prefix => self.innermost.entry(prefix).or_insert(UNBOUND),
        }
    }
}
