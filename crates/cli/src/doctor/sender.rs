//! What a sender's file names.

use std::path::Path;

use lmr_auth::IssuerKind;
use lmr_envelope::{Header, SigningKey, SystemRandom, Usage};
use lmr_lmdi::codes::Code;
use lmr_sender::attempt::AttemptFailure;
use lmr_sender::hooks::HookTarget;
use lmr_sender::transport::{HttpTransport, PostOutcome, TokenAuthorizer, Transport as _};
use serde_json::{Value, json};

use super::{Checks, network, source};
use crate::clock;
use crate::config::folder_of;
use crate::config::key_files::{certificate, check_is_of_another};
use crate::config::sender::{SenderConfig, hash_key};
use crate::text::{Explain, Text, fail, failure, text};

pub(super) async fn examine(config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    let values = config.check().and_then(|()| config.log.filter().map(drop));
    checks.note("config", &text!("verdiene i filen", "values in the file"), values);
    start_date(config, checks);
    hooks(config, folder, checks);
    checks.database_folder = Some(folder_of(&folder.join(&config.database)).to_owned());
    source::examine(config, folder, checks);

    let files = config.certificate.from(folder);
    let mut secrets = files.secrets();
    secrets.extend(config.token_secrets(folder));
    secrets.push(folder.join(&config.hash_key));
    secrets.extend(config.network.proxy_password_file.iter().map(|file| folder.join(file)));
    for secret in secrets {
        checks.secret_file(&secret);
    }
    let signer = (|| {
        let signer = SigningKey::new(files.certificate()?, files.private_key()?)?;
        signer.certificate().check_usage(Usage::Signature)?;
        Ok(signer)
    })();
    let what = text!("sertifikat og nøkkel til signering", "signing certificate and key");
    let signer = checks.note("certificate.sender", &what, signer);
    if let Some(signer) = &signer {
        checks.validity("certificate.sender", &what, signer.certificate());
        let named = signer.certificate().organisation().map(|o| o.to_string());
        let same = if named.as_deref() == Some(config.organisation.as_str()) {
            Ok(())
        } else {
            let holder = named.as_deref().unwrap_or("-");
            Err(failure(text!(
                "sertifikatet er utstedt til {holder}",
                "the certificate is issued to {holder}"
            )))
        };
        let number = &config.organisation;
        let what = text!("organisasjonen {number}", "organisation {number}");
        checks.note("organisation", &what, same);
    }
    let what = text!("registerets sertifikat", "register's certificate");
    let register = certificate(&folder.join(&config.receiver.certificate)).and_then(|register| {
        check_is_of_another(&register, &config.organisation, Some(config.environment))?;
        register.check_usage(Usage::KeyEncipherment)?;
        Ok(register)
    });
    let register = checks.note("certificate.register", &what, register);
    if let Some(register) = &register {
        checks.validity("certificate.register", &what, register);
    }

    let key = hash_key(config, folder);
    checks.note("hash-key", &text!("hash_key", "hash_key"), key);
    database(config, folder, checks).await;

    let what = text!("klienten som henter tokener", "the client that gets tokens");
    if let Some((settings, _)) = checks.note("token.client", &what, config.client(folder)) {
        let kind = settings.flow.issuer_kind();
        let what = text!("tls og network i filen", "tls and network of the file");
        let network = checks.note("network", &what, config.network(folder));
        if let Some(network) = network
            && network::issuer(kind, &settings.issuer, config.environment, &network, checks).await
        {
            token(kind, config, folder, checks).await;
        }
    }
    if let (Some(signer), Some(register)) = (signer, register) {
        receiver(config, folder, &signer, &register, checks).await;
    }
}

/// A start date that is still to come, and one from before there was a register, are most likely misspelt: nothing would
/// be sent, or everything that the source has.
fn start_date(config: &SenderConfig, checks: &mut Checks) {
    let (start, today) = (config.start_date, clock::oslo(clock::now()).date());
    if start > today {
        checks.warn(
            "start_date",
            text!("startdatoen {start} er ikke kommet", "the start date {start} is still to come"),
            text!(
                "ingenting fra før den sendes; er det ikke den avtalte datoen, rett start_date",
                "nothing from before it is sent; correct start_date if it is not the agreed one"
            ),
        );
    } else if start.year() < FIRST_YEAR {
        checks.warn(
            "start_date",
            text!(
                "startdatoen {start} er fra før det fantes noe register å sende til",
                "the start date {start} is from before there was a register to send to"
            ),
            text!(
                "alt i kilden fra da av sendes; er det ikke den avtalte datoen, rett start_date",
                "all that the source has since then is sent; correct start_date if it is not the agreed one"
            ),
        );
    }
}

