//! A sample of a group's changes, the same for the same seed.

use std::collections::BTreeSet;

/// Chooses so many, or all where there are no more.
pub(crate) fn choose(all: &[u32], size: usize, seed: u64) -> BTreeSet<u32> {
    let mut left = all.to_vec();
    let mut state = seed;
    let mut chosen = BTreeSet::new();
    while chosen.len() < size && !left.is_empty() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let at = usize::try_from(mixed(state) % left.len() as u64).unwrap_or_default();
        chosen.insert(left.swap_remove(at));
    }
    chosen
}

/// SplitMix64's mixing step.
fn mixed(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_is_of_the_group_and_follows_from_the_seed() {
        let all: Vec<u32> = (10..110).collect();
        let sample = choose(&all, 20, 7);
        assert_eq!(sample.len(), 20);
        assert!(sample.iter().all(|number| all.contains(number)));
        assert_eq!(choose(&all, 20, 7), sample);
        assert_ne!(choose(&all, 20, 8), sample);
        assert_eq!(choose(&all, 200, 7).len(), 100);
        assert_eq!(choose(&[], 5, 7).len(), 0);
    }
}
