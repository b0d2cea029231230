// The page of the audit log: one chain, the newest event first, with filters.
import { address, query } from '../address.ts';
import { digest, time } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { type Page } from '../parts/layout.ts';
import { empty, facts, table } from '../parts/parts.ts';

/** An event of the chain. */
export interface AuditEvent {
  readonly position: number;
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  readonly at: Date;
  readonly body: unknown;
  readonly hash: string;
}

/** What the reader asked to see. */
export interface AuditFilter {
  /** A model, or '' for the installation. */
  readonly chain: string;
  readonly kind: string | undefined;
  readonly actor: string | undefined;
}

/** A chain with what the reader may choose. */
export interface AuditView extends AuditFilter {
  readonly chains: readonly string[];
  readonly kinds: readonly string[];
  readonly events: readonly AuditEvent[];
  /** Where the next page begins; null if this is the last one. */
  readonly before: number | null;
  /** The newest signed checkpoint of the installation; null if there is none yet. */
  readonly checkpoint: {
    readonly sequence: number;
    readonly at: Date;
    readonly covers: number | null;
  } | null;
}

/** Longest part of an event's content that is shown before it is opened. */
const MAX_SHOWN = 100;

/** The page of the audit log. */
export function auditPage(view: AuditView): Page {
  const { chain, chains, kinds, kind, actor, events, before, checkpoint } = view;
  const to = (position: number): string =>
    `${address.audit}${query({ chain, kind, actor, before: position })}`;
  return {
    title: 'Audit log',
    section: 'audit',
    body: html`<h1>Audit log <span class="soft">of ${nameOf(chain)}</span></h1>
      <p class="sub">
        Every event contains the hash of the one before it, so none can be changed or taken out unnoticed.
        <code>tidegate audit verify</code> checks all chains, their signed checkpoints and the anchor outside
        of the database.
      </p>
      <form class="filter" method="get" action="${address.audit}">
        <label
          >Chain
          ${choice(
            'chain',
            chains.map((each) => [each, nameOf(each)] as const),
            chain,
          )}</label
        >
        <label
          >Event
          ${choice('kind', [['', 'any'] as const, ...kinds.map((each) => [each, each] as const)], kind ?? '')}</label
        >
        <label>By <input name="actor" value="${actor ?? ''}" maxlength="200" placeholder="anybody" /></label>
        <button class="plain">Show</button>
      </form>
      ${
        events.length === 0
          ? empty(
              'No event fits the filter.',
              html`<a href="${address.audit}${query({ chain })}">Show the whole chain</a>`,
            )
          : list(events)
      }
      ${
        before === null
          ? nothing
          : html`<nav class="pages" aria-label="Pages of the log">
              <span></span><span></span><span><a href="${to(before)}" rel="next">Earlier events</a></span>
            </nav>`
      }
      <div class="row">
        ${facts([
          [
            'Newest checkpoint',
            checkpoint === null
              ? 'none yet'
              : html`number ${checkpoint.sequence},
                ${time(checkpoint.at)}${checkpoint.covers !== null && html`; covers this chain up to event ${checkpoint.covers}`}`,
          ],
        ])}
      </div>`,
  };
}

const nameOf = (chain: string): string => (chain === '' ? 'the installation' : chain);

const choice = (name: string, options: readonly (readonly [string, string])[], chosen: string): Html =>
  html`<select name="${name}">
    ${options.map(([value, text]) => html`<option value="${value}" ${value === chosen ? html` selected` : ''}>${text}</option>`)}
  </select>`;

const list = (events: readonly AuditEvent[]): Html =>
  table(
    'Events',
    [
      { name: 'Event', number: true },
      { name: 'What' },
      { name: 'By' },
      { name: 'When' },
      { name: 'Content', wide: true },
      { name: 'Hash', wide: true },
    ],
    events.map(({ position, kind, subject, actor, at, body, hash }) => [
      String(position),
      html`<span class="nowrap">${kind}</span> ${about(subject)}`,
      actor,
      html`<span class="nowrap">${time(at)}</span>`,
      content(body),
      digest(hash),
    ]),
  );

/** Fields that say nothing to a person: what a row is called inside, and what the columns of the table show already. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'id',
  'at',
  'hash',
  'previous_hash',
  'model',
  'actor',
  'person',
  'created_at',
]);

/** The fields of an event in a line, and the whole event below it. */
function content(body: unknown): Html {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const said = fields
    .filter(([name, value]) => !LEFT_OUT.has(name) && isSaid(value))
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${short(value)}`)
    .join('; ');
  const line = said.length <= MAX_SHOWN ? said : `${said.slice(0, MAX_SHOWN)}…`;
  return html`<details>
    <summary class="why">${line === '' ? 'the event' : line}</summary>
    <pre class="scroll" tabindex="0">${JSON.stringify(body, null, 2)}</pre>
  </details>`;
}

/** Digests and names of runs are long, and their first characters tell them apart. */
function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^\S{21,}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}

const isSaid = (value: unknown): boolean =>
  value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);

/** What an event is about; the names of grants and the like are long. */
const about = (subject: string): Html =>
  subject.length > 20 ? digest(subject) : html`<small>${subject}</small>`;
