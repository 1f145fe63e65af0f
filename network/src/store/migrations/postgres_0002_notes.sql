ALTER TABLE standing ADD COLUMN untold BIGINT NOT NULL DEFAULT 0;
CREATE TABLE receipt (
    half        BIGINT NOT NULL REFERENCES half (no),
    side        BIGINT NOT NULL,
    device      BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    entry       BYTEA NOT NULL,
    PRIMARY KEY (half, side, device, epoch)
);
CREATE TABLE invoice (
    half        BIGINT NOT NULL REFERENCES half (no),
    id          BYTEA NOT NULL,
    side        BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    entry       BYTEA NOT NULL,
    answer      BYTEA,
    PRIMARY KEY (half, id)
);
