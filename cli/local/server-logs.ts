// The output of the servers that `tidegate start` runs: everything goes into log files, warnings also to the terminal.
import { chmodSync, closeSync, createWriteStream, mkdirSync, openSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { type Log } from './processes/managed-process.ts';

const WARNING = 40;

// The supervisor's prefix with the name of the process.
const SUPERVISED = /^\[[^\]]+\] (?=\{)/;

/** Appends each server's output to its own file, `<folder>/<server>.log`. */
export class ServerLogs {
  readonly folder: string;
  readonly #files = new Map<string, WriteStream>();

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'logs');
  }

  /**
   * Returns a log for the output of one server.
   *
   * @param echo receives the lines that {@link worthShowing} selects for the terminal
   */
  of(server: string, echo: Log = () => undefined): Log {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, `${server}.log`);
    closeSync(openSync(path, 'a', 0o600));
    // Folders and files of an earlier release may be readable by others.
    chmodSync(this.folder, 0o700);
    chmodSync(path, 0o600);
    const file = createWriteStream(path, { flags: 'a' });
    // An error such as a full disk must not end the servers.
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

/** The fields of a JSON log line that are read. */
interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

/**
 * Returns the part of a log line that belongs on the terminal: the message of a warning or an error with the first line of
 * its cause, or a whole line that is not JSON, such as one of the supervisor. Undefined for all other lines.
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
