//! Values of primitive elements and the rules an element's definition has for
//! them.

use lmr_fhir::{Element, Kind, Severity};

use crate::check::primitive::{self, Json, Primitive};
use crate::compile::TypeRule;
use crate::definitions::BindingStrength;
use crate::messages::Message;
use crate::messages::field::{Text, Value};
use crate::options::HtmlInMarkdown;
use crate::validate::walk::{Def, Defs, Walker, has_content};

impl<'a> Walker<'a> {
    /// Judges a primitive element.
    pub(crate) fn primitive(&mut self, item: Element<'a>, defs: &Defs<'a>, ty: &'a TypeRule) {
        let Some(mut kind) = ty.primitive else { return };
        let def = defs[0];
        let is_resource_id = def.rule.is_resource_id;
        if is_resource_id {
            // R4 gives Resource.id the type string by mistake.
            kind = Primitive::Id;
        }
        let mut is_blank = true;
        if let Some(node) = item.value().filter(|n| n.kind() != Kind::Null) {
            if matches!(node.kind(), Kind::Object | Kind::Array) {
                let found = crate::validate::kind_name(node.kind());
                self.issue(
                    Message::MustBeSimple {
                        found,
                        property: def.element().name().to_owned().into(),
                    },
                    node,
                    def.profile,
                );
                return;
            }
            match (kind.json(), node.kind()) {
                (Json::Boolean, Kind::Boolean)
                | (Json::Number, Kind::Number)
                | (Json::String, Kind::String) => {}
                // Reported where it was read.
                (_, Kind::Bare) => {}
                (Json::Boolean, _) => {
                    self.issue(Message::JsonNotBoolean, node, def.profile);
                }
                (Json::Number, _) => {
                    self.issue(Message::JsonNotNumber, node, def.profile);
                }
                (Json::String, _) => {
                    self.issue(Message::JsonNotString, node, def.profile);
                }
            }
            let text = node.text().unwrap_or_default();
            // What has no text may still have extensions.
            is_blank = text.trim_start().is_empty();
            let blank_but_extended =
                is_blank && item.sibling().is_some_and(|s| s.members().next().is_some());
            let mut faults: smallvec::SmallVec<[Message; 2]> = smallvec::SmallVec::new();
            if !blank_but_extended {
                primitive::check(kind, &text, is_resource_id, &mut |m| faults.push(m));
            }
            if faults.is_empty() {
                self.text_checks(item, kind, &text, def);
            }
            for fault in faults {
                self.issue(fault, node, def.profile);
            }
        }
        if is_blank {
            self.only_extended(item, defs);
        }
        if !item.has_value() && item.sibling().is_some_and(|s| s.members().next().is_none()) {
            self.issue(Message::PrimitiveValueExt, item.node(), def.profile);
        }
        // The plain case: a value and nothing beside it, and rules that ask for no more.
        if item.sibling().is_none()
            && has_content(item)
            && defs.iter().all(|def| def.rule.only_content && def.rule.children.is_none())
            && self.type_asks_only_content(ty)
        {
            for def in defs {
                self.value_rules(item, *def, Some(ty));
            }
            return;
        }
        let type_def = self.type_def(ty);
        let extended =
            is_resource_id && item.sibling().is_some_and(|s| s.member("extension").is_some());
        if extended {
            self.issue(Message::ResourceIdExtended, item.node(), def.profile);
        } else if !ty.of.is_system() || item.sibling().is_some() {
            self.primitive_children(item, defs, type_def);
        }
        let type_id = self.type_id(def.rule, Some(ty));
        self.invariants(item, defs, type_def, type_id);
        for def in defs {
            self.value_rules(item, *def, Some(ty));
        }
    }

    /// A code that is required cannot be left to extensions.
    fn only_extended(&mut self, item: Element<'a>, defs: &Defs<'a>) {
        for def in defs {
            if let Some(binding) = &def.element().binding
                && binding.strength == BindingStrength::Required
                && let Some(value_set) = &binding.value_set
            {
                self.issue(
                    Message::CodeOnlyExtended { value_set: value_set.to_string().into() },
                    item.node(),
                    def.profile,
                );
            }
        }
    }

