"""A worker for one turn on the generated client in Python. Its arguments: the URL of a server, and what a newer one may answer."""

import sys
import uuid

import streamlocks
from streamlocks import BatchAcquireItem, BatchReleaseItem, BatchRenewItem

url, newer = sys.argv[1:]
ids = ["python/a b", "python/a+b", "python/x/../y", "python/Àé\U0001f600", "python/100%2F"]
lease_ids = {stream: uuid.uuid4() for stream in ids}
locks = streamlocks.LocksApi(streamlocks.ApiClient(streamlocks.Configuration(host=url)))

acquired = locks.acquire_locks(
    streamlocks.BatchAcquireRequest(
        items=[BatchAcquireItem(stream_id=s, owner_id="python", lease_id=lease_ids[s], labels={"pod": "p"}) for s in ids]
    )
)
assert [(r.status, r.lease.stream_id) for r in acquired.results] == [(200, s) for s in ids], acquired
assert all(r.lease.fencing_token > 0 and r.lease.expires_at.tzinfo for r in acquired.results), acquired
renewals = streamlocks.BatchRenewRequest(items=[BatchRenewItem(stream_id=s, lease_id=lease_ids[s]) for s in ids])
renewed = locks.renew_locks(renewals)
assert [(r.status, r.lease.stream_id) for r in renewed.results] == [(200, s) for s in ids], renewed
released = locks.release_locks(
    streamlocks.BatchReleaseRequest(items=[BatchReleaseItem(stream_id=s, lease_id=lease_ids[s]) for s in ids])
)
assert [r.status for r in released.results] == [204] * len(ids), released
lost = locks.renew_locks(renewals)
assert {(r.status, r.problem.reason) for r in lost.results} == {(410, streamlocks.LossReason.RELEASED)}, lost

# A new field is accepted. A new value is not, as docs/other-languages.md describes.
assert streamlocks.ReleaseResult.from_json(newer.replace("evicted", "expired")).status == 410
print("Python: acquired, renewed and released")
