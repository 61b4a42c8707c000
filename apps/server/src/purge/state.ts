import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.ts';

/** Everything that a daemon ever writes into its state folder. */
const OURS =
  /^(daemon\.(log(\.1)?|pid|sock)|lock|sidestep\.probe|token|sidestep\.db(\.corrupt-[\w.-]+)?)(-journal|-shm|-wal)?$/;
/** No daemon keeps anything without it. */
const DATABASE = /^sidestep\.db/;
/** Whoever removes holds the folder, too. */
const LOCK = 'lock';

/** Removes what daemons wrote into the folder, and the folder itself if nothing else is in it. */
export function removeState(path: string, say: Log): void {
  if (!existsSync(path)) return;
  const names = readdirSync(path);
  if (!names.some((name) => DATABASE.test(name)) && names.some((name) => name !== LOCK)) {
    rmSync(join(path, LOCK), { force: true });
    say(`Left: ${path}, where no daemon has kept its state.`);
    return;
  }
  for (const name of names.filter((one) => OURS.test(one))) rmSync(join(path, name));
  const others = names.filter((name) => !OURS.test(name));
  if (others.length === 0) {
    rmdirSync(path);
    say(`Removed: the state folder ${path}.`);
  } else {
    say(`Removed: token, database and log in ${path}.`);
    say(`Left: ${others.join(', ')} in ${path}, which Sidestep has not made.`);
  }
}
