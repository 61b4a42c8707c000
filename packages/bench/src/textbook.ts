import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attachToMap, BPF_SK_MSG_VERDICT, BpfObject } from '@sidestep/libbpf';

const OBJECT = fileURLToPath(new URL('../build/textbook.o', import.meta.url));

/** The redirect of the textbooks, attached to a cgroup. Disposing detaches it; nothing of it is pinned. */
export class Textbook implements Disposable {
  readonly #resources: DisposableStack;

  private constructor(resources: DisposableStack) {
    this.#resources = resources;
  }

  /** Without a verdict sockets are in its map, and nothing is redirected. */
  static attach(cgroup: string, { verdict = true } = {}): Textbook {
    using resources = new DisposableStack();
    const object = resources.use(BpfObject.open(OBJECT));
    object.load();
    if (verdict)
      attachToMap(
        object.program('textbook_redirect').fd,
        object.map('textbook_socks').fd,
        BPF_SK_MSG_VERDICT,
      );
    const cgroupFd = openSync(cgroup, 'r');
    try {
      resources.use(object.program('textbook_sockops').attachCgroup(cgroupFd));
    } finally {
      closeSync(cgroupFd);
    }
    return new Textbook(resources.move());
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}
