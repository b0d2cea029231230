// The output of the servers that `tidegate start` runs: all of it in files, what a person must see on the terminal.
import { chmodSync, closeSync, createWriteStream, mkdirSync, openSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { type Log } from './processes/managed-process.ts';

const WARNING = 40;

// A supervisor puts the name of its process before each line.
const SUPERVISED = /^\[[^\]]+\] (?=\{)/;

/** Writes each server's output to a file of its own, `<folder>/<server>.log`, added to what is there. */
export class ServerLogs {
  readonly folder: string;
  readonly #files = new Map<string, WriteStream>();

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'logs');
  }

  /**
   * Takes the output of one server.
   *
   * @param echo gets the lines that a person must see, as {@link worthShowing} gives them
   */
  of(server: string, echo: Log = () => undefined): Log {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, `${server}.log`);
    closeSync(openSync(path, 'a', 0o600));
    // Made by an earlier release, they may be open to others.
    chmodSync(this.folder, 0o700);
    chmodSync(path, 0o600);
    const file = createWriteStream(path, { flags: 'a' });
    // A full disk must not take the servers down with it.
    file.on('error', () => undefined);
    this.#files.set(server, file);
    return (line) => {
      file.write(`${line.replace(SUPERVISED, '')}\n`);
      const shown = worthShowing(line);
      if (shown !== undefined) echo(shown);
    };
  }

  /** Closes the files. */
  async stop(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => new Promise((resolve) => file.end(resolve))));
  }
}

/** What is read of a line that a server logs. */
interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

/**
 * What of a line a person must see: the message of a warning or an error with the first line of its cause, and any
 * line that is not JSON, such as a supervisor's; undefined for the rest.
 *
 * @example worthShowing('[api] {"level":50,"msg":"the database is gone"}') // '[api] the database is gone'
 */
export function worthShowing(line: string): string | undefined {
  const [, name = '', json] = /^(\[[^\]]+\] )?(\{.*\})$/.exec(line) ?? [];
  if (json === undefined) return line.trim() === '' ? undefined : line;
  try {
    const { level = WARNING, msg, err } = JSON.parse(json) as LogLine;
    if (level < WARNING) return undefined;
    const cause = err?.message ? `: ${err.message.split('\n', 1)[0]}` : '';
    return `${name}${msg ?? json}${cause}`;
  } catch {
    return line;
  }
}
