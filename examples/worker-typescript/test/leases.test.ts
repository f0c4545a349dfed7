import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeldLease, LeaseKeeper } from '../src/leases.js';

type Item = { streamId: string; leaseId: string };
type Call = { path: string; items: Item[] };
/** Returns the results of a batch call, a status for the whole call, or undefined to break the connection. */
type Results = object[] | number | undefined;
type Script = (items: Item[]) => Results | Promise<Results>;

/** Longer than any test, so that nothing ends by itself. */
const LONG_MS = 600_000;

let server: Server;
let url: string;
let keeper: LeaseKeeper | undefined;
let held: HeldLease[];
let calls: Call[];
let scripts: Record<string, Script>;

beforeEach(async () => {
  calls = [];
  held = [];
  scripts = {
    '/v1/batch/acquire': (items) => items.map((item) => granted(item)),
    '/v1/batch/renew': (items) => items.map((item) => granted(item)),
    '/v1/batch/release': (items) => items.map(({ streamId }) => ({ streamId, status: 204 })),
  };
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const path = request.url!;
    const { items } = JSON.parse(text) as { items: Item[] };
    calls.push({ path, items });
    const results = await scripts[path]!(items);
    if (results === undefined) {
      request.socket.destroy();
    } else if (typeof results === 'number') {
      response.writeHead(results, { 'Content-Type': 'application/problem+json' }).end('{}');
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ results }));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await keeper?.stop(held);
  keeper = undefined;
  server.closeAllConnections();
  server.close();
});

function granted({ streamId, leaseId }: Item, expiresInMs = LONG_MS, fields: object = {}): object {
  const time = '2026-01-01T00:00:00Z';
  const times = { ttlMs: LONG_MS, acquiredAt: time, expiresAt: time, expiresInMs };
  return { streamId, status: 200, lease: { streamId, leaseId, ownerId: 'me', fencingToken: 7, ...times, ...fields } };
}

function problem({ streamId }: Item, status: number, fields: object = {}): object {
  return { streamId, status, problem: { status, ...fields } };
}

/** Replaces a script for its next call. The promise resolves with the items of that call. */
function next(path: string, script: Script): Promise<Item[]> {
  const usual = scripts[path]!;
  return new Promise((resolve) => {
    scripts[path] = (items) => {
      scripts[path] = usual;
      resolve(items);
      return script(items);
    };
  });
}

function keep(ttlMs = LONG_MS): LeaseKeeper {
  keeper = new LeaseKeeper(url, 'me', ttlMs);
  return keeper;
}

async function acquire(leases: LeaseKeeper, ...streamIds: string[]): Promise<HeldLease[]> {
  const acquired = await leases.acquire(streamIds);
  held.push(...acquired);
  return acquired;
}

async function acquireOne(leases: LeaseKeeper): Promise<HeldLease> {
  const [lease] = await acquire(leases, 's-1');
  assert.ok(lease);
  return lease;
}

const itemsOf = (path: string): Item[] => calls.filter((call) => call.path === path).flatMap((call) => call.items);
const leaseIds = (path: string): string[] => itemsOf(path).map(({ leaseId }) => leaseId);

test('acquire returns the granted leases', async () => {
  void next('/v1/batch/acquire', (items) => [granted(items[0]!), problem(items[1]!, 409, { code: 'lock-held' })]);

  const leases = await acquire(keep(), 's-1', 's-2');

  assert.deepEqual(leases.map(({ streamId, fencingToken }) => [streamId, fencingToken]), [['s-1', 7]]);
  leases[0]!.requireSafe();
});

test('an acquire without a response is repeated with the same lease id', async () => {
  const leases = keep();
  void next('/v1/batch/acquire', () => undefined);
  await assert.rejects(leases.acquire(['s-1']));
  void next('/v1/batch/acquire', () => 503);
  await assert.rejects(leases.acquire(['s-1']));
  void next('/v1/batch/acquire', (items) => [problem(items[0]!, 503)]);
  assert.deepEqual(await leases.acquire(['s-1']), []);

  await acquireOne(leases);

  assert.equal(new Set(leaseIds('/v1/batch/acquire')).size, 1);
});

test('an acquire after a refusal has a new lease id', async () => {
  const leases = keep();
  void next('/v1/batch/acquire', (items) => [problem(items[0]!, 409, { code: 'lock-held' })]);
  assert.deepEqual(await leases.acquire(['s-1']), []);

  await acquireOne(leases);

  assert.equal(new Set(leaseIds('/v1/batch/acquire')).size, 2);
});

test('a wait keeps the places of its streams, and gives up the others', async () => {
  const leases = keep();
  const holders: unknown[] = [];
  const onHeld = (...held: unknown[]): unknown => holders.push(held);
  const holder = { ownerId: 'other', fencingToken: 1, expiresInMs: LONG_MS };
  const refusal = { code: 'lock-held', holder };
  const first = next('/v1/batch/acquire', (items) => items.map((item) => problem(item, 409, refusal)));
  assert.deepEqual(await leases.wait(['s-1', 's-2'], 1000, onHeld), []);
  const [place, givenUp] = await first;
  assert.deepEqual(holders, [['s-1', 'other'], ['s-2', 'other']]);

  const released = next('/v1/batch/release', (items) => items.map(({ streamId }) => ({ streamId, status: 204 })));
  held.push(...(await leases.wait(['s-1'], 1000, onHeld)));

  assert.deepEqual(held.map(({ leaseId }) => leaseId), [place!.leaseId]);
  assert.deepEqual((await released).map(({ leaseId }) => leaseId), [givenUp!.leaseId]);
});

