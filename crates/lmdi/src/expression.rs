//! Locations as FHIRPath texts.

/// The location with no `[n]`: which element it is, of whichever repetition.
pub(crate) fn without_indices(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut inside = false;
    for c in expression.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
