// The recorded histories, read from their files.
import { readdirSync, readFileSync } from 'node:fs';
import { type History } from '@temporalio/common/lib/proto-utils.js';
import { historyFromJson } from './history-json.ts';

const folder = new URL('histories/', import.meta.url);

/** A history as it was recorded; each call reads it anew, so that a reader may change its copy. */
export interface Recorded {
  readonly workflowId: string;
  readonly history: History;
}

/** The names of all recorded histories. */
export const recordedNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));

/** Reads one. */
export function readRecorded(name: string): Recorded {
  const { workflowId, history } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as {
    workflowId: string;
    history: unknown;
  };
  return { workflowId, history: historyFromJson(history) };
}
