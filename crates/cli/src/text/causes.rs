//! Errors of other crates in bokmål. They are typed and say in English what is wrong; those that people
//! meet when they set something up have their sentence here, the others stay in English.

use std::error::Error;

use lmr_envelope::{
    CertificateError, KeyError, ReceiptChainError, ReceiptError, SealError, TrustError, Usage,
};
use lmr_intake::{AddressError, AvsenderError, StoreError};
use lmr_sandbox::folder::FolderError;
use lmr_sender::SenderError;
use lmr_sender::outbox::{OutboxError, form_text, sqlite_text};
use lmr_server::TlsError;
use lmr_storage::{KeyFileError, OpenError};

use lmr_fhir::{Language, Localized as _};

mod files;
mod keys;
mod lists;
mod values;

/// The error in bokmål, where there is a sentence for it.
pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<CertificateError>() {
        return Some(certificate(error));
    }
    if let Some(error) = error.downcast_ref::<SealError>() {
        return seal(error);
    }
    if let Some(SenderError::Seal(error)) = error.downcast_ref::<SenderError>() {
        return seal(error);
    }
    if let Some(error) = error.downcast_ref::<KeyError>() {
        return Some(key(error));
    }
    if let Some(error) = error.downcast_ref::<AvsenderError>() {
        return sender(error);
    }
    if let Some(TrustError::Unreadable { what }) = error.downcast_ref::<TrustError>() {
        let what = match *what {
            "CA certificates in PEM" => "CA-sertifikater i PEM",
            "revocation lists signed by a configured authority" => {
                "tilbakekallingslister signert av en utsteder i authorities"
            }
            other => other,
        };
        return Some(format!("filen har ikke det som skal være i den ({what})"));
    }
    if let Some(error) = error.downcast_ref::<AddressError>() {
        return Some(error.text(Language::Bokmal).into_owned());
    }
    if let Some(error) = error.downcast_ref::<ReceiptError>() {
        return Some(receipt(error));
    }
    if let Some(error) = error.downcast_ref::<ReceiptChainError>() {
        return Some(receipt_chain(error));
    }
    if let Some(error) = error.downcast_ref::<OpenError>() {
        return database(error);
    }
    if let Some(KeyFileError::WrongLength) = error.downcast_ref::<KeyFileError>() {
        return Some(
            "nøkkelen skal være 32 tilfeldige byte eller 64 heksadesimale sifre".to_owned(),
        );
    }
    if let Some(KeyFileError::Same) = error.downcast_ref::<KeyFileError>() {
        return Some("nøkkelen til identitetene skal være en annen enn column_key".to_owned());
    }
    if let Some(error) = error.downcast_ref::<TlsError>() {
        return tls(error);
    }
    if let Some(StoreError::Unavailable(_)) = error.downcast_ref::<StoreError>() {
        return Some("databasen er ikke tilgjengelig".to_owned());
    }
    if let Some(error) = error.downcast_ref::<SenderError>() {
        return run(error);
    }
    if let Some(error) = error.downcast_ref::<OutboxError>() {
        return Some(outbox(error));
    }
    if let Some(error) = error.downcast_ref::<FolderError>() {
        return sandbox(error);
    }
    keys::in_bokmal(error)
        .or_else(|| lists::in_bokmal(error))
        .or_else(|| files::in_bokmal(error))
        .or_else(|| values::in_bokmal(error))
}

/// Why a run of the sender ended early.
fn run(error: &SenderError) -> Option<String> {
    Some(match error {
        SenderError::Busy(lock) => {
            format!("en annen kjøring er i gang (låsefil {})", lock.display())
        }
        SenderError::Lock { path, source, remedy } => {
            let reason = super::io_error(source, Language::Bokmal);
            format!("låsefilen {}: {reason}{}", path.display(), remedy.text(Language::Bokmal))
        }
        SenderError::Annul(error) => error.text(Language::Bokmal),
        SenderError::Source(error) => {
            format!("kilden {}: {}", error.name, error.cause.text(Language::Bokmal))
        }
        SenderError::Outbox(error) => outbox(error),
        SenderError::Internal(what) => format!("en feil i dette programmet: {what}"),
        _ => return None,
    })
}

fn outbox(error: &OutboxError) -> String {
    match error {
        OutboxError::Database(reason) => {
            let known = sqlite_text(reason, Language::Bokmal).map(str::to_owned);
            format!("avsenderens database: {}", known.unwrap_or_else(|| reason.to_string()))
        }
        OutboxError::Newer { needed } => newer("avsenderens database", needed.as_deref()),
        OutboxError::Form(reason) => format!(
            "avsenderens database har en ukjent form ({}): bruk den versjonen av programmet som skrev den; lmr send repair sier om den er skadet",
            form_text(reason, Language::Bokmal)
        ),
        OutboxError::Damaged(what) => format!(
            "avsenderens database er skadet ({what}): lmr send repair sier hva som kan tas vare på; eller bruk en sikkerhetskopi"
        ),
        OutboxError::DamagedFile(_) => {
            format!("avsenderens database: {}", OutboxError::damaged_text(Language::Bokmal))
        }
        OutboxError::Irreparable(reason) => {
            format!("avsenderens database kan ikke repareres ({reason})")
        }
        OutboxError::WriteAheadLog => "avsenderens database er på et filsystem som bare kan leses, og de \
            siste endringene er i filen ved siden av (-wal): kopier begge til en mappe som kan skrives"
            .to_owned(),
        OutboxError::Foreign(what) => {
            let what = match *what {
                "hash key" => "en annen hash_key",
                "organisation" => "en annen organisasjon",
                "environment" => "et annet environment",
                other => other,
            };
            format!(
                "avsenderens database ble laget med {what}: bruk den, eller oppgi en ny databasefil (alt siden startdatoen blir da sendt på nytt)"
            )
        }
    }
}

