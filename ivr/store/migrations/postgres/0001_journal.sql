-- The tables of the SQLite store. Names are compared byte by byte, as there.

-- The log. A row is a leaf of the Merkle tree: it is added in order and never touched again.
CREATE TABLE record (
  seq  BIGINT PRIMARY KEY,
  call TEXT COLLATE "C",
  n    BIGINT,
  leaf BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  UNIQUE (call, n)
);

CREATE FUNCTION record_gapless() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq) + 1, 0) FROM record) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'the log has no gaps';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION record_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE integrity_constraint_violation
    USING MESSAGE = CASE TG_OP WHEN 'UPDATE' THEN 'the log is never changed'
                               ELSE 'the log is never shortened' END;
END $$;

CREATE TRIGGER record_gapless BEFORE INSERT ON record
  FOR EACH ROW EXECUTE FUNCTION record_gapless();

CREATE TRIGGER record_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON record
  FOR EACH STATEMENT EXECUTE FUNCTION record_kept();

-- The triggers hold for superusers too; the service itself is not even asked.
REVOKE UPDATE, DELETE, TRUNCATE ON record FROM CURRENT_USER;

-- Data keys, wrapped by the master key. A subject is a call, or a day for what belongs to no call.
-- A row without a key is a subject that was erased; it stays, so that no new key is made for it.
CREATE TABLE data_key (
  subject TEXT COLLATE "C" PRIMARY KEY,
  wrapped BYTEA
);

-- What the digests of a leaf stand for, sealed under the key of its subject.
CREATE TABLE disclosure (
  seq     BIGINT PRIMARY KEY,
  subject TEXT COLLATE "C" NOT NULL,
  sealed  BYTEA NOT NULL
);

CREATE INDEX disclosure_subject ON disclosure (subject);

-- Calls in progress, sealed. A row goes when its call ends.
CREATE TABLE live (
  call   TEXT COLLATE "C" PRIMARY KEY,
  line   TEXT COLLATE "C" NOT NULL UNIQUE,
  at_us  BIGINT NOT NULL,
  sealed BYTEA NOT NULL
);

-- Cases opened by callers. The token finds a number that is sealed, and keeps it unique.
CREATE TABLE opened_case (
  call      TEXT COLLATE "C" NOT NULL,
  n         BIGINT NOT NULL,
  kind      TEXT COLLATE "C" NOT NULL,
  recording TEXT COLLATE "C" NOT NULL,
  token     BYTEA NOT NULL UNIQUE,
  sealed    BYTEA NOT NULL,
  PRIMARY KEY (call, n)
);

-- A projection of the log for lists; the caller's number is sealed.
CREATE TABLE call (
  id         TEXT COLLATE "C" PRIMARY KEY,
  started_us BIGINT NOT NULL,
  ended_us   BIGINT,
  dialled    TEXT COLLATE "C" NOT NULL,
  caller     BYTEA,
  turns      BIGINT NOT NULL,
  outcome    TEXT COLLATE "C"
);

CREATE INDEX call_started ON call (started_us);

-- Names the master key that belongs to this store.
CREATE TABLE master (
  fingerprint TEXT NOT NULL
);
