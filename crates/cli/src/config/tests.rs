use std::path::Path;

use super::receiver::ReceiverConfig;
use super::sender::SenderConfig;

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(docs().join("samples").join(name)).expect("a documented sample")
}

/// `a.b` for every key of a table; arrays of tables count once.
fn keys(table: &toml::Table, prefix: &str, into: &mut Vec<String>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => keys(inner, &name, into),
            toml::Value::Array(items) if items.iter().all(toml::Value::is_table) && !items.is_empty() => {
                into.push(name);
                items.iter().filter_map(toml::Value::as_table).for_each(|t| keys(t, "", into));
            }
            _ => into.push(name),
        }
    }
}

#[test]
fn every_documented_sample_is_read() {
    for name in ["receiver.toml", "receiver-with-tls.toml"] {
        toml::from_str::<ReceiverConfig>(&sample(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    toml::from_str::<SenderConfig>(&sample("sender.toml")).unwrap_or_else(|e| panic!("sender.toml: {e}"));
}

#[test]
fn every_key_of_the_samples_is_explained() {
    let page = std::fs::read_to_string(docs().join("configuration.md")).expect("the page");
    for name in ["receiver.toml", "receiver-with-tls.toml", "sender.toml"] {
        let mut found = Vec::new();
        keys(&sample(name).parse().expect("TOML"), "", &mut found);
        for key in found {
            assert!(page.contains(&format!("`{key}`")), "{name}: {key} is not in docs/configuration.md");
        }
    }
}

#[test]
fn an_unknown_key_is_named() {
    let text = sample("receiver.toml").replace("[limits]", "[limits]\nspeed = 9");
    let error = toml::from_str::<ReceiverConfig>(&text).expect_err("refused").to_string();
    assert!(error.contains("speed"), "{error}");
    let text = format!("colour = \"red\"\n{}", sample("sender.toml"));
    let error = toml::from_str::<SenderConfig>(&text).expect_err("refused").to_string();
    assert!(error.contains("colour"), "{error}");
}
