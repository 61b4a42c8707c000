import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attachToMap, BPF_SK_MSG_VERDICT, BpfObject } from '@sidestep/libbpf';

/** The redirect of the textbooks, attached to a cgroup. Disposing detaches it; nothing of it is pinned. */
export class Textbook implements Disposable {
  readonly #resources: DisposableStack;

  private constructor(resources: DisposableStack) {
    this.#resources = resources;
  }

  /** Without a verdict sockets are in its map, and nothing is redirected. */
  static attach(cgroup: string, { verdict = true } = {}): Textbook {
    using resources = new DisposableStack();
    const object = resources.use(loaded('textbook'));
    if (verdict)
      attachToMap(
        object.program('textbook_redirect').fd,
        object.map('textbook_socks').fd,
        BPF_SK_MSG_VERDICT,
      );
    resources.use(attachSockops(object, 'textbook_sockops', cgroup));
    return new Textbook(resources.move());
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

/** Attaches a program to a cgroup that takes no care of what others of the same cgroup have asked to be called for. Disposing detaches it. */
export function attachCareless(cgroup: string): Disposable {
  using resources = new DisposableStack();
  const object = resources.use(loaded('careless'));
  resources.use(attachSockops(object, 'careless_sockops', cgroup));
  return resources.move();
}

function loaded(name: string): BpfObject {
  const object = BpfObject.open(fileURLToPath(new URL(`../build/${name}.o`, import.meta.url)));
  try {
    object.load();
    return object;
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

function attachSockops(object: BpfObject, program: string, cgroup: string): Disposable {
  const cgroupFd = openSync(cgroup, 'r');
  try {
    return object.program(program).attachCgroup(cgroupFd);
  } finally {
    closeSync(cgroupFd);
  }
}
