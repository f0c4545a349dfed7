import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
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

// Unique per start: a container's pid is often 1, and a restarted one may keep its name.
const ownerId = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
const leases = new LeaseKeeper(env.COORDINATOR_URL || 'http://127.0.0.1:8080', ownerId, ttlMs);
const api = new StreamApi(env.STREAM_API_URL || 'http://127.0.0.1:8090', ownerId);
const sessions = new Map<string, Session>();
const stopping = new AbortController();
let publishes = 0;

/** The events of one stream, handled one at a time and in order, under its lease. */
class Session {
  /** Settles when the session is over; never rejects. */
  readonly over: Promise<void>;
  private queue: Event[] = [];
  private wake = (): void => {};

  constructor(readonly lease: HeldLease) {
    this.over = this.run().catch((e) => {
      // A lost lease aborts whatever is under way, which ends here. The events come again, to whoever has the stream.
      console.error(`stream ${lease.streamId} ended: ${describe(e)}`);
    });
  }

  /** Takes what the source serves, in place of what it served before: it serves all that is not accepted. */
  offer(events: Event[]): void {
    this.queue = [...events];
    this.wake();
  }

  private async run(): Promise<void> {
    const { lease } = this;
    // Read under the lease. What was known before may be what its last holder has done since.
    let position = await api.open(lease.streamId, lease.fencingToken, lease.signal);
    while (!stopping.signal.aborted) {
      const event = this.queue.shift();
      if (!event) {
        if (!(await this.woken())) {
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
    await sleep(workMs, undefined, { signal: lease.signal }); // Stands for the work.
    lease.requireSafe();
    // Whatever happens between the check and the effect is why the token goes with the effect.
    if (suspendEvery > 0 && ++publishes % suspendEvery === 0) {
      // Only for showing what the sink's fence is for.
      spawn('sh', ['-c', `sleep ${suspendMs / 1000}; kill -CONT ${process.pid}`], { stdio: 'ignore' });
      process.kill(process.pid, 'SIGSTOP');
    }
    await api.publish(event, lease.fencingToken, lease.signal);
  }

  /** Answers whether there was an event, or word to stop, before the session had idled for too long. */
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
      if (signal.aborted || stopping.signal.aborted || this.queue.length > 0) {
        this.wake();
      }
    });
  }

  /** Lets the session end after the event it is at. */
  stop(): void {
    this.wake();
  }
}

async function poll(): Promise<void> {
  const byStream = new Map<string, Event[]>();
  for (const event of await api.events()) {
    byStream.set(event.streamId, [...(byStream.get(event.streamId) ?? []), event]);
  }
  byStream.forEach((events, streamId) => sessions.get(streamId)?.offer(events));
  const free = [...byStream.keys()].filter((streamId) => !sessions.has(streamId));
  // First the lease, then the session. Without a place for it, the coordinator is not even asked.
  for (const lease of await leases.acquire(free.slice(0, Math.min(BATCH, maxSessions - sessions.size)))) {
    const session = new Session(lease);
    session.offer(byStream.get(lease.streamId)!);
    sessions.set(lease.streamId, session);
    void session.over.then(() => end(session));
  }
}

async function end(session: Session): Promise<void> {
  // When all stop, all are released with one call.
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
  const all = [...sessions.values()];
  all.forEach((session) => session.stop());
  // The leases are kept alive until the last event is published, and each call to the stream API has a time-out.
  await Promise.all(all.map((session) => session.over));
  await leases.stop(all.map((session) => session.lease));
}

await main();
