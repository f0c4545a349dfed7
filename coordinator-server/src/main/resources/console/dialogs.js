// The three dialogs: the history of a stream with its queue, a break, and the token.

import { NO_PATH, OTHER_STREAM, call, explain, explainWithRequest, hasToken, isUnknown, setToken, streamPath } from './api.js';
import { grantRow, instant, isolated, setLabels, setText, visible, waiterRow } from './cells.js';

const HISTORY_PAGE = 50;
const LARGEST_QUEUE = 1000;

const $ = (id) => document.getElementById(id);

for (const dialog of document.querySelectorAll('dialog')) {
  for (const button of dialog.querySelectorAll('.close')) button.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    // The browser returns the focus to the element that opened the dialog, unless that row has gone meanwhile.
    const focused = document.activeElement;
    if (focused === document.body || dialog.contains(focused)) ($('remedy').hidden ? $('summary') : $('remedy')).focus();
  });
}

// -- The token

/** The promises of calls that wait while the dialog asks for a token. */
const waiting = [];
let tokenChanged = () => {};

/** Sets a listener that is called after each change of the token. */
export function onToken(listener) {
  tokenChanged = listener;
}

/** Asks for a token and shows why. Resolves to true when a new token was entered, and to false if none was. */
export function askForToken(why = '') {
  showTokenProblem(why);
  $('token-forget').hidden = !hasToken();
  if (!$('token').open) {
    $('token').showModal();
  }
  return new Promise((resolve) => waiting.push(resolve));
}

function showTokenProblem(text) {
  setText($('token-why'), text);
  $('token-why').hidden = !text;
}

function endToken(given) {
  $('token').close();
  setText($('token-button'), hasToken() ? 'Token set…' : 'Token…');
  tokenChanged();
  for (const resolve of waiting.splice(0)) resolve(given);
}

$('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const value = $('token-value').value.trim();
  if (!/^[\x21-\x7e]+$/.test(value)) {
    showTokenProblem('A token has no spaces, and no characters beyond ASCII.');
    return;
  }
  setToken(value);
  endToken(true);
});
$('token-forget').addEventListener('click', () => {
  setToken('');
  endToken(false);
});
$('token').addEventListener('close', () => {
  // The token must not stay in the page.
  $('token-value').value = '';
  for (const resolve of waiting.splice(0)) resolve(false);
});

// -- History

let shown = null;

/** Opens the history of a stream. Without a stream id, the operator enters one. */
export function openHistory(streamId = '') {
  $('look-stream').value = streamId;
  $('look-at').value = '';
  clearHistory('');
  $('history').showModal();
  if (streamId) look();
  else $('look-stream').focus();
}

function clearHistory(said) {
  shown?.abort.abort();
  shown = null;
  $('grant-rows').replaceChildren();
  $('grants').hidden = true;
  $('older').hidden = true;
  $('queue').hidden = true;
  setText($('queue-answer'), '');
  $('waiter-rows').replaceChildren();
  $('waiters').hidden = true;
  setText($('look-answer'), said);
}

