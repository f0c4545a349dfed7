import type { Member, Membership } from '../target/client/index.js';

/** For how long a stream counts as having work after its latest event. It is two heartbeats at least. */
const WORK_MS = 5000;
/** A worker at its share tries a stream after so many heartbeats with events if it knows no holder. */
const BEATS_LEFT_ALONE = 2;
/** After so many, it looks whether the holder that it knows still has the stream. */
const BEATS_UNTIL_HOLDER_IS_OLD = 10;
/** A worker does not take back a stream that it has handed over for so many heartbeats. */
const BEATS_HANDED_OVER = 10;
/** A hand-over takes no longer than so many heartbeats as a rule. */
const BEATS_EXPECTED = 5;
/** The most streams of one call. */
const MOST_TRIED = 1000;
/** After so many heartbeats, all members know that the group has changed, and have what they lacked. */
const BEATS_TO_LEARN = 4;
/** The group is settled if the next report finds nothing changed. Heartbeats are not quite regular. */
const SETTLED_BEATS = 0.8;
/** A worker below its share reports again after this time if others have just joined or left. */
const BEATS_TO_LOOK_AGAIN = 0.4;
/** A worker that is above its share for so long also hands over streams that nobody waits for. */
const UNAWAITED_BEATS = 2.8;
/** A worker beyond its share tries this part of its share per heartbeat, and holds no more than that beyond it. */
const PART_BEYOND_SHARE = 4;

export type Standing = Pick<Membership, 'members' | 'held' | 'wanted' | 'share' | 'missing'>;

/** A stream that has had events lately. */
interface Seen {
  streamId: string;
  workUntil: number;
  /** Since when it has had events, and was not known to be held. */
  aloneSince: number;
  triedAt: number;
  /** Who held it at the latest try, if that is known. */
  holder: string | undefined;
  handedOverAt: number;
  /** How many streams too many its holder had when this worker began to wait for it, and until when that counts. */
  expectedOf: number;
  expectedUntil: number;
}

/**
 * The rule by which the workers of a group share streams evenly: which streams a worker tries to acquire, which it
 * waits for, and which it hands over. The coordinator returns the share of each worker. The rest is decided here,
 * in the same way by all workers in any language. This class makes no calls. All times are milliseconds of one clock.
 */
export class Shares {
  private readonly seen = new Map<string, Seen>();
  private standing: Standing = { members: 0, held: 0, wanted: 0, share: 0, missing: 0 };
  private toldAt = 0;
  private sameSince = 0;
  private aboveSince = 0;
  private triedBeyondShareAt = -Infinity;
  /** How many streams too many each owner holds that is above its share. */
  private excess = new Map<string, number>();
  /** The most that the members were above their shares, in total, since others joined or left. */
  private mostExcess = 0;
  private owners = new Set<string>();
  /** Whether the part of this worker has not been computed since the members were shown. */
  private hasNewPart = false;
  /** The total that the members before this one lack, what this one lacks, and the total of all. */
  private lackedBefore = 0;
  private lackedHere = 0;
  private lackedByAll = 0;

  constructor(private readonly beatMs: number) {}

  sawEvents(streamIds: Iterable<string>, now: number): void {
    for (const streamId of streamIds) {
      const one = this.seen.get(streamId) ?? this.added(streamId, now);
      if (!hasWork(one, now)) {
        // Its holder may have released it, because it had no events.
        Object.assign(one, { aloneSince: now, holder: undefined });
      }
      one.workUntil = now + Math.max(WORK_MS, 2 * this.beatMs);
    }
  }

  private added(streamId: string, now: number): Seen {
    const never = -Infinity;
    const times = { workUntil: never, aloneSince: now, triedAt: never, handedOverAt: never, expectedUntil: never };
    const one: Seen = { streamId, holder: undefined, expectedOf: 0, ...times };
    this.seen.set(streamId, one);
    return one;
  }

  /** Records that the worker holds a stream, and does not hand it over. */
  isHeld(streamId: string): void {
    const one = this.seen.get(streamId);
    if (one) {
      Object.assign(one, { triedAt: -Infinity, holder: undefined, handedOverAt: -Infinity, expectedOf: 0 });
    }
  }

  /** Records that a stream was tried and not granted. */
  wasHeld(streamId: string, holder: string | undefined, now: number): void {
    const one = this.seen.get(streamId);
    if (one) {
      const expectedOf = one.holder === holder ? one.expectedOf : 0;
      Object.assign(one, { triedAt: now, holder, handedOverAt: -Infinity, expectedOf });
      one.aloneSince = holder === undefined ? one.aloneSince : now;
    }
  }

  /** Records that a stream was tried. Its holder is the one that was known before. */
  wasTried(streamId: string, now: number): void {
    const one = this.seen.get(streamId);
    if (one) {
      one.triedAt = now;
    }
  }

  /** Records that the worker hands a stream over, and so does not take it back while the group is the same. */
  handedOver(streamId: string, now: number): void {
    const one = this.seen.get(streamId) ?? this.added(streamId, now);
    Object.assign(one, { aloneSince: now, holder: undefined, handedOverAt: now });
  }

