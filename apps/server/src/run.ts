import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DaemonParts, startDaemon } from './daemon.ts';
import { raisePriority } from './host/priority.ts';
import { createLog, wordsOf } from './log.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { Refusal } from './refusal.ts';

const STOP_MS = 2000;
const WEB = fileURLToPath(new URL('../../web/out', import.meta.url));

/** Runs the daemon until a signal stops it. Exit status: 0 stopped, 1 refused or failed, 2 wrong usage. */
export async function runDaemon(
  args: readonly string[],
  parts: Pick<DaemonParts, 'createDataPlane' | 'examine'>,
): Promise<void> {
  const options = readOptions(args);
  if (!options) return;
  // The state folder may be one that others can look into.
  process.umask(0o077);
  const log = createLog();
  const refused = raisePriority();
  try {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const traceRoot = '/sys/kernel/tracing';
    const daemon = await startDaemon(options, { ...parts, version, log, now: Date.now, traceRoot });
    stopOnSignal(daemon, log);
    if (refused !== null) {
      log(`No priority (${refused}): while the host is busy, connections join late. CAP_SYS_NICE allows it.`);
    }
    log(`Sidestep is ready at ${daemon.url}`);
    log(`Sign in once with ${daemon.signInLink()}`);
  } catch (error) {
    process.stderr.write(
      `${error instanceof Refusal ? error.message : `Sidestep could not start: ${wordsOf(error)}`}\n`,
    );
    process.exitCode = 1;
  }
}

function readOptions(args: readonly string[]): Options | null {
  try {
    const options = parseOptions(args, WEB);
    if (!options) process.stdout.write(USAGE);
    return options;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message} See --help.\n`);
    process.exitCode = 2;
    return null;
  }
}

function stopOnSignal(daemon: AsyncDisposable, log: (line: string) => void): void {
  const stop = async (signal: string) => {
    log(`Stopping on ${signal}. What is accelerated stays so.`);
    // Whatever hangs, nobody should have to kill us.
    setTimeout(() => process.exit(1), STOP_MS).unref();
    try {
      await daemon[Symbol.asyncDispose]();
      log('Stopped.');
      process.exit(0);
    } catch (error) {
      log(`Stopped, but not cleanly: ${wordsOf(error)}`);
      process.exit(1);
    }
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
