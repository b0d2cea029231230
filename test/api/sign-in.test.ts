// Browsers: sign-in by a link and by an issuer, what the cookie of a session opens, and sign-out.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../api/server.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { AUDIENCE, Issuer, PEOPLE_CLIENT } from '../helpers/issuer.ts';
import { authorization, FakeGate, makeKey, ModelFixture, silent } from './fixture.ts';

let fixture: ModelFixture;
let issuer: Issuer;
let server: RunningServer;
let key: string;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  issuer = await Issuer.start();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  issuer.allow(`${publicUrl}/ui/callback`);
  const oidc = { issuer: issuer.url, audience: AUDIENCE, groupsClaim: 'groups', clientId: PEOPLE_CLIENT };
  const gate = new FakeGate();
  server = await startServer(
    { database: fixture.database, gate, logger: silent, auth: 'on', oidc, publicUrl },
    { port },
  );
  key = await makeKey(fixture.database, 'grace', ['admin']);
});

afterAll(async () => {
  await server.close();
  await issuer.stop();
  await fixture.drop();
});

/** A browser without a screen: keeps cookies by host and path, and follows redirects. */
class Browser {
  readonly #cookies: { name: string; value: string; path: string; host: string }[] = [];

  async open(url: string, init: RequestInit = {}): Promise<{ url: URL; status: number; text: string }> {
    let [next, request] = [new URL(url, server.url), init];
    for (let hops = 0; hops < 12; hops += 1) {
      const sent = this.#cookies.filter(
        ({ host, path }) =>
          host === next.host &&
          (next.pathname === path || next.pathname.startsWith(path.replace(/\/?$/, '/'))),
      );
      const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ');
      const answer = await fetch(next, {
        ...request,
        redirect: 'manual',
        headers: { ...(request.headers as Record<string, string>), ...(cookie !== '' && { cookie }) },
      });
      for (const line of answer.headers.getSetCookie()) this.#keep(line, next);
      const location = answer.headers.get('location');
      if (location === null) return { url: next, status: answer.status, text: await answer.text() };
      next = new URL(location, next);
      request = {};
    }
    throw new Error(`too many redirects, the last one to ${next.href}`);
  }

  /** Sends the only form of a page, with these values. */
  submit(page: { url: URL; text: string }, values: Readonly<Record<string, string>> = {}) {
    const action = /<form[^>]*action="([^"]*)"/.exec(page.text)?.[1] ?? page.url.href;
    const fields = [...page.text.matchAll(/<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)];
    const body = new URLSearchParams(
      fields.map(([, name = '', value = '']): [string, string] => [name, value]),
    );
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    return this.open(new URL(action, page.url).href, { method: 'POST', body });
  }

  cookie(name: string): string | undefined {
    return this.#cookies.find((each) => each.name === name)?.value;
  }

  #keep(line: string, { host }: URL): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/';
    const old = this.#cookies.findIndex(
      (each) => each.name === name && each.host === host && each.path === path,
    );
    if (old >= 0) this.#cookies.splice(old, 1);
    if (value !== '' && !/max-age=0|expires=Thu, 01 Jan 1970/i.test(line))
      this.#cookies.push({ name, value, path, host });
  }
}

const newLink = async (): Promise<string> => {
  const answer = await fetch(`${server.url}/sign-in-links`, { method: 'POST', headers: authorization(key) });
  return ((await answer.json()) as { url: string }).url;
};

describe('a sign-in link', () => {
  it('is used up by its button and not by being opened, once', async () => {
    const link = await newLink();
    const [preview, first, second] = [new Browser(), new Browser(), new Browser()];
    await preview.open(link);
    await preview.open(link);
    const signedIn = await first.submit(await first.open(link));
    expect([signedIn.status, signedIn.url.pathname]).toEqual([200, '/ui']);
    expect(signedIn.text).toContain('Signed in as <b>grace</b>');
    const late = await second.submit(await second.open(link));
    expect([late.status, late.text]).toEqual([401, expect.stringContaining('used already')]);
    const { rows } = await fixture.database.pool.query<{ all: string }>(
      'select string_agg(l::text, $1) || (select string_agg(s::text, $1) from tidegate.session s) as all from tidegate.sign_in_link l',
      [' '],
    );
    expect(rows[0]?.all).not.toContain(new URL(link).searchParams.get('link'));
    expect(rows[0]?.all).not.toContain(first.cookie('tidegate_session'));
  });

  it('of more than ten minutes ago is refused', async () => {
    const link = await newLink();
    await fixture.database.pool.query(
      `update tidegate.sign_in_link set expires_at = now() where consumed_at is null`,
    );
    const browser = new Browser();
    expect((await browser.submit(await browser.open(link))).status).toBe(401);
  });

  it('is not used by a form of another site', async () => {
    const link = new URL(await newLink()).searchParams.get('link') ?? '';
    for (const headers of [{ origin: 'https://evil.example.com' }, { 'sec-fetch-site': 'cross-site' }]) {
      const body = new URLSearchParams({ link });
      const answer = await fetch(`${server.url}/ui/sign-in`, { method: 'POST', headers, body });
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    }
  });
});

