-- The tables of agentloop's conversations. Every key begins with the tenant and the conversation.

-- Which versions of this schema were applied. A library works with it if oldest <= the version that it knows.
CREATE TABLE agent_schema (
  version int PRIMARY KEY,
  oldest int NOT NULL,
  applied timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The logs. Rows are inserted and, when their payload is erased, updated; the key is the lock. An anchor is the copy,
-- without its payload, of the entry that a fork begins behind. Salt and payload are null where they were erased.
CREATE TABLE agent_entry (
  tenant text COLLATE "C" NOT NULL,
  conversation uuid NOT NULL,
  seq bigint NOT NULL,
  turn bigint NOT NULL,
  base bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text COLLATE "C" NOT NULL,
  anchor boolean NOT NULL DEFAULT false,
  salt bytea,
  digest bytea NOT NULL,
  chain bytea NOT NULL,
  payload bytea,
  PRIMARY KEY (tenant, conversation, seq)
) WITH (
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 500000,
  autovacuum_freeze_min_age = 0,
  vacuum_truncate = off
);

-- The conversations, and for a fork what it was forked from: the conversation that holds its history up to parent_seq.
CREATE TABLE agent_conversation (
  tenant text COLLATE "C" NOT NULL,
  conversation uuid NOT NULL,
  parent uuid,
  parent_seq bigint,
  created timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, conversation)
);

CREATE INDEX agent_conversation_parent ON agent_conversation (tenant, parent) WHERE parent IS NOT NULL;

-- What others leave for the owner of a conversation's turn; the first message of an id stays.
CREATE TABLE agent_inbox (
  tenant text COLLATE "C" NOT NULL,
  conversation uuid NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  payload bytea NOT NULL,
  nr bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, conversation, id)
);

-- The processes that own turns; each counts its beat up while it lives, and deletes its row when it ends.
CREATE TABLE agent_node (
  node text COLLATE "C" PRIMARY KEY,
  beat bigint NOT NULL DEFAULT 0,
  started timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

INSERT INTO agent_schema (version, oldest) VALUES (1, 1);
