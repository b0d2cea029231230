// Posts to an address from the settings, but never to an address inside the network of this machine.
import { lookup } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** The address is one that Tidegate does not post to, or it redirects. Trying again does not help. */
export class AddressRefused extends Error {}

/** What to post, and where. */
export interface GuardedPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether loopback and private addresses are allowed. Link-local addresses and metadata services never are. */
  readonly allowPrivate: boolean;
  /** For the whole request, in milliseconds. */
  readonly timeoutMs: number;
}

const never = new BlockList();
never.addSubnet('169.254.0.0', 16); // link-local; the metadata service of most clouds
never.addAddress('100.100.100.200'); // the metadata service of Alibaba
never.addAddress('192.0.0.192'); // the metadata service of Oracle
never.addSubnet('224.0.0.0', 4); // multicast
never.addSubnet('240.0.0.0', 4); // reserved, broadcast
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('ff00::', 8, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6'); // the metadata service of AWS
never.addAddress('fd20:ce::254', 'ipv6'); // the metadata service of Google

const inside = new BlockList();
inside.addSubnet('0.0.0.0', 8); // this machine
inside.addSubnet('127.0.0.0', 8);
inside.addSubnet('10.0.0.0', 8);
inside.addSubnet('172.16.0.0', 12);
inside.addSubnet('192.168.0.0', 16);
inside.addSubnet('100.64.0.0', 10); // shared by the customers of a provider
inside.addSubnet('192.0.0.0', 24);
inside.addSubnet('198.18.0.0', 15); // benchmarks
inside.addSubnet('::', 127, 'ipv6'); // unspecified, loopback
inside.addSubnet('fc00::', 7, 'ipv6');
inside.addSubnet('fec0::', 10, 'ipv6');

/**
 * Returns why Tidegate does not post to an IP address; undefined if it does.
 *
 * @example whyRefused('::ffff:169.254.169.254', true) // 'a link-local, metadata or multicast address'
 */
export function whyRefused(address: string, allowPrivate: boolean): string | undefined {
  for (const one of [address, ...embedded(address)]) {
    const family = isIP(one) === 6 ? 'ipv6' : 'ipv4';
    if (never.check(one, family)) return 'a link-local, metadata or multicast address';
    if (!allowPrivate && inside.check(one, family)) return 'a loopback or private address';
  }
  return undefined;
}

/** Returns the IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 and 6to4 forms. */
function embedded(address: string): string[] {
  if (isIP(address) !== 6) return [];
  const groups = groupsOf(address);
  const v4 = (at: number): string => {
    const [high = 0, low = 0] = groups.slice(at);
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  };
  const startsWith = (...start: number[]): boolean => start.every((group, at) => groups[at] === group);
  if (startsWith(0x2002)) return [v4(1)];
  const isLast = startsWith(0, 0, 0, 0) || startsWith(0x64, 0xff9b);
  // `::` and `::1` are addresses of their own.
  return isLast && !(startsWith(0, 0, 0, 0, 0, 0, 0) && (groups[7] ?? 0) <= 1) ? [v4(6)] : [];
}

function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%');
  // A URL writes every form of an address in groups of hexadecimal digits.
  const [front = '', back] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((one) => parseInt(one, 16));
  const [first, last] = [parse(front), parse(back ?? '')];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/**
 * Returns the address of a host, for a protocol that connects by itself. Connect to this address and not to the name, which
 * could resolve to another address by then.
 *
 * @throws AddressRefused if the host has an address inside; an Error if its name cannot be resolved
 * @example await guardedAddress('mail.example.org', false) // '203.0.113.7'
 */
export async function guardedAddress(host: string, allowPrivate: boolean): Promise<string> {
  const addresses = isIP(host) === 0 ? await resolve(host, { all: true }) : [{ address: host }];
  for (const { address } of addresses) {
    const why = whyRefused(address, allowPrivate);
    if (why !== undefined) throw new AddressRefused(refusal(host, address, why));
  }
  return addresses[0]!.address;
}

/** Resolves a name as a connection does, and fails if any of its addresses is refused. */
const guardedLookup =
  (allowPrivate: boolean): LookupFunction =>
  (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      for (const { address } of addresses) {
        const why = whyRefused(address, allowPrivate);
        if (why !== undefined) return done(new AddressRefused(refusal(name, address, why)), []);
      }
      const [first] = addresses;
      if (options.all || !first) return done(null, addresses);
      return done(null, first.address, first.family);
    });
  };

const refusal = (host: string, address: string, why: string): string =>
  `${host === address ? host : `${host} (${address})`} is ${why}; Tidegate does not post there`;

/**
 * Posts and returns the status of the answer, of which the body is not read. The address that was checked is the one that
 * is connected to, so that a name cannot resolve to another one in between. Redirects are not followed.
 *
 * @throws AddressRefused if the address is inside, or redirects; an Error if there is no answer in time
 */
export async function guardedPost(post: GuardedPost): Promise<number> {
  const { url, headers, body, allowPrivate, timeoutMs } = post;
  const { protocol, hostname } = new URL(url);
  // No name is resolved for an address that is written as a number.
  const literal = hostname.replace(/^\[|\]$/g, '');
  const why = isIP(literal) === 0 ? undefined : whyRefused(literal, allowPrivate);
  if (why !== undefined) throw new AddressRefused(refusal(literal, literal, why));
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      // No connection of another request is used, because its address was not checked for this one.
      agent: false,
      lookup: guardedLookup(allowPrivate),
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      if (status >= 300 && status < 400) reject(new AddressRefused(`it redirects (${status})`));
      else resolve(status);
    });
    request.once('error', (error) => {
      reject(error.name === 'AbortError' ? new Error(`no answer within ${timeoutMs} ms`) : error);
    });
    // An answer that ends after its status is known, such as one that is cut off, changes nothing.
    request.on('error', () => undefined);
    request.end(body);
  });
}
