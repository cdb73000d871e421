//! The direct parts of an expression, in the order of the text.

use super::ast::{Expr, Kind, Pattern};

/// The parts, for readers (`iter`) and for editors (`iter_mut`).
macro_rules! parts {
    ($kind:expr, $found:ident, $iter:ident) => {
        match $kind {
            Kind::Member { source, .. }
            | Kind::TypeTest { source, .. }
            | Kind::HasText { source, .. } => {
                $found(source);
            }
            Kind::At { source, index } => {
                $found(source);
                $found(index);
            }
            Kind::Call { source, args, .. } => {
                $found(source);
                args.$iter().for_each($found);
            }
            Kind::Regex { source, pattern, substitution, .. } => {
                $found(source);
                if let Pattern::Computed(pattern) = pattern {
                    $found(pattern);
                }
                if let Some(substitution) = substitution {
                    $found(substitution);
                }
            }
            Kind::Negate(inner) | Kind::Posit(inner) => $found(inner),
            Kind::All(parts) | Kind::Any(parts) | Kind::Union(parts) => {
                parts.$iter().for_each($found)
            }
            Kind::Binary { left, right, .. } => {
                $found(left);
                $found(right);
            }
            _ => {}
        }
    };
}

/// Calls `found` for every direct part of an expression.
pub(super) fn each_part_mut(expr: &mut Expr, found: &mut dyn FnMut(&mut Expr)) {
    parts!(&mut expr.kind, found, iter_mut);
}

/// As [`each_part_mut`], without changing them.
pub(crate) fn each_part(expr: &Expr, found: &mut dyn FnMut(&Expr)) {
    parts!(&expr.kind, found, iter);
}
