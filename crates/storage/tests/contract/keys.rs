//! What no transaction and no division by sender allows: keys and indexes that the sender does not lead.

use std::collections::BTreeSet;

/// The first column of a key or an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Lead {
    relation: String,
    lead: String,
    is_unique: bool,
}

/// Tables, first columns, whether unique, and why they need no sender.
const NOT_LED: [(&str, &str, bool, &str); 8] = [
    ("_sqlx_migrations", "version", true, "about the schema; the same on every server"),
    ("schema_program", "version", true, "about the schema; the same on every server"),
    ("key_check", "id", true, "one row, about the key; the same on every server"),
    ("alert_note", "alert", true, "the operators' own notes"),
    (
        "used_proof",
        "digest",
        true,
        "a proof is used before anybody knows the sender; written in a transaction of its own",
    ),
    ("used_proof", "until", false, "for forgetting proofs"),
    (
        "message",
        "content_sha256",
        false,
        "one sender's content under another's name: only read, never in a transaction that writes",
    ),
    (
        "identifier_system",
        "system_mac",
        false,
        "which other senders use a system: only read, never in a transaction that writes",
    ),
];

/// A sender's number leads, also under the name that chains of the audit log have for it.
pub fn sender_leads(found: Vec<(String, String, bool)>) {
    let lead = |(relation, lead, is_unique)| Lead { relation, lead, is_unique };
    let found: Vec<Lead> = found.into_iter().map(lead).collect();
    assert!(found.len() > 20, "the catalogue was not read: {found:?}");
    let (led, not_led): (BTreeSet<_>, BTreeSet<_>) =
        found.into_iter().partition(|one| one.lead == "organisation" || one.lead == "chain");
    let tables: BTreeSet<_> = led.iter().map(|one| one.relation.as_str()).collect();
    for table in ["message", "message_content", "resource", "resource_version", "audit_entry"] {
        assert!(tables.contains(table), "{table} has no key that a sender leads");
    }
    let allowed: BTreeSet<_> = NOT_LED
        .into_iter()
        .map(|(relation, lead, is_unique, _)| Lead {
            relation: relation.to_owned(),
            lead: lead.to_owned(),
            is_unique,
        })
        .collect();
    assert_eq!(not_led, allowed, "only what is listed with its reason, and all that is listed");
}
