//! Structs that are read from a row by the names of its columns.

/// A struct whose fields are columns; what begins with `..` is read from the same row. In the place of sqlx's derive, for
/// whose procedural macro every driver would be built a second time. For children of a database's module, whose `Db` it is.
macro_rules! from_row {
    ($visible:vis struct $name:ident {
        $($of_field:vis $field:ident: $type:ty,)*
        $(..$of_part:vis $part:ident: $of:ty,)*
    }) => {
        $visible struct $name {
            $($of_field $field: $type,)*
            $($of_part $part: $of,)*
        }

        impl<'r> sqlx::FromRow<'r, <super::Db as sqlx::Database>::Row> for $name {
            fn from_row(row: &'r <super::Db as sqlx::Database>::Row) -> sqlx::Result<Self> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, stringify!($field))?,)*
                    $($part: <$of as sqlx::FromRow<'r, _>>::from_row(row)?,)*
                })
            }
        }
    };
}
