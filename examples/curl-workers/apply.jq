# Applies a response to the state. Prints the new state and then lines for the log.
# Variables: $worker, $sent (when the request was sent), $ttl, $margin, $request, $answer.

def line($event; $lease): {event: $event, workerId: $worker, streamId: $lease.streamId,
  fencingToken: $lease.fencingToken, acquiredAt: $lease.acquiredAt, expiresAt: $lease.expiresAt};

# expiresInMs counts from the time when the request was sent. The coordinator measured it later, so the lease lasts longer
# than this worker assumes. The ttl would be wrong: a repeated acquire returns a lease with less time left.
def hold($lease): {leaseId: $lease.leaseId, token: $lease.fencingToken,
  safeUntil: ($sent + $lease.expiresInMs - $margin), renewAt: ($sent + ($ttl / 3 | floor))};

reduce range($request[0].items | length) as $i ({state: ., log: []};
  $request[0].items[$i] as $item | $item.streamId as $id | $answer[0].results[$i] as $result |
  .state.held[$id] as $held |
  # A result without a lease, such as a loss, contains the stream id. Older servers leave it out.
  ($result.lease.streamId // $result.streamId) as $stream |
  if ($stream != null and $stream != $id) or
      ($result.status == 200 and ($stream == null or $result.lease.leaseId != $item.leaseId)) then
    # A proxy or gateway changes paths or bodies. The result is unknown: neither a grant nor a loss.
    .log += [{event: "unknown", workerId: $worker, streamId: $id,
      reason: "the response is for another lease, of stream \($stream)"}]
  elif $result.status == 200 then
    .state.held[$id] = hold($result.lease) | del(.state.asked[$id]) |
    .log += [line(if $held == null then "grant" else "renew" end; $result.lease)]
  elif $result.status == 410 then
    # The lease is certainly lost, so the worker stops the stream.
    del(.state.held[$id]) |
    .log += [{event: "loss", workerId: $worker, streamId: $id, fencingToken: $held.token,
      reason: $result.problem.reason}]
  elif $result.problem.code == "lease-id-used" then
    del(.state.asked[$id])
  else
    # Another worker holds the stream, or the result is unknown. Nothing changes.
    .
  end) |
.state, .log[]
