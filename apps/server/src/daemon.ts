import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Examine } from './check-up/check-up.ts';
import type { DataPlane } from './dataplane/dataplane.ts';
import { checkCgroup, checkListen, checkPinDir, checkPrivileges } from './host/checks.ts';
import { Certificate } from './http/certificate.ts';
import { startHttp } from './http/serve.ts';
import { startUnixSocket } from './http/unix-socket.ts';
import type { Log } from './log.ts';
import { createNouns } from './nouns.ts';
import type { Options } from './options.ts';
import { Access } from './sign-in/access.ts';
import { loadToken } from './sign-in/token.ts';
import { openDatabase } from './state/database.ts';
import { asRefusal } from './state/folder.ts';
import { holdFolder, holdPins } from './state/hold.ts';
import { keyOf } from './state/pin-lock.ts';
import { type Kept, Upkeep } from './state/upkeep.ts';

type DataPlaneOptions = Pick<Options, 'pinDir' | 'maxConnections'> & { readonly cgroup: string | null };

export interface DaemonParts {
  readonly createDataPlane: (options: DataPlaneOptions) => DataPlane;
  /** Makes the probes of the check-up. */
  readonly createExamine: (options: Pick<Options, 'maxConnections'>) => Examine;
  readonly version: string;
  readonly log: Log;
  /** Milliseconds since the Unix epoch. This clock may be set at any time: it dates things, and measures nothing. */
  readonly now: () => number;
  /** Milliseconds since some moment, on a clock that nobody sets: for how long things take, and how old they are. */
  readonly steady: () => number;
  /** Where tracefs is mounted. */
  readonly traceRoot: string;
}

export interface Daemon extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
  /** A fresh link that signs one browser in, once. */
  signInLink(): string;
  /** Resolves when the daemon may end without taking a byte along; from `hurry` on, connections that keep it are reset. */
  leave(hurry: AbortSignal): Promise<void>;
}

/**
 * Starts everything and leaves the kernel alone until all that can be refused has passed. Throws `Refusal`, and then nothing is left
 * behind. Disposing stops the daemon; what is accelerated stays so.
 */
export async function startDaemon(options: Options, parts: DaemonParts): Promise<Daemon> {
  try {
    return await start(options, parts);
  } catch (error) {
    throw asRefusal(options.stateDir, error);
  }
}

async function start(options: Options, parts: DaemonParts): Promise<Daemon> {
  const { pinDir, maxConnections } = options;
  const { version, log, now, steady } = parts;
  checkListen(options.listen, options.tls !== null);
  checkPrivileges();
  const cgroup = checkCgroup(options.cgroup);
  checkPinDir(pinDir);
  const certificate = options.tls && new Certificate(options.tls);

  await using undo = new AsyncDisposableStack();
  const folder = undo.use(holdFolder(options.stateDir));
  undo.use(holdPins(pinDir));

  const database = undo.use(openDatabase(folder.file('sidestep.db'), log, now));
  const damage = () =>
    database.movedTo === null
      ? null
      : `The database was damaged: it is now ${database.movedTo}, and a fresh one took its place.`;
  let upkeep: Upkeep | null = null;
  const notices = () => [damage(), upkeep?.notice ?? null].filter((sentence) => sentence !== null);
  const nouns = undo.use(
    createNouns({
      dataPlane: parts.createDataPlane({ cgroup, pinDir, maxConnections }),
      database,
      log,
      now,
      steady,
      cgroup,
      pinDir,
      version,
      notices,
      examine: parts.createExamine({ maxConnections }),
      trace: { root: parts.traceRoot, key: keyOf(pinDir) },
    }),
  );

  const { services } = nouns;
  const token = loadToken(folder.file('token'), log);
  const access = new Access({ database, token, now, steady });
  const ready = Promise.withResolvers<void>();
  const http = undo.use(
    await startHttp({
      services,
      access,
      listen: options.listen,
      webDir: options.web,
      version,
      log,
      certificate,
      ready: ready.promise,
    }),
  );
  nouns.start();
  ready.resolve();
  const signInLink = () => http.signInLink();
  const socket = undo.use(await startUnixSocket(folder.file('daemon.sock'), { services, signInLink, log }));
  const removeFiles = () => {
    for (const name of ['daemon.sock', 'daemon.pid'] as const) rmSync(folder.file(name), { force: true });
  };
  // Also when stopping takes too long, and is given up.
  process.on('exit', removeFiles);
  undo.defer(() => void process.off('exit', removeFiles));
  undo.defer(removeFiles);
  // Never into what a daemon that was killed left behind.
  rmSync(folder.file('daemon.pid'), { force: true });
  const files = [
    keptFile(folder.file('token'), token),
    keptFile(folder.file('daemon.pid'), String(process.pid)),
  ];
  for (const file of files) file.restore();
  upkeep = undo.use(
    new Upkeep(options.stateDir, [folder, database, ...files, socket], () => database.trouble, log),
  );

  folder.keep();
  const stop = undo.move();
  return {
    url: http.url,
    signInLink,
    leave: (hurry) => nouns.leave(hurry),
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}

/** One line in a file that only its owner reads, made when it is missing, and never through a link. */
function keptFile(path: string, line: string): Kept {
  return {
    restore: () => {
      if (!existsSync(path)) writeFileSync(path, `${line}\n`, { mode: 0o600, flag: 'wx' });
    },
  };
}
