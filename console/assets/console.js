// What pages gain with a script: times in the zone of the reader, parts that follow changes, and tables that sort.
// Every page works without it.

const policy = window.trustedTypes?.createPolicy('tidegate', {
  // Only pages of this server are parsed, which escape every value.
  createHTML: (text) => text,
});

/** Shows instants in the zone of the reader; the title keeps UTC. */
function localTimes(root) {
  const format = new Intl.DateTimeFormat(undefined, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  for (const time of root.querySelectorAll('time[data-local="minute"]'))
    time.textContent = format.format(new Date(time.dateTime));
}

/** Replaces the parts of the page that differ from the page as it is now. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' });
  if (!answer.ok) return;
  const text = await answer.text();
  const next = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');
  localTimes(next);
  sameParts(document, next);
}

function sameParts(page, next) {
  for (const part of page.querySelectorAll('[data-part]')) {
    const fresh = next.getElementById(part.id);
    if (!fresh || fresh.outerHTML === part.outerHTML || part.contains(page.activeElement)) continue;
    const parsed = page.importNode(fresh, true);
    part.replaceWith(parsed);
    parsed.setAttribute('data-changed', '');
    setTimeout(() => parsed.removeAttribute('data-changed'), 2_000);
    announce('The page shows what has just changed.');
  }
  // The decision itself is never replaced while somebody writes: a sentence says that it is out of date.
  const decision = page.getElementById('decision');
  if (decision && !next.getElementById('decision')) stale(decision);
}

function stale(decision) {
  if (decision.querySelector('[data-stale]')) return;
  const words = document.createElement('div');
  words.className = 'notice wait';
  words.dataset.stale = '';
  words.setAttribute('role', 'status');
  words.textContent = 'This version no longer waits for a decision. ';
  const link = document.createElement('a');
  link.href = location.href;
  link.textContent = 'Show what was decided';
  words.append(link);
  decision.prepend(words);
}

let voice;
/** Says something to screen readers. */
function announce(words) {
  if (!voice) {
    voice = document.createElement('div');
    voice.className = 'hidden';
    voice.setAttribute('role', 'status');
    document.body.append(voice);
  }
  voice.textContent = words;
}

/** Follows changes until the page is left; a browser opens a lost connection again by itself. */
function follow(model) {
  const source = new EventSource(`/ui/live${model === '' ? '' : `?model=${encodeURIComponent(model)}`}`);
  let asked = false;
  source.addEventListener('changed', () => {
    if (asked) return;
    asked = true;
    setTimeout(() => {
      asked = false;
      refresh().catch(() => undefined);
    }, 150);
  });
  addEventListener('pagehide', () => source.close());
}

/** Lets a table marked for it be sorted by its heads. */
function sortable(table) {
  for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
    if (!head.dataset.sort) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'sort';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => sortBy(table, at, head));
  }
}

function sortBy(table, at, head) {
  const isNumber = head.dataset.sort === 'number';
  const descends = head.ariaSort !== (isNumber ? 'descending' : 'ascending') ? isNumber : !isNumber;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', descends ? 'descending' : 'ascending');
  const keyOf = (row) => row.cells[at]?.dataset.value ?? row.cells[at]?.textContent.trim() ?? '';
  const compare = isNumber
    ? (a, b) => Number(keyOf(a) || -Infinity) - Number(keyOf(b) || -Infinity)
    : (a, b) => keyOf(a).localeCompare(keyOf(b), undefined, { numeric: true });
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort((a, b) => (descends ? compare(b, a) : compare(a, b))));
}

localTimes(document);
for (const table of document.querySelectorAll('table[data-sortable]')) sortable(table);
const { live } = document.body.dataset;
if (live !== undefined) follow(live);
