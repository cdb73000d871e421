//! `lmr doctor`, situation by situation: each is provoked, and its line is asked for.
#![expect(clippy::disallowed_methods, reason = "real processes run by the real clock")]

use crate::world;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use lmr_sandbox::certificates::{KeyAndCertificate, Order, OrderUsage, TestCa};
use serde_json::Value;
use world::stand_in::{StandIn, answer};
use world::{Process, World, free_port, lmr};

/// A world with certificates of all kinds beside its own.
struct Clinic {
    world: World,
    ca: TestCa,
    organisation: String,
    // Stopped when the test ends.
    _running: Vec<Process>,
}

/// One thing put wrong in a configuration, and the line that must say so.
struct Situation {
    /// What is put wrong.
    name: &'static str,
    /// The change in the file: this text by that.
    change: (String, String),
    /// The check that must report it, and with what status.
    check: (&'static str, &'static str),
    /// Words of the line, in bokmål and in English.
    says: (&'static str, &'static str),
}

fn situation(
    name: &'static str,
    from: impl Into<String>,
    to: impl Into<String>,
    check: (&'static str, &'static str),
    says: (&'static str, &'static str),
) -> Situation {
    Situation { name, change: (from.into(), to.into()), check, says }
}

impl Clinic {
    fn open() -> Self {
        let world = World::make("lmdi-0.9.4", 8, 5000);
        let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
        let line = config.lines().find(|line| line.starts_with("organisation")).expect("a number");
        let organisation = line.split('"').nth(1).expect("in quotes").to_owned();
        let running = vec![world.helseid(), world.receiver()];
        let ca = TestCa::new(Timestamp::now()).expect("an authority");
        Self { world, ca, organisation, _running: running }
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.world.config(name)).expect("a file")
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.world.config(name), text).expect("written");
    }

    fn pair(&self, name: &str, pair: &KeyAndCertificate) {
        self.write(&format!("{name}.pem"), &pair.certificate_pem);
        self.secret(&format!("{name}.key"), &pair.key_pem);
    }

    fn secret(&self, name: &str, text: &str) {
        self.write(name, text);
        mode(&self.world.config(name), 0o600);
    }

    /// Writes a configuration with one change, and gives its name.
    fn changed(&self, file: &str, changes: &[(&str, &str)]) -> String {
        let mut text = self.text(file);
        for (from, to) in changes {
            assert!(text.contains(from), "{file} has no {from}");
            text = text.replacen(from, to, 1);
        }
        let name = format!("changed-{file}");
        self.write(&name, &text);
        name
    }

    fn doctor(&self, file: &str, lang: &str) -> (Vec<Value>, Option<i32>) {
        let output = Command::new(lmr())
            .args(["doctor", "--format", "json", "--lang", lang, "--config"])
            .arg(self.world.config(file))
            .output()
            .expect("lmr doctor");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            !text.is_empty(),
            "doctor says nothing: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let rows = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        (rows, output.status.code())
    }

    /// Provokes a situation and asks for its line in both languages.
    fn provoke(&self, file: &str, situation: &Situation) {
        let Situation { name, change: (from, to), check: (id, status), says } = situation;
        let changed = self.changed(file, &[(from, to)]);
        for (lang, words) in [("nb", says.0), ("en", says.1)] {
            let (rows, code) = self.doctor(&changed, lang);
            let found = rows.iter().find(|row| {
                row["check"] == *id
                    && row["status"] == *status
                    && row["text"].as_str().is_some_and(|text| text.contains(words))
            });
            assert!(
                found.is_some(),
                "{name} ({lang}): no {id} {status} «{words}» in\n{}",
                shown(&rows)
            );
            assert_eq!(code, Some(i32::from(*status == "failed")), "{name}: {}", shown(&rows));
        }
    }
}

fn shown(rows: &[Value]) -> String {
    rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{row}");
        text
    })
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("a mode");
}

/// The line of the receiver's file under which the tokens' keys stand.
const TRUST: &str = "kind = \"helseid-dpop\"";
const FAILED: &str = "failed";
const WARNING: &str = "warning";

fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn n6_n7_n8_every_situation_of_a_sender_has_its_line() {
    let clinic = Clinic::open();
    let world = &clinic.world;
    let (rows, code) = clinic.doctor("sender.toml", "en");
    assert_eq!(code, Some(0), "nothing is wrong yet:\n{}", shown(&rows));
    assert!(rows.iter().all(|row| row["status"] == "ok"), "{}", shown(&rows));
    let ran = Command::new(lmr())
        .args(["send", "run", "--config"])
        .arg(world.config("sender.toml"))
        .output()
        .expect("lmr send");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));

    let now = Timestamp::now();
    let url = format!("http://127.0.0.1:{}/fhirmottak/v1", world.receiver_port);
    let order = || Order::new(&clinic.organisation, "Liksom sykehus HF", now);
    let issue = |name: &str, order: Order| {
        clinic.pair(name, &clinic.ca.enterprise(&order).expect("a certificate"));
    };
    issue("unregistered", order());
    issue("expired", order().expired(now));
    issue("encryption", order().with_usage(OrderUsage::Encryption));
    issue("other", Order::new("889640782", "Liksom nabo", now));
    let weak = include_str!("data/weak-certificate.pem");
    clinic.write("weak.pem", weak);
    clinic.secret("other-hash.key", &"ab".repeat(32));
    clinic.secret("open.key", &clinic.text("sender.key"));
    mode(&world.config("open.key"), 0o666);
    for folder in ["empty", "broken", "packed"] {
        std::fs::create_dir(world.config(folder)).expect("a folder");
    }
    clinic.write("broken/patient.json", "{\"resourceType\":\"Patient\",}");
    clinic.write("packed/export.ndjson.bz2", "not looked at");

    // Receivers that differ in one thing each, beside the one that is as it should be.
    let mut running = Vec::new();
    let mut receiver = |changes: &[(&str, &str)]| {
        let port = free_port();
        let (listen, ours) =
            (format!("127.0.0.1:{}\"", world.receiver_port), format!("127.0.0.1:{port}\""));
        let database = format!("receiver-{port}.sqlite");
        let mut all = vec![(listen.as_str(), ours.as_str()), ("receiver.sqlite", &database)];
        all.extend(changes);
        let file = clinic.changed("receiver.toml", &all);
        running.push(world.serve(&file, port));
        port
    };
    let listed = "addresses = [\"127.0.0.1\", \"::1\"]\n";
    let elsewhere = receiver(&[(listed, "addresses = [\"192.0.2.1\"]\n")]);
    let inactive = receiver(&[
        (listed, "active = false\n"),
        ("environment", "addresses = [\"127.0.0.1\"]\nenvironment"),
    ]);
    let audience = receiver(&[(TRUST, &format!("{TRUST}\naudience = \"another:api\""))]);
    let scope = receiver(&[(TRUST, &format!("{TRUST}\nscopes = [\"fhi:lmr.fhirmottak/other\"]"))]);
    let tls = |at: Timestamp, name: &str| {
        clinic.pair(name, &clinic.ca.tls_for_loopback(at).expect("a certificate"));
        format!("[tls]\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n\n[[trust]]")
    };
    let valid = receiver(&[("[[trust]]", &tls(now, "tls"))]);
    let long_ago = now - SignedDuration::from_hours(24 * 1200);
    let expired = receiver(&[("[[trust]]", &tls(long_ago, "tls-expired"))]);
    clinic.write("ca.pem", clinic.ca.certificate_pem());

    // n6: an authority of one's own in tls_ca is used as a run uses it.
    let https = |port: u16| format!("https://localhost:{port}/fhirmottak/v1");
    let with_ca = |port: u16| {
        let trusting = format!("{}\"\ntls_ca = \"ca.pem", https(port));
        // A ledger of its own, as another receiver's.
        let ledger = ("\"sender.sqlite\"", "\"sender-tls.sqlite\"");
        clinic.changed("sender.toml", &[(url.as_str(), trusting.as_str()), ledger])
    };
    let (rows, code) = clinic.doctor(&with_ca(valid), "en");
    assert_eq!(code, Some(0), "n6: {}", shown(&rows));

    let at = |port: u16| format!("http://127.0.0.1:{port}/fhirmottak/v1");
    let slow = now - SignedDuration::from_mins(10);
    let date = format!("Date: {}", http_date(slow));
    let clock = StandIn::always(0, answer("404 Not Found", &[&date], ""));
    let date = format!("Date: {}", http_date(now));
    let gateway = StandIn::always(0, answer("502 Bad Gateway", &[&date], "<html></html>"));
    let signing = "certificate = \"sender.pem\"\nkey = \"sender.key\"";
    let signed_by = |name: &str| format!("certificate = \"{name}.pem\"\nkey = \"{name}.key\"");
    let register = "certificate = \"register.pem\"";
    let helseid = clinic.text("sender.toml");
    let issuer = helseid.lines().find(|line| line.starts_with("issuer")).expect("an issuer");

    let situations = [
        situation(
            "receiver down",
            &url,
            at(free_port()),
            ("receiver.connection", FAILED),
            ("ingenting svarer", "nothing answers"),
        ),
        situation(
            "unknown name",
            &url,
            "https://finnes-ikke.invalid/fhirmottak/v1",
            ("receiver.connection", FAILED),
            ("DNS", "DNS"),
        ),
        situation(
            "TLS to a port without TLS",
            &url,
            https(world.receiver_port),
            ("receiver.connection", FAILED),
            ("bruker ikke TLS", "does not speak TLS"),
        ),
        situation(
            "no TLS to a port with TLS",
            &url,
            at(valid),
            ("receiver.connection", FAILED),
            ("forbindelsen ble brutt", "the connection broke"),
        ),
        situation(
            "unknown authority",
            &url,
            https(valid),
            ("receiver.connection", FAILED),
            ("utsteder som ikke er klarert", "authority that is not trusted"),
        ),
        situation(
            "expired server certificate",
            &url,
            format!("{}\"\ntls_ca = \"ca.pem", https(expired)),
            ("receiver.connection", FAILED),
            ("utløpt", "has expired"),
        ),
        situation(
            "tls_ca that is not there",
            &url,
            format!("{url}\"\ntls_ca = \"none.pem"),
            ("receiver.connection", FAILED),
            ("finnes ikke", "does not exist"),
        ),
        situation(
            "wrong path",
            "/fhirmottak/v1",
            "/fhirmottak/v2",
            ("receiver.path", FAILED),
            ("HTTP 404", "HTTP 404"),
        ),
        situation(
            "a proxy's page",
            &url,
            at(gateway.port),
            ("receiver.path", FAILED),
            ("HTTP 502", "HTTP 502"),
        ),
        situation(
            "wrong clock",
            &url,
            at(clock.port),
            ("clock", FAILED),
            ("sekunder foran", "seconds ahead"),
        ),
        situation(
            "wrong register certificate",
            register,
            "certificate = \"other.pem\"",
            ("receiver.register-certificate", FAILED),
            ("LMR-2050", "LMR-2050"),
        ),
        situation(
            "unregistered signing certificate",
            signing,
            signed_by("unregistered"),
            ("receiver.signing-certificate", FAILED),
            ("LMR-2030", "LMR-2030"),
        ),
        situation(
            "weak signing certificate",
            signing,
            "certificate = \"weak.pem\"\nkey = \"sender.key\"",
            ("certificate.sender", FAILED),
            ("minst 2048 biter", "at least 2048 bits"),
        ),
        situation(
            "expired signing certificate",
            signing,
            signed_by("expired"),
            ("certificate.sender", FAILED),
            ("utløp", "expired"),
        ),
        situation(
            "certificate for another use",
            signing,
            signed_by("encryption"),
            ("certificate.sender", FAILED),
            ("ikke utstedt for signering", "not meant for this use"),
        ),
        situation(
            "certificate of another organisation",
            signing,
            signed_by("other"),
            ("organisation", FAILED),
            ("utstedt til 889640782", "issued to 889640782"),
        ),
        situation(
            "address not listed",
            &url,
            at(elsewhere),
            ("receiver.address", FAILED),
            ("LMR-1001", "LMR-1001"),
        ),
        situation(
            "sender inactive",
            &url,
            at(inactive),
            ("receiver.sender", FAILED),
            ("LMR-2021", "LMR-2021"),
        ),
        situation(
            "audience",
            &url,
            at(audience),
            ("receiver.audience", FAILED),
            ("LMR-1015", "LMR-1015"),
        ),
        situation(
            "scope that the receiver does not take",
            &url,
            at(scope),
            ("receiver.scope", FAILED),
            ("LMR-1020", "LMR-1020"),
        ),
        situation(
            "scope that HelseID does not give",
            "fhi:lmr.fhirmottak/api",
            "fhi:other/all",
            ("helseid.token", FAILED),
            ("invalid_scope", "invalid_scope"),
        ),
        situation(
            "unknown client",
            "client_id = \"",
            "client_id = \"x",
            ("helseid.token", FAILED),
            ("invalid_client", "invalid_client"),
        ),
        situation(
            "HelseID down",
            issuer,
            format!("issuer = \"http://127.0.0.1:{}\"", free_port()),
            ("helseid.connection", FAILED),
            ("ingenting svarer", "nothing answers"),
        ),
        situation(
            "key of the client that is not there",
            "helseid-client.jwk",
            "none.jwk",
            ("token.client", FAILED),
            ("finnes ikke", "does not exist"),
        ),
        situation(
            "hash key of another database",
            "hash.key",
            "other-hash.key",
            ("database", FAILED),
            ("en annen hash_key", "another hash key"),
        ),
        situation(
            "hash key that is none",
            "hash.key",
            "sender.pem",
            ("hash-key", FAILED),
            ("64 heksadesimale sifre", "64 hex digits"),
        ),
        situation(
            "database in no folder",
            "sender.sqlite",
            "none/sender.sqlite",
            ("database", FAILED),
            ("finnes ikke", "there is no folder"),
        ),
        situation(
            "modes",
            signing,
            "certificate = \"sender.pem\"\nkey = \"open.key\"",
            ("files.mode", FAILED),
            ("andre brukere", "other users"),
        ),
        situation(
            "n1: empty source",
            "source = \"source\"",
            "source = \"empty\"",
            ("source", FAILED),
            ("ingen ressurser", "no resources"),
        ),
        situation(
            "no source",
            "source = \"source\"",
            "source = \"none\"",
            ("source", FAILED),
            ("finnes ikke", "not there"),
        ),
        situation(
            "an archive that is a file",
            "source = \"source\"",
            "source = [{ kind = \"folder\", path = \"source\", archive = \"sender.toml/done\", archive_copy = true }]",
            ("source.archive", FAILED),
            ("en mappe er ventet", "a folder is expected"),
        ),
        situation(
            "unusable file",
            "source = \"source\"",
            "source = \"broken\"",
            ("source.files", FAILED),
            ("patient.json", "patient.json"),
        ),
        situation(
            "n9: rule set that does not fit",
            "lmdi-0.9.4",
            "lmdi-1.1.7",
            ("ruleset", FAILED),
            ("ville bli holdt tilbake", "would be held back"),
        ),
        situation(
            "own address that is none",
            "source = \"source\"",
            "source = \"source\"\nown_addresses = [\"journalen\"]",
            ("config", FAILED),
            ("er ikke en adresse", "is not an address"),
        ),
    ];
    for situation in &situations {
        clinic.provoke("sender.toml", situation);
    }
    // Files of an ending that nobody reads are named beside the finding that nothing is there.
    let packed = clinic.changed("sender.toml", &[("source = \"source\"", "source = \"packed\"")]);
    let (rows, _) = clinic.doctor(&packed, "en");
    let named = rows.iter().any(|row| {
        row["check"] == "source.files"
            && row["status"] == WARNING
            && row["text"].as_str().is_some_and(|text| text.contains("export.ndjson.bz2"))
    });
    assert!(named, "{}", shown(&rows));
}

