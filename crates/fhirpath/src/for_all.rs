//! Invariants about every child of one name, such as `entry.all(…)`: their condition can be tested
//! child by child, so that a caller iterating a long list can test each item as it goes.

use lmr_fhir::Name;

use crate::env::Env;
use crate::error::EvalError;
use crate::eval::Engine;
use crate::eval::quick::{GivenUp, Quick, is_plain};
use crate::expression::Expression;
use crate::functions::Function;
use crate::item::Item;
use crate::model::Typed;
use crate::syntax::{Constant, Expr, Kind, each_part};

/// The condition of `child.all(condition)`.
#[derive(Clone, Copy, Debug)]
pub struct ForAll<'e> {
    child: &'e Name,
    condition: &'e Expr,
    /// Whether it is a condition on plain paths.
    is_plain: bool,
}

impl Expression {
    /// The expression as a condition on each child of one name; `None` where it is more than that,
    /// or depends on the whole (`%context`) or on the index (`$index`).
    pub fn for_all(&self) -> Option<ForAll<'_>> {
        let Kind::Call { source, function: Function::All, args } = &self.root().kind else {
            return None;
        };
        let (Kind::Member { source: from, name, type_like: false }, [condition]) =
            (&source.kind, args.as_slice())
        else {
            return None;
        };
        let of_focus = matches!(from.kind, Kind::Focus | Kind::This);
        (of_focus && is_independent(condition)).then(|| ForAll {
            child: name,
            condition,
            is_plain: is_plain(condition),
        })
    }
}

/// Whether an expression depends on its item and the resource only.
fn is_independent(expr: &Expr) -> bool {
    let own = match &expr.kind {
        Kind::Index | Kind::Total | Kind::Constant(Constant::Context | Constant::Named(_)) => false,
        Kind::Call { function, .. } => {
            !matches!(function, Function::DefineVariable | Function::Trace)
        }
        _ => true,
    };
    let mut parts = own;
    each_part(expr, &mut |part| parts = parts && is_independent(part));
    parts
}

impl<'e> ForAll<'e> {
    /// The children it is about.
    pub fn child(&self) -> &'e Name {
        self.child
    }

    /// Whether the condition holds of all these children. The environment must name the resource
    /// where the condition asks for it.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn holds_for<'a>(
        &self,
        children: impl Iterator<Item = Typed<'a>>,
        env: &Env<'a>,
    ) -> Result<bool, EvalError>
    where
        'e: 'a,
    {
        let children: Vec<Item<'a>> = children.map(Item::Element).collect();
        if self.is_plain
            && let Some(quick) = Quick::new(env)
            && let Ok(verdict) =
                children.iter().filter_map(Item::as_element).try_fold(true, |all, child| {
                    Ok::<bool, GivenUp>(all && quick.logic(self.condition, child)? == Some(true))
                })
        {
            return Ok(verdict);
        }
        Engine::new(env, &children).run_for_all(self.condition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    #[test]
    fn what_holds_of_all_children_is_decided_child_by_child() {
        let text = r#"{"resourceType":"Bundle","type":"batch","entry":[{"id":"a"},{"id":"b"},{"fullUrl":"c"}]}"#;
        let document = Document::parse(text, &ParseOptions::default()).expect("JSON");
        let bundle = Typed::resource(document.root_element(), None);
        for (source, wanted) in [
            ("entry.all(id.exists() or fullUrl.exists())", true),
            ("entry.all(id.exists())", false),
            ("entry.all(id.exists() = (%resource.type = 'batch') or fullUrl = 'c')", true),
        ] {
            let expression = Expression::parse(source).expect("syntax");
            let env = Env::new().with_resource(bundle, bundle);
            let one_by_one = expression.for_all().expect("a condition on each");
            let children = document.root_element().children_named(one_by_one.child());
            let children = children.map(|child| Typed::new(child, bundle.ty));
            assert_eq!(one_by_one.holds_for(children, &env).expect("a result"), wanted, "{source}");
            assert_eq!(expression.test(bundle, &env).expect("a result"), wanted, "{source}");
        }
    }

    #[test]
    fn what_asks_for_more_is_left_whole() {
        for source in [
            "entry.all($index < 3)",
            "entry.all(id = %context.id)",
            "entry.link.all(id.exists())",
            "entry.exists(id.exists())",
            "entry.all(id.exists()) and type.exists()",
        ] {
            assert!(Expression::parse(source).expect("syntax").for_all().is_none(), "{source}");
        }
    }
}
