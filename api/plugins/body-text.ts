// Turns the bytes of a body into text: decompresses them, checks the character set, and decodes UTF-8.
import { isAscii } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type InputType, type ZlibOptions } from 'node:zlib';
import { type FastifyRequest } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';

/** Largest body in bytes, both compressed and decompressed; 1,000 rows of a wide model fit. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** Receives the parsed body, or the error. */
type Done = (error: Error | null, body?: unknown) => void;

/**
 * Checks the character set of a body, decompresses it, and calls back with what `parse` makes of its bytes. It is a callback,
 * because a promise for each body would cost more than parsing a small one.
 *
 * @throws TidegateError (by `done`) UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, INVALID_REQUEST, and what `parse` throws
 */
export function readBody(
  { headers }: Pick<FastifyRequest, 'headers'>,
  body: Buffer,
  parse: (bytes: Buffer) => unknown,
  done: Done,
): void {
  const { 'content-type': type = '', 'content-encoding': encoding } = headers;
  let parsed: unknown;
  try {
    checkCharset(type);
    if (encoding !== undefined) {
      unpack(body, encoding)
        .then(parse)
        .then((unpacked) => done(null, unpacked), done);
      return;
    }
    parsed = parse(body);
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, parsed);
}

type Unpack = (packed: InputType, options: ZlibOptions) => Promise<Buffer>;

const UNPACKERS: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

async function unpack(body: Buffer, encoding = 'identity'): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  const unpacker = Object.hasOwn(UNPACKERS, name) ? UNPACKERS[name] : undefined;
  if (!unpacker) {
    throw new TidegateError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the body has the content-encoding ${excerpt(encoding)}, which is not one of gzip, deflate and br`,
      { remedy: 'Send the body uncompressed, or with one of these encodings.' },
    );
  }
  try {
    return await unpacker(body, { maxOutputLength: BODY_LIMIT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new TidegateError(
        'BODY_TOO_LARGE',
        `the body is larger than ${BODY_LIMIT} bytes when decompressed`,
      );
    }
    throw new TidegateError('INVALID_REQUEST', `the body cannot be decompressed as ${name}`, {
      cause: error,
    });
  }
}

const CHARSET = /;\s*charset\s*=\s*("[^"]*"|'[^']*'|[^\s;]+)/gi;
const UTF_8 = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** Checks the character set. @throws TidegateError UNSUPPORTED_MEDIA_TYPE if the header names one other than UTF-8 */
function checkCharset(contentType: string): void {
  if (contentType === 'application/json') return;
  for (const [, value = ''] of contentType.matchAll(CHARSET)) {
    const charset = value.replaceAll(/["']/g, '').trim();
    if (!UTF_8.has(charset.toLowerCase())) {
      throw new TidegateError(
        'UNSUPPORTED_MEDIA_TYPE',
        `the body is in the character set ${excerpt(charset)}, but must be in UTF-8`,
      );
    }
  }
}

const UTF_8_DECODER = new TextDecoder('utf-8', { fatal: true });

/** Decodes UTF-8, without a byte order mark. @throws TidegateError UNSUPPORTED_MEDIA_TYPE */
export function decodeUtf8(bytes: Uint8Array): string {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  try {
    return UTF_8_DECODER.decode(bytes);
  } catch (error) {
    throw new TidegateError(
      'UNSUPPORTED_MEDIA_TYPE',
      'the body is not valid UTF-8; it may be in another encoding, such as ISO-8859-1',
      { cause: error },
    );
  }
}
