import { setTimeout as sleep } from 'node:timers/promises';
import { Configuration, GroupsApi, ResponseError } from '../target/client/index.js';
import { BATCH, HeldLease, LeaseKeeper, describe } from './leases.js';
import { Shares, type Standing } from './shares.js';

/** A worker leaves the group after so many heartbeats without a stream, because it would keep a share without use. */
const BEATS_UNTIL_LEFT = 10;
const LONGEST_WAIT_MS = 20_000;
/** The most calls of one pass that tries streams. */
const MOST_CALLS = 20;
/** The hand-overs of a heartbeat begin within this part of it. */
const PART_TO_HAND_OVER = 4;
/** A wait of another worker ends with its first grants. Streams that are released before its next have no holder. */
const STEP_MS = 50;

/** The sessions of the worker. */
export interface Sessions {
  /** The largest number of sessions. */
  readonly capacity: number;
  /** The leases of all sessions, by stream. */
  held(): ReadonlyMap<string, HeldLease>;
  /** Whether the session takes no more events. */
  isEnding(streamId: string): boolean;
  begin(lease: HeldLease): void;
  /** Lets the session end after the events that it has. */
  handOver(streamId: string): void;
}

/** The membership of this worker in a group. The rule in Shares decides, and this class makes the calls. */
export class Group {
  private readonly api: GroupsApi;
  private readonly beatMs: number;
  private readonly shares: Shares;
  private places: string[] = [];
  /** The streams whose hand-over has been decided, and has not begun. */
  private toHandOver: string[] = [];
  private nextStep: NodeJS.Timeout | undefined;
  private reportedAt = -Infinity;
  private reportedStreams = 0;
  /** A worker becomes a member when it has its first stream. */
  private beatsWithoutStreams = BEATS_UNTIL_LEFT;
  private refused = false;
  private left = false;
  private acquiring = false;
  /** The beat and the wait that are under way. */
  private beating: Promise<void> | undefined;
  private waiting: Promise<void> | undefined;

  constructor(
    baseUrl: string,
    private readonly groupId: string,
    private readonly ownerId: string,
    private readonly ttlMs: number,
    private readonly leases: LeaseKeeper,
    private readonly sessions: Sessions,
  ) {
    this.api = new GroupsApi(new Configuration({ basePath: baseUrl }));
    this.beatMs = ttlMs / 3;
    this.shares = new Shares(this.beatMs);
    // The renewals come first, because they return how many others wait for each stream.
    leases.onBeat = () => this.beat();
  }

  /** Call this with the streams of all events of a poll. It acquires streams that the worker lacks. */
  async sawEvents(streamIds: string[]): Promise<void> {
    const now = performance.now();
    this.shares.sawEvents(streamIds, now);
    const held = this.held();
    const wanted = this.shares.wanted(held, now);
    const isNews =
      held.size > this.reportedStreams || this.shares.shouldReport(held.size, wanted, now);
    if (isNews && now - this.reportedAt >= this.beatMs / 4) {
      this.beat();
    }
    await this.acquireMissing();
  }

  /** Leaves the group, so that the shares of the others rise at once. It waits for the calls that are under way. */
  async leave(): Promise<void> {
    this.left = true;
    this.places = [];
    // A report that arrives later would make the worker a member again.
    await this.beating;
    await this.endMembership();
    await this.waiting;
  }

  private beat(): void {
    if (!this.left && !this.beating) {
      this.beating = this.reportAndAct()
        .catch((e) => console.error(`a heartbeat in group ${this.groupId} failed: ${describe(e)}`))
        .finally(() => (this.beating = undefined));
    }
  }

  private async reportAndAct(): Promise<void> {
    const hasStreams = this.shares.wanted(this.held(), performance.now()) > 0;
    this.beatsWithoutStreams = hasStreams ? 0 : this.beatsWithoutStreams + 1;
    if (this.beatsWithoutStreams === BEATS_UNTIL_LEFT) {
      await this.endMembership();
    }
    if (this.beatsWithoutStreams >= BEATS_UNTIL_LEFT) {
      return;
    }
    // The new standing decides again.
    this.toHandOver = [];
    const waiting = this.waitersByStream();
    const standing = await this.report(waiting);
    const chosen = this.shares.heartbeat(standing, waiting, performance.now());
    // The sessions of some may have ended during the report.
    const atWork = this.waitersByStream();
    const streamIds = chosen.filter((streamId) => atWork.has(streamId));
    if (streamIds.length > 0) {
      this.handOver(streamIds);
      // Otherwise the next holders would report streams that this worker still counts.
      await this.report(this.waitersByStream());
    }
    if (this.shares.needsMembers(this.held().size)) {
      const { members } = await this.api.getGroup({ groupId: this.groupId }, this.timeout());
      this.shares.members(members, this.ownerId);
    }
    await this.acquireMissing();
  }

  /** Hands streams over evenly within a part of the heartbeat. */
  private handOver(streamIds: string[]): void {
    streamIds.forEach((streamId) => this.shares.handedOver(streamId, performance.now()));
    this.toHandOver = streamIds;
    const steps = Math.max(1, Math.floor(this.beatMs / PART_TO_HAND_OVER / STEP_MS));
    clearTimeout(this.nextStep);
    this.beginHandOvers(Math.ceil(streamIds.length / steps));
  }

  private beginHandOvers(perStep: number): void {
    const due = this.toHandOver.slice(0, perStep);
    this.toHandOver = this.toHandOver.slice(perStep);
    const atWork = this.waitersByStream();
    due.filter((streamId) => atWork.has(streamId)).forEach((streamId) => this.sessions.handOver(streamId));
    if (this.toHandOver.length > 0) {
      this.nextStep = setTimeout(() => this.beginHandOvers(perStep), STEP_MS);
    }
  }

