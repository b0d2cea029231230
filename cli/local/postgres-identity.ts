// The user that Postgres runs as: our own, unless we are root, because Postgres refuses to run as root.
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
 * Returns the user to run Postgres as; undefined for our own user. If we are root: the owner of the existing cluster, or the
 * system user `postgres`, which is created if it is missing.
 *
 * @throws TidegateError BAD_CONFIG if that user cannot be created
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

/** Whether `identity` can enter a folder. A parent such as /root may be closed to other users. */
export const canReach = async (folder: string, identity: Identity | undefined): Promise<boolean> => {
  if (!identity) return true;
  // The probe prints its answer, because the exit code of a probe that was killed would look like "no".
  const probe = ['-c', 'if test -x "$1"; then echo yes; else echo no; fi', 'sh', folder];
  return (await runCommand('/bin/sh', probe, { identity, cwd: '/' })) === 'yes';
};

/** Makes `identity` the owner of a file or folder; does nothing for our own user. */
export const giveTo = async (path: string, identity: Identity | undefined): Promise<void> => {
  if (identity) await chown(path, identity.uid, identity.gid);
};

/**
 * A folder that only root can write to and everyone can enter. /var/tmp would not do: others can write there, and systemd
 * deletes files that are older than 30 days.
 */
export const SYSTEM_FOLDER = '/var/lib/tidegate';

/**
 * The folder in {@link SYSTEM_FOLDER} that replaces a data folder. Every call with that data folder returns this same path.
 *
 * @example systemPlace('/root/x/.tidegate/postgres') // '/var/lib/tidegate/data-5f0c...'
 */
export const systemPlace = (dataDir: string): string =>
  join(SYSTEM_FOLDER, `data-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)}`);
