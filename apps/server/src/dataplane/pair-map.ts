import type { BpfMap, BtfLayouts, Encoder } from '@sidestep/libbpf';
import type { Pair } from './dataplane.ts';

const YES = Buffer.alloc(1, 1);

/** The kernel's map of pairs of programs whose connections cost less on TCP, by `struct ss_pair`. */
export class PairMap {
  readonly #map: BpfMap;
  readonly #encode: Encoder;

  constructor(map: BpfMap, layouts: BtfLayouts) {
    this.#map = map;
    this.#encode = layouts.encoder('ss_pair');
  }

  /** These, and no others. Whether that changes anything. Throws when the map has no room for them. */
  write(pairs: readonly Pair[]): boolean {
    const wanted = new Map(
      pairs.map(({ client, server, netns, port }) => {
        const key = this.#encode({ client: { ...client }, server: { ...server }, netns, port });
        return [key.toString('hex'), key];
      }),
    );
    const before = new Map(this.#map.keys().map((key) => [key.toString('hex'), key]));
    const gone = [...before].filter(([name]) => !wanted.has(name));
    const fresh = [...wanted].filter(([name]) => !before.has(name));
    for (const [, key] of gone) this.#map.delete(key);
    for (const [, key] of fresh) this.#map.update(key, YES);
    return gone.length + fresh.length > 0;
  }
}
