//! What must be known to write a sender's files: from the arguments, or asked for.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::civil::Date;
use lmr_auth::jose::Algorithm;
use lmr_auth::{Environment, IssuerKind, TrustKind, TrustProfile, safe_address};
use lmr_envelope::{SigningKey, Usage};
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::RuleSetId;

use super::console::Console;
use super::{Init, TokensFrom, WhichEnvironment};
use crate::config::key_files::{KeyFiles, certificate, check_is_of_another, located};
use crate::output::Language;
use crate::text::{Explain, Text, chain, fail, failure, text};

/// What an answer is when the thing asked for is not there yet.
const NOT_YET: &str = "-";

/// Everything that is known of the new sender.
pub(super) struct Answers {
    pub(super) issuer_kind: IssuerKind,
    pub(super) environment: Environment,
    /// The issuer, byte for byte.
    pub(super) issuer: String,
    pub(super) organisation: OrganisationNumber,
    pub(super) name: String,
    pub(super) source: PathBuf,
    pub(super) ruleset: RuleSetId,
    pub(super) start_date: Date,
    pub(super) receiver_url: String,
    /// None: the register has not given it yet.
    pub(super) receiver_certificate: Option<PathBuf>,
    /// None: a key and a request are made.
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
    /// File with the password of its key.
    pub(super) key_password_file: Option<PathBuf>,
    /// None: the client is not registered yet.
    pub(super) client_id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) addresses: Vec<String>,
}

/// Takes answers from arguments, asks for the others, and keeps what is missing where nobody can be asked.
struct Asking<'c> {
    console: Option<&'c mut dyn Console>,
    lang: Language,
    missing: Vec<&'static str>,
}

/// One thing that must be known.
struct Question<'q> {
    /// The argument that answers it.
    argument: &'static str,
    asked: Text,
    /// What an empty answer means.
    default: Option<&'q str>,
}

impl Asking<'_> {
    /// The answer; `None` where it is missing, which [`Asking::complete`] reports.
    fn answer<T>(
        &mut self,
        question: &Question<'_>,
        given: Option<&str>,
        read: impl Fn(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let argument = question.argument;
        if let Some(given) = given {
            let answer = read(given).explain(|| text!("{argument} {given}", "{argument} {given}"));
            return answer.map(Some);
        }
        let Some(console) = self.console.as_deref_mut() else {
            let answer = question.default.map(&read).transpose()?;
            if answer.is_none() {
                self.missing.push(argument);
            }
            return Ok(answer);
        };
        let asked = question.asked.get(self.lang);
        let prompt = match question.default {
            Some(default) => format!("{asked} [{default}]:"),
            None => format!("{asked}:"),
        };
        loop {
            let Some(line) = console.ask(&prompt)? else {
                fail!(
                    "det kom ikke flere svar; ingenting er skrevet",
                    "there were no more answers; nothing is written"
                );
            };
            let line = if line.is_empty() { question.default.unwrap_or_default() } else { &line };
            match read(line) {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => console.explain(&chain(&error, self.lang)),
            }
        }
    }

    /// Reports what is missing, all at once.
    fn complete(&self) -> anyhow::Result<()> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let missing = self.missing.join(", ");
        fail!(
            "det er ingen terminal å spørre på; disse valgene mangler: {missing} (lmr send init --help forklarer dem)",
            "there is no terminal to ask at; these arguments are missing: {missing} (lmr send init --help explains them)"
        );
    }
}

/// The possible values of an argument, for its question.
fn values<V: ValueEnum>() -> String {
    let names = V::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
}

fn one_of<V: ValueEnum>(answer: &str) -> anyhow::Result<V> {
    V::from_str(answer, true).map_err(anyhow::Error::msg).explain(|| {
        text!("svar med ett av: {all}", "answer with one of: {all}", all = values::<V>())
    })
}

