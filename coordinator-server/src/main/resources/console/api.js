// Calls to the coordinator, with the operator's token: a variable of this module, and nowhere else.

const TIMEOUT_MS = 5000;

let token = '';

export const hasToken = () => token !== '';

export function setToken(value) {
  token = value;
}

/**
 * Answers, and never throws: a status of 0 says that there was no answer, or none that the coordinator would give.
 * `sentAt` is on the clock of `performance.now`.
 */
export async function call(method, path, { query = {}, body, signal } = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const url = given.length ? `${path}?${new URLSearchParams(given)}` : path;
  const headers = { Accept: 'application/json' };
  if (hasToken()) headers.Authorization = `Bearer ${token}`;
  if (body) headers['Content-Type'] = 'application/json';
  const ends = [AbortSignal.timeout(TIMEOUT_MS)];
  if (signal) ends.push(signal);
  const sentAt = performance.now();
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.any(ends),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
    // A proxy's page is no JSON.
    const json = await response.json().catch(() => null);
    return {
      status: response.ok && !json ? 0 : response.status,
      body: json ?? {},
      retryAfterMs: 1000 * (Number(response.headers.get('Retry-After')) || 0),
      sentAt,
    };
  } catch {
    return { status: 0, body: {}, retryAfterMs: 0, sentAt };
  }
}

/** The path of a call on a stream; null for the two ids that a browser takes for steps in the path, however encoded. */
export function streamPath(streamId, action) {
  return streamId === '.' || streamId === '..' ? null : `v1/locks/${encodeURIComponent(streamId)}/${action}`;
}

export const NO_PATH = 'A browser cannot send this stream id in a path. curl can, with --path-as-is.';

export const OTHER_STREAM =
  'A proxy on the way changed the stream id in the path, so the answer was about another stream. It is not shown.';

/** What an answer that is no success says, for people. */
export function explain({ status, body }) {
  return body.detail ?? (status === 0 ? 'The coordinator does not answer.' : `The answer was HTTP ${status}.`);
}

/** The same with what its line in the server's log is found by. */
export function explainWithRequest(answer) {
  return answer.body.requestId ? `${explain(answer)} (Request ${answer.body.requestId})` : explain(answer);
}

/** Whether an answer leaves open what happened, as no answer does. */
export const isUnknown = ({ status }) => status === 0 || status === 429 || status >= 500;
