// What a run shows in the Temporal UI: current details in Markdown, and search attributes.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from './contracts.ts';

/** The steps of a run as a list that grows; shown as the run's current details. */
export class RunDetails {
  readonly #title: string;
  readonly #lines: string[] = [];
  #footer = '';

  constructor(title: string) {
    this.#title = title;
    this.#show();
  }

  /** Adds a line: what was found or done. */
  add(line: string): void {
    this.#lines.push(line);
    this.#show();
  }

  /** Replaces the text below the list. */
  footer(markdown: string): void {
    this.#footer = markdown;
    this.#show();
  }

  #show(): void {
    const list = this.#lines.map((line) => `- ${line}`).join('\n');
    setCurrentDetails([`### ${this.#title}`, list, this.#footer].filter((part) => part !== '').join('\n\n'));
  }
}

/** Sets the search attributes of this run that are given. */
export function tag(values: { stage?: string; outcome?: string; version?: number }): void {
  upsertSearchAttributes([
    ...(values.stage === undefined ? [] : [{ key: searchAttributes.stage, value: values.stage }]),
    ...(values.outcome === undefined ? [] : [{ key: searchAttributes.outcome, value: values.outcome }]),
    ...(values.version === undefined ? [] : [{ key: searchAttributes.version, value: values.version }]),
  ]);
}