    /// Judges what any rule of an element's definition says of its value.
    pub(crate) fn value_rules(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        if !def.rule.has_value_rules {
            return;
        }
        let element = def.element();
        if let Some(fixed) = &element.fixed {
            self.fixed(item, fixed.json(), false, def);
        }
        if let Some(pattern) = &element.pattern {
            self.fixed(item, pattern.json(), true, def);
        }
        if let Some(max) = element.max_length
            && let Some(text) = item.text()
            && text.chars().count() > max as usize
        {
            self.issue(Message::PrimitiveLength { limit: max as usize }, item.node(), def.profile);
        }
        if let Some(pattern) = &element.regex {
            self.regex(item, pattern, false, def);
        }
        if let Some(pattern) = ty.and_then(|ty| ty.of.regex.as_ref()) {
            self.regex(item, pattern, true, def);
        }
        if element.min_value.is_some() || element.max_value.is_some() {
            self.limits(item, def);
        }
        if element.binding.is_some()
            && let Some(ty) = ty
        {
            self.binding(item, def, ty);
        }
    }

    /// The form that a definition gives by a regular expression (extension `regex`): of the whole
    /// value.
    fn regex(&mut self, item: Element<'a>, pattern: &str, of_type: bool, def: Def<'a>) {
        let Some(text) = item.text() else { return };
        match self.validator.pattern(pattern) {
            Some(regex) if regex.is_match(&text) => {}
            Some(_) => {
                let (value, pattern) = (Value::from(primitive::shown(&text)), pattern.into());
                let message = if of_type {
                    let type_name = def.rule.types.first().map_or("", TypeRule::name).into();
                    Message::PrimitiveRegexType { value, type_name, pattern }
                } else {
                    Message::PrimitiveRegex { value, pattern }
                };
                self.issue(message, item.node(), def.profile);
            }
            // What cannot be asked is told, never passed.
            None => {
                self.issue(
                    Message::ConstraintCannotEvaluate {
                        rule: "regex".into(),
                        reason: Text::defined(pattern),
                    },
                    item.node(),
                    def.profile,
                );
            }
        }
    }

    fn text_checks(&mut self, item: Element<'a>, kind: Primitive, text: &str, def: Def<'a>) {
        let node = item.node();
        if kind != Primitive::Xhtml
            && (kind != Primitive::Markdown || self.options.security_checks)
            && text.contains('<')
            && primitive::looks_like_html(text)
        {
            let message = if self.options.security_checks {
                Message::SecurityStringError
            } else {
                Message::SecurityStringWarning
            };
            self.issue(message, node, def.profile);
        }
        match kind {
            Primitive::Date | Primitive::DateTime | Primitive::Instant => {
                if let Some(now) = &self.options.now
                    && primitive::year_of(text)
                        .is_some_and(|year| year > u32::from(now.date().year()) + 80)
                {
                    self.issue(
                        Message::DateTimeReasonable { value: text.to_owned().into() },
                        node,
                        def.profile,
                    );
                }
            }
            Primitive::Markdown if text.contains('<') && primitive::looks_like_html(text) => {
                let severity = match self.options.html_in_markdown {
                    HtmlInMarkdown::Ignore => return,
                    HtmlInMarkdown::Warning => Severity::Warning,
                    HtmlInMarkdown::Error => Severity::Error,
                };
                self.issue(Message::MarkdownHtml, node, def.profile).severity = severity;
            }
            Primitive::Xhtml => self.narrative(item, text, def),
            Primitive::Uri | Primitive::Url
                if text.starts_with('#') && self.options.hints && !self.has_id(&text[1..]) =>
            {
                self.issue(
                    Message::UrlInternal { value: primitive::shown(text).into_owned().into() },
                    node,
                    def.profile,
                );
            }
            Primitive::Uri | Primitive::Url | Primitive::Oid
                if !self.options.example_urls && is_example(text) =>
            {
                self.issue(
                    Message::UrlExample { value: primitive::shown(text).into_owned().into() },
                    node,
                    def.profile,
                );
            }
            _ => {}
        }
    }
}

/// Whether an address is one that examples use.
pub(crate) fn is_example(url: &str) -> bool {
    ["example.org", "acme.com"].iter().any(|e| url.contains(e))
}
