//! Makes a document smaller while something about it stays true.

use serde_json::Value;

/// Removes members and items, the largest first, as long as `holds` says yes; at most `budget` trials.
pub(crate) fn shrink(
    document: &Value,
    budget: usize,
    mut holds: impl FnMut(&Value) -> bool,
) -> Value {
    let mut best = document.clone();
    let mut left = budget;
    loop {
        let mut parts = Vec::new();
        collect(&best, String::new(), &mut parts);
        parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let mut smaller = None;
        for (pointer, _) in parts {
            if left == 0 {
                return best;
            }
            let mut trial = best.clone();
            if !remove(&mut trial, &pointer) {
                continue;
            }
            left -= 1;
            if holds(&trial) {
                smaller = Some(trial);
                break;
            }
        }
        match smaller {
            Some(found) => best = found,
            None => return best,
        }
    }
}

fn collect(value: &Value, at: String, parts: &mut Vec<(String, usize)>) -> usize {
    let size = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| {
                collect(
                    member,
                    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    parts,
                )
            })
            .sum::<usize>(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(number, item)| collect(item, format!("{at}/{number}"), parts))
            .sum(),
        _ => 0,
    } + 1;
    if !at.is_empty() && !at.ends_with("/resourceType") {
        parts.push((at, size));
    }
    size
}

fn remove(document: &mut Value, pointer: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(&key.replace("~1", "/").replace("~0", "~")).is_some()
        }
        Some(Value::Array(items)) => match key.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}
