import { chmodSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Log } from '../log.ts';
import { newSecret } from './secrets.ts';

const TOKEN = /^[\w-]{43}$/;

/**
 * The long-lived token of this state folder, made at the first start, in a file that only root reads. One that others
 * could have read or made, or that is not a token, is replaced.
 */
export function loadToken(path: string, log: Log): string {
  const kept = readKept(path, log);
  if (kept !== null) return kept;
  const token = newSecret();
  rmSync(path, { force: true });
  writeFileSync(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
  return token;
}

function readKept(path: string, log: Log): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  const isOurs = stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
  const text = isOurs ? readFileSync(path, 'utf8').trim() : '';
  if (TOKEN.test(text)) return text;
  log(`The token in ${path} could be read or made by others, or is not valid. A new one takes its place.`);
  return null;
}
