// Shows parts of locks, grants and queues. Ids and labels may contain anything, so they are set as text, never as markup.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns a duration in its two largest units, rounded down. */
export function duration(ms) {
  const part = (unit, within) => String(Math.floor((ms % within) / unit)).padStart(2, '0');
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${part(SECOND, MINUTE)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${part(MINUTE, HOUR)} min`;
  return `${Math.floor(ms / DAY)} d ${part(HOUR, DAY)} h`;
}

/** Sets a text only if it differs, so that unchanged text is neither read out nor laid out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Returns text of others with the characters escaped that change its direction, because they can make an id look like
 * another one. The elements around the text keep all other characters in their place.
 */
export function visible(text) {
  const escape = (character) => `\\u${character.codePointAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escape);
}

/** Returns a time of the storage's clock. Its text has milliseconds, for reading; its title all digits, for copying. */
export function instant(iso) {
  const time = document.createElement('time');
  const [, date, clock, fraction] = /^(.+)T([\d:]+)(?:\.(\d+))?Z$/.exec(iso) ?? [];
  time.dateTime = iso;
  time.title = iso;
  time.textContent = date ? `${date} ${clock}.${(fraction ?? '').slice(0, 3).padEnd(3, '0')} Z` : iso;
  return time;
}

export function setLabels(element, labels = {}) {
  const pairs = Object.entries(labels).sort().map(([key, value]) => {
    const pair = document.createElement('bdi');
    pair.className = 'label';
    const name = document.createElement('span');
    name.textContent = visible(key);
    pair.append(name, `=${visible(value)}`);
    return pair;
  });
  element.replaceChildren(...pairs);
}

/** Returns a row of the history. */
export function grantRow(grant) {
  const row = document.getElementById('grant').content.firstElementChild.cloneNode(true);
  const cell = (selector) => row.querySelector(selector);
  cell('.token').textContent = grant.fencingToken;
  cell('.owner .id').textContent = visible(grant.ownerId);
  setLabels(cell('.labels'), grant.labels);
  cell('.from .instant').append(instant(grant.acquiredAt));
  if (grant.waitedMs) cell('.from .span').textContent = `waited ${duration(grant.waitedMs)}`;
  cell('.reason').textContent = grant.endReason ?? 'live';
  cell('.reason').dataset.reason = grant.endReason ?? 'live';
  if (grant.endedAt) {
    cell('.until .instant').append(instant(grant.endedAt));
    cell('.until .span').textContent = `after ${duration(Date.parse(grant.endedAt) - Date.parse(grant.acquiredAt))}`;
  }
  if (grant.endedBy) cell('.by').append('by ', isolated(grant.endedBy));
  if (grant.breakReason) cell('.why').append(isolated(grant.breakReason));
  return row;
}

/** Returns a row of a queue. */
export function waiterRow(waiter) {
  const row = document.getElementById('waiter').content.firstElementChild.cloneNode(true);
  const cell = (selector) => row.querySelector(selector);
  cell('.position').textContent = waiter.position;
  cell('.owner .id').textContent = visible(waiter.ownerId);
  setLabels(cell('.labels'), waiter.labels);
  cell('.waited').textContent = duration(waiter.waitingForMs);
  return row;
}

/** Returns an element with text of others, whose direction does not affect the text around it. */
export function isolated(text) {
  const element = document.createElement('bdi');
  element.className = 'id';
  element.textContent = visible(text);
  return element;
}
