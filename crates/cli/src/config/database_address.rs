//! Where a database is: the path of a file, or the address of a PostgreSQL server.

use std::path::{Path, PathBuf};

use super::receiver::ReceiverConfig;
use super::source::places::place;
use crate::text::{Explain, Text, failure, text};

/// The parameters of an address, and the other names that the driver has for each. What it does not know it passes over,
/// so that a mistyped `sslmode` would be none.
const PARAMETERS: [&[&str]; 12] = [
    &["sslmode", "ssl-mode"],
    &["sslrootcert", "ssl-root-cert", "ssl-ca"],
    &["sslcert", "ssl-cert"],
    &["sslkey", "ssl-key"],
    &["statement-cache-capacity"],
    &["host", "hostaddr"],
    &["port"],
    &["dbname"],
    &["user"],
    &["password"],
    &["application_name"],
    &["options"],
];

/// Parameters of libpq's that the driver does not have and that change nothing of where the connection goes, by which rights
/// and how it is protected: an address that other programs share may have them.
const WITHOUT_EFFECT: [&str; 10] = [
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "client_encoding",
    "fallback_application_name",
    "sslcompression",
    "sslsni",
];

/// The address of a PostgreSQL database; `None` for a file.
pub(crate) fn as_url(database: &Path) -> Option<&str> {
    let url = database.to_str()?;
    (url.starts_with("postgres://") || url.starts_with("postgresql://")).then_some(url)
}

/// Whether two databases are one: two paths that lead to one file, or two addresses of one database of a server, however they
/// are written.
pub(crate) fn is_same(one: &Path, other: &Path, folder: &Path) -> bool {
    match (as_url(one), as_url(other)) {
        (Some(one), Some(other)) => lmr_storage::is_same_postgres(one, other),
        (None, None) => place(&folder.join(one)) == place(&folder.join(other)),
        _ => false,
    }
}

impl ReceiverConfig {
    /// The files of its databases; none of one on a server.
    pub(crate) fn database_files(&self, folder: &Path) -> Vec<PathBuf> {
        let identities = self.identities.as_ref().map(|section| &section.database);
        let all = [Some(&self.database), identities].into_iter().flatten();
        all.filter(|name| as_url(name).is_none()).map(|name| folder.join(name)).collect()
    }
}

/// Refuses what is neither a file's path nor the address of a PostgreSQL server: as a path it would make a new database, in
/// which nothing is. Of an address no parameter may be one that would be passed over. `key` is where it stands.
pub(crate) fn check(database: &Path, key: &str) -> anyhow::Result<()> {
    if let Some(url) = as_url(database) {
        return check_parameters(url).explain(|| text!("{key}", "{key}"));
    }
    let name = database.to_str().unwrap_or_default();
    let is_other = name.contains("://")
        || ["postgres:", "postgresql:", "sqlite:"].iter().any(|start| name.starts_with(start));
    if is_other {
        // The address may hold a password: only its beginning is repeated.
        let scheme = name.split(':').next().unwrap_or_default();
        return Err(failure(text!(
            "{key} begynner med {scheme}: og er verken stien til en fil eller adressen til en PostgreSQL-server: skriv bare \
             stien, eller postgres://bruker@maskin/navn",
            "{key} begins with {scheme}: and is neither the path of a file nor the address of a PostgreSQL server: write the \
             path alone, or postgres://user@host/name"
        )));
    }
    Ok(())
}

/// The parameters of an address that have no effect, and do no harm.
pub(crate) fn without_effect(url: &str) -> Vec<&'static str> {
    let given: Vec<_> = parameters(query(url)).map(|(name, _)| name).collect();
    WITHOUT_EFFECT.into_iter().filter(|name| given.iter().any(|given| given == name)).collect()
}

/// What to say of them.
pub(crate) fn has_no_effect(key: &str, names: &[&str]) -> (Text, Text) {
    let names = names.join(", ");
    let found = text!(
        "{key}: {names} i adressen har ingen virkning her",
        "{key}: {names} in the address has no effect here"
    );
    (found, text!("ta det bort", "leave it out"))
}

/// What follows the `?` of an address.
fn query(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, query)| query)
}

/// Parameters and their values, as the driver reads them.
fn parameters(query: &str) -> url::form_urlencoded::Parse<'_> {
    url::form_urlencoded::parse(query.as_bytes())
}

/// Refuses parameters of an address that the driver would pass over. No value is repeated: it may be a password.
pub(crate) fn check_parameters(url: &str) -> anyhow::Result<()> {
    fault_of(url).map_or(Ok(()), |fault| Err(failure(fault)))
}

