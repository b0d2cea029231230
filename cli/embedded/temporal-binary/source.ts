// One way to come by a program: what every file of this folder implements.
import type { Program } from './program.ts';

/** What a source may use. */
export interface SourceContext {
  /** Where found programs are kept; see {@link cacheFolder}. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  /** Tells a person what takes a while. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the SDK's downloads come from. */
  readonly downloadOrigin: string;
}

/** One way to come by a program. */
export interface Source {
  /** As printed: `PATH`, `cache`, `pip`. */
  readonly name: string;
  /**
   * The path of the runnable program.
   *
   * @throws Error whose message is the reason, in one line, why this way is closed
   */
  find(program: Program, context: SourceContext): Promise<string>;
}
