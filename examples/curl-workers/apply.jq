# What the answer to a request changes. Gives lines: the new state, and lines for the log.
# Bound: $worker, $sent (when the request was sent), $ttl, $margin, $request, $answer.

def line($event; $lease): {event: $event, workerId: $worker, streamId: $lease.streamId,
  fencingToken: $lease.fencingToken, acquiredAt: $lease.acquiredAt, expiresAt: $lease.expiresAt};

# What is left of the lease counts from when the request was sent: the coordinator measured it later than that, so the
# lease lasts longer than we think. Not the ttl: an acquire that is asked again answers with less left.
def hold($lease): {leaseId: $lease.leaseId, token: $lease.fencingToken,
  safeUntil: ($sent + $lease.expiresInMs - $margin), renewAt: ($sent + ($ttl / 3 | floor))};

reduce range($request[0].items | length) as $i ({state: ., log: []};
  $request[0].items[$i] as $item | $item.streamId as $id | $answer[0].results[$i] as $result |
  .state.held[$id] as $held |
  # A result without a lease, as a loss, has the stream id itself, but for servers of older versions.
  ($result.lease.streamId // $result.streamId) as $stream |
  if ($stream != null and $stream != $id) or
      ($result.status == 200 and ($stream == null or $result.lease.leaseId != $item.leaseId)) then
    # A proxy or gateway on the way changes paths or bodies: neither a grant nor a loss, but unknown.
    .log += [{event: "unknown", workerId: $worker, streamId: $id,
      reason: "the answer is for another lease, of stream \($stream)"}]
  elif $result.status == 200 then
    .state.held[$id] = hold($result.lease) | del(.state.asked[$id]) |
    .log += [line(if $held == null then "grant" else "renew" end; $result.lease)]
  elif $result.status == 410 then
    # Lost, and certainly so: stop the stream.
    del(.state.held[$id]) |
    .log += [{event: "loss", workerId: $worker, streamId: $id, fencingToken: $held.token,
      reason: $result.problem.reason}]
  elif $result.problem.code == "lease-id-used" then
    del(.state.asked[$id])
  else
    # Held by another worker, or unknown: nothing changes.
    .
  end) |
.state, .log[]
