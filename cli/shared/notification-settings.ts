// The settings of notifications: where they are sent, and the secrets for that, which may be in files.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;
const MAX_RECIPIENTS = 20;

/** The variables about notifications. */
export const notificationVariables = {
  TIDEGATE_PUBLIC_URL: httpUrl.optional(),
  TIDEGATE_WEBHOOK_URL: httpUrl.optional(),
  TIDEGATE_WEBHOOK_SECRET: z.string().optional(),
  TIDEGATE_WEBHOOK_SECRET_FILE: z.string().optional(),
  TIDEGATE_WEBHOOK_ALLOW_PRIVATE: z.enum(['true', 'false'], 'must be true or false').default('false'),
  TIDEGATE_SLACK_URL: httpUrl.optional(),
  TIDEGATE_SLACK_URL_FILE: z.string().optional(),
  TIDEGATE_SMTP_URL: z
    .url({
      protocol: /^smtps?$/,
      error: 'must look like smtp://user@mail.example.org:587, or smtps:// for TLS from the start',
    })
    .optional(),
  TIDEGATE_SMTP_PASSWORD: z.string().optional(),
  TIDEGATE_SMTP_PASSWORD_FILE: z.string().optional(),
  TIDEGATE_SMTP_FROM: z.string().regex(ADDRESS, 'must be an e-mail address').optional(),
  TIDEGATE_NOTIFY_EMAIL: z
    .string()
    .refine((text) => {
      const all = recipientsIn(text);
      return all.length > 0 && all.length <= MAX_RECIPIENTS && all.every((one) => ADDRESS.test(one));
    }, `must be 1 to ${MAX_RECIPIENTS} e-mail addresses, separated by commas`)
    .optional(),
};

const recipientsIn = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

type Variables = { [Name in keyof typeof notificationVariables]?: string | undefined };

/** A webhook or a chat. */
interface HttpTarget {
  readonly name: string;
  readonly type: 'webhook' | 'slack';
  readonly url: string;
  readonly secret: string | undefined;
}

/** People who get an e-mail. */
interface EmailTarget {
  readonly name: string;
  readonly type: 'email';
  readonly url: string;
  readonly password: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

/** Where notifications are sent. */
export interface NotificationSettings {
  readonly targets: readonly (HttpTarget | EmailTarget)[];
  readonly allowPrivate: boolean;
  /** Address of the API for browsers, without a slash at the end. */
  readonly publicUrl: string | undefined;
}

/** Reads them, and the files that they name. @throws TidegateError BAD_CONFIG */
export function notificationSettings(settings: Variables): NotificationSettings {
  const { TIDEGATE_WEBHOOK_URL: webhook, TIDEGATE_WEBHOOK_ALLOW_PRIVATE: allowPrivate } = settings;
  const targets: (HttpTarget | EmailTarget)[] = [];
  if (webhook !== undefined) {
    const secret = secretOf(settings, 'TIDEGATE_WEBHOOK_SECRET');
    targets.push({ name: 'webhook', type: 'webhook', url: webhook, secret });
  }
  const slack = secretOf(settings, 'TIDEGATE_SLACK_URL');
  if (slack !== undefined) {
    if (!httpUrl.safeParse(slack).success) throw refused('TIDEGATE_SLACK_URL_FILE', 'it contains no address');
    targets.push({ name: 'slack', type: 'slack', url: slack, secret: undefined });
  }
  const email = emailTarget(settings);
  return {
    targets: email ? [...targets, email] : targets,
    allowPrivate: allowPrivate === 'true',
    publicUrl: settings.TIDEGATE_PUBLIC_URL?.replace(/\/+$/, ''),
  };
}

/** All three variables make one target; one without the others is a mistake that would stay unnoticed. */
function emailTarget(settings: Variables): EmailTarget | undefined {
  const { TIDEGATE_SMTP_URL: url, TIDEGATE_SMTP_FROM: from, TIDEGATE_NOTIFY_EMAIL: to } = settings;
  if (url === undefined && from === undefined && to === undefined) return undefined;
  if (url === undefined || from === undefined || to === undefined) {
    throw new TidegateError(
      'BAD_CONFIG',
      'TIDEGATE_SMTP_URL, TIDEGATE_SMTP_FROM and TIDEGATE_NOTIFY_EMAIL are needed together to send e-mail',
      { remedy: 'Set all three, or none of them.' },
    );
  }
  const password = secretOf(settings, 'TIDEGATE_SMTP_PASSWORD');
  return { name: 'email', type: 'email', url, password, from, to: recipientsIn(to) };
}

/** Returns a secret from its variable, or from the file that the variable with `_FILE` names. */
function secretOf(
  settings: Variables,
  name: 'TIDEGATE_WEBHOOK_SECRET' | 'TIDEGATE_SLACK_URL' | 'TIDEGATE_SMTP_PASSWORD',
): string | undefined {
  const [secret, file] = [settings[name], settings[`${name}_FILE`]];
  if (secret !== undefined || file === undefined) return secret;
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw refused(`${name}_FILE`, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (text === '') throw refused(`${name}_FILE`, 'the file is empty');
  return text;
}

const refused = (name: string, problem: string, cause?: unknown): TidegateError =>
  new TidegateError('BAD_CONFIG', `${name} cannot be used: ${problem}`, { cause });
