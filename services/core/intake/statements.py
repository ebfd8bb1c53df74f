"""The SQL of intake: set-based, keys taken in one order by everybody, so that none deadlock."""

from typing import Final

FIND_DOOR: Final = """
SELECT sources.workspace_id, workspaces.ingest_per_minute,
  ARRAY(
    SELECT secret FROM source_secrets
    WHERE source_secrets.workspace_id = sources.workspace_id
      AND source_secrets.source_id = sources.id
      AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY created_at DESC, id DESC
  ) AS secrets
FROM sources JOIN workspaces ON workspaces.id = sources.workspace_id
WHERE sources.id = :source_id AND sources.deleted_at IS NULL
"""

LIST_SECRETS: Final = """
SELECT source_id, id, created_at, expires_at FROM source_secrets
WHERE workspace_id = :workspace_id AND source_id = ANY(:source_ids)
  AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
ORDER BY created_at DESC, id DESC
"""

# The latest secret lives on for the overlap; any older one ends, so that never more than two live.
RETIRE_SECRETS: Final = """
WITH live AS (
  SELECT id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS age FROM source_secrets
  WHERE workspace_id = :workspace_id AND source_id = :source_id
    AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
)
UPDATE source_secrets SET
  revoked_at = CASE WHEN live.age > 1 THEN CAST(:now AS timestamptz) END,
  expires_at = CASE WHEN live.age > 1 THEN expires_at
    ELSE least(expires_at, CAST(:expires_at AS timestamptz)) END
FROM live
WHERE source_secrets.workspace_id = :workspace_id AND source_secrets.id = live.id
"""

# Everybody takes keys in this order, so two batches wait for each other and never in a circle.
ADD_DELIVERY_KEYS: Final = """
INSERT INTO delivery_keys
  (workspace_id, source_id, space, external_id, delivery_id, body_sha256, seen_at)
SELECT :workspace_id, source_id, space, external_id, delivery_id, body_sha256, :now
FROM unnest(
  CAST(:source_ids AS uuid[]), CAST(:spaces AS text[]), CAST(:external_ids AS text[]),
  CAST(:delivery_ids AS uuid[]), CAST(:hashes AS bytea[])
) WITH ORDINALITY AS sent (source_id, space, external_id, delivery_id, body_sha256, place)
ORDER BY source_id, space, external_id, place
ON CONFLICT DO NOTHING
RETURNING delivery_id
"""

# Waits for nothing: the insert above has already waited for whoever was first.
FIND_ORIGINALS: Final = """
WITH sent AS (
  SELECT * FROM unnest(
    CAST(:source_ids AS uuid[]), CAST(:spaces AS text[]), CAST(:external_ids AS text[]),
    CAST(:hashes AS bytea[])
  ) WITH ORDINALITY AS sent (source_id, space, external_id, body_sha256, place)
), other AS (
  UPDATE delivery_keys SET conflicts = conflicts + 1
  FROM (SELECT DISTINCT ON (source_id, space, external_id) * FROM sent) AS once
  WHERE delivery_keys.workspace_id = :workspace_id
    AND delivery_keys.source_id = once.source_id AND delivery_keys.space = once.space
    AND delivery_keys.external_id = once.external_id
    AND delivery_keys.body_sha256 IS DISTINCT FROM once.body_sha256
)
SELECT sent.place, delivery_keys.delivery_id FROM sent JOIN delivery_keys
  ON delivery_keys.workspace_id = :workspace_id AND delivery_keys.source_id = sent.source_id
 AND delivery_keys.space = sent.space AND delivery_keys.external_id = sent.external_id
"""

ADD_EVENT_KEYS: Final = """
INSERT INTO delivery_keys (workspace_id, source_id, space, external_id, delivery_id, seen_at)
SELECT :workspace_id, source_id, 'e', external_id, delivery_id, :now
FROM unnest(
  CAST(:source_ids AS uuid[]), CAST(:external_ids AS text[]), CAST(:delivery_ids AS uuid[])
) AS sent (source_id, external_id, delivery_id)
ORDER BY source_id, external_id
ON CONFLICT DO NOTHING
RETURNING source_id, external_id
"""

