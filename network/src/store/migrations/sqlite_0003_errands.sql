CREATE TABLE errand (
    id          BLOB PRIMARY KEY,
    bringer     BLOB NOT NULL,
    tag         BLOB NOT NULL,
    expires     INTEGER NOT NULL,
    entry       BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX errand_by_tag ON errand (tag);
