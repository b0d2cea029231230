// What every command is given.
import { type Config } from './config.ts';
import { type Output } from './output/output.ts';

/** Settings and output of one call of the command line. */
export interface CommandContext {
  /** The settings, read at the first call, so that `--help` needs none. @throws TidegateError BAD_CONFIG */
  readonly config: () => Config;
  readonly output: Output;
}
