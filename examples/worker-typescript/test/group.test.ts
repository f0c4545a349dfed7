import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Group } from '../src/group.js';
import { HeldLease, LeaseKeeper } from '../src/leases.js';

type Item = { streamId: string; leaseId: string; ownerId: string };
type Report = { ownerId: string; held: number; wanted: number; capacity: number };
type Body = Report & { items: Item[]; waitMs?: number };

const TTL_MS = 1200;
const STREAMS = Array.from({ length: 20 }, (_, i) => `s-${i}`);

/** A coordinator whose leases end only by a release. The first in the queue of a stream has the lease, once granted. */
class Coordinator {
  readonly queues = new Map<string, Item[]>();
  readonly members = new Map<string, Report>();
  /** The leaves and releases in order. */
  readonly log: string[] = [];
  grants = 0;
  hasGroups = true;
  private readonly granted = new Set<string>();

  async handle(method: string, path: string, body: Body): Promise<object | number> {
    if (path.startsWith('/v1/groups/')) {
      return this.hasGroups ? this.group(method, path.split('/')[5], body) : 404;
    }
    if (path === '/v1/batch/acquire') {
      return { results: await this.acquire(body.items, body.waitMs ?? 0) };
    }
    return { results: body.items.map((item) => (path === '/v1/batch/renew' ? this.lease(item) : this.release(item))) };
  }

  held(ownerId: string): number {
    const live = [...this.queues.values()].filter(([first]) => first && this.isLive(first));
    return live.filter(([first]) => first!.ownerId === ownerId).length;
  }

  private group(method: string, ownerId: string | undefined, report: Report): object | number {
    if (method === 'DELETE') {
      this.log.push(`${ownerId} leaves`);
      this.members.delete(ownerId!);
      return 204;
    }
    if (method === 'PUT') {
      this.members.set(ownerId!, { ...report, ownerId: ownerId! });
    }
    const all = [...this.members.values()];
    const held = all.reduce((sum, one) => sum + one.held, 0);
    const wanted = Math.max(held, ...all.map((one) => one.wanted));
    const byHeld = [...all].sort((a, b) => b.held - a.held);
    const shareOf = (one: Report): number => Math.floor((wanted + all.length - 1 - byHeld.indexOf(one)) / all.length);
    const missing = all.reduce((sum, one) => sum + Math.max(0, shareOf(one) - one.held), 0);
    const counts = { groupId: 'orders', held, wanted, missing, withoutRoom: 0 };
    return method === 'PUT'
      ? { ...counts, members: all.length, share: shareOf(this.members.get(ownerId!)!) }
      : { ...counts, members: all.map((one) => ({ ...one, share: shareOf(one), expiresInMs: TTL_MS })) };
  }

  private async acquire(items: Item[], waitMs: number): Promise<object[]> {
    const until = performance.now() + waitMs;
    for (const item of items) {
      const queue = this.queues.get(item.streamId) ?? [];
      this.queues.set(item.streamId, queue);
      if ((waitMs > 0 || queue.length === 0) && !queue.some(({ leaseId }) => leaseId === item.leaseId)) {
        queue.push(item);
      }
    }
    const isFirst = (item: Item): boolean => this.queues.get(item.streamId)![0]?.leaseId === item.leaseId;
    while (!items.some(isFirst) && performance.now() < until) {
      await sleep(5);
    }
    return items.map((item) => {
      if (!isFirst(item)) {
        const first = this.queues.get(item.streamId)![0]!;
        return { ...this.problem(item, 409, 'lock-held'), ...(this.isLive(first) ? this.heldBy(item, first) : {}) };
      }
      if (!this.isLive(item)) {
        this.granted.add(item.leaseId);
        this.grants++;
      }
      return this.lease(item);
    });
  }

  private heldBy(item: Item, { ownerId }: Item): object {
    const holder = { ownerId, fencingToken: 1, expiresInMs: TTL_MS };
    return { problem: { ...this.problem(item, 409, 'lock-held').problem, holder } };
  }

  private isLive({ leaseId }: Item): boolean {
    return this.granted.has(leaseId);
  }

  private lease({ streamId, leaseId }: Item): object {
    const time = '2026-01-01T00:00:00Z';
    const waiting = this.queues.get(streamId)!.length - 1;
    const times = { ttlMs: TTL_MS, acquiredAt: time, expiresAt: time, expiresInMs: 600_000 };
    return { streamId, status: 200, lease: { streamId, leaseId, ownerId: 'x', fencingToken: 1, waiting, ...times } };
  }