fn not_empty(answer: &str) -> anyhow::Result<String> {
    if answer.trim().is_empty() {
        fail!("svaret kan ikke være tomt", "the answer cannot be empty");
    }
    Ok(answer.trim().to_owned())
}

/// An address that messages and tokens may be sent to.
fn address(answer: &str, environment: Environment) -> anyhow::Result<String> {
    if !safe_address(answer, environment == Environment::Local) {
        fail!(
            "{answer} er ikke en adresse som kan brukes: https://… (http bare til denne maskinen, i miljøet local)",
            "{answer} is not a usable address: https://… (http to this machine only, in environment local)"
        );
    }
    Ok(answer.to_owned())
}

/// The path in full, since the configuration may be in another folder.
fn whole(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).explain(|| text!("{path}", "{path}", path = path.display()))
}

/// A file that is there, or nothing yet.
fn file_or_not_yet(answer: &str) -> anyhow::Result<Option<PathBuf>> {
    if answer == NOT_YET {
        return Ok(None);
    }
    Ok(Some(located(&whole(Path::new("."))?, Path::new(&not_empty(answer)?))))
}

/// The register's certificate, which must be meant for encryption, and not be ours.
fn register_certificate(
    answer: &str,
    organisation: Option<&OrganisationNumber>,
    environment: Option<Environment>,
) -> anyhow::Result<Option<PathBuf>> {
    let path = file_or_not_yet(answer)?;
    if let Some(path) = &path {
        let register = certificate(path)?;
        if let Some(organisation) = organisation {
            check_is_of_another(&register, organisation.as_str(), environment)?;
        }
        register.check_usage(Usage::KeyEncipherment)?;
    }
    Ok(path)
}

/// Our certificate with its key, of this organisation.
fn pair(
    path: PathBuf,
    key: &Path,
    password_file: Option<&Path>,
    organisation: &OrganisationNumber,
    of_register: Option<&Path>,
) -> anyhow::Result<(PathBuf, PathBuf)> {
    let key = located(&whole(Path::new("."))?, key);
    let files = KeyFiles {
        certificate: path.clone(),
        key: key.clone(),
        key_password_file: password_file.map(whole).transpose()?,
        ..KeyFiles::default()
    };
    let signer = SigningKey::new(files.certificate()?, files.private_key()?)?;
    let certificate = signer.certificate();
    if let Some(of_register) = of_register
        && self::certificate(of_register)?.thumbprint() == certificate.thumbprint()
    {
        fail!(
            "{path} er også oppgitt som registerets sertifikat: det er vårt eget, og registeret kunne ikke lese noe. Be \
             registeret om sitt",
            "{path} is given as the register's certificate too: it is our own, and the register could read nothing. Ask the \
             register for its own",
            path = path.display()
        );
    }
    certificate.check_usage(Usage::Signature)?;
    let named = certificate.organisation().map(|number| number.to_string());
    if named.as_deref() != Some(organisation.as_str()) {
        fail!(
            "{path} er utstedt til {named}, ikke til {organisation}",
            "{path} is issued to {named}, not to {organisation}",
            path = path.display(),
            named = named.as_deref().unwrap_or("-")
        );
    }
    Ok((path, key))
}

