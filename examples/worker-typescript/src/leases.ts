import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Configuration, LocksApi, ResponseError, type Lease, type LeaseResult } from '../target/client/index.js';

/** The maximum number of items in a batch call. */
export const BATCH = 1000;

type Key = { streamId: string; leaseId: string };
/** Takes in that a stream was not free, and who holds it if that is known. */
type OnHeld = (streamId: string, holder: string | undefined) => void;

/**
 * The right to process a stream. All times are measured with performance.now(), which never jumps, from the moment when a
 * request was *sent*. The coordinator counts from a later moment, so the lease ends here before it ends there.
 */
export class HeldLease {
  readonly streamId: string;
  readonly leaseId: string;
  /** Send this with every write, so that the resource can refuse a stale one. */
  readonly fencingToken: number;
  /** How many others waited for the stream at the latest renewal. */
  waiting: number;

  private readonly lost = new AbortController();
  private safeUntil: number;
  private alarm: NodeJS.Timeout | undefined;

  constructor(lease: Lease, safeUntil: number) {
    this.streamId = lease.streamId;
    this.leaseId = lease.leaseId;
    this.fencingToken = lease.fencingToken;
    this.waiting = lease.waiting ?? 0;
    this.safeUntil = safeUntil;
    this.setAlarm();
  }

  /** Aborts when the lease is lost or released. Pass it to everything that runs under the lease. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  /** Throws if the lease is not safe. Call this before each write, because the alarm can be late. */
  requireSafe(): void {
    if (performance.now() >= this.safeUntil) {
      this.lose('unconfirmed');
    }
    this.signal.throwIfAborted();
  }

  /** Prolongs the lease after a renewal. A late renewal changes nothing, because the work may have stopped already. */
  extend(safeUntil: number): void {
    if (performance.now() < this.safeUntil && !this.signal.aborted) {
      this.safeUntil = Math.max(this.safeUntil, safeUntil);
      this.setAlarm();
    }
  }

  lose(reason: string): void {
    clearTimeout(this.alarm);
    this.lost.abort(new Error(`the lease of ${this.streamId} has ended: ${reason}`));
  }

  private setAlarm(): void {
    clearTimeout(this.alarm);
    this.alarm = setTimeout(() => this.lose('unconfirmed'), this.safeUntil - performance.now());
  }
}

/** Acquires leases and renews all of them with one call at every third of the ttl, which is a heartbeat. */
export class LeaseKeeper {
  /** Is called after each heartbeat, also if there was nothing to renew. */
  onBeat = (): void => {};

  private readonly api: LocksApi;
  private readonly ownerId: string;
  private readonly ttlMs: number;
  /** Covers clocks that run at different speeds, and the time that it takes to stop the work. */
  private readonly marginMs: number;
  private readonly timeoutMs: number;
  private readonly held = new Map<string, HeldLease>();
  /** Lease ids whose acquire had no response. A repeated acquire with the same id finds a grant again. */
  private readonly unanswered = new Map<string, string>();
  /** The lease ids of the places in queues. */
  private readonly places = new Map<string, string>();
  private stopped = false;
  private nextBeat: NodeJS.Timeout | undefined;

  constructor(baseUrl: string, ownerId: string, ttlMs: number) {
    this.api = new LocksApi(new Configuration({ basePath: baseUrl }));
    this.ownerId = ownerId;
    this.ttlMs = ttlMs;
    this.marginMs = ttlMs / 10;
    this.timeoutMs = Math.min(5000, ttlMs / 4);
    this.beatIn(ttlMs / 3);
  }

  /** Acquires at most 1000 streams. Returns the leases that were granted. Throws if there is no usable response. */
  async acquire(streamIds: string[], onHeld: OnHeld = () => {}): Promise<HeldLease[]> {
    return this.ask(streamIds, this.unanswered, 0, onHeld);
  }

  /**
   * Waits until one of these streams, at most 1000, is granted or the time is up. If the next call follows within 5 s,
   * its streams keep their places in the queues. This gives up the places of all other streams.
   */
  async wait(streamIds: string[], waitMs: number, onHeld: OnHeld): Promise<HeldLease[]> {
    const unwanted = keys(this.places).filter(({ streamId }) => !streamIds.includes(streamId));
    unwanted.forEach(({ streamId }) => this.places.delete(streamId));
    void this.giveBack(unwanted);
    return this.ask(streamIds, this.places, waitMs, onHeld);
  }