ADD_DELIVERIES: Final = """
INSERT INTO deliveries (workspace_id, id, source_id, webhook_id, media, body, event_count,
  duplicate_count, request_id, received_at)
SELECT :workspace_id, sent.*, :now FROM unnest(
  CAST(:ids AS uuid[]), CAST(:source_ids AS uuid[]), CAST(:webhook_ids AS text[]),
  CAST(:media AS text[]), CAST(:bodies AS bytea[]), CAST(:events AS int[]),
  CAST(:duplicates AS int[]), CAST(:request_ids AS text[])
) AS sent
"""

ADD_ENTRIES: Final = """
INSERT INTO journal (workspace_id, delivery_id, position, source_id, external_id, type,
  occurred_at, clamped, historical, state, lane, received_at, next_at)
SELECT :workspace_id, sent.*, :now, :now FROM unnest(
  CAST(:delivery_ids AS uuid[]), CAST(:positions AS int[]), CAST(:source_ids AS uuid[]),
  CAST(:external_ids AS text[]), CAST(:types AS text[]), CAST(:occurred AS timestamptz[]),
  CAST(:clamped AS boolean[]), CAST(:historical AS boolean[]), CAST(:states AS text[]),
  CAST(:lanes AS smallint[])
) AS sent
"""

# A queue's figures are always old: a burst is planned with those of an empty table and read whole.
# For the claim's transaction only the partial index, which has the order, stays open.
BY_INDEX_ONLY: Final = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)
"""

# Level one: a loose index scan finds the workspaces that wait, each by one probe; those with live
# work go first, then those that have waited longest. The order of all three columns is asked for,
# because only the partial index has it: the primary key would be walked past all that is done.
TURNS: Final = """
WITH RECURSIVE waiting (workspace_id) AS (
  (SELECT workspace_id FROM journal WHERE state = 'pending'
   ORDER BY workspace_id, historical, next_at LIMIT 1)
  UNION ALL
  SELECT (
    SELECT journal.workspace_id FROM journal
    WHERE journal.state = 'pending' AND journal.workspace_id > waiting.workspace_id
    ORDER BY journal.workspace_id, journal.historical, journal.next_at LIMIT 1
  ) FROM waiting WHERE waiting.workspace_id IS NOT NULL
)
SELECT waiting.workspace_id FROM waiting CROSS JOIN LATERAL (
  SELECT historical, next_at FROM journal
  WHERE journal.workspace_id = waiting.workspace_id AND state = 'pending' AND next_at <= :now
    AND attempts = 0
  ORDER BY historical, next_at LIMIT 1
) AS first
ORDER BY first.historical, first.next_at LIMIT :limit
"""

_LEASED: Final = """
  next_at = CAST(:now AS timestamptz) + make_interval(secs => :lease_seconds),
  token = token + 1
WHERE ctid = ANY(ARRAY(SELECT place FROM picked))
RETURNING journal.workspace_id, journal.delivery_id, journal.position, token, attempts, source_id,
  lane, external_id, type, occurred_at, received_at, clamped, historical, state
