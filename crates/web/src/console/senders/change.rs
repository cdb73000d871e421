//! The verbs that register senders and change them. They are those of `lmr admin`: each changes what it names, and is in
//! the audit log before it is done.

use super::super::asked::invalid;
use super::super::visitor::{Posted, Visitor};
use super::super::{BASE, Role, Shared};
use super::{Refused, list_page, sender_page, stored};
use crate::form::Fields;
use crate::frame::{Failure, page, see_other};
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_fhir::{Bilingual, Localized as _};
use lmr_intake::{
    Action, AllowList, Avsender, AvsenderRecord, CertificateRecord, OrganisationNumber,
    RegisteredCertificate, RuleSetId,
};
use std::collections::HashMap;
use std::sync::Arc;

/// How often a change is made of what another one has left in the same moment.
const MOST_ATTEMPTS: usize = 20;

pub(in super::super) async fn register(
    State(shared): State<Arc<Shared>>,
    posted: Posted,
) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    visitor.must(Role::Admin)?;
    let done = async {
        let reason = reason_of(&fields)?;
        let avsender = read_new(&shared, &fields).await?;
        let change = (None, &avsender);
        match save(&shared, &visitor, change, reason, "registered", &mut false).await? {
            true => Ok(avsender.organisation),
            false => Err(changed_by_others()),
        }
    };
    let done = done.await;
    match done {
        Ok(number) => Ok(see_other(&format!("{BASE}/senders/{number}?done=saved"))),
        Err(failure @ (Failure::Invalid(_) | Failure::Conflict(_))) => {
            let (status, text) = (failure.status(), failure.text(visitor.frame.lang));
            Ok(page(status, &list_page(&shared, visitor, fields, Some(text)).await?))
        }
        Err(failure) => Err(failure),
    }
}

async fn read_new(shared: &Shared, fields: &Fields) -> Result<Avsender, Failure> {
    let record = AvsenderRecord {
        organisation: fields.text("organisation").unwrap_or_default().split_whitespace().collect(),
        name: name_of(fields)?,
        active: true,
        certificates: vec![CertificateRecord {
            pem: fields.text("certificate").unwrap_or_default().to_owned(),
            from: None,
            until: None,
        }],
        addresses: lines_of(fields.raw("addresses")),
        rule_set: rule_set_of(fields)?,
        start_date: start_date_of(fields)?,
        database: None,
    };
    let avsender = Avsender::try_from(&record).map_err(|error| unusable(&error))?;
    for registered in &avsender.certificates {
        check_signing(registered, shared.now())?;
    }
    if shared.avsendere().await?.iter().any(|one| one.organisation == avsender.organisation) {
        return Err(Failure::Conflict(Bilingual {
            nb: "Avsenderen er registrert fra før. Endre den på sin egen side.".to_owned(),
            en: "The sender is registered already. Change it on its own page.".to_owned(),
        }));
    }
    Ok(avsender)
}

/// What the registration says is wrong, in both languages: the cause is named in English, as in the log.
fn unusable(error: &lmr_intake::AvsenderError) -> Failure {
    use lmr_intake::AvsenderError as E;
    let nb = match error {
        E::Organisation { .. } => {
            "organisasjonsnummeret er ikke gyldig: ni sifre, det siste et kontrollsiffer"
        }
        E::Certificate { .. } => {
            "sertifikatet kan ikke leses: lim inn hele PEM-teksten, fra BEGIN til END"
        }
        E::ForeignCertificate { .. } => "sertifikatet er utstedt til en annen organisasjon",
        E::Address { source, .. } => return Failure::Invalid(source.bilingual()),
    };
    Failure::Invalid(Bilingual { nb: nb.to_owned(), en: error.to_string() })
}

