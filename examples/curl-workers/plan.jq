# What to do in this beat. Gives lines: the new state, the path to call (or null), the request, and lines for the log.
# Bound: $worker, $now, $ttl, $ask, $random (hex digits, 32 for each stream that may be asked for).
#
# The state is {streams: [ids], next: index, held: {id: {leaseId, token, safeUntil, renewAt}}, asked: {id: leaseId}}.
# "asked" keeps the lease id with which a stream was asked for until it is granted or refused as used: an acquire whose
# answer was lost is asked again with the same id, and so cannot be granted twice.

def uuid: "\(.[0:8])-\(.[8:12])-4\(.[13:16])-a\(.[17:20])-\(.[20:32])";

# The streams to ask for: the next of the list that are not held.
def free:
  . as $s | (.streams | length) as $n |
  [limit($ask; range($n) | $s.streams[($s.next + .) % $n] | select($s.held[.] == null))];

# Leases that nobody could renew in time. The coordinator may still take them for live; we stop.
[.held | to_entries[] | select(.value.safeUntil <= $now)] as $over |
.held |= with_entries(select(.value.safeUntil > $now)) |
[$over[] | {event: "loss", workerId: $worker, streamId: .key, fencingToken: .value.token, reason: "safe-until passed"}]
  as $log |

# If one is due, all that will be soon are renewed with it, so that they stay one batch. Else, ask for free ones.
(if any(.held[]; .renewAt <= $now) then
  {path: "/v1/batch/renew", state: ., items: [.held | to_entries | sort_by(.value.renewAt)[:1000][] |
    select(.value.renewAt <= $now + $ttl / 6) | {streamId: .key, leaseId: .value.leaseId}]}
else
  . as $s | free as $ids |
  [range($ids | length) | {streamId: $ids[.], ownerId: $worker, ttlMs: $ttl,
    leaseId: ($s.asked[$ids[.]] // ($random[. * 32:. * 32 + 32] | uuid))}] as $items |
  {path: "/v1/batch/acquire", items: $items, state: (
    .asked += ($items | map({(.streamId): .leaseId}) | add // {}) |
    # On to the stream after the last one asked for, so that all have their turn.
    .next = (if $ids == [] then .next else (.streams | index($ids[-1])) + 1 end))}
end) |
.state, (if .items == [] then null else .path end), {items}, $log[]
