//! Statements that change rows, sent together where the database takes several at once. Written for one database at a
//! time, as `tables.rs`.
//!
//! SQLite works on a thread of its own, and to hand it a statement and wait for it costs several times what the
//! statement does. PostgreSQL's protocol takes one statement with values at a time.

use super::{Db, SEVERAL_AT_ONCE};
use crate::error::unavailable;
use futures_util::TryStreamExt as _;
use lmr_intake::StoreError;
use sqlx::{Database, Either, Executor as _, QueryBuilder};

type Connection = <Db as Database>::Connection;

/// What a statement's number of changed rows shows when it is not the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The message, or its bundle's identifier, is there already.
    Message,
    /// Another message has changed a resource meanwhile.
    Resource,
}

/// Statements in their order, with the number of rows that they must change.
pub(super) struct Batch {
    is_one: bool,
    statements: Vec<QueryBuilder<Db>>,
    expected: Vec<Option<(u64, Unmet)>>,
}

impl Batch {
    /// All are sent at once where the database takes that, so those after one whose expectation is not met are
    /// executed too, or fail: the caller rolls back.
    pub(super) fn together() -> Self {
        Self { is_one: SEVERAL_AT_ONCE, ..Self::one_by_one() }
    }

    /// Nothing is executed after a statement whose expectation is not met.
    pub(super) fn one_by_one() -> Self {
        Self { is_one: false, statements: Vec::new(), expected: Vec::new() }
    }

    /// Adds a statement; the caller appends the rest of its text and its values.
    pub(super) fn add(&mut self, text: &str) -> &mut QueryBuilder<Db> {
        self.add_expecting(text, None)
    }

    /// Adds a statement that must change so many rows.
    pub(super) fn add_for(
        &mut self,
        text: &str,
        rows: usize,
        unmet: Unmet,
    ) -> &mut QueryBuilder<Db> {
        self.add_expecting(text, Some((rows as u64, unmet)))
    }

    fn add_expecting(
        &mut self,
        text: &str,
        expected: Option<(u64, Unmet)>,
    ) -> &mut QueryBuilder<Db> {
        self.expected.push(expected);
        if self.is_one && !self.statements.is_empty() {
            let at = self.statements.len() - 1;
            return self.statements[at].push(";\n").push(text);
        }
        self.statements.push(QueryBuilder::new(text));
        let at = self.statements.len() - 1;
        &mut self.statements[at]
    }

    /// Executes statements that read: the rows of each.
    pub(super) async fn rows(
        self,
        db: &mut Connection,
    ) -> Result<Vec<Vec<<Db as Database>::Row>>, StoreError> {
        let (mut all, mut rows) = (Vec::with_capacity(self.expected.len()), Vec::new());
        for mut statement in self.statements {
            let mut steps = db.fetch_many(statement.build());
            while let Some(step) = steps.try_next().await.map_err(unavailable)? {
                match step {
                    Either::Left(_) => all.push(std::mem::take(&mut rows)),
                    Either::Right(row) => rows.push(row),
                }
            }
        }
        Ok(all)
    }

    /// Executes the statements; `Some` at the first expectation that is not met.
    pub(super) async fn run(self, db: &mut Connection) -> Result<Option<Unmet>, StoreError> {
        let Self { mut statements, expected, .. } = self;
        let mut expected = expected.into_iter();
        for statement in &mut statements {
            let mut steps = db.fetch_many(statement.build());
            while let Some(step) = steps.try_next().await.map_err(unavailable)? {
                let Either::Left(done) = step else { continue };
                if let Some(Some((rows, unmet))) = expected.next()
                    && done.rows_affected() != rows
                {
                    return Ok(Some(unmet));
                }
            }
        }
        Ok(None)
    }
}
