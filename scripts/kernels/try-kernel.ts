import { globSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Boot, boot } from './emulator.ts';
import type { FileList } from './file-list.ts';
import { writeInitramfs } from './initramfs.ts';
import { CHECKS, type CheckName, type CheckResult, type KernelResult, parseMessage } from './results.ts';

/** In an emulator, on a host that may be busy. */
const LIMIT_MS = 30 * 60_000;
const TAIL_LINES = 40;

/** The emulator itself now and then trips over code that a booting kernel patches, on another processor than the one that runs it. */
const MOST_BOOTS = 3;

/** Boots the kernel of an unpacked Debian package with these files, and hears what the checks come to. Its console is written to `log`. */
export async function tryKernel(
  folder: string,
  files: FileList,
  log: string,
  wanted: readonly CheckName[] = CHECKS,
): Promise<KernelResult> {
  const name = basename(folder);
  const [image] = globSync('boot/vmlinuz-*', { cwd: folder });
  if (image === undefined)
    throw new Error(`There is no kernel in ${folder}; remove the folder, and run this again.`);
  const initramfs = `${log}.initramfs`;
  writeInitramfs(initramfs, files, folder);
  try {
    for (let boots = 1; ; boots++) {
      const result = await run(name, { image: join(folder, image), initramfs, log, checks: wanted });
      if (result.trouble !== null) showTail(name, result.trouble, log);
      // Once its first process has spoken, what happens may be our doing.
      if (result.trouble === null || result.version !== '' || boots === MOST_BOOTS) return result;
      console.log(`  ${name} has not come as far as its first process; once more.`);
    }
  } finally {
    rmSync(initramfs);
  }
}

async function run(
  name: string,
  machine: Pick<Boot, 'image' | 'initramfs' | 'log' | 'checks'>,
): Promise<KernelResult> {
  const checks: CheckResult[] = [];
  let version = '';
  let complete = false;
  const onLine = (line: string) => {
    const message = parseMessage(line);
    if (message === null) return;
    if ('version' in message) version = message.version;
    else if ('end' in message) complete = true;
    else if ('progress' in message) console.log(`    ${name}: ${message.progress}`);
    else {
      checks.push(message);
      show(name, message);
    }
  };
  const trouble = await boot({ ...machine, limitMs: LIMIT_MS, onLine });
  const crash = complete ? null : 'the kernel has crashed, or its first process';
  return { name, version, checks, trouble: trouble ?? crash };
}

function show(name: string, { check, passed, failed, seconds, failures }: CheckResult): void {
  console.log(
    `  ${failed === 0 ? '✓' : '✗'} ${name} ${check.padEnd(12)} ${passed} passed, ${failed} failed, ${seconds.toFixed(0)} s`,
  );
  for (const failure of failures) console.log(failure.trimEnd().replace(/^/gm, '    '));
}

function showTail(name: string, trouble: string, log: string): void {
  console.log(`  ✗ ${name}: ${trouble}; the last that its console said, of ${log}:`);
  for (const line of readFileSync(log, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES))
    console.log(`    ${line}`);
}
