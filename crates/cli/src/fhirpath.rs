//! `lmr fhirpath`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use lmr_fhir::{Document, Element, Name};
use lmr_fhirpath::{
    DateTime, DocumentHost, Env, Expression, Host, Item, SemanticError, Typed, Unavailable, to_json,
};
use lmr_validator::terminology::{Membership, MissingContent};
use lmr_validator::{Options, Validator};

use crate::clock;
use crate::input::{document, each_text};
use crate::output::{Language, print};
use crate::text::{Explain, chain, fail, text};

/// Bytes of results that are kept before they are printed.
const PRINTED_AT_ONCE: usize = 1 << 20;

/// Evaluate a FHIRPath expression on a resource.
///
/// Prints a JSON line per item: {"type":"...","value":...}. Exit status: 1 when the evaluation fails, 2 for
/// a faulty expression or unusable input.
#[derive(Args)]
pub(crate) struct Fhirpath {
    /// The expression
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// A resource as JSON or XML, or one a line (.ndjson), packed as .gz or not; - is standard input, of any kind
    file: PathBuf,
    /// Evaluate from the items that this expression gives, one after the other
    #[arg(long, value_name = "EXPR")]
    context: Option<String>,
    /// Do not check the names of the expression against the definitions first
    #[arg(long)]
    no_check: bool,
}

impl Fhirpath {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let expression = Expression::parse(&self.expression)
            .explain(|| text!("uttrykket kan ikke leses", "the expression cannot be read"))?;
        let context = self
            .context
            .as_deref()
            .map(Expression::parse)
            .transpose()
            .explain(|| text!("--context kan ikke leses", "--context cannot be read"))?;
        let validator = Validator::builder().build();
        let mut code = ExitCode::SUCCESS;
        each_text(&self.file, &mut |line, text| {
            let document = document(&self.file, line, text)?;
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            let Some(of) = document.root_element().resource_type() else {
                fail!(
                    "{file}{line} er ikke en FHIR-ressurs: resourceType mangler",
                    "{file}{line} is not a FHIR resource: it has no resourceType",
                    file = self.file.display()
                );
            };
            // Nothing of the expression could be checked, and a misspelt name would find nothing.
            if !self.no_check && validator.fhirpath_model().type_of_resource(&of).is_none() {
                fail!(
                    "{file}{line}: {of} er ikke en ressurstype i FHIR R4, så navnene i uttrykket kan ikke kontrolleres: rett \
                     resourceType, eller bruk --no-check",
                    "{file}{line}: {of} is not a resource type of FHIR R4, so the names of the expression cannot be checked: \
                     correct resourceType, or use --no-check",
                    file = self.file.display()
                );
            }
            let (out, failed) =
                self.evaluate(&expression, context.as_ref(), &document, &validator)?;
            print(&out)?;
            if let Some(error) = failed {
                crate::output::complain(&format!("lmr: {}", chain(&error, lang)));
                code = ExitCode::FAILURE;
            }
            Ok(())
        })?;
        Ok(code)
    }

    /// A line per item as far as it is not printed yet, and why the evaluation ended early if it did.
    fn evaluate(
        &self,
        expression: &Expression,
        context: Option<&Expression>,
        document: &Document<'_>,
        validator: &Validator,
    ) -> anyhow::Result<(String, Option<anyhow::Error>)> {
        let model = validator.fhirpath_model();
        let root = Typed::resource(document.root_element(), Some(model));
        if !self.no_check && root.ty.is_known() {
            if let Some(context) = context
                && let Err(faults) = context.check(model, root.ty)
            {
                let (nb, en) = in_both(&faults);
                fail!(
                    "--context passer ikke til definisjonene: {nb}",
                    "--context does not fit the definitions: {en}"
                );
            }
            let checked = match context {
                Some(context) => expression.check_from(model, context, root.ty),
                None => expression.check(model, root.ty),
            };
            if let Err(faults) = checked {
                let (nb, en) = in_both(&faults);
                fail!(
                    "uttrykket passer ikke til definisjonene: {nb}",
                    "the expression does not fit the definitions: {en}"
                );
            }
        }
        let host = Definitions { references: DocumentHost::new(document, Some(model)), validator };
        let mut env = Env::new().with_model(model).with_host(&host).with_resource(root, root);
        if let Some(now) = DateTime::parse(&clock::fhir_now()) {
            env = env.with_now(now);
        }
        let mut out = String::new();
        let starts = match context {
            None => vec![Item::from(root)],
            Some(context) => match context.evaluate(root, &env) {
                Ok(items) => items.into_iter().collect(),
                Err(error) => {
                    let error = Err::<(), _>(error).explain(|| {
                        text!("--context kan ikke evalueres", "--context cannot be evaluated")
                    });
                    return Ok((out, error.err()));
                }
            },
        };
        for start in &starts {
            match expression.evaluate_on(std::slice::from_ref(start), &env) {
                Ok(items) => {
                    for item in &items {
                        writeln!(out, "{}", to_json(item, Some(model)))?;
                        // Many items may be the same large resource.
                        if out.len() > PRINTED_AT_ONCE {
                            print(&out)?;
                            out.clear();
                        }
                    }
                }
                Err(error) => {
                    let error = Err::<(), _>(error).explain(|| {
                        text!("uttrykket kan ikke evalueres", "the expression cannot be evaluated")
                    });
                    return Ok((out, error.err()));
                }
            }
        }
        Ok((out, None))
    }
}

