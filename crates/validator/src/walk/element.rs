//! One occurrence of an element against its rule and those of its slices.

use lmr_fhir::{Element, Kind};
use lmr_fhirpath::TypeId;

use super::{Walker, is_partial};
use crate::check::shared::kind_name;
use crate::check::{self, extension, invariant, reference};
use crate::compile::{Def, Defs, Shape, Special, TypeRule};
use crate::messages::Message;
use crate::statistics::Measured;

impl<'a> Walker<'a> {
    /// Validates one occurrence against its rule and those of its slices.
    pub(super) fn item(
        &mut self,
        item: Element<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
        defs: &Defs<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        match ty.map_or(Shape::Backbone, |t| t.shape) {
            Shape::Primitive => {
                let Some(ty) = ty else { return };
                self.primitive(item, defs, ty);
            }
            Shape::Resource => {
                let found = item.resource_type().unwrap_or_default();
                for def in defs {
                    let mut types = def.rule.types.iter().filter(|t| t.shape == Shape::Resource);
                    let of = types
                        .clone()
                        .find(|t| t.name() == found || lmr_fhir::is_abstract_resource(t.name()))
                        .or_else(|| types.next())
                        .or(ty);
                    if let Some(of) = of {
                        self.inner_resource(item, *def, of);
                    }
                    // What a profile says of the elements of the resource that it has there.
                    if let Some(children) = &def.rule.children {
                        self.members(item, *def, children, true);
                    }
                }
                invariant::check(&mut self.cx, item, defs, None, TypeId::UNKNOWN, None, &mut []);
            }
            Shape::Backbone | Shape::Complex => self.complex(item, parent, parent_def, defs, ty),
        }
    }

    /// A primitive element: its value, its id and extensions, then its rules.
    fn primitive(&mut self, item: Element<'a>, defs: &Defs<'a>, ty: &'a TypeRule) {
        if !check::primitive(&mut self.cx, item, defs, ty) {
            return;
        }
        let def = defs[0];
        // The plain case: a value and nothing beside it, and rules that ask for no more.
        let is_plain = item.sibling().is_none()
            && invariant::has_content(item)
            && defs.iter().all(|def| def.rule.only_content && def.rule.children.is_none())
            && self.cx.profiles.type_asks_only_content(ty);
        if !is_plain {
            let type_def = self.cx.profiles.type_def(ty);
            let extended = def.rule.is_resource_id
                && item.sibling().is_some_and(|s| s.member("extension").is_some());
            if extended {
                self.cx.report(Message::ResourceIdExtended, item.node(), def.profile);
            }
            if !ty.of.is_system() || item.sibling().is_some() {
                self.primitive_children(item, defs, type_def);
            }
            let type_id = self.cx.profiles.type_id(def.rule, Some(ty));
            invariant::check(&mut self.cx, item, defs, type_def, type_id, None, &mut []);
        }
        for def in defs {
            check::value(&mut self.cx, item, *def, Some(ty));
        }
    }

    fn complex(
        &mut self,
        item: Element<'a>,
        parent: Element<'a>,
        parent_def: Def<'a>,
        defs: &Defs<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        let first = defs[0];
        let Some(node) = item.value() else { return };
        if node.kind() != Kind::Object {
            self.cx.report(
                Message::MustBe {
                    expected: kind_name(Kind::Object),
                    found: kind_name(node.kind()),
                    property: first.element().name().to_owned().into(),
                },
                node,
                first.profile,
            );
            return;
        }
        if node.members().next().is_none() {
            self.cx.report(Message::JsonEmptyObject, node, first.profile);
        }
        let special = ty.map_or(Special::None, |t| t.special);
        let extension = (special == Special::Extension)
            .then(|| extension::definition(&self.cx, item))
            .flatten();
        let type_def = ty
            .filter(|t| t.shape == Shape::Complex)
            .and_then(|t| extension.or_else(|| self.cx.profiles.type_def(t)));
        let any_own = defs
            .iter()
            .any(|d| (d.rule.children.is_some() && !is_partial(*d)) || d.rule.content.is_some());
        let mut names = None;
        for def in defs {
            if let Some(children) = &def.rule.children {
                names = Some(self.members(item, *def, children, false));
            } else if let Some(target) = self.cx.profiles.content_def(*def)
                && let Some(children) = &target.rule.children
            {
                names = Some(self.members(item, target, children, false));
            }
        }
        if !any_own {
            match type_def {
                Some(def) => {
                    if let Some(children) = &def.rule.children {
                        names = Some(self.members(item, def, children, false));
                    }
                }
                // A definition that cannot be used is reported: what it asks for is unknown, not wrong.
                None => {
                    let complex = ty.filter(|t| t.shape == Shape::Complex);
                    if let Some((canonical, reason)) =
                        complex.and_then(|t| self.cx.profiles.type_fault(t.name()))
                    {
                        self.cx.report(
                            Message::ProfileNoSnapshot {
                                profile: canonical.into(),
                                reason: reason.bilingual().into(),
                            },
                            node,
                            first.profile,
                        );
                    } else if let Some(base) = self.cx.profiles.backbone_def()
                        // A bare BackboneElement or Element: only what all elements have.
                        && let Some(children) = &base.rule.children
                    {
                        names = Some(self.members(item, base, children, false));
                    }
                }
            }
        }
        let ty_id = self.cx.profiles.type_id(first.rule, ty);
        // A content reference brings the constraints of the element too
        // (https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference).
        let referred = if defs.iter().any(|def| def.rule.content.is_some()) {
            let of = |def: &Def<'a>| self.cx.profiles.content_def(*def);
            Some(defs.iter().copied().chain(defs.iter().filter_map(of)).collect::<Defs<'a>>())
        } else {
            None
        };
        let asked = referred.as_ref().unwrap_or(defs);
        invariant::check(&mut self.cx, item, asked, type_def, ty_id, names, &mut []);
        for def in defs {
            let own = match (ty, &*def.rule.types) {
                // Nearly always there is but one.
                (Some(t), [one]) if std::ptr::eq(t, one) => Some(t),
                _ => ty.and_then(|t| def.rule.types.iter().find(|o| o.name() == t.name())).or(ty),
            };
            check::value(&mut self.cx, item, *def, own);
            if let Some(own) = own {
                self.type_profiles(item, *def, own);
                if own.special == Special::Reference {
                    let mark = self.cx.begin();
                    reference::check(&mut self.cx, item, *def, own);
                    self.cx.end(mark, Measured::Reference);
                }
            }
        }
        check::complex(&mut self.cx, item, special, defs, (parent, parent_def), extension);
    }
}
