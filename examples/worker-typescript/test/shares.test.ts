import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Shares, mixedHash, type Standing } from '../src/shares.js';

const BEAT = 1000;
const NONE: ReadonlySet<string> = new Set();

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `s-${i}`);

/** Returns a group of two members. */
function two(share: number, fields: Partial<Standing> = {}): Standing {
  return { members: 2, held: 20, wanted: 20, share, missing: 0, ...fields };
}

/** Returns a worker with events of 20 streams, which reported once when its share was the given one. */
function sharing(share: number, fields: Partial<Standing> = {}): Shares {
  const shares = new Shares(BEAT);
  shares.sawEvents(ids(20), 0);
  shares.heartbeat(two(share, fields), new Map(), 0);
  return shares;
}

/** Returns how many others wait for each of so many streams: one for each of the first streams. */
function waiting(held: number, awaited: number): Map<string, number> {
  return new Map(ids(held).map((streamId, i) => [streamId, i < awaited ? 1 : 0]));
}

test('ids have the same hash as in the Java client', () => {
  const expected = {
    '': 0,
    's-1': 2007195004,
    'orders/eu': -2015267029,
    '\u{1F600}': -685399890,
    '\uFFE5': -908074846,
    'a-very-long-stream-id-with-digits-0123456789': -1206347224,
  };

  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((id) => [id, mixedHash(id)])), expected);
});

test('the members that lack streams divide those that should move as the Java client does', () => {
  const members = [
    { ownerId: 'a', held: 9, share: 5 },
    { ownerId: 'b', held: 0, share: 5 },
    { ownerId: 'c', held: 11, share: 5 },
    { ownerId: 'd', held: 1, share: 5 },
    { ownerId: 'e', held: 2, share: 5 },
  ];
  const firstOf = (own: string, count: number): string[] => {
    const shares = new Shares(BEAT);
    shares.sawEvents(ids(24), 0);
    ids(24).forEach((streamId, i) => shares.wasHeld(streamId, i % 2 === 0 ? 'a' : 'c', 0));
    shares.heartbeat(two(5), new Map(), 0);
    shares.members(members, own);
    return shares.toAwait(NONE, NONE, 100, 0).slice(0, count);
  };

  // The members lack twelve streams and ten can move, so each gets its part of the ten first.
  assert.deepEqual(firstOf('b', 4), ['s-22', 's-6', 's-14', 's-8']);
  assert.deepEqual(firstOf('d', 3), ['s-3', 's-19', 's-11']);
  assert.deepEqual(firstOf('e', 3), ['s-21', 's-5', 's-13']);
});

test('a worker tries no more than it lacks, unless all streams are held', () => {
  assert.equal(sharing(10, { held: 8 }).toTry(NONE, 100, 0).length, 10);
  assert.equal(sharing(10, { held: 8 }).toTry(new Set(ids(7)), 100, 0).length, 3);
  assert.equal(sharing(10, { held: 8 }).toTry(NONE, 4, 0).length, 4);
  // It cannot be granted more than there are.
  assert.equal(sharing(10, { held: 12 }).toTry(NONE, 100, 0).length, 20);
  assert.equal(sharing(10).toTry(NONE, 100, 0).length, 20);
});

test('a stream is tried once per heartbeat', () => {
  const shares = sharing(20);
  ids(20).forEach((streamId) => shares.wasHeld(streamId, 'other', 0));

  assert.deepEqual(shares.toTry(NONE, 100, BEAT - 1), []);
  assert.equal(shares.toTry(NONE, 100, BEAT).length, 20);
});

test('a worker keeps the places that it has', () => {
  const shares = sharing(10);
  ids(20).forEach((streamId) => shares.wasHeld(streamId, 'other', 0));
  const places = shares.toAwait(NONE, NONE, 100, 0);

  assert.equal(places.length, 10);
  assert.deepEqual(new Set(shares.toAwait(new Set(places), NONE, 100, 0)), new Set(places));
});

test('a worker hands over what is too much when the group has settled, and first what others wait for', () => {
  const shares = sharing(20);
  assert.deepEqual(shares.heartbeat(two(10), waiting(20, 12), BEAT), []);

  const chosen = shares.heartbeat(two(10), waiting(20, 12), 2 * BEAT);

  assert.equal(chosen.length, 10);
  assert.ok(chosen.every((streamId) => ids(12).includes(streamId)));
});

test('a worker hands over streams that nobody waits for if it is above its share for three heartbeats', () => {
  const shares = sharing(20);
  const handedOver = [1, 2, 3, 4].map((beat) => shares.heartbeat(two(10, { missing: 4 }), waiting(20, 3), beat * BEAT));

  assert.deepEqual(handedOver.map((chosen) => chosen.length), [0, 3, 3, 4]);
  assert.deepEqual(handedOver[3]!.slice(0, 3).sort(), ids(3));
});

test('a stream that was handed over is left alone for ten heartbeats, or until the group changes', () => {
  const shares = sharing(20);
  shares.handedOver('s-0', 0);
  shares.sawEvents(ids(20), 9 * BEAT);
  assert.equal(shares.toTry(NONE, 100, 9 * BEAT).length, 19);
  assert.equal(shares.toTry(NONE, 100, 10 * BEAT).length, 20);

  shares.handedOver('s-1', 10 * BEAT);
  shares.heartbeat(two(19, { members: 3 }), new Map(), 11 * BEAT);

  assert.ok(shares.toTry(NONE, 100, 11 * BEAT).includes('s-1'));
});

test('a worker at its share tries a quarter of it per heartbeat, of the streams that were left alone', () => {
  const shares = sharing(0);
  const held = new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  const seenUntil = (now: number): string[] => {
    shares.sawEvents(ids(20), now);
    return shares.toTry(held, 100, now);
  };
  shares.heartbeat(two(8), new Map(), 0);
  // The members have to learn of a change, and a stream must have had events for two heartbeats.
  for (let beat = 1; beat < 4; beat++) {
    assert.deepEqual(seenUntil(beat * BEAT), []);
  }

  assert.equal(seenUntil(4 * BEAT).length, 2);
  assert.equal(seenUntil(4 * BEAT + 2).length, 0);
  assert.equal(seenUntil(5 * BEAT).length, 2);
  // After a change of the members, it waits until all have learned of it.
  shares.heartbeat(two(8, { members: 3 }), new Map(), 12 * BEAT);
  for (let beat = 12; beat < 16; beat++) {
    assert.deepEqual(seenUntil(beat * BEAT), []);
  }
  assert.equal(seenUntil(16 * BEAT).length, 2);
});