  /** @param ids the lease ids to ask with; those that are not settled by the response stay there */
  private async ask(
    streamIds: string[],
    ids: Map<string, string>,
    waitMs: number,
    onHeld: OnHeld,
  ): Promise<HeldLease[]> {
    if (streamIds.length === 0) {
      return [];
    }
    const items = streamIds.map((streamId) => {
      const leaseId = ids.get(streamId) ?? randomUUID();
      ids.set(streamId, leaseId);
      return { streamId, ownerId: this.ownerId, leaseId, ttlMs: this.ttlMs };
    });
    const sent = performance.now();
    const body = waitMs > 0 ? { items, waitMs } : { items };
    const { results } = await this.api.acquireLocks({ batchAcquireRequest: body }, this.timeout(waitMs));
    requireOneEach(items, results);
    const leases: HeldLease[] = [];
    results.forEach((result, i) => {
      const streamId = streamIds[i]!;
      if (isUnknown(result.status) || isOfAnother(items[i]!, result)) {
        return;
      }
      if (result.lease || waitMs === 0 || result.problem?.code === 'lease-id-used') {
        ids.delete(streamId);
      }
      if (!result.lease) {
        // Another worker holds the stream, or the grant of this id has ended. The next call tries again.
        onHeld(streamId, result.problem?.holder?.ownerId);
        return;
      }
      const safeUntil = this.safeUntil(sent, result);
      if (performance.now() < safeUntil) {
        const lease = new HeldLease(result.lease, safeUntil);
        this.held.set(streamId, lease);
        lease.signal.addEventListener('abort', () => this.held.delete(streamId), { once: true });
        leases.push(lease);
      }
    });
    return leases;
  }

  /**
   * Releases leases, so that other workers can acquire the streams at once. Releases without a response are repeated with
   * pauses until the time-out of a call. The leases that are left run out, and a log line names them. Never throws.
   */
  async release(leases: HeldLease[]): Promise<void> {
    const keys = leases
      .filter((lease) => !lease.signal.aborted)
      .map(({ streamId, leaseId }) => ({ streamId, leaseId }));
    leases.forEach((lease) => lease.lose('released'));
    await this.giveBack(keys);
  }

  private async giveBack(keys: Key[]): Promise<void> {
    let left = keys;
    const until = performance.now() + this.timeoutMs;
    for (let pause = 50; (left = await this.releaseOnce(left)).length > 0; pause *= 2) {
      const remaining = until - performance.now();
      if (remaining <= 0) {
        console.error(`${left.length} leases may stay held until they run out: ${left.map(({ streamId }) => streamId).join(', ')}`);
        return;
      }
      await sleep(Math.min(pause, remaining));
    }
  }

  /** Returns the keys without a result. After the first call without one it sends no more, because each may hang as long. */
  private async releaseOnce(all: Key[]): Promise<Key[]> {
    const left: Key[] = [];
    let hangs = false;
    for (const items of chunks(all)) {
      if (hangs) {
        left.push(...items);
        continue;
      }
      try {
        const { results } = await this.api.releaseLocks({ batchReleaseRequest: { items } }, this.timeout());
        requireOneEach(items, results);
        // 204: released. 410: the lease had ended before.
        left.push(
          ...items.filter((item, i) => {
            const result = results[i]!;
            return isOfAnother(item, result) || (result.status !== 204 && result.status !== 410);
          }),
        );
      } catch (e) {
        console.error(`a release of ${items.length} leases had no usable response: ${describe(e)}`);
        left.push(...items);
        hangs = true;
      }
    }
    return left;
  }

  /**
   * Releases these leases, the places in queues, and the leases that acquires without a response may have been granted.
   * Then it renews no more. No acquire or wait may be under way.
   */
  async stop(leases: HeldLease[]): Promise<void> {
    const maybe = [...keys(this.unanswered), ...keys(this.places)];
    this.unanswered.clear();
    this.places.clear();
    await Promise.all([this.release(leases), this.giveBack(maybe)]);
    this.stopped = true;
    clearTimeout(this.nextBeat);
  }

