# Compares the workers' logs and the coordinators' lists with the promises. Uses only the database's clock.
# Input: {facts, dead, final}. facts: each grant, renewal and sample as {streamId, owner, fencingToken, acquiredAt,
# expiresAt}. dead: the locks of the killed worker. final: the locks at the end.
# Variables: $marker (when the worker was killed), $streams, $ttl (ms), $survivor.

def micros: rtrimstr("Z") | split(".") |
  (.[0] + "Z" | fromdateiso8601) * 1000000 + ((.[1] // "") + "000000" | .[0:6] | tonumber);
def seconds: . / 10000 | round / 100;

($marker | micros) as $killed |

# The token identifies a grant. Its last known end is the latest end in all facts.
[.facts | group_by([.streamId, .fencingToken])[] |
  {streamId: .[0].streamId, token: .[0].fencingToken, owners: (map(.owner) | unique),
   starts: (map(.acquiredAt) | unique), start: (.[0].acquiredAt | micros), end: (map(.expiresAt | micros) | max)}]
  as $grants |
([$grants | group_by(.streamId)[] | sort_by(.start)] | map({(.[0].streamId): .}) | add // {}) as $history |
[$history[] | range(1; length) as $i | {before: .[$i - 1], after: .[$i]}] as $pairs |

[.dead[] | . as $lock | {streamId, moved: ([$history[.streamId][]? | select(.token > $lock.fencingToken)] | first)} |
  {streamId, owners: .moved.owners, after: (if .moved then .moved.start - $killed else null end)}] as $moves |
([$moves[].after | select(. != null)] | sort) as $delays |

[
  ($grants[] | select((.owners | length) != 1 or (.starts | length) != 1) |
    "token \(.token) of \(.streamId) has two owners or two start times"),
  ($pairs[] | select(.after.start < .before.end) |
    "\(.after.streamId): token \(.after.token) was granted \(.before.end - .after.start) µs before token \(.before.token) ended"),
  ($pairs[] | select(.after.token <= .before.token) |
    "\(.after.streamId): token \(.after.token) was granted after token \(.before.token)"),
  ($moves[] | select(.after == null or .after > ($ttl + 1000) * 1000) |
    "\(.streamId) of the killed worker " + (if .after then "moved after \(.after | seconds) s" else "never moved" end)),
  (if .dead == [] then "the killed worker held nothing, so the run shows nothing" else empty end),
  (([.final[] | select(.ownerId == $survivor) | .streamId] | unique | length) as $held |
    select($held != $streams) | "the remaining worker holds only \($held) of \($streams) streams at the end")
] as $violations |

"facts checked:       \(.facts | length) (grants, renewals and samples)",
"grants:              \($grants | length), of which \($pairs | length) followed another grant of their stream",
"killed worker held:  \(.dead | length) streams",
"moved after:         p50 \($delays[length / 2 | floor] // 0 | seconds) s, max \($delays[-1] // 0 | seconds) s; allowed \(($ttl + 1000) / 1000) s",
"held at the end:     \(.final | length) of \($streams)",
"violations:          \($violations | length)",
($violations[:20][] | "  " + .),
(if $violations == [] then empty else "" | halt_error(1) end)
