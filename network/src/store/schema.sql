-- The database of a site, as it stands after the newest migration; site schema 4. A test compares the two.
-- Amounts are milliCHIPs, hashes are 32 bytes, keys 32, tally ids 16. Numbers are 64 bits. PostgreSQL has the same tables with
-- BIGINT for INTEGER, BYTEA for BLOB, and identity columns where SQLite has rowids.

-- Which site, and which part of it, this database belongs to; exactly one row.
CREATE TABLE site (
    no          INTEGER PRIMARY KEY CHECK (no = 1),-- the row
    key         BLOB NOT NULL,             -- the node key that speaks here
    shard       INTEGER NOT NULL,          -- which shard this is, from 0
    shards      INTEGER NOT NULL,          -- how many there are; users are spread over them by their keys
    copied      INTEGER NOT NULL DEFAULT 0 -- 1 in an older copy, until the site has begun new views for its foils
) STRICT;

-- Users that were linked to this site.
CREATE TABLE member (
    key         BLOB PRIMARY KEY,          -- the key of the user's uplink
    name        TEXT NOT NULL,             -- what the operator calls the user
    since       INTEGER NOT NULL           -- when the user was linked, in seconds since 1970
) STRICT, WITHOUT ROWID;

-- One row a half of a tally that is kept here.
CREATE TABLE half (
    no          INTEGER PRIMARY KEY,       -- short name used by the other tables
    tally       BLOB NOT NULL,             -- the 16 bytes both parties know
    side        INTEGER NOT NULL,          -- which half: 0 stock, 1 foil
    contract    BLOB NOT NULL,             -- the contract with both signatures, as it came
    UNIQUE (tally, side)
) STRICT;