/// Year before which nobody has agreed to report from.
const FIRST_YEAR: i16 = 2020;

/// Whether the hooks can be made, and the programs of those that run one are there.
fn hooks(config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    if config.hook.is_empty() {
        return;
    }
    let made = crate::config::supervision::hooks(config, folder).and_then(|hooks| {
        for (name, target) in hooks.targets() {
            if let HookTarget::Command { program, .. } = target
                && !can_be_run(program)
            {
                fail!(
                    "{name}: programmet {program} finnes ikke, eller kan ikke kjøres",
                    "{name}: the program {program} is not there, or cannot be run"
                );
            }
        }
        Ok(())
    });
    checks.note("hooks", &text!("[[hook]]", "[[hook]]"), made);
}

/// Whether a program is found as the system finds it: by its path, or by its name in `PATH`.
fn can_be_run(program: &str) -> bool {
    let is_program = |path: &Path| {
        let Ok(found) = std::fs::metadata(path) else { return false };
        #[cfg(unix)]
        let may_run = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0;
        #[cfg(not(unix))]
        let may_run = true;
        found.is_file() && may_run
    };
    if program.contains(['/', '\\']) {
        return is_program(Path::new(program));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| {
        is_program(&folder.join(program))
            || (cfg!(windows) && is_program(&folder.join(format!("{program}.exe"))))
    })
}

/// Whether the database opens with this hash key and organisation, or could be made. Makes nothing.
async fn database(config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    let database = folder.join(&config.database);
    let what = text!("databasen {path}", "database {path}", path = database.display());
    if !folder_of(&database).is_dir() {
        let path = folder_of(&database).display();
        let text =
            text!("databasen: mappen {path} finnes ikke", "database: there is no folder {path}");
        return checks.fail("database", text, Some(text!("mkdir -p {path}", "mkdir -p {path}")));
    }
    checks.room("disk", &database);
    if !database.exists() {
        return checks.ok(
            "database",
            text!(
                "databasen {path} blir laget ved første kjøring",
                "database {path} is made by the first run",
                path = database.display()
            ),
        );
    }
    checks.database_file(&database);
    // As a run puts it together: the database knows the hash key and the organisation it was made with.
    // On a copy, which a run would bring to this program's form where the database has an earlier one.
    let agent = async {
        let scratch = tempfile::Builder::new().prefix("lmr-doctor-").tempdir()?;
        let agent = crate::send::scratch_agent(config, folder, scratch.path()).await?;
        let other = agent.other_register().await?;
        agent.outbox().close().await;
        anyhow::Ok(other)
    };
    match checks.note("database", &what, agent.await).flatten() {
        // The token has a line of its own.
        None | Some(AttemptFailure::Token { .. }) => {}
        Some(stop) => {
            let what = text!("overføringen stanser", "the transfer stops");
            let text =
                Text::of(|language| format!("{}: {}", what.get(language), stop.text(language)));
            checks.fail("receiver.ledger", text, None);
        }
    }
}

async fn token(kind: IssuerKind, config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    let name = kind.name();
    let what = text!("token fra {name}", "token from {name}");
    let authorizer = match crate::send::authorizer(config, folder) {
        Ok(authorizer) => authorizer,
        Err(error) => return checks.error("helseid.client", &what, &error),
    };
    let headers =
        lmr_sender::transport::Authorizer::headers(&authorizer, "POST", &config.receiver.url, None);
    match headers.await {
        Ok(_) => checks.ok("helseid.token", what),
        Err(error) => {
            let text =
                Text::of(|language| format!("{}: {}", what.get(language), error.text(language)));
            let remedy = match kind {
                IssuerKind::HelseId => text!(
                    "sammenlign helseid.client_id, key, scope og resource med klienten i HelseID Selvbetjening",
                    "compare helseid.client_id, key, scope and resource with the client in HelseID Selvbetjening"
                ),
                IssuerKind::Maskinporten => text!(
                    "sammenlign maskinporten.client_id, key, kid, scope og resource med klienten hos Digdir",
                    "compare maskinporten.client_id, key, kid, scope and resource with the client at Digdir"
                ),
            };
            checks.fail("helseid.token", text, Some(remedy));
        }
    }
}

