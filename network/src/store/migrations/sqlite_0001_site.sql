CREATE TABLE site (
    no          INTEGER PRIMARY KEY CHECK (no = 1),
    key         BLOB NOT NULL,
    shard       INTEGER NOT NULL,
    shards      INTEGER NOT NULL
) STRICT;
CREATE TABLE member (
    key         BLOB PRIMARY KEY,
    name        TEXT NOT NULL,
    since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE half (
    no          INTEGER PRIMARY KEY,
    tally       BLOB NOT NULL,
    side        INTEGER NOT NULL,
    contract    BLOB NOT NULL,
    UNIQUE (tally, side)
) STRICT;
CREATE TABLE claim (
    half        INTEGER NOT NULL REFERENCES half (no),
    member      BLOB NOT NULL,
    key         BLOB NOT NULL,
    entry       BLOB NOT NULL,
    PRIMARY KEY (half, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_member ON claim (member);
CREATE TABLE standing (
    half        INTEGER PRIMARY KEY REFERENCES half (no),
    book        BLOB NOT NULL,
    tip         BLOB,
    arrivals    INTEGER NOT NULL,
    agreed      INTEGER NOT NULL,
    final       INTEGER NOT NULL,
    final_stock INTEGER NOT NULL,
    final_foil  INTEGER NOT NULL,
    restless    INTEGER NOT NULL
) STRICT;
CREATE INDEX standing_restless ON standing (half) WHERE restless = 1;
CREATE TABLE chain (
    no          INTEGER PRIMARY KEY,
    half        INTEGER NOT NULL REFERENCES half (no),
    side        INTEGER NOT NULL,
    device      INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    branch      INTEGER NOT NULL,
    base        INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    next_key    BLOB NOT NULL,
    linked      INTEGER NOT NULL,
    UNIQUE (half, side, device, epoch, branch)
) STRICT;
CREATE TABLE chit (
    no          INTEGER PRIMARY KEY,
    arrival     INTEGER NOT NULL,
    flag        INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    entry       BLOB NOT NULL
) STRICT;
CREATE TABLE place (
    no          INTEGER PRIMARY KEY,
    chit        INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    view        INTEGER NOT NULL,
    flag        INTEGER NOT NULL,
    paid_stock  INTEGER NOT NULL,
    paid_foil   INTEGER NOT NULL
) STRICT;
CREATE TABLE word (
    half        INTEGER NOT NULL REFERENCES half (no),
    key         BLOB NOT NULL,
    entry       BLOB NOT NULL,
    PRIMARY KEY (half, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    half        INTEGER NOT NULL REFERENCES half (no),
    side        INTEGER NOT NULL,
    id          BLOB NOT NULL,
    ordered     INTEGER,
    first       INTEGER NOT NULL,
    PRIMARY KEY (half, side, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE parked (
    no          INTEGER PRIMARY KEY,
    half        INTEGER NOT NULL REFERENCES half (no),
    bringer     BLOB NOT NULL,
    hash        BLOB NOT NULL,
    bytes       BLOB NOT NULL,
    UNIQUE (half, hash)
) STRICT;
CREATE INDEX parked_by_bringer ON parked (bringer);
CREATE TABLE proof (
    half        INTEGER NOT NULL REFERENCES half (no),
    hash        BLOB NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (half, hash)
) STRICT, WITHOUT ROWID;
