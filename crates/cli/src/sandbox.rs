//! `lmr sandbox`: a simulated world to try things in.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use lmr_auth::IssuerKind;
use lmr_envelope::SystemRandom;
use lmr_lmdi::RuleSetId;
use lmr_sandbox::folder::{Folder, FolderError, Plan};
use lmr_sandbox::helseid::{
    HelseIdError, LocalHelseId, Person, SITE_ID, SITE_SECRET, Site, SiteCredential,
};
use lmr_sandbox::hospital::{Era, Hospital};
use lmr_sandbox::maskinporten::LocalMaskinporten;
use lmr_web::OpenIdSignIn;

use crate::clock;
use crate::output::{Language, print};
use crate::text::{Explain, fail, text};

/// A simulated world to try things in: nothing in it is real.
#[derive(Args)]
pub(crate) struct Sandbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill a folder with keys, certificates, configuration and a hospital's data
    Init(Init),
    /// Run the local HelseID for such a folder until interrupted
    Helseid(HelseId),
    /// Run the local Maskinporten for such a folder until interrupted
    Maskinporten(Issuer),
    /// Write the hospital's data again, with more administrations or another seed
    Hospital(MakeHospital),
}

/// The guide the hospital follows.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Guide {
    /// 0.9.4: batch
    #[default]
    #[value(name = "lmdi-0.9.4")]
    Lmdi094,
    /// The newest: transaction
    #[value(name = RuleSetId::LATEST.as_str())]
    Latest,
}

impl Guide {
    /// The guide of a rule set, where the sandbox has data for it.
    fn of(rule_set: &str) -> Option<Self> {
        match RuleSetId::parse(rule_set)?.bundle_type() {
            "batch" => Some(Self::Lmdi094),
            _ => Some(Self::Latest),
        }
    }

    pub(crate) fn era(self) -> Era {
        match self {
            Self::Lmdi094 => Era::V0_9_4,
            Self::Latest => Era::Latest,
        }
    }
}

#[derive(Args)]
struct Init {
    /// A folder, made if it is not there
    folder: PathBuf,
    /// The guide the hospital follows
    #[arg(long, value_enum, default_value_t)]
    ruleset: Guide,
    /// Medication administrations on the first day
    #[arg(long, default_value_t = 40)]
    administrations: usize,
    /// First day of the data; yesterday if left out
    #[arg(long)]
    day: Option<Date>,
    /// Seed of the synthetic data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port of the receiver on loopback
    #[arg(long, default_value_t = 8080)]
    receiver_port: u16,
    /// Who gives access tokens
    #[arg(long, value_enum, default_value_t)]
    tokens_from: TokensFrom,
    /// Port of HelseID or Maskinporten on loopback
    #[arg(long, default_value_t = 8081)]
    helseid_port: u16,
    /// Most entries in one bundle
    #[arg(long, default_value_t = lmr_sender::BundleLimits::default().entries)]
    entries_per_bundle: usize,
    /// Throw away the sandbox that the folder holds already, with its keys, databases and data
    #[arg(long)]
    force: bool,
}

/// The issuer of tokens in the world.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum TokensFrom {
    /// HelseID, tokens bound to a key (DPoP)
    #[default]
    #[value(name = "helseid")]
    HelseId,
    /// Maskinporten
    Maskinporten,
}

#[derive(Args)]
struct Issuer {
    /// The folder that `lmr sandbox init` has filled
    folder: PathBuf,
    /// Public key (JWK file) of the client; that of the folder if left out
    #[arg(long)]
    key: Option<PathBuf>,
    /// Port on loopback; the one in the folder's configuration if left out
    #[arg(long)]
    port: Option<u16>,
}

#[derive(Args)]
struct HelseId {
    #[command(flatten)]
    issuer: Issuer,
    /// Address of a receiver's console (`http://127.0.0.1:8090`) at which synthetic operators sign in
    #[arg(long)]
    console: Option<String>,
}