test('a wait after a lease that has ended has a new lease id', async () => {
  const leases = keep();
  void next('/v1/batch/acquire', (items) => [problem(items[0]!, 409, { code: 'lease-id-used' })]);
  assert.deepEqual(await leases.wait(['s-1'], 1000, () => {}), []);

  held.push(...(await leases.wait(['s-1'], 1000, () => {})));

  assert.equal(new Set(leaseIds('/v1/batch/acquire')).size, 2);
});

test('the time of a lease begins after the wait for it', async () => {
  void next('/v1/batch/acquire', async (items) => {
    await sleep(700);
    return [granted(items[0]!, 3000, { waitedMs: 700 })];
  });
  const sent = performance.now();
  held.push(...(await keep(20_000).wait(['s-1'], 1000, () => {})));

  await once(held[0]!.signal, 'abort');

  // The margin is a tenth of the ttl. A timer may fire a little early.
  assert.ok(performance.now() - sent >= 1698);
});

test('a response for another stream or lease is neither a grant nor a refusal', async () => {
  const leases = keep();
  void next('/v1/batch/acquire', () => [granted({ streamId: 's-2', leaseId: 'x' })]);
  assert.deepEqual(await leases.acquire(['s-1']), []);
  void next('/v1/batch/acquire', () => [granted({ streamId: 's-1', leaseId: 'x' })]);
  assert.deepEqual(await leases.acquire(['s-1']), []);
  void next('/v1/batch/acquire', () => [{ streamId: 's-1', status: 200 }]);
  assert.deepEqual(await leases.acquire(['s-1']), []);

  await acquireOne(leases);

  assert.equal(new Set(leaseIds('/v1/batch/acquire')).size, 1);
});

test('a response with too few results is unknown', async () => {
  void next('/v1/batch/acquire', () => []);

  await assert.rejects(keep().acquire(['s-1']), /1 items had 0 results/);
});

test('a lease that no renewal confirms ends before the coordinator ends it', async () => {
  const leases = keep(20_000);
  void next('/v1/batch/acquire', (items) => [granted(items[0]!, 3000)]);
  const sent = performance.now();
  const lease = await acquireOne(leases);

  await once(lease.signal, 'abort');

  assert.match(String(lease.signal.reason), /unconfirmed/);
  assert.throws(() => lease.requireSafe(), /unconfirmed/);
  // The margin is a tenth of the ttl, and the next renewal is later. A timer may fire a little early.
  assert.ok(performance.now() - sent >= 998);
});

test('a late confirmation does not revive a lease', () => {
  const lease = new HeldLease({ streamId: 's-1', leaseId: 'x', fencingToken: 7 } as never, performance.now() - 1);

  lease.extend(performance.now() + LONG_MS);

  assert.throws(() => lease.requireSafe(), /unconfirmed/);
});

test('a renewal that returns 410 aborts the lease with the reason', async () => {
  const lease = await acquireOne(keep(3000));
  const lost = once(lease.signal, 'abort');
  scripts['/v1/batch/renew'] = (items) => items.map((item) => problem(item, 410, { reason: 'broken' }));

  await lost;

  assert.match(String(lease.signal.reason), /broken/);
});

test('a renewal with the token of another grant aborts the lease', async () => {
  const lease = await acquireOne(keep(3000));
  const lost = once(lease.signal, 'abort');
  scripts['/v1/batch/renew'] = (items) => items.map((item) => granted(item, LONG_MS, { fencingToken: 8 }));

  await lost;

  assert.match(String(lease.signal.reason), /superseded/);
});

test('a renewal that fails or is for another lease does not lose the lease', async () => {
  const lease = await acquireOne(keep(3000));
  await next('/v1/batch/renew', () => 503);
  await next('/v1/batch/renew', () => undefined);
  await next('/v1/batch/renew', (items) => [problem(items[0]!, 429)]);
  await next('/v1/batch/renew', () => [problem({ streamId: 's-2', leaseId: 'x' }, 410)]);
  await next('/v1/batch/renew', (items) => [granted(items[0]!)]);

  lease.requireSafe();
});

test('a release is repeated until it has a result', async () => {
  const leases = keep();
  const lease = await acquireOne(leases);
  void next('/v1/batch/release', () => undefined);

  await leases.release([lease]);

  assert.deepEqual(leaseIds('/v1/batch/release'), [lease.leaseId, lease.leaseId]);
  assert.throws(() => lease.requireSafe(), /released/);
});

test('a lease that ended before its release is not released again', async () => {
  const leases = keep();
  const lease = await acquireOne(leases);
  void next('/v1/batch/release', (items) => [problem(items[0]!, 410, { reason: 'expired' })]);

  await leases.release([lease]);

  assert.equal(itemsOf('/v1/batch/release').length, 1);
});

test('a stop releases the leases and the acquires without a response', async () => {
  const leases = keep();
  const lease = await acquireOne(leases);
  void next('/v1/batch/acquire', () => undefined);
  await assert.rejects(leases.acquire(['s-2']));

  await leases.stop([lease]);

  assert.deepEqual(itemsOf('/v1/batch/release').map(({ streamId }) => streamId).sort(), ['s-1', 's-2']);
  assert.deepEqual(new Set(leaseIds('/v1/batch/release')), new Set(leaseIds('/v1/batch/acquire')));
});
