import type { DataPlane, Surroundings } from '../dataplane/dataplane.ts';
import type { Log } from '../log.ts';

const FINE: Surroundings = { pinned: true, cgroup: 'same' };

export interface SurroundingsOptions {
  readonly dataPlane: DataPlane;
  readonly cgroup: string;
  readonly pinDir: string;
  readonly log: Log;
  /** Called every time, with whether pins hold the programs in the kernel. */
  readonly onPins: (pinned: boolean) => void;
  /** Another cgroup was made where the one was that is accelerated. */
  readonly onNewCgroup: () => void;
}

/** Notices what changes around the data plane while it runs, and says it. */
export class SurroundingsWatch {
  readonly #options: SurroundingsOptions;
  #seen = FINE;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
  }

  /** Once a second. */
  turn(): void {
    const { dataPlane, log, onPins, onNewCgroup } = this.#options;
    const before = this.notices;
    this.#seen = dataPlane.enabled ? dataPlane.surroundings() : FINE;
    for (const notice of this.notices) if (!before.includes(notice)) log(notice);
    onPins(this.#seen.pinned);
    if (this.#seen.cgroup === 'another') onNewCgroup();
  }

  /** What a person should know, one sentence with its remedy each. */
  get notices(): string[] {
    const { pinDir, cgroup } = this.#options;
    const notices: string[] = [];
    if (!this.#seen.pinned) {
      notices.push(
        `The programs are not pinned in ${pinDir} any more, and would end with the daemon: nothing takes the bypass until they are. ` +
          'Mount the bpf file system again (sudo mount -t bpf bpf /sys/fs/bpf); they are pinned again then.',
      );
    }
    if (this.#seen.cgroup === 'gone') {
      notices.push(
        `The cgroup ${cgroup} is gone: connections that were open in it go on, and no new one is looked at. ` +
          'When it is made again, it is accelerated again.',
      );
    }
    return notices;
  }
}