/// The same as at the command line: for signatures, and not expired.
fn check_signing(registered: &RegisteredCertificate, now: Timestamp) -> Result<(), Failure> {
    let certificate = &registered.certificate;
    certificate.check_usage(lmr_intake::Usage::Signature).map_err(|error| {
        Failure::Invalid(Bilingual {
            nb: "sertifikatet er ikke for signering".to_owned(),
            en: error.to_string(),
        })
    })?;
    if certificate.not_after() < now {
        return Err(invalid("sertifikatet er utløpt", "the certificate has expired"));
    }
    Ok(())
}

fn name_of(fields: &Fields) -> Result<String, Failure> {
    let name = fields.text("name").filter(|name| name.chars().count() <= 200);
    name.map(str::to_owned).ok_or_else(|| {
        invalid(
            "navnet mangler, eller er lengre enn 200 tegn",
            "the name is missing, or longer than 200 characters",
        )
    })
}

fn lines_of(text: &str) -> Vec<String> {
    text.split([',', '\n', '\r', ' ']).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

fn rule_set_of(fields: &Fields) -> Result<Option<RuleSetId>, Failure> {
    let Some(name) = fields.text("rule_set") else { return Ok(None) };
    RuleSetId::parse(name)
        .map(Some)
        .ok_or_else(|| invalid("regelsettet finnes ikke", "there is no such rule set"))
}

fn start_date_of(fields: &Fields) -> Result<Option<Date>, Failure> {
    let Some(text) = fields.text("start_date") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        invalid(
            "startdatoen må være skrevet som 2026-11-25",
            "the start date must be written as 2026-11-25",
        )
    })
}

