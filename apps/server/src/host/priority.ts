import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { wordsOf } from '../log.ts';

/** Nine times the weight of an ordinary thread. */
const NICE = -10;
const AUTOGROUP = '/proc/self/autogroup';

/** What has been raised here, which processes that we start inherit. */
const raised = { threads: false, session: false };

/**
 * Puts this process before ordinary ones; a priority that somebody has chosen for it stays. Returns why that was refused, or null.
 */
export function raisePriority(): string | null {
  if (getPriority() !== 0) return null;
  raised.threads = true;
  try {
    // Linux keeps a priority for each thread: those that run already do not follow the first one, later ones do.
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), NICE);
    // Where the kernel groups threads by session, theirs counts only among those of the session. One that we share is not ours to raise.
    raised.session = existsSync(AUTOGROUP) && leadsSession();
    if (raised.session) writeFileSync(AUTOGROUP, String(NICE));
    return null;
  } catch (error) {
    return wordsOf(error);
  }
}

/** What a process that we start inherits and should not; not what somebody has chosen since. */
export function raisedPriority(): Readonly<typeof raised> {
  return { threads: raised.threads && getPriority() === NICE, session: raised.session };
}

function leadsSession(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // After the name, which may hold anything: state, parent, process group, session.
  const [, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(session) === process.pid;
}
