import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Examine } from '../../src/check-up/check-up.ts';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import type { Options } from '../../src/options.ts';
import { FakeDataPlane } from './fake-data-plane.ts';
import { temporaryFolder } from './folder.ts';

export interface TestDaemon extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly dataPlane: FakeDataPlane;
  readonly options: Options;
  readonly log: readonly string[];
  readonly url: string;
  /** The port's part of `url`. */
  readonly port: number;
}

export interface TestDaemonOptions {
  readonly dataPlane?: FakeDataPlane;
  readonly change?: Partial<Options>;
  readonly now?: () => number;
  readonly steady?: () => number;
  /** Without, there is nothing to check. */
  readonly examine?: Examine;
}

/** A pin folder of its own on the real bpf file system, never made since nothing is pinned. */
export const freshPinDir = () => `/sys/fs/bpf/sidestep-test-${randomBytes(6).toString('hex')}`;

/** The whole daemon with real files, sockets and database, around a data plane that is not real. */
export async function startTestDaemon(given: TestDaemonOptions = {}): Promise<TestDaemon> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(temporaryFolder());
  const dataPlane = given.dataPlane ?? new FakeDataPlane();
  const log: string[] = [];
  const options: Options = {
    stateDir: join(folder.path, 'state'),
    listen: { host: '127.0.0.1', port: 0 },
    cgroup: null,
    pinDir: freshPinDir(),
    maxConnections: null,
    tls: null,
    web: join(folder.path, 'web'),
    log: null,
    ...given.change,
  };
  const daemon = undo.use(
    await startDaemon(options, {
      createDataPlane: () => dataPlane,
      createExamine: () => given.examine ?? (async () => []),
      version: '0.0.0-test',
      log: (line) => log.push(line),
      now: given.now ?? Date.now,
      steady: given.steady ?? (() => performance.now()),
      traceRoot: '/sys/kernel/tracing',
    }),
  );
  const all = undo.move();
  return {
    daemon,
    dataPlane,
    options,
    log,
    url: daemon.url,
    port: Number(new URL(daemon.url).port),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
