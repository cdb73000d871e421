//! Checks that belong to one data type.

use std::collections::HashMap;
use std::sync::LazyLock;

use lmr_fhir::{Element, Kind, Name};

use crate::check::primitive;
use crate::compile::Special;
use crate::messages::Message;
use crate::validate::walk::{Def, Defs, Walker, name};

static SYSTEM: LazyLock<Name> = LazyLock::new(|| name("system"));
static VALUE: LazyLock<Name> = LazyLock::new(|| name("value"));
static CONTAINED: LazyLock<Name> = LazyLock::new(|| name("contained"));

impl<'a> Walker<'a> {
    /// What the type of an element demands beyond its definition.
    pub(crate) fn type_checks(
        &mut self,
        item: Element<'a>,
        special: Special,
        defs: &Defs<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
    ) {
        match special {
            Special::Extension => self.extension(item, defs, parent, parent_def),
            Special::Coding => self.coding(item, defs[0]),
            Special::Attachment => self.attachment(item, defs[0]),
            Special::Identifier => self.identifier(item, defs[0]),
            Special::Quantity => self.quantity_unit(item, defs[0]),
            Special::Narrative => self.narrative_controls(item, defs),
            Special::None | Special::Reference => {}
        }
    }

    fn attachment(&mut self, item: Element<'a>, def: Def<'a>) {
        let text = |n: &str| item.child(&name(n)).and_then(Element::text);
        let has = |n: &str| item.children_named(&name(n)).next().is_some();
        let data = text("data");
        if let (Some(data), Some(size)) = (&data, text("size"))
            && let Some(actual) = primitive::decoded_len(data)
            && let Ok(stated) = size.parse::<i64>()
            && i64::try_from(actual) != Ok(stated)
        {
            self.issue(
                Message::AttachmentSize { stated: stated.to_string().into(), actual },
                item.node(),
                def.profile,
            );
        }
        if data.is_none() && !["url", "data", "contentType", "language"].into_iter().any(has) {
            self.issue(Message::AttachmentNoContent, item.node(), def.profile);
        }
    }

    fn identifier(&mut self, item: Element<'a>, def: Def<'a>) {
        let system = item.child(&SYSTEM).and_then(Element::text);
        let value = item.child(&VALUE).and_then(Element::text);
        let Some(system) = system.filter(|s| !s.is_empty()) else { return };
        if !primitive::is_absolute(&system) {
            self.issue(Message::IdentifierSystem, item.node(), def.profile);
            return;
        }
        let value = value.unwrap_or_default();
        if &*system == "urn:ietf:rfc:3986" {
            if !value.is_empty() && !primitive::is_absolute(&value) {
                self.issue(Message::IdentifierIetf, item.node(), def.profile);
            }
        } else if system.contains("ietf.org/html/rfc4122") {
            if primitive::is_uuid(&value.to_lowercase()) {
                self.issue(
                    Message::IdentifierIetfWrong2 {
                        system: system.into_owned().into(),
                        value: value.into_owned().into(),
                    },
                    item.node(),
                    def.profile,
                );
            } else {
                self.issue(
                    Message::IdentifierIetfWrong { system: system.into_owned().into() },
                    item.node(),
                    def.profile,
                );
            }
        }
    }

    /// dom-3: every contained resource is referred to, or refers to its container.
    pub(crate) fn contained_referenced(
        &mut self,
        item: Element<'a>,
        profile: &crate::compile::Profile,
    ) {
        // What is no resource has been told as such.
        let contained: Vec<Element<'a>> = item
            .children_named(&CONTAINED)
            .filter(|c| {
                c.resource_type()
                    .is_some_and(|of| self.validator.definitions().is_resource_type(&of))
            })
            .collect();
        if contained.is_empty() || self.options.contained == crate::ContainedPolicy::Ignore {
            return;
        }
        let Some(root) = item.value() else { return };
        let id_of = |c: &Element<'a>| {
            c.child(&name("id")).and_then(Element::text).map(std::borrow::Cow::into_owned)
        };
        let ids: Vec<Option<String>> = contained.iter().map(id_of).collect();
        let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, id) in ids.iter().enumerate() {
            by_id.entry(id.as_deref().unwrap_or("")).or_default().push(i);
        }
        let by_node: HashMap<u32, usize> =
            contained.iter().enumerate().map(|(i, c)| (c.node().index(), i)).collect();
        // Each id, and which contained resources name it: the first, and whether others do.
        let mut named: HashMap<String, (Option<usize>, bool)> = HashMap::new();
        let mut used = vec![false; contained.len()];
        // All strings under the resource that are fragments, and those under each contained one.
        let mut stack = vec![(root, None::<usize>)];
        while let Some((node, inside)) = stack.pop() {
            match node.kind() {
                Kind::Object | Kind::Array => {
                    for member in node.members() {
                        let inside = inside.or_else(|| by_node.get(&member.index()).copied());
                        stack.push((member, inside));
                    }
                }
                Kind::String => {
                    let raw = node.raw();
                    if raw.starts_with("\"#")
                        && let Some(text) = node.as_str()
                    {
                        let target = &text[1..];
                        if target.is_empty() {
                            if let Some(i) = inside {
                                used[i] = true;
                            }
                            continue;
                        }
                        match named.get_mut(target) {
                            Some((first, others)) => *others |= *first != inside,
                            None => drop(named.insert(target.to_owned(), (inside, false))),
                        }
                    }
                }
                _ => {}
            }
        }
        for (target, (first, others)) in named {
            for &i in by_id.get(target.as_str()).map_or(&[][..], |list| list.as_slice()) {
                used[i] |= others || first != Some(i);
            }
        }
        for (id, list) in by_id.iter().filter(|(id, _)| !id.is_empty()) {
            for &again in list.iter().skip(1) {
                self.issue(
                    Message::DuplicateId { id: (*id).to_owned().into() },
                    contained[again].node(),
                    profile,
                );
            }
        }
        for ((resource, id), used) in contained.iter().zip(&ids).zip(used) {
            if !used {
                self.issue(
                    Message::ContainedOrphan { id: id.clone().unwrap_or_default().into() },
                    resource.node(),
                    profile,
                );
            }
        }
    }
}
