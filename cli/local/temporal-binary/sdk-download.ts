// The download that Temporal's SDKs use. We send its two requests ourselves, because the SDK cannot download a program
// without starting it.
import { cachedPath, keep, requireDigest, type Source, type SourceContext } from './cache.ts';
import { buildFor } from './program.ts';
import { readZip } from './wheel.ts';
import { gunzipSync } from 'node:zlib';

const ANSWER_WITHIN_MS = 10_000;
const ARCHIVE_WITHIN_MS = 600_000;

interface DownloadInfo {
  readonly archiveUrl: string;
  readonly fileToExtract: string;
}

const get = async (url: string, timeout: number, { signal }: SourceContext): Promise<Response> => {
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return response;
  } catch (cause) {
    signal?.throwIfAborted();
    const { message, cause: deeper } = cause as Error;
    throw new Error(`${new URL(url).host}: ${deeper instanceof Error ? deeper.message : message}`, { cause });
  }
};

/** Downloads the pinned version from temporal.download and stores it in the cache after checking its digest. */
export const sdkDownload: Source = {
  name: 'SDK download',
  find: async (program, context) => {
    const build = buildFor(program);
    const query = new URLSearchParams({
      platform: process.platform,
      arch: process.arch === 'x64' ? 'amd64' : process.arch,
      format: 'tar.gz',
    });
    const url = `${context.downloadOrigin}/${program.download}/v${program.version}?${query.toString()}`;
    const info = (await (await get(url, ANSWER_WITHIN_MS, context)).json()) as DownloadInfo;
    context.log(`downloading ${info.archiveUrl}`);
    const archive = Buffer.from(await (await get(info.archiveUrl, ARCHIVE_WITHIN_MS, context)).arrayBuffer());
    const read = info.archiveUrl.endsWith('.zip') ? readZip : readTarGz;
    const bytes = read(archive, info.fileToExtract);
    requireDigest(`the downloaded ${program.name} ${program.version}`, bytes, build.binary);
    return keep(context.cache, cachedPath(context.cache, program), bytes);
  },
};

const BLOCK = 512;

const text = (header: Buffer, start: number, length: number): string =>
  header.toString('latin1', start, start + length).replace(/\0.*$/s, '');

/**
 * Returns the bytes of the first file whose last path segments are `name`.
 *
 * @throws Error if the archive has no such file or is truncated
 * @example readTarGz(archive, 'temporal')
 */
export const readTarGz = (archive: Buffer, name: string): Buffer => {
  const tar = gunzipSync(archive);
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || start + size > tar.length) throw new Error('the archive is truncated');
    // Type '0', or NUL in old archives, is a plain file; others are folders, links and extensions.
    const isFile = header[156] === 0x30 || header[156] === 0;
    if (isFile && `/${text(header, 0, 100)}`.endsWith(`/${name}`)) return tar.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error(`the archive has no ${name}`);
};
