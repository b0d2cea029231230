// Sends a notification by e-mail.
import { emailText, type CloudEvent } from '../domain/notifications.ts';
import { isLoopback } from '../domain/identity/loopback.ts';
import { guardedAddress } from '../store/network/guarded-post.ts';
import { type EmailTarget } from './deps.ts';

/** What the mail server answered. */
export interface SentEmail {
  /** Recipients that it did not accept; the others have the message. */
  readonly refused: readonly string[];
}

/**
 * Sends an event to all recipients in one message. The connection is encrypted from the start with `smtps:`; otherwise as soon
 * as the server offers it, and always before a password is sent to another machine.
 *
 * @param timeoutMs for the whole delivery, in milliseconds
 * @throws AddressRefused if the server is at a link-local address; an Error if it does not accept the message in time
 */
export async function sendEmail(
  event: CloudEvent,
  { url, password, from, to }: EmailTarget,
  timeoutMs: number,
): Promise<SentEmail> {
  const { protocol, hostname, port, username, password: inUrl } = new URL(url);
  const secret = password ?? (inUrl === '' ? undefined : decodeURIComponent(inUrl));
  const isSecure = protocol === 'smtps:';
  // Mail servers are usually in the own network, so private addresses are allowed.
  const host = await guardedAddress(hostname.replace(/^\[|\]$/g, ''), true);
  // Loaded only here: most installations send no e-mail.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    requireTLS: username !== '' && !isLoopback(hostname),
    tls: { servername: hostname },
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: secret ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const { subject, text } = emailText(event);
    const sending = transport.sendMail({
      from,
      to: [...to],
      subject,
      text,
      // The same for each attempt, so that a message that arrives twice is recognized.
      messageId: `<${event.id}@tidegate>`,
      date: new Date(event.time),
      headers: { 'auto-submitted': 'auto-generated' },
    });
    const { rejected } = await Promise.race([sending, late]);
    return { refused: rejected.map(String) };
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}
