import type { Connection, EnablingStep, HeldConnection } from '@sidestep/shared';
import { ListedConnections } from '../../src/connections/listed.ts';
import {
  type BulkConnection,
  type DataPlane,
  type DataPlaneConfig,
  DataPlaneError,
  type DataPlaneEvent,
  type DataPlaneTotals,
  type EventPosition,
  type Executable,
  type Finding,
  type OpenConnections,
  type Pair,
  type SplicingProcess,
  type Surroundings,
  type UnexaminedProgram,
} from '../../src/dataplane/dataplane.ts';

let rings = 0;

/** What a kernel keeps when the daemon goes: hand the same one to the next data plane. */
export class FakeKernel {
  pinned = false;
  killSwitch = false;
  /** Connections are on their way in or out. */
  unfinished = false;
  config: DataPlaneConfig | null = null;
  ring: DataPlaneEvent[] = [];
  readonly ringName = `ring ${rings++}`;
  /** Events that were taken out of it. */
  released = 0;
  open: Connection[] = [];
  totals: DataPlaneTotals = {
    bytes: { bypass: 0, stack: 0 },
    messages: { bypass: 0, stack: 0 },
    events: { sent: 0, lost: 0 },
    untracked: 0,
    leftOut: 0,
  };
  splicers: SplicingProcess[] = [];
  unexamined: UnexaminedProgram[] = [];
  readonly examined: (Executable & { finding: Finding })[] = [];
  /** How many sockets hold undelivered bytes, one look after another. */
  draining: number[] = [];
  /** The connections that these belong to, and the ids of those that no process has. */
  held: HeldConnection[] = [];
  readonly orphans = new Set<string>();
  bulk: BulkConnection[] = [];
  cheaperOnTcp: Pair[] = [];

  emit(...events: DataPlaneEvent[]): void {
    this.ring.push(...events);
    this.totals = {
      ...this.totals,
      events: { ...this.totals.events, sent: this.totals.events.sent + events.length },
    };
  }

  lose(count: number): void {
    const { sent, lost } = this.totals.events;
    this.totals = { ...this.totals, events: { sent: sent + count, lost: lost + count } };
  }
}

/** A data plane without a kernel behind it. It is as strict about the order of calls as the real one. */
export class FakeDataPlane implements DataPlane {
  readonly kernel: FakeKernel;
  enabled = false;
  #read = 0;
  /** Calls that cost time in the kernel. */
  readonly calls = { connections: 0, tend: 0, drain: 0, enable: 0 };
  around: Surroundings = { pinned: true, cgroup: 'same' };
  /** The next enabling waits for this. */
  loading: Promise<void> = Promise.resolve();
  /** The next call of the method fails with this. */
  readonly failing: Partial<Record<'adopt' | 'enable' | 'configure' | 'drain' | 'remove', DataPlaneError>> =
    {};

  constructor(kernel = new FakeKernel()) {
    this.kernel = kernel;
  }

  adopt(config: DataPlaneConfig): 'nothing' | 'running' | 'removed' {
    this.#failOnce('adopt');
    if (this.kernel.pinned) {
      this.enabled = true;
      this.configure(config);
    }
    return this.enabled ? 'running' : 'nothing';
  }

  readonly retiring = 0;

  upgrade(): 'none' {
    return 'none';
  }

  async enable(config: DataPlaneConfig, onStep: (step: EnablingStep) => void): Promise<void> {
    if (this.enabled) throw new Error('enable: already enabled');
    this.calls.enable++;
    for (const step of ['loading', 'attaching', 'pinning'] as const) {
      onStep(step);
      await this.loading;
    }
    this.#failOnce('enable');
    const fresh = new FakeKernel();
    Object.assign(this.kernel, {
      ...fresh,
      open: this.kernel.open,
      draining: this.kernel.draining,
      held: this.kernel.held,
      pinned: true,
      config,
    });
    this.enabled = true;
  }

  configure(config: DataPlaneConfig): void {
    this.#needEnabled('configure');
    this.#failOnce('configure');
    this.kernel.config = config;
  }

