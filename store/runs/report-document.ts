// A stored report as the document that leaves Tidegate.
import { REPORT_VERSION } from '../../domain/decisions/report/report-document.ts';
import { type Report } from './reports.ts';

/** The document of a report: its fields, instants as ISO 8601 in UTC. @example documentOf(await getReport(database, 7)) */
export const documentOf = ({ asOf, createdAt, ...rest }: Report) => ({
  schemaVersion: REPORT_VERSION as typeof REPORT_VERSION,
  ...rest,
  asOf: asOf.toISOString(),
  createdAt: createdAt.toISOString(),
});
