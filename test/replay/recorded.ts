// Reads the recorded histories from their files.
import { readdirSync, readFileSync } from 'node:fs';
import { type History } from '@temporalio/common/lib/proto-utils.js';
import { historyFromJson } from './history-json.ts';

const folder = new URL('histories/', import.meta.url);

/** Returns a recorded history; each call reads the file again, so that the caller may change its copy. */
export interface Recorded {
  readonly workflowId: string;
  readonly history: History;
}

/** Returns the names of all recorded histories. */
export const recordedNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));

/** Reads one history. */
export function readRecorded(name: string): Recorded {
  const { workflowId, history } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as {
    workflowId: string;
    history: unknown;
  };
  return { workflowId, history: historyFromJson(history) };
}
