// The user that Postgres runs as: ourselves, except that the server refuses to run as root.
import { chown, stat } from 'node:fs/promises';
import { TidegateError } from '../../domain/errors.ts';
import { type Identity } from './processes/managed-process.ts';
import { runCommand } from './processes/run-command.ts';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

const USER = 'postgres';

const lookUp = async (): Promise<Identity> => {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', USER]), runCommand('id', ['-g', USER])]);
  return { uid: Number(uid), gid: Number(gid) };
};

/** Whether this process runs as root. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * The user to run Postgres as: undefined for ourselves; as root, whoever owns the existing cluster, else the system
 * user `postgres`, which is created where the machine has none.
 *
 * @throws TidegateError BAD_CONFIG when root cannot get such a user
 */
export const postgresIdentity = async (cluster: string): Promise<Identity | undefined> => {
  if (!isRoot()) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  try {
    return await lookUp().catch(async () => {
      await runCommand('groupadd', ['--system', '--force', USER]);
      await runCommand('useradd', ['--system', '--no-create-home', '--gid', USER, USER]);
      return lookUp();
    });
  } catch (cause) {
    throw new TidegateError(
      'BAD_CONFIG',
      `Postgres refuses to run as root, and the user "${USER}" is missing`,
      {
        remedy: `Run as an ordinary user, or create one: useradd --system ${USER}. Or set DATABASE_URL.`,
        cause,
      },
    );
  }
};

/** Whether `identity` can enter a folder; some parent of it may be closed to others, as /root is. */
export const canReach = async (folder: string, identity: Identity | undefined): Promise<boolean> => {
  if (!identity) return true;
  // Asked for a word, not an exit code: a probe that was ended by a signal has not said no.
  const probe = ['-c', 'if test -x "$1"; then echo yes; else echo no; fi', 'sh', folder];
  return (await runCommand('/bin/sh', probe, { identity, cwd: '/' })) === 'yes';
};

/** Gives a file or folder to `identity`; does nothing for ourselves. */
export const giveTo = async (path: string, identity: Identity | undefined): Promise<void> => {
  if (identity) await chown(path, identity.uid, identity.gid);
};

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
