// Where root keeps what an unprivileged Postgres must reach when the project's own folder is closed to it.
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

/**
 * A folder only root can write and everybody can enter. Not /var/tmp: others may write there, and systemd empties it
 * of files older than 30 days.
 */
export const SYSTEM_FOLDER = '/var/lib/tidegate';

/**
 * The place in {@link SYSTEM_FOLDER} that stands in for one data folder; the same folder always has the same place.
 *
 * @example systemPlace('/root/x/.tidegate/postgres') // '/var/lib/tidegate/data-5f0c...'
 */
export const systemPlace = (dataDir: string): string =>
  join(SYSTEM_FOLDER, `data-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)}`);
