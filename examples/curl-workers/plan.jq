# Plans a beat. Prints the new state, the path to call (or null), the request, and lines for the log.
# Variables: $worker, $now, $ttl, $ask, $random (hex digits, 32 for each stream that the beat may acquire).
#
# The state is {streams: [ids], next: index, held: {id: {leaseId, token, safeUntil, renewAt}}, asked: {id: leaseId}}.
# "asked" keeps the lease id of an acquire until the stream is granted or the id is refused as used. An acquire whose
# response was lost is repeated with the same id, so it cannot be granted twice.

def uuid: "\(.[0:8])-\(.[8:12])-4\(.[13:16])-a\(.[17:20])-\(.[20:32])";

# The streams to acquire: the next streams of the list that are not held.
def free:
  . as $s | (.streams | length) as $n |
  [limit($ask; range($n) | $s.streams[($s.next + .) % $n] | select($s.held[.] == null))];

# Leases that were not renewed in time. They may still be live at the coordinator, but this worker stops them.
[.held | to_entries[] | select(.value.safeUntil <= $now)] as $over |
.held |= with_entries(select(.value.safeUntil > $now)) |
[$over[] | {event: "loss", workerId: $worker, streamId: .key, fencingToken: .value.token, reason: "safe-until passed"}]
  as $log |

# If a lease is due, all that will be due soon are renewed with it, so that they stay one batch. Otherwise, acquire free streams.
(if any(.held[]; .renewAt <= $now) then
  {path: "/v1/batch/renew", state: ., items: [.held | to_entries | sort_by(.value.renewAt)[:1000][] |
    select(.value.renewAt <= $now + $ttl / 6) | {streamId: .key, leaseId: .value.leaseId}]}
else
  . as $s | free as $ids |
  [range($ids | length) | {streamId: $ids[.], ownerId: $worker, ttlMs: $ttl,
    leaseId: ($s.asked[$ids[.]] // ($random[. * 32:. * 32 + 32] | uuid))}] as $items |
  {path: "/v1/batch/acquire", items: $items, state: (
    .asked += ($items | map({(.streamId): .leaseId}) | add // {}) |
    # The next beat begins after the last stream of this one, so that every stream has its turn.
    .next = (if $ids == [] then .next else (.streams | index($ids[-1])) + 1 end))}
end) |
.state, (if .items == [] then null else .path end), {items}, $log[]
