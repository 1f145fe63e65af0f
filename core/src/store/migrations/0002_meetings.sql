-- What meetings leave behind: errands, and letters that were cut off.

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
