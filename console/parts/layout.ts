// The frame of every page: head, navigation, who is signed in, and the foot with the choice of colours.
import { html, type Html, nothing, type Value } from '../html.ts';
import { address } from '../address.ts';

/** Addresses of the style sheet, the script and the icon; they contain a digest, so that browsers may keep the files. */
export interface Assets {
  readonly style: string;
  readonly script: string;
  readonly icon: string;
}

/** The entries of the navigation. */
export type Section = 'models' | 'approvals' | 'audit' | 'settings';

/** What every page knows about the request. */
export interface Frame {
  readonly assets: Assets;
  /** Who is signed in; null on the pages on which people sign in. */
  readonly person: { readonly name: string; readonly roles: string; readonly isAdmin: boolean } | null;
  /** The token that forms send back; null if the request had no session. */
  readonly csrf: string | null;
  /** The colours that the reader chose. */
  readonly theme: 'system' | 'light' | 'dark';
  /** The path of the page, to return to after a choice of colours. */
  readonly path: string;
  readonly now: Date;
  /** Versions that wait for a decision. */
  readonly waiting: number;
}

/** One page. */
export interface Page {
  readonly title: string;
  readonly section: Section | null;
  readonly body: Html;
  /** Where the first key leads, instead of the content. */
  readonly skip?: { readonly to: string; readonly text: string };
  /** What the page follows: it is loaded again in part if something of this model changed; all models if empty. */
  readonly live?: string;
}

const ENTRIES: readonly { readonly section: Section; readonly name: string; readonly href: string }[] = [
  { section: 'models', name: 'Models', href: address.overview },
  { section: 'approvals', name: 'Approvals', href: '/ui/approvals' },
  { section: 'audit', name: 'Audit', href: address.audit },
  { section: 'settings', name: 'Settings', href: address.settings },
];

/** The hidden field that proves that a form came from a page of the session. */
export const csrfField = ({ csrf }: Pick<Frame, 'csrf'>): Html =>
  csrf === null ? nothing : html`<input type="hidden" name="csrf" value="${csrf}" />`;

/** Writes a whole document. */
export function document(frame: Frame, { title, section, body, skip, live }: Page): Html {
  const { assets, person, theme } = frame;
  const entries = ENTRIES.filter(
    ({ section: each }) => SHOWN.has(each) || (each === 'settings' && person?.isAdmin === true),
  );
  return html`<!doctype html>
<html lang="en"${theme === 'system' ? '' : html` data-theme="${theme}"`}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} – Tidegate</title><link rel="icon" href="${assets.icon}" type="image/svg+xml"><link rel="stylesheet" href="${assets.style}"><script src="${assets.script}" defer></script></head>
<body${live === undefined ? '' : html` data-live="${live}"`}><a class="skip" href="${skip?.to ?? '#content'}">${skip?.text ?? 'Skip to the content'}</a>
<header class="top"><a class="brand" href="${address.overview}">${mark}Tidegate</a>${
    person &&
    html`<nav aria-label="Pages">
        ${entries.map(
          ({ section: each, name, href }) =>
            html`<a href="${href}" ${each === section ? html` aria-current="page"` : ''}
              >${name}${each === 'approvals' && frame.waiting > 0 && html` <span class="number">${frame.waiting}</span>`}</a
            >`,
        )}
      </nav>
      <details class="who">
        <summary>${person.name}</summary>
        <div>
          <p>${person.roles}</p>
          ${
            frame.csrf !== null &&
            html`<form method="post" action="/ui/sign-out">
              ${csrfField(frame)}<button class="plain">Sign out</button>
            </form>`
          }
        </div>
      </details>`
  }</header>
<main id="content" tabindex="-1">${body}</main>
${foot(frame)}</body></html>`;
}

/** Sections that everybody who is signed in may open. The settings are for admins. */
const SHOWN: ReadonlySet<Section> = new Set<Section>(['models', 'approvals', 'audit']);

function foot({ theme, path, person }: Frame): Html {
  const choices = (['system', 'light', 'dark'] as const).map(
    (each) =>
      html`<button
        name="theme"
        value="${each}"
        ${each === theme ? html` aria-pressed="true"` : html` aria-pressed="false"`}
      >
        ${each}
      </button>`,
  );
  return html`<footer class="foot">
    <form method="post" action="/ui/theme">
      <input type="hidden" name="to" value="${path}" /><span>Colours</span> ${choices}
    </form>
    ${person && html`<a href="/ui/docs">API</a>`}
  </footer>`;
}

/** Two gates and the water between them. */
const mark = html`<svg class="mark" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
  <path d="M3.5 2v16M16.5 2v16" />
  <path class="tide" d="M3.5 11.5c2.2-2.4 4.3-2.4 6.5 0s4.3 2.4 6.5 0" />
</svg>`;

/** A path of links to where the page is. */
export const crumbs = (...parts: readonly Value[]): Html =>
  html`<nav class="crumbs" aria-label="You are here">
    <ol>
      ${parts.map((part) => html`<li>${part}</li>`)}
    </ol>
  </nav>`;
