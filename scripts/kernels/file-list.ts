import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Paths of this host that an archive takes along under their own names, with the folders above them and the symbolic links on the way. */
export class FileList {
  readonly #paths = new Set<string>();

  /** Every folder before what is in it. */
  get paths(): string[] {
    return [...this.#paths].sort();
  }

  /** Adds a file, a folder without its content, or a link and what it leads to; where the path really is. */
  add(path: string): string {
    let real = '/';
    const rest = resolve(path).split('/').filter(Boolean);
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      const next = join(real, name);
      this.#paths.add(next);
      if (!lstatSync(next).isSymbolicLink()) {
        real = next;
        continue;
      }
      rest.unshift(...resolve(real, readlinkSync(next)).split('/').filter(Boolean));
      real = '/';
    }
    return real;
  }

  /** Adds a folder and all below it but the entries that `leaveOut` names. */
  addTree(folder: string, leaveOut: readonly string[] = []): void {
    const real = this.add(folder);
    for (const entry of readdirSync(real, { withFileTypes: true })) {
      if (leaveOut.includes(entry.name)) continue;
      const path = join(real, entry.name);
      if (entry.isDirectory()) this.addTree(path, leaveOut);
      else this.add(path);
    }
  }
}