fn fault_of(url: &str) -> Option<Text> {
    if url.contains('#') {
        return Some(text!(
            "alt etter # i adressen blir ikke lest: skriv %23 der det hører til navnet eller passordet",
            "nothing after # in the address is read: write %23 where it belongs to the name or the password"
        ));
    }
    let mut given: Vec<(&str, String)> = Vec::new();
    let query = query(url);
    for (name, value) in parameters(query) {
        // `options[name]=value` sets one of the server's own; `options` are added to each other.
        let is_named = name.strip_prefix("options[").is_some_and(|rest| rest.ends_with(']'));
        if is_named || name == "options" || WITHOUT_EFFECT.contains(&&*name) {
            continue;
        }
        let known = PARAMETERS.iter().find(|names| names.contains(&&*name));
        let Some(first) = known.and_then(|names| names.first().copied()) else {
            return Some(unknown(query, &name));
        };
        if given.iter().any(|one| one.0 == first) {
            return Some(text!(
                "adressen har {first} to ganger, og bare den siste ville telle: ta bort den ene",
                "the address has {first} twice, and only the last would count: leave one out"
            ));
        }
        if first == "host" && value.contains(',') {
            return Some(text!(
                "host i adressen er flere maskiner, og bare én blir lest: skriv den som tar imot skriving",
                "`host` in the address is several hosts, and one is read: write the one that takes writes"
            ));
        }
        given.push((first, value.into_owned()));
    }
    let of = |wanted: &str| given.iter().find(|one| one.0 == wanted).map(|one| one.1.as_str());
    let verifies =
        of("sslmode").is_none_or(|mode| mode.to_ascii_lowercase().starts_with("verify-"));
    if of("sslrootcert").is_some() && !verifies {
        return Some(text!(
            "sslrootcert brukes bare med sslmode=verify-full eller verify-ca: med den sslmode som står der, blir sertifikatet \
             til serveren ikke prøvd",
            "sslrootcert is used with sslmode=verify-full or verify-ca only: with the sslmode that is there the server's \
             certificate is not checked"
        ));
    }
    None
}

/// Whether a name is one that may be repeated: it looks like the name of a parameter, with a value. Of a password with `?` or `&`
/// in it the end is read as one.
fn is_name(query: &str, name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '-';
    // Behind a `@` the address goes on: what is before it belongs to the password.
    !query.contains('@')
        && (1..=32).contains(&name.len())
        && name.chars().all(is_letter)
        && query.split('&').any(|one| one.split_once('=').is_some_and(|(of, _)| of == name))
}

