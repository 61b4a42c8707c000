import { check } from './error.ts';
import { native } from './native.ts';

/** Of the library that is loaded, for example `v1.1`. */
export function libbpfVersion(): string {
  return native.libbpf_version_string();
}

let cpus = 0;

/** How many CPUs the kernel can ever have: the number of values in each entry of a per-CPU map. */
export function possibleCpus(): number {
  if (cpus === 0) cpus = check('count the CPUs', native.libbpf_num_possible_cpus());
  return cpus;
}
