import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What the first check found, which every daemon of the others would find again. */
export const CHECK_UP = '/run/check-up.json';

/** What has the tests start daemons that believe it: two minutes less for each of them in an emulator. */
export function remembering(): NodeJS.ProcessEnv {
  return existsSync(CHECK_UP) ? { SIDESTEP_DAEMON: join(import.meta.dirname, 'daemon.ts') } : {};
}
