import type { Check } from '@sidestep/shared';

/** A line of a check-up; fine and essential unless wished otherwise. */
export function makeCheck(check: Partial<Check> & Pick<Check, 'id' | 'title'>): Check {
  return {
    outcome: 'fine',
    essential: true,
    seen: 'As it should be.',
    means: 'Nothing stands in the way.',
    does: 'Nothing has to be done.',
    log: null,
    ...check,
  };
}

export const FINE = [
  makeCheck({
    id: 'btf',
    title: 'The kernel describes its own types',
    seen: '/sys/kernel/btf/vmlinux, 6.1 MB.',
  }),
  makeCheck({
    id: 'redirect-order',
    title: 'Redirected messages keep their order',
    seen: '10\u2009000 messages of 1 byte to 64 kB arrived as they were sent.',
  }),
  makeCheck({
    id: 'wakes-reader',
    title: 'A reader that waits in epoll is woken',
    seen: 'Woken 1000 times of 1000, after 9 µs in the middle.',
  }),
];

export const WORKED_ROUND = makeCheck({
  id: 'fionread',
  title: 'FIONREAD counts redirected bytes',
  outcome: 'worked round',
  essential: false,
  seen: '0 where 512 bytes waited.',
  means: 'A program that asks how much waits would be told too little.',
  does: 'The bypass is left for as long as such a program asks.',
});

export const ON_TCP = makeCheck({
  id: 'splice',
  title: 'splice() sees redirected bytes',
  outcome: 'on TCP',
  essential: false,
  seen: 'splice() waited although 4096 bytes were there.',
  means: 'Programs that move data with splice(), such as HAProxy and docker-proxy, stay on TCP.',
  does: 'Learns which programs splice, and keeps their connections on the stack.',
});

export const UNKNOWN = makeCheck({
  id: 'netns',
  title: 'Redirection works between network namespaces',
  outcome: 'unknown',
  essential: false,
  seen: 'The probe could not be made: unshare: Operation not permitted.',
  means: 'Connections between containers may not work on the bypass.',
  does: 'Keeps connections between namespaces on the stack.',
});

export const REFUSED = makeCheck({
  id: 'sk-msg',
  title: 'Programs can be attached to a socket map',
  outcome: 'refused',
  seen: 'BPF_PROG_ATTACH answered EINVAL.',
  means: 'No message can be redirected on this kernel, so no program can be accelerated.',
  does: 'Nothing is loaded. A kernel with CONFIG_BPF_STREAM_PARSER=y can do it.',
  log: 'bpf(BPF_PROG_ATTACH, {target_fd=7, attach_bpf_fd=9, attach_type=BPF_SK_MSG_VERDICT}) = -1 EINVAL',
});
