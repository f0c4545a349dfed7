import type { Member, Membership } from '../target/client/index.js';

/** For how long a stream counts as having work after its latest event. It is two heartbeats at least. */
const WORK_MS = 5000;
/** A worker at its share leaves a stream alone for so many heartbeats, and one that it has handed over as well. */
const BEATS_LEFT_ALONE = 10;
/** After so many heartbeats, all members know that the group has changed, and have what they lacked. */
const BEATS_TO_LEARN = 4;
/** The group is settled if the next report finds nothing changed. Heartbeats are not quite regular. */
const SETTLED_BEATS = 0.8;
/** A worker that is above its share for so long also hands over streams that nobody waits for. */
const UNAWAITED_BEATS = 2.8;
/** A worker beyond its share tries this part of its share per heartbeat. */
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
}

/**
 * The rule by which the workers of a group share streams evenly: which streams a worker tries to acquire, which it
 * waits for, and which it hands over. The coordinator returns the share of each worker. The rest is decided here,
 * in the same way by all workers in any language. This class makes no calls. All times are milliseconds of one clock.
 */
export class Shares {
  private readonly seen = new Map<string, Seen>();
  private standing: Standing = { members: 0, held: 0, wanted: 0, share: 0, missing: 0 };
  private membersSince = 0;
  private sameSince = 0;
  private aboveSince = 0;
  private triedBeyondShareAt = -Infinity;
  /** How many streams too many each owner holds that is above its share. */
  private excess = new Map<string, number>();
  /** How many streams the members lack that come before this one, that this one lacks, and that all of them lack. */
  private lackedBefore = 0;
  private lackedHere = 0;
  private lackedByAll = 0;

  constructor(private readonly beatMs: number) {}

  sawEvents(streamIds: Iterable<string>, now: number): void {
    for (const streamId of streamIds) {
      const one = this.seen.get(streamId) ?? this.added(streamId, now);
      one.aloneSince = hasWork(one, now) ? one.aloneSince : now;
      one.workUntil = now + Math.max(WORK_MS, 2 * this.beatMs);
    }
  }

  private added(streamId: string, now: number): Seen {
    const never = -Infinity;
    const one = { streamId, workUntil: never, aloneSince: now, triedAt: never, holder: undefined, handedOverAt: never };
    this.seen.set(streamId, one);
    return one;
  }

  /** Records that the worker holds a stream, and does not hand it over. */
  isHeld(streamId: string): void {
    const one = this.seen.get(streamId);
    if (one) {
      Object.assign(one, { triedAt: -Infinity, holder: undefined, handedOverAt: -Infinity });
    }
  }

  /** Records that a stream was tried and not granted. */
  wasHeld(streamId: string, holder: string | undefined, now: number): void {
    const one = this.seen.get(streamId);
    if (one) {
      Object.assign(one, { triedAt: now, holder, handedOverAt: -Infinity });
      one.aloneSince = holder === undefined ? one.aloneSince : now;
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

  /** Returns whether the group shares fewer streams than this worker wants. A report changes that. */
  knowsMoreThanTheGroup(wanted: number): boolean {
    return wanted > this.standing.wanted;
  }

  /**
   * Takes in the response to a report. Returns the streams to hand over.
   *
   * @param waiting how many others wait for each stream that the worker holds and is not handing over
   */
  heartbeat(told: Standing, waiting: ReadonlyMap<string, number>, now: number): string[] {
    const sameMembers = told.members === this.standing.members;
    const isSame = sameMembers && told.share === this.standing.share;
    this.standing = told;
    this.membersSince = sameMembers ? this.membersSince : now;
    const tooMany = waiting.size - told.share;
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
    this.excess = new Map();
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
  }

  /** Returns streams to try now with one call. Record the results, and then ask again. */
  toTry(held: ReadonlySet<string>, room: number, now: number): string[] {
    const lacks = this.lacks(held.size);
    const isAlone = (one: Seen): boolean => now - one.aloneSince > BEATS_LEFT_ALONE * this.beatMs;
    const due = this.toAcquire(held, now)
      .filter((one) => now - one.triedAt >= this.beatMs && (lacks > 0 || isAlone(one)))
      // Those that are not known to be held come first.
      .sort((a, b) => Number(a.holder !== undefined) - Number(b.holder !== undefined));
    const most = Math.min(room, lacks > 0 ? this.mostWithinShare(lacks) : this.mostBeyondShare(now));
    const chosen = due.slice(0, most);
    if (lacks === 0 && chosen.length > 0) {
      this.triedBeyondShareAt = now;
    }
    return chosen.map((one) => one.streamId);
  }

  /** While some streams are free, a larger call would be granted more of them than the worker lacks. */
  private mostWithinShare(lacks: number): number {
    return this.standing.held >= this.standing.wanted ? 1000 : lacks;
  }

  /** While the members learn that one has ended, its streams are free, and not left alone. */
  private mostBeyondShare(now: number): number {
    const mayTry =
      now - this.membersSince >= BEATS_TO_LEARN * this.beatMs && now - this.triedBeyondShareAt >= this.beatMs;
    return mayTry ? Math.max(1, Math.floor(this.standing.share / PART_BEYOND_SHARE)) : 0;
  }

  /** Returns the streams to wait for: no more than the worker lacks, and its present places if they are good. */
  toAwait(places: ReadonlySet<string>, held: ReadonlySet<string>, room: number, now: number): string[] {
    const most = Math.max(0, Math.min(room, this.lacks(held.size)));
    const candidates = this.toAcquire(held, now).filter((one) => one.holder !== undefined);
    const rank = (one: Seen): number => (this.excess.has(one.holder!) ? 0 : 2) + (places.has(one.streamId) ? 0 : 1);
    const others = shuffled(candidates).sort((a, b) => rank(a) - rank(b));
    const all = [...this.ownPart(candidates), ...others.map((one) => one.streamId)];
    return [...new Set(all)].slice(0, most);
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
    return now - one.handedOverAt < BEATS_LEFT_ALONE * this.beatMs;
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