impl Answers {
    /// Takes what the arguments say and asks for the rest.
    pub(super) fn gather(
        init: &Init,
        config: &Path,
        console: Option<&mut dyn Console>,
        lang: Language,
    ) -> anyhow::Result<Self> {
        let mut asking = Asking { console, lang, missing: Vec::new() };
        let environment = match init.environment {
            Some(environment) => Some(environment),
            None => asking.answer(
                &Question {
                    argument: "--environment",
                    asked: text!(
                        "Miljø ({all})",
                        "Environment ({all})",
                        all = values::<WhichEnvironment>()
                    ),
                    default: None,
                },
                None,
                one_of::<WhichEnvironment>,
            )?,
        };
        let tokens_from = match init.tokens_from {
            Some(kind) => Some(kind),
            None => asking.answer(
                &Question {
                    argument: "--tokens-from",
                    asked: text!(
                        "Hvor hentes tokener ({all})",
                        "Where do tokens come from ({all})",
                        all = values::<TokensFrom>()
                    ),
                    default: None,
                },
                None,
                one_of::<TokensFrom>,
            )?,
        };
        let environment = environment.map(WhichEnvironment::environment);
        let issuer_kind = tokens_from.map(TokensFrom::kind);
        let usual_issuer = environment.zip(issuer_kind).and_then(|(environment, kind)| {
            TrustProfile::usual_issuer(trust_kind(kind), environment)
        });
        let issuer = match (&init.issuer, usual_issuer, environment) {
            (None, Some(usual), _) => Some(usual.to_owned()),
            (given, _, Some(environment)) => asking.answer(
                &Question {
                    argument: "--issuer",
                    asked: text!(
                        "Adressen til den som gir tokener",
                        "Address of the issuer of tokens"
                    ),
                    default: None,
                },
                given.as_deref(),
                |answer| address(answer, environment),
            )?,
            (_, _, None) => None,
        };
        let organisation = asking.answer(
            &Question {
                argument: "--organisation",
                asked: text!(
                    "Organisasjonsnummeret som rapporterer (ni sifre)",
                    "The organisation number that reports (nine digits)"
                ),
                default: None,
            },
            init.organisation.as_deref(),
            crate::admin::organisation_number,
        )?;
        let name = asking.answer(
            &Question {
                argument: "--name",
                asked: text!("Virksomhetens navn", "The organisation's name"),
                default: None,
            },
            init.name.as_deref(),
            not_empty,
        )?;
        let folder = init.source.as_ref().map(|path| path.to_string_lossy().into_owned());
        let source = asking.answer(
            &Question {
                argument: "--source",
                asked: text!(
                    "Mappen FHIR-filene leses fra",
                    "The folder that FHIR files are read from"
                ),
                default: None,
            },
            folder.as_deref(),
            |answer| whole(Path::new(&not_empty(answer)?)),
        )?;
        let ruleset = asking.answer(
            &Question {
                argument: "--ruleset",
                asked: text!(
                    "Guiden som følges ({all})",
                    "The guide to follow ({all})",
                    all = RuleSetId::ALL.map(RuleSetId::as_str).join(", ")
                ),
                default: Some(RuleSetId::LATEST.as_str()),
            },
            init.ruleset.as_deref(),
            |answer| {
                RuleSetId::parse(answer)
                    .explain(|| text!("{answer} er ikke en av dem", "{answer} is not one of them"))
            },
        )?;
        let start_date = asking.answer(
            &Question {
                argument: "--start-date",
                asked: text!("Avtalt startdato (2026-01-01)", "The agreed start date (2026-01-01)"),
                default: None,
            },
            init.start_date.as_deref(),
            |answer| {
                answer.parse::<Date>().explain(|| {
                    text!(
                        "{answer} er ikke en dato (2026-01-01)",
                        "{answer} is not a date (2026-01-01)"
                    )
                })
            },
        )?;
        let receiver_url = asking.answer(
            &Question {
                argument: "--receiver-url",
                asked: text!(
                    "Registerets adresse (https://…/fhirmottak/v1)",
                    "The register's address (https://…/fhirmottak/v1)"
                ),
                default: None,
            },
            init.receiver_url.as_deref(),
            |answer| address(answer, environment.unwrap_or(Environment::Production)),
        )?;
        let receiver_certificate = asking.answer(
            &Question {
                argument: "--receiver-certificate",
                asked: text!(
                    "Filen med registerets virksomhetssertifikat (- om det ikke er mottatt)",
                    "The file with the register's enterprise certificate (- if it is not received yet)"
                ),
                default: None,
            },
            init.receiver_certificate.as_deref(),
            |answer| register_certificate(answer, organisation.as_ref(), environment),
        )?;
        let of_register = receiver_certificate.as_ref().and_then(Option::as_deref);
        let certificate = Self::certificate(&mut asking, init, organisation.as_ref(), of_register)?;
        let client_id = asking.answer(
            &Question {
                argument: "--client-id",
                asked: text!(
                    "Klientens id (- om den ikke er registrert ennå)",
                    "The client's id (- if it is not registered yet)"
                ),
                default: None,
            },
            init.client_id.as_deref(),
            |answer| match not_empty(answer)?.as_str() {
                NOT_YET => Ok(None),
                id => Ok(Some(id.to_owned())),
            },
        )?;
        let algorithm = match (&init.algorithm, issuer_kind) {
            (Some(name), Some(kind)) => Some(algorithm(name, kind)?),
            (None, Some(IssuerKind::HelseId)) => Some(Algorithm::PS256),
            (None, Some(IssuerKind::Maskinporten)) => Some(Algorithm::RS256),
            (_, None) => None,
        };
        asking.complete()?;
        let whole = || -> Option<Self> {
            Some(Self {
                issuer_kind: issuer_kind?,
                environment: environment?,
                issuer: issuer?,
                organisation: organisation?,
                name: name?,
                source: source?,
                ruleset: ruleset?,
                start_date: start_date?,
                receiver_url: receiver_url?,
                receiver_certificate: receiver_certificate?,
                certificate: certificate?,
                key_password_file: match &init.key_password_file {
                    Some(path) => Some(std::path::absolute(path).ok()?),
                    None => None,
                },
                client_id: client_id?,
                algorithm: algorithm?,
                addresses: init.address.clone(),
            })
        };
        let answers =
            whole().ok_or_else(|| failure(text!("svar mangler", "answers are missing")))?;
        answers.relative_to(config)
    }

