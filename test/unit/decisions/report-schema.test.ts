// The published schema of a report is the one by which reports are checked.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { REPORT_VERSION, reportJsonSchema } from '../../../domain/decisions/report/report-document.ts';

it('docs/schema contains the current schema; if this fails, run `npm run schema`', async () => {
  const published = await readFile(
    new URL(`../../../docs/schema/report-${REPORT_VERSION}.json`, import.meta.url),
    'utf8',
  );
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
});
