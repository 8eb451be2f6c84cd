-- What is said stands in no statistics. ANALYZE would copy samples of these columns into pg_statistic, where they stay when the
-- entry is erased; a salt there would let somebody try texts against the digest. Naming the type again deletes the samples
-- that were taken so far, and rewrites nothing.
--
-- An erased entry has a mark in the place of its payload from here on. A library that does not know marks would take one for
-- what was said, so it is no longer let in.
ALTER TABLE agent_entry
  ALTER COLUMN payload TYPE bytea, ALTER COLUMN payload SET STATISTICS 0,
  ALTER COLUMN salt TYPE bytea, ALTER COLUMN salt SET STATISTICS 0;
ALTER TABLE agent_inbox ALTER COLUMN payload TYPE bytea, ALTER COLUMN payload SET STATISTICS 0;
ALTER TABLE agent_text ALTER COLUMN words TYPE text[] COLLATE "C", ALTER COLUMN words SET STATISTICS 0;

INSERT INTO agent_schema (version, oldest) VALUES (4, 4);