#[derive(Args)]
struct MakeHospital {
    /// Where to write the files; in a folder that `lmr sandbox init` has filled, its source
    folder: PathBuf,
    /// The guide the hospital follows; that of the folder's configuration if left out
    #[arg(long, value_enum)]
    ruleset: Option<Guide>,
    /// Medication administrations on the first day
    #[arg(long, default_value_t = 40)]
    administrations: usize,
    /// First day of the data; yesterday if left out
    #[arg(long)]
    day: Option<Date>,
    /// Seed of the synthetic data
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn yesterday() -> Date {
    let today = clock::oslo(clock::now()).date();
    today.yesterday().unwrap_or(today)
}

impl Sandbox {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Init(init) => init.run(lang)?,
            Command::Helseid(helseid) => helseid.run(lang)?,
            Command::Maskinporten(issuer) => issuer.maskinporten(lang)?,
            Command::Hospital(make) => make.run(lang)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl MakeHospital {
    fn run(self, lang: Language) -> anyhow::Result<()> {
        let world = Folder::at(&self.folder);
        let is_world = world.sender_config().exists();
        let of_world = world.sender_value("ruleset").and_then(|name| Guide::of(&name));
        if let (Some(given), Some(configured)) = (self.ruleset, of_world)
            && given != configured
        {
            fail!(
                "{folder} er laget for et annet regelsett; lag en ny verden med «lmr sandbox init»",
                "{folder} is made for another rule set; make a new world with `lmr sandbox init`",
                folder = self.folder.display()
            );
        }
        let guide = self.ruleset.or(of_world).unwrap_or_default();
        let day = self.day.unwrap_or_else(yesterday);
        let hospital = Hospital::new(guide.era(), self.seed, day, self.administrations);
        let target = if is_world {
            world.clear_source()?;
            world.source()
        } else {
            self.folder
        };
        hospital.write(&target).explain(|| {
            text!(
                "kan ikke skrive i {target}",
                "cannot write in {target}",
                target = target.display()
            )
        })?;
        let done = text!(
            "skrev {count} ressurser til {target}\n",
            "wrote {count} resources to {target}\n",
            count = hospital.resources().len(),
            target = target.display()
        );
        print(done.get(lang))
    }
}

impl Init {
    fn run(self, lang: Language) -> anyhow::Result<()> {
        let plan = Plan {
            era: self.ruleset.era(),
            day: self.day.unwrap_or_else(yesterday),
            administrations: self.administrations,
            seed: self.seed,
            receiver_port: self.receiver_port,
            issuer: match self.tokens_from {
                TokensFrom::HelseId => IssuerKind::HelseId,
                TokensFrom::Maskinporten => IssuerKind::Maskinporten,
            },
            helseid_port: self.helseid_port,
            entries_per_bundle: self.entries_per_bundle,
        };
        if self.force {
            Folder::at(&self.folder).clear()?;
        }
        let folder = match Folder::make(&self.folder, &plan, clock::now(), &SystemRandom) {
            Err(FolderError::Filled { path }) => fail!(
                "{path} har en sandkasse fra før. Bruk den, velg en annen mappe, eller kast den med --force",
                "{path} holds a sandbox already. Use it, choose another folder, or throw it away with --force",
                path = path.display()
            ),
            made => made?,
        };
        let done = text!(
            "En simulert verden i mappen «{at}». Prøv, i tre terminaler i mappen du er i nå:\n\n  \
             lmr sandbox {issuer} {at}\n  \
             lmr serve --config {at}/receiver.toml\n  \
             lmr send run --config {at}/sender.toml\n",
            "A simulated world in the folder “{at}”. Try, in three terminals in the folder you are in now:\n\n  \
             lmr sandbox {issuer} {at}\n  \
             lmr serve --config {at}/receiver.toml\n  \
             lmr send run --config {at}/sender.toml\n",
            issuer = plan.issuer.name().to_lowercase(),
            at = folder.path().display()
        );
        print(done.get(lang))
    }
}

impl HelseId {
    fn run(self, lang: Language) -> anyhow::Result<()> {
        let folder = Folder::at(&self.issuer.folder);
        // Before the port is taken: a folder that cannot be used is what is to be corrected first.
        let client = match &self.issuer.key {
            Some(key) => folder.client_with(key)?,
            None => folder.client()?,
        };
        let port = self.issuer.port(&folder);
        Issuer::runtime()?.block_on(async {
            let helseid = LocalHelseId::start(
                port,
                lmr_sandbox::clock::real(),
                lmr_sandbox::clock::fresh_ids(),
            )
            .await;
            let helseid = listening(helseid, port)?;
            helseid.register(client);
            if let Some(console) = &self.console {
                helseid.register_site(Site {
                    client_id: SITE_ID.to_owned(),
                    credential: SiteCredential::Secret(SITE_SECRET.to_owned()),
                    redirect_uris: vec![OpenIdSignIn::callback(console)],
                });
                Person::operators().into_iter().for_each(|person| helseid.register_person(person));
            }
            let running = text!(
                "HelseID for syntetiske klienter på {issuer}; Ctrl-C avslutter\n",
                "HelseID for synthetic clients on {issuer}; Ctrl-C ends it\n",
                issuer = helseid.issuer()
            );
            print(running.get(lang))?;
            tokio::signal::ctrl_c().await?;
            helseid.stop().await;
            Ok(())
        })
    }
}

impl Issuer {
    /// The port of the issuer in the sender's configuration.
    fn port(&self, folder: &Folder) -> u16 {
        let configured = || {
            let issuer = folder.sender_value("issuer")?;
            issuer.trim_end_matches('/').rsplit(':').next()?.parse().ok()
        };
        self.port.or_else(configured).unwrap_or(8081)
    }

    fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    }

    fn maskinporten(self, lang: Language) -> anyhow::Result<()> {
        let folder = Folder::at(&self.folder);
        let client = folder.maskinporten_client(self.key.as_deref())?;
        let port = self.port(&folder);
        Self::runtime()?.block_on(async {
            let maskinporten = LocalMaskinporten::start(
                port,
                lmr_sandbox::clock::real(),
                lmr_sandbox::clock::fresh_ids(),
            )
            .await;
            let maskinporten = listening(maskinporten, port)?;
            maskinporten.register(client);
            let running = text!(
                "Maskinporten for syntetiske klienter på {issuer}; Ctrl-C avslutter\n",
                "Maskinporten for synthetic clients on {issuer}; Ctrl-C ends it\n",
                issuer = maskinporten.issuer()
            );
            print(running.get(lang))?;
            tokio::signal::ctrl_c().await?;
            Ok(())
        })
    }
}

/// Names the port that an issuer could not take, and what to do.
fn listening<T>(started: Result<T, HelseIdError>, port: u16) -> anyhow::Result<T> {
    match started {
        Err(HelseIdError::Listen(error)) => Err(error).explain(|| {
            text!(
                "kan ikke lytte på 127.0.0.1:{port} (en annen port velges med --port og skrives i issuer i sender.toml og \
                 receiver.toml)",
                "cannot listen on 127.0.0.1:{port} (another port is chosen with --port and written in `issuer` of \
                 sender.toml and receiver.toml)"
            )
        }),
        started => Ok(started?),
    }
}
