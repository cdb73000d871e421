//! One change of each kind that is caught, and some that are not.

pub const LIMIT: u32 = 2 * 3;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Door {
    pub open: bool,
    pub width: i64,
}

pub fn may_pass(age: u32, ticket: bool, banned: bool) -> bool {
    age >= 18 && (ticket || age > 67) && !banned
}

pub fn untested(n: i64) -> i64 {
    n + 1
}

pub fn name(n: i64) -> &'static str {
    match n {
        0 => "none",
        n if n < 0 => "owed",
        1 => "one",
        _ => "many",
    }
}

pub fn sum(values: &[i64]) -> i64 {
    let mut sum = 0;
    for value in values {
        sum += value;
    }
    -(-sum)
}

pub fn wide(base: &Door) -> Door {
    Door { width: base.width * 2, ..base.clone() }
}

pub fn never_ends(mut n: u32) -> u32 {
    let mut steps = 0;
    while n > 0 {
        n -= 1;
        steps += 1;
    }
    steps
}

pub fn chain(value: Option<i64>) -> bool {
    if let Some(n) = value && n > 3 { true } else { false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_pass() {
        assert!(may_pass(18, true, false));
        assert!(!may_pass(17, true, false));
        assert!(!may_pass(18, false, false));
        assert!(!may_pass(18, true, true));
        assert!(may_pass(68, false, false));
        assert!(!may_pass(67, false, false));
    }

    #[test]
    fn names() {
        assert_eq!([-1, 0, 1, 2].map(name), ["owed", "none", "one", "many"]);
    }

    #[test]
    fn sums_and_doors() {
        assert_eq!(sum(&[1, 2]), 3);
        assert_eq!(wide(&Door { open: true, width: 3 }), Door { open: true, width: 6 });
        assert_eq!(never_ends(3), 3);
        assert_eq!(LIMIT, 6);
        assert!(chain(Some(4)) && !chain(Some(3)) && !chain(None));
    }
}