-- Whose wallets may see a half and bring chits for it.
CREATE TABLE claim (
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    member      BLOB NOT NULL,             -- the key of the user's uplink
    key         BLOB NOT NULL,             -- the party's key, or its device's, that signed the claim
    entry       BLOB NOT NULL,             -- the signed claim
    PRIMARY KEY (half, member)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_by_member ON claim (member);

-- One row a half: what changes with every chit.
CREATE TABLE standing (
    half        INTEGER PRIMARY KEY REFERENCES half (no),-- which half
    book        BLOB NOT NULL,             -- the book over the order
    tip         BLOB,                      -- the book over everything held; empty where it is the same
    arrivals    INTEGER NOT NULL,          -- how many chits have come in, for their first-seen order
    agreed      INTEGER NOT NULL,          -- up to this index both halves have the same order
    final       INTEGER NOT NULL,          -- up to this index nodes of both parties stand for it
    final_stock INTEGER NOT NULL,          -- pledged by the stock's holder up to that index
    final_foil  INTEGER NOT NULL,          -- pledged by the foil's holder up to that index
    restless    INTEGER NOT NULL,          -- 1 while something is not final or untold: the partner's node is told again
    untold      INTEGER NOT NULL DEFAULT 0 -- 1 while the partner's node has not shown that it has the notes below
) STRICT;

CREATE INDEX standing_restless ON standing (half) WHERE restless = 1;

-- One row a chain of chits, and one more for each branch where a signer used one key twice.
CREATE TABLE chain (
    no          INTEGER PRIMARY KEY,       -- short name used by the other tables
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    side        INTEGER NOT NULL,          -- whose chain: 0 stock, 1 foil
    device      INTEGER NOT NULL,          -- which of the party's devices
    epoch       INTEGER NOT NULL,          -- which epoch of the device
    branch      INTEGER NOT NULL,          -- 0, or the how-manieth fork
    base        INTEGER NOT NULL,          -- the chits of this row come after this number
    seq         INTEGER NOT NULL,          -- the newest chit's number
    hash        BLOB NOT NULL,             -- the newest chit's hash
    next_key    BLOB NOT NULL,             -- the hash of the key that signs the next one
    linked      INTEGER NOT NULL,          -- up to this number the chits are in the order
    UNIQUE (half, side, device, epoch, branch)
) STRICT;

-- Every chit, as it came.
CREATE TABLE chit (
    no          INTEGER PRIMARY KEY,       -- chain.no * 2^32 + its number in the chain
    arrival     INTEGER NOT NULL,          -- the how-manieth that came in on its half
    flag        INTEGER NOT NULL,          -- why it does not count as it says, 0 if it does
    place       INTEGER NOT NULL,          -- its index in the order, 0 while it has none
    entry       BLOB NOT NULL              -- the signed bytes
) STRICT;

-- The order of a half's chits.
CREATE TABLE place (
    no          INTEGER PRIMARY KEY,       -- half.no * 2^32 + index, from 1
    chit        INTEGER NOT NULL,          -- chit.no
    hash        BLOB NOT NULL,             -- the head's hash here
    view        INTEGER NOT NULL,          -- the view in which the place was made
    flag        INTEGER NOT NULL,          -- how the order takes the chit, the same on both halves
    paid_stock  INTEGER NOT NULL,          -- pledged by the stock's holder up to here
    paid_foil   INTEGER NOT NULL           -- pledged by the foil's holder up to here
) STRICT;

-- The newest word of every node, this site's own among them. Two of them make the certificate: it is not stored a second time.
CREATE TABLE word (
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    key         BLOB NOT NULL,             -- whose word
    entry       BLOB NOT NULL,             -- the signed bytes
    PRIMARY KEY (half, key)
) STRICT, WITHOUT ROWID;

-- Which pledge of a side answers an invoice: within the order, and by what has come in so far. The invoice itself is not known here.
CREATE TABLE answer (
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    side        INTEGER NOT NULL,          -- whose pledges: 0 stock, 1 foil
    id          BLOB NOT NULL,             -- the invoice
    ordered     INTEGER,                   -- chit.no of the first pledge in the order
    first       INTEGER NOT NULL,          -- chit.no of the first that came in
    PRIMARY KEY (half, side, id)
) STRICT, WITHOUT ROWID;

-- Pages of chits that came before what they follow. Bounded for each that brings them; tried again when more arrives.
CREATE TABLE parked (
    no          INTEGER PRIMARY KEY,       -- the row
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    bringer     BLOB NOT NULL,             -- the key of the user or site that brought it
    hash        BLOB NOT NULL,             -- over the bytes: nothing waits twice
    bytes       BLOB NOT NULL,             -- the message
    UNIQUE (half, hash)
) STRICT;

CREATE INDEX parked_by_bringer ON parked (bringer);

-- Proofs that somebody signed two things that cannot both be. Kept for ever.
CREATE TABLE proof (
    half        INTEGER NOT NULL REFERENCES half (no),-- on which half it was found
    hash        BLOB NOT NULL,             -- its hash
    bytes       BLOB NOT NULL,             -- the encoded proof
    PRIMARY KEY (half, hash)
) STRICT, WITHOUT ROWID;

-- The newest receipt for each chain: the device of the other party that holds it so far.
CREATE TABLE receipt (
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    side        INTEGER NOT NULL,          -- whose chain: 0 stock, 1 foil
    device      INTEGER NOT NULL,          -- which of the party's devices
    epoch       INTEGER NOT NULL,          -- which epoch of the device
    seq         INTEGER NOT NULL,          -- up to which number it is held
    entry       BLOB NOT NULL,             -- the signed receipt
    PRIMARY KEY (half, side, device, epoch)
) STRICT, WITHOUT ROWID;

-- Payments that are asked for, until their time is over; bounded for each asker. What for is sealed for the two parties.
CREATE TABLE invoice (
    half        INTEGER NOT NULL REFERENCES half (no),-- which half
    id          BLOB NOT NULL,             -- its 16 bytes
    side        INTEGER NOT NULL,          -- who asks: 0 stock, 1 foil
    expires     INTEGER NOT NULL,          -- until when it should be paid, in seconds since 1970
    entry       BLOB NOT NULL,             -- the signed invoice
    answer      BLOB,                      -- the signed answer, if there is one
    PRIMARY KEY (half, id)
) STRICT, WITHOUT ROWID;

-- Errands that users have carried here for others: sealed, bounded, until their day. Kept on the first shard only.
CREATE TABLE errand (
    id          BLOB PRIMARY KEY,          -- the beginning of the hash of its bytes
    bringer     BLOB NOT NULL,             -- the key of the uplink of whoever brought it
    tag         BLOB NOT NULL,             -- what its addressee's claim is hashed to
    expires     INTEGER NOT NULL,          -- kept until then, in seconds since 1970
    entry       BLOB NOT NULL              -- the sealed bytes
) STRICT, WITHOUT ROWID;

CREATE INDEX errand_by_tag ON errand (tag);
