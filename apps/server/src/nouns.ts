import { setTimeout as sleep } from 'node:timers/promises';
import { portsInWords } from '@sidestep/shared';
import { AccelerationMachine } from './acceleration/machine.ts';
import { Acceleration } from './acceleration/status.ts';
import { SurroundingsWatch } from './acceleration/surroundings.ts';
import { keepWanted } from './acceleration/wanted.ts';
import { type Examine, KernelCheckUp } from './check-up/check-up.ts';
import { ClosedConnections } from './connections/closed.ts';
import { ConnectionSampler } from './connections/sampler.ts';
import { ConnectionTable } from './connections/table.ts';
import { type DataPlane, DataPlaneError } from './dataplane/dataplane.ts';
import { eventFromDaemon } from './events/convert.ts';
import { EventFeed } from './events/feed.ts';
import { Journal } from './events/journal.ts';
import { Pump } from './events/pump.ts';
import { every } from './every.ts';
import { cpuTime } from './host/cpu-time.ts';
import { type Log, wordsOf } from './log.ts';
import type { Services } from './services.ts';
import { SettingsStore } from './settings/store.ts';
import { hostExecutables } from './splicers/executables.ts';
import { SplicerStore } from './splicers/store.ts';
import type { Database } from './state/database.ts';
import { Facts } from './state/facts.ts';
import { Counters } from './statistics/counters.ts';
import { StatisticsRecorder } from './statistics/recorder.ts';
import { StatisticsStore } from './statistics/store.ts';
import { TraceRecorder } from './trace/recorder.ts';
import { Weighing } from './weighing/weighing.ts';

const DRAIN_MS = 20;
const SECOND_MS = 1000;
/** So long an executable's first connections stay on the stack at least. */
const EXAMINE_MS = 50;
const HOUR_MS = 3_600_000;
const TAKING_OVER_MS = 5000;
const MOST_OF_LOG = 2000;

export interface NounOptions {
  readonly dataPlane: DataPlane;
  readonly database: Database;
  readonly log: Log;
  readonly now: () => number;
  readonly steady: () => number;
  readonly cgroup: string;
  readonly pinDir: string;
  readonly version: string;
  /** What a person should know about this daemon at this moment, one sentence each. */
  readonly notices: () => readonly string[];
  readonly trace: { readonly root: string; readonly key: string };
  /** Makes the probes of the check-up. */
  readonly examine: Examine;
}

export interface Nouns extends AsyncDisposable {
  readonly services: Services;
  /** Takes over from an earlier daemon, and starts the check-up and the clockwork. */
  start(): void;
  /** Resolves when the daemon may end without taking a byte along; from `hurry` on, connections that keep it are reset. */
  leave(hurry: AbortSignal): Promise<void>;
}