pub(in super::super) async fn change(
    State(shared): State<Arc<Shared>>,
    Path((number, verb)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    visitor.must(Role::Admin)?;
    let number = OrganisationNumber::parse(&number).map_err(|_| Failure::NotFound)?;
    match change_of_now(&shared, &visitor, number, &verb, &fields).await {
        Ok(to) => Ok(see_other(&to)),
        Err(failure @ (Failure::Invalid(_) | Failure::Conflict(_))) => {
            let (status, problem) = (failure.status(), failure.text(visitor.frame.lang));
            let refused = Some(Refused { problem, verb, fields });
            let shown = sender_page(&shared, visitor, number, &HashMap::new(), refused).await?;
            Ok(page(status, &shown))
        }
        Err(failure) => Err(failure),
    }
}

/// What somebody else changes at the same time stays: the change is made again of what they have left.
async fn change_of_now(
    shared: &Shared,
    visitor: &Visitor,
    number: OrganisationNumber,
    verb: &str,
    fields: &Fields,
) -> Result<String, Failure> {
    let mut is_recorded = false;
    for _ in 0..MOST_ATTEMPTS {
        let tried = try_change(shared, visitor, number, verb, fields, &mut is_recorded).await?;
        if let Some(to) = tried {
            return Ok(to);
        }
    }
    Err(changed_by_others())
}

fn changed_by_others() -> Failure {
    Failure::Conflict(Bilingual {
        nb: "Avsenderen endres av andre i samme øyeblikk, og ingenting er endret herfra. Prøv igjen.".to_owned(),
        en: "The sender is being changed by others at this moment, and nothing was changed from here. Try again.".to_owned(),
    })
}

/// Where to go on; `None` when somebody else has changed the sender since it was read, and nothing was changed.
async fn try_change(
    shared: &Shared,
    visitor: &Visitor,
    number: OrganisationNumber,
    verb: &str,
    fields: &Fields,
    is_recorded: &mut bool,
) -> Result<Option<String>, Failure> {
    let Some(before) = stored(shared, number).await? else {
        return Err(Failure::Conflict(Bilingual {
            nb: "Avsenderen står i konfigurasjonsfilen, som går foran databasen: endre den der.".to_owned(),
            en: "The sender is in the configuration file, which goes before the database: change it there.".to_owned(),
        }));
    };
    let here = format!("{BASE}/senders/{number}");
    // First: what is refused for its reason is refused whatever else is in the form.
    let reason = reason_of(fields)?;
    let mut after = before.clone();
    match verb {
        "activate" => after.active = true,
        "deactivate" => after.active = false,
        "set" => {
            after.name = name_of(fields)?;
            after.rule_set = rule_set_of(fields)?;
            after.start_date = start_date_of(fields)?;
        }
        "addresses" => {
            after.addresses = AllowList::parse(lines_of(fields.raw("addresses")))
                .map_err(|error| Failure::Invalid(error.bilingual()))?;
        }
        "add-certificate" => {
            let record = AvsenderRecord {
                organisation: number.to_string(),
                name: before.name.clone(),
                active: before.active,
                certificates: vec![CertificateRecord {
                    pem: fields.text("certificate").unwrap_or_default().to_owned(),
                    from: None,
                    until: None,
                }],
                addresses: Vec::new(),
                rule_set: None,
                start_date: None,
                database: None,
            };
            let read = Avsender::try_from(&record).map_err(|error| unusable(&error))?;
            for registered in read.certificates {
                check_signing(&registered, shared.now())?;
                if after.certificate(registered.certificate.thumbprint()).is_none() {
                    after.certificates.push(registered);
                }
            }
        }
        "retire-certificate" => {
            let thumbprint = fields.text("thumbprint").unwrap_or_default();
            let kept = |one: &RegisteredCertificate| {
                one.certificate.thumbprint().to_string() != thumbprint
            };
            after.certificates.retain(kept);
            let now = shared.now();
            let has_valid = after.certificates.iter().any(|one| one.check_valid(now).is_ok());
            if !has_valid && fields.text("force").is_none() {
                return Err(Failure::Conflict(Bilingual {
                    nb: "Avsenderen ville stå uten et gyldig sertifikat. Legg til et nytt først, eller kryss av for at det er meningen.".to_owned(),
                    en: "The sender would be left without a valid certificate. Add a new one first, or tick that it is meant so.".to_owned(),
                }));
            }
        }
        "remove" => {
            if fields.text("confirm") != Some(&*number.to_string()) {
                return Err(invalid(
                    "Skriv organisasjonsnummeret for å bekrefte at avsenderen skal fjernes.",
                    "Write the organisation number to confirm that the sender is to be removed.",
                ));
            }
            shared
                .record(visitor, Action::Change, number.to_string(), reason, "removed".to_owned())
                .await?;
            shared.store.remove_avsender(number).await?;
            return Ok(Some(format!("{BASE}/senders?done=saved")));
        }
        _ => return Err(Failure::NotFound),
    }
    if after == before {
        return Ok(Some(format!("{here}?done=unchanged")));
    }
    let is_saved =
        save(shared, visitor, (Some(&before), &after), reason, verb, is_recorded).await?;
    Ok(is_saved.then(|| format!("{here}?done=saved")))
}

/// The reason for the audit log, where one is given.
///
/// # Errors
///
/// If it cannot be kept: a change without the reason that was written for it would be recorded as one without any.
fn reason_of(fields: &Fields) -> Result<Option<String>, Failure> {
    let reason = fields.reason();
    if fields.text("reason").is_some() && reason.is_none() {
        return Err(invalid(
            "Grunnen kan ha høyst 1000 tegn, og ikke noe som ser ut som et fødselsnummer.",
            "The reason can have 1000 characters at most, and nothing that looks like an identity number.",
        ));
    }
    Ok(reason)
}

/// Records a change and makes it, in this order: there is no change without an entry. `false` when the sender is not as
/// it was before any more; then nothing is changed.
async fn save(
    shared: &Shared,
    visitor: &Visitor,
    (before, after): (Option<&Avsender>, &Avsender),
    reason: Option<String>,
    verb: &str,
    is_recorded: &mut bool,
) -> Result<bool, Failure> {
    if !*is_recorded {
        let subject = after.organisation.to_string();
        let detail = format!("console: {verb}");
        shared.record(visitor, Action::Change, subject, reason, detail).await?;
        *is_recorded = true;
    }
    Ok(shared.store.replace_avsender(before, after).await?)
}
