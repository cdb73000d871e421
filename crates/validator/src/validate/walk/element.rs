//! One occurrence of an element against its rule and those of its slices.

use lmr_fhir::{Element, Kind};
use lmr_fhirpath::TypeId;

use super::{Def, Defs, Walker, is_partial};
use crate::compile::{Shape, Special, TypeRule};
use crate::messages::Message;
use crate::validate::kind_name;

impl<'a> Walker<'a> {
    /// Judges one occurrence against its rule and those of its slices.
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
                        .find(|t| {
                            t.name() == found || matches!(t.name(), "Resource" | "DomainResource")
                        })
                        .or_else(|| types.next())
                        .or(ty);
                    if let Some(of) = of {
                        self.inner_resource(item, *def, of);
                    }
                }
                self.invariants(item, defs, None, TypeId::UNKNOWN);
            }
            Shape::Backbone | Shape::Complex => self.complex(item, parent, parent_def, defs, ty),
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
            self.issue(
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
            self.issue(Message::JsonEmptyObject, node, first.profile);
        }
        let type_def = ty.filter(|t| t.shape == Shape::Complex).and_then(|t| {
            let own = if t.special == Special::Extension { self.extension_def(item) } else { None };
            own.or_else(|| self.type_def(t))
        });
        let any_own = defs
            .iter()
            .any(|d| (d.rule.children.is_some() && !is_partial(*d)) || d.rule.content.is_some());
        for def in defs {
            if let Some(children) = &def.rule.children {
                self.members(item, *def, children, false);
            } else if let Some(target) = self.content_def(*def)
                && let Some(children) = &target.rule.children
            {
                self.members(item, target, children, false);
            }
        }
        if !any_own {
            match type_def {
                Some(def) => {
                    if let Some(children) = &def.rule.children {
                        self.members(item, def, children, false);
                    }
                }
                // A definition that cannot be used is told: what it asks for is unknown, not wrong.
                None => {
                    let complex = ty.filter(|t| t.shape == Shape::Complex);
                    if let Some((canonical, reason)) =
                        complex.and_then(|t| self.validator.type_fault(t.name()))
                    {
                        self.issue(
                            Message::ProfileNoSnapshot {
                                profile: canonical.into(),
                                reason: reason.to_string().into(),
                            },
                            node,
                            first.profile,
                        );
                    } else if let Some(base) = self.backbone_def()
                        // A bare BackboneElement or Element: only what all elements have.
                        && let Some(children) = &base.rule.children
                    {
                        self.members(item, base, children, false);
                    }
                }
            }
        }
        let ty_id = self.type_id(first.rule, ty);
        self.invariants(item, defs, type_def, ty_id);
        for def in defs {
            let own = match (ty, &*def.rule.types) {
                // Nearly always there is but one.
                (Some(t), [one]) if std::ptr::eq(t, one) => Some(t),
                _ => ty.and_then(|t| def.rule.types.iter().find(|o| o.name() == t.name())).or(ty),
            };
            self.value_rules(item, *def, own);
            if let Some(own) = own {
                self.type_profiles(item, *def, own);
                if own.special == Special::Reference {
                    self.reference(item, *def, own);
                }
            }
        }
        self.type_checks(item, ty.map_or(Special::None, |t| t.special), defs, parent, parent_def);
    }
}
