//! What stays open after the story: the receiver, the operator's console, the hospital's desk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_envelope::{RandomSource as _, SystemRandom};
use lmr_intake::Database;
use lmr_sandbox::demo::{LastHospital, Played};
use lmr_sandbox::helseid::LMR_SCOPE;
use lmr_sandbox::hospital::{Era, Hospital};
use lmr_sandbox::world::World;
use lmr_server::{ServeError, serve_pages};
use lmr_web::{Console, ConsoleParts, Operator, PasswordHash, Role};
use tokio::net::TcpListener;

use crate::clock;
use crate::config::sender::SenderConfig;
use crate::output::{Language, hex, print, write_secret};
use crate::send::workplace::{of_loopback, open_desk};
use crate::serve::interrupted;
use crate::text::{Explain, text};

/// Who signs in to the console, and decides at the desk.
const OPERATOR: &str = "demo";
/// Minutes after which a session of the console that is not used ends.
const IDLE: i64 = 60;

/// Opens the pages, says where they are, and serves them until the process is interrupted.
pub(super) async fn until_interrupted(
    played: &Played,
    folder: &Path,
    lang: Language,
) -> anyhow::Result<()> {
    let password = random_hex()?;
    let (console, showing) = open_console(&played.world, &password).await?;
    let config_file = sender_configuration(&played.world, &played.hospital)?;
    let (config, of_hospital) = crate::config::read::<SenderConfig>(&config_file)?;
    let (desk, working) = open_desk(config, &config_file, of_hospital, OPERATOR, 0).await?;
    let bundle = folder.join("bundle.json");
    let yesterday = clock::oslo(clock::now()).date().yesterday()?;
    let text = Hospital::new(Era::Latest, 9, yesterday, 2)
        .bundle("00000000-0000-4000-8000-000000000009", &clock::now().to_string());
    fs::write(&bundle, serde_json::to_string_pretty(&text)?)?;
    let (url, bundle) = (played.world.base_url(), bundle.display());
    let sender = config_file.display();
    print(&match lang {
        Language::Bokmal => format!(
            "\nAlt kjører fortsatt. Åpne i en nettleser på denne maskinen:\n\n  \
             registerets konsoll     {console}  (bruker {OPERATOR}, passord {password})\n  \
             sykehusets arbeidsbord  {desk}\n\nOg prøv:\n\n"
        ),
        Language::English => format!(
            "\nEverything is still running. Open in a browser on this machine:\n\n  \
             the register's console  {console}  (user {OPERATOR}, password {password})\n  \
             the hospital's desk     {desk}\n\nAnd try:\n\n"
        ),
    })?;
    print(&format!(
        "  curl {url}/health/ready\n  curl {url}/metrics\n  \
         curl -H 'Content-Type: application/fhir+json' --data-binary @{bundle} {url}/fhirmottak/v1/validateLegemiddelregisterBundle\n  \
         lmr validate {bundle}\n  lmr send status --config {sender}\n  lmr sandbox init world\n\n{}\n",
        match lang {
            Language::Bokmal => "Ctrl-C avslutter.",
            Language::English => "Ctrl-C ends it.",
        }
    ))?;
    // One that cannot be served any more is seen at once, not when the other one is ended.
    tokio::try_join!(showing, working)?;
    Ok(())
}

/// The operator's console of the world's receiver: its address, and what serves it.
async fn open_console(
    world: &World,
    password: &str,
) -> anyhow::Result<(String, impl Future<Output = Result<(), ServeError>>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let mut salt = [0; 16];
    SystemRandom.fill(&mut salt)?;
    let operator = Operator {
        name: OPERATOR.to_owned(),
        role: Role::Admin,
        password: Some(PasswordHash::make(password, &salt)?),
        passkeys: Vec::new(),
    };
    let console = Console::new(ConsoleParts {
        store: Arc::new(world.store()?.clone()) as Arc<dyn Database>,
        receiver: world.receiver()?.clone(),
        clock: Arc::new(clock::now),
        random: Arc::new(SystemRandom),
        zone: clock::oslo_zone(),
        public_url: address.clone(),
        operators: vec![operator],
        open_id: None,
        secure: false,
        idle: jiff::SignedDuration::from_mins(IDLE),
        has_outlet: false,
        code_lists: Vec::new(),
    });
    let serving = serve_pages(listener, console.router(), of_loopback()?, interrupted());
    Ok((format!("{address}/konsoll"), serving))
}

/// Writes the hospital's keys and configuration beside its ledger, as `lmr send` reads them.
fn sender_configuration(world: &World, hospital: &LastHospital) -> anyhow::Result<PathBuf> {
    let sender = &hospital.sender;
    let write = |name: &str, text: &str| {
        let path = hospital.folder.join(name);
        fs::write(&path, text).explain(|| {
            text!("kan ikke skrive {path}", "cannot write {path}", path = path.display())
        })
    };
    let secret =
        |name: &str, text: &str| write_secret(&hospital.folder.join(name), text.as_bytes());
    write("register.pem", &world.register().certificate_pem)?;
    write("sender.pem", &sender.certificate.certificate_pem)?;
    secret("sender.key", &sender.certificate.key_pem)?;
    secret("helseid-client.jwk", sender.client_key.expose())?;
    secret("hash.key", &hex(&hospital.hash_key))?;
    let text = format!(
        r#"# A simulated hospital of `lmr demo`.
organisation = "{organisation}"
environment = "local"
source = "source"
database = "sender.sqlite"
hash_key = "hash.key"
ruleset = "{rule_set}"
start_date = "{start}"

[receiver]
url = "{receiver}/fhirmottak/v1"
certificate = "register.pem"

[certificate]
certificate = "sender.pem"
key = "sender.key"

[helseid]
issuer = "{issuer}"
client_id = "{client}"
key = "helseid-client.jwk"
scope = "{LMR_SCOPE}"
dpop = false
"#,
        organisation = sender.organisation,
        rule_set = hospital.rule_set.as_str(),
        start = hospital.start,
        receiver = world.base_url(),
        issuer = world.helseid().issuer(),
        client = sender.client_id,
    );
    write("sender.toml", &text)?;
    Ok(hospital.folder.join("sender.toml"))
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 12];
    SystemRandom.fill(&mut bytes)?;
    Ok(hex(&bytes))
}