"""

# Level two: an equal share of each, locked past other workers, lane by lane: those first in which
# nobody is at work, and of them the ones that have waited longest. Each gives a part of the share,
# so that the bodies to be read are those of one stretch of time. Shares are numbers the planner
# sees, and rows are updated by their place: of a computed limit it expects a tenth of the queue,
# and would read all of it. What was tried before is passed over: it has a claim of its own.
CLAIM: Final = f"""
WITH leased AS MATERIALIZED (
  SELECT workspace_id, lane FROM journal
  WHERE state = 'pending' AND attempts > 0 AND next_at > :now
    AND next_at <= CAST(:now AS timestamptz) + make_interval(secs => :lease_seconds)
  ORDER BY next_at, delivery_id, position LIMIT 2000
), picked AS MATERIALIZED (
  SELECT taken.place FROM unnest(CAST(:workspace_ids AS uuid[])) AS turn (workspace_id)
  CROSS JOIN LATERAL (
    SELECT due.place FROM (
      WITH RECURSIVE head (historical, lane, next_at, delivery_id, position) AS (
        (SELECT historical, lane, next_at, delivery_id, position FROM journal
         WHERE workspace_id = turn.workspace_id AND state = 'pending' AND attempts = 0
         ORDER BY historical, lane, next_at LIMIT 1)
        UNION ALL
        SELECT beyond.* FROM head CROSS JOIN LATERAL (
          SELECT historical, lane, next_at, delivery_id, position FROM journal
          WHERE workspace_id = turn.workspace_id AND state = 'pending' AND attempts = 0
            AND (historical, lane) > (head.historical, head.lane)
          ORDER BY historical, lane, next_at LIMIT 1
        ) AS beyond
      )
      SELECT historical, lane FROM head WHERE next_at <= :now
      ORDER BY historical,
        (turn.workspace_id, lane) IN (SELECT workspace_id, lane FROM leased),
        next_at, delivery_id, position
    ) AS waiting CROSS JOIN LATERAL (
      SELECT journal.ctid AS place FROM journal
      WHERE journal.workspace_id = turn.workspace_id AND state = 'pending' AND attempts = 0
        AND historical = waiting.historical AND lane = waiting.lane AND next_at <= :now
      ORDER BY historical, lane, next_at LIMIT :part FOR UPDATE SKIP LOCKED
    ) AS due LIMIT :share
  ) AS taken
)
UPDATE journal SET attempts = 1, {_LEASED}"""

# Entries of any workspace whose try before came to nothing, by an index of their own: they would
# else wait behind a whole backlog. Those with one try go in a small company, all others alone. The
# try is counted before it begins, since it may kill whoever makes it.
CLAIM_TRIED: Final = f"""
WITH due AS MATERIALIZED (
  SELECT journal.ctid AS place, attempts, next_at, delivery_id, position FROM journal
  WHERE state = 'pending' AND attempts > 0 AND next_at <= :now
  ORDER BY next_at, delivery_id, position LIMIT :company FOR UPDATE SKIP LOCKED
), first AS MATERIALIZED (
  SELECT place, attempts FROM due ORDER BY next_at, delivery_id, position LIMIT 1
), picked AS (
  SELECT due.place FROM due, first
  WHERE due.place = first.place OR (first.attempts = 1 AND due.attempts = 1)
)
UPDATE journal SET
  state = CASE WHEN attempts >= :max_claims THEN 'quarantined' ELSE 'pending' END,
  error = CASE WHEN attempts >= :max_claims THEN 'claimed_without_outcome' ELSE error END,
  attempts = CASE WHEN attempts >= :max_claims THEN attempts ELSE attempts + 1 END,
  {_LEASED}"""

BODIES: Final = """
SELECT id, webhook_id, media, body, request_id FROM deliveries
WHERE workspace_id = ANY(:workspace_ids) AND id = ANY(:ids)
"""

_CLAIMED: Final = """
FROM unnest(
  CAST(:delivery_ids AS uuid[]), CAST(:positions AS int[]), CAST(:tokens AS bigint[])
) AS claimed (delivery_id, position, token)
WHERE journal.workspace_id = :workspace_id
  AND journal.delivery_id = claimed.delivery_id AND journal.position = claimed.position
  AND journal.token = claimed.token AND journal.state = 'pending'
"""

COMPLETE: Final = f"""
UPDATE journal SET state = 'processed', processed_at = :now, error = NULL
{_CLAIMED}
RETURNING journal.delivery_id, journal.position, journal.token
"""

# Without a wish the pauses double from 5 s to 5 min.
FAIL: Final = """
UPDATE journal SET
  state = CASE WHEN attempts >= :max_attempts THEN 'quarantined' ELSE 'pending' END,
  next_at = coalesce(
    CAST(:retry_at AS timestamptz),
    CAST(:now AS timestamptz) + make_interval(secs => least(5 * 2 ^ (attempts - 1), 300))
  ),
  error = failed.error
FROM unnest(
  CAST(:delivery_ids AS uuid[]), CAST(:positions AS int[]), CAST(:tokens AS bigint[]),
  CAST(:errors AS text[])
) AS failed (delivery_id, position, token, error)
WHERE journal.workspace_id = :workspace_id
  AND journal.delivery_id = failed.delivery_id AND journal.position = failed.position
  AND journal.token = failed.token AND journal.state = 'pending'
