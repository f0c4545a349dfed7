// Calls the coordinator with the operator's token. The token is kept in a variable of this module and nowhere else.

const TIMEOUT_MS = 5000;

let token = '';

export const hasToken = () => token !== '';

export function setToken(value) {
  token = value;
}

/**
 * Makes a call and returns the response. It never throws: a status of 0 says that there was no response, or one that
 * the coordinator did not make. `sentAt` is on the clock of `performance.now`.
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
    // An error page of a proxy is not JSON.
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

/**
 * Returns the path of a call on a stream. Returns null for the two ids that a browser treats as steps in the path,
 * however they are encoded.
 */
export function streamPath(streamId, action) {
  return streamId === '.' || streamId === '..' ? null : `v1/locks/${encodeURIComponent(streamId)}/${action}`;
}

/** Returns the path of a group; null as for a stream. */
export function groupPath(groupId) {
  return groupId === '.' || groupId === '..' ? null : `v1/groups/${encodeURIComponent(groupId)}`;
}

export const NO_PATH = 'A browser cannot send this stream id in a path. curl can, with --path-as-is.';

export const OTHER_STREAM =
  'A proxy changed the stream id in the path, so the response is about another stream. It is not shown.';

/** Returns what a response other than a success says, for people. */
export function explain({ status, body }) {
  return body.detail ?? (status === 0 ? 'The coordinator does not answer.' : `The response is HTTP ${status}.`);
}

/** Returns the same with the request id, which identifies the call in the server's log. */
export function explainWithRequest(answer) {
  return answer.body.requestId ? `${explain(answer)} (Request ${answer.body.requestId})` : explain(answer);
}

/** Returns whether a response leaves open what happened, as a missing response does. */
export const isUnknown = ({ status }) => status === 0 || status === 429 || status >= 500;
