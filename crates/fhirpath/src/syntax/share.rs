//! What an expression asks more than once gets a number, so that the evaluator can keep the answer:
//! paths taken again from the same element, and conditions in loops that depend on no item.

use std::collections::HashMap;

use super::ast::{Constant, Expr, Kind};
use super::each::each_part_mut;
use crate::functions::{Arguments, Function, Shape};

/// Numbers the repeated paths of an expression, from 1; all other nodes keep 0.
pub(super) fn number_repeated_paths(root: &mut Expr) {
    let mut counts: HashMap<String, (u32, u16)> = HashMap::new();
    each_path(root, &mut |path, _| counts.entry(path).or_default().0 += 1);
    let mut next = 0u16;
    each_path(root, &mut |path, expr| {
        // One step from the focus is not worth keeping.
        let is_step = path.strip_prefix("$this.").is_some_and(|rest| !rest.contains('.'));
        let Some((2.., number)) = counts.get_mut(&path).filter(|_| !is_step) else { return };
        if *number == 0 && next < u16::MAX {
            next += 1;
            *number = next;
        }
        expr.memo = *number;
    });
}

/// Numbers the conditions that are asked for every item of a collection and look at none of them,
/// like `%resource.type = 'batch'` in `entry.all(…)`, from 1.
pub(super) fn number_fixed_conditions(root: &mut Expr) {
    number_fixed(root, false, &mut 0);
}

fn number_fixed(expr: &mut Expr, in_loop: bool, last: &mut u16) {
    if in_loop && expr.shape == Shape::Logic && *last < u16::MAX {
        let mut looks = false;
        if is_fixed(expr, &mut looks) && looks {
            *last += 1;
            expr.fixed = *last;
            return;
        }
    }
    let of_items = matches!(&expr.kind, Kind::Call { function, .. }
        if function.row().arguments == Arguments::Each);
    let mut at = 0;
    each_part_mut(expr, &mut |part| {
        // The first part is what the function is called on.
        number_fixed(part, in_loop || (of_items && at > 0), last);
        at += 1;
    });
}

/// Whether a condition has the same result wherever it occurs in the expression; `looks` is set
/// when it reads the resource at all.
fn is_fixed(expr: &Expr, looks: &mut bool) -> bool {
    match &expr.kind {
        Kind::Boolean(_) | Kind::Integer(_) | Kind::Text(_) | Kind::Constant(Constant::Text(_)) => {
            true
        }
        Kind::Constant(Constant::Resource | Constant::RootResource) => {
            *looks = true;
            true
        }
        Kind::Member { source, type_like: false, .. } | Kind::HasText { source, .. } => {
            is_fixed(source, looks)
        }
        Kind::Call {
            source,
            function: Function::Exists | Function::Empty | Function::Not | Function::HasValue,
            args,
        } => args.is_empty() && is_fixed(source, looks),
        Kind::All(parts) | Kind::Any(parts) => parts.iter().all(|part| is_fixed(part, looks)),
        Kind::Binary { left, right, .. } => is_fixed(left, looks) && is_fixed(right, looks),
        _ => false,
    }
}

/// Calls `found` for every path that is not the beginning of a longer one.
fn each_path(expr: &mut Expr, found: &mut dyn FnMut(String, &mut Expr)) {
    if let Some(path) = path(expr) {
        return found(path, expr);
    }
    each_part_mut(expr, &mut |part| each_path(part, found));
}

/// The text of a path of names that starts from the focus or from a resource.
pub(super) fn path(expr: &Expr) -> Option<String> {
    let Kind::Member { source, name, type_like: false } = &expr.kind else { return None };
    let mut text = match &source.kind {
        Kind::Focus | Kind::This => String::from("$this"),
        Kind::Constant(Constant::Resource) => String::from("%resource"),
        Kind::Constant(Constant::RootResource) => String::from("%rootResource"),
        Kind::Member { .. } => path(source)?,
        _ => return None,
    };
    text.push('.');
    text.push_str(name.as_str());
    Some(text)
}
