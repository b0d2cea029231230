// Messages between the processes of bench/partitions.ts.

/** A task for a process. */
export type AloneTask =
  | { readonly step: 'profile'; readonly reportId: number; readonly part: number; readonly parts: number }
  | { readonly step: 'judge'; readonly reportId: number }
  | { readonly step: 'end' };

/** Megabytes: before the first task, and the peak since then. */
export interface AloneAnswer {
  readonly idle: number;
  readonly peak: number;
}
