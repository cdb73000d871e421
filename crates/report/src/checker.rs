//! What checks a text: the register's rules, or plain FHIR with profiles of the caller's.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use lmr_fhir::xml::{Converted, XmlError, XmlErrorKind};
use lmr_fhir::{
    Bilingual, Bundle, Document, Language, Localized as _, ParseError, ParseOptions, SourceLocation,
};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{
    CheckOptions, ElementLocation, Finding, RuleSet, RuleSetError, RuleSetId, response,
};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::{Package, PackageError};
use lmr_validator::statistics::Statistics;
use lmr_validator::{Options, ProfileError, Used, Validator};
use thiserror::Error;

/// Deepest nesting of XML that is read: the reference validator's for JSON.
pub const MAX_XML_DEPTH: usize = 500;

/// Why a text could not be checked. The fault is the caller's choice of profiles, or this program's.
#[derive(Debug, Error)]
pub enum CheckerError {
    /// A profile that the caller named cannot be used.
    #[error("the profile cannot be used: {0}")]
    Profile(#[from] ProfileError),
    /// A rule set cannot be compiled: a fault of this program.
    #[error(transparent)]
    RuleSet(#[from] RuleSetError),
    /// An embedded definition cannot be read: a fault of this program.
    #[error(transparent)]
    Package(#[from] PackageError),
}

impl CheckerError {
    /// The sentence for people.
    #[must_use]
    pub fn bilingual(&self) -> Bilingual<String> {
        Bilingual::of(|language| match (self, language) {
            (Self::Profile(reason), Language::Bokmal) => {
                format!("profilen kan ikke brukes: {}", reason.bilingual().nb)
            }
            _ => self.to_string(),
        })
    }
}

/// What was found in a text.
#[derive(Debug)]
pub struct Checked {
    /// The rule set it was checked by; `None` is plain FHIR, or a text that cannot be read.
    pub rule_set: Option<RuleSetId>,
    /// What was found. Of a text that cannot be read, why.
    pub findings: Vec<Finding>,
    /// Whether the text is JSON or FHIR XML at all.
    pub is_readable: bool,
    /// Whether there is a resource in it, or something that says that it is one: else nothing was checked.
    pub has_resource: bool,
}

impl Checked {
    /// What is found where there is no resource at all, in a file of lines without one or in an archive: the same as in
    /// any other empty text. Nobody should take it for checked.
    #[must_use]
    pub fn of_no_resource() -> Self {
        let start = ElementLocation { line: 1, column: 1, ..ElementLocation::default() };
        Self::unreadable(Finding::with_text(
            Code::ContentNotJson,
            start,
            "Det er ingen ressurs her, og ingenting å kontrollere.",
            "There is no resource here, and nothing to check.",
        ))
    }

    /// What is found where the text cannot be read, or was not.
    #[must_use]
    pub fn unreadable(finding: Finding) -> Self {
        Self { rule_set: None, findings: vec![finding], is_readable: false, has_resource: false }
    }

    /// Findings that refuse the resource.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.refuses()).count()
    }
}

/// Profiles in addition to those of the register.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Those that every text must meet.
    pub everywhere: Vec<String>,
    /// Those that resources of a type must meet.
    pub by_type: HashMap<String, Vec<String>>,
}

impl Profiles {
    fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.by_type.is_empty()
    }
}

/// What findings come from. Cheap to use from many threads; its rule sets are compiled when first needed.
#[derive(Debug)]
pub struct Checker(Kind);

#[derive(Debug)]
enum Kind {
    Register(Box<ByRegister>),
    Plain(Box<ByProfiles>),
}

#[derive(Debug)]
struct ByRegister {
    chosen: Option<RuleSetId>,
    options: CheckOptions,
    /// The same with one thread, for one of many texts that are checked side by side.
    beside: CheckOptions,
    profiles: Profiles,
    /// Whether to say which version of the guide is needed.
    needs: bool,
}

#[derive(Debug)]
struct ByProfiles {
    validator: Validator,
    options: Options,
    /// With one thread.
    beside: Options,
}

/// How one text is checked.
#[derive(Clone, Copy, Debug, Default)]
struct How<'n> {
    /// Whether others are checked beside it.
    is_beside: bool,
    /// The time of the check, if it is another one than the checker's, and as it is written.
    now: Option<(Timestamp, &'n str)>,
}

