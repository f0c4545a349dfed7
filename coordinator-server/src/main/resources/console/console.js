// Shows the table of live locks, and keeps it up to date.

import { call, explain, hasToken } from './api.js';
import { duration, isolated, setLabels, setText, visible } from './cells.js';
import { askForToken, onToken, openBreak, openHistory, tokenWanted } from './dialogs.js';
import { openGroups } from './groups.js';

const PAGE = 100;
const LARGEST_PAGE = 1000;
const REFRESH_MS = 2000;
const LONGEST_WAIT_MS = 30_000;
const TICK_MS = 500;
const TYPING_MS = 300;
const ANNOUNCE_MS = 10_000;
const GIVE_TOKEN = 'Give a token';

const $ = (id) => document.getElementById(id);

/** The rows, by stream id. */
const rows = new Map();

/** The maximum number of locks to show. */
let wanted = PAGE;
/** When the shown locks were requested, on the clock of `performance.now`; null before the first response. */
let knownAt = null;
/** Whether there are more locks than shown. */
let more = false;
/** loading, live or unknown. The time left is only known while this is live. */
let state = 'loading';
/** Why the locks are unknown, and what the operator can do about it; empty for nothing. */
let trouble = { text: '', remedy: '' };
let paused = false;
/** Whether the next response is the first for a filter. Its locks are then not marked as new. */
let fresh = true;
/** Whether the page has asked for a token by itself. It asks once, and not again if it gets none. */
let asked = false;
let flight = null;
let nextRefresh = 0;
let nextTick = 0;
let typing = 0;

const filter = () => ({ prefix: $('prefix').value, ownerId: $('owner').value });

class Row {
  constructor(streamId) {
    this.element = $('row').content.firstElementChild.cloneNode(true);
    const cell = (selector) => this.element.querySelector(selector);
    this.owner = cell('.owner .id');
    this.token = cell('.token');
    this.labels = cell('.labels');
    this.age = cell('.age');
    this.amount = cell('.amount');
    this.bar = cell('.bar');
    this.waiting = cell('.waiting');
    this.history = cell('.history');
    this.break = cell('.break');
    cell('.stream .id').textContent = visible(streamId);
    this.history.setAttribute('aria-label', `History of ${visible(streamId)}`);
    this.break.setAttribute('aria-label', `Break the lease of ${visible(streamId)}`);
    this.history.addEventListener('click', () => openHistory(streamId));
    this.element.addEventListener('animationend', () => this.element.classList.remove('new'));
    this.break.addEventListener('click', () => openBreak(this.lock, { report: showResult, changed: refresh }));
  }

  show(lock, sentAt) {
    const labels = JSON.stringify(lock.labels);
    if (!this.lock || this.labelsShown !== labels) setLabels(this.labels, lock.labels);
    this.labelsShown = labels;
    if (this.lock && this.lock.fencingToken !== lock.fencingToken) this.element.classList.add('new');
    this.lock = lock;
    this.sentAt = sentAt;
    // All three values are on the storage's clock, because the clock of this machine may be wrong.
    this.ageMs = Date.parse(lock.expiresAt) - lock.expiresInMs - Date.parse(lock.acquiredAt);
    setText(this.owner, visible(lock.ownerId));
    setText(this.token, String(lock.fencingToken));
    setText(this.waiting, lock.waiting ? String(lock.waiting) : '');
    this.tick(performance.now());
  }

  /** Counts down from the time at which the request was sent, as a worker does. */
  tick(now) {
    const passed = now - this.sentAt;
    const left = Math.max(0, this.lock.expiresInMs - passed);
    setText(this.age, duration(this.ageMs + passed));
    setText(this.amount, duration(left));
    this.bar.style.inlineSize = `${Math.min(100, (100 * left) / this.lock.ttlMs)}%`;
    // A worker renews at each third of the ttl, so this one is late.
    this.element.classList.toggle('late', left < this.lock.ttlMs / 3);
  }

  forgetTimeLeft() {
    setText(this.amount, 'unknown');
    this.element.classList.remove('late');
  }
}

