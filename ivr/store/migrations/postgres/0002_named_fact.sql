-- Facts that may be sent again after a loss: the same id is stored once.
CREATE TABLE named_fact (
  id  TEXT COLLATE "C" PRIMARY KEY,
  seq BIGINT NOT NULL
);
