//! A new file, of the same form, of what can be read of a damaged one.

use std::path::Path;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteSynchronous;
use sqlx::{AssertSqlSafe, Sqlite};

use super::form::{form_of, forms_until};
use super::schema::schema_of;
use super::{NAMED, TableState, is_damage, of_scratch, unless_damaged, with_schema};
use crate::outbox::columns::Columns;
use crate::outbox::{Outbox, OutboxError, Result, forms};

/// Rows that are read at once around a fault; halved down to one where the fault is.
const STEP: u64 = 256;
/// The table of the types of resources, which forms since the eighth have.
const RESOURCE_TYPE: &str = "resource_type";

/// Makes a new file, of the same form, of what can be read of a damaged one. Gives the tables.
pub(super) async fn salvage(from: &Path, to: &Path) -> Result<Vec<TableState>> {
    let forms = form_of(from).await?.map_or_else(forms, forms_until);
    let outbox = Outbox::open_as(to, SqliteSynchronous::Full, &forms).await?;
    // Where the schema cannot be put right, what can be read with it as it is.
    let known = schema_of(to).await.map_err(of_scratch)?;
    let copy = unless_damaged(with_schema(&known, from, to).await)?.flatten();
    let from = copy.as_ref().map_or(from, |(_, copy)| copy);
    let mut connection = outbox.pool.acquire().await?;
    let copied = copy_all(&mut connection, from).await;
    drop(connection);
    outbox.close().await;
    copied
}

async fn run(connection: &mut PoolConnection<Sqlite>, sql: String) -> Result<u64> {
    Ok(sqlx::query(AssertSqlSafe(sql)).execute(&mut **connection).await?.rows_affected())
}

async fn texts(connection: &mut PoolConnection<Sqlite>, sql: String) -> Result<Vec<String>> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut **connection).await?;
    rows.iter().map(|row| row.read(0)).collect()
}

async fn copy_all(connection: &mut PoolConnection<Sqlite>, from: &Path) -> Result<Vec<TableState>> {
    run(connection, "PRAGMA foreign_keys = OFF".to_owned()).await?;
    sqlx::query("ATTACH DATABASE ? AS old")
        .bind(from.to_string_lossy().as_ref())
        .execute(&mut **connection)
        .await?;
    let names = "SELECT name FROM main.sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%' ORDER BY name";
    let names = texts(connection, names.to_owned()).await?;
    let mut tables = Vec::with_capacity(names.len());
    for name in &names {
        let there =
            texts(connection, format!("SELECT name FROM pragma_table_info('{name}', 'old')"));
        let there = there.await?;
        let ours =
            texts(connection, format!("SELECT name FROM pragma_table_info('{name}')")).await?;
        let wanted = ours.len();
        let columns: Vec<String> = ours.into_iter().filter(|name| there.contains(name)).collect();
        let keys = format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk");
        let keys = texts(connection, keys).await?;
        let types = column_types(connection, name, &columns).await?;
        // Both files have the same form, so what the old one lacks is lost.
        let can_be_read = !columns.is_empty() && keys.iter().all(|key| columns.contains(key));
        let is_whole = can_be_read
            && copy(connection, name, &columns, &keys, &types).await?
            && columns.len() == wanted
            && has_all(connection, name).await?;
        let (unusable, unusable_rows) = match can_be_read {
            true => unusable(connection, name, &keys, &types).await?,
            false => (0, Vec::new()),
        };
        tables.push(TableState { name: name.clone(), rows: 0, is_whole, unusable, unusable_rows });
    }
    if names.iter().any(|name| name == RESOURCE_TYPE) {
        save_types(connection).await?;
        name_lost_types(connection).await?;
    }
    // A row whose message is lost says nothing any more.
    for table in &mut tables {
        let name = &table.name;
        let keys = format!(
            "SELECT 'DELETE FROM main.{name} WHERE ' || \"from\" || ' NOT IN (SELECT ' || \"to\" || \
             ' FROM main.' || \"table\" || ')' FROM pragma_foreign_key_list('{name}')"
        );
        for delete in texts(connection, keys).await? {
            table.is_whole &= run(connection, delete).await? == 0;
        }
    }
    for table in &mut tables {
        let count = format!("SELECT count(*) FROM main.{}", table.name);
        let count = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut **connection).await?;
        table.rows = count.read::<i64>(0)?.unsigned_abs();
    }
    // A message's number is never given again, also that of one that is lost.
    run(
        connection,
        "UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT max(seq) FROM stored), 0)) \
         WHERE name = 'message'"
            .to_owned(),
    )
    .await?;
    run(connection, "DETACH DATABASE old".to_owned()).await?;
    Ok(tables)
}

