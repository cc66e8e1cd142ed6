"""The tables of a dashboard in SQL: requests by regular expression, then a GROUP BY a table, and a window for the
sessions."""

from access_log import EXTENSION, REQUEST, SESSION_GAP_SECONDS
from lines import LINES, write

NAMES = ["host", "time", "request", "status", "bytes", "referrer"]
PATTERN = REQUEST.pattern.replace("'", "''")
COUNTS = "count(*), sum(bytes), sum(CAST(status >= '400' AS BIGINT))"
TABLES = {
    "hour": "strftime(moment, '%Y-%m-%d %H')",
    "status": "status",
    "method": "method",
    "extension": f"coalesce(nullif(lower(regexp_extract(name, '{EXTENSION.pattern}', 1)), ''), 'none')",
    "page": "page",
    "host": "host",
    "referrer": "referrer",
}
counted = "\n    UNION ALL ".join(
    f"SELECT '{name}', {key} AS key, {COUNTS} FROM requests "
    f"WHERE {key} NOT IN ('', '-') OR '{name}' <> 'referrer' GROUP BY key"
    for name, key in TABLES.items()
)

write(f"""
    WITH found AS (SELECT regexp_extract(line, '{PATTERN}', {NAMES}) AS r FROM {LINES} WHERE line IS NOT NULL),
    fields AS (SELECT r.*, string_split_regex(trim(r.request), ' +') AS words FROM found),
    pages AS (
        SELECT host, status, referrer, strptime(time, '%d/%b/%Y:%H:%M:%S %z') AT TIME ZONE 'UTC' AS moment,
            CASE WHEN bytes = '-' THEN 0 ELSE CAST(bytes AS BIGINT) END AS bytes,
            coalesce(nullif(words[1], ''), '-') AS method, regexp_replace(coalesce(words[2], '-'), '[?#].*', '') AS page
        FROM fields
    ),
    requests AS MATERIALIZED (SELECT *, regexp_extract(page, '[^/]*$') AS name FROM pages),
    gaps AS (
        SELECT host, epoch(moment) - lag(epoch(moment)) OVER (PARTITION BY host ORDER BY moment) AS gap FROM requests
    )
    {counted}
    UNION ALL SELECT 'total', 'requests', {COUNTS} FROM requests HAVING count(*) > 0
    UNION ALL SELECT 'sessions', host,
        CAST(count(*) FILTER (gap IS NULL OR gap > {SESSION_GAP_SECONDS}) AS BIGINT), count(*),
        CAST(coalesce(sum(gap) FILTER (gap <= {SESSION_GAP_SECONDS}), 0) AS BIGINT) FROM gaps GROUP BY host
""")
