//! Random conditions on random data: what [`Quick`] gives, the [`Engine`] gives too, in all three values.

use lmr_fhir::{Document, ParseOptions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Quick, is_plain};
use crate::env::Env;
use crate::error::EvalErrorKind;
use crate::eval::Engine;
use crate::expression::Expression;
use crate::item::Item;
use crate::model::Typed;

#[path = "../../../tests/model/mod.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "the tests' own model")]
mod model;

/// Names of members in the model, as children of what they are children of and of what they are not, of
/// choices, and one that is nowhere.
const NAMES: &[&str] = &[
    "name",
    "given",
    "family",
    "use",
    "identifier",
    "system",
    "code",
    "coding",
    "text",
    "contact",
    "relationship",
    "active",
    "gender",
    "deceased",
    "extension",
    "url",
    "contained",
    "id",
    "nothing",
    "managingOrganization",
    "reference",
    "status",
    "category",
    "subject",
    "entry",
    "request",
    "method",
    "resource",
    "fullUrl",
    "type",
];
const TEXTS: &[&str] = &["official", "a", "b", "", "http://a.no", "male", "POST"];

/// A random choice after another; nothing more at the end, so that what is made of it ends too.
struct Tape<'t>(std::slice::Iter<'t, u8>);

impl Tape<'_> {
    fn next(&mut self, of: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % of)
    }

    fn one<'o>(&mut self, of: &[&'o str]) -> &'o str {
        of[self.next(of.len())]
    }
}

fn path(tape: &mut Tape<'_>) -> String {
    let start = match tape.next(8) {
        0 => "%resource.",
        1 => "$this.",
        2 => "%rootResource.",
        _ => "",
    };
    let names: Vec<&str> = (0..=tape.next(3)).map(|_| tape.one(NAMES)).collect();
    format!("{start}{}", names.join("."))
}

fn condition(tape: &mut Tape<'_>, depth: usize) -> String {
    let path = path(tape);
    // Leaves first: they end the recursion.
    let kinds = if depth == 0 { 6 } else { 14 };
    match tape.next(kinds) {
        0 => format!("{path}.exists()"),
        1 => format!("{path}.empty()"),
        2 => format!("{path} {} '{}'", tape.one(&["=", "!="]), tape.one(TEXTS)),
        3 => format!("{path}.hasValue()"),
        4 => {
            let function = tape.one(&["startsWith", "endsWith", "contains"]);
            format!("{path}.{function}('{}')", tape.one(TEXTS))
        }
        5 => format!("({path} = 'a' or {path} = 'b' or {path} = 'official')"),
        6 => format!("{path}.exists({})", condition(tape, depth - 1)),
        7 => format!("{path}.all({})", condition(tape, depth - 1)),
        8 => format!(
            "{path}.where({}).{}",
            condition(tape, depth - 1),
            tape.one(&["exists()", "empty()"])
        ),
        9 => format!("({}).not()", condition(tape, depth - 1)),
        10 => {
            format!("(({}) implies ({}))", condition(tape, depth - 1), condition(tape, depth - 1))
        }
        11 => {
            let operator = tape.one(&["=", "!="]);
            format!(
                "(({}) {operator} ({}))",
                condition(tape, depth - 1),
                condition(tape, depth - 1)
            )
        }
        n => {
            let operator = if n == 12 { " and " } else { " or " };
            let parts: Vec<String> = (0..2 + tape.next(2))
                .map(|_| format!("({})", condition(tape, depth - 1)))
                .collect();
            format!("({})", parts.join(operator))
        }
    }
}