/// A column and the conditions that a value in it is of its type.
struct ColumnType {
    name: String,
    is_right: String,
}

/// The columns of a table that hold values of one type only: the new file would refuse a row with another one, which
/// only a damaged page has.
async fn column_types(
    connection: &mut PoolConnection<Sqlite>,
    name: &str,
    columns: &[String],
) -> Result<Vec<ColumnType>> {
    let sql = format!(
        "SELECT c.name, lower(c.type) FROM pragma_table_info('{name}') c WHERE c.type <> 'ANY' \
         AND (SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = '{name}')"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut **connection).await?;
    let mut types = Vec::with_capacity(rows.len());
    for row in &rows {
        let (name, of): (String, String) = (row.read(0)?, row.read(1)?);
        let of = if of == "int" { "integer".to_owned() } else { of };
        if columns.contains(&name) {
            let is_right = format!("typeof({name}) IN ('{of}', 'null')");
            types.push(ColumnType { name, is_right });
        }
    }
    Ok(types)
}

/// The rows of a table that cannot be kept for the types of their values: how many, and the first by their keys. A value
/// is not named: nobody knows what it is.
async fn unusable(
    connection: &mut PoolConnection<Sqlite>,
    name: &str,
    keys: &[String],
    types: &[ColumnType],
) -> Result<(u64, Vec<String>)> {
    if types.is_empty() {
        return Ok((0, Vec::new()));
    }
    let key = |key: &String| {
        let is_right = types.iter().find(|of| of.name == *key).map(|of| of.is_right.as_str());
        let is_right = is_right.unwrap_or("true");
        format!("'{key} = ' || CASE WHEN {is_right} THEN quote({key}) ELSE '?' END")
    };
    let keys: Vec<String> = keys.iter().map(key).collect();
    let wrong = types.iter().map(|of| {
        let ColumnType { name, is_right } = of;
        format!("CASE WHEN {is_right} THEN '' ELSE ' {name}' END")
    });
    let wrong = wrong.collect::<Vec<_>>().join(" || ");
    let is_wrong =
        types.iter().map(|of| format!("NOT ({})", of.is_right)).collect::<Vec<_>>().join(" OR ");
    let keys = if keys.is_empty() { "''".to_owned() } else { keys.join(" || ', ' || ") };
    let count = format!("SELECT count(*) FROM old.{name} WHERE {is_wrong}");
    let first =
        format!("SELECT {keys} || ':' || {wrong} FROM old.{name} WHERE {is_wrong} LIMIT {NAMED}");
    let counted = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut **connection).await;
    let Some(row) = unless_damaged(counted.map_err(OutboxError::from))? else {
        // It cannot be read to its end anyway.
        return Ok((0, Vec::new()));
    };
    let first = unless_damaged(texts(connection, first).await)?.unwrap_or_default();
    Ok((row.read::<i64>(0)?.unsigned_abs(), first))
}

