-- What is asked of conversations without reading their logs. It is written some time after the appends, from the logs, and
-- can be made anew from them. A library that does not know these tables would erase entries and leave their words, so it is
-- no longer let in.

-- What a conversation itself has used, a fork without what it was forked from, up to the version that was counted.
CREATE TABLE agent_activity (
  tenant text COLLATE "C" NOT NULL,
  conversation uuid NOT NULL,
  counted bigint NOT NULL DEFAULT 0,
  turns bigint NOT NULL DEFAULT 0,
  steps bigint NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  cached_tokens bigint NOT NULL DEFAULT 0,
  cache_write_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  estimated boolean NOT NULL DEFAULT false,
  changed timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, conversation)
) WITH (fillfactor = 70);

-- The words of what users and models said. Each word has a digest of its tenant in front.
CREATE TABLE agent_text (
  tenant text COLLATE "C" NOT NULL,
  conversation uuid NOT NULL,
  seq bigint NOT NULL,
  words text[] COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, conversation, seq)
);

CREATE INDEX agent_text_words ON agent_text USING gin (words);

-- When a process was last seen, by the server's clock; only to remove the rows of processes that died long ago.
ALTER TABLE agent_node ADD COLUMN seen timestamptz NOT NULL DEFAULT clock_timestamp();

INSERT INTO agent_schema (version, oldest) VALUES (2, 2);
