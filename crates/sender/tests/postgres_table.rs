//! The rows of a query to PostgreSQL. `TEST_DATABASE_URL` names a database whose content may be thrown away.

use crate::table_rows;

use lmr_sender::source::Source as _;
use sqlx::{Connection as _, PgConnection};

/// The resources of a query, or why there are none.
fn scan(url: &str, query: &str, since: Option<&str>) -> Result<Vec<String>, String> {
    let source = table_rows::source(url, None, query);
    source.begin(since.map(|since| since.parse().expect("a time")));
    table_rows::scan(&source)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_keep_their_digits_and_get_norwegian_time() {
    #[expect(clippy::disallowed_methods, reason = "which database to use depends on the machine")]
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
        return;
    };
    let mut connection = PgConnection::connect(&url).await.expect("a server");
    for statement in [
        "DROP TABLE IF EXISTS lmr_given",
        "CREATE SEQUENCE IF NOT EXISTS lmr_numbers",
        "CREATE TABLE lmr_given (id bigint, amount numeric, given_at timestamptz, note text)",
        "INSERT INTO lmr_given VALUES (1, 2.50, '2026-01-10 08:00:00+00', 'æ \"x\"'), \
         (2, 0.001, '2026-07-10 08:00:00+00', NULL)",
    ] {
        sqlx::query(statement).execute(&mut connection).await.expect("done");
    }
    let texts = scan(&url, "SELECT * FROM lmr_given ORDER BY id;", None).expect("read");
    assert!(
        texts[0].contains(r#""value":2.50"#) && texts[1].contains(r#""value":0.001"#),
        "{texts:?}"
    );
    assert!(texts[0].contains(r#""text":"æ \"x\"""#) && !texts[1].contains("text"), "{texts:?}");
    assert!(texts[0].contains("2026-01-10T09:00:00+01:00"), "{texts:?}");
    assert!(texts[1].contains("2026-07-10T10:00:00+02:00"), "{texts:?}");
    let changed = "SELECT * FROM lmr_given WHERE given_at >= ${since}";
    assert_eq!(scan(&url, changed, None).expect("read").len(), 2);
    assert_eq!(scan(&url, changed, Some("2026-07-10T08:30:00Z")).expect("read").len(), 1);
    assert_eq!(scan(&url, changed, Some("2026-07-10T09:30:00Z")).expect("read").len(), 0);
    // Nothing is changed at the source, whatever the query says.
    assert!(scan(&url, "DELETE FROM lmr_given RETURNING *", None).is_err());
    let function =
        "SELECT setval('lmr_numbers', 7) AS id, 1 AS amount, '' AS note, now() AS given_at";
    assert!(scan(&url, function, None).is_err());
    let error = scan(&url, "SELECT nothing FROM lmr_given", None).expect_err("no such column");
    assert!(error.contains("nothing"), "{error}");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM lmr_given")
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    assert_eq!(left, 2);
    for statement in ["DROP TABLE lmr_given", "DROP SEQUENCE lmr_numbers"] {
        sqlx::query(statement).execute(&mut connection).await.expect("done");
    }
}