fn unknown(query: &str, name: &str) -> Text {
    if !is_name(query, name) {
        return text!(
            "etter ? eller & i adressen står noe som ikke er en parameter (navn=verdi): det ville ikke ha virket. Hører tegnet \
             til passordet eller navnet, skriv %3F for ? og %26 for &",
            "after ? or & in the address is something that is no parameter (name=value): it would have no effect. Where the \
             character belongs to the password or the name, write %3F for ? and %26 for &"
        );
    }
    let near = lmr_fhir::nearest(name, PARAMETERS.iter().flat_map(|names| names.iter().copied()));
    let all: Vec<&str> = PARAMETERS.iter().filter_map(|names| names.first().copied()).collect();
    let all = all.join(", ");
    match near {
        Some(near) => text!(
            "adressen har en ukjent parameter, {name} (mente du {near}?): den ville ikke ha virket. Kjent er {all}",
            "the address has an unknown parameter, {name} (did you mean {near}?): it would have no effect. Known are {all}"
        ),
        None => text!(
            "adressen har en ukjent parameter, {name}: den ville ikke ha virket. Kjent er {all}",
            "the address has an unknown parameter, {name}: it would have no effect. Known are {all}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with an address, in English.
    fn fault(url: &str) -> String {
        check(Path::new(url), "database")
            .map_or_else(|error| format!("{error:#}"), |()| String::new())
    }

    /// A password with `?`, `&` or `#` in it that nobody has written as `%3F`, `%26` or `%23`.
    #[test]
    fn nothing_of_a_password_is_repeated() {
        for url in [
            "postgres://lmr:abc?hem-melig@db.example/lmr",
            "postgres://lmr:abc?hem%2Dmelig@db.example/lmr?sslmode=require",
            "postgres://lmr:abc&x?hemmelig9&mer=1@db.example/lmr",
            "postgres://lmr:abc?hemmelig&mer@db.example/lmr",
            "postgres://lmr:abc?hemmelig/&mer=1@db.example/lmr",
            "postgres://lmr:abc#hemmelig@db.example/lmr",
            "postgres://lmr@db.example/lmr?password=hemmelig&password=hemmelig",
            "postgres://lmr@db.example/lmr?password=x&hemmelig",
            "postgres://lmr:abc?hemmelig=2026@db.example/lmr",
            "postgres://lmr:sommer?hemmelig=1&x@db.example/lmr",
            "postgres://lmr@db.example/lmr?hemmelighemmelighemmelighemmelighemmelig=1",
            "sqlserver://lmr:hemmelig@db.example/lmr",
        ] {
            let fault = fault(url);
            assert!(!fault.is_empty() && !fault.contains("hem"), "{url}: {fault}");
        }
    }

    #[test]
    fn one_database_is_the_same_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for (one, other, same) in [
            ("lmr.db", "./lmr.db", true),
            ("lmr.db", "data/../lmr.db", true),
            ("lmr.db", "new/../lmr.db", true),
            ("lmr.db", "data/lmr.db", false),
            ("lmr.db", "postgres://lmr@db.example/lmr.db", false),
            ("postgres://lmr@db.example/lmr", "postgresql://lmr:x@DB.example:5432/lmr", true),
            // The default search_path begins with a schema of the user's name.
            ("postgres://lmr@db.example/lmr", "postgres://other@db.example/lmr", false),
            (
                "postgres://lmr@db.example/lmr?options[search_path]=a",
                "postgres://other@db.example/lmr?options[search_path]=a",
                true,
            ),
            ("postgres://lmr@db.example/lmr", "postgres://lmr@db.example/?dbname=lmr", true),
            (
                "postgres://lmr@db.example/lmr",
                "postgres:///lmr?user=lmr&host=db.example&port=5432",
                true,
            ),
            ("postgres://lmr@db.example", "postgres://lmr@db.example/lmr", true),
            ("postgres://lmr@db.example/lmr", "postgres://lmr@db.example:5433/lmr", false),
            ("postgres://lmr@db.example/lmr", "postgres://lmr@db.example/who", false),
            ("postgres://lmr@db.example/lmr", "postgres://lmr@db2.example/lmr", false),
            ("postgres://lmr@%2Frun%2Fpg/lmr", "postgres://lmr@x/lmr?host=/run/pg/", true),
            (
                "postgres://lmr@db.example/lmr",
                "postgres://lmr@db.example/lmr?options[search_path]=who",
                false,
            ),
            (
                "postgres://lmr@db.example/lmr?options=-c%20search_path%3Dwho",
                "postgres://lmr@db.example/lmr?options[lock_timeout]=5&options[search_path]=who",
                true,
            ),
        ] {
            let is_same = is_same(Path::new(one), Path::new(other), folder.path());
            assert_eq!(is_same, same, "{one} {other}");
        }
    }

    #[test]
    fn no_parameter_of_an_address_is_passed_over() {
        let url = |parameters: &str| format!("postgres://lmr:hemmelig@db.example/lmr{parameters}");
        for (parameters, words) in [
            ("?sslmodee=require", "sslmodee (did you mean sslmode?)"),
            ("?ssl_mode=disable", "ssl_mode (did you mean"),
            ("?SSLMODE=require", "did you mean sslmode?"),
            (
                "?sslmode=require&channel_binding=require",
                "channel_binding: it would have no effect",
            ),
            ("?target_session_attrs=read-write", "target_session_attrs: it would have no effect"),
            ("?connect_timeoutt=5", "connect_timeoutt"),
            ("?options[lock_timeout=5", "after ? or & in the address is something"),
            ("?sslmode=verify-full&sslmode=disable", "sslmode twice"),
            ("?host=db1.example,db2.example", "is several hosts"),
            ("?sslmode=verify-full&ssl-mode=disable", "sslmode twice"),
            ("?sslrootcert=ca.pem&sslmode=require", "sslrootcert is used with"),
            ("?ssl-ca=ca.pem&sslmode=prefer", "sslrootcert is used with"),
            ("#x", "nothing after # in the address"),
        ] {
            for url in [url(parameters), url(parameters).replace("postgres:", "postgresql:")] {
                let fault = fault(&url);
                assert!(fault.contains(words), "{parameters}: {fault}");
                assert!(!fault.contains("hemmelig"), "{fault}");
            }
        }
        for parameters in [
            "",
            "?sslmode=require",
            "?sslrootcert=ca.pem",
            "?sslrootcert=ca.pem&sslmode=verify-ca&sslcert=c.pem&sslkey=k.pem",
            "?sslmode=VERIFY-FULL&sslrootcert=ca.pem",
            "?ssl%6Dode=require&application%5Fname=lmr",
            "?options[lock_timeout]=5&options[work_mem]=1MB&application_name=lmr&port=5433",
            "?options=-c%20lock_timeout%3D5&options=-c+work_mem%3D1MB",
            "?options%5b%6Cock_timeout%5D=5&options%5Bwork_mem%5d=1MB&options[work_mem]=2MB",
            "?sslmode=require&connect_timeout=5&keepalives=1",
        ] {
            assert_eq!(fault(&url(parameters)), "", "{parameters}");
        }
        let found = without_effect(&url("?keepalives=1&sslmode=require&connect_timeout=5"));
        assert_eq!(found, ["connect_timeout", "keepalives"]);
        assert_eq!(without_effect(&url("?sslmode=require")), Vec::<&str>::new());
    }
}