/** Puts the services together around one data plane. */
export function createNouns(options: NounOptions): Nouns {
  const { dataPlane, database, log, now, steady } = options;
  /** Why programs of another version go on, if they do. */
  let standing: string | null = null;
  const facts = new Facts(database);
  const apply = () => {
    if (dataPlane.enabled) dataPlane.configure(config());
  };
  const config = () => ({ ...settings.current, printk: trace.isOn });
  const settings = new SettingsStore(
    facts,
    () => {
      apply();
      const { allowBlockingReaders, queueCap, keepOnStack } = settings.current;
      log(
        `Blocking readers are ${allowBlockingReaders ? '' : 'not '}allowed; the queue cap is ${queueCap} bytes; ports kept on the stack: ${portsInWords(keepOnStack)}.`,
      );
    },
    log,
  );
  const applyTrace = () => {
    apply();
    log(`Trace lines are ${trace.isOn ? 'on' : 'off'}.`);
  };
  const trace = new TraceRecorder({ ...options.trace, facts, now, log, apply: applyTrace });

  const splicers = new SplicerStore({ dataPlane, facts, executables: hostExecutables(), now, steady, log });
  const counters = new Counters(dataPlane);
  const journal = new Journal(facts);
  const closed = new ClosedConnections(steady);
  const pump = new Pump({
    dataPlane,
    counters,
    journal,
    now,
    steady,
    onClosed: (connection) => closed.add(connection),
  });
  const sampler = new ConnectionSampler({ dataPlane, closed, takeEvents: () => pump.takeSome(), steady });
  const statistics = new StatisticsRecorder({
    counters,
    sampler,
    store: new StatisticsStore(database),
    now,
    steady,
    log,
  });

  const mark = (kind: 'enabled' | 'disabled') => {
    journal.append([eventFromDaemon(kind, now(), null)]);
    statistics.mark(kind);
    sampler.forget();
  };
  const weighing = new Weighing({
    dataPlane,
    totals: () => counters.totals,
    cpuTime,
    log,
    steady,
    pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  });
  const checkUp = new KernelCheckUp(options);
  const machine = new AccelerationMachine({
    dataPlane,
    config,
    wanted: keepWanted(facts),
    now,
    steady,
    log,
    clear: () => checkUp.clear(),
    pause: (signal) => sleep(DRAIN_MS, undefined, { signal }).catch(() => {}),
    onEnabled: () => {
      splicers.restore();
      weighing.restart();
      counters.reset();
      pump.begin();
      statistics.restart();
      mark('enabled');
    },
    onTakenOver: () => begin(true),
    onDrained: () => {
      pump.take();
      splicers.turn();
      counters.refresh();
      pump.noteLost();
    },
    onDisabled: () => {
      standing = null;
      mark('disabled');
      journal.end();
    },
  });

  const surroundings = new SurroundingsWatch({
    ...options,
    onPins: (pinned) => machine.keepFromLoss(pinned),
    onNewCgroup: () => machine.renew(),
  });

  /** What the old programs have to tell comes first; what they do not replace they leave as it is. */
  const upgrade = () => {
    if (machine.phase.state !== 'on' || !machine.isWanted) return;
    pump.take();
    pump.noteLost();
    standing = null;
    try {
      const done = dataPlane.upgrade();
      if (done === 'none') return;
      if (done === 'beside') {
        counters.refresh();
        pump.begin();
      }
      journal.append([eventFromDaemon('upgraded', now(), dataPlane.retiring)]);
      log(
        `The programs of version ${options.version} took over; ${dataPlane.retiring} connections still leave the old ones.`,
      );
    } catch (error) {
      const words = `The programs of another version go on, for these could not take over: ${wordsOf(error)}`;
      log(words);
      const { log: kernelLog } = error instanceof DataPlaneError ? error.failure : { log: null };
      if (kernelLog) log(`The kernel’s last words on it: ${kernelLog.trim().slice(-MOST_OF_LOG)}`);
      standing = words;
    }
  };

  /** Goes on after an earlier daemon, or where nothing is yet. */
  const begin = (adopted: boolean) => {
    if (adopted) {
      log('Took over what an earlier daemon left in the kernel.');
      splicers.restore();
    }
    counters.refresh();
    pump.begin();
    upgrade();
    weighing.restart();
    statistics.restart();
  };

  // In this order from the bottom: the clockwork stops first, and what fails keeps nothing else from being done.
  const ending = new AsyncDisposableStack();
  ending.defer(() => statistics.flush());
  ending.use(trace);
  ending.defer(() => {
    if (dataPlane.enabled) pump.take();
    journal.end();
  });
  ending.defer(() => machine.stop());
  ending.use(checkUp);
  ending.use(weighing);
  return {
    services: {
      acceleration: new Acceleration({
        ...options,
        machine,
        counters,
        sampler,
        obstacle: () => checkUp.obstacle,
        notices: () => [
          ...options.notices(),
          ...surroundings.notices,
          ...(standing === null ? [] : [standing]),
        ],
        retiring: () => (dataPlane.enabled ? dataPlane.retiring : 0),
      }),
      checkUp,
      connections: new ConnectionTable(sampler),
      events: new EventFeed(journal, counters),
      settings,
      splicers,
      statistics,
      trace,
    },
    start: () => {
      const adopted = machine.start();
      const examine = () => checkUp.run().catch((error) => log(`The check-up failed: ${wordsOf(error)}`));
      // Whoever switches on waits for it. What runs already does not, and wants the processors for itself first.
      const examining = setTimeout(examine, adopted ? TAKING_OVER_MS : 0);
      ending.defer(() => clearTimeout(examining));
      begin(adopted);
      statistics.mark('daemon started');
      ending.use(
        every(
          () => pump.rest,
          'take events from the kernel',
          log,
          () => pump.turn(),
        ),
      );
      ending.use(every(SECOND_MS, 'note lost events', log, () => pump.noteLost()));
      ending.use(every(SECOND_MS, 'look around', log, () => surroundings.turn()));
      ending.use(every(SECOND_MS, 'switch on again', log, () => machine.tryAgain()));
      ending.use(every(SECOND_MS, 'learn which programs splice', log, () => splicers.turn()));
      ending.use(every(EXAMINE_MS, 'look what programs could do', log, () => splicers.examine()));
      ending.use(every(SECOND_MS, 'record statistics', log, () => statistics.turn()));
      ending.use(every(SECOND_MS, 'weigh large messages', log, () => weighing.turn()));
      ending.use(every(HOUR_MS, 'forget old statistics', log, () => statistics.forgetOld()));
    },
    leave: (hurry) => machine.leave(hurry),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}
