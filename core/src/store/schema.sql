-- The one database of a wallet, as it stands after the newest migration. A test compares the two.
-- Amounts are milliCHIPs, dates are seconds since 1970, hashes are 32 bytes. "Mine" is the holder of this database.

-- What belongs to the wallet as a whole; exactly one row.
CREATE TABLE wallet (
    no          INTEGER PRIMARY KEY CHECK (no = 1),-- the row
    database    BLOB NOT NULL,             -- 16 random bytes: part of what every sealed secret is bound to
    key         BLOB NOT NULL,             -- the key that seals the secrets, wrapped by the key store
    root        BLOB,                      -- sealed: the party root; absent on a second device
    name        TEXT NOT NULL,             -- what the holder is called on new tallies
    device      INTEGER NOT NULL,          -- this device's number within the party
    rehearsed   INTEGER,                   -- when a backup was last proven to restore
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT;

-- One row a tally: the contract and how it came to be. Changes seldom.
CREATE TABLE tally (
    no          INTEGER PRIMARY KEY,       -- short name used by the other tables
    id          BLOB NOT NULL UNIQUE,      -- the 16 bytes both parties know
    side        INTEGER NOT NULL,          -- my half: 0 stock, 1 foil
    state       TEXT NOT NULL,             -- as in negotiation.rs
    name        TEXT NOT NULL,             -- what the partner is called
    ticket      BLOB,                      -- the ticket it began with, shown by me or scanned
    inviter     INTEGER NOT NULL,          -- 1 if I showed the ticket
    cert        BLOB,                      -- my own certificate, word for word
    partner     BLOB,                      -- the partner's certificate, once it is known
    request     BLOB,                      -- the signed request, sent or received
    terms       BLOB NOT NULL,             -- the credit I grant, as last drafted
    my_offer    BLOB,                      -- the newest version I signed
    my_earlier  BLOB,                      -- the versions I signed before that one, one after the other
    their_offer BLOB,                      -- the newest version the partner signed
    contract    BLOB,                      -- the version that governs: both signatures
    pair        BLOB,                      -- sealed: the key only the two of us know
    device_key  BLOB,                      -- sealed: signs my receipts and invoices
    opened      INTEGER,                   -- when both signatures were here
    untold      INTEGER NOT NULL,          -- 1 while my refusal must be told
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT;

-- One row a tally with a contract: what changes with every chit.
CREATE TABLE standing (
    tally       INTEGER PRIMARY KEY REFERENCES tally (no),-- which tally
    book        BLOB NOT NULL,             -- the book over the order
    tip         BLOB NOT NULL,             -- the book over everything held, ordered or not
    arrivals    INTEGER NOT NULL,          -- how many chits have come in, for their first-seen order
    agreed      INTEGER NOT NULL,          -- up to this index both halves have the same order
    final       INTEGER NOT NULL,          -- up to this index nodes of both parties stand for it
    final_stock INTEGER NOT NULL,          -- pledged by the stock's holder up to that index
    final_foil  INTEGER NOT NULL,          -- pledged by the foil's holder up to that index
    chain       INTEGER,                   -- my own chain, on which this device signs
    reconciling INTEGER NOT NULL,          -- 1 after a restore until the partner has told what it holds
    owed        INTEGER NOT NULL,          -- what must be told the partner again, a bit each (outbox.rs)
    met         INTEGER,                   -- when the partner was last heard of
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT;

-- One row a chain of chits, and one more for each branch where a signer used one key twice.
CREATE TABLE chain (
    no          INTEGER PRIMARY KEY,       -- short name used by the other tables
    tally       INTEGER NOT NULL REFERENCES tally (no),-- which tally
    side        INTEGER NOT NULL,          -- whose: 0 stock, 1 foil
    device      INTEGER NOT NULL,          -- which of the party's devices
    epoch       INTEGER NOT NULL,          -- which epoch of the device
    branch      INTEGER NOT NULL,          -- 0, or the how-manieth fork
    base        INTEGER NOT NULL,          -- the chits of this row come after this number
    seq         INTEGER NOT NULL,          -- the newest chit's number
    hash        BLOB NOT NULL,             -- the newest chit's hash
    next_key    BLOB NOT NULL,             -- the hash of the key that signs the next one
    linked      INTEGER NOT NULL,          -- up to this number the chits are in the order
    sent        INTEGER NOT NULL,          -- up to this number they were handed to the partner
    known       INTEGER NOT NULL,          -- up to this number the partner's phone that was last heard of has them
    held        INTEGER NOT NULL,          -- up to this number the other side has given a receipt
    receipted   INTEGER NOT NULL,          -- up to this number I have given a receipt
    seed        BLOB,                      -- sealed, my own chain only: what the next key is made of
    sum         INTEGER NOT NULL,          -- over the rest of the row: finds what the disk has changed
    UNIQUE (tally, side, device, epoch, branch)
) STRICT;

-- Every chit, as it came.
CREATE TABLE chit (
    no          INTEGER PRIMARY KEY,       -- chain.no * 2^32 + its number in the chain
    arrival     INTEGER NOT NULL,          -- the how-manieth that came in on its tally
    flag        INTEGER NOT NULL,          -- why it does not count as it says (book.rs), 0 if it does
    place       INTEGER NOT NULL,          -- its index in the order, 0 while it has none
    entry       BLOB NOT NULL              -- the signed bytes
) STRICT;

-- The order of a tally's chits.
CREATE TABLE place (
    no          INTEGER PRIMARY KEY,       -- tally.no * 2^32 + index, from 1
    chit        INTEGER NOT NULL,          -- chit.no
    hash        BLOB NOT NULL,             -- the head's hash here
    view        INTEGER NOT NULL,          -- the view in which the place was made
    flag        INTEGER NOT NULL,          -- how the order takes the chit, the same on both halves
    paid_stock  INTEGER NOT NULL,          -- pledged by the stock's holder up to here
    paid_foil   INTEGER NOT NULL           -- pledged by the foil's holder up to here
) STRICT;

-- The newest word of every node, my own among them.
CREATE TABLE endorsement (
    tally       INTEGER NOT NULL REFERENCES tally (no),-- which tally
    key         BLOB NOT NULL,             -- whose word
    view        INTEGER NOT NULL,          -- in which view
    idx         INTEGER NOT NULL,          -- up to which index
    entry       BLOB NOT NULL,             -- the signed bytes
    PRIMARY KEY (tally, key)
) STRICT, WITHOUT ROWID;

-- Payments asked for, by me or of me.
CREATE TABLE invoice (
    id          BLOB PRIMARY KEY,          -- the beginning of its hash
    tally       INTEGER NOT NULL REFERENCES tally (no),-- which tally
    mine        INTEGER NOT NULL,          -- 1 if I ask
    state       TEXT NOT NULL,             -- as in invoice.rs
    units       INTEGER NOT NULL,          -- how much
    date        INTEGER NOT NULL,          -- when it was written
    expires     INTEGER NOT NULL,          -- until when it should be paid
    entry       BLOB NOT NULL,             -- the signed bytes
    answer      BLOB,                      -- the signed word that declined or withdrew it
    sent        INTEGER NOT NULL,          -- 1 when the partner has it, or its answer, for sure
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT, WITHOUT ROWID;

CREATE INDEX invoice_by_tally ON invoice (tally, date);

-- Which pledge of a side answers an invoice: within the order, and by what has come in so far.
CREATE TABLE answer (
    tally       INTEGER NOT NULL REFERENCES tally (no), -- which tally
    side        INTEGER NOT NULL,          -- whose pledges: 0 stock, 1 foil
    id          BLOB NOT NULL,             -- the invoice
    ordered     INTEGER,                   -- chit.no of the first pledge in the order
    first       INTEGER NOT NULL,          -- chit.no of the first that came in
    PRIMARY KEY (tally, side, id)
) STRICT, WITHOUT ROWID;

-- Chits that came before what they follow, messages of a newer Hazel, and a view that my site has not promised yet. Bounded; tried again
-- when more arrives.
CREATE TABLE parked (
    no          INTEGER PRIMARY KEY,       -- the row
    tally       INTEGER NOT NULL REFERENCES tally (no),-- which tally
    reason      TEXT NOT NULL,             -- gap, newer or view
    bytes       BLOB NOT NULL,             -- the message
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT;

-- Proofs that somebody signed two things that cannot both be. Kept for ever.
CREATE TABLE proof (
    hash        BLOB PRIMARY KEY,          -- its hash
    tally       INTEGER NOT NULL REFERENCES tally (no),-- which tally
    bytes       BLOB NOT NULL              -- the encoded proof
) STRICT, WITHOUT ROWID;

-- What a screen has not been told yet, oldest first.
CREATE TABLE event (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,-- the row
    tally       INTEGER,                   -- which tally
    code        TEXT NOT NULL,             -- a stable name
    args        TEXT NOT NULL,             -- its arguments, one a line
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT;

-- Mine in another's hands, and others' in mine. Never in a backup.
CREATE TABLE errand (
    no          INTEGER PRIMARY KEY,       -- the row
    name        BLOB NOT NULL,             -- the beginning of its hash
    tally       INTEGER NOT NULL REFERENCES tally (no),-- mine: whose partner is to carry it; another's: whose partner gave it
    addressee   INTEGER REFERENCES tally (no),-- mine: the tally it is about; nobody tells whom another's is for
    state       TEXT NOT NULL,             -- waiting, carried, or why it was not taken along (errand.rs)
    expires     INTEGER NOT NULL,          -- carried until then
    entry       BLOB NOT NULL,             -- the errand as it is handed over
    sum         INTEGER NOT NULL,          -- over the rest of the row: finds what the disk has changed
    UNIQUE (tally, name)
) STRICT;

-- There is a row while this phone takes errands along.
CREATE TABLE porter (
    no          INTEGER PRIMARY KEY CHECK (no = 1),-- the row
    since       INTEGER NOT NULL           -- since when
) STRICT;

-- The beginning of a long letter that was cut off with its link: the next meeting goes on from there, over whatever carrier.
CREATE TABLE begun (
    tally       INTEGER PRIMARY KEY REFERENCES tally (no),-- from whose partner
    name        BLOB NOT NULL,             -- the beginning of the whole letter's hash
    total       INTEGER NOT NULL,          -- how long it will be
    bytes       BLOB NOT NULL,             -- what has arrived
    sum         INTEGER NOT NULL           -- over the rest of the row: finds what the disk has changed
) STRICT;
