//! Decides invariants without evaluating them: most are about elements that are absent.

use lmr_fhir::{Document, Name, ParseOptions};

use crate::env::Env;
use crate::eval::Engine;
use crate::expression::Expression;
use crate::functions::Arguments;
use crate::item::Item;
use crate::model::{TypeId, Typed};
use crate::syntax::{Constant, Expr, Kind, Operator, Pattern};

impl Expression {
    /// Sets of child names such that the expression is true of any focus that is a JSON object and
    /// has none of the children of one set. Names of choices are without type: `value` for `valueQuantity`.
    ///
    /// Boolean operators are truth tables without an order of evaluation (FHIRPath N1, section 6.5), so an operand that would
    /// fail, on data of a wrong type, does not count beside one that decides; the engine, which goes from left to right, fails.
    ///
    /// Found by evaluating the expression, or a part of it that decides the whole, on an element
    /// without children; parts that look at anything but children of the focus are left out.
    pub fn true_without(&self) -> Vec<Vec<Name>> {
        let Ok(empty) = Document::parse("{}", &ParseOptions::default()) else { return Vec::new() };
        let mut out = Vec::new();
        deciding(self.root(), true, &mut |part, wanted| {
            let mut names = Vec::new();
            if !reads_children_only(part, &mut names) {
                return;
            }
            let env = Env::new();
            let focus = Item::Element(Typed::new(empty.root_element(), TypeId::UNKNOWN));
            let result = Engine::new(&env, std::slice::from_ref(&focus)).run(part);
            let decided =
                matches!(result.as_deref(), Ok([Item::Boolean(value)]) if *value == wanted);
            if decided && !out.contains(&names) {
                out.push(names);
            }
        });
        out.sort_by_key(Vec::len);
        // A set that contains a smaller one adds nothing.
        let mut least: Vec<Vec<Name>> = Vec::new();
        for set in out {
            if !least.iter().any(|one| one.iter().all(|name| set.contains(name))) {
                least.push(set);
            }
        }
        least
    }
}

/// Calls `found` for each part whose being `wanted` makes the whole so.
fn deciding<'e>(expr: &'e Expr, wanted: bool, found: &mut dyn FnMut(&'e Expr, bool)) {
    found(expr, wanted);
    match &expr.kind {
        Kind::Any(parts) if wanted => parts.iter().for_each(|part| deciding(part, true, found)),
        Kind::All(parts) if !wanted => parts.iter().for_each(|part| deciding(part, false, found)),
        Kind::Binary { operator: Operator::Implies, left, right } if wanted => {
            deciding(left, false, found);
            deciding(right, true, found);
        }
        _ => {}
    }
}

/// Whether the part depends on children of the focus alone; collects their names.
fn reads_children_only(expr: &Expr, names: &mut Vec<Name>) -> bool {
    match &expr.kind {
        Kind::Empty
        | Kind::Boolean(_)
        | Kind::Integer(_)
        | Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Date(_)
        | Kind::DateTime(_)
        | Kind::Time(_)
        | Kind::ZonedTime
        | Kind::Quantity(_)
        | Kind::Constant(Constant::Text(_)) => true,
        Kind::Focus | Kind::This | Kind::Index | Kind::Total | Kind::Constant(_) => false,
        Kind::Member { source, name, type_like } => match source.kind {
            Kind::Focus | Kind::This if !type_like => {
                if !names.contains(name) {
                    names.push(name.clone());
                }
                true
            }
            _ => reads_children_only(source, names),
        },
        Kind::At { source, index } => {
            reads_children_only(source, names) && reads_children_only(index, names)
        }
        Kind::Call { source, function, args } => {
            if !reads_children_only(source, names) {
                return false;
            }
            match function.row().arguments {
                // Nothing is evaluated where there is no item.
                Arguments::Each => true,
                Arguments::Source => false,
                Arguments::Focus | Arguments::Branch => {
                    args.iter().all(|arg| reads_children_only(arg, names))
                }
            }
        }
        Kind::TypeTest { source, .. } | Kind::HasText { source, .. } => {
            reads_children_only(source, names)
        }
        Kind::Regex { source, pattern, substitution, .. } => {
            reads_children_only(source, names)
                && substitution.as_ref().is_none_or(|one| reads_children_only(one, names))
                && match pattern {
                    Pattern::Computed(one) => reads_children_only(one, names),
                    _ => true,
                }
        }
        Kind::Negate(one) | Kind::Posit(one) => reads_children_only(one, names),
        Kind::All(parts) | Kind::Any(parts) | Kind::Union(parts) => {
            parts.iter().all(|part| reads_children_only(part, names))
        }
        Kind::Binary { left, right, .. } => {
            reads_children_only(left, names) && reads_children_only(right, names)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(text: &str) -> Vec<String> {
        let expression = Expression::parse(text).expect("syntax");
        expression
            .true_without()
            .iter()
            .map(|set| set.iter().map(Name::as_str).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn an_invariant_about_absent_children_is_known_to_hold() {
        assert_eq!(
            sets("start.hasValue().not() or end.hasValue().not() or (start <= end)"),
            ["start", "end"]
        );
        assert_eq!(sets("duration.exists() implies duration >= 0"), ["duration"]);
        assert_eq!(sets("contained.contained.empty()"), ["contained"]);
        assert_eq!(sets("total.empty() or (type = 'searchset')"), ["total"]);
        assert_eq!(sets("entry.all(request.exists() = (%resource.type = 'batch'))"), ["entry"]);
    }

    #[test]
    fn what_looks_further_or_fails_on_nothing_has_no_shortcut() {
        for text in [
            "name.exists()",
            "descendants().empty()",
            "%resource.entry.empty()",
            "$this.length() < 3",
            "a.exists() or b.exists()",
        ] {
            assert_eq!(sets(text), Vec::<String>::new(), "{text}");
        }
    }
}