/// Why a message cannot be sealed, where it is a certificate's fault.
fn seal(error: &SealError) -> Option<String> {
    Some(match error {
        SealError::Signing(error) => {
            format!("avsenderens sertifikat, som det signeres med: {}", certificate(error))
        }
        SealError::Recipient(error) => {
            format!("mottakerens sertifikat, som det krypteres for: {}", certificate(error))
        }
        SealError::NotOurCertificate { sender } => {
            format!(
                "sertifikatet som det signeres med, tilhører en annen organisasjon enn {sender}"
            )
        }
        SealError::Randomness(_) | SealError::Library { .. } | SealError::External { .. } => {
            return None;
        }
    })
}

/// What is wrong with an enterprise certificate.
pub(crate) fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::NoPem => "filen har ikke noen PEM-blokk CERTIFICATE".to_owned(),
        CertificateError::Unreadable => "det er ikke et lesbart X.509-sertifikat".to_owned(),
        CertificateError::NotRsa { thumbprint } => {
            format!("sertifikatet {thumbprint} har ikke en RSA-nøkkel på minst 2048 biter")
        }
        CertificateError::NotYetValid { thumbprint, not_before } => {
            format!("sertifikatet {thumbprint} gjelder ikke før {not_before}")
        }
        CertificateError::Expired { thumbprint, not_after } => {
            format!("sertifikatet {thumbprint} utløp {not_after}")
        }
        CertificateError::WrongUsage { thumbprint, usage } => {
            let usage = match usage {
                Usage::Signature => "signering",
                Usage::KeyEncipherment => "kryptering av nøkler",
            };
            format!("sertifikatet {thumbprint} er ikke utstedt for {usage}")
        }
    }
}

fn key(error: &KeyError) -> String {
    match error {
        KeyError::NoPem => {
            "filen har ikke noen PEM-blokk; -----BEGIN PRIVATE KEY----- er ventet".to_owned()
        }
        KeyError::WrongPem { label } => format!(
            "filen inneholder {label}; det skal være PKCS#8, PRIVATE KEY (openssl pkcs8 -topk8 -nocrypt)"
        ),
        KeyError::Damaged => "PEM-blokken er skadet".to_owned(),
        KeyError::NotRsa => "nøkkelen er ikke en RSA-nøkkel på minst 2048 biter".to_owned(),
        KeyError::NotThisCertificate { thumbprint } => {
            format!("den private nøkkelen hører ikke til sertifikatet {thumbprint}")
        }
        KeyError::External { reason } => reason.clone(),
        KeyError::SignsOnly => {
            "en nøkkel på et token kan bare signere; registerets egen nøkkel må ligge i en fil"
                .to_owned()
        }
    }
}

fn sender(error: &AvsenderError) -> Option<String> {
    Some(match error {
        AvsenderError::Certificate { organisation, source } => {
            format!("sertifikatet til {organisation}: {}", certificate(source))
        }
        AvsenderError::ForeignCertificate { organisation, thumbprint } => {
            format!("sertifikatet {thumbprint} er ikke utstedt til {organisation}")
        }
        AvsenderError::Address { organisation, source } => {
            format!("adressen til {organisation}: {}", source.text(Language::Bokmal))
        }
        AvsenderError::Organisation { text } => format!(
            "`{text}` er ikke et organisasjonsnummer (ni sifre, det siste et kontrollsiffer)"
        ),
    })
}

/// Why a receipt is not believed.
fn receipt(error: &ReceiptError) -> String {
    let part = |part: &str| match part {
        "the payload" => "innholdet".to_owned(),
        "the header" => "hodet".to_owned(),
        "the delegation" => "delegeringen".to_owned(),
        "the delegation's" => "delegeringens".to_owned(),
        "the receipt's" => "kvitteringens".to_owned(),
        other => other.to_owned(),
    };
    match error {
        ReceiptError::Malformed { part: which } => {
            format!("ikke en kvittering: {} kan ikke leses", part(which))
        }
        ReceiptError::OtherCertificate { named } => {
            format!("kvitteringen er signert under et annet sertifikat, {named}")
        }
        ReceiptError::BadSignature { part: which } => {
            format!("en signatur i kvitteringen holder ikke: {}", part(which))
        }
        ReceiptError::OutsideValidity => {
            "kvitteringen ble signert da nøkkelen ikke var gyldig".to_owned()
        }
        ReceiptError::NotSigned => "kvitteringen kunne ikke signeres".to_owned(),
    }
}