    /// Our certificate and its key, or nothing where both are to be made.
    fn certificate(
        asking: &mut Asking<'_>,
        init: &Init,
        organisation: Option<&OrganisationNumber>,
        of_register: Option<&Path>,
    ) -> anyhow::Result<Option<Option<(PathBuf, PathBuf)>>> {
        let certificate = asking.answer(
            &Question {
                argument: "--certificate",
                asked: text!(
                    "Filen med vårt virksomhetssertifikat (- for å lage nøkkel og sertifikatforespørsel)",
                    "The file with our enterprise certificate (- to make a key and a certificate request)"
                ),
                default: None,
            },
            init.certificate.as_deref(),
            file_or_not_yet,
        )?;
        let Some(path) = certificate else { return Ok(None) };
        let Some(path) = path else {
            if init.certificate_key.is_some() {
                fail!(
                    "--certificate-key hører til et sertifikat; med --certificate - lages nøkkelen",
                    "--certificate-key belongs to a certificate; with `--certificate -` the key is made"
                );
            }
            return Ok(Some(None));
        };
        let key = init.certificate_key.as_ref().map(|key| key.to_string_lossy().into_owned());
        let key = asking.answer(
            &Question {
                argument: "--certificate-key",
                asked: text!("Filen med nøkkelen til det", "The file with its private key"),
                default: None,
            },
            key.as_deref(),
            |answer| match organisation {
                Some(organisation) => {
                    let password_file = init.key_password_file.as_deref();
                    let key = Path::new(answer);
                    pair(path.clone(), key, password_file, organisation, of_register)
                }
                None => Ok((path.clone(), PathBuf::from(answer))),
            },
        )?;
        Ok(key.map(Some))
    }