RETURNING journal.state
"""

# What others have in hand goes back to the head of its lane. This claim was no try, those before it
# were; the token stays spent.
PUT_BACK: Final = """
UPDATE journal SET state = 'pending', next_at = journal.received_at,
  attempts = greatest(attempts - 1, 0), processed_at = NULL
FROM unnest(
  CAST(:delivery_ids AS uuid[]), CAST(:positions AS int[]), CAST(:tokens AS bigint[])
) AS completed (delivery_id, position, token)
WHERE journal.workspace_id = :workspace_id
  AND journal.delivery_id = completed.delivery_id AND journal.position = completed.position
  AND journal.token = completed.token AND journal.state = 'processed'
"""

# The claim is undone, attempt included; the token stays spent.
RELEASE: Final = f"""
UPDATE journal SET next_at = :now, attempts = greatest(attempts - 1, 0)
{_CLAIMED}
"""

_REPLAYABLE: Final = """
  (state IN ('processed', 'quarantined')
   OR (state IN ('no_handler_yet', 'unsupported') AND type = ANY(:handled_types)))
"""

REPLAY_DELIVERY: Final = f"""
UPDATE journal SET state = 'pending', next_at = :now, attempts = 0, error = NULL,
  processed_at = NULL
WHERE workspace_id = :workspace_id AND delivery_id = :delivery_id AND {_REPLAYABLE}
"""

COUNT_REPLAYABLE: Final = f"""
SELECT state, count(*) AS entries FROM journal
WHERE workspace_id = :workspace_id AND delivery_id >= :first AND delivery_id < :end
  AND state = ANY(:states) AND {_REPLAYABLE}
GROUP BY state ORDER BY state
"""

# One batch of a longer replay, from where the batch before ended: an entry that the workers finish
# meanwhile is not met again.
REPLAY_BATCH: Final = f"""
WITH batch AS MATERIALIZED (
  SELECT delivery_id, position FROM journal
  WHERE workspace_id = :workspace_id AND (delivery_id, position) > (:delivery_id, :position)
    AND delivery_id < :until AND state = ANY(:states) AND {_REPLAYABLE}
  ORDER BY delivery_id, position LIMIT :limit
), replayed AS (
  UPDATE journal SET state = 'pending', next_at = :now, attempts = 0, error = NULL,
    processed_at = NULL
  FROM batch
  WHERE journal.workspace_id = :workspace_id
    AND journal.delivery_id = batch.delivery_id AND journal.position = batch.position
)
SELECT delivery_id, position, count(*) OVER () AS replayed FROM batch
ORDER BY delivery_id DESC, position DESC LIMIT 1
"""

_SUMMARY: Final = """
SELECT deliveries.id, source_id, webhook_id, event_count, duplicate_count, received_at,
  request_id,
  coalesce(entries.pending, false) AS pending, coalesce(entries.quarantined, false) AS quarantined
FROM deliveries CROSS JOIN LATERAL (
  SELECT bool_or(state = 'pending') AS pending, bool_or(state = 'quarantined') AS quarantined
  FROM journal
  WHERE journal.workspace_id = deliveries.workspace_id AND journal.delivery_id = deliveries.id
) AS entries
WHERE deliveries.workspace_id = :workspace_id
"""

GET_DELIVERY: Final = f"{_SUMMARY} AND deliveries.id = :delivery_id"

LIST_OWN_ACCOUNTS: Final = """
SELECT id, own_accounts FROM sources WHERE workspace_id = :workspace_id
"""

LIST_ENTRIES: Final = """
SELECT position, external_id, type, state, occurred_at, historical, attempts, error, processed_at
FROM journal WHERE workspace_id = :workspace_id AND delivery_id = :delivery_id ORDER BY position
"""

LIST_DELIVERIES: Final = f"""{_SUMMARY}
  AND (CAST(:source_id AS uuid) IS NULL OR source_id = :source_id)
  AND CASE CAST(:state AS text)
    WHEN 'pending' THEN coalesce(entries.pending, false)
    WHEN 'quarantined' THEN coalesce(entries.quarantined AND NOT entries.pending, false)
    WHEN 'processed' THEN NOT coalesce(entries.quarantined OR entries.pending, false)
    ELSE true END
  {{stretch}}
"""
