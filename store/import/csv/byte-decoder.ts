// Decodes the bytes of a file in a named encoding, and refuses bytes that are invalid in it.
import iconv from 'iconv-lite';

/** The canonical name of an encoding. @example 'utf-8', 'utf-16le', 'windows-1252', 'iso-8859-2' */
export type Encoding = string;

/** Decodes the chunks of a file. A character may be split between two chunks. */
export interface ByteDecoder {
  /** @throws UndecodableBytes */
  decode(bytes: Uint8Array): string;
  /**
   * Returns the rest of the text after the last chunk. @throws UndecodableBytes if the last character is incomplete
   */
  end(): string;
  /** Returns the number of bytes that a text takes in the file. */
  bytesOf(text: string): number;
}

/** Thrown for bytes that are invalid in the encoding. */
export class UndecodableBytes extends Error {}

const UNICODE: ReadonlySet<Encoding> = new Set(['utf-8', 'utf-16le', 'utf-16be']);

// Latin-1 is read as Windows-1252, as browsers do: the two differ only in control characters.
const aliases: Readonly<Record<string, Encoding>> = {
  utf8: 'utf-8',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  ucs2: 'utf-16le',
  utf16be: 'utf-16be',
  latin1: 'windows-1252',
  iso88591: 'windows-1252',
  l1: 'windows-1252',
  ascii: 'windows-1252',
  cp1252: 'windows-1252',
};

// Encodings that iconv-lite can decode but an import refuses: other forms of Unicode, and transfer encodings such as
// base64.
const REFUSED = /^(binary|base64|hex|utf7.*|utf32.*|cesu8|internal|_.*)$/;

/**
 * Returns the encoding for a name in any usual spelling; undefined if there is no such encoding.
 *
 * @example encodingNamed('Latin1') // 'windows-1252'
 */
export function encodingNamed(name: string): Encoding | undefined {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const alias = Object.hasOwn(aliases, plain) ? aliases[plain] : undefined;
  if (alias !== undefined) return alias;
  return plain !== '' && !REFUSED.test(plain) && iconv.encodingExists(plain) ? name.toLowerCase() : undefined;
}

/** Returns a decoder for one file after its byte order mark. @param encoding as {@link encodingNamed} returns it */
export function decoderOf(encoding: Encoding): ByteDecoder {
  return UNICODE.has(encoding) ? unicodeDecoder(encoding) : tableDecoder(encoding);
}

function unicodeDecoder(encoding: Encoding): ByteDecoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw new UndecodableBytes(`not ${encoding}`, { cause });
    }
  };
  return {
    decode,
    end: () => decode(),
    bytesOf: (text) => (encoding === 'utf-8' ? Buffer.byteLength(text) : 2 * text.length),
  };
}

// Not Node's TextDecoder: in Node 20 and early releases of 22 and 24 it decodes Windows-1252 as Latin-1 and loses the
// euro sign.
function tableDecoder(encoding: Encoding): ByteDecoder {
  const decoder = iconv.getDecoder(encoding);
  const checked = (text: string): string => {
    if (text.includes('\ufffd')) throw new UndecodableBytes(`not ${encoding}`);
    return text;
  };
  return {
    decode: (bytes) => checked(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))),
    end: () => checked(decoder.end() ?? ''),
    bytesOf: (text) => iconv.encode(text, encoding).length,
  };
}
