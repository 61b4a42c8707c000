import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Traffic, type TrafficOptions, type TrafficProgram, trafficPath, until } from '@sidestep/bench';
import { BpfMap, BtfLayouts } from '@sidestep/libbpf';
import type { Scene } from './scene.ts';
import type { TestDaemon } from './test-daemon.ts';

/**
 * Until the daemon has looked at the program's executable, so that the next connections of it need not wait for that. For tests of what a connection does at its
 * beginning: a look takes as long as it likes on a busy machine. The options are of connections that want to join.
 */
export async function acquaint(
  { daemon, cgroup }: Scene,
  program: TrafficProgram,
  options: TrafficOptions,
): Promise<void> {
  await using _ = new Traffic(program, options, { cgroup: cgroup.path });
  const { ino } = statSync(trafficPath(program), { bigint: true });
  await until(`the daemon has looked at ${program}`, () => isExamined(daemon, ino));
}

function isExamined({ pinDir }: TestDaemon, inode: bigint): boolean {
  using programs = BpfMap.openPinned(join(pinDir, 'map_programs'));
  const layouts = BtfLayouts.fromMap(programs);
  const decodeKey = layouts.decoder<{ readonly inode: bigint }>('ss_executable');
  const decode = layouts.decoder<{ readonly examined: number }>('ss_program');
  const examined = layouts.enum('ss_examined').get('SS_EXAMINED');
  return programs.keys().some((key) => {
    const value = decodeKey(key).inode === inode && programs.lookup(key);
    return value && decode(value).examined === examined;
  });
}
