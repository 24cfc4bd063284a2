-- The log. A row is a leaf of the Merkle tree: it is added in order and never touched again.
CREATE TABLE record (
  seq  INTEGER PRIMARY KEY,
  call TEXT,
  n    INTEGER,
  leaf BLOB NOT NULL,
  hash BLOB NOT NULL,
  UNIQUE (call, n)
) STRICT;

CREATE TRIGGER record_gapless BEFORE INSERT ON record
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM record)
BEGIN SELECT raise(ABORT, 'the log has no gaps'); END;

CREATE TRIGGER record_unchanged BEFORE UPDATE ON record
BEGIN SELECT raise(ABORT, 'the log is never changed'); END;

CREATE TRIGGER record_kept BEFORE DELETE ON record
BEGIN SELECT raise(ABORT, 'the log is never shortened'); END;

-- Data keys, wrapped by the master key. A subject is a call, or a day for what belongs to no call.
-- A row without a key is a subject that was erased; it stays, so that no new key is made for it.
CREATE TABLE data_key (
  subject TEXT PRIMARY KEY,
  wrapped BLOB
) STRICT, WITHOUT ROWID;

-- What the digests of a leaf stand for, sealed under the key of its subject.
CREATE TABLE disclosure (
  seq     INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  sealed  BLOB NOT NULL
) STRICT;

CREATE INDEX disclosure_subject ON disclosure (subject);

-- Calls in progress, sealed. A row goes when its call ends.
CREATE TABLE live (
  call   TEXT PRIMARY KEY,
  line   TEXT NOT NULL UNIQUE,
  at_us  INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Cases opened by callers. The token finds a number that is sealed, and keeps it unique.
CREATE TABLE opened_case (
  call      TEXT NOT NULL,
  n         INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  recording TEXT NOT NULL,
  token     BLOB NOT NULL UNIQUE,
  sealed    BLOB NOT NULL,
  PRIMARY KEY (call, n)
) STRICT, WITHOUT ROWID;

-- A projection of the log for lists; the caller's number is sealed.
CREATE TABLE call (
  id         TEXT PRIMARY KEY,
  started_us INTEGER NOT NULL,
  ended_us   INTEGER,
  dialled    TEXT NOT NULL,
  caller     BLOB,
  turns      INTEGER NOT NULL,
  outcome    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX call_started ON call (started_us);

-- Names the master key that belongs to this store.
CREATE TABLE master (
  fingerprint TEXT NOT NULL
) STRICT;
