// Writes the published JSON Schema of a report: `npm run schema`. Never edit that file by hand.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { REPORT_VERSION, reportJsonSchema } from '../domain/decisions/report/report-document.ts';

const file = new URL(`../docs/schema/report-${REPORT_VERSION}.json`, import.meta.url);
await writeFile(file, await format(JSON.stringify(reportJsonSchema()), { parser: 'json', printWidth: 110 }));
