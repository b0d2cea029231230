// Text out of the bytes of a file, in a named encoding, refusing bytes that are not of it.
import iconv from 'iconv-lite';

/** The canonical name of an encoding. @example 'utf-8', 'utf-16le', 'windows-1252', 'iso-8859-2' */
export type Encoding = string;

/** Turns the chunks of a file into text; a character may be split between two. */
export interface ByteDecoder {
  /** @throws UndecodableBytes */
  decode(bytes: Uint8Array): string;
  /** What the last chunk left over. @throws UndecodableBytes where a character is cut short */
  end(): string;
  /** How many bytes a text takes in the file. */
  bytesOf(text: string): number;
}

/** Bytes that stand for nothing in the encoding. */
export class UndecodableBytes extends Error {}

const UNICODE: ReadonlySet<Encoding> = new Set(['utf-8', 'utf-16le', 'utf-16be']);

// Everybody who says Latin-1 means what Windows made of it: the two differ in control characters alone.
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

// What the library decodes besides: other forms of Unicode, and transports that are no encodings of text.
const REFUSED = /^(binary|base64|hex|utf7.*|utf32.*|cesu8|internal|_.*)$/;

/**
 * The encoding of a name as people write it; nothing where there is none such.
 *
 * @example encodingNamed('Latin1') // 'windows-1252'
 */
export function encodingNamed(name: string): Encoding | undefined {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const alias = Object.hasOwn(aliases, plain) ? aliases[plain] : undefined;
  if (alias !== undefined) return alias;
  return plain !== '' && !REFUSED.test(plain) && iconv.encodingExists(plain) ? name.toLowerCase() : undefined;
}

/** A decoder for one file, past its byte order mark. @param encoding as {@link encodingNamed} gives it */
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

// Not Node's decoder: up to 20 and early in 22 and 24 it takes Windows-1252 for Latin-1 and loses the euro sign.
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
