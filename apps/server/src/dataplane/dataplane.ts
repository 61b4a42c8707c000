import type {
  ByPath,
  Connection,
  EnablingStep,
  End,
  Failure,
  HeldConnection,
  Path,
  PortRange,
  Reason,
} from '@sidestep/shared';

/** What the kernel reads on every message; written while it runs, without reloading anything. */
export interface DataPlaneConfig {
  readonly allowBlockingReaders: boolean;
  /** Bytes. */
  readonly queueCap: number;
  /** Ports of servers whose connections stay on the stack: at most as many ranges as the settings take. */
  readonly keepOnStack: readonly PortRange[];
  /** Whether the programs write `bpf_printk` lines. */
  readonly printk: boolean;
}

/** One event as the kernel reported it, not yet numbered. `at` is microseconds since the Unix epoch. */
export interface DataPlaneEvent {
  readonly kind: 'listening' | 'established' | 'paired' | 'bypassed' | 'left' | 'closed';
  readonly at: number;
  /** The whole record at that moment; null with `listening`. Rates are zero. */
  readonly connection: Connection | null;
  /** The listener with `listening`, else null. */
  readonly listener: End | null;
  readonly reason: Reason | null;
}

/** How far the events of one ring have been taken. */
export interface EventPosition {
  /** Names the ring; no other ring on this host, before or after, has the same name. */
  readonly ring: string;
  /** Events that were taken out of it since it was made. */
  readonly taken: number;
}

/** Of an end, what it has in common with others. */
export type Place = Omit<End, 'port'>;

/** 0 is the client, 1 the server. */
export type Side = 0 | 1;

/** A table of connections. A connection has the same row as long as it is open, and rows may be empty. */
export interface OpenConnections {
  /** One more than the last row. */
  readonly rows: number;
  /** Whether a connection is in it. */
  has(row: number): boolean;
  /** The id has 64 bits, too many for a number. */
  idLow(row: number): number;
  idHigh(row: number): number;
  /** Nanoseconds, of whatever clock. */
  openedAt(row: number): number;
  path(row: number): Path;
  /** Why what the side sends takes the stack; null on the bypass. */
  reason(row: number, side: Side): Reason | null;
  /** The same object for many ends. */
  place(row: number, side: Side): Place;
  port(row: number, side: Side): number;
  /** What the side has sent, by both paths. */
  messages(row: number, side: Side): number;
  bytes(row: number, side: Side): number;
  /** Rates are zero. */
  connection(row: number): Connection;
}

/** Totals since the data plane was loaded. */
export interface DataPlaneTotals {
  readonly bytes: ByPath;
  readonly messages: ByPath;
  /** Events that the kernel sent, delivered or not, and those of them for which the ring had no room. */
  readonly events: { readonly sent: number; readonly lost: number };
  /** Connections that found the table full. */
  readonly untracked: number;
  /** Connections that came in a crowd, and are known only if they stay. */
  readonly leftOut: number;
}

/** An executable file as the kernel knows it: its super block's device and its inode. Both are 0 where they are not known. */
export interface Executable {
  readonly device: bigint;
  readonly inode: bigint;
  /** Of its content, as long as it has this inode: the number of a file that is gone is given to another one. 0 from programs that do not say. */
  readonly version: bigint;
}

/** The same for the same executable, also where its numbers are kept in decimal. */
export function keyOf({ device, inode, version }: Record<keyof Executable, bigint | string>): string {
  return `${device}:${inode}:${version}`;
}

/** An executable whose connections wait until somebody has looked what it could do, and a process of it. */
export interface UnexaminedProgram extends Executable {
  readonly pid: number;
}

export type Finding = 'harmless' | 'could splice' | 'out of reach' | 'unreadable' | 'unexamined';

/** An executable that splices from TCP sockets, and the process that was last seen to; 0 when none was since enabling. */
export interface SplicingProcess extends Executable {
  readonly pid: number;
  readonly comm: string;
}

/** Two programs, and the port at which one serves the other. */
export interface Pair {
  readonly client: Executable;
  readonly server: Executable;
  /** Cookie of the server's network namespace. */
  readonly netns: bigint;
  readonly port: number;
}

/** An open connection that has carried a lot. */
export interface BulkConnection {
  readonly id: string;
  readonly pair: Pair;
  /** Of the client and of the server; 0 where it is not known. */
  readonly pids: readonly [number, number];
  /** What both sides have sent since it opened, by both paths. */
  readonly bytes: number;
  /** The part of it that took the bypass; the messages of the client and of the server. */
  readonly bypass: { readonly messages: readonly [number, number]; readonly bytes: number };
  /** What the kernel measured its stream to get on each path, bytes a millisecond; null where it was not measured on both. */
  readonly rates: { readonly bypass: number; readonly stack: number } | null;
}

