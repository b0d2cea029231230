// The console in Chromium: signing in, reading, deciding with and without a script, and the rules of accessibility on every
// page. Skipped where there is no Chromium; `npm run test:browser` fails there.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type AxeResults } from 'axe-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities/index.ts';
import { type RunningServer, startServer } from '../../api/server.ts';
import { driftFrame } from '../../bench/drift-frames.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { createSignInLink } from '../../store/identity/sessions.ts';
import { findPerson } from '../../store/identity/people.ts';
import { writeEvidence } from '../../store/registry/evidence.ts';
import { FakeGate, makeKey, ModelFixture, silent } from '../api/fixture.ts';
import { frozenModel } from '../helpers/frozen-model.ts';

const PROGRAM = process.env['TIDEGATE_CHROMIUM'] ?? '/usr/bin/chromium';
const hasChromium = existsSync(PROGRAM);
if (!hasChromium && process.env['TIDEGATE_REQUIRE_CHROMIUM'] !== undefined)
  throw new Error(`there is no Chromium at ${PROGRAM}: install it, or set TIDEGATE_CHROMIUM to its path`);

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!hasChromium)('the console in a browser', () => {
  let fixture: ModelFixture;
  let gate: FakeGate;
  let server: RunningServer;
  let browser: Browser;
  let digest: string;

  beforeAll(async () => {
    fixture = await ModelFixture.create();
    await fixture.release(0);
    await fixture.stage(await fixture.register(1));
    const { database } = fixture;
    ({ digest } = await writeEvidence(database, {
      model: 'churn',
      version: 2,
      championVersion: 1,
      body: { model: 'churn', version: 2, summary: 'better', requestedBy: 'bo' },
      expiresAt: new Date('2100-01-01Z'),
    }));
    const activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
    const inActivity = new MockActivityEnvironment();
    const measured = await frozenModel(database, 'measured', driftFrame(2_000, 'reference'));
    for (const frame of [driftFrame(1_000, 'reference'), driftFrame(2_000, 'window')]) {
      const reportId = await measured.report(frame);
      for (const step of ['checkQuality', 'measureDrift', 'measurePerformance', 'decideRetrain'] as const)
        await inActivity.run<[], unknown, () => Promise<unknown>>(() => activities[step]({ reportId }));
    }
    await makeKey(database, 'grace', ['approver', 'viewer', 'admin']);
    await makeKey(database, 'vera', ['viewer']);
    gate = new FakeGate();
    gate.answer = () => ({ accepted: true, decision: 'approve' });
    const port = await freePort();
    server = await startServer(
      { database, gate, logger: silent, auth: 'on', publicUrl: `http://127.0.0.1:${port}` },
      { port },
    );
    browser = await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
    await fixture.drop();
  });

  /** A page of a person who has signed in with a link and its button. */
  async function signedIn(name: string, options: BrowserContextOptions = {}): Promise<Page> {
    const { id } = (await findPerson(fixture.database.kysely, name))!;
    const link = await createSignInLink(fixture.database.kysely, id);
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${server.url}/ui/sign-in?link=${link}`);
    await page.locator('button.main').click();
    return page;
  }

  const said = (page: Page): Promise<string> => page.locator('main').innerText();

  it.each([
    ['with a script', true],
    ['without a script', false],
  ])(
    'somebody signs in, reads, is refused without a comment, and approves, %s',
    async (_, javaScriptEnabled) => {
      gate.sent.length = 0;
      const page = await signedIn('grace', { javaScriptEnabled });
      expect(new URL(page.url()).pathname).toBe('/ui');
      await page.getByRole('link', { name: /approvals/i }).click();
      await page.getByRole('link', { name: /churn/ }).first().click();
      expect(await said(page)).toContain('Approve churn version 2?');
      await page.getByRole('button', { name: /^reject/i }).click();
      expect(await said(page)).toContain('a rejection needs a comment');
      expect(gate.sent).toEqual([]);
      await page.locator('#comment').fill('the report is convincing');
      await page.getByRole('button', { name: /^approve/i }).click();
      await page.waitForURL(/#history$/);
      expect(gate.sent).toMatchObject([{ decision: 'approve', version: 2, evidenceDigest: digest }]);
      await page.context().close();
    },
  );

  it('a viewer reads everything, cannot decide, and is told why', async () => {
    const page = await signedIn('vera');
    await page.goto(`${server.url}/ui/models/churn/versions/2`);
    expect(await said(page)).toContain('that takes the role approver for churn');
    expect(await page.getByRole('button', { name: /^approve/i }).count()).toBe(0);
    await page.context().close();
  });

  it('a page shows the times of the reader and keeps UTC as their title', async () => {
    const page = await signedIn('grace', { timezoneId: 'Asia/Tokyo', locale: 'en-US' });
    await page.goto(`${server.url}/ui/models/churn`);
    const moved = page.locator('#production time').first();
    const utc = (await moved.getAttribute('title'))!;
    expect(utc).toMatch(/UTC$/);
    const hour = (Number(/ (\d\d):/.exec(utc)![1]) + 9) % 12 || 12;
    expect(await moved.innerText()).toMatch(new RegExp(`\\b0?${hour}:`));
    await page.context().close();
  });

  const pages = [
    '/ui',
    '/ui/approvals',
    '/ui/audit',
    '/ui/settings',
    '/ui/models/churn',
    '/ui/models/churn/versions/2',
    '/ui/models/churn/try',
    '/ui/models/churn/compare/versions?a=1&b=2',
    '/ui/models/measured',
    '/ui/models/measured/features',
    '/ui/models/measured/reports',
    '/ui/models/measured/reports/1',
    '/ui/models/measured/reports/2',
    '/ui/models/measured/compare/reports?a=1&b=2',
    '/ui/models/absent',
    '/ui/parts',
  ];

  it('no page breaks a rule of accessibility, or is wider than a phone', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const page = await signedIn('grace', { bypassCSP: true });
    const problems: string[] = [];
    for (const [width, colorScheme] of [
      [1_440, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      for (const path of pages) {
        await page.goto(`${server.url}${path}`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate<AxeResults>('axe.run()');
        for (const { id, nodes } of violations)
          problems.push(`${path} at ${width}: ${id}: ${nodes[0]?.html}`);
        const isWider = await page.evaluate<boolean>(
          'document.documentElement.scrollWidth > document.documentElement.clientWidth',
        );
        if (isWider) problems.push(`${path} at ${width}: the page scrolls sideways`);
      }
    }
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('no page asks another server for anything, or breaks its own policy', async () => {
    const page = await signedIn('grace');
    const strange: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) strange.push(request.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('404')) strange.push(message.text());
    });
    for (const path of pages) await page.goto(`${server.url}${path}`);
    expect(strange).toEqual([]);
    await page.context().close();
  });
});
