//! Registered senders. Written for one database at a time, as `tables.rs`.

use super::Db;
use super::tables::organisation;
use crate::error::unavailable;
use crate::prepared::time;
use jiff::Timestamp;
use lmr_intake::{
    AllowList, Avsender, Certificate, OrganisationNumber, RegisteredCertificate, RuleSetId,
    StoreError,
};
use sqlx::{Database, query, query_as};
use std::collections::HashMap;

type Connection = <Db as Database>::Connection;

from_row! {
    struct AvsenderRow {
        organisation: String,
        name: String,
        active: bool,
        rule_set: Option<String>,
        start_date: Option<String>,
        database: Option<String>,
    }
}

from_row! {
    struct CertificateRow {
        organisation: String,
        der: Vec<u8>,
        accepted_from: Option<i64>,
        accepted_until: Option<i64>,
    }
}

pub(super) async fn avsendere(db: &mut Connection) -> Result<Vec<Avsender>, StoreError> {
    let rows: Vec<AvsenderRow> = query_as(
        "SELECT organisation, name, active, rule_set, start_date, database FROM avsender ORDER BY organisation",
    )
    .fetch_all(&mut *db)
    .await
    .map_err(unavailable)?;
    let certificates: Vec<CertificateRow> = query_as(
        "SELECT organisation, der, accepted_from, accepted_until FROM avsender_certificate
         ORDER BY organisation, position",
    )
    .fetch_all(&mut *db)
    .await
    .map_err(unavailable)?;
    let addresses: Vec<(String, String)> = query_as(
        "SELECT organisation, network FROM avsender_address ORDER BY organisation, position",
    )
    .fetch_all(&mut *db)
    .await
    .map_err(unavailable)?;
    let mut registered: HashMap<String, Vec<RegisteredCertificate>> = HashMap::new();
    for row in certificates {
        registered.entry(row.organisation).or_default().push(RegisteredCertificate {
            certificate: Certificate::from_der(&row.der)
                .map_err(|_| StoreError::Damaged { what: "avsender_certificate.der" })?,
            from: row.accepted_from.map(time).transpose()?,
            until: row.accepted_until.map(time).transpose()?,
        });
    }
    rows.into_iter()
        .map(|row| {
            const RULE_SET: StoreError = StoreError::Damaged { what: "avsender.rule_set" };
            const START_DATE: StoreError = StoreError::Damaged { what: "avsender.start_date" };
            let networks =
                addresses.iter().filter(|(of, _)| *of == row.organisation).map(|(_, n)| n);
            Ok(Avsender {
                organisation: organisation(&row.organisation)?,
                certificates: registered.remove(&row.organisation).unwrap_or_default(),
                addresses: AllowList::stored(networks)
                    .map_err(|_| StoreError::Damaged { what: "avsender_address.network" })?,
                name: row.name,
                database: row.database,
                active: row.active,
                rule_set: row
                    .rule_set
                    .map(|name| RuleSetId::parse(&name).ok_or(RULE_SET))
                    .transpose()?,
                start_date: row
                    .start_date
                    .map(|date| date.parse().map_err(|_| START_DATE))
                    .transpose()?,
            })
        })
        .collect()
}

/// Replaces what is registered if it is as it was `before`. The caller gives a transaction.
pub(super) async fn replace_avsender(
    db: &mut Connection,
    before: Option<&Avsender>,
    after: &Avsender,
) -> Result<bool, StoreError> {
    let organisation = after.organisation;
    if before.is_none() {
        let made = query(
            "INSERT INTO avsender (organisation, name, active) VALUES ($1, $2, $3)
             ON CONFLICT (organisation) DO NOTHING",
        )
        .bind(organisation.as_str())
        .bind(&after.name)
        .bind(after.active)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
    } else {
        // Nobody else changes the row from here on.
        query("UPDATE avsender SET name = name WHERE organisation = $1")
            .bind(organisation.as_str())
            .execute(&mut *db)
            .await
            .map_err(unavailable)?;
        let now = avsendere(db).await?.into_iter().find(|one| one.organisation == organisation);
        if now.as_ref() != before {
            return Ok(false);
        }
    }
    save_avsender(db, after).await?;
    Ok(true)
}

/// Replaces what is registered. The caller gives a transaction.
pub(super) async fn save_avsender(
    db: &mut Connection,
    avsender: &Avsender,
) -> Result<(), StoreError> {
    let organisation = avsender.organisation.as_str();
    query(
        "INSERT INTO avsender (organisation, name, active, rule_set, start_date, database) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organisation) DO UPDATE SET name = excluded.name, active = excluded.active,
             rule_set = excluded.rule_set, start_date = excluded.start_date, database = excluded.database",
    )
    .bind(organisation)
    .bind(&avsender.name)
    .bind(avsender.active)
    .bind(avsender.rule_set.map(RuleSetId::as_str))
    .bind(avsender.start_date.map(|date| date.to_string()))
    .bind(&avsender.database)
    .execute(&mut *db)
    .await
    .map_err(unavailable)?;
    query("DELETE FROM avsender_certificate WHERE organisation = $1")
        .bind(organisation)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    for (position, registered) in (0_i64..).zip(&avsender.certificates) {
        query(
            "INSERT INTO avsender_certificate (organisation, position, der, accepted_from, accepted_until)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(organisation)
        .bind(position)
        .bind(registered.certificate.der())
        .bind(registered.from.map(Timestamp::as_microsecond))
        .bind(registered.until.map(Timestamp::as_microsecond))
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    query("DELETE FROM avsender_address WHERE organisation = $1")
        .bind(organisation)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    for (position, network) in (0_i64..).zip(avsender.addresses.texts()) {
        query("INSERT INTO avsender_address (organisation, position, network) VALUES ($1, $2, $3)")
            .bind(organisation)
            .bind(position)
            .bind(network)
            .execute(&mut *db)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

pub(super) async fn remove_avsender(
    db: &mut Connection,
    organisation: OrganisationNumber,
) -> Result<bool, StoreError> {
    let removed = query("DELETE FROM avsender WHERE organisation = $1")
        .bind(organisation.as_str())
        .execute(db)
        .await
        .map_err(unavailable)?;
    Ok(removed.rows_affected() > 0)
}
