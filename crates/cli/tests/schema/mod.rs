//! Whether what the program prints is as docs/schemas says.

use serde_json::Value;

/// What does not fit a JSON Schema, by path. Knows the keywords that our schemas use, and fails for others.
pub(crate) fn misfits(
    schema: &Value,
    root: &Value,
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    for (keyword, wanted) in schema.as_object().expect("a schema") {
        let of_type = |name: &str| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("unknown type {other}"),
        };
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => true,
            "type" => match wanted {
                Value::Array(all) => all.iter().any(|name| of_type(name.as_str().expect("a name"))),
                name => of_type(name.as_str().expect("a name")),
            },
            "enum" => wanted.as_array().expect("a list").contains(value),
            "format" => {
                value.is_null()
                    || value.as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok())
            }
            "required" => {
                let names = wanted.as_array().expect("a list");
                names.iter().all(|name| value.get(name.as_str().expect("a name")).is_some())
            }
            "properties" => {
                for (name, inner) in wanted.as_object().expect("properties") {
                    if let Some(member) = value.get(name) {
                        misfits(inner, root, member, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let more = value.as_object().into_iter().flatten();
                for (name, member) in
                    more.filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)))
                {
                    match wanted {
                        Value::Bool(false) => found.push(format!("{at}/{name}: not in the schema")),
                        inner => misfits(inner, root, member, &format!("{at}/{name}"), found),
                    }
                }
                true
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    misfits(wanted, root, item, &format!("{at}/{n}"), found);
                }
                true
            }
            "anyOf" => wanted.as_array().expect("a list").iter().any(|one| {
                let mut inner = Vec::new();
                misfits(one, root, value, at, &mut inner);
                inner.is_empty()
            }),
            "$ref" => {
                let pointer = wanted.as_str().expect("a reference").trim_start_matches('#');
                misfits(root.pointer(pointer).expect("a definition"), root, value, at, found);
                true
            }
            other => panic!("{other} is not a keyword that this test knows"),
        };
        if !fits {
            found.push(format!("{at}: {keyword}"));
        }
    }
}