/** What can change around a data plane that runs. */
export interface Surroundings {
  /** False: the programs stay in the kernel only as long as this process. */
  readonly pinned: boolean;
  /** What is found where the cgroup was: itself, nothing, or another that was made there since. */
  readonly cgroup: 'same' | 'gone' | 'another';
}

/**
 * Everything that touches the kernel. One instance owns one pin folder and one cgroup. All methods but `enable`, `connections` and `bulk` are
 * quick and synchronous; all throw `DataPlaneError`.
 */
export interface DataPlane {
  /** Whether the programs are loaded and attached, by this process or by one before it (after `adopt`). */
  readonly enabled: boolean;
  /**
   * Takes over what an earlier process left pinned and running. Remains that do not run any more are removed instead: of a process that died
   * while it pinned or unpinned, or of a cgroup that is gone. Throws when it is neither, and then leaves everything as it is.
   */
  adopt(config: DataPlaneConfig): 'nothing' | 'running' | 'removed';
  /**
   * Replaces the programs of another version that `adopt` found. Those that keep the same records are replaced where they are (`replaced`).
   * Others go on for the connections that they have, until these have left (`beside`), and new connections are the new programs'. When
   * it throws, those that ran go on.
   */
  upgrade(): 'none' | 'replaced' | 'beside';
  /** How many connections still have to leave programs of another version. */
  readonly retiring: number;
  /** Loads, attaches and pins; on failure nothing is left behind. */
  enable(config: DataPlaneConfig, onStep: (step: EnablingStep) => void): Promise<void>;
  configure(config: DataPlaneConfig): void;
  /**
   * Throws the kill switch (the first time) and takes out of the map every socket that can be taken out without losing a byte.
   * Returns how many are left; call again until it is 0, then `remove`.
   */
  drain(): number;
  /** The connections that `drain` could not take out yet, those with the most unread bytes first. */
  held(): HeldConnection[];
  /**
   * Resets every connection that is still enrolled: both ends see ECONNRESET instead of waiting for bytes that nobody reads. Only while
   * draining. Returns those that it has reset; a connection whose sockets no process has stays.
   */
  reset(): HeldConnection[];
  /** Takes the kill switch back, as long as `remove` was not called. Throws `DataPlaneError` after one that failed. */
  undrain(): void;
  /** Looks around, and pins again what is pinned no longer. */
  surroundings(): Surroundings;
  /** Detaches, calls `last`, unpins and unloads. Only after `drain` returned 0. */
  remove(last?: () => void): void;
  /** Lets connections join and leave that are due; cheap when there is none. True when that is not finished: call again soon. */
  tend(): boolean;
  /** What the ring holds, in order, at most `max` events. They stay in it until `releaseEvents`, so that whoever dies before loses none. */
  readEvents(max: number): DataPlaneEvent[];
  /** Takes what was last read out of the ring. */
  releaseEvents(): void;
  /** Where the ring stands once that is done. */
  eventPosition(): EventPosition;
  /**
   * Goes on behind the first `taken` events of the ring: an earlier process had dealt with these and died before it released them. Returns
   * how many events it has released without dealing with them.
   */
  resumeEvents(taken: number): number;
  /**
   * Reads all open connections, a part at a time so that nobody has to wait for the whole: what is returned is the same object each time, and
   * says meanwhile what has been read so far. Cost grows with their number: call it only as often as somebody looks.
   */
  connections(): Promise<OpenConnections>;
  totals(): DataPlaneTotals;
  /** The open connections that have carried a lot. Costs as much as `connections`. */
  bulk(): Promise<BulkConnection[]>;
  /** Keeps the connections of these pairs on the stack, and of no others: those that are open leave, and may come back later, losing nothing. */
  keepOnTcp(pairs: readonly Pair[]): void;
  /** Executables whose connections stay on the stack because they splice: those that the kernel saw, and those that were added. */
  splicers(): SplicingProcess[];
  addSplicer(executable: Executable): void;
  /** Until it splices again. */
  removeSplicer(executable: Executable): void;
  /** What `setExamined` is to be called for; cheap when there is none. */
  unexamined(): UnexaminedProgram[];
  /**
   * What was found: its connections may join, or it could splice; or its process had ended, so that it is asked for again by another one. What is unreadable is asked for again when it is said to be
   * unexamined.
   */
  setExamined(program: UnexaminedProgram, finding: Finding): void;
}

/** The kernel or the surroundings refused. `failure.log` holds libbpf's and the verifier's own words where there are any. */
export class DataPlaneError extends Error {
  override readonly name = 'DataPlaneError';
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.message} ${failure.remedy}`, options);
    this.failure = failure;
  }
}