  private release(item: Item): object {
    const queue = this.queues.get(item.streamId)!;
    const at = queue.findIndex(({ leaseId }) => leaseId === item.leaseId);
    if (at >= 0) {
      this.log.push(`${queue[at]!.ownerId} releases`);
      queue.splice(at, 1);
    }
    return { streamId: item.streamId, status: 204 };
  }

  private problem({ streamId }: Item, status: number, code: string) {
    return { streamId, status, problem: { type: code, title: code, status, code, detail: code } };
  }
}

/** A worker with an event of each stream in every poll. Its sessions need some time for the events that they have. */
class Worker {
  readonly sessions = new Map<string, { lease: HeldLease; isEnding: boolean }>();
  private readonly leases: LeaseKeeper;
  private readonly group: Group;
  private readonly polls: NodeJS.Timeout;

  constructor(url: string, ownerId: string, capacity = 100) {
    this.leases = new LeaseKeeper(url, ownerId, TTL_MS);
    this.group = new Group(url, 'orders', ownerId, TTL_MS, this.leases, {
      capacity,
      held: () => new Map([...this.sessions].map(([streamId, { lease }]) => [streamId, lease])),
      isEnding: (streamId) => this.sessions.get(streamId)!.isEnding,
      begin: (lease) => this.sessions.set(lease.streamId, { lease, isEnding: false }),
      handOver: (streamId) => void this.handOver(streamId),
    });
    // A call that has timed out is repeated by the next poll.
    this.polls = setInterval(() => void this.group.sawEvents(STREAMS).catch(() => {}), 40);
  }

  private async handOver(streamId: string): Promise<void> {
    const session = this.sessions.get(streamId)!;
    session.isEnding = true;
    await sleep(30);
    await this.leases.release([session.lease]);
    this.sessions.delete(streamId);
  }

  async stop(): Promise<void> {
    clearInterval(this.polls);
    await this.group.leave();
    await this.leases.stop([...this.sessions.values()].map(({ lease }) => lease));
    this.sessions.clear();
  }
}

let coordinator: Coordinator;
let server: Server;
let url: string;
let workers: Worker[];

beforeEach(async () => {
  coordinator = new Coordinator();
  workers = [];
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const result = await coordinator.handle(request.method!, request.url!, text ? JSON.parse(text) : {});
    const isJson = typeof result === 'object';
    response.writeHead(isJson ? 200 : result, { 'Content-Type': 'application/json' });
    response.end(isJson ? JSON.stringify(result) : undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  server.closeAllConnections();
  server.close();
});

function start(ownerId: string, capacity?: number): Worker {
  const worker = new Worker(url, ownerId, capacity);
  workers.push(worker);
  return worker;
}

async function stop(worker: Worker): Promise<void> {
  workers = workers.filter((one) => one !== worker);
  await worker.stop();
}

/** Waits until the workers a, b and so on hold so many streams. */
async function awaitHeld(...counts: number[]): Promise<void> {
  const held = (): number[] => counts.map((_, i) => coordinator.held('abc'[i]!));
  const until = performance.now() + 30_000;
  while (String(held()) !== String(counts)) {
    assert.ok(performance.now() < until, `the workers hold ${held()} streams, and not ${counts}`);
    await sleep(5);
  }
}

test('workers share the streams evenly, and no stream moves twice', async () => {
  const a = start('a');
  await awaitHeld(20);
  const b = start('b');
  await awaitHeld(10, 10);
  start('c');
  await awaitHeld(7, 7, 6);
  assert.equal(coordinator.grants, 20 + 10 + 6);
  await sleep(3 * TTL_MS);
  assert.equal(coordinator.grants, 20 + 10 + 6);
  assert.deepEqual([...b.sessions.values()].map(({ isEnding }) => isEnding), Array(7).fill(false));

  await stop(a);
  await awaitHeld(0, 10, 10);

  assert.equal(coordinator.grants, 20 + 10 + 6 + 7);
  assert.ok(coordinator.log.lastIndexOf('a releases') > coordinator.log.indexOf('a leaves'));
  assert.deepEqual([...coordinator.members.keys()], ['b', 'c']);
});

test('a worker holds no more than its capacity', async () => {
  start('a', 5);
  await awaitHeld(5);

  assert.equal(coordinator.members.get('a')!.capacity, 5);
  assert.equal(coordinator.members.get('a')!.wanted, 20);
});

test('with a server without groups, a worker logs that once and takes the free streams', async (t) => {
  coordinator.hasGroups = false;
  const errors = t.mock.method(console, 'error', () => {});

  start('a');
  await awaitHeld(20);
  await sleep(TTL_MS);

  const refusals = errors.mock.calls.filter(({ arguments: [line] }) => String(line).includes('was refused'));
  assert.equal(refusals.length, 1);
});