impl How<'_> {
    fn of<'o, O>(self, alone: &'o O, beside: &'o O) -> &'o O {
        if self.is_beside { beside } else { alone }
    }
}

impl Checker {
    /// The register's rules: the rule set chosen, or the one that the bundle's type asks for. Further profiles
    /// add to its verdict; `needs` adds which version of the guide is needed, and why.
    #[must_use]
    pub fn of_register(
        chosen: Option<RuleSetId>,
        options: CheckOptions,
        profiles: Profiles,
        needs: bool,
    ) -> Self {
        let beside = CheckOptions { threads: 1, ..options.clone() };
        Self(Kind::Register(Box::new(ByRegister { chosen, options, beside, profiles, needs })))
    }

    /// Plain FHIR R4 with these packages. Profiles that the options name are compiled here, so that what is
    /// wrong with them is known before the first text.
    ///
    /// # Errors
    /// [`CheckerError::Profile`] for a profile that cannot be used.
    pub fn of_profiles<'p>(
        packages: impl IntoIterator<Item: Into<Arc<Package>>>,
        options: Options,
        profiles: impl IntoIterator<Item = &'p String>,
    ) -> Result<Self, CheckerError> {
        let outcomes = response::definitions();
        let outcomes = Package::embedded(
            "lmr",
            env!("CARGO_PKG_VERSION"),
            outcomes.iter().map(String::as_str),
        )?;
        let definitions = Definitions::builder().packages(packages).package(outcomes).build();
        let validator = Validator::builder().definitions(definitions).build();
        for profile in profiles {
            validator.prepare(profile)?;
        }
        let beside = Options { threads: 1, ..options.clone() };
        Ok(Self(Kind::Plain(Box::new(ByProfiles { validator, options, beside }))))
    }

    /// The validator that it asks: the chosen rule set's, or the newest where the text decides.
    ///
    /// # Errors
    /// [`CheckerError::RuleSet`]: a fault of this program.
    pub fn validator(&self) -> Result<&Validator, CheckerError> {
        match &self.0 {
            Kind::Plain(by) => Ok(&by.validator),
            Kind::Register(by) => {
                let id = by.chosen.unwrap_or(RuleSetId::LATEST);
                Ok(by.options.rule_sets.get(id)?.validator())
            }
        }
    }

    /// Which of the caller's wishes met something, where that is noted.
    #[must_use]
    pub fn used(&self) -> Option<&Used> {
        match &self.0 {
            Kind::Plain(by) => by.options.used.as_deref(),
            Kind::Register(_) => None,
        }
    }

    /// Checks one text, in JSON or XML.
    ///
    /// # Errors
    /// [`CheckerError`]; what is wrong with the text is a finding.
    pub fn check(&self, text: &[u8]) -> Result<Checked, CheckerError> {
        self.check_by(text, How::default())
    }

    /// Checks one text as of this time instead of the one that the checker was made for: one that lives for days asks
    /// like this. `written` is the time as a FHIR dateTime, whose offset says which day FHIRPath's `today()` is.
    ///
    /// # Errors
    /// [`CheckerError`]; what is wrong with the text is a finding.
    pub fn check_at(
        &self,
        text: &[u8],
        now: Timestamp,
        written: &str,
    ) -> Result<Checked, CheckerError> {
        self.check_by(text, How { now: Some((now, written)), ..How::default() })
    }

    fn check_by(&self, text: &[u8], how: How<'_>) -> Result<Checked, CheckerError> {
        if is_xml(text) { self.check_xml(text, how) } else { self.check_json(text, how) }
    }

    /// Checks one of many small texts in JSON that are checked side by side, with one thread.
    ///
    /// # Errors
    /// [`CheckerError`]; what is wrong with the text is a finding.
    pub fn check_beside(&self, text: &[u8]) -> Result<Checked, CheckerError> {
        self.check_json(text, How { is_beside: true, now: None })
    }

    fn check_json(&self, text: &[u8], how: How<'_>) -> Result<Checked, CheckerError> {
        let read = || Document::parse_bytes(text, &ParseOptions::lenient());
        let document = match self.statistics() {
            None => read(),
            Some(statistics) => statistics.reading(read),
        };
        match document {
            Ok(document) => self.check_document(&document, how),
            Err(error) => Ok(Checked::unreadable(Finding::unreadable(&error))),
        }
    }

    /// Checks the JSON that an XML text is the same as; findings are located in the XML.
    fn check_xml(&self, text: &[u8], how: How<'_>) -> Result<Checked, CheckerError> {
        let converted = match lmr_validator::xml::to_json(text, MAX_XML_DEPTH) {
            Ok(converted) => converted,
            Err(error) => return Ok(Checked::unreadable(unreadable_xml(error, self.redacts()))),
        };
        let parsed: Result<_, ParseError> =
            Document::parse(converted.json.as_str(), &ParseOptions::lenient());
        let document = match parsed {
            Ok(document) => document,
            Err(error) => {
                let mut finding = Finding::unreadable(&error);
                locate_in_xml(&mut finding, &converted);
                return Ok(Checked::unreadable(finding));
            }
        };
        let mut checked = self.check_document(&document, how)?;
        for finding in &mut checked.findings {
            locate_in_xml(finding, &converted);
        }
        Ok(checked)
    }

    /// Whether findings repeat nothing of the text.
    fn redacts(&self) -> bool {
        match &self.0 {
            Kind::Plain(by) => by.options.redact_values,
            Kind::Register(by) => by.options.redact,
        }
    }

    fn statistics(&self) -> Option<&Statistics> {
        match &self.0 {
            Kind::Plain(by) => by.options.statistics.as_deref(),
            Kind::Register(by) => by.options.statistics.as_deref(),
        }
    }

    fn check_document(
        &self,
        document: &Document<'_>,
        how: How<'_>,
    ) -> Result<Checked, CheckerError> {
        let (rule_set, findings) = match &self.0 {
            Kind::Plain(by) => {
                let mut options = Cow::Borrowed(how.of(&by.options, &by.beside));
                if let Some((_, written)) = how.now {
                    options.to_mut().set_now(written);
                }
                let options = &*options;
                let issues = by.validator.validate(document, options);
                (None, issues.into_iter().map(Finding::from_issue).collect())
            }
            Kind::Register(by) => {
                let mut options = Cow::Borrowed(how.of(&by.options, &by.beside));
                if let Some((now, _)) = how.now {
                    options.to_mut().now = now;
                }
                let options = &*options;
                let (id, findings) = by.findings(document, options)?;
                (Some(id), findings)
            }
        };
        let mut findings: Vec<Finding> = findings;
        for finding in &mut findings {
            locate_at_start(finding, document);
        }
        let has_resource = document.root_element().resource_type().is_some();
        Ok(Checked { rule_set, findings, is_readable: true, has_resource })
    }
}