#[test]
fn n7_every_situation_of_a_receiver_has_its_line() {
    let clinic = Clinic::open();
    let world = &clinic.world;
    let (rows, code) = clinic.doctor("receiver.toml", "en");
    assert_eq!(code, Some(0), "{}", shown(&rows));
    assert!(rows.iter().all(|row| row["status"] != FAILED), "{}", shown(&rows));

    let now = Timestamp::now();
    let order = || Order::new(&clinic.organisation, "Liksom sykehus HF", now);
    let issue = |name: &str, order: Order| {
        clinic.pair(name, &clinic.ca.enterprise(&order).expect("a certificate"));
    };
    issue("expired", order().expired(now));
    let mut soon = order();
    soon.not_after = now + SignedDuration::from_hours(24 * 24);
    issue("soon", soon);
    let old_register = Order::new("889640782", "Liksom register", now).expired(now);
    issue("old-register", old_register);
    let long_ago = now - SignedDuration::from_hours(24 * 1200);
    clinic.pair("tls-expired", &clinic.ca.tls_for_loopback(long_ago).expect("a certificate"));
    clinic.secret("other-column.key", &"cd".repeat(32));
    clinic.secret("open.key", &clinic.text("register.key"));
    mode(&world.config("open.key"), 0o644);
    let register = "certificate = \"register.pem\"\nkey = \"register.key\"";
    let tls = |certificate: &str| {
        format!(
            "[tls]\ncertificate = \"{certificate}.pem\"\nkey = \"{certificate}.key\"\n\n[[trust]]"
        )
    };
    let receiver = clinic.text("receiver.toml");
    let issuer = receiver.lines().find(|line| line.starts_with("issuer")).expect("an issuer");
    let situations = [
        situation(
            "own TLS expired",
            "[[trust]]",
            tls("tls-expired"),
            ("tls", FAILED),
            ("utløp", "expired"),
        ),
        situation(
            "own TLS missing",
            "[[trust]]",
            tls("none"),
            ("tls", FAILED),
            ("finnes ikke", "does not exist"),
        ),
        situation(
            "a sender's certificate expired",
            "sender.pem",
            "expired.pem",
            ("sender.certificate", FAILED),
            ("utløp", "expired"),
        ),
        situation(
            "a sender's certificate ends soon",
            "sender.pem",
            "soon.pem",
            ("sender.certificate", WARNING),
            ("23 dager", "23 more days"),
        ),
        situation(
            "a sender is inactive",
            "[[avsender]]",
            "[[avsender]]\nactive = false",
            ("sender.status", WARNING),
            ("satt ut av drift", "is inactive"),
        ),
        situation(
            "the register's certificate expired",
            register,
            "certificate = \"old-register.pem\"\nkey = \"old-register.key\"",
            ("certificate.register", FAILED),
            ("utløp", "expired"),
        ),
        situation(
            "a key of another certificate",
            register,
            "certificate = \"register.pem\"\nkey = \"sender.key\"",
            ("certificate.register", FAILED),
            ("hører ikke til", "does not belong"),
        ),
        situation(
            "modes",
            register,
            "certificate = \"register.pem\"\nkey = \"open.key\"",
            ("files.mode", FAILED),
            ("andre brukere", "other users"),
        ),
        situation(
            "column key of another database",
            "column.key",
            "other-column.key",
            ("database", FAILED),
            ("hører ikke til denne databasen", "does not belong to this database"),
        ),
        situation(
            "a database that cannot be written",
            "receiver.sqlite",
            "none/receiver.sqlite",
            ("disk", FAILED),
            ("kan det ikke skrives", "cannot be written"),
        ),
        situation(
            "HelseID down",
            issuer,
            format!("issuer = \"http://127.0.0.1:{}\"", free_port()),
            ("helseid.connection", FAILED),
            ("ingenting svarer", "nothing answers"),
        ),
        situation(
            "the port is taken",
            "# A",
            "# A",
            ("listen", WARNING),
            ("er i bruk", "is in use"),
        ),
    ];
    for situation in &situations {
        clinic.provoke("receiver.toml", situation);
    }
}

