import { spawnSync } from 'node:child_process';
import { closeSync, globSync, openSync } from 'node:fs';
import type { FileList } from './file-list.ts';

/** Of a cloud kernel's modules, those that the tests can need: there is no device but cables between namespaces. */
const MODULES = 'lib/modules/*/{modules.*,kernel/{arch,crypto,lib,net}/**,kernel/drivers/net/veth.ko*}';

/** Writes an archive that a kernel unpacks as its first file system: files of this host, and the modules that are below `kernel`. */
export function writeInitramfs(archive: string, files: FileList, kernel: string): void {
  const fd = openSync(archive, 'w');
  try {
    // The kernel unpacks archives that follow each other.
    pack(fd, '/', files.paths);
    pack(fd, kernel, withFolders(globSync(MODULES, { cwd: kernel })));
  } finally {
    closeSync(fd);
  }
}

/** Below lib, which is there already, and may be a link. */
function withFolders(paths: readonly string[]): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    const names = path.split('/');
    for (let depth = 2; depth <= names.length; depth++) all.add(names.slice(0, depth).join('/'));
  }
  return [...all].sort();
}

function pack(fd: number, folder: string, paths: readonly string[]): void {
  const list = paths.map((path) => `${path.replace(/^\//, '')}\0`).join('');
  const { status, error, stderr } = spawnSync('cpio', ['-o', '-0', '-H', 'newc', '--quiet', '-D', folder], {
    input: list,
    stdio: ['pipe', fd, 'pipe'],
  });
  if (status !== 0) throw new Error(`cpio failed: ${error?.message ?? stderr.toString()}`);
}