  drain(): number {
    this.#needEnabled('drain');
    this.#failOnce('drain');
    this.calls.drain++;
    this.kernel.killSwitch = true;
    return this.kernel.draining.length > 1
      ? (this.kernel.draining.shift() ?? 0)
      : (this.kernel.draining[0] ?? 0);
  }

  held(): HeldConnection[] {
    this.#needEnabled('held');
    return [...this.kernel.held];
  }

  reset(): HeldConnection[] {
    this.#needEnabled('reset');
    const reset = this.kernel.held.filter(({ id }) => !this.kernel.orphans.has(id));
    this.kernel.held = this.kernel.held.filter((held) => !reset.includes(held));
    if (this.kernel.held.length === 0) this.kernel.draining = [];
    return reset;
  }

  surroundings(): Surroundings {
    this.#needEnabled('surroundings');
    return this.around;
  }

  undrain(): void {
    this.#needEnabled('undrain');
    this.kernel.killSwitch = false;
  }

  remove(last: () => void = () => {}): void {
    this.#needEnabled('remove');
    last();
    this.#failOnce('remove');
    if (!this.kernel.killSwitch) throw new Error('remove: not drained');
    this.enabled = false;
    this.kernel.pinned = false;
  }

  tend(): boolean {
    this.#needEnabled('tend');
    this.calls.tend++;
    return this.kernel.unfinished;
  }

  readEvents(max: number): DataPlaneEvent[] {
    this.#needEnabled('readEvents');
    const read = this.kernel.ring.slice(0, max);
    this.#read = read.length;
    return read;
  }

  releaseEvents(): void {
    this.#needEnabled('releaseEvents');
    this.kernel.released += this.kernel.ring.splice(0, this.#read).length;
    this.#read = 0;
  }

  eventPosition(): EventPosition {
    this.#needEnabled('eventPosition');
    return { ring: this.kernel.ringName, taken: this.kernel.released + this.#read };
  }

  resumeEvents(taken: number): number {
    const gone = this.kernel.released - taken;
    if (gone >= 0) return gone;
    this.#read = -gone;
    this.releaseEvents();
    return 0;
  }

  async connections(): Promise<OpenConnections> {
    this.#needEnabled('connections');
    this.calls.connections++;
    return new ListedConnections([...this.kernel.open]);
  }

  async bulk(): Promise<BulkConnection[]> {
    this.#needEnabled('bulk');
    return [...this.kernel.bulk];
  }

  keepOnTcp(pairs: readonly Pair[]): void {
    this.#needEnabled('keepOnTcp');
    this.kernel.cheaperOnTcp = [...pairs];
  }

  totals(): DataPlaneTotals {
    this.#needEnabled('totals');
    return this.kernel.totals;
  }

  splicers(): SplicingProcess[] {
    this.#needEnabled('splicers');
    return [...this.kernel.splicers];
  }

  addSplicer(executable: Executable): void {
    this.removeSplicer(executable);
    this.kernel.splicers.push({ ...executable, pid: 0, comm: '' });
  }

  removeSplicer({ device, inode, version }: Executable): void {
    this.#needEnabled('removeSplicer');
    this.kernel.splicers = this.kernel.splicers.filter(
      (other) => other.device !== device || other.inode !== inode || other.version !== version,
    );
  }

  unexamined(): UnexaminedProgram[] {
    this.#needEnabled('unexamined');
    return this.kernel.unexamined.splice(0);
  }

  setExamined(program: UnexaminedProgram, finding: Finding): void {
    this.#needEnabled('setExamined');
    const { device, inode, version } = program;
    this.kernel.examined.push({ device, inode, version, finding });
  }

  #needEnabled(method: string): void {
    if (!this.enabled) throw new Error(`${method}: not enabled`);
  }

  #failOnce(method: keyof FakeDataPlane['failing']): void {
    const error = this.failing[method];
    delete this.failing[method];
    if (error) throw error;
  }
}

export const kernelSays = (message: string, log: string | null = null) =>
  new DataPlaneError({ message, remedy: 'Use a newer kernel.', log });
