// Browsers: sign-in by a link and by an issuer, what the cookie of a session opens, and sign-out.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../api/server.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { readConfig } from '../../cli/shared/config.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { Browser } from '../helpers/browser.ts';
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

const newLink = async (): Promise<string> => {
  const answer = await fetch(`${server.url}/sign-in-links`, { method: 'POST', headers: authorization(key) });
  return ((await answer.json()) as { url: string }).url;
};

describe('a sign-in link', () => {
  it('is used up by its button and not by being opened, once', async () => {
    const link = await newLink();
    const [preview, first, second] = [
      new Browser(server.url),
      new Browser(server.url),
      new Browser(server.url),
    ];
    await preview.open(link);
    await preview.open(link);
    const signedIn = await first.submit(await first.open(link));
    expect([signedIn.status, signedIn.url.pathname]).toEqual([200, '/ui']);
    expect(signedIn.text).toContain('<summary>grace</summary>');
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
    const browser = new Browser(server.url);
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
    const browser = new Browser(server.url);
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
    const browser = new Browser(server.url);
    const page = await signIn(browser, 'ada');
    expect([page.url.pathname, page.status]).toEqual(['/ui', 200]);
    expect(page.text).toContain('<summary>ada</summary>');
    const { rows } = await fixture.database.pool.query(
      'select subject, issuer from tidegate.principal where name = $1',
      ['ada'],
    );
    expect(rows).toEqual([{ subject: 'ada', issuer: issuer.url }]);
  });

  it('is refused in a browser that did not begin it, and with another state', async () => {
    const stranger = await new Browser(server.url).open('/ui/callback?code=abc&state=def');
    expect([stranger.status, stranger.text]).toEqual([
      401,
      expect.stringContaining('did not begin the sign-in'),
    ]);
    const browser = new Browser(server.url);
    await browser.open('/ui/start');
    const forged = await browser.open('/ui/callback?code=abc&state=def');
    expect([forged.status, forged.text]).toEqual([401, expect.stringContaining('failed')]);
  });

  it('does not lead to another site afterwards', async () => {
    for (const to of ['https://evil.example.com', '//evil.example.com', '/models']) {
      const browser = new Browser(server.url);
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

describe('the command sign-in', () => {
  /** Runs a command; `said` receives its progress, line by line. */
  async function run(
    args: readonly string[],
    environment: Record<string, string>,
    said: (text: string) => void = () => undefined,
  ) {
    let printed = '';
    const output = new Output({
      stdout: { write: (text: string) => (printed += text) },
      stderr: { write: (text: string) => said(text) },
    });
    const config = () =>
      readConfig({ TIDEGATE_API_URL: server.url, XDG_CONFIG_HOME: folder, ...environment });
    await buildProgram({ config, output }).parseAsync([...args, '--json'], { from: 'user' });
    return JSON.parse(printed) as Record<string, unknown>;
  }

  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tidegate-sign-in-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('prints a link for the owner of a key', async () => {
    const answer = await run(['sign-in'], { TIDEGATE_API_KEY: key });
    const browser = new Browser(server.url);
    const page = await browser.submit(await browser.open(String(answer['url'])));
    expect(page.text).toContain('<summary>grace</summary>');
  });

  it('lets a person confirm a code in a browser, and the next commands act for them', async () => {
    const settings = {
      TIDEGATE_OIDC_ISSUER: issuer.url,
      TIDEGATE_OIDC_AUDIENCE: AUDIENCE,
      TIDEGATE_OIDC_CLIENT_ID: PEOPLE_CLIENT,
    };
    issuer.groups = ['ops'];
    await fixture.database.pool.query(
      `insert into tidegate.role_binding (oidc_group, role) values ('ops', 'admin')`,
    );
    await expect(run(['role', 'list'], settings)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const confirmed: Promise<unknown>[] = [];
    const confirm = async (url: string): Promise<void> => {
      const browser = new Browser(issuer.url);
      let page = await browser.open(url);
      for (let step = 0; step < 5 && /<form/.test(page.text); step += 1)
        page = await browser.submit(
          page,
          /name="login"/.test(page.text) ? { login: 'linus', password: 'any' } : {},
        );
    };
    await run(['sign-in'], settings, (text) => {
      const url = /Open (\S+)/.exec(text)?.[1];
      if (url !== undefined) confirmed.push(confirm(url));
    });
    await Promise.all(confirmed);
    const [file = ''] = await readdir(join(folder, 'tidegate'));
    const path = join(folder, 'tidegate', file);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await run(['role', 'grant', 'linus', 'viewer'], settings);
    const { roles } = (await run(['role', 'list'], settings)) as { roles: object[] };
    expect(roles).toContainEqual(expect.objectContaining({ account: 'linus', grantedBy: 'linus' }));

    // A token that is about to expire is replaced.
    const kept = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...kept, expiresAt: Date.now() }));
    await run(['role', 'list'], settings);
    const renewed = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    expect(renewed['accessToken']).not.toBe(kept['accessToken']);

    // A token is sent only to the API for which the person signed in.
    const elsewhere = { ...settings, TIDEGATE_API_URL: server.url.replace('127.0.0.1', 'localhost') };
    await expect(run(['role', 'list'], elsewhere)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await run(['sign-in', '--forget'], settings);
    await expect(run(['role', 'list'], settings)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
