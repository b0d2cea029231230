// The six CSV files of a month: their columns, and how a subscriber's line is written.
import { type Snapshot } from './month.ts';
import { type FileHandle, open } from 'node:fs/promises';

/** A cell's value; null is written as an empty cell. */
type Value = string | number | boolean | null;

/** A column's name and its value for a subscriber. */
export type Column = readonly [name: string, value: (snapshot: Snapshot) => Value];

const userId: Column = ['user_id', ({ subscriber }) => subscriber.id];

/** Columns by table, in the order of the file. */
export const csvTables: Readonly<Record<string, readonly Column[]>> = {
  users: [
    userId,
    ['signup_date', ({ subscriber }) => signupDate(subscriber.tenure)],
    ['user_gender', ({ subscriber }) => subscriber.gender],
    ['user_is_senior', ({ subscriber }) => subscriber.senior],
    ['has_family', ({ subscriber }) => subscriber.family],
    ['has_dependents', ({ subscriber }) => subscriber.dependents],
  ],
  subscriptions: [
    userId,
    ['months_active', ({ monthsActive }) => monthsActive],
    ['plan_stream_tv', ({ subscriber }) => subscriber.streamTv],
    ['plan_stream_movies', ({ subscriber }) => subscriber.streamMovies],
    ['contract_type', ({ subscriber }) => subscriber.contract],
    ['paperless_billing', ({ subscriber }) => subscriber.paperless],
    ['monthly_fee', ({ subscriber }) => subscriber.monthlyFee],
    ['total_paid', ({ totalPaid }) => totalPaid],
    ['net_service', ({ subscriber }) => subscriber.netService],
  ],
  usage_agg_30d: [
    userId,
    ['watch_hours_30d', ({ watchHours30d }) => watchHours30d],
    ['avg_session_mins_7d', ({ avgSessionMins7d }) => avgSessionMins7d],
    ['unique_devices_30d', ({ subscriber }) => subscriber.devices],
    ['skips_7d', ({ skips7d }) => skips7d],
    ['rebuffer_events_7d', ({ rebufferEvents7d }) => rebufferEvents7d],
  ],
  payments_agg_90d: [userId, ['failed_payments_90d', ({ failedPayments90d }) => failedPayments90d]],
  support_agg_90d: [
    userId,
    ['support_tickets_90d', ({ supportTickets90d }) => supportTickets90d],
    ['ticket_avg_resolution_hrs_90d', ({ ticketResolutionHours90d }) => ticketResolutionHours90d],
  ],
  labels: [userId, ['churn_label', ({ churned }) => churned]],
};

/** The header of a table's file, its line break included. */
export const headerOf = (columns: readonly Column[]): string =>
  `${columns.map(([name]) => name).join(',')}\n`;

/** A subscriber's line. Nothing is quoted, because no value contains a comma, a quote or a line break. */
export const lineOf = (columns: readonly Column[], snapshot: Snapshot): string =>
  `${columns.map(([, value]) => cell(value(snapshot))).join(',')}\n`;

function cell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

// Month 0 ends with August 2026; nobody signed up on the last days of a month.
function signupDate(tenure: number): string {
  return new Date(Date.UTC(2026, 7 - tenure, 15)).toISOString().slice(0, 10);
}

/** The file of one table: `add` collects lines, `flush` writes them. */
export class TableFile {
  readonly #handle: FileHandle;
  readonly #columns: readonly Column[];
  #pending: string;

  private constructor(handle: FileHandle, columns: readonly Column[]) {
    this.#handle = handle;
    this.#columns = columns;
    this.#pending = headerOf(columns);
  }

  /** Creates the file, or empties it. */
  static async create(path: string, columns: readonly Column[]): Promise<TableFile> {
    return new TableFile(await open(path, 'w'), columns);
  }

  add(snapshot: Snapshot): void {
    this.#pending += lineOf(this.#columns, snapshot);
  }

  async flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = '';
    await this.#handle.appendFile(lines);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
