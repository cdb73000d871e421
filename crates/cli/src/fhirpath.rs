//! `lmr fhirpath`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DateTime, DocumentHost, Env, Expression, Item, Typed, to_json};
use lmr_validator::Validator;

use crate::clock;
use crate::output::{print, read};

/// Evaluate a FHIRPath expression on a resource.
///
/// Prints a JSON line per item: {"type":"...","value":...}. Exit status: 1 when the evaluation fails, 2 for
/// a faulty expression or unusable input.
#[derive(Args)]
pub(crate) struct Fhirpath {
    /// The expression
    expression: String,
    /// A resource as JSON; - is standard input
    file: PathBuf,
    /// Evaluate from the items that this expression gives, one after the other
    #[arg(long, value_name = "EXPR")]
    context: Option<String>,
    /// Refuse names that the definitions do not know
    #[arg(long)]
    strict: bool,
}

impl Fhirpath {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let expression = match Expression::parse(&self.expression) {
            Ok(expression) => expression,
            Err(error) => bail!("the expression cannot be read: {error}"),
        };
        let context = match self.context.as_deref().map(Expression::parse).transpose() {
            Ok(context) => context,
            Err(error) => bail!("--context cannot be read: {error}"),
        };
        let bytes = read(&self.file)?;
        let document = match Document::parse_bytes(&bytes, &ParseOptions::lenient()) {
            Ok(document) => document,
            Err(error) => bail!("{} is not JSON: {error}", self.file.display()),
        };
        let validator = Validator::builder().build();
        let model = validator.fhirpath_model();
        let root = Typed::resource(document.root_element(), Some(model));
        if self.strict {
            let start = context.as_ref().unwrap_or(&expression);
            if let Err(faults) = start.check(model, root.ty) {
                let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
                bail!("the expression does not fit the definitions: {}", list.join("; "));
            }
        }
        let host = DocumentHost::new(&document, Some(model));
        let mut env = Env::new().with_model(model).with_host(&host).with_resource(root, root);
        if let Some(now) =
            DateTime::parse(&clock::oslo(clock::now()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string())
        {
            env = env.with_now(now);
        }
        let starts = match &context {
            None => vec![Item::from(root)],
            Some(context) => match context.evaluate(root, &env) {
                Ok(items) => items.into_iter().collect(),
                Err(error) => return failed("--context", &error),
            },
        };
        let mut out = String::new();
        for start in &starts {
            match expression.evaluate_on(std::slice::from_ref(start), &env) {
                Ok(items) => {
                    for item in &items {
                        writeln!(out, "{}", to_json(item, Some(model)))?;
                    }
                }
                Err(error) => {
                    print(&out)?;
                    return failed("the expression", &error);
                }
            }
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn failed(what: &str, error: &lmr_fhirpath::EvalError) -> anyhow::Result<ExitCode> {
    eprintln!("lmr: {what} cannot be evaluated: {error}");
    Ok(ExitCode::FAILURE)
}
