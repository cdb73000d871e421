//! The location of an element: its path with the slices it is in.

use std::sync::Arc;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Name of the element, `value[x]` for a choice.
    pub(super) name: Arc<str>,
    /// The slice that is meant, if one is.
    pub(super) slice: Option<Arc<str>>,
}

/// Finds the locations of elements, one after another in the order in which they are written.
///
/// The id names the slices where there is one that fits the path. Without it, what is below
/// the path of a slice that came before belongs to that slice.
#[derive(Default)]
pub(super) struct Locations {
    before: Vec<Step>,
}

impl Locations {
    pub(super) fn next(
        &mut self,
        id: Option<&str>,
        path: &str,
        slice_name: Option<&str>,
    ) -> &[Step] {
        let count = path.split('.').count();
        let by_id = id.filter(|id| id.split('.').count() == count);
        let mut parts = by_id.map(|id| id.split('.'));
        let mut steps = Vec::with_capacity(count);
        let mut follows = true;
        for (depth, name) in path.split('.').enumerate() {
            let before = self.before.get(depth).filter(|before| follows && *before.name == *name);
            follows = before.is_some();
            let is_last = depth + 1 == count;
            let slice = match parts.as_mut().and_then(Iterator::next) {
                Some(part) => part.split_once(':').map(|(_, slice)| slice),
                None if is_last => None,
                None => before.and_then(|before| before.slice.as_deref()),
            };
            let slice = if is_last { slice_name.or(slice) } else { slice };
            steps.push(Step { name: name.into(), slice: slice.map(Arc::from) });
        }
        self.before = steps;
        &self.before
    }
}