  private async report(waiting: ReadonlyMap<string, number>): Promise<Standing> {
    [...waiting.keys()].forEach((streamId) => this.shares.isHeld(streamId));
    const { capacity } = this.sessions;
    const held = waiting.size;
    this.reportedAt = performance.now();
    this.reportedStreams = this.held().size;
    const wanted = this.shares.wanted(this.held(), this.reportedAt);
    const memberReport = { held, wanted, capacity, ttlMs: this.ttlMs };
    try {
      return await this.api.reportMember(
        { groupId: this.groupId, ownerId: this.ownerId, memberReport },
        this.timeout(),
      );
    } catch (e) {
      const status = e instanceof ResponseError ? e.response.status : 500;
      if (status === 429 || status >= 500) {
        throw e;
      }
      if (!this.refused) {
        console.error(
          `the report to group ${this.groupId} was refused: ${describe(e)}. ` +
            'Until one is accepted, this worker takes the streams that are free',
        );
      }
      this.refused = true;
      return { members: 1, held, wanted, share: Math.min(wanted, capacity), missing: 0 };
    }
  }

  /** Tries the streams that the worker lacks, and chooses those to wait for. */
  private async acquireMissing(): Promise<void> {
    if (this.acquiring || this.left) {
      return;
    }
    this.acquiring = true;
    try {
      let next = this.toTry();
      for (let calls = 0; calls < MOST_CALLS && next.length > 0 && !this.left; calls++, next = this.toTry()) {
        // A call that fails counts as a try, and so does an item without a usable result.
        next.forEach((streamId) => this.wasTried(streamId));
        const leases = await this.leases.acquire(next, this.onHeld);
        leases.forEach((lease) => this.begin(lease));
      }
      const now = performance.now();
      this.places = this.left ? [] : this.shares.toAwait(new Set(this.places), this.held(), this.room(), now);
      this.waiting ??= this.waitForPlaces().finally(() => (this.waiting = undefined));
    } finally {
      this.acquiring = false;
    }
  }

  private wasTried(streamId: string): void {
    if (this.places.includes(streamId)) {
      // The grant may be on its way to this worker, which must not give its place up.
      this.shares.wasTried(streamId, performance.now());
    } else {
      this.shares.wasHeld(streamId, undefined, performance.now());
    }
  }

  private toTry(): string[] {
    return this.shares.toTry(this.held(), this.room(), performance.now()).slice(0, BATCH);
  }

  /** Waits with short calls, so that changed places are in the next one. Each call has a connection of its own. */
  private async waitForPlaces(): Promise<void> {
    const waitMs = Math.round(Math.min(LONGEST_WAIT_MS, this.beatMs / 4));
    while (this.places.length > 0) {
      const began = performance.now();
      const leases = await this.leases.wait(this.places.slice(0, BATCH), waitMs, this.onHeld).catch((e) => {
        console.error(`a wait for ${this.places.length} streams had no usable response: ${describe(e)}`);
        return [];
      });
      for (const lease of leases) {
        this.places = this.places.filter((streamId) => streamId !== lease.streamId);
        if (this.isNeeded(lease.streamId)) {
          this.begin(lease);
        } else {
          void this.leases.release([lease]);
        }
      }
      if (leases.length === 0 && performance.now() - began < waitMs / 2) {
        await sleep(Math.min(waitMs, 1000));
      }
    }
    // This gives up the last places.
    void this.leases.wait([], 0, this.onHeld);
  }

  /** A try may have been granted what the worker lacked, while it waited. */
  private isNeeded(streamId: string): boolean {
    const held = this.held();
    return !this.left && !held.has(streamId) && this.room() > 0 && this.shares.lacks(held.size) > 0;
  }

  private begin(lease: HeldLease): void {
    this.shares.isHeld(lease.streamId);
    this.sessions.begin(lease);
  }

  private readonly onHeld = (streamId: string, holder: string | undefined): void => {
    // Its own lease of the stream may be ending. A stream that is being handed over has no holder for a moment.
    if (holder !== undefined && holder !== this.ownerId) {
      this.shares.wasHeld(streamId, holder, performance.now());
    }
  };

  private held(): ReadonlySet<string> {
    return new Set(this.sessions.held().keys());
  }

  private room(): number {
    return Math.max(0, this.sessions.capacity - this.held().size);
  }

  /** Returns how many others wait for each stream that the worker holds and is not handing over. */
  private waitersByStream(): Map<string, number> {
    const planned = new Set(this.toHandOver);
    const atWork = [...this.sessions.held()].filter(
      ([streamId, lease]) =>
        !planned.has(streamId) && !this.sessions.isEnding(streamId) && !lease.signal.aborted,
    );
    return new Map(atWork.map(([streamId, lease]) => [streamId, lease.waiting]));
  }

  private async endMembership(): Promise<void> {
    try {
      await this.api.leaveGroup({ groupId: this.groupId, ownerId: this.ownerId }, this.timeout());
    } catch (e) {
      // 404: it is not a member.
      if (!(e instanceof ResponseError && e.response.status === 404)) {
        console.error(`the membership in group ${this.groupId} ends by itself: ${describe(e)}`);
      }
    }
  }

  private timeout(): RequestInit {
    return { signal: AbortSignal.timeout(Math.min(5000, this.ttlMs / 4)) };
  }
}
