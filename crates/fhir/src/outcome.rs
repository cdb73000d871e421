//! OperationOutcome, written.

use crate::edit::escape_into;

/// A FHIR OperationOutcome (<https://hl7.org/fhir/R4/operationoutcome.html>) to be written as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationOutcome {
    /// Extensions of the resource itself (for example the file that was validated).
    pub extension: Vec<OutcomeExtension>,
    /// The issues; FHIR wants at least one.
    pub issue: Vec<OutcomeIssue>,
}

/// One `OperationOutcome.issue`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutcomeIssue {
    /// Extensions of the issue.
    pub extension: Vec<OutcomeExtension>,
    /// `fatal`, `error`, `warning` or `information`.
    pub severity: &'static str,
    /// A code of <http://hl7.org/fhir/issue-type>.
    pub code: String,
    /// `details.coding`: system, code and display.
    pub coding: Vec<(String, String, Option<String>)>,
    /// `details.text`.
    pub text: Option<String>,
    /// Translations of `details.text`: language and content (extension `translation`).
    pub translations: Vec<(&'static str, String)>,
    /// `diagnostics`.
    pub diagnostics: Option<String>,
    /// Locations of the elements concerned, in FHIRPath.
    pub expression: Vec<String>,
}

/// An extension with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeExtension {
    /// Its canonical URL, or the bare name of a part.
    pub url: String,
    /// Its value.
    pub value: OutcomeValue,
}

/// What an extension holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeValue {
    /// `valueCode`
    Code(String),
    /// `valueString`
    String(String),
    /// `valueInteger`
    Integer(i64),
    /// `valueUrl`
    Url(String),
    /// Nested extensions.
    Parts(Vec<OutcomeExtension>),
}

impl OutcomeExtension {
    /// An extension from its URL and value.
    pub fn new(url: impl Into<String>, value: OutcomeValue) -> Self {
        Self { url: url.into(), value }
    }
}

impl OperationOutcome {
    /// The resource as compact JSON.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(256 + 384 * self.issue.len());
        self.write(&mut out);
        out
    }

    /// Appends the resource as compact JSON.
    pub fn write(&self, out: &mut String) {
        out.push_str("{\"resourceType\":\"OperationOutcome\"");
        write_extensions(out, &self.extension);
        out.push_str(",\"issue\":[");
        for (i, issue) in self.issue.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            issue.write(out);
        }
        out.push_str("]}");
    }
}

impl OutcomeIssue {
    fn write(&self, out: &mut String) {
        out.push('{');
        let mut first = true;
        if !self.extension.is_empty() {
            write_extension_list(out, &self.extension);
            first = false;
        }
        member(out, "severity", self.severity, &mut first);
        member(out, "code", &self.code, &mut first);
        if !self.coding.is_empty() || self.text.is_some() {
            out.push_str(",\"details\":{");
            let mut first = true;
            if !self.coding.is_empty() {
                out.push_str("\"coding\":[");
                for (i, (system, code, display)) in self.coding.iter().enumerate() {
                    out.push_str(if i > 0 { ",{" } else { "{" });
                    let mut first = true;
                    member(out, "system", system, &mut first);
                    member(out, "code", code, &mut first);
                    if let Some(display) = display {
                        member(out, "display", display, &mut first);
                    }
                    out.push('}');
                }
                out.push(']');
                first = false;
            }
            if let Some(text) = &self.text {
                member(out, "text", text, &mut first);
                if !self.translations.is_empty() {
                    out.push_str(",\"_text\":{");
                    let list: Vec<_> = self
                        .translations
                        .iter()
                        .map(|(lang, text)| translation(lang, text))
                        .collect();
                    write_extension_list(out, &list);
                    out.push('}');
                }
            }
            out.push('}');
        }
        if let Some(diagnostics) = &self.diagnostics {
            member(out, "diagnostics", diagnostics, &mut first);
        }
        if !self.expression.is_empty() {
            out.push_str(",\"expression\":[");
            for (i, expression) in self.expression.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                escape_into(out, expression);
            }
            out.push(']');
        }
        out.push('}');
    }
}

fn translation(language: &str, text: &str) -> OutcomeExtension {
    OutcomeExtension::new(
        "http://hl7.org/fhir/StructureDefinition/translation",
        OutcomeValue::Parts(vec![
            OutcomeExtension::new("lang", OutcomeValue::Code(language.to_owned())),
            OutcomeExtension::new("content", OutcomeValue::String(text.to_owned())),
        ]),
    )
}

fn member(out: &mut String, name: &str, value: &str, first: &mut bool) {
    if !*first {
        out.push(',');
    }
    *first = false;
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
    escape_into(out, value);
}

fn write_extensions(out: &mut String, list: &[OutcomeExtension]) {
    if !list.is_empty() {
        out.push(',');
        write_extension_list(out, list);
    }
}

fn write_extension_list(out: &mut String, list: &[OutcomeExtension]) {
    out.push_str("\"extension\":[");
    for (i, extension) in list.iter().enumerate() {
        out.push_str(if i > 0 { ",{" } else { "{" });
        let parts = match &extension.value {
            OutcomeValue::Parts(parts) => {
                write_extension_list(out, parts);
                true
            }
            _ => false,
        };
        let mut first = !parts;
        member(out, "url", &extension.url, &mut first);
        match &extension.value {
            OutcomeValue::Code(v) => member(out, "valueCode", v, &mut first),
            OutcomeValue::String(v) => member(out, "valueString", v, &mut first),
            OutcomeValue::Url(v) => member(out, "valueUrl", v, &mut first),
            OutcomeValue::Integer(v) => {
                out.push_str(",\"valueInteger\":");
                out.push_str(&v.to_string());
            }
            OutcomeValue::Parts(_) => {}
        }
        out.push('}');
    }
    out.push(']');
}
