// The dialog of groups: their members, and bars of the streams that each holds and should hold.

import { call, explainWithRequest, groupPath } from './api.js';
import { duration, setText, visible } from './cells.js';
import { askForToken, tokenWanted } from './dialogs.js';

const REFRESH_MS = 2000;
const MOST_SHOWN = 20;
const NO_PATH = 'A browser cannot send this group id in a path, so its members are not shown.';

const $ = (id) => document.getElementById(id);

let looking = null;
let nextLook = 0;

/** Opens the dialog, which is up to date as long as it is open. */
export function openGroups() {
  $('group-prefix').value = '';
  $('group-list').replaceChildren();
  setText($('groups-answer'), 'Loading…');
  $('groups').showModal();
  look();
}

async function look() {
  clearTimeout(nextLook);
  looking?.abort();
  looking = new AbortController();
  const { signal } = looking;
  const answer = await call('GET', 'v1/groups', { query: { prefix: $('group-prefix').value }, signal });
  const groups = answer.status === 200 ? answer.body.groups : [];
  const sections = await Promise.all(groups.slice(0, MOST_SHOWN).map((group) => section(group, signal)));
  if (signal.aborted) return;
  if (answer.status === 401) {
    setText($('groups-answer'), tokenWanted(answer));
    if ((await askForToken(tokenWanted(answer))) && $('groups').open) look();
    return;
  }
  if (answer.status === 200) {
    $('group-list').replaceChildren(...sections);
    setText($('groups-answer'), summary(groups.length));
  } else {
    setText($('groups-answer'), `Unknown: ${explainWithRequest(answer)}`);
  }
  nextLook = setTimeout(look, REFRESH_MS);
}

function summary(count) {
  if (count === 0) return 'No group has members.';
  if (count > MOST_SHOWN) return `The first ${MOST_SHOWN} of ${count} groups. Enter the beginning of an id to see others.`;
  return count === 1 ? '1 group' : `${count} groups`;
}

/** Returns a group with its members, as far as they can be read. */
async function section(group, signal) {
  const element = $('group').content.firstElementChild.cloneNode(true);
  const cell = (selector) => element.querySelector(selector);
  cell('.id').textContent = visible(group.groupId);
  const path = groupPath(group.groupId);
  const answer = path ? await call('GET', path, { signal }) : null;
  const isKnown = answer?.status === 200 && answer.body.groupId === group.groupId;
  const shown = isKnown ? { ...answer.body, members: answer.body.members.length } : group;
  cell('.counts').textContent = counts(shown);
  if (isKnown) {
    const members = answer.body.members;
    const most = Math.max(1, ...members.map(({ held, share }) => Math.max(held, share)));
    cell('tbody').append(...members.map((member) => row(member, most)));
  } else {
    cell('table').hidden = true;
    cell('.counts').textContent += ` ${path ? `Unknown members: ${explainWithRequest(answer)}` : NO_PATH}`;
  }
  return element;
}

function counts({ members, held, wanted, missing, withoutRoom }) {
  const said = [`${members === 1 ? '1 member holds' : `${members} members hold`} ${held} of ${wanted} streams.`];
  if (missing > 0) said.push(`${missing} more are needed to reach the shares.`);
  if (withoutRoom > 0) said.push(`No member has room for ${withoutRoom}.`);
  return said.join(' ');
}

/** Returns the row of a member. Its bar is relative to the most streams of a member. */
function row({ ownerId, held, share, wanted, capacity, expiresInMs }, most) {
  const element = $('member').content.firstElementChild.cloneNode(true);
  const cell = (selector) => element.querySelector(selector);
  cell('.owner .id').textContent = visible(ownerId);
  cell('.held .amount').textContent = held;
  cell('.held .bar').style.inlineSize = `${(100 * held) / most}%`;
  cell('.share').textContent = share;
  cell('.wanted').textContent = wanted;
  cell('.capacity').textContent = capacity ?? '';
  cell('.expires').textContent = duration(expiresInMs);
  element.classList.toggle('above', held > share);
  return element;
}

$('find-groups').addEventListener('submit', (event) => {
  event.preventDefault();
  look();
});
$('find-groups').addEventListener('input', look);
$('groups').addEventListener('close', () => {
  clearTimeout(nextLook);
  looking?.abort();
  looking = null;
});
