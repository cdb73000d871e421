//! Replaces frequent forms by nodes of their own that give the same result in fewer steps.

use super::ast::{Expr, Kind, Operator};
use super::each::each_part_mut;
use super::share::path;
use crate::functions::Function;

/// `x.where($this = 'a').exists()` becomes "x has the text a", and several of them joined by `or`
/// about the same path become one question.
pub(super) fn simplify(expr: &mut Expr) {
    each_part_mut(expr, &mut simplify);
    match &mut expr.kind {
        Kind::Call { source, function: Function::Exists, args } => {
            let criterion = match (args.as_slice(), &mut source.kind) {
                ([], Kind::Call { source: inner, function: Function::Where, args }) => {
                    text_wanted(args).map(|text| (take(inner), text))
                }
                (args @ [_], _) => text_wanted(args).map(|text| (take(source), text)),
                _ => None,
            };
            if let Some((source, text)) = criterion {
                expr.kind = Kind::HasText { source: Box::new(source), texts: vec![text] };
            }
        }
        Kind::Any(parts) => {
            merge(parts);
            if let [only] = parts.as_mut_slice() {
                let only = take(only);
                expr.kind = only.kind;
            }
        }
        _ => {}
    }
}

/// The text of `$this = 'text'`.
fn text_wanted(criterion: &[Expr]) -> Option<String> {
    let [Expr { kind: Kind::Binary { operator: Operator::Equal, left, right }, .. }] = criterion
    else {
        return None;
    };
    match (&left.kind, &right.kind) {
        (Kind::This, Kind::Text(text)) | (Kind::Text(text), Kind::This) => Some(text.clone()),
        _ => None,
    }
}

fn take(expr: &mut Expr) -> Expr {
    let location = expr.location;
    std::mem::replace(expr, Expr::new(location, Kind::Empty))
}

/// Puts the texts of neighbours about the same path into one list.
fn merge(parts: &mut Vec<Expr>) {
    let mut merged: Vec<Expr> = Vec::with_capacity(parts.len());
    for mut part in parts.drain(..) {
        if let Kind::HasText { source, texts } = &mut part.kind
            && let Some(Expr { kind: Kind::HasText { source: before, texts: all }, .. }) =
                merged.last_mut()
            && path(source).is_some_and(|own| path(before) == Some(own))
        {
            all.append(texts);
            continue;
        }
        merged.push(part);
    }
    *parts = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        super::super::parse(text).expect("syntax").kind
    }

    #[test]
    fn questions_for_a_text_of_one_path_become_one() {
        let asked = "a.b.where($this = 'x').exists() or a.b.exists($this = 'y') or a.b.where('z' = $this).exists()";
        assert!(matches!(kind(asked), Kind::HasText { texts, .. } if texts == ["x", "y", "z"]));
    }

    #[test]
    fn other_paths_and_other_criteria_stay_apart() {
        let two = kind("a.where($this = 'x').exists() or b.where($this = 'x').exists()");
        assert!(matches!(two, Kind::Any(parts) if parts.len() == 2));
        for text in [
            "a.where($this != 'x').exists()",
            "a.where(b = 'x').exists()",
            "a.where($this = 'x').empty()",
        ] {
            assert!(!matches!(kind(text), Kind::HasText { .. }), "{text}");
        }
    }
}
