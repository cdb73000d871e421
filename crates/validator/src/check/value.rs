//! Values of primitive elements and the rules an element's definition has for
//! them.

use lmr_fhir::{Element, Kind, Severity};

use crate::compile::TypeRule;
use crate::definitions::BindingStrength;
use crate::issue::Arg;
use crate::messages::Message;
use crate::options::HtmlInMarkdown;
use crate::check::primitive::{self, Json, Primitive};
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
                let args = vec![found, Arg::Name(def.element().name().to_owned())];
                self.issue(Message::MustBeSimple, node, args, def.profile);
                return;
            }
            match (kind.json(), node.kind()) {
                (Json::Boolean, Kind::Boolean)
                | (Json::Number, Kind::Number)
                | (Json::String, Kind::String) => {}
                // Reported where it was read.
                (_, Kind::Bare) => {}
                (Json::Boolean, _) => {
                    self.issue(Message::JsonNotBoolean, node, Vec::new(), def.profile);
                }
                (Json::Number, _) => {
                    self.issue(Message::JsonNotNumber, node, Vec::new(), def.profile);
                }
                (Json::String, _) => {
                    self.issue(Message::JsonNotString, node, Vec::new(), def.profile);
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
            for fault in &faults {
                let arg = match fault {
                    Message::ResourceIdLength => Arg::from(text.chars().count()),
                    _ => Arg::Value(primitive::shown(&text).into_owned()),
                };
                self.issue(*fault, node, vec![arg], def.profile);
            }
            if faults.is_empty() {
                self.text_checks(item, kind, &text, def);
            }
        }
        if is_blank {
            self.only_extended(item, defs);
        }
        if !item.has_value() && item.sibling().is_some_and(|s| s.members().next().is_none()) {
            self.issue(Message::PrimitiveValueExt, item.node(), Vec::new(), def.profile);
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
            self.issue(Message::ResourceIdExtended, item.node(), Vec::new(), def.profile);
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
                let args = vec![Arg::Url(value_set.to_string())];
                self.issue(Message::CodeOnlyExtended, item.node(), args, def.profile);
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
            self.issue(
                Message::PrimitiveLength,
                item.node(),
                vec![Arg::from(max as usize)],
                def.profile,
            );
        }
        if let Some(pattern) = &element.regex {
            self.regex(item, pattern, Message::PrimitiveRegex, def);
        }
        if let Some(pattern) = ty.and_then(|ty| ty.of.regex.as_ref()) {
            self.regex(item, pattern, Message::PrimitiveRegexType, def);
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
    fn regex(&mut self, item: Element<'a>, pattern: &str, message: Message, def: Def<'a>) {
        let Some(text) = item.text() else { return };
        let value = Arg::Value(primitive::shown(&text).into_owned());
        let pattern_arg = Arg::Text(pattern.to_owned());
        match self.validator.pattern(pattern) {
            Some(regex) if regex.is_match(&text) => {}
            Some(_) => {
                let args = match message {
                    Message::PrimitiveRegexType => {
                        let name = def.rule.types.first().map_or("", TypeRule::name);
                        vec![value, Arg::Name(name.to_owned()), pattern_arg]
                    }
                    _ => vec![value, pattern_arg],
                };
                self.issue(message, item.node(), args, def.profile);
            }
            // What cannot be asked is told, never passed.
            None => {
                let args = vec![Arg::Name("regex".to_owned()), pattern_arg];
                self.issue(Message::ConstraintCannotEvaluate, item.node(), args, def.profile);
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
            self.issue(message, node, Vec::new(), def.profile);
        }
        match kind {
            Primitive::Date | Primitive::DateTime | Primitive::Instant => {
                if let Some(now) = &self.options.now
                    && primitive::year_of(text)
                        .is_some_and(|year| year > u32::from(now.date().year()) + 80)
                {
                    let args = vec![Arg::Value(text.to_owned())];
                    self.issue(Message::DateTimeReasonable, node, args, def.profile);
                }
            }
            Primitive::Markdown if text.contains('<') && primitive::looks_like_html(text) => {
                let severity = match self.options.html_in_markdown {
                    HtmlInMarkdown::Ignore => return,
                    HtmlInMarkdown::Warning => Severity::Warning,
                    HtmlInMarkdown::Error => Severity::Error,
                };
                self.issue(Message::MarkdownHtml, node, Vec::new(), def.profile).severity =
                    severity;
            }
            Primitive::Xhtml => self.narrative(item, text, def),
            Primitive::Uri | Primitive::Url
                if text.starts_with('#') && self.options.hints && !self.has_id(&text[1..]) =>
            {
                let args = vec![Arg::Value(primitive::shown(text).into_owned())];
                self.issue(Message::UrlInternal, node, args, def.profile);
            }
            Primitive::Uri | Primitive::Url | Primitive::Oid
                if !self.options.example_urls && is_example(text) =>
            {
                let args = vec![Arg::Value(primitive::shown(text).into_owned())];
                self.issue(Message::UrlExample, node, args, def.profile);
            }
            _ => {}
        }
    }
}

/// Whether an address is one that examples use.
pub(crate) fn is_example(url: &str) -> bool {
    ["example.org", "acme.com"].iter().any(|e| url.contains(e))
}
