import { createCipheriv } from 'node:crypto';

export const BODY_BYTES = 2 ** 20;

/** 1 MiB that no other index has. */
export function bodyOf(index: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(index);
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), iv).update(Buffer.alloc(BODY_BYTES));
}

/** What the server answers to a body: another one. */
export function answerTo(index: number): Buffer {
  return bodyOf(index + 1_000_000);
}
