// What every operation needs to start runs and to record them.
import { type Client } from '@temporalio/client';
import { type Database } from '../store/postgres/database.ts';
import { type Installation } from '../store/registry/installation.ts';

/** Connections of an operation. */
export interface OperationServices {
  /** Without the time limit that the statements of requests have: an operation may read whole tables. */
  readonly database: Database;
  readonly client: Client;
  /** Runs and schedules that the client starts carry its id. */
  readonly installation: Installation;
  readonly taskQueue: string;
}