/// A value for a member: of the right kind, of a wrong one, alone and in a list, null and empty.
fn value(tape: &mut Tape<'_>, depth: usize) -> String {
    match tape.next(if depth == 0 { 6 } else { 12 }) {
        0..=2 => format!("\"{}\"", tape.one(TEXTS)),
        3 => "null".to_owned(),
        4 => tape.one(&["true", "false", "1", "1.50", "{}", "[]"]).to_owned(),
        5 => format!("[\"{}\",null,\"{}\"]", tape.one(TEXTS), tape.one(TEXTS)),
        6..=9 => object(tape, depth - 1, &[]),
        _ => {
            let items: Vec<String> =
                (0..tape.next(4)).map(|_| object(tape, depth - 1, &[])).collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn object(tape: &mut Tape<'_>, depth: usize, first: &[String]) -> String {
    let mut members = first.to_vec();
    for _ in 0..tape.next(6) {
        let name = tape.one(NAMES);
        members.push(match tape.next(10) {
            0 => format!("\"_{name}\":{}", object(tape, 0, &[])),
            1 => format!("\"{name}{}\":\"a\"", tape.one(&["Boolean", "String", "DateTime"])),
            _ => format!("\"{name}\":{}", value(tape, depth)),
        });
    }
    if tape.next(6) == 0 {
        members.push(format!(
            "\"resourceType\":\"{}\"",
            tape.one(&["Patient", "Organization", "Nobody"])
        ));
    }
    format!("{{{}}}", members.join(","))
}

fn resource(tape: &mut Tape<'_>) -> String {
    let of = tape.one(&["Patient", "Observation", "Bundle", "Patient"]);
    object(tape, 3, &[format!("\"resourceType\":\"{of}\"")])
}

#[test]
fn what_is_evaluated_quickly_is_what_the_engine_gives() {
    let model = model::SmallModel::new();
    let mut runner = TestRunner::new(Config { cases: 3000, ..Config::default() });
    // Both sides of every comparison have to occur often, or this would test nothing.
    let answers = std::cell::RefCell::new([0_usize; 4]);
    let tapes = (vec(any::<u8>(), 0..60), vec(any::<u8>(), 0..160));
    let result = runner.run(&tapes, |(of_condition, of_data)| {
        let source = condition(&mut Tape(of_condition.iter()), 3);
        let data = resource(&mut Tape(of_data.iter()));
        let expression = Expression::parse(&source)
            .map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        prop_assert!(is_plain(expression.root()), "{source}");
        let document = Document::parse(&*data, &ParseOptions::lenient())
            .map_err(|error| TestCaseError::fail(format!("{data}: {error}")))?;
        let focus = Typed::resource(document.root_element(), Some(&model));
        let env = Env::new().with_model(&model).with_resource(focus, focus);
        let quick = Quick::new(&env).map(|quick| quick.logic(expression.root(), focus));
        let item = Item::Element(focus);
        let whole = Engine::new(&env, std::slice::from_ref(&item)).run(expression.root());
        let mut answers = answers.borrow_mut();
        match quick {
            Some(Ok(verdict)) => {
                let items = whole
                    .map_err(|error| TestCaseError::fail(format!("{error}: {source} on {data}")))?;
                let wanted = match items.as_slice() {
                    [] => None,
                    [Item::Boolean(value)] => Some(*value),
                    other => {
                        return Err(TestCaseError::fail(format!("{other:?}: {source} on {data}")));
                    }
                };
                prop_assert_eq!(verdict, wanted, "{} on {}", source, data);
                answers[match verdict {
                    Some(true) => 0,
                    Some(false) => 1,
                    None => 2,
                }] += 1;
            }
            Some(Err(_)) => answers[3] += 1,
            None => prop_assert!(false, "there is a model"),
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let [holds, fails, empty, given_up] = answers.into_inner();
    assert!(holds > 300 && fails > 300 && empty > 50, "{holds} {fails} {empty}");
    assert!(given_up < 1500, "{given_up} of 3000 were left to the engine");
}

/// What an expression is known to give without a look at the data, the engine gives too.
#[test]
fn what_is_known_of_absent_members_is_what_the_engine_gives() {
    let model = model::SmallModel::new();
    let mut runner = TestRunner::new(Config { cases: 2000, ..Config::default() });
    let decided = std::cell::Cell::new(0_usize);
    let tapes = (vec(any::<u8>(), 0..60), vec(any::<u8>(), 0..60));
    let result = runner.run(&tapes, |(of_condition, of_data)| {
        let source = condition(&mut Tape(of_condition.iter()), 3);
        let data = resource(&mut Tape(of_data.iter()));
        let expression = Expression::parse(&source)
            .map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        let document = Document::parse(&*data, &ParseOptions::lenient())
            .map_err(|error| TestCaseError::fail(format!("{data}: {error}")))?;
        let root = document.root_element();
        let focus = Typed::resource(root, Some(&model));
        let is_absent = |name: &lmr_fhir::Name| {
            let members = root.value().into_iter().flat_map(lmr_fhir::Node::members);
            members.into_iter().all(|m| !m.name().is_some_and(|n| n.starts_with(name.as_str())))
        };
        if !expression.true_without().iter().any(|set| set.iter().all(is_absent)) {
            return Ok(());
        }
        decided.set(decided.get() + 1);
        let env = Env::new().with_model(&model).with_resource(focus, focus);
        let item = Item::Element(focus);
        let whole = Engine::new(&env, std::slice::from_ref(&item)).run(expression.root());
        // The engine goes from left to right and fails on data of a wrong type before it comes to the part that decides.
        let fails = whole.as_ref().is_err_and(|error| {
            use EvalErrorKind::{NotSingle, Type, Types};
            matches!(error.kind, NotSingle { .. } | Type { .. } | Types { .. })
        });
        let is_true = fails || matches!(whole.as_deref(), Ok([Item::Boolean(true)]));
        prop_assert!(is_true, "{:?}: {} on {}", whole, source, data);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(decided.get() > 200, "{} were decided", decided.get());
}
