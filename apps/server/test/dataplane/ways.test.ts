import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { waysOfKernel } from '../../src/dataplane/ways.ts';

const bytesRead = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1]);

test('the kernel is asked once for its ways, with its types read once', () => {
  const before = bytesRead();
  const ways = waysOfKernel();
  expect(waysOfKernel()).toEqual(ways);
  expect(bytesRead() - before).toBeLessThan(2 * statSync('/sys/kernel/btf/vmlinux').size);
});