/// Reads the types of resources that the table lacks by the index of their names: they have one page, and all of the
/// ledger refers to it.
async fn save_types(connection: &mut PoolConnection<Sqlite>) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO main.resource_type (number, name) SELECT number, name \
               FROM old.resource_type INDEXED BY sqlite_autoindex_resource_type_1 \
               WHERE name > '' AND typeof(name) = 'text' AND +number IN (SELECT resource_type FROM main.stored)";
    match run(connection, sql.to_owned()).await {
        Err(error) if !is_damage(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Gives types whose names are lost a name, so that what the register has confirmed of them is kept. A record's next
/// delivery puts its right type in place of it.
async fn name_lost_types(connection: &mut PoolConnection<Sqlite>) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO main.resource_type (number, name) \
               SELECT DISTINCT resource_type, 'unknown-' || resource_type FROM main.stored \
               WHERE resource_type NOT IN (SELECT number FROM main.resource_type)";
    run(connection, sql.to_owned()).await?;
    Ok(())
}

/// Whether as many rows of a table are in the new file as the old one has: what breaks a rule of the schema is left out
/// when it is copied.
async fn has_all(connection: &mut PoolConnection<Sqlite>, name: &str) -> Result<bool> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM main.{name}) >= (SELECT count(*) FROM old.{name} NOT INDEXED)"
    );
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut **connection).await;
    match unless_damaged(row.map_err(OutboxError::from))? {
        Some(row) => row.read(0),
        None => Ok(false),
    }
}

/// Copies a table; `false` where not all of it can be read.
async fn copy(
    connection: &mut PoolConnection<Sqlite>,
    name: &str,
    columns: &[String],
    keys: &[String],
    types: &[ColumnType],
) -> Result<bool> {
    let (columns, ascending) = (columns.join(", "), keys.join(", "));
    // A row with a value of another type than its column's would end the statement, and the repair with it.
    let mut usable: Vec<&str> = types.iter().map(|of| of.is_right.as_str()).collect();
    usable.push("true");
    let usable = usable.join(" AND ");
    let insert = format!(
        "INSERT OR IGNORE INTO main.{name} ({columns}) SELECT {columns} FROM old.{name} WHERE {usable}"
    );
    match run(connection, insert.clone()).await {
        Ok(_) => return Ok(true),
        Err(error) if is_damage(&error) => {}
        Err(error) => return Err(error),
    }
    let descending = keys.iter().map(|key| format!("{key} DESC")).collect::<Vec<_>>().join(", ");
    // From the start up to the fault, then from the end down to it.
    let last = format!("SELECT {ascending} FROM main.{name} ORDER BY {descending} LIMIT 1");
    let above = |is_first: bool| match is_first {
        true => String::new(),
        false => format!("({ascending}) > ({last})"),
    };
    let mut is_first = true;
    let mut step = STEP;
    loop {
        let condition = above(is_first);
        let condition = if condition.is_empty() { condition } else { format!("AND {condition}") };
        match run(connection, format!("{insert} {condition} ORDER BY {ascending} LIMIT {step}"))
            .await
        {
            Ok(0) => break,
            Ok(_) => {
                is_first = false;
                step = STEP.min(step * 2);
            }
            Err(error) if !is_damage(&error) => return Err(error),
            Err(_) if step > 1 => step /= 2,
            Err(_) => break,
        }
    }
    run(connection, format!("CREATE TEMP TABLE rest AS SELECT {columns} FROM main.{name} WHERE 0"))
        .await?;
    let lowest = format!("SELECT {ascending} FROM temp.rest ORDER BY {ascending} LIMIT 1");
    let mut is_empty = true;
    step = STEP;
    loop {
        let mut conditions = vec![above(is_first)];
        if !is_empty {
            conditions.push(format!("({ascending}) < ({lowest})"));
        }
        conditions.push(usable.clone());
        conditions.retain(|condition| !condition.is_empty());
        let condition = format!("WHERE {}", conditions.join(" AND "));
        let sql = format!(
            "INSERT INTO temp.rest SELECT {columns} FROM old.{name} {condition} ORDER BY {descending} LIMIT {step}"
        );
        match run(connection, sql).await {
            Ok(0) => break,
            Ok(_) => {
                is_empty = false;
                step = STEP.min(step * 2);
            }
            Err(error) if !is_damage(&error) => return Err(error),
            Err(_) if step > 1 => step /= 2,
            Err(_) => break,
        }
    }
    run(
        connection,
        format!("INSERT OR IGNORE INTO main.{name} ({columns}) SELECT {columns} FROM temp.rest"),
    )
    .await?;
    run(connection, "DROP TABLE temp.rest".to_owned()).await?;
    Ok(false)
}
