import type { ByPath, Connection, EnablingStep, HeldConnection, Reason } from '@sidestep/shared';
import { ListedConnections } from '../../../server/src/connections/listed.ts';
import {
  type DataPlane,
  DataPlaneError,
  type DataPlaneEvent,
  type EventPosition,
  type Executable,
  type OpenConnections,
  type SplicingProcess,
  type Surroundings,
  type UnexaminedProgram,
} from '../../../server/src/dataplane/dataplane.ts';

const none = (): ByPath => ({ bypass: 0, stack: 0 });

/** A kernel that does as the test says. Everything between it and the browser is the real thing. */
export class StandInDataPlane implements DataPlane {
  enabled = false;
  open: Connection[] = [];
  bytes = none();
  messages = none();
  sent = 0;
  lost = 0;
  leftOut = 0;
  untracked = 0;
  splicing: SplicingProcess[] = [];
  /** Programs whose connections wait until they are looked at. */
  wanting: UnexaminedProgram[] = [];
  /** What `drain` answers with until the test says 0. */
  remaining = 0;
  /** The connections that these sockets belong to. */
  holding: HeldConnection[] = [];
  /** The failure that the next `enable` ends with. */
  failure: DataPlaneError | null = null;
  /** Steps that `enable` waits at until `proceed`. */
  stopAt: EnablingStep | null = null;
  #proceed: (() => void) | null = null;
  #events: DataPlaneEvent[] = [];
  #read = 0;
  #released = 0;
  /** Whether an earlier process left it loaded. */
  left = false;

  adopt(): 'nothing' | 'running' {
    this.enabled = this.left;
    return this.left ? 'running' : 'nothing';
  }

  async enable(_config: unknown, onStep: (step: EnablingStep) => void): Promise<void> {
    for (const step of ['loading', 'attaching', 'pinning'] as const) {
      onStep(step);
      if (this.stopAt === step) await new Promise<void>((resolve) => (this.#proceed = resolve));
    }
    if (this.failure) throw this.failure;
    this.bytes = none();
    this.messages = none();
    this.enabled = true;
  }

  /** Lets `enable` go on from where it stopped. */
  proceed(): void {
    this.stopAt = null;
    this.#proceed?.();
  }

  fail(message: string, remedy: string, log: string | null): void {
    this.failure = new DataPlaneError({ message, remedy, log });
  }

  readonly retiring = 0;

  upgrade(): 'none' {
    return 'none';
  }

  configure(): void {}

  drain(): number {
    return this.remaining;
  }

  held(): HeldConnection[] {
    return structuredClone(this.holding);
  }

  reset(): HeldConnection[] {
    const reset = this.holding;
    this.holding = [];
    this.remaining = 0;
    return reset;
  }

  surroundings(): Surroundings {
    return { pinned: true, cgroup: 'same' };
  }

  undrain(): void {}

  remove(last: () => void = () => {}): void {
    last();
    this.enabled = false;
  }

  tend(): boolean {
    return false;
  }

  readEvents(max: number): DataPlaneEvent[] {
    const read = this.#events.slice(0, max);
    this.#read = read.length;
    return read;
  }

  releaseEvents(): void {
    this.#released += this.#events.splice(0, this.#read).length;
    this.#read = 0;
  }

  eventPosition(): EventPosition {
    return { ring: 'the only one', taken: this.#released + this.#read };
  }

  resumeEvents(): number {
    return 0;
  }

  async connections(): Promise<OpenConnections> {
    return new ListedConnections(structuredClone(this.open));
  }

  totals() {
    const { bytes, messages } = structuredClone({ bytes: this.bytes, messages: this.messages });
    const { sent, lost, leftOut, untracked } = this;
    return { bytes, messages, events: { sent, lost }, untracked, leftOut };
  }

  async bulk() {
    return [];
  }

  keepOnTcp(): void {}

  splicers(): SplicingProcess[] {
    return this.splicing;
  }

  addSplicer(executable: Executable): void {
    this.splicing.push({ ...executable, pid: 0, comm: '' });
  }

  unexamined(): UnexaminedProgram[] {
    return this.wanting.splice(0);
  }

  setExamined(): void {}

  removeSplicer({ device, inode }: Executable): void {
    this.splicing = this.splicing.filter((other) => other.device !== device || other.inode !== inode);
  }

  /** An event of one connection, as it is at this moment. */
  report(
    kind: Exclude<DataPlaneEvent['kind'], 'listening'>,
    connection: Connection,
    reason: Reason | null = null,
  ) {
    const at = Date.now() * 1000;
    this.#events.push({ kind, at, connection: structuredClone(connection), listener: null, reason });
    this.sent += 1;
  }
}
