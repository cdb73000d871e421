//! Every message id in the situation it is made for: severity, issue code, place and line. The rows
//! are in `message_ids/*.txt`, a file for each area; their form is described in tests/README.md.

#[path = "message_ids/respell.rs"]
mod respell;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{
    BestPractice, ContainedPolicy, HtmlInMarkdown, Issue, Options, ReferenceCheck, Validator,
};

/// One situation and everything that is to be said of it.
#[derive(Default)]
struct Row {
    title: String,
    definitions: Vec<String>,
    options: Options,
    text: String,
    wanted: Vec<String>,
}

fn rows(text: &str) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            out.push(Row { title: title.to_owned(), ..Row::default() });
            continue;
        }
        // What comes before the first row is for readers.
        let Some(row) = out.last_mut() else { continue };
        if let Some(command) = line.strip_prefix("@ ") {
            row.command(command);
        } else if let Some(wanted) = line.strip_prefix("= ") {
            row.wanted.push(wanted.split_whitespace().collect::<Vec<_>>().join(" "));
        } else if !(line.is_empty() && (row.text.is_empty() || !row.wanted.is_empty())) {
            if !row.text.is_empty() {
                row.text.push('\n');
            }
            row.text.push_str(line);
        }
    }
    out
}

impl Row {
    fn command(&mut self, command: &str) {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        match word {
            // `profile ID TYPE ELEMENTS`: asked of the instance; `define`: only at hand.
            "profile" | "known" => {
                let (id, rest) = rest.split_once(' ').expect("id");
                let (of, elements) = rest.split_once(' ').unwrap_or((rest, ""));
                self.definitions.push(profile(id, of, elements));
                if word == "profile" {
                    self.options.profiles.push(format!("http://test.no/{id}"));
                }
            }
            "define" => self.definitions.push(rest.to_owned()),
            "external" => {
                let (url, text) = rest.split_once(' ').expect("address and resource");
                let document =
                    Document::parse(text.to_owned(), &ParseOptions::lenient()).expect("json");
                self.options.external.insert(url.to_owned(), Arc::new(document));
            }
            "with" => self.option(rest),
            other => panic!("{}: unknown command {other}", self.title),
        }
    }

    fn option(&mut self, option: &str) {
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        let options = &mut self.options;
        match name {
            "security" => options.security_checks = true,
            "best-practice" => options.best_practice = BestPractice::Warning,
            "no-examples" => options.example_urls = false,
            "html-is-error" => options.html_in_markdown = HtmlInMarkdown::Error,
            "comments" => options.allow_comments = true,
            "exists" => options.references = ReferenceCheck::ExistsAndType,
            "valid-targets" => options.references = ReferenceCheck::ExistsAndValid,
            "rest" => options.assume_valid_rest_references = true,
            "no-contained" => options.contained = ContainedPolicy::Ignore,
            "domain" => options.extension_domains.push(value.to_owned()),
            "any-extension" => options.any_extensions = true,
            "profile" => options.profiles.push(value.to_owned()),
            "ids-required" => options.ids_required = true,
            "now" => options.now = lmr_fhirpath::DateTime::parse(value),
            other => panic!("{}: unknown option {other}", self.title),
        }
    }

    fn found(&self, validators: &mut HashMap<Vec<String>, Arc<Validator>>) -> Vec<String> {
        let validator = self.validator(validators);
        validator.validate_text(&self.text, &self.options).iter().map(shown).collect()
    }

    fn validator(&self, validators: &mut HashMap<Vec<String>, Arc<Validator>>) -> Arc<Validator> {
        let validator = validators.entry(self.definitions.clone()).or_insert_with(|| {
            let mut builder = Definitions::builder();
            if !self.definitions.is_empty() {
                let texts = self.definitions.iter().map(String::as_str);
                builder =
                    builder.package(Package::embedded("test", "1", texts).expect("definitions"));
            }
            Arc::new(Validator::builder().definitions(Arc::new(builder.build())).build())
        });
        Arc::clone(validator)
    }
}

fn profile(id: &str, of: &str, elements: &str) -> String {
    let kind =
        if of.ends_with("Extension") || of == "Coding" || of == "Identifier" || of == "Quantity" {
            "complex-type"
        } else {
            "resource"
        };
    let context = if of == "Extension" {
        r#""context":[{"type":"element","expression":"Element"}],"#
    } else {
        ""
    };
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://test.no/{id}","name":"T","status":"active","kind":"{kind}",
        {context}"abstract":false,"type":"{of}","baseDefinition":"http://hl7.org/fhir/StructureDefinition/{of}",
        "derivation":"constraint","differential":{{"element":[{elements}]}}}}"#
    )
}

fn shown(issue: &Issue) -> String {
    let (severity, code) = (issue.severity, issue.code.as_str());
    let place = if issue.expression.is_empty() { "-" } else { &issue.expression };
    format!("{severity} {code} {} {place} {}:{}", issue.id(), issue.line, issue.column)
}

fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/message_ids").join(file);
    let text = std::fs::read_to_string(&path).expect("rows");
    let mut validators = HashMap::new();
    let (mut count, mut wrong) = (0, String::new());
    for row in rows(&text) {
        count += 1;
        let mut found = row.found(&mut validators);
        let mut wanted = row.wanted.clone();
        found.sort();
        wanted.sort();
        if found != wanted {
            wrong.push_str(&format!("\n### {}\n", row.title));
            for one in &found {
                wrong
                    .push_str(&format!("{} {one}\n", if wanted.contains(one) { " " } else { "+" }));
            }
            for one in wanted.iter().filter(|w| !found.contains(w)) {
                wrong.push_str(&format!("- {one}\n"));
            }
        }
    }
    assert!(count > 0, "{file} has no rows");
    assert!(wrong.is_empty(), "{file} (+ found, - wanted):\n{wrong}");
}

#[test]
fn structure() {
    check("structure.txt");
}

#[test]
fn definitions() {
    check("definitions.txt");
}

#[test]
fn primitives() {
    check("primitives.txt");
}

#[test]
fn values() {
    check("values.txt");
}

#[test]
fn slicing() {
    check("slicing.txt");
}

#[test]
fn terminology() {
    check("terminology.txt");
}

#[test]
fn references() {
    check("references.txt");
}

#[test]
fn extensions() {
    check("extensions.txt");
}

#[test]
fn bundle() {
    check("bundle.txt");
}

#[test]
fn invariants() {
    check("invariants.txt");
}

#[test]
fn narrative() {
    check("narrative.txt");
}

#[test]
fn json() {
    check("json.txt");
}

/// Where a string of a JSON text ends, in turn.
fn ends_of_strings(text: &str) -> Vec<usize> {
    let (mut out, mut inside, mut escaped) = (Vec::new(), false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !inside => inside = true,
            '"' if !escaped => {
                inside = false;
                out.push(at);
            }
            _ => {}
        }
        escaped = inside && c == '\\' && !escaped;
    }
    out
}

/// Every text of every row in turn gets a number that looks like a person's; with redaction no
/// finding may repeat it, nor the reasons behind one.
#[test]
fn redaction_leaves_nothing_of_the_instance() {
    const SECRET: &str = "12855825599";
    fn leaks(issue: &Issue) -> bool {
        let texts = [issue.text_en(), issue.text_nb()];
        texts.iter().chain([&issue.expression, &issue.local_expression]).any(|t| t.contains(SECRET))
            || issue.inner.iter().any(leaks)
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/message_ids");
    let (mut tried, mut leaked) = (0usize, String::new());
    for file in std::fs::read_dir(folder).expect("the folder of rows") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("rows");
        let mut validators = HashMap::new();
        for mut row in rows(&text) {
            row.options.redact_values = true;
            let validator = row.validator(&mut validators);
            for end in ends_of_strings(&row.text) {
                tried += 1;
                let changed = format!("{}{SECRET}{}", &row.text[..end], &row.text[end..]);
                for issue in validator.validate_text(&changed, &row.options) {
                    if leaks(&issue) {
                        leaked.push_str(&format!("{}: {issue}\n", row.title));
                    }
                }
            }
        }
    }
    assert!(tried > 2000, "the test shows too little: {tried}");
    assert!(leaked.is_empty(), "{leaked}");
}

/// What an issue is, apart from where in the text it is found.
fn without_location(issue: &Issue) -> String {
    let place = if issue.expression.is_empty() { "-" } else { &issue.expression };
    format!("{} {} {} {place}", issue.severity, issue.code.as_str(), issue.id())
}

#[test]
fn equal_spellings_of_a_document_have_equal_issues() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/message_ids");
    let mut validators = HashMap::new();
    let (mut count, mut differences) = (0, String::new());
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("rows")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    for file in files.iter().filter(|path| path.extension().is_some_and(|end| end == "txt")) {
        for row in rows(&std::fs::read_to_string(file).expect("rows")) {
            let Ok(document) = Document::parse(&*row.text, &ParseOptions::strict()) else {
                continue;
            };
            if !document.syntax_issues().is_empty() {
                // Of duplicate members the first one counts: their order is part of the document.
                continue;
            }
            let validator = row.validator(&mut validators);
            let issues = |text: &str| {
                let mut issues: Vec<String> = validator
                    .validate_text(text, &row.options)
                    .iter()
                    .map(without_location)
                    .collect();
                issues.sort();
                issues
            };
            let wanted = issues(&row.text);
            for seed in 0..8 {
                let mut random = respell::Random::new(seed * 1000 + count);
                let other = respell::respell(document.root(), &mut random);
                let found = issues(&other);
                if found != wanted {
                    differences += &format!(
                        "{}, seed {seed}\n{other}\n  as written {wanted:#?}\n  respelt {found:#?}\n",
                        row.title
                    );
                    break;
                }
            }
            count += 1;
        }
    }
    assert!(count > 250, "only {count} rows");
    assert_eq!(differences, "", "equal documents, other issues");
}