/// Asks the receiver to validate a sealed bundle without content: it stores nothing, and everything before
/// the content must hold.
async fn receiver(
    config: &SenderConfig,
    folder: &Path,
    signer: &SigningKey,
    register: &lmr_envelope::Certificate,
    checks: &mut Checks,
) {
    let url = config.receiver.url.trim_end_matches('/');
    let what = text!("mottaket {url}", "receiver {url}");
    let probe = crate::send::transport(config, folder, &format!("{url}/validate"));
    let Some(transport) =
        probe.map_err(|error| checks.error("receiver.connection", &what, &error)).ok()
    else {
        return;
    };
    let message = match empty_message(config, signer, register) {
        Ok(message) => message,
        Err(error) => return checks.error("receiver.message", &what, &error),
    };
    let outcome = transport.post(message).await;
    match &outcome {
        PostOutcome::Answered { status, body, .. } => {
            network::compare_clocks(
                &text!("mottaket", "the receiver"),
                transport.server_time(),
                checks,
            );
            let codes = codes_of(body);
            if *status == 404 {
                wrong_path(config, folder, &codes, &what, checks).await;
            } else {
                answered(*status, &codes, &what, checks);
            }
        }
        PostOutcome::NotReached { failure, .. }
        | PostOutcome::NoAnswer { failure }
        | PostOutcome::NoAccess { failure } => {
            // Without a token there is no answer of the receiver; the token has its own line.
            if matches!(failure, AttemptFailure::Token { .. }) {
                return reachable(config, folder, &what, checks).await;
            }
            connection(failure, &what, checks);
        }
    }
}

fn connection(failure: &AttemptFailure, what: &Text, checks: &mut Checks) {
    let text = Text::of(|language| format!("{}: {}", what.get(language), failure.text(language)));
    let remedy = matches!(failure, AttemptFailure::ConnectionBroken).then(|| {
        text!(
            "snakker porten TLS? Da skal receiver.url begynne med https://",
            "does the port speak TLS? Then receiver.url begins with https://"
        )
    });
    checks.fail("receiver.connection", text, remedy);
}

/// The receiver without a token: whether anybody answers at all.
async fn reachable(config: &SenderConfig, folder: &Path, what: &Text, checks: &mut Checks) {
    let settings = crate::send::http_settings(config, folder, &config.receiver.url);
    let transport =
        settings.and_then(|settings| Ok(HttpTransport::new(&settings, network::WithoutToken)?));
    let transport = match transport {
        Ok(transport) => transport,
        Err(error) => return checks.error("receiver.connection", what, &error),
    };
    match network::failure_of(&transport.post(Vec::new()).await) {
        Some(failure) => connection(&failure, what, checks),
        None => checks.warn(
            "receiver.message",
            Text {
                nb: format!("{}: svarer; resten kan ikke prøves uten token", what.nb),
                en: format!("{}: answers; the rest cannot be tried without a token", what.en),
            },
            text!("rett HelseID først", "correct HelseID first"),
        ),
    }
}

/// 404 for the validation: the path is wrong, or this receiver only takes messages.
async fn wrong_path(
    config: &SenderConfig,
    folder: &Path,
    codes: &[Code],
    what: &Text,
    checks: &mut Checks,
) {
    let remedy = text!(
        "rett stien i receiver.url; for lmr serve er den /fhirmottak/v1",
        "correct the path in receiver.url; for `lmr serve` it is /fhirmottak/v1"
    );
    let not_found = Text {
        nb: format!("{}: ingen tjeneste på denne stien (HTTP 404)", what.nb),
        en: format!("{}: no service at this path (HTTP 404)", what.en),
    };
    if codes.contains(&Code::EndpointUnknown) {
        return checks.fail("receiver.path", not_found, Some(remedy));
    }
    // An empty object is not a message: nothing can come of it.
    let transport: anyhow::Result<HttpTransport<TokenAuthorizer>> =
        crate::send::transport(config, folder, &config.receiver.url);
    let Ok(transport) = transport else { return };
    match transport.post(b"{}".to_vec()).await {
        PostOutcome::Answered { status: 404, .. } => {
            checks.fail("receiver.path", not_found, Some(remedy));
        }
        PostOutcome::Answered { status, .. } => checks.warn(
            "receiver.message",
            Text {
                nb: format!(
                    "{}: svarer (HTTP {status}), men kan ikke prøve en melding uten å ta den imot",
                    what.nb
                ),
                en: format!(
                    "{}: answers (HTTP {status}), but cannot try a message without taking it",
                    what.en
                ),
            },
            text!(
                "sertifikater, adresse og avtale viser seg ved første overføring",
                "certificates, address and agreement show at the first transfer"
            ),
        ),
        outcome => {
            if let Some(failure) = network::failure_of(&outcome) {
                connection(&failure, what, checks);
            }
        }
    }
}

