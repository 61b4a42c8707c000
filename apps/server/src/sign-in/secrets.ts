import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits, in 43 characters that need no escaping in a URL or a cookie. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** What is kept and compared in place of a secret. Secrets have 256 bits, so a plain hash is enough. */
export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Compares in a time that does not tell where the two differ. */
export const isSame = (hash: Buffer, other: Buffer): boolean => timingSafeEqual(hash, other);
