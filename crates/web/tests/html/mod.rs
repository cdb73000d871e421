//! The forms of a page, as a browser would send them.
#![allow(dead_code, reason = "each test uses a part")]

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// `hidden`, `text`, `password`, `checkbox`, `date`, `textarea`, `select`.
    pub(crate) kind: String,
    /// What is in it; of a box `on` or nothing.
    pub(crate) value: String,
}

/// A form that is posted.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<Field>,
}

impl Form {
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| &*field.value)
    }

    /// The fields that somebody writes in.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.kind != "hidden")
    }

    /// What tells it from other forms of the page.
    pub(crate) fn name(&self) -> String {
        let chosen = ["alert", "kind", "thumbprint", "number"];
        let chosen: Vec<_> = chosen.into_iter().filter_map(|name| self.value(name)).collect();
        format!("{} {}", self.action, chosen.join(" ")).trim_end().to_owned()
    }
}

/// The forms of a page that are posted.
pub(crate) fn forms(page: &str) -> Vec<Form> {
    let forms = page.split("<form ").skip(1);
    let forms = forms.map(|text| text.split("</form>").next().unwrap_or_default());
    forms
        .filter(|text| attribute(tag(text), "method") == Some("post".to_owned()))
        .map(|text| Form {
            action: attribute(tag(text), "action").unwrap_or_default(),
            fields: text.split('<').skip(1).filter_map(|part| field(part, text)).collect(),
        })
        .collect()
}

fn field(part: &str, form: &str) -> Option<Field> {
    let own = tag(part);
    let name = attribute(own, "name");
    let kind = match own.split_whitespace().next()? {
        "input" => attribute(own, "type").unwrap_or_else(|| "text".to_owned()),
        kind @ ("textarea" | "select") => kind.to_owned(),
        _ => return None,
    };
    let name = name?;
    let value = match &*kind {
        "textarea" => unescaped(part.split_once('>')?.1),
        "select" => {
            let (_, options) = form.split_once(own)?;
            let options = options.split("</select>").next()?;
            let chosen = options.split("<option").find(|option| tag(option).ends_with(" selected"));
            let chosen = chosen.unwrap_or_default();
            let text = chosen.split_once('>').map_or("", |(_, text)| text);
            attribute(tag(chosen), "value")
                .unwrap_or_else(|| unescaped(text.split('<').next().unwrap_or_default()))
        }
        "checkbox" => if own.ends_with(" checked") { "on" } else { "" }.to_owned(),
        _ => attribute(own, "value").unwrap_or_default(),
    };
    Some(Field { name, kind, value })
}

/// What is in a tag, without its brackets.
fn tag(text: &str) -> &str {
    text.split('>').next().unwrap_or_default()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split('"').next().map(unescaped)
}

fn unescaped(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
