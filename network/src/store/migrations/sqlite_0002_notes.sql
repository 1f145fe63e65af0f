ALTER TABLE standing ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
CREATE TABLE receipt (
    half        INTEGER NOT NULL REFERENCES half (no),
    side        INTEGER NOT NULL,
    device      INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    entry       BLOB NOT NULL,
    PRIMARY KEY (half, side, device, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE invoice (
    half        INTEGER NOT NULL REFERENCES half (no),
    id          BLOB NOT NULL,
    side        INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    entry       BLOB NOT NULL,
    answer      BLOB,
    PRIMARY KEY (half, id)
) STRICT, WITHOUT ROWID;