    /// Files below the configuration's own folder are named from there, so that the folder can be moved.
    fn relative_to(mut self, config: &Path) -> anyhow::Result<Self> {
        let config = whole(config)?;
        let folder = config.parent().unwrap_or(Path::new("/")).to_owned();
        let shorten = |path: &mut PathBuf| {
            if let Ok(short) = path.strip_prefix(&folder)
                && !short.as_os_str().is_empty()
            {
                *path = short.to_owned();
            }
        };
        shorten(&mut self.source);
        self.receiver_certificate.iter_mut().for_each(shorten);
        if let Some((certificate, key)) = &mut self.certificate {
            shorten(certificate);
            shorten(key);
        }
        self.key_password_file.iter_mut().for_each(shorten);
        Ok(self)
    }
}

fn trust_kind(kind: IssuerKind) -> TrustKind {
    match kind {
        IssuerKind::HelseId => TrustKind::HelseidDpop,
        IssuerKind::Maskinporten => TrustKind::Maskinporten,
    }
}

/// An algorithm that the issuer takes.
fn algorithm(name: &str, kind: IssuerKind) -> anyhow::Result<Algorithm> {
    let taken: &[Algorithm] = match kind {
        IssuerKind::HelseId => &Algorithm::ALL,
        IssuerKind::Maskinporten => &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512],
    };
    Algorithm::from_name(name).filter(|algorithm| taken.contains(algorithm)).explain(|| {
        let all = taken.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
        text!(
            "--algorithm {name}: {issuer} godtar {all}",
            "--algorithm {name}: {issuer} takes {all}",
            issuer = kind.name()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who gives these answers and keeps what was asked and explained.
    struct Person {
        answers: std::vec::IntoIter<&'static str>,
        heard: Vec<String>,
    }

    impl Console for Person {
        fn ask(&mut self, question: &str) -> anyhow::Result<Option<String>> {
            self.heard.push(question.to_owned());
            Ok(self.answers.next().map(str::to_owned))
        }

        fn explain(&mut self, text: &str) {
            self.heard.push(text.to_owned());
        }
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        init: Init,
    }

    fn given(arguments: &[&str]) -> Init {
        let line = ["init"].iter().chain(arguments);
        let line: Line = clap::Parser::try_parse_from(line).expect("arguments");
        line.init
    }

    #[test]
    fn a_person_is_asked_for_what_is_not_given_and_again_when_the_answer_cannot_be_used() {
        let init = given(&["--environment", "test", "--name", "Liksom sykehus HF"]);
        let answers = vec![
            "helsenett",
            "helseid",
            "310000018",
            "310000019",
            "",
            "export",
            "",
            "i går",
            "2026-01-01",
            "http://lmr.example/v1",
            "https://lmr.example/v1",
            "-",
            "-",
            "-",
        ];
        let mut person = Person { answers: answers.into_iter(), heard: Vec::new() };
        let config = Path::new("/etc/lmr/sender.toml");
        let answers = Answers::gather(&init, config, Some(&mut person), Language::English);
        let answers = answers.expect("answered");
        assert_eq!(answers.issuer, "https://helseid-sts.test.nhn.no");
        assert_eq!(answers.organisation.as_str(), "310000019");
        assert_eq!(answers.ruleset, RuleSetId::LATEST);
        assert_eq!(answers.algorithm, Algorithm::PS256);
        assert!(answers.client_id.is_none() && answers.certificate.is_none());
        let heard = person.heard.join("\n");
        for words in [
            "answer with one of: helseid, maskinporten",
            "310000018 is not an organisation number",
            "the answer cannot be empty",
            "i går is not a date",
            "http://lmr.example/v1 is not a usable address",
        ] {
            assert!(heard.contains(words), "{words}: {heard}");
        }
        assert!(!heard.contains("The organisation's name"), "given as an argument: {heard}");

        let mut person = Person { answers: vec!["helseid"].into_iter(), heard: Vec::new() };
        let ended = Answers::gather(&init, config, Some(&mut person), Language::English);
        let error = ended.err().expect("no more answers").to_string();
        assert!(error.contains("nothing is written"), "{error}");
    }
}
