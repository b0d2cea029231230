// The page on which people sign in, and the page that says why something cannot be shown.
import { html, nothing } from '../html.ts';
import { type Page } from '../parts/layout.ts';

/** How a reader can sign in. */
export interface SignIn {
  /** The secret of the link that was opened. */
  readonly link: string | undefined;
  /** Where a sign-in with the issuer begins, if there is one. */
  readonly start: string | undefined;
}

/** The page on which people sign in. It has a button, because programs that preview links would use a link up by opening it. */
export const signInPage = ({ link, start }: SignIn): Page => ({
  title: 'Sign in',
  section: null,
  body: html`<div class="narrow">
    <h1>Sign in to Tidegate</h1>
    ${
      link !== undefined
        ? html`<p class="sub">The link works once. It was made for the owner of the key that asked for it.</p>
            <form method="post" action="/ui/sign-in">
              <input type="hidden" name="link" value="${link}" /><button class="main" autofocus>
                Sign in
              </button>
            </form>`
        : nothing
    }${start !== undefined && html`<p class="row"><a class="button${link === undefined ? ' main' : ''}" href="${start}">Sign in with your organization</a></p>`}${
      link === undefined &&
      html`<p class="sub">
        ${start === undefined ? 'Run' : 'Or run'} <code>tidegate sign-in</code> and open the link that it
        prints.
      </p>`
    }
  </div>`,
});

/** An error of the error table, as a reader sees it. */
export interface ShownError {
  readonly title: string;
  readonly message: string;
  readonly remedy: string;
  readonly code: string;
  readonly requestId: string;
  readonly isSignedIn: boolean;
}

/** The page instead of the one that cannot be shown. */
export const errorPage = ({ title, message, remedy, code, requestId, isSignedIn }: ShownError): Page => ({
  title,
  section: null,
  body: html`<div class="narrow">
    <h1>${title}</h1>
    <p class="lead">${message}.</p>
    <p class="sub">${remedy}</p>
    <p class="row">
      ${isSignedIn ? html`<a class="button" href="/ui">All models</a>` : html`<a class="button main" href="/ui/sign-in">Sign in</a>`}
    </p>
    <p class="sub"><small>${code} · request ${requestId}</small></p>
  </div>`,
});
