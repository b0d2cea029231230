// Addresses that only this machine can reach.

/**
 * Whether a host name or address, with or without a port, is one of this machine only.
 *
 * @example isLoopback('127.0.0.1:8080') // true
 */
export function isLoopback(host: string): boolean {
  const bare = host.includes('::') && !host.startsWith('[') ? `[${host}]` : host;
  let name: string;
  try {
    name = new URL(`http://${bare}`).hostname;
  } catch {
    return false;
  }
  // A URL writes every form of an IPv4 address as four decimal numbers, so this pattern cannot match a name.
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name);
}