  /** Returns the number of streams that the worker holds or has work for, and forgets the others. */
  wanted(held: ReadonlySet<string>, now: number): number {
    let wanted = held.size;
    for (const one of this.seen.values()) {
      if (!hasWork(one, now) && !this.isHandedOver(one, now)) {
        this.seen.delete(one.streamId);
      } else if (held.has(one.streamId)) {
        one.aloneSince = now;
      } else if (hasWork(one, now)) {
        wanted++;
      }
    }
    return wanted;
  }

  /** Returns how many streams the worker lacks to its share. */
  lacks(held: number): number {
    return Math.max(0, this.standing.share - held);
  }

  /**
   * Returns whether an early report is of use. At its share, a worker may want more streams than the group knows. Below
   * its share, it may not know members that have joined after it, and holders hand over after a heartbeat.
   */
  shouldReport(held: number, wanted: number, now: number): boolean {
    return this.lacks(held) === 0
      ? wanted > this.standing.wanted
      : now - this.sameSince < this.beatMs && now - this.toldAt >= BEATS_TO_LOOK_AGAIN * this.beatMs;
  }

  /**
   * Takes in the response to a report. Returns the streams to hand over.
   *
   * @param waiting how many others wait for each stream that the worker holds and is not handing over
   */
  heartbeat(told: Standing, waiting: ReadonlyMap<string, number>, now: number): string[] {
    const isSame = told.members === this.standing.members;
    // The number of streams may change all the time, and the share with it.
    const tooMany = waiting.size - Math.max(told.share, isSame ? this.standing.share : 0);
    this.standing = told;
    this.toldAt = now;
    if (this.lacks(waiting.size) === 0) {
      // It does not look at the others any more, and what it knows of them becomes old.
      this.excess.clear();
      this.mostExcess = 0;
    }
    if (!isSame) {
      this.seen.forEach((one) => (one.handedOverAt = -Infinity));
      this.sameSince = now;
    }
    if (!isSame || tooMany <= 0) {
      this.aboveSince = now;
    }
    // Workers that join together would otherwise move streams twice.
    if (tooMany <= 0 || now - this.sameSince < SETTLED_BEATS * this.beatMs) {
      return [];
    }
    const streams = shuffled(waiting.keys());
    const chosen = streams.filter((streamId) => waiting.get(streamId)! > 0).slice(0, tooMany);
    if (now - this.aboveSince < UNAWAITED_BEATS * this.beatMs) {
      return chosen;
    }
    const unawaited = streams.filter((streamId) => waiting.get(streamId) === 0);
    return [...chosen, ...unawaited.slice(0, Math.max(0, Math.min(told.missing, tooMany) - chosen.length))];
  }

  /** Returns whether the worker lacks streams that others have, and so needs to know who is above its share. */
  needsMembers(held: number): boolean {
    return this.lacks(held) > 0 && this.standing.members > 1;
  }

  /** Takes in the members, in the order of the response, which is the same for all of them. */
  members(members: Pick<Member, 'ownerId' | 'held' | 'share'>[], own: string): void {
    const owners = new Set(members.map((one) => one.ownerId));
    const isSame = owners.size === this.owners.size && [...owners].every((owner) => this.owners.has(owner));
    this.owners = owners;
    this.excess = new Map();
    this.hasNewPart = true;
    this.lackedBefore = this.lackedHere = this.lackedByAll = 0;
    for (const { ownerId, held, share } of members) {
      if (held > share) {
        this.excess.set(ownerId, held - share);
      } else if (ownerId === own) {
        this.lackedBefore = this.lackedByAll;
        this.lackedHere = share - held;
      }
      this.lackedByAll += Math.max(0, share - held);
    }
    const excess = this.totalExcess();
    this.mostExcess = Math.max(isSame ? this.mostExcess : 0, excess);
  }

  private totalExcess(): number {
    return [...this.excess.values()].reduce((sum, excess) => sum + excess, 0);
  }

  /** Returns streams to try now with one call. Record the results, and then ask again. */
  toTry(held: ReadonlySet<string>, room: number, now: number): string[] {
    const lacks = this.lacks(held.size);
    const isAlone = (one: Seen): boolean =>
      now - one.aloneSince > (one.holder === undefined ? BEATS_LEFT_ALONE : BEATS_UNTIL_HOLDER_IS_OLD) * this.beatMs;
    // In any other order, the streams of a worker that has ended could follow each other.
    const due = shuffled(this.toAcquire(held, now))
      .filter((one) => now - one.triedAt >= this.beatMs && (lacks > 0 || isAlone(one)))
      .sort((a, b) => Number(this.isKnownHeld(a)) - Number(this.isKnownHeld(b)));
    const chosen = lacks > 0 ? this.withinShare(due, lacks) : this.beyondShare(due, held.size, now);
    return chosen.slice(0, Math.min(room, MOST_TRIED)).map((one) => one.streamId);
  }

