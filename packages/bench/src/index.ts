export * from './sandbox/cgroup.ts';
export * from './sandbox/daemon.ts';
export * from './sandbox/free-port.ts';
export * from './sandbox/process.ts';
export * from './sandbox/until.ts';
export * from './traffic.ts';
