// Signs notifications as two families of receivers verify them: Standard Webhooks, and MLflow.
import { createHmac } from 'node:crypto';

/**
 * Returns the headers of a signed notification. Both signatures are HMAC-SHA256 of `id.timestamp.body`. For MLflow the key
 * is the secret as it is written; for Standard Webhooks it is the base64 text after `whsec_`, or the secret as it is
 * written if it has no such prefix.
 *
 * @param at the time of sending, by which receivers refuse old messages
 * @param secret undefined sends the headers without signatures
 * @see https://www.standardwebhooks.com and MLflow's `X-MLflow-Signature`
 */
export function notificationHeaders(
  id: string,
  at: Date,
  body: string,
  secret: string | undefined,
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'tidegate',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'x-mlflow-delivery-id': id,
    'x-mlflow-timestamp': timestamp,
  };
  if (secret === undefined) return headers;
  const sign = (key: Buffer): string =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    ...headers,
    'webhook-signature': sign(standardKey(secret)),
    'x-mlflow-signature': sign(Buffer.from(secret)),
  };
}

const standardKey = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
