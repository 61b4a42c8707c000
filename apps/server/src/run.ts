import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Daemon, type DaemonParts, startDaemon } from './daemon.ts';
import { keepMemorySmall } from './host/memory.ts';
import { raisePriority } from './host/priority.ts';
import { createLog, type Log, wordsOf } from './log.ts';
import { LogOutput } from './log-output.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { Refusal } from './refusal.ts';

const STOP_MS = 2000;
/** A start is not cut short by a signal. Only one that hangs takes so long. */
const START_MS = 60_000;
const CLOCKS = { now: Date.now, steady: () => performance.now() };
const WEB = fileURLToPath(new URL('../../web/out', import.meta.url));

/** Runs the daemon until a signal stops it. Exit status: 0 stopped, 1 refused, failed, or stopped in a hurry, 2 wrong usage. */
export async function runDaemon(
  args: readonly string[],
  parts: Pick<DaemonParts, 'createDataPlane' | 'createExamine'>,
): Promise<void> {
  const options = readOptions(args);
  if (!options) return;
  // The state folder may be one that others can look into.
  process.umask(0o077);
  // Whoever reads our words may go at any time.
  process.stderr.on('error', () => {});
  try {
    const log = logTo(options.log);
    const stop = stopSignals(log);
    const refused = raisePriority();
    keepMemorySmall();
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const traceRoot = '/sys/kernel/tracing';
    const daemon = await startDaemon(options, { ...parts, version, log, ...CLOCKS, traceRoot });
    if (refused !== null) {
      log(`No priority (${refused}): while the host is busy, connections join late. CAP_SYS_NICE allows it.`);
    }
    log(`Sidestep is ready at ${daemon.url}`);
    log(`Sign in once with ${daemon.signInLink()}`);
    await stop.asked;
    await end(daemon, stop, log);
  } catch (error) {
    process.stderr.write(
      `${error instanceof Refusal ? error.message : `Sidestep could not start: ${wordsOf(error)}`}\n`,
    );
    // Not by itself: signals are still being waited for.
    process.exit(1);
  }
}

function logTo(path: string | null): Log {
  try {
    const output = new LogOutput(path);
    return createLog((text) => output.write(text));
  } catch (error) {
    throw new Refusal(`The log ${path} cannot be opened (${wordsOf(error)}).`, 'Choose another with --log.');
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

interface Stop {
  /** Resolves at the first signal that asks to stop, however early it comes. */
  readonly asked: Promise<void>;
  /** Aborts at the second. */
  readonly hurry: AbortSignal;
  /** Whatever hangs from here on, the process ends within the stop time. */
  limit(): void;
  /** It has started, and its end begins, which has limits of its own. */
  end(): void;
}

function stopSignals(log: Log): Stop {
  const asked = Promise.withResolvers<void>();
  const hurry = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  let isEnding = false;
  const unlimit = () => clearTimeout(timer);
  const limit = (ms = STOP_MS) => {
    unlimit();
    timer = setTimeout(() => process.exit(1), ms);
  };
  const stop = (signal: string) => {
    if (isAsked) {
      // If it is still starting; else it has its limit, or ends at once.
      if (!isEnding) limit();
      return hurry.abort();
    }
    isAsked = true;
    log(`Stopping on ${signal}.`);
    // If it is still starting; else the end comes next, with limits of its own.
    limit(START_MS);
    asked.resolve();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () =>
    log('The terminal has gone. The daemon goes on; sudo ./sidestep down stops it.'),
  );
  const end = () => {
    isEnding = true;
    unlimit();
  };
  return { asked: asked.promise, hurry: hurry.signal, limit, end };
}

async function end(daemon: Daemon, stop: Stop, log: Log): Promise<never> {
  try {
    stop.end();
    await daemon.leave(stop.hurry);
    stop.limit();
    await daemon[Symbol.asyncDispose]();
    log('Stopped.');
    process.exit(0);
  } catch (error) {
    log(`Stopped, but not cleanly: ${wordsOf(error)}`);
    process.exit(1);
  }
}
