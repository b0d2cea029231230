// Takes a picture of every page of the console at three widths and in both colour schemes: `npm run screenshots -- <folder>`.
// Runs the demo in a folder of its own, and needs Chromium (TIDEGATE_CHROMIUM, or /usr/bin/chromium).
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const PAGES = {
  overview: '/ui',
  model: '/ui/models/churn',
  features: '/ui/models/churn/features',
  try: '/ui/models/churn/try',
  version: '/ui/models/churn/versions/2',
  versions: '/ui/models/churn/compare/versions?a=1&b=2',
  report: '/ui/models/churn/reports/2',
  reports: '/ui/models/churn/compare/reports?a=1&b=2',
  approvals: '/ui/approvals',
  audit: '/ui/audit?chain=churn',
  settings: '/ui/settings',
  parts: '/ui/parts',
};
const WIDTHS = [390, 820, 1_440];

const folder = resolve(process.argv[2] ?? 'screenshots');
const data = mkdtempSync(join(tmpdir(), 'tidegate-screenshots-'));
const program = fileURLToPath(new URL('../bin/tidegate.mjs', import.meta.url));

const freePort = () =>
  new Promise((found) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

const env = { ...process.env };
for (const server of ['API', 'POSTGRES', 'TEMPORAL', 'TEMPORAL_UI'])
  env[`TIDEGATE_${server}_PORT`] = String(await freePort());

try {
  const demo = spawnSync(process.execPath, [program, 'demo', '--data', join(data, 'demo'), '--exit'], {
    env,
    stdio: 'inherit',
  });
  if (demo.status !== 0) throw new Error('the demo failed');
  const start = spawn(process.execPath, [program, 'start', '--data', join(data, 'demo')], { env });
  const ended = new Promise((done) => start.once('exit', done));
  try {
    await takeAll(await signInLink(start));
  } finally {
    start.kill('SIGTERM');
    await ended;
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}

/** Waits for the link that `tidegate start` prints. */
function signInLink(start) {
  return new Promise((found, fail) => {
    let printed = '';
    const read = (text) => {
      printed += text;
      const [link] = /http:\S+sign-in\?link=\S+/.exec(printed) ?? [];
      if (link) found(link);
    };
    start.stdout.setEncoding('utf8').on('data', read);
    start.stderr.setEncoding('utf8').on('data', read);
    start.once('exit', () => fail(new Error(`the servers did not start:\n${printed}`)));
  });
}

async function takeAll(link) {
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.TIDEGATE_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(link);
    await page.click('button.main');
    for (const [name, path] of Object.entries(PAGES)) {
      for (const width of WIDTHS) {
        for (const colorScheme of ['light', 'dark']) {
          await page.setViewportSize({ width, height: 900 });
          await page.emulateMedia({ colorScheme });
          await page.goto(new URL(path, link).href);
          await page.screenshot({
            path: join(folder, `${name}-${width}-${colorScheme}.png`),
            fullPage: true,
          });
        }
      }
    }
    console.log(`${Object.keys(PAGES).length * WIDTHS.length * 2} pictures in ${folder}`);
  } finally {
    await browser.close();
  }
}