describe('a session', () => {
  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser();
    await browser.submit(await browser.open(await newLink()));
    return browser;
  };

  it('opens pages below /ui and no other route', async () => {
    const browser = await signedIn();
    const cookie = `tidegate_session=${browser.cookie('tidegate_session')}`;
    expect((await fetch(`${server.url}/ui`, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(`${server.url}/ui/docs/json`, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(`${server.url}/models`, { headers: { cookie } })).status).toBe(401);
    const other = await fetch(`${server.url}/models/churn/decisions`, {
      method: 'POST',
      headers: { cookie },
    });
    expect(other.status).toBe(401);
  });

  it('ends by its own form, and by no form that lacks its token', async () => {
    const browser = await signedIn();
    const forged = await browser.open('/ui/sign-out', {
      method: 'POST',
      body: new URLSearchParams({ csrf: 'x' }),
    });
    expect([forged.status, forged.text]).toEqual([403, expect.stringContaining('did not come from a page')]);
    const cookie = `tidegate_session=${browser.cookie('tidegate_session')}`;
    const left = await browser.submit(await browser.open('/ui'));
    expect(left.url.pathname).toBe('/ui/sign-in');
    await eventually(async () => {
      const again = await fetch(`${server.url}/ui`, { headers: { cookie }, redirect: 'manual' });
      expect([again.status, again.headers.get('location')]).toEqual([
        302,
        expect.stringContaining('/ui/sign-in'),
      ]);
    });
  });

  it('has pages that run no script, are not kept and reveal no address', async () => {
    const answer = await fetch(await newLink());
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const odd = await fetch(
      `${server.url}/ui/sign-in?link=${encodeURIComponent('"><script>alert(1)</script>')}`,
    );
    expect(await odd.text()).not.toContain('<script>');
  });
});

describe('a sign-in with the issuer', () => {
  const signIn = async (browser: Browser, login: string) => {
    let page = await browser.open('/ui/start?to=/ui');
    page = await browser.submit(page, { login, password: 'any' });
    return page.url.host === new URL(issuer.url).host ? browser.submit(page) : page;
  };

  it('begins a session of the person, with the roles of their groups', async () => {
    issuer.groups = ['risk'];
    await fixture.database.pool.query(
      `insert into tidegate.role_binding (oidc_group, role) values ('risk', 'approver')`,
    );
    const browser = new Browser();
    const page = await signIn(browser, 'ada');
    expect([page.url.pathname, page.status]).toEqual(['/ui', 200]);
    expect(page.text).toContain('Signed in as <b>ada</b>. Roles for all models: viewer, approver.');
    const { rows } = await fixture.database.pool.query(
      'select subject, issuer from tidegate.principal where name = $1',
      ['ada'],
    );
    expect(rows).toEqual([{ subject: 'ada', issuer: issuer.url }]);
  });

  it('is refused in a browser that did not begin it, and with another state', async () => {
    const stranger = await new Browser().open('/ui/callback?code=abc&state=def');
    expect([stranger.status, stranger.text]).toEqual([
      401,
      expect.stringContaining('did not begin the sign-in'),
    ]);
    const browser = new Browser();
    await browser.open('/ui/start');
    const forged = await browser.open('/ui/callback?code=abc&state=def');
    expect([forged.status, forged.text]).toEqual([401, expect.stringContaining('failed')]);
  });

  it('does not lead to another site afterwards', async () => {
    for (const to of ['https://evil.example.com', '//evil.example.com', '/models']) {
      const browser = new Browser();
      await browser.open(`/ui/start?to=${encodeURIComponent(to)}`);
      const kept = JSON.parse(
        Buffer.from(browser.cookie('tidegate_sign_in') ?? '', 'base64url').toString(),
      ) as { to: string };
      expect(kept.to).toBe('/ui');
    }
  });

  it('while the issuer is away is answered with 503, and links still work', async () => {
    const other = await startServer(
      {
        database: fixture.database,
        gate: new FakeGate(),
        logger: silent,
        auth: 'on',
        oidc: {
          issuer: 'http://127.0.0.1:1',
          audience: AUDIENCE,
          groupsClaim: 'groups',
          clientId: PEOPLE_CLIENT,
        },
      },
      { port: 0 },
    );
    const page = await fetch(`${other.url}/ui/start`);
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('did not answer')]);
    await other.close();
  });
});