/** Accepts times as this page and logs show them. A time without an offset is in UTC, like all times on this page. */
function rfc3339(text) {
  const [, date, clock, seconds = ':00', offset = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[T ]+(\d\d:\d\d)(:\d\d(?:\.\d+)?)? *(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
  return date ? `${date}T${clock}${seconds}${offset.toUpperCase()}` : text;
}

async function look() {
  const streamId = $('look-stream').value;
  const at = rfc3339($('look-at').value.trim());
  const path = streamPath(streamId, 'history');
  clearHistory(path ? 'Looking…' : NO_PATH);
  if (!path) return;
  shown = { streamId, at, path, abort: new AbortController(), count: 0 };
  const of = shown;
  // The history shows whether a proxy has changed the stream id in the path; a queue does not name its stream.
  if ((await showGrants(of)) && !of.at) await showQueue(of);
}

/** Shows a page of grants. Resolves to whether they are shown. */
async function showGrants(of) {
  const answer = await call('GET', of.path, {
    query: { at: of.at, pageSize: HISTORY_PAGE, pageToken: of.next },
    signal: of.abort.signal,
  });
  if (of !== shown) return false;
  if (answer.status === 401 && (await askForToken(tokenWanted(answer)))) {
    return of === shown && showGrants(of);
  }
  if (answer.status !== 200) {
    setText($('look-answer'), isUnknown(answer) ? `Unknown: ${explainWithRequest(answer)}` : explainWithRequest(answer));
    return false;
  }
  if (answer.body.grants.some(({ streamId }) => streamId !== of.streamId)) {
    setText($('look-answer'), OTHER_STREAM);
    return false;
  }
  const rows = answer.body.grants.map(grantRow);
  $('grant-rows').append(...rows);
  of.count += rows.length;
  of.next = answer.body.nextPageToken;
  if (of.next === undefined && $('older') === document.activeElement) $('look-answer').focus();
  $('older').hidden = of.next === undefined;
  $('grants').hidden = of.count === 0;
  $('look-answer').replaceChildren(...historySummary(of, answer.body.grants[0]));
  return true;
}

/** Shows who waits for the stream now. */
async function showQueue(of) {
  const answer = await call('GET', streamPath(of.streamId, 'waiters'), { signal: of.abort.signal });
  if (of !== shown) return;
  $('queue').hidden = false;
  if (answer.status !== 200) {
    setText($('queue-answer'), `Unknown: ${explainWithRequest(answer)}`);
    return;
  }
  const { waiters } = answer.body;
  $('waiter-rows').append(...waiters.map(waiterRow));
  $('waiters').hidden = waiters.length === 0;
  setText($('queue-answer'), queueSummary(waiters.length));
}

function queueSummary(count) {
  if (count === 0) return 'No worker waits for this stream.';
  if (count === LARGEST_QUEUE) return `The first ${LARGEST_QUEUE} of the workers that wait.`;
  return count === 1 ? '1 worker waits.' : `${count} workers wait, next one first.`;
}

function historySummary(of, grant) {
  if (of.at) {
    return grant ? [isolated(grant.ownerId), ' held it then.'] : ['No lease was live then, as far back as the history goes.'];
  }
  if (of.count === 0) return ['The history contains no grant of this stream.'];
  return [of.count === 1 ? '1 grant' : `${of.count} grants, newest first`, of.next === undefined ? '.' : '; there are older ones.'];
}

$('look').addEventListener('submit', (event) => {
  event.preventDefault();
  look();
});
$('older').addEventListener('click', () => {
  if (shown?.next) showGrants(shown);
});
$('history').addEventListener('close', () => clearHistory(''));

// -- Break

let breaking = null;

/**
 * Opens the dialog that asks whether to break this lock. `report` is called with the result if the dialog is closed by
 * then. `changed` is called whenever the lock may have changed.
 */
export function openBreak(lock, { report, changed }) {
  breaking = { lock, report, changed, busy: false };
  $('break-form').reset();
  showHolder(lock);
  const path = streamPath(lock.streamId, 'break');
  showBreakProblem(path ? '' : NO_PATH);
  $('break-now').hidden = !path;
  $('break').showModal();
}

function showHolder(lock) {
  setText($('break-stream'), visible(lock.streamId));
  setText($('holder-owner'), visible(lock.ownerId));
  setText($('holder-token'), String(lock.fencingToken));
  setLabels($('holder-labels'), lock.labels);
  $('holder-labels-pair').hidden = !Object.keys(lock.labels ?? {}).length;
  // A refusal contains the present holder, but not since when it holds the lock.
  $('holder-since-pair').hidden = !lock.acquiredAt;
  $('holder-since').replaceChildren(...(lock.acquiredAt ? [instant(lock.acquiredAt)] : []));
}

function showBreakProblem(text) {
  setText($('break-problem'), text);
  $('break-problem').hidden = !text;
}

async function breakNow(of) {
  const { streamId, fencingToken } = of.lock;
  const delayMs = Math.round(Number($('delay').value) * 1000);
  of.busy = true;
  showBreakProblem('');
  setText($('break-now'), 'Breaking…');
  const answer = await call('POST', streamPath(streamId, 'break'), {
    body: {
      reason: $('reason').value,
      expectedFencingToken: fencingToken,
      ...(delayMs > 0 && { delayMs }),
    },
  });
  of.busy = false;
  setText($('break-now'), 'Break the lease');
  const open = of === breaking && $('break').open;
  if (answer.status === 200) {
    // The dialog closes first, because screen readers do not announce a message behind an open dialog.
    if (open) $('break').close();
    const { ownerId, fencingToken: token } = answer.body;
    const closed = delayMs > 0 ? ` No worker can acquire it for ${delayMs / 1000} s.` : '';
    of.report('Broke the lease of ', isolated(streamId), ', held by ', isolated(ownerId), ` with token ${token}.${closed}`);
  } else if (!open) {
    of.report(isolated(streamId), `: ${whyNotBroken(answer)}`);
  } else {
    await showNotBroken(of, answer);
  }
  of.changed();
}

async function showNotBroken(of, answer) {
  showBreakProblem(whyNotBroken(answer));
  if (answer.status === 401) {
    await askForToken(tokenWanted(answer));
  } else if (answer.status === 412 && answer.body.holder) {
    of.lock = { streamId: of.lock.streamId, ...answer.body.holder };
    showHolder(of.lock);
  } else if (answer.status === 404) {
    $('break-now').hidden = true;
    $('break').querySelector('.close').focus();
  }
}

function whyNotBroken(answer) {
  switch (answer.status) {
    case 401:
      return 'Nothing was broken: the call needs a token. Enter one, and break again.';
    case 403:
      return `Nothing was broken: this token does not allow it. ${explainWithRequest(answer)}`;
    case 404:
      return answer.body.code === 'not-locked'
        ? 'Nothing was broken: the lease has already ended.'
        : `Nothing was broken: ${explainWithRequest(answer)}`;
    case 412:
      return 'Nothing was broken: the stream has another holder now, shown above. Break again to break that lease.';
    default:
      return isUnknown(answer)
        ? `Unknown: ${explainWithRequest(answer)} The lease may have been broken. Breaking again is safe: it can only end this lease.`
        : `Nothing was broken: ${explainWithRequest(answer)}`;
  }
}

$('break-form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!breaking.busy) breakNow(breaking);
});

/** Returns the text for a 401. */
export const tokenWanted = (answer) =>
  hasToken() ? `The token was refused. ${explain(answer)}` : 'This server requires a token.';
