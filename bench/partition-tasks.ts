// What the processes of bench/partitions.ts say to each other.

/** What the process is asked to do. */
export type AloneTask =
  | { readonly step: 'profile'; readonly reportId: number; readonly part: number; readonly parts: number }
  | { readonly step: 'judge'; readonly reportId: number }
  | { readonly step: 'end' };

/** Megabytes: before the first task, and the most since then. */
export interface AloneAnswer {
  readonly idle: number;
  readonly peak: number;
}
