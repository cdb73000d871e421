//! Paths that an expression takes more than once from the same place get a number, so that the
//! evaluator can walk them once and keep what they lead to.

use std::collections::HashMap;

use super::ast::{Constant, Expr, Kind, Pattern};

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

/// Calls `found` for every path that is not the beginning of a longer one.
fn each_path(expr: &mut Expr, found: &mut dyn FnMut(String, &mut Expr)) {
    if let Some(path) = path(expr) {
        return found(path, expr);
    }
    match &mut expr.kind {
        Kind::Member { source, .. } | Kind::TypeTest { source, .. } => each_path(source, found),
        Kind::At { source, index } => {
            each_path(source, found);
            each_path(index, found);
        }
        Kind::Call { source, args, .. } => {
            each_path(source, found);
            args.iter_mut().for_each(|arg| each_path(arg, found));
        }
        Kind::Regex { source, pattern, substitution, .. } => {
            each_path(source, found);
            if let Pattern::Computed(pattern) = pattern {
                each_path(pattern, found);
            }
            if let Some(substitution) = substitution {
                each_path(substitution, found);
            }
        }
        Kind::Negate(inner) | Kind::Posit(inner) => each_path(inner, found),
        Kind::All(parts) | Kind::Any(parts) | Kind::Union(parts) => {
            parts.iter_mut().for_each(|part| each_path(part, found));
        }
        Kind::Binary { left, right, .. } => {
            each_path(left, found);
            each_path(right, found);
        }
        _ => {}
    }
}

/// The text of a path of names that starts from the focus or from a resource.
fn path(expr: &Expr) -> Option<String> {
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
