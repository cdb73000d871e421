//! What the reader writes and the views read: one flat list of values with flags.

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number, kept as its source text.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`
    Null,
    /// A bare word that is none of the literals; only in lenient reading.
    Bare,
}

pub(crate) const NONE: u32 = u32::MAX;

/// A string with escapes.
pub(crate) const ESCAPED: u8 = 1;
/// A member name with escapes.
pub(crate) const KEY_ESCAPED: u8 = 2;
/// The member name began with `_`; the hash is that of the rest.
pub(crate) const UNDERSCORE: u8 = 4;
/// A duplicate: a member of the same name comes before it, and the first one counts.
pub(crate) const DUPLICATE: u8 = 8;
/// An object with at least one member whose name begins with `_`.
pub(crate) const HAS_UNDERSCORE: u8 = 16;
/// An object with a member that is filed like `resourceType`.
pub(crate) const MAYBE_RESOURCE: u8 = 32;

/// One value of the arena, 32 bytes. Nodes are in source order; a container's contents follow it
/// until `next`.
#[derive(Clone, Debug)]
pub(crate) struct NodeData {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) key_start: u32,
    pub(crate) next: u32,
    pub(crate) parent: u32,
    /// `x` for `_x` and the other way round, [`NONE`] without one.
    pub(crate) sibling: u32,
    pub(crate) hash: u32,
    pub(crate) key_len: u16,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
}
