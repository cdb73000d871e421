//! Where in the XML a place of the JSON comes from.

use crate::location::SourceLocation;

/// A text that was turned into JSON.
#[derive(Debug)]
pub struct Converted {
    /// The JSON text, on one line.
    pub json: String,
    /// Where its parts come from.
    pub map: XmlMap,
}

/// Places of a JSON text in the XML that it was made of.
#[derive(Debug, Default)]
pub struct XmlMap {
    /// Byte offset in the JSON, location in the XML; ascending.
    places: Vec<(usize, SourceLocation)>,
}

impl XmlMap {
    pub(super) fn add(&mut self, json: usize, xml: SourceLocation) {
        self.places.push((json, xml));
    }

    /// The location in the XML of what is at a byte offset of the JSON: that of the innermost element
    /// that begins at it or before it.
    #[must_use]
    pub fn location(&self, json: usize) -> SourceLocation {
        let after = self.places.partition_point(|(at, _)| *at <= json);
        after.checked_sub(1).map_or(SourceLocation::START, |at| self.places[at].1)
    }
}
