//! FHIRPath: parse, compile, evaluate on the element tree.
