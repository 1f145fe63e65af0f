CREATE TABLE errand (
    id          BYTEA PRIMARY KEY,
    bringer     BYTEA NOT NULL,
    tag         BYTEA NOT NULL,
    expires     BIGINT NOT NULL,
    entry       BYTEA NOT NULL
);
CREATE INDEX errand_by_tag ON errand (tag);
