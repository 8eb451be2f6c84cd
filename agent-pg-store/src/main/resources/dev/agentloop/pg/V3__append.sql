-- The append of one entry as a function, for connections through a pooler, which can have nothing prepared: the server keeps
-- the function's plan, and would otherwise parse and plan the statement anew each time. Libraries that do not know it work
-- on as before.
CREATE FUNCTION agent_append(bigint, bigint, text, bytea, bytea, bytea, bytea, text, uuid, bigint, bytea) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  appended int;
BEGIN
  /* agentloop:append_one */ INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
  SELECT tenant, conversation, seq + 1, $1, $2, $3, $4, $5, $6, $7 FROM agent_entry
  WHERE tenant = $8 AND conversation = $9 AND seq = $10 AND chain = $11 AND kind <> 'sealed';
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END $$;

INSERT INTO agent_schema (version, oldest) VALUES (3, 2);