/// What the answer to the empty message says: each code has the name of what it is about.
fn answered(status: u16, codes: &[Code], what: &Text, checks: &mut Checks) {
    let Some(code) = codes.first().copied() else {
        if status == 200 {
            return checks.ok("receiver.message", accepted(what));
        }
        let text = Text {
            nb: format!(
                "{}: svarte HTTP {status}, men ikke som et mottak: noe på veien (mellomtjener, brannmur) kan ha svart",
                what.nb
            ),
            en: format!(
                "{}: answered HTTP {status}, but not as a receiver does: something on the way (proxy, firewall) may have answered",
                what.en
            ),
        };
        return checks.fail("receiver.path", text, Some(text!(
            "prøv adressen med curl fra denne maskinen, og sammenlign med registerets dokumentasjon",
            "try the address with curl from this machine, and compare it with the register's documentation"
        )));
    };
    let id = match code.number() {
        // The empty bundle itself: everything before it holds.
        3000.. if code.number() < 9000 => return checks.ok("receiver.message", accepted(what)),
        1001 => "receiver.address",
        1015 => "receiver.audience",
        1020 => "receiver.scope",
        1010..=1039 => "receiver.token",
        2008..=2010 => "clock",
        2020..=2022 => "receiver.sender",
        2023 | 2030..=2040 => "receiver.signing-certificate",
        2050 | 2051 => "receiver.register-certificate",
        _ => "receiver.message",
    };
    let catalogue = code.text();
    let text = Text::of(|language| {
        format!(
            "{}: {} {} (HTTP {status})",
            what.get(language),
            code.as_str(),
            code.title(language)
        )
    });
    let mut remedy = Text::of(|language| catalogue.remedy.in_language(language).to_owned());
    if id == "receiver.address" {
        remedy.nb.push_str(" En avsender som registeret har satt ut av drift, får samme svar.");
        remedy.en.push_str(" A sender that the register has deactivated gets the same answer.");
    }
    checks.fail(id, text, Some(remedy));
}

fn accepted(what: &Text) -> Text {
    Text {
        nb: format!("{}: adresse, token, avtale, signatur og kryptering godtas", what.nb),
        en: format!(
            "{}: address, token, agreement, signature and encryption are accepted",
            what.en
        ),
    }
}

/// A sealed bundle without entries.
fn empty_message(
    config: &SenderConfig,
    signer: &SigningKey,
    register: &lmr_envelope::Certificate,
) -> anyhow::Result<Vec<u8>> {
    let now = clock::now();
    let id = crate::envelope::new_uuid()?;
    let bundle = json!({
        "resourceType": "Bundle",
        "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{id}") },
        "type": config.ruleset.bundle_type(),
        "timestamp": now.to_string(),
    });
    let sender = signer.certificate().organisation().explain(|| {
        text!(
            "sertifikatet har ikke noe organisasjonsnummer",
            "the certificate names no organisation"
        )
    })?;
    let header = Header {
        message_id: &id,
        sender,
        reporting_from: now - jiff::SignedDuration::from_hours(1),
        reporting_to: now,
        generated_at: now,
    };
    Ok(lmr_envelope::seal(bundle.to_string().as_bytes(), &header, register, signer, &SystemRandom)?)
}

/// The catalogue's codes in an OperationOutcome, in order.
fn codes_of(body: &[u8]) -> Vec<Code> {
    let outcome: Value = serde_json::from_slice(body).unwrap_or_default();
    let issues = outcome["issue"].as_array().cloned().unwrap_or_default();
    let codings = issues
        .iter()
        .flat_map(|issue| issue["details"]["coding"].as_array().cloned().unwrap_or_default());
    codings.filter_map(|coding| Code::parse(coding["code"].as_str()?)).collect()
}