/// What a start refuses, part by part of the receiver's file: its check and the doctor refuse the same.
#[test]
fn n7_whatever_a_start_refuses_doctor_refuses() {
    let world = World::make("lmdi-0.9.4", 8, 5000);
    let _helseid = world.helseid();
    let config = std::fs::read_to_string(world.config("receiver.toml")).expect("a file");
    let issuer = config.lines().find(|line| line.starts_with("issuer")).expect("an issuer");
    let at = |port: u16| format!("listen = \"127.0.0.1:{port}\"\naddresses = [\"127.0.0.1\"]");
    let console = |inside: &str| format!("\n[console]\n{}\n{inside}\n", at(free_port()));
    let operator = |inside: &str| {
        console(&format!("[[console.operator]]\nname = \"Kari\"\nrole = \"read\"\n{inside}"))
    };
    let oidc = |inside: &str| {
        console(&format!(
            "[console.oidc]\n{issuer}\nclient_id = \"x\"\nrole_claim = \"role\"\n{inside}"
        ))
    };
    let outlet = |head: &str, trust: &str| {
        format!(
            "\n[outlet]\n{}\n{head}\n[[outlet.trust]]\nname = \"x\"\n{issuer}\naudience = \"x\"\n{trust}\n",
            at(free_port())
        )
    };
    std::fs::write(world.config("empty.txt"), "").expect("written");
    std::fs::write(world.config("broken.txt"), "no hash\n").expect("written");
    let bound = "kind = \"helseid-dpop\"\nscopes = [\"x\"]";
    let refused = [
        ("a password that is not there", operator("password_file = \"none.txt\"")),
        ("an empty password", operator("password_file = \"empty.txt\"")),
        ("a password that is none", operator("password_file = \"broken.txt\"")),
        ("passkeys that are not there", operator("passkey_file = \"none.txt\"")),
        ("no passkey", operator("passkey_file = \"empty.txt\"")),
        ("a passkey that is none", operator("passkey_file = \"broken.txt\"")),
        ("nothing to sign in with", operator("")),
        ("nobody", console("")),
        ("http", console("public_url = \"http://localhost:8444\"")),
        (
            "TLS files that are not there",
            console("tls = { certificate = \"none.pem\", key = \"none.key\" }"),
        ),
        ("no secret", oidc("client_secret_file = \"none.txt\"\nroles = { a = \"read\" }")),
        ("no roles", oidc("client_secret_file = \"broken.txt\"\nroles = {}")),
        ("no key", oidc("key = \"none.pem\"\nroles = { a = \"read\" }")),
        (
            "TLS of the outlet",
            outlet("tls = { certificate = \"none.pem\", key = \"none.key\" }", bound),
        ),
        ("addresses of the outlet", outlet("", bound).replace("\"127.0.0.1\"]", "\"x\"]")),
        ("addresses of the console", operator("").replace("\"127.0.0.1\"]", "\"x\"]")),
        ("a page of no module", "\n[validator_page]\nmodule = \"none.wasm\"\n".to_owned()),
        ("a level that is none", "\n[log]\nlevel = \"wran\"\n".to_owned()),
        ("a module without a level", "\n[log]\nlevel = \"info,lmr_server\"\n".to_owned()),
        ("a filter that is none", "\n[log]\nlevel = \"debug,lmr=nope=x\"\n".to_owned()),
    ];
    // Without any of it both pass.
    let fine = outlet("", bound);
    let (file, doctor) = (world.config("part.toml"), |lang: &str| {
        let arguments = ["doctor", "--format", "json", "--lang", lang, "--config", "part.toml"];
        let output =
            Command::new(lmr()).args(arguments).current_dir(world.path()).output().expect("lmr");
        (output.status.code(), world::said(&output))
    });
    let start = || {
        let arguments = ["serve", "--check", "--config", "part.toml"];
        let output =
            Command::new(lmr()).args(arguments).current_dir(world.path()).output().expect("lmr");
        (output.status.code(), world::said(&output))
    };
    std::fs::write(&file, format!("{config}{fine}")).expect("written");
    let (code, text) = start();
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = doctor("en");
    assert_eq!(code, Some(0), "{text}");
    for (what, part) in refused {
        std::fs::write(&file, format!("{config}{part}")).expect("written");
        let (code, text) = start();
        assert_eq!(code, Some(2), "{what}: the start refuses it: {text}");
        let (code, text) = doctor("en");
        assert_eq!(code, Some(1), "{what}: {text}");
    }
    for level in ["off", "ERROR", "info,lmr_server=debug", "warn,lmr_intake=trace"] {
        std::fs::write(&file, format!("{config}\n[log]\nlevel = \"{level}\"\n")).expect("written");
        let (code, text) = start();
        assert_eq!(code, Some(0), "{level}: {text}");
    }
    // No day at all would remove everything at once.
    for key in ["content_days", "refused_days"] {
        std::fs::write(&file, format!("{config}\n[retention]\n{key} = 0\n")).expect("written");
        let (code, text) = start();
        assert_eq!(code, Some(2), "{key}: {text}");
        assert!(text.contains(key), "{text}");
    }
    // A port that is taken while the receiver's own is free, and one that is given out twice in the file.
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let taken = taken.local_addr().expect("an address").port();
    let own = world.receiver_port;
    for (id, part) in [
        ("outlet.listen", outlet("", bound)),
        ("console.listen", oidc("client_secret_file = \"broken.txt\"\nroles = { a = \"read\" }")),
    ] {
        let listen = part.lines().find(|line| line.starts_with("listen")).expect("an address");
        for port in [taken, own] {
            let used = part.replace(listen, &format!("listen = \"127.0.0.1:{port}\""));
            std::fs::write(&file, format!("{config}{used}")).expect("written");
            for (lang, words) in [("nb", "adressen er i bruk"), ("en", "the address is in use")] {
                let (code, text) = doctor(lang);
                let line = text.lines().find(|line| line.contains(id)).expect("a line");
                assert_eq!(code, Some(1), "{text}");
                assert!(line.contains("\"failed\"") && line.contains(words), "{line}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn n7_a_full_disk_is_named_on_both_sides() {
    let clinic = Clinic::open();
    for file in ["sender.toml", "receiver.toml"] {
        for (lang, words) in [("nb", "kan det ikke skrives"), ("en", "cannot be written")] {
            // A limit on the size of files simulates a full disk.
            let output = Command::new("sh")
                .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh", lmr()])
                .args(["doctor", "--format", "json", "--lang", lang, "--config"])
                .arg(clinic.world.config(file))
                .output()
                .expect("sh");
            assert_eq!(output.status.code(), Some(1), "{file}");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            let disk =
                text.lines().find(|line| line.contains("\"check\":\"disk\"")).expect("a line");
            assert!(disk.contains("\"failed\"") && disk.contains(words), "{disk}");
        }
    }
}

#[test]
fn a_person_gets_lines_with_remedies_in_the_language_asked_for() {
    let world = World::make("lmdi-0.9.4", 8, 5000);
    let said = |lang: &str| {
        let output = Command::new(lmr())
            .args(["doctor", "--lang", lang, "--config"])
            .arg(world.config("sender.toml"))
            .output()
            .expect("lmr doctor");
        assert_eq!(output.status.code(), Some(1), "neither HelseID nor receiver runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let (nb, en) = (said("nb"), said("en"));
    assert!(nb.contains("FEIL  HelseID") && nb.contains("viser noe som ikke virker"), "{nb}");
    assert!(en.contains("FAIL  HelseID") && en.contains("does not work"), "{en}");
    assert!(!nb.contains("nothing answers") && en.contains("nothing answers"), "{nb}");
}

/// What a sender's file says of its log and of its hooks is tried too.
#[test]
fn a_senders_log_and_hooks_are_tried() {
    let clinic = Clinic::open();
    let config = clinic.text("sender.toml");
    for (part, id) in [
        ("[log]\nlevel = \"wran\"", "config"),
        ("[[hook]]\nkind = \"command\"\nname = \"a\"\ncommand = [\"./no-such.sh\"]", "hooks"),
        ("[[hook]]\nkind = \"command\"\nname = \"a\"\ncommand = [\"no-such-program\"]", "hooks"),
        ("[[hook]]\nkind = \"command\"\nname = \"a\"\ncommand = [\"./sender.toml\"]", "hooks"),
        (
            "[[hook]]\nkind = \"webhook\"\nname = \"a\"\nurl = \"https://x.example/\"\ntoken_file = \"none\"",
            "hooks",
        ),
    ] {
        clinic.write("part.toml", &format!("{config}\n{part}\n"));
        let (rows, _) = clinic.doctor("part.toml", "en");
        let failed: Vec<_> = rows.iter().filter(|row| row["status"] == FAILED).collect();
        assert!(failed.iter().any(|row| row["check"] == id), "{part}: {failed:?}");
    }
    clinic.write(
        "part.toml",
        &format!("{config}\n[[hook]]\nkind = \"command\"\nname = \"a\"\ncommand = [\"sh\"]\n"),
    );
    let (rows, _) = clinic.doctor("part.toml", "en");
    assert!(rows.iter().all(|row| row["check"] != "hooks" || row["status"] != FAILED), "{rows:?}");
}

/// As the packages have it: keys are root's, and the service reads them by its group (docs/guides/install.md).
#[cfg(unix)]
#[test]
fn a_key_that_root_gives_the_service_by_its_group_is_in_order_and_no_remedy_locks_the_service_out()
{
    use std::os::unix::fs::chown;
    let world = World::make("lmdi-1.1.7", 1, 50);
    let data = world.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    // Nobody but root can give it away.
    if chown(&data, Some(4711), Some(4712)).is_err() {
        return;
    }
    world.set("receiver.toml", "\"receiver.sqlite\"", "\"data/receiver.sqlite\"");
    let key = world.config("column.key");
    let lines = |group: u32, bits: u32| -> Vec<Value> {
        chown(&key, Some(0), Some(group)).expect("given");
        mode(&key, bits);
        let output = Command::new(lmr())
            .args(["doctor", "--format", "json", "--lang", "en", "--config"])
            .arg(world.config("receiver.toml"))
            .output()
            .expect("lmr doctor");
        let rows = String::from_utf8(output.stdout).expect("UTF-8");
        let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let is_of_key = |row: &Value| {
            row["check"].as_str().is_some_and(|name| name.starts_with("files."))
                && row["text"].as_str().is_some_and(|text| text.contains("column.key"))
        };
        rows.filter(is_of_key).collect()
    };
    for bits in [0o640, 0o440, 0o600 | 0o040] {
        assert!(lines(4712, bits).is_empty(), "{bits:o}");
    }
    let remedy = format!("chgrp 4712 {key} && chmod 640 {key}", key = key.display());
    for (group, bits, status, remedy) in [
        (4712, 0o660, FAILED, format!("chmod 640 {}", key.display())),
        (4712, 0o644, FAILED, format!("chmod 640 {}", key.display())),
        (4713, 0o640, FAILED, remedy.clone()),
        (0, 0o644, FAILED, remedy.clone()),
        (0, 0o600, WARNING, remedy),
    ] {
        let found = lines(group, bits);
        let [line] = &found[..] else { panic!("{group} {bits:o}: {found:?}") };
        assert_eq!(line["status"], status, "{group} {bits:o}: {line}");
        assert_eq!(line["remedy"], remedy.as_str(), "{group} {bits:o}: {line}");
    }
}

/// What root makes in the packages' folder for keys the service can read, and nobody else; elsewhere nothing changes.
#[cfg(unix)]
#[test]
fn a_key_that_root_makes_in_the_services_folder_is_the_services_to_read() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let folder = tempfile::tempdir().expect("a folder");
    let made = |name: &str, gid: u32, bits: u32| {
        let keys = folder.path().join(name);
        std::fs::create_dir(&keys).expect("a folder");
        mode(&keys, bits);
        // Nobody but root can give it away.
        chown(&keys, Some(0), Some(gid)).ok()?;
        let key = keys.join("column.key");
        let output = Command::new(lmr()).args(["admin", "new-key"]).arg(&key).output();
        assert!(output.expect("lmr admin").status.success());
        let key = key.metadata().expect("the key");
        Some((key.mode() & 0o777, key.gid()))
    };
    let Some(services) = made("services", 4712, 0o750) else { return };
    assert_eq!(services, (0o640, 4712));
    for (name, gid, bits) in [("open", 4712, 0o755), ("roots", 0, 0o750), ("closed", 4712, 0o700)] {
        assert_eq!(made(name, gid, bits).expect("made").0, 0o600, "{name}");
    }
}