/// What is wrong, in bokmål and in English.
fn in_both(faults: &[SemanticError]) -> (String, String) {
    let nb: Vec<String> = faults
        .iter()
        .map(|fault| crate::text::in_bokmal(fault).unwrap_or_else(|| fault.to_string()))
        .collect();
    let en: Vec<String> = faults.iter().map(ToString::to_string).collect();
    (nb.join("; "), en.join("; "))
}

/// Answers from the document and from the definitions.
struct Definitions<'a> {
    references: DocumentHost<'a>,
    validator: &'a Validator,
}

impl<'a> Host<'a> for Definitions<'a> {
    fn resolve(
        &self,
        reference: &str,
        from: Option<Typed<'a>>,
    ) -> Result<Option<Typed<'a>>, Unavailable> {
        self.references.resolve(reference, from)
    }

    fn member_of(&self, item: &Item<'a>, value_set: &str) -> Result<bool, Unavailable> {
        let set = self.validator.definitions().terminology().value_set(value_set);
        let mut missing = None;
        let mut ask = |system: Option<&str>, code: &str| match set.validate(system, code) {
            Membership::Member(_) => true,
            Membership::NotMember => false,
            Membership::Unknown(unknown) => {
                missing = Some(unknown.to_string());
                false
            }
        };
        let found = match item {
            Item::String(code) => ask(None, code),
            Item::Element(typed) => {
                let text =
                    |e: Element<'a>, name: &str| e.child(&Name::new(name)).and_then(Element::text);
                let mut coding = |e: Element<'a>| {
                    text(e, "code").is_some_and(|code| ask(text(e, "system").as_deref(), &code))
                };
                let element = typed.element;
                coding(element)
                    || element.children_named(&Name::new("coding")).any(&mut coding)
                    || element.text().is_some_and(|code| ask(None, &code))
            }
            _ => false,
        };
        // What has no code is in no value set, but an unknown value set is reported all the same.
        let missing = missing.or_else(|| match set.validate(None, "") {
            Membership::Unknown(
                unknown @ (MissingContent::NoValueSet(_) | MissingContent::Unreadable(_)),
            ) => Some(unknown.to_string()),
            _ => None,
        });
        match (found, missing) {
            (true, _) => Ok(true),
            (false, None) => Ok(false),
            (false, Some(missing)) => Err(Unavailable::Content(missing)),
        }
    }

    fn conforms_to(&self, item: &Item<'a>, profile: &str) -> Result<bool, Unavailable> {
        let Item::Element(typed) = item else { return Ok(false) };
        if let Err(error) = self.validator.prepare(profile) {
            return Err(Unavailable::Definition(error.to_string()));
        }
        if typed.element.resource_type().is_none() {
            return Err(Unavailable::Unsupported);
        }
        // The resource is validated on its own, so that what surrounds it does not count.
        let text = typed.element.node().raw();
        let options = Options { profiles: vec![profile.to_owned()], ..Options::default() };
        Ok(!self
            .validator
            .validate_text(text, &options)
            .iter()
            .any(|issue| issue.severity.is_error()))
    }
}
