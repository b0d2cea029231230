// The text of an API key, `tgk_<id>_<secret>`: a public id, and 256 random bits of which only a hash is stored.
import { hash } from 'node:crypto';

const FORM = /^tgk_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;
/** The public id in a key; undefined if the text does not have the form of a key. */
export const idOfKey = (secret: string): string | undefined => FORM.exec(secret)?.[1];

/**
 * SHA-256 of a secret, in hexadecimal. Credentials are looked up by this hash and never compared with each other, so the
 * time of a look-up says nothing about a secret. A fast hash suffices because the secrets are random.
 */
export const hashOfSecret = (secret: string): string => hash('sha256', secret, 'hex');

/** The token that forms of a session must send back, which another site cannot know. */
export const csrfTokenOf = (sessionSecret: string): string => hashOfSecret(`csrf ${sessionSecret}`);