impl ByRegister {
    fn findings(
        &self,
        document: &Document<'_>,
        options: &CheckOptions,
    ) -> Result<(RuleSetId, Vec<Finding>), CheckerError> {
        let bundle = Bundle::of(document);
        let by_type = || bundle.and_then(|b| RuleSetId::for_bundle_type(&b.kind()?));
        let id = self.chosen.or_else(by_type).unwrap_or(RuleSetId::LATEST);
        let rules = options.rule_sets.get(id)?;
        let mut findings = if bundle.is_some() {
            match rules.check_bundle(document, options) {
                Ok(verdict) => {
                    let entries = verdict.entries.into_iter();
                    let of_entries = entries.flat_map(|entry| entry.findings);
                    verdict.bundle.into_iter().chain(of_entries).collect()
                }
                Err(fault) => vec![Finding::from_fault(&fault)],
            }
        } else if document.root_element().resource_type().is_none() {
            vec![Finding::of(
                Code::ContentNotFhir,
                ElementLocation { line: 1, column: 1, ..ElementLocation::default() },
            )]
        } else {
            rules.check_resource(document, options)
        };
        if !self.profiles.is_empty() {
            add_profiles(rules, document, &self.profiles, options, &mut findings)?;
        }
        if self.needs {
            findings.extend(lmr_lmdi::needs(rules, document, options)?);
        }
        Ok((id, findings))
    }
}

