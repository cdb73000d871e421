//! A row with a value of another type than its column's, as a damaged page has: a repair keeps the rest and names it.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Row as _};

use super::damage::{delivered, path, put};
use crate::outbox::{examine, repair};
use crate::report::RunStatus;

/// Every column that holds values of one type, of every table that has a row: its table, its name and its type.
async fn columns(pool: &SqlitePool) -> Vec<(String, String, String)> {
    let sql = "SELECT t.name, c.name, c.type FROM pragma_table_list t, pragma_table_info(t.name) c \
               WHERE t.schema = 'main' AND t.strict AND c.type <> 'ANY' AND t.name NOT LIKE 'sqlite_%' \
               AND NOT (c.pk = 1 AND c.type = 'INTEGER' AND NOT t.wr) ORDER BY 1, 2";
    let mut columns = Vec::new();
    for row in sqlx::query(sql).fetch_all(pool).await.unwrap() {
        let (table, column, of): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let count = format!("SELECT count(*) FROM {table}");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(pool).await.unwrap();
        if count > 0 {
            columns.push((table, column, of));
        }
    }
    columns
}

/// Puts a value into one row that the schema would refuse, as if a page had been damaged.
async fn spoil(path: &std::path::Path, table: &str, column: &str, of: &str) {
    let open = || async {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(false)
            .pragma("writable_schema", "ON")
            .pragma("ignore_check_constraints", "ON");
        SqlitePool::connect_with(options).await.unwrap()
    };
    let pool = open().await;
    let sql: String = sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE name = ?")
        .bind(table)
        .fetch_one(&pool)
        .await
        .unwrap();
    let lax = sql.replace("STRICT, WITHOUT ROWID", "WITHOUT ROWID").replace(") STRICT", ")");
    assert_ne!(lax, sql);
    let triggers = "DELETE FROM sqlite_schema WHERE type = 'trigger'";
    let set = "UPDATE sqlite_schema SET sql = ? WHERE name = ? AND type = 'table'";
    let kept: Vec<(i64, String, String, String, i64, String)> = sqlx::query_as(
        "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE type = 'trigger'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    sqlx::query(triggers).execute(&pool).await.unwrap();
    sqlx::query(set).bind(lax).bind(table).execute(&pool).await.unwrap();
    pool.close().await;
    let pool = open().await;
    // A text that is no number stays one in a column of numbers, and bytes stay bytes anywhere.
    let value = if of == "INTEGER" { "'not a number'" } else { "x'00ff'" };
    let value = if of == "BLOB" { "7" } else { value };
    let change = format!(
        "UPDATE {table} SET {column} = {value} WHERE {column} IS (SELECT {column} FROM {table} LIMIT 1)"
    );
    let changed = sqlx::query(AssertSqlSafe(change)).execute(&pool).await.unwrap().rows_affected();
    assert!(changed > 0, "{table}.{column}");
    sqlx::query(set).bind(sql).bind(table).execute(&pool).await.unwrap();
    for (number, kind, name, of, page, sql) in kept {
        sqlx::query("INSERT INTO sqlite_schema (rowid, type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(number).bind(kind).bind(name).bind(of).bind(page).bind(sql)
            .execute(&pool).await.unwrap();
    }
    pool.close().await;
}

#[tokio::test]
async fn a_row_with_a_value_of_another_type_is_left_out_and_named() {
    let (world, ledger) = delivered().await;
    let path = path(&world);
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path)).await.unwrap();
    let columns = columns(&pool).await;
    pool.close().await;
    assert!(columns.len() > 30, "{columns:?}");
    for (table, column, of) in columns {
        if table == "schema_program" {
            continue;
        }
        put(&world, &ledger);
        spoil(&path, &table, &column, &of).await;
        let what = format!("{table}.{column}");
        let found = examine(&path).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let done = repair(&path, world.now()).await;
        let done = done.unwrap_or_else(|error| panic!("{what}: {error}")).expect(&what);
        assert_eq!(done.found.tables, found.tables, "{what}");
        let state = found.tables.iter().find(|state| state.name == table).unwrap();
        assert!(state.unusable > 0 && !state.is_whole, "{what}: {state:?}");
        assert!(state.unusable_rows[0].contains(&format!(" {column}")), "{what}: {state:?}");
        let whole = found.tables.iter().filter(|state| state.name != table);
        // A row whose message is lost says nothing any more.
        let of_messages = ["item", "sent_items", "sent_copy", "attempt"];
        let whole =
            whole.filter(|state| table != "message" || !of_messages.contains(&&*state.name));
        let whole = whole.filter(|state| table != "resource_type" || state.name != "stored");
        assert!(
            whole.clone().all(|state| state.is_whole && state.unusable == 0),
            "{what}: {found:?}"
        );
        let status = super::damage::use_it(&world).await;
        assert!(
            status.as_ref().is_ok_and(|status| *status == RunStatus::Clean),
            "{what}: {status:?}"
        );
        assert_eq!(super::damage::is_complete(&world, 1), Ok(()), "{what}");
    }
}
