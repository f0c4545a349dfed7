import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Group } from './group.js';
import { BATCH, HeldLease, LeaseKeeper, describe } from './leases.js';
import { StreamApi, type Event } from './streamApi.js';

const env = process.env;
const number = (name: string, fallback: number): number => Number(env[name] || fallback);

const ttlMs = number('TTL_MS', 30_000);
const workMs = number('WORK_MS', 50);
const pollMs = number('POLL_MS', 200);
const idleMs = number('IDLE_MS', 5000);
const maxSessions = number('MAX_SESSIONS', 32);
const suspendEvery = number('SUSPEND_EVERY', 0);
const suspendMs = number('SUSPEND_MS', 0);

// The owner id is unique per start. The pid of a container is often 1, and a restarted container may keep its name.
const ownerId = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
const coordinatorUrl = env.COORDINATOR_URL || 'http://127.0.0.1:8080';
const leases = new LeaseKeeper(coordinatorUrl, ownerId, ttlMs);
const api = new StreamApi(env.STREAM_API_URL || 'http://127.0.0.1:8090', ownerId);
const sessions = new Map<string, Session>();
const group = env.GROUP
  ? new Group(coordinatorUrl, env.GROUP, ownerId, ttlMs, leases, {
      capacity: maxSessions,
      held: () => new Map([...sessions].map(([streamId, session]) => [streamId, session.lease])),
      isEnding: (streamId) => sessions.get(streamId)!.isEnding,
      begin,
      handOver: (streamId) => sessions.get(streamId)!.handOver(),
    })
  : undefined;
const stopping = new AbortController();
let pending = new Map<string, Event[]>();
let publishes = 0;

/** Handles the events of one stream under its lease, one at a time and in order. */
class Session {
  /** Settles when the session has ended. Never rejects. */
  readonly over: Promise<void>;
  /** Whether the session takes no more events. */
  isEnding = false;
  private queue: Event[] = [];
  private wake = (): void => {};

  constructor(readonly lease: HeldLease) {
    this.over = this.run().catch((e) => {
      // A lost lease aborts the work, which ends here. The next holder of the stream gets the events again.
      console.error(`stream ${lease.streamId} ended: ${describe(e)}`);
      this.isEnding = true;
    });
  }

  /** Replaces the queue by the events from the source, which returns all events that are not accepted. */
  offer(events: Event[]): void {
    if (!this.isEnding) {
      this.queue = [...events];
      this.wake();
    }
  }

  private async run(): Promise<void> {
    const { lease } = this;
    // The position is read under the lease, because the previous holder may have published until then.
    let position = await api.open(lease.streamId, lease.fencingToken, lease.signal);
    while (!stopping.signal.aborted) {
      const event = this.queue.shift();
      if (!event) {
        if (this.isEnding || !(await this.woken())) {
          this.isEnding = true;
          return;
        }
      } else if (event.number === position + 1) {
        await this.handle(event);
        position = event.number;
      }
    }
  }

  private async handle(event: Event): Promise<void> {
    const { lease } = this;
    await sleep(workMs, undefined, { signal: lease.signal }); // This stands for the work.
    lease.requireSafe();
    // The process may be suspended between the check and the publish. So the publish contains the token.
    if (suspendEvery > 0 && ++publishes % suspendEvery === 0) {
      // This only shows why the sink has a fence.
      spawn('sh', ['-c', `sleep ${suspendMs / 1000}; kill -CONT ${process.pid}`], { stdio: 'ignore' });
      process.kill(process.pid, 'SIGSTOP');
    }
    await api.publish(event, lease.fencingToken, lease.signal);
  }

  /** Waits for an event or a stop. Resolves to false if the session idles for too long or loses its lease. */
  private woken(): Promise<boolean> {
    const { signal } = this.lease;
    return new Promise((resolve) => {
      const done = (isWoken: boolean): void => {
        clearTimeout(idle);
        signal.removeEventListener('abort', lost);
        this.wake = () => {};
        resolve(isWoken);
      };
      const lost = (): void => done(false);
      const idle = setTimeout(() => done(false), idleMs);
      signal.addEventListener('abort', lost);
      this.wake = () => done(true);
      if (signal.aborted || stopping.signal.aborted || this.isEnding || this.queue.length > 0) {
        this.wake();
      }
    });
  }

  /** Ends the session after the events that it has, because another worker shall have the stream. */
  handOver(): void {
    this.isEnding = true;
    this.wake();
  }

  /** Ends the session after the present event. */
  stop(): void {
    this.wake();
  }
}

async function poll(): Promise<void> {
  const byStream = new Map<string, Event[]>();
  for (const event of await api.events()) {
    byStream.set(event.streamId, [...(byStream.get(event.streamId) ?? []), event]);
  }
  pending = byStream;
  byStream.forEach((events, streamId) => sessions.get(streamId)?.offer(events));
  if (group) {
    await group.sawEvents([...byStream.keys()]);
    return;
  }
  const free = [...byStream.keys()].filter((streamId) => !sessions.has(streamId));
  // The lease comes before the session. Without room for a session, the worker does not acquire.
  (await leases.acquire(free.slice(0, Math.min(BATCH, maxSessions - sessions.size)))).forEach(begin);
}

function begin(lease: HeldLease): void {
  const session = new Session(lease);
  session.offer(pending.get(lease.streamId) ?? []);
  sessions.set(lease.streamId, session);
  void session.over.then(() => end(session));
}

async function end(session: Session): Promise<void> {
  // At a stop one call releases all leases.
  if (!stopping.signal.aborted) {
    await leases.release([session.lease]);
    sessions.delete(session.lease.streamId);
  }
}

async function main(): Promise<void> {
  const stop = (): void => stopping.abort();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(`worker ${ownerId} is at work`);
  while (!stopping.signal.aborted) {
    try {
      await poll();
    } catch (e) {
      console.error(`a poll failed: ${describe(e)}`);
    }
    await sleep(pollMs, undefined, { signal: stopping.signal }).catch(() => {});
  }
  // The shares of the others rise before the streams are free.
  await group?.leave();
  const all = [...sessions.values()];
  all.forEach((session) => session.stop());
  // Renewals go on until the last event is published. Each call to the stream API has a time-out.
  await Promise.all(all.map((session) => session.over));
  await leases.stop(all.map((session) => session.lease));
}

await main();