  private beatIn(ms: number): void {
    if (!this.stopped) {
      this.nextBeat = setTimeout(() => void this.beat(), ms);
    }
  }

  private async beat(): Promise<void> {
    const began = performance.now();
    let allAnswered = true;
    for (const leases of chunks([...this.held.values()])) {
      allAnswered = (await this.renew(leases)) && allAnswered;
    }
    this.onBeat();
    const period = this.ttlMs / 3;
    // Leases run on without a response, but not for long, so the next renewal follows soon.
    this.beatIn(Math.max(50, (allAnswered ? period : period / 4) - (performance.now() - began)));
  }

  private async renew(leases: HeldLease[]): Promise<boolean> {
    const items = leases.map(({ streamId, leaseId }) => ({ streamId, leaseId }));
    const sent = performance.now();
    try {
      const { results } = await this.api.renewLocks({ batchRenewRequest: { items } }, this.timeout());
      requireOneEach(items, results);
      let allAnswered = true;
      leases.forEach((lease, i) => {
        const result = results[i]!;
        if (isUnknown(result.status) || isOfAnother(lease, result)) {
          allAnswered = false;
        } else if (result.lease && result.lease.fencingToken !== lease.fencingToken) {
          // The database has lost the grant in a fail-over, and made another one for the place in the queue.
          lease.lose('superseded');
        } else if (result.lease) {
          lease.extend(this.safeUntil(sent, result));
          lease.waiting = result.lease.waiting ?? 0;
        } else if (result.status === 410) {
          lease.lose(result.problem?.reason ?? 'lost');
        }
      });
      return allAnswered;
    } catch (e) {
      // 503, a time-out and a refused connection are unknown, not lost. Each lease keeps its own end.
      console.error(`a renewal of ${leases.length} leases had no usable response: ${describe(e)}`);
      return false;
    }
  }

  private safeUntil(sent: number, result: LeaseResult): number {
    // The coordinator counted when the call had waited. If its clock is faster than this one, that is not after now.
    const waited = Math.min(result.lease?.waitedMs ?? 0, performance.now() - sent);
    return sent + waited + (result.lease?.expiresInMs ?? 0) - this.marginMs;
  }

  private timeout(waitMs = 0): RequestInit {
    return { signal: AbortSignal.timeout(waitMs + this.timeoutMs) };
  }
}

function keys(ids: Map<string, string>): Key[] {
  return [...ids].map(([streamId, leaseId]) => ({ streamId, leaseId }));
}

function requireOneEach(items: unknown[], results: unknown[]): void {
  if (results.length !== items.length) {
    throw new Error(`${items.length} items had ${results.length} results`);
  }
}

/**
 * Returns whether the response is for another lease than the call, or a grant without a lease. Then a proxy or gateway
 * changes requests or responses, and the result of the call is unknown: it is neither a grant nor a loss.
 */
function isOfAnother(asked: Key, { status, streamId, lease }: LeaseResult): boolean {
  // A result without a lease, such as a loss, contains the stream id. Older servers leave it out.
  const stream = lease?.streamId ?? streamId;
  const differs =
    (status === 200 && !lease) ||
    (stream !== undefined && stream !== asked.streamId) ||
    (lease !== undefined && lease.leaseId !== asked.leaseId);
  if (differs) {
    console.error(
      `the response is for ${stream === undefined ? 'no lease' : `a lease of stream "${stream}"`}, but the call was for a lease of stream "${asked.streamId}": ` +
        'a proxy or gateway changes paths or bodies',
    );
  }
  return differs;
}

function isUnknown(status: number): boolean {
  return status === 429 || status >= 500;
}

function chunks<T>(all: T[]): T[][] {
  const some: T[][] = [];
  for (let i = 0; i < all.length; i += BATCH) {
    some.push(all.slice(i, i + BATCH));
  }
  return some;
}

export function describe(e: unknown): string {
  if (e instanceof ResponseError) {
    return `status ${e.response.status}`;
  }
  const cause = e instanceof Error && e.cause instanceof Error ? ` (${e.cause.message})` : '';
  return `${e instanceof Error ? e.message : e}${cause}`;
}