// -- Requests

async function refresh() {
  clearTimeout(nextRefresh);
  flight?.abort();
  flight = new AbortController();
  const { signal } = flight;
  const answer = await liveLocks(signal);
  if (signal.aborted) return;
  flight = null;
  if (answer.status === 200) {
    knownAt = answer.sentAt;
    more = answer.more;
    const changes = show(answer.locks);
    setState('live');
    announce(changes);
    again(REFRESH_MS);
  } else if (answer.status === 401) {
    setState('unknown', tokenWanted(answer), GIVE_TOKEN);
    // An open dialog comes first, because the operator may be typing in it.
    if (!asked && !document.querySelector('dialog[open]')) {
      asked = true;
      askForToken(tokenWanted(answer));
    }
  } else if (answer.status >= 400 && answer.status < 429) {
    // The same request would be refused again until the filter or the token changes.
    setState('unknown', explain(answer), 'Try again');
  } else {
    setState('unknown', explain(answer));
    again(Math.min(LONGEST_WAIT_MS, Math.max(REFRESH_MS, answer.retryAfterMs)));
  }
}

function again(delay) {
  if (!paused && !document.hidden) nextRefresh = setTimeout(refresh, delay);
}

/** Reads as many pages as the wanted number of locks takes. */
async function liveLocks(signal) {
  const locks = [];
  let pageToken;
  let sentAt;
  do {
    const pageSize = Math.min(LARGEST_PAGE, wanted - locks.length);
    const answer = await call('GET', 'v1/locks', { query: { ...filter(), pageSize, pageToken }, signal });
    if (answer.status !== 200) return answer;
    sentAt ??= answer.sentAt;
    locks.push(...answer.body.locks.map((lock) => ({ lock, sentAt: answer.sentAt })));
    pageToken = answer.body.nextPageToken;
  } while (pageToken !== undefined && locks.length < wanted);
  return { status: 200, locks, more: pageToken !== undefined, sentAt };
}

// -- Display

/** Shows the locks. A row that stays is not moved, because moving it would take the focus from it. */
function show(locks) {
  const focused = focusedRow();
  const streams = new Set(locks.map(({ lock }) => lock.streamId));
  const gone = remove((streamId) => !streams.has(streamId));
  const come = [];
  let at = $('rows').firstElementChild;
  for (const { lock, sentAt } of locks) {
    let row = rows.get(lock.streamId);
    if (!row) {
      row = new Row(lock.streamId);
      rows.set(lock.streamId, row);
      row.element.classList.toggle('new', !fresh);
      come.push(row);
    }
    if (row.element === at) at = at.nextElementSibling;
    else $('rows').insertBefore(row.element, at);
    row.show(lock, sentAt);
  }
  setText($('empty'), Object.values(filter()).some(Boolean) ? 'No live lock matches the filter.' : 'No stream is locked.');
  if (!more && document.activeElement === $('more')) (come[0]?.history ?? $('summary')).focus();
  $('more').hidden = !more;
  keepFocus(focused);
  return { come: come.length, gone };
}

function remove(goes) {
  let count = 0;
  for (const [streamId, row] of rows) {
    if (goes(streamId, row)) {
      row.element.remove();
      rows.delete(streamId);
      count += 1;
    }
  }
  return count;
}

function focusedRow() {
  const element = document.activeElement.closest('#rows > tr');
  return element && { element, index: [...$('rows').children].indexOf(element) };
}

/** Moves the focus of a row that has gone to the next row, to the button that does no harm. */
function keepFocus(focused) {
  if (!focused || focused.element.isConnected) return;
  const left = $('rows').children;
  const neighbour = left[Math.min(focused.index, left.length - 1)];
  (neighbour?.querySelector('.history') ?? $('summary')).focus();
}

function setState(next, text = '', remedy = '') {
  state = next;
  // The text leaves out the request id: it changes each time, and a screen reader would read out each of them.
  trouble = { text, remedy };
  showState();
}