/// Why receipts do not follow each other.
fn receipt_chain(error: &ReceiptChainError) -> String {
    match error {
        ReceiptChainError::Missing { after, found } => {
            format!("kvitteringer mangler: etter nummer {after} kommer nummer {found}")
        }
        ReceiptChainError::Forked { sequence } => format!(
            "kvittering nummer {sequence} følger etter en annen kvittering enn den som er oppbevart før den"
        ),
        ReceiptChainError::Twice { sequence } => {
            format!("det er to ulike kvitteringer med nummer {sequence}")
        }
    }
}

fn database(error: &OpenError) -> Option<String> {
    let text = match error {
        OpenError::NewerSchema { needed } => return Some(newer("databasen", needed.as_deref())),
        OpenError::Unavailable(_) => "databasen kan ikke åpnes",
        OpenError::Damaged(_) => {
            "databasen er skadet: gjenopprett den fra sikkerhetskopien (docs/nb/operations.md)"
        }
        OpenError::TransactionPooling(_) => {
            "en pooler mellom her og databasen gir hver transaksjon en ny sesjon, og da går forberedte setninger og \
             innstillinger tapt: sett pool_mode = session"
        }
        OpenError::UnknownSchema(_) => {
            "databasen har et skjema som dette programmet ikke kjenner: enten er den ikke et mottaks (en avsenders database er en \
             annen; nevner konfigurasjonen den rette?), eller den er laget av et annet program: bruk det, eller et nyere"
        }
        OpenError::Migration(_) => "databasen kunne ikke bringes over i dette programmets skjema",
        OpenError::NotBegun => {
            "databasen finnes ikke, eller er tom: en start av mottaket lager den (lmr serve). Nevner konfigurasjonen den rette?"
        }
        OpenError::OlderSchema => {
            "databasen har skjemaet til et eldre program: en start av mottaket bringer den over i dette programmets (lmr serve, \
             eller lmr serve --check); ta en sikkerhetskopi først"
        }
        OpenError::LogOfAnother => {
            "loggen ved siden av databasen (-wal) hører til en annen fil, som når en kopi er lagt i dens sted: stopp mottaket, flytt \
             -wal og -shm bort og ta vare på dem (de har det siste som den andre filen tok imot), og start på nytt; eller legg den \
             andre filen tilbake (docs/nb/operations.md, Gjenopprett)"
        }
        OpenError::WrongKey => {
            "nøkkelen hører ikke til denne databasen: bruk den som databasen er begynt med (ta den fra kopien), eller den \
             databasen som hører til nøkkelen. Uten den kan det som er lagret, ikke leses"
        }
        OpenError::Randomness => "ingen tilfeldige byte til prøven på databasens nøkkel",
        OpenError::BegunTogether => {
            "databasen er begynt uten [identities] og har identiteter i seg: begynn på en ny, eller ta bort [identities]"
        }
        OpenError::BegunApart => {
            "databasen holder identiteter for seg: [identities] med databasen og nøkkelen deres må være med"
        }
        OpenError::NotATwin => {
            "databasen, databasen i [identities] og de to nøklene hører ikke sammen"
        }
        OpenError::IdentitiesMissing => {
            "databasen i [identities] er tom, og databasen har alt meldinger: gjenopprett den fra sikkerhetskopien"
        }
        OpenError::Key(_) => return None,
    };
    Some(text.to_owned())
}

/// A database whose schema this program is too old for.
fn newer(database: &str, needed: Option<&str>) -> String {
    let this = env!("CARGO_PKG_VERSION");
    let needed = match needed {
        Some(version) => format!("lmr {version} eller nyere trengs"),
        None => "bruk programmet som laget den, eller et nyere".to_owned(),
    };
    format!(
        "{database} har skjemaet til et nyere program: {needed} (dette er {this}); ingenting er endret"
    )
}

/// A folder of `lmr sandbox`.
fn sandbox(error: &FolderError) -> Option<String> {
    Some(match error {
        FolderError::File { path, .. } => format!("kan ikke bruke {}", path.display()),
        FolderError::Filled { path } => format!("{} har en sandkasse fra før", path.display()),
        FolderError::PublicKey { path } => {
            format!("{} er ikke en offentlig nøkkel (en fil med en JWK)", path.display())
        }
        FolderError::Certificate(_) | FolderError::Key(_) | FolderError::Randomness(_) => {
            return None;
        }
    })
}

fn tls(error: &TlsError) -> Option<String> {
    Some(match error {
        TlsError::Certificate => "filen har ikke noe PEM-sertifikat (tls.certificate)".to_owned(),
        TlsError::Key => "filen har ikke noen privat nøkkel i PEM (tls.key)".to_owned(),
        TlsError::Unusable(reason) => {
            format!("TLS-sertifikatet og nøkkelen kan ikke brukes: {reason}")
        }
    })
}
