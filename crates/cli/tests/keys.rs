//! A sender with its keys in every form that people have, against a simulated register.

use crate::world;

use std::process::Command;

use world::{World, said};

fn openssl(world: &World, line: &str) {
    let output = Command::new("openssl")
        .args(line.split(' '))
        .current_dir(world.path())
        .output()
        .expect("openssl");
    assert!(output.status.success(), "{line}: {}", said(&output));
}

/// Changes one administration, so that there is something to send, and sends it.
fn sends(world: &World, number: usize, what: &str, environment: &[(&str, &str)]) {
    const FILE: &str = "MedicationAdministration.ndjson";
    let mut lines = world.lines(FILE);
    lines[0]["dosage"]["dose"]["value"] = number.into();
    world.write(FILE, &lines);
    let before = world.deliveries().len();
    let run = world.send_with(&["run"], environment);
    assert_eq!(run.status.code(), Some(0), "{what}: {}", said(&run));
    assert!(world.deliveries().len() > before, "{what}: {}", said(&run));
}

#[test]
fn a_sender_signs_with_its_keys_in_every_form_and_names_what_is_wrong_with_one() {
    let world = World::make_with("lmdi-1.1.7", 4, 1000, &["--tokens-from", "maskinporten"]);
    let key = world.config("maskinporten-client.public.jwk");
    let (_issuer, _receiver) = (world.issuer_of("maskinporten", &key), world.receiver());
    let plain = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    std::fs::write(world.config("password"), "hemmelig æøå\n").expect("written");
    let pass = "-passout file:password";
    openssl(
        &world,
        &format!("pkcs12 -export -inkey sender.key -in sender.pem -out modern.p12 {pass}"),
    );
    openssl(
        &world,
        &format!("pkcs12 -export -legacy -inkey sender.key -in sender.pem -out legacy.p12 {pass}"),
    );
    openssl(&world, &format!("pkcs8 -topk8 -in sender.key -out encrypted.key {pass}"));
    openssl(&world, "rsa -traditional -in sender.key -out pkcs1.key");
    openssl(&world, &format!("pkcs8 -topk8 -in maskinporten-client.key -out client.key {pass}"));
    openssl(
        &world,
        &format!("pkcs12 -export -nocerts -inkey maskinporten-client.key -out client.p12 {pass}"),
    );

    let pair = "certificate = \"sender.pem\"\nkey = \"sender.key\"";
    let client = "key = \"maskinporten-client.key\"";
    let file = "key_password_file = \"password\"";
    let with = |pair_is: &str, client_is: &str| {
        assert!(plain.contains(pair) && plain.contains(client), "{plain}");
        let text = plain.replace(pair, pair_is).replace(client, client_is);
        std::fs::write(world.config("sender.toml"), text).expect("written");
    };
    let both = |name: &str| format!("certificate = \"{name}\"\nkey = \"{name}\"\n{file}");
    with(pair, client);
    sends(&world, 1, "PEM", &[]);
    with(&both("modern.p12"), &format!("key = \"client.key\"\n{file}"));
    sends(&world, 2, "PKCS#12, encrypted PKCS#8", &[]);
    with(&both("legacy.p12"), &format!("key = \"client.p12\"\n{file}"));
    sends(&world, 3, "legacy PKCS#12, PKCS#12 with a key only", &[]);
    let variable = "key_password_env = \"LMR_TEST_PASSWORD\"";
    with(
        &format!("certificate = \"sender.pem\"\nkey = \"encrypted.key\"\n{variable}"),
        &format!("key = \"client.p12\"\n{variable}"),
    );
    sends(&world, 4, "password from the environment", &[("LMR_TEST_PASSWORD", "hemmelig æøå")]);
    with("certificate = \"sender.pem\"\nkey = \"pkcs1.key\"", client);
    sends(&world, 5, "PKCS#1", &[]);

    std::fs::write(world.config("wrong"), "galt").expect("written");
    for (pair_is, words) in [
        (both("modern.p12").replace("\"password\"", "\"wrong\""), "the password of the PKCS#12 file is wrong"),
        (both("modern.p12").replace(file, ""), "needs its password"),
        (both("modern.p12").replace(file, variable), "LMR_TEST_PASSWORD is not set"),
        (format!("{}\n{variable}", both("modern.p12")), "the password is in one of them"),
        ("certificate = \"sender.pem\"\nkey = \"sender.pem\"".to_owned(), "holds `CERTIFICATE` and no private key"),
        ("certificate = \"sender.key\"\nkey = \"sender.key\"".to_owned(), "CERTIFICATE"),
        ("certificate = \"sender.pem\"\nkey = \"register.key\"".to_owned(), "does not belong to the certificate"),
        (
            "certificate = \"sender.pem\"\nkey = \"pkcs11:object=a?module-path=/no/such.so&pin-source=password\"".to_owned(),
            if cfg!(feature = "pkcs11") { "/no/such.so cannot be used" } else { "--features pkcs11" },
        ),
        (
            "certificate = \"sender.pem\"\nkey = \"pkcs11:object=a?module-path=/m.so&pin-value=1234\"".to_owned(),
            "write it into a file",
        ),
    ] {
        with(&pair_is, client);
        for lang in ["en", "nb"] {
            let run = world.send(&["run", "--lang", lang]);
            assert!(!run.status.success(), "{pair_is}");
            let text = said(&run);
            assert!(lang == "nb" || text.contains(words), "{pair_is}: {text}");
            assert!(!text.contains("hemmelig") && !text.contains("galt\n"), "{text}");
        }
    }
}
