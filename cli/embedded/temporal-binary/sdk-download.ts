// The download that Temporal's own SDKs use. The SDK cannot fetch without also starting, so the two requests are ours.
import { cachedPath, keep, requireDigest } from './cache.ts';
import { buildFor } from './program.ts';
import { readTarGz } from './read-tar.ts';
import { readZip } from './read-zip.ts';
import type { Source, SourceContext } from './source.ts';

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

/** The pinned version from temporal.download, kept in the cache when its bytes are the pinned ones. */
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
