-- Facts that may be sent again after a loss: the same id is stored once.
CREATE TABLE named_fact (
  id  TEXT PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
