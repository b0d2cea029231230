// Folders that hold data: nobody else on the machine looks into them.
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isRoot } from './postgres-identity.ts';

/** How a folder is closed. `enter`: as root, Postgres runs as another user and must pass through to its cluster. */
export type Closed = 'all' | 'enter';

/**
 * Makes a folder that only this user can read and change: 0700. A folder that Postgres must pass through is 0711 where
 * this user is root: others can enter it, but not see what is in it.
 *
 * @param existing whether a folder that is there is closed as well; one that a person named may hold other things
 */
export async function privateFolder(
  folder: string,
  { closed = 'all', existing = true }: { readonly closed?: Closed; readonly existing?: boolean } = {},
): Promise<void> {
  const mode = closed === 'enter' && isRoot() ? 0o711 : 0o700;
  const first = await mkdir(folder, { recursive: true, mode });
  // Set again, because the umask takes away from what was asked for: here and on the way here.
  const path = resolve(folder);
  if (existing) await chmod(path, mode);
  for (let made = path; first !== undefined && made.startsWith(first); made = dirname(made)) {
    await chmod(made, mode);
  }
}
