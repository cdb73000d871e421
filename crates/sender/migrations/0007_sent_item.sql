-- Resources of finished messages, in as few bytes as will do: what they are is in `stored` and `held`.
CREATE TABLE sent_item (
    seq      INTEGER NOT NULL REFERENCES message (seq),
    position INTEGER NOT NULL,
    identity BLOB NOT NULL,
    -- 1 stored, 2 unchanged, 3 refused, 4 not stored; none where the message was not answered.
    outcome  INTEGER,
    PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;

INSERT INTO sent_item
SELECT i.seq, i.position, i.identity,
    CASE i.outcome WHEN 'stored' THEN 1 WHEN 'unchanged' THEN 2 WHEN 'refused' THEN 3 WHEN 'not-stored' THEN 4 END
FROM item i JOIN message m ON m.seq = i.seq
WHERE m.state NOT IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped');

DELETE FROM item WHERE seq IN (SELECT seq FROM sent_item);