  /** If many streams are free, a call could be granted more of them than the worker lacks. */
  private withinShare(due: Seen[], lacks: number): Seen[] {
    const free = this.standing.wanted - this.standing.held;
    if (free <= lacks) {
      return due;
    }
    const maybeFree = due.filter((one) => !this.isKnownHeld(one)).slice(0, lacks);
    // If the free streams are spread over all, this is granted a quarter of what the worker lacks.
    const quarter = Math.floor(((lacks - maybeFree.length) * this.standing.wanted) / (4 * free));
    const mostHeld = maybeFree.length === 0 ? Math.max(1, quarter) : quarter;
    return [...maybeFree, ...due.filter((one) => this.isKnownHeld(one)).slice(0, mostHeld)];
  }

  /** While the members learn that one has ended, its streams are free, and not left alone. */
  private beyondShare(due: Seen[], held: number, now: number): Seen[] {
    const { share } = this.standing;
    const most = Math.max(1, Math.floor(share / PART_BEYOND_SHARE)) - (held - share);
    const mayTry =
      now - this.sameSince >= BEATS_TO_LEARN * this.beatMs && now - this.triedBeyondShareAt >= this.beatMs;
    if (!mayTry || due.length === 0 || most <= 0) {
      return [];
    }
    this.triedBeyondShareAt = now;
    return due.slice(0, most);
  }

  /** Whether another member holds a stream, as far as is known. */
  private isKnownHeld(one: Seen): boolean {
    return one.holder !== undefined && this.owners.has(one.holder);
  }

  /** Returns the streams to wait for: no more than the worker lacks, and its present places if they are good. */
  toAwait(places: ReadonlySet<string>, held: ReadonlySet<string>, room: number, now: number): string[] {
    const most = Math.max(0, Math.min(room, this.lacks(held.size)));
    const candidates = this.toAcquire(held, now).filter((one) => one.holder !== undefined);
    const present = candidates.filter((one) => places.has(one.streamId));
    const kept = present.filter((one) => this.isBeingHandedOver(one, now));
    // The members read the counts at different times. While streams move, they would compute different lists.
    if (this.totalExcess() < this.mostExcess) {
      kept.push(...present.filter((one) => this.excess.has(one.holder!)));
    }
    // A part that is computed again without what this worker has been granted of it would be another one.
    const isComputed = this.hasNewPart && most > 0 && candidates.length > 0;
    const part = isComputed ? this.ownPart(candidates) : [];
    this.hasNewPart &&= !isComputed;
    const rank = (one: Seen): number => (this.excess.has(one.holder!) ? 0 : 2) + (places.has(one.streamId) ? 0 : 1);
    const others = shuffled(candidates).sort((a, b) => rank(a) - rank(b));
    const all = [...kept.map((one) => one.streamId), ...part, ...others.map((one) => one.streamId)];
    const chosen = new Set([...new Set(all)].slice(0, most));
    candidates
      .filter((one) => chosen.has(one.streamId) && !this.isBeingHandedOver(one, now))
      .forEach((one) => {
        one.expectedOf = this.excess.get(one.holder!) ?? 0;
        one.expectedUntil = now + BEATS_EXPECTED * this.beatMs;
      });
    return [...chosen];
  }

  /** A holder that begins to hand streams over reports at once that it has fewer, and releases them a little later. */
  private isBeingHandedOver(one: Seen, now: number): boolean {
    return one.expectedUntil > now && one.expectedOf > (this.excess.get(one.holder!) ?? 0);
  }

  /** Returns the streams that should come to this worker. The workers that lack streams divide one sorted list. */
  private ownPart(candidates: Seen[]): string[] {
    const moving: string[] = [];
    for (const [holder, tooMany] of [...this.excess].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const streams = candidates.filter((one) => one.holder === holder).map((one) => one.streamId);
      streams.sort((a, b) => mixedHash(a) - mixedHash(b) || (a < b ? -1 : 1));
      moving.push(...streams.slice(0, tooMany));
    }
    // If the members lack more than there is to move, each gets its part of it.
    const all = Math.max(1, this.lackedByAll, moving.length);
    const end = (lacked: number): number => Math.floor((moving.length * lacked) / all);
    return moving.slice(end(this.lackedBefore), end(this.lackedBefore + this.lackedHere));
  }

  private toAcquire(held: ReadonlySet<string>, now: number): Seen[] {
    return [...this.seen.values()].filter(
      (one) => !held.has(one.streamId) && hasWork(one, now) && !this.isHandedOver(one, now),
    );
  }

  private isHandedOver(one: Seen, now: number): boolean {
    return now - one.handedOverAt < BEATS_HANDED_OVER * this.beatMs;
  }
}

function hasWork(one: Seen, now: number): boolean {
  return one.workUntil >= now;
}

/** Returns the same number as the Java client, so that its workers agree with this one. */
export function mixedHash(streamId: string): number {
  let hash = 0;
  for (let i = 0; i < streamId.length; i++) {
    hash = (Math.imul(31, hash) + streamId.charCodeAt(i)) | 0;
  }
  // The hashes of ids that are numbered differ in their last bits only.
  const mixed = Math.imul(hash, 0x9e3779b9);
  return mixed ^ (mixed >>> 16);
}

function shuffled<T>(all: Iterable<T>): T[] {
  const keyed = [...all].map((one) => ({ one, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
}
