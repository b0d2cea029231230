// The alert rules for Prometheus: they name metrics that exist, and promtool, if it is installed, tests each of them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const folder = fileURLToPath(new URL('../../docker/prometheus/', import.meta.url));
const read = (file: string): string => readFileSync(`${folder}${file}`, 'utf8');

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: Readonly<Record<'summary' | 'action', string>>;
    }[];
  }[];
}

const rules = (parse(read('alerts.yml')) as Rules).groups.flatMap((group) => group.rules);

it('each alert uses metrics that the API has, and says what to do', () => {
  const sources = ['metrics.ts', 'serving-metrics.ts'].map((file) =>
    readFileSync(new URL(`../../api/routes/${file}`, import.meta.url), 'utf8'),
  );
  const code = sources.join('\n');
  for (const { alert, expr, annotations } of rules) {
    for (const [name] of expr.matchAll(/tidegate_\w+/g))
      expect(
        code.includes(name) || code.includes(`  ${name.replace('tidegate_', '')}: [`),
        `${alert}: ${name}`,
      ).toBe(true);
    expect(annotations.summary && annotations.action, alert).toBeTruthy();
  }
});

it('each alert fires in its tests, and stays quiet in others', (context) => {
  const cases = read('alerts.test.yml');
  for (const { alert } of rules) expect(cases).toContain(`alertname="${alert}"`);
  const { status, error, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'alerts.test.yml'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error) context.skip('promtool is not installed (apt-get install prometheus)');
  expect(status, `${stdout}${stderr}`).toBe(0);
});