/// What further profiles say in addition to the register's verdict.
fn add_profiles(
    rules: &RuleSet,
    document: &Document<'_>,
    profiles: &Profiles,
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) -> Result<(), CheckerError> {
    let validator = rules.validator();
    for profile in &profiles.everywhere {
        validator.prepare(profile)?;
    }
    let options = Options {
        profiles: profiles.everywhere.clone(),
        global_profiles: profiles.by_type.clone(),
        stop: options.stop.clone(),
        statistics: options.statistics.clone(),
        redact_values: options.redact,
        ..Options::default()
    };
    let key = |of: &Finding| (of.full_expression.clone(), of.message_id().map(ToOwned::to_owned));
    let mut known: HashSet<_> = findings.iter().map(key).collect();
    let found = validator.validate(document, &options).into_iter().map(Finding::from_issue);
    findings.extend(found.filter(|finding| known.insert(key(finding))));
    Ok(())
}

/// Line and column of where the element begins, which is what editors and build services point at; the validator has
/// those behind it, as the reference validator.
fn locate_at_start(finding: &mut Finding, document: &Document<'_>) {
    // What is about no place in the text keeps having none.
    if let Some(span) = finding.span.as_ref().filter(|_| finding.line > 0) {
        let SourceLocation { line, column } = document.location(span.start);
        (finding.line, finding.column) = (line, column);
    }
}

/// Gives a finding its place in the XML instead of the one in the JSON made from it, which nobody sees.
fn locate_in_xml(finding: &mut Finding, converted: &Converted) {
    // The JSON is one line: a column is a character of it.
    let of_column = || {
        let column = (finding.column as usize).checked_sub(1).filter(|_| finding.line > 0)?;
        let end = converted.json.len();
        Some(converted.json.char_indices().nth(column).map_or(end, |(at, _)| at))
    };
    let Some(at) = finding.span.as_ref().map(|span| span.start).or_else(of_column) else { return };
    let location = converted.map.location(at);
    finding.span = None;
    (finding.line, finding.column) = (location.line, location.column);
}

/// A text that begins like XML and is not FHIR XML.
fn unreadable_xml(error: XmlError, redacts: bool) -> Finding {
    let location = ElementLocation {
        line: error.location.line,
        column: error.location.column,
        ..ElementLocation::default()
    };
    let kind = if redacts { error.kind.redacted() } else { error.kind };
    let reason = kind.bilingual();
    let (code, nb, en) = match kind {
        XmlErrorKind::NotUtf8 | XmlErrorKind::OtherEncoding(_) | XmlErrorKind::Declared(_) => {
            (Code::ContentNotUtf8, "", "")
        }
        _ => (Code::ContentNotFhir, " som FHIR XML", " as FHIR XML"),
    };
    Finding::with_text(
        code,
        location,
        format!("Innholdet kan ikke leses{nb}: {}.", reason.nb),
        format!("The content cannot be read{en}: {}.", reason.en),
    )
}