function showState() {
  const unknown = state === 'unknown';
  const shown = paused && state === 'live' ? 'paused' : state;
  setText($('state'), shown);
  $('state').dataset.state = shown;
  $('locks').hidden = rows.size === 0;
  $('locks').classList.toggle('stale', unknown);
  if (unknown) rows.forEach((row) => row.forgetTimeLeft());
  setText($('notice-text'), `${rows.size ? 'Unknown. The table shows the last known state.' : 'Unknown.'} ${trouble.text}`);
  if (!trouble.remedy && document.activeElement === $('remedy')) $('summary').focus();
  setText($('remedy'), trouble.remedy);
  $('remedy').hidden = !trouble.remedy;
  $('notice').hidden = !unknown;
  $('empty').hidden = rows.size > 0 || state !== 'live';
  tick();
}

function tick() {
  const now = performance.now();
  const counting = state === 'live' && !paused;
  if (counting) rows.forEach((row) => row.tick(now));
  setText($('as-of'), counting || knownAt === null ? '' : `as of ${duration(now - knownAt)} ago`);
  setText($('summary'), summary());
}

function summary() {
  if (knownAt === null) return state === 'loading' ? 'Loading…' : 'Nothing known';
  const live = state === 'unknown' ? '' : 'live ';
  const locks = rows.size === 1 ? `1 ${live}lock` : `${rows.size} ${live}locks`;
  return more ? `The first ${locks}` : locks;
}

/** Shows the result of an operator's action until the next one. */
function showResult(...said) {
  $('message-text').replaceChildren(...said);
  $('message').hidden = false;
}

let unsaid = { come: 0, gone: 0 };
let saidAt = -Infinity;

/** Announces to screen readers how many locks match the filter, and later how many came and went. */
function announce({ come, gone }) {
  const now = performance.now();
  unsaid = { come: unsaid.come + come, gone: unsaid.gone + gone };
  if (fresh) {
    setText($('announcer'), `${summary()}.`);
  } else if ((unsaid.come || unsaid.gone) && now - saidAt >= ANNOUNCE_MS) {
    setText($('announcer'), `${summary()}: ${unsaid.come} new, ${unsaid.gone} gone.`);
  } else {
    return;
  }
  fresh = false;
  unsaid = { come: 0, gone: 0 };
  saidAt = now;
}

// -- Events

function filterChanged() {
  const { prefix, ownerId } = filter();
  const focused = focusedRow();
  wanted = PAGE;
  fresh = true;
  // This happens immediately, and even without a response: every shown row matches the filter.
  remove((streamId, row) => !streamId.startsWith(prefix) || (ownerId !== '' && row.lock.ownerId !== ownerId));
  keepFocus(focused);
  refresh();
}

function watch() {
  clearInterval(nextTick);
  clearTimeout(nextRefresh);
  if (document.hidden || paused) {
    flight?.abort();
  } else {
    refresh();
  }
  if (!document.hidden) nextTick = setInterval(tick, TICK_MS);
}

$('filter').addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(filterChanged, TYPING_MS);
});
$('filter').addEventListener('submit', (event) => {
  event.preventDefault();
  clearTimeout(typing);
  filterChanged();
});
$('more').addEventListener('click', () => {
  wanted += PAGE;
  fresh = true;
  refresh();
});
$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  showState();
  watch();
});
$('remedy').addEventListener('click', () => {
  if (trouble.remedy === GIVE_TOKEN) askForToken();
  else refresh();
});
$('dismiss').addEventListener('click', () => {
  $('message').hidden = true;
  $('summary').focus();
});
$('token-button').addEventListener('click', () => askForToken());
$('groups-button').addEventListener('click', () => openGroups());
$('history-of-any').addEventListener('click', () => openHistory());
onToken(() => {
  asked = !hasToken();
  // A new token may not permit everything that the page has read with the previous one.
  remove(() => true);
  knownAt = null;
  fresh = true;
  refresh();
});
document.addEventListener('visibilitychange', watch);
watch();