/// Whether the text can only be XML: JSON does not begin like that.
#[must_use]
pub fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        let now = "2026-11-26T12:00:00Z".parse().expect("a time");
        let checker = Checker::of_register(None, CheckOptions::at(now), Profiles::default(), false);
        checker.check(text.as_bytes()).expect("rules").findings
    }

    #[test]
    fn whatever_is_found_in_xml_is_located_in_the_xml() {
        let bundle = |inside: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<!-- a -->\n<Bundle xmlns=\"http://hl7.org/fhir\">\n{inside}\n</Bundle>"
            )
        };
        for (text, line) in [
            (bundle("<type value=\"searchset\"/>"), 4),
            (bundle("<type value=\"transaction\"/>"), 3),
            (bundle(""), 3),
        ] {
            let found = findings(&text);
            assert!(!found.is_empty(), "{text}");
            for finding in &found {
                assert!(finding.line >= 3 && finding.column < 60, "{finding:?}");
            }
            assert!(found.iter().any(|finding| finding.line == line), "{found:?}");
        }
    }

    #[test]
    fn what_a_text_that_is_no_fhir_calls_things_is_withheld() {
        let of =
            |inside: &str| format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>");
        let now = "2026-11-26T12:00:00Z".parse().expect("a time");
        for (text, is_named) in [
            (of("<name Nordmann=\"1\"/>"), true),
            (of("<active value=\"&Nordmann;\"/>"), true),
            (of("&Nordmann;"), true),
            (of("<active></Nordmann>"), true),
            (of("<active Nordmann></active>"), false),
            (of("<active value=Nordmann/>"), false),
            (of("<active value=\"1\" Nordmann=\"1\" Nordmann=\"2\"/>"), false),
            (of("<Nordmann/><active/><Nordmann/>"), true),
            (of("<contained><Organization/><Nordmann/></contained>"), false),
            (of("<name><family value=\"Nordmann\"/>Nordmann</name>"), false),
            (of("<Nordmann xmlns=\"http://nordmann.no\"/>"), true),
            (of("<text><Nordmann xmlns=\"http://www.w3.org/1999/xhtml\"/></text>"), true),
            (of("<birthDate><Nordmann xmlns=\"http://a.no\"/></birthDate>"), true),
            (format!("<?xml version=\"1.0\" encoding=\"Nordmann\"?>{}", of("")), true),
            ("<Nordmann/>".to_owned(), true),
            ("<a:Nordmann/>".to_owned(), false),
            ("<a:Nordmann xmlns:a=\"http://a.no\"/>".to_owned(), true),
            (format!("{}<Nordmann/>", of("")), true),
            ("<!DOCTYPE Nordmann>".to_owned(), false),
        ] {
            let texts = |redact: bool| {
                let options = CheckOptions { redact, ..CheckOptions::at(now) };
                let register = Checker::of_register(None, options, Profiles::default(), false);
                let options = Options { redact_values: redact, ..Options::default() };
                let none: [Package; 0] = [];
                let plain = Checker::of_profiles(none, options, []).expect("FHIR");
                [register, plain].map(|checker| {
                    let checked = checker.check(text.as_bytes()).expect("rules");
                    assert!(!checked.findings.is_empty(), "{text}");
                    format!("{:?}", checked.findings).to_lowercase()
                })
            };
            for said in texts(true) {
                assert!(!said.contains("nordmann"), "{text}: {said}");
            }
            for said in texts(false) {
                assert_eq!(said.contains("nordmann"), is_named, "{text}: {said}");
            }
        }
    }

    #[test]
    fn the_time_of_a_check_is_the_one_asked_for() {
        let at = |text: &str| text.parse().expect("a time");
        let (made, later) = (at("2026-11-26T12:00:00Z"), at("2027-06-01T12:00:00Z"));
        let text = br#"{"resourceType":"Patient","birthDate":"2027-01-01"}"#;
        let profiles = Profiles::default;
        let register = Checker::of_register(None, CheckOptions::at(made), profiles(), false);
        let found = |checked: Checked| {
            checked.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        let (then, now) = (
            found(register.check(text).expect("rules")),
            found(register.check_at(text, later, "2027-06-01T12:00:00Z").expect("rules")),
        );
        let fresh = Checker::of_register(None, CheckOptions::at(later), profiles(), false);
        assert_ne!(then, now);
        assert_eq!(now, found(fresh.check(text).expect("rules")));

        let mut options = Options::default();
        options.set_now("2026");
        let none: [Package; 0] = [];
        let plain = Checker::of_profiles(none, options, []).expect("FHIR");
        for written in ["2027-06-01T12:00:00.123456Z", "2027-06-01T23:00:00.123+02:00"] {
            let mut options = Options::default();
            options.set_now(written);
            assert!(options.now.is_some(), "{written}");
            assert!(plain.check_at(text, later, written).expect("FHIR").is_readable);
        }
    }

    #[test]
    fn a_fault_of_the_bundle_and_one_of_writing_know_their_bytes() {
        let text = "{\n \"resourceType\":\"Bundle\",\n \"type\":\"searchset\"}";
        let found = findings(text);
        let spans: Vec<&str> =
            found.iter().filter_map(|finding| Some(&text[finding.span.clone()?])).collect();
        assert!(spans.contains(&"\"searchset\""), "{spans:?}");
        for (text, wanted) in [
            (
                "{\"resourceType\":\"Patient\",\n\"active\":true,\n\"active\":false}",
                "active\":false",
            ),
            ("{\"resourceType\":\"Patient\",\"active\":true,}", ","),
        ] {
            let found = findings(text);
            let spans: Vec<&str> =
                found.iter().filter_map(|finding| Some(&text[finding.span.clone()?])).collect();
            assert!(spans.contains(&wanted), "{spans:?}");
        }
    }
}
