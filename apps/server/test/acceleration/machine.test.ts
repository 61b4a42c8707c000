import { setTimeout as sleep } from 'node:timers/promises';
import type { HeldConnection } from '@sidestep/shared';
import { beforeEach, describe, expect, test } from 'vitest';
import { AccelerationMachine, type MachineOptions } from '../../src/acceleration/machine.ts';
import { DataPlaneError } from '../../src/dataplane/dataplane.ts';
import { Refusal } from '../../src/refusal.ts';
import { FakeDataPlane, FakeKernel, kernelSays } from '../support/fake-data-plane.ts';
import { until } from '../support/until.ts';

let kept: ReturnType<MachineOptions['wanted']['load']>;
let hooks: string[];

beforeEach(() => {
  kept = null;
  hooks = [];
});

/** A machine whose states are written down as they come; a new one stands for a daemon that was started again. */
function machineOn(
  dataPlane: FakeDataPlane,
  pause: MachineOptions['pause'] = () => Promise.resolve(),
  steady = () => 1000,
  clear = () => Promise.resolve(),
) {
  const states: string[] = [];
  const machine = new AccelerationMachine({
    dataPlane,
    config: () => ({ allowBlockingReaders: false, queueCap: 65_536, keepOnStack: [], printk: false }),
    wanted: {
      load: () => kept,
      save: (wanted) => {
        kept = wanted;
      },
    },
    now: () => 1000,
    steady,
    log: (line) => states.push(line.replace(/^Acceleration is (\w+)\..*/, '$1')),
    clear,
    pause,
    onEnabled: () => hooks.push('enabled'),
    onTakenOver: () => hooks.push('taken over'),
    onDrained: () => hooks.push('drained'),
    onDisabled: () => hooks.push('disabled'),
  });
  return { machine, states };
}

/** A pause that lasts until the test lets it go on. */
function gate() {
  let open = Promise.withResolvers<void>();
  return {
    pause: () => open.promise,
    letGo: () => {
      open.resolve();
      open = Promise.withResolvers<void>();
    },
  };
}

const held = (id: string): HeldConnection => ({
  id,
  ends: [
    { side: 'server', address: '127.0.0.1', port: 80, pid: 7, comm: 'nginx', unread: 500 },
    { side: 'client', address: '127.0.0.1', port: 40_000, pid: 8, comm: 'curl', unread: 0 },
  ],
});

/** A data plane that is on, with two connections that do not drain, and a clock that the test moves. */
async function holding() {
  const dataPlane = new FakeDataPlane();
  const clock = { now: 1000 };
  const { machine, states } = machineOn(
    dataPlane,
    () => sleep(1),
    () => clock.now,
  );
  machine.start();
  await machine.enable();
  dataPlane.kernel.draining = [4];
  dataPlane.kernel.held = [held('1'), held('2')];
  return { dataPlane, clock, machine, states };
}

describe('what was on before', () => {
  /** Wanted, not in the kernel, and nothing to be had for so many tries; on a clock that the test moves. */
  async function refusedTimes(times: number) {
    kept = { on: true, since: 5 };
    const clock = { now: 0 };
    let tries = 0;
    const clear = async () => {
      if (tries++ < times) throw new Refusal('The kernel is busy.', 'Wait.');
    };
    const made = machineOn(new FakeDataPlane(), undefined, () => clock.now, clear);
    made.machine.start();
    await until(() => made.states.includes('off'));
    /** Once a second. */
    const pass = async (seconds: number) => {
      for (const end = clock.now + seconds * 1000; clock.now < end; ) {
        clock.now += 1000;
        made.machine.tryAgain();
        await sleep(0);
      }
    };
    return { ...made, pass, tries: () => tries };
  }

  test('is tried again where it was refused, until it is on', async () => {
    const { machine, pass, tries } = await refusedTimes(3);
    await pass(1);
    expect(tries()).toBe(1);
    await pass(1);
    expect(tries()).toBe(2);
    await pass(30);
    expect(machine.phase.state).toBe('on');
    expect(tries()).toBe(4);
    await pass(600);
    expect(tries()).toBe(4);
  });

  test('is tried again once a minute at last', async () => {
    const { pass, tries } = await refusedTimes(Number.POSITIVE_INFINITY);
    await pass(600);
    const before = tries();
    await pass(600);
    expect(tries() - before).toBe(10);
  });

  test('is not tried again once somebody has switched', async () => {
    const { machine, pass, tries } = await refusedTimes(2);
    await expect(machine.enable()).rejects.toThrow('The kernel is busy.');
    await pass(600);
    expect(tries()).toBe(2);
  });

  test.for([
    ['when its cgroup is made anew a second time', 'enable'],
    ['although what its cgroup was left with could not be removed at first', 'remove'],
  ] as const)('is on again %s', async ([, failing]) => {
    const clock = { now: 0 };
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane, undefined, () => clock.now);
    machine.start();
    await machine.enable();
    dataPlane.failing[failing] = kernelSays('Not now.');
    machine.renew();
    await until(() => machine.phase.state === 'failed');
    clock.now += 2000;
    machine.tryAgain();
    await until(() => machine.phase.state === 'on');
  });

  test('is taken over as soon as that can be', async () => {
    const clock = { now: 0 };
    const dataPlane = new FakeDataPlane();
    dataPlane.kernel.pinned = true;
    dataPlane.failing.adopt = kernelSays('No memory.');
    kept = { on: true, since: 5 };
    const { machine } = machineOn(dataPlane, undefined, () => clock.now);
    expect(machine.start()).toBe(false);
    expect(machine.phase.state).toBe('failed');
    clock.now += 2000;
    machine.tryAgain();
    await until(() => machine.phase.state === 'on');
    expect(hooks).toEqual(['taken over']);
    expect(machine.phase.since).toBe(5);
  });

  test('and is off by now is switched off only after start has returned', async () => {
    const kernel = new FakeKernel();
    kernel.pinned = true;
    kept = { on: false, since: 5 };
    const { machine } = machineOn(new FakeDataPlane(kernel));
    expect(machine.start()).toBe(true);
    expect([machine.phase.state, machine.isWanted, hooks]).toEqual(['on', false, []]);
    await until(() => machine.phase.state === 'off');
  });
});

describe('connections that do not drain', () => {
  test('are told, and looked at again every half second', async () => {
    const { dataPlane, clock, machine } = await holding();
    const disabling = machine.disable();
    await until(() => machine.phase.held.length === 2);
    dataPlane.kernel.held = [held('2')];
    await sleep(20);
    expect(machine.phase.held).toHaveLength(2);
    clock.now += 500;
    await until(() => machine.phase.held.length === 1);
    dataPlane.kernel.draining = [];
    await disabling;
    expect(machine.phase).toMatchObject({ state: 'off', held: [] });
  });

  test('are reset a second after somebody wants it off now, not before, and each is logged', async () => {
    const { dataPlane, clock, machine, states } = await holding();
    const patient = machine.disable();
    await until(() => machine.phase.remaining === 4);
    clock.now += 60_000;
    await until(() => machine.phase.held.length === 2);
    const disabling = machine.disable({ now: true });
    clock.now += 999;
    await sleep(20);
    expect(dataPlane.kernel.held).toHaveLength(2);
    clock.now += 1;
    await Promise.all([patient, disabling]);
    expect(machine.phase.state).toBe('off');
    expect(states.filter((line) => line.includes('reset'))).toEqual([
      'Connection 1 was reset: nginx (process 7) has not read 500 bytes from curl (process 8).',
      'Connection 2 was reset: nginx (process 7) has not read 500 bytes from curl (process 8).',
    ]);
  });

  test('and that nobody can reset go on being waited for', async () => {
    const { dataPlane, clock, machine } = await holding();
    dataPlane.kernel.orphans.add('2');
    const disabling = machine.disable({ now: true });
    await until(() => machine.phase.remaining === 4);
    clock.now += 1000;
    await until(() => machine.phase.held.length === 1);
    expect(machine.phase).toMatchObject({ state: 'draining', held: [{ id: '2' }] });
    dataPlane.kernel.orphans.clear();
    clock.now += 1000;
    await disabling;
    expect(machine.phase.state).toBe('off');
  });

  test('are spared when somebody switches on again in time', async () => {
    const { dataPlane, clock, machine } = await holding();
    const disabling = machine.disable({ now: true }).catch((error: Error) => error.message);
    await until(() => machine.phase.remaining === 4);
    await machine.enable();
    expect(await disabling).toContain('switched on again');
    clock.now += 5000;
    const patient = machine.disable();
    await until(() => machine.phase.held.length === 2);
    clock.now += 5000;
    await sleep(20);
    expect(dataPlane.kernel.held).toHaveLength(2);
    dataPlane.kernel.draining = [];
    await patient;
  });
});

describe('the way there and back', () => {
  test('off, enabling, on, draining, off', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine, states } = machineOn(dataPlane);
    machine.start();
    await machine.enable();
    expect(machine.phase).toMatchObject({ state: 'on', since: 1000, step: null, failure: null });
    dataPlane.kernel.draining = [3, 1, 0];
    await machine.disable();
    expect(states).toEqual(['enabling', 'on', 'draining', 'off']);
    expect(hooks).toEqual(['enabled', 'drained', 'disabled']);
    expect(dataPlane.kernel.pinned).toBe(false);
    expect(dataPlane.calls.drain).toBe(3);
  });

  test('the steps of enabling can be seen', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    const steps: unknown[] = [];
    const enabling = machine.enable();
    while (machine.phase.state !== 'on') {
      if (steps.at(-1) !== machine.phase.step) steps.push(machine.phase.step);
      await Promise.resolve();
    }
    await enabling;
    expect(steps).toEqual([null, 'loading', 'attaching', 'pinning']);
  });

  test('what is left to drain can be seen', async () => {
    const dataPlane = new FakeDataPlane();
    const { pause, letGo } = gate();
    const { machine } = machineOn(dataPlane, pause);
    await machine.enable();
    dataPlane.kernel.draining = [12, 4, 0];
    const disabling = machine.disable();
    await until(() => machine.phase.remaining === 12);
    letGo();
    await until(() => machine.phase.remaining === 4);
    letGo();
    await disabling;
    expect(machine.phase).toMatchObject({ state: 'off', remaining: null });
  });

  test('switching on what is on, and off what is off, changes nothing', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine, states } = machineOn(dataPlane);
    await machine.disable();
    await machine.enable();
    await machine.enable();
    expect(states).toEqual(['enabling', 'on']);
    expect(dataPlane.calls.enable).toBe(1);
  });
});

describe('a kernel that cannot have it', () => {
  const refusal = new Refusal('This kernel keeps no order.', 'Start another one.');

  test('is left alone: enabling is refused, and the state is off, not failed', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine, states } = machineOn(dataPlane, undefined, undefined, () => Promise.reject(refusal));
    await expect(machine.enable()).rejects.toBe(refusal);
    expect(machine.phase).toMatchObject({ state: 'off', failure: null });
    expect(states).toEqual(['enabling', refusal.message, 'off']);
    expect(dataPlane.calls.enable).toBe(0);
    expect(hooks).toEqual([]);
  });

  test('is asked again at the next attempt, also after a restart', async () => {
    const dataPlane = new FakeDataPlane();
    let good = false;
    const clear = async () => {
      if (!good) throw refusal;
    };
    const first = machineOn(dataPlane, undefined, undefined, clear).machine;
    await expect(first.enable()).rejects.toBe(refusal);
    const { machine: second, states } = machineOn(dataPlane, undefined, undefined, clear);
    expect(second.start()).toBe(false);
    await until(() => states.includes('off'));
    good = true;
    await second.enable();
    expect(second.phase.state).toBe('on');
  });

  test('goes on with what already runs, and gets rid of it', async () => {
    const dataPlane = new FakeDataPlane();
    dataPlane.kernel.pinned = true;
    const { machine } = machineOn(dataPlane, undefined, undefined, () => Promise.reject(refusal));
    expect(machine.start()).toBe(true);
    expect(machine.phase.state).toBe('on');
    await machine.enable();
    dataPlane.kernel.draining = [0];
    await machine.disable();
    expect(machine.phase.state).toBe('off');
    await expect(machine.enable()).rejects.toBe(refusal);
  });

  test('does not load anything when it was switched off, or stopped, while it was examined', async () => {
    const dataPlane = new FakeDataPlane();
    const examined = Promise.withResolvers<void>();
    const { machine } = machineOn(dataPlane, undefined, undefined, () => examined.promise);
    const enabling = machine.enable().catch((error: Error) => error.message);
    const disabling = machine.disable();
    examined.resolve();
    await disabling;
    expect(await enabling).toContain('switched off again');
    expect(dataPlane.calls.enable).toBe(0);
  });
});

describe('several callers', () => {
  test('calls that want the same join', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    await Promise.all([machine.enable(), machine.enable(), machine.enable()]);
    expect(dataPlane.calls.enable).toBe(1);
    await Promise.all([machine.disable(), machine.disable()]);
    expect(hooks).toEqual(['enabled', 'drained', 'disabled']);
  });

  test('switching on while draining takes the draining back', async () => {
    const dataPlane = new FakeDataPlane();
    const { pause, letGo } = gate();
    const { machine, states } = machineOn(dataPlane, pause);
    await machine.enable();
    dataPlane.kernel.draining = [5];
    const disabling = expect(machine.disable()).rejects.toThrow('switched on again');
    await until(() => machine.phase.remaining === 5);
    expect(dataPlane.kernel.killSwitch).toBe(true);
    const enabling = machine.enable();
    letGo();
    await Promise.all([enabling, disabling]);
    expect(states).toEqual(['enabling', 'on', 'draining', 'on']);
    expect(dataPlane.kernel).toMatchObject({ killSwitch: false, pinned: true });
    expect(dataPlane.calls.enable).toBe(1);
    expect(hooks).toEqual(['enabled']);
  });

  test('switching off while enabling ends off', async () => {
    const dataPlane = new FakeDataPlane();
    const loading = Promise.withResolvers<void>();
    dataPlane.loading = loading.promise;
    const { machine, states } = machineOn(dataPlane);
    const enabling = expect(machine.enable()).rejects.toThrow('switched off again');
    await until(() => machine.phase.step === 'loading');
    const disabling = machine.disable();
    loading.resolve();
    await Promise.all([enabling, disabling]);
    expect(states).toEqual(['enabling', 'on', 'draining', 'off']);
    expect(dataPlane.enabled).toBe(false);
  });

  test('a call that comes just when the other has ended is not forgotten', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    for (let round = 0; round < 20; round++) {
      const enabling = machine.enable().catch(() => {});
      for (let turn = 0; turn < round; turn++) await Promise.resolve();
      await machine.disable();
      await enabling;
      expect(machine.phase.state).toBe('off');
      expect(dataPlane.enabled).toBe(false);
    }
  });
});

describe('while nothing pins the programs', () => {
  test('nobody takes the bypass, and acceleration stays on', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine, states } = machineOn(dataPlane);
    machine.keepFromLoss(false);
    await machine.enable();
    for (const pinned of [false, true, false, false, true, true]) {
      machine.keepFromLoss(pinned);
      expect(dataPlane.kernel.killSwitch).toBe(!pinned);
      expect(machine.phase.state).toBe('on');
    }
    machine.keepFromLoss(false);
    await machine.disable();
    await machine.enable();
    expect(dataPlane.kernel.killSwitch).toBe(false);
    expect(states.filter((line) => line === 'on' || line === 'off')).toEqual(['on', 'off', 'on']);
  });

  test('whoever drains goes on, also when they are pinned again', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    await machine.enable();
    machine.keepFromLoss(false);
    dataPlane.kernel.draining = [2];
    const disabling = machine.disable();
    machine.keepFromLoss(true);
    const { killSwitch } = dataPlane.kernel;
    dataPlane.kernel.draining = [];
    await disabling;
    expect(killSwitch).toBe(true);
    expect(machine.phase.state).toBe('off');
  });
});

describe('failures', () => {
  test('the kernel’s words, and another try', async () => {
    const dataPlane = new FakeDataPlane();
    dataPlane.failing.enable = kernelSays('The kernel refused the programs.', 'R1 invalid mem access');
    const { machine, states } = machineOn(dataPlane);
    await expect(machine.enable()).rejects.toThrow(DataPlaneError);
    expect(machine.phase).toMatchObject({
      state: 'failed',
      failure: {
        message: 'The kernel refused the programs.',
        remedy: 'Use a newer kernel.',
        log: 'R1 invalid mem access',
      },
    });
    await machine.enable();
    expect(machine.phase).toMatchObject({ state: 'on', failure: null });
    expect(states.filter((line) => line !== 'enabling')).toEqual(['failed', 'on']);
  });

  test('switching off after a failed try ends off', async () => {
    const dataPlane = new FakeDataPlane();
    dataPlane.failing.enable = kernelSays('No.');
    const { machine } = machineOn(dataPlane);
    await expect(machine.enable()).rejects.toThrow('No.');
    await machine.disable();
    expect(machine.phase).toMatchObject({ state: 'off', failure: null });
  });

  test.each(['drain', 'remove'] as const)('a failed %s can be tried again', async (method) => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    await machine.enable();
    dataPlane.failing[method] = kernelSays('Busy.');
    await expect(machine.disable()).rejects.toThrow('Busy.');
    expect(machine.phase.state).toBe('failed');
    await machine.disable();
    expect(machine.phase.state).toBe('off');
    expect(dataPlane.kernel.pinned).toBe(false);
  });

  test('switching on after a failed drain goes on with what is loaded', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    await machine.enable();
    dataPlane.failing.remove = kernelSays('Busy.');
    await expect(machine.disable()).rejects.toThrow('Busy.');
    await machine.enable();
    expect(machine.phase.state).toBe('on');
    expect(dataPlane.kernel.killSwitch).toBe(false);
    expect(dataPlane.calls.enable).toBe(1);
  });

  test('an error that nobody foresaw is a failure too', async () => {
    const dataPlane = new FakeDataPlane();
    dataPlane.drain = () => {
      throw new TypeError('x is undefined');
    };
    const { machine } = machineOn(dataPlane);
    await machine.enable();
    await expect(machine.disable()).rejects.toThrow('x is undefined');
    expect(machine.phase.failure?.remedy).toContain('log');
  });
});

describe('a daemon that is to end', () => {
  const never = new AbortController().signal;

  test('leaves at once what is pinned', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    await machine.enable();
    await machine.leave(never);
    expect(dataPlane.kernel).toMatchObject({ pinned: true, killSwitch: false });
  });

  test('lets everything leave that is pinned no longer, and the next one switches on again', async () => {
    const dataPlane = new FakeDataPlane();
    const { pause, letGo } = gate();
    const { machine, states } = machineOn(dataPlane, pause);
    await machine.enable();
    dataPlane.around = { pinned: false, cgroup: 'same' };
    dataPlane.kernel.draining = [2, 0];
    const leaving = machine.leave(never);
    await until(() => machine.phase.remaining === 2);
    await expect(machine.enable()).rejects.toThrow('The daemon stops.');
    letGo();
    await leaving;
    expect(dataPlane.enabled).toBe(false);
    expect(states.at(-1)).toBe('off');
    expect(kept).toMatchObject({ on: true });
  });

  test('goes on waiting for what is pinned no longer where looking at it fails', async () => {
    const dataPlane = new FakeDataPlane();
    const { machine } = machineOn(dataPlane);
    await machine.enable();
    dataPlane.around = { pinned: false, cgroup: 'same' };
    dataPlane.kernel.draining = [2, 1, 0];
    const drain = dataPlane.drain.bind(dataPlane);
    let looks = 0;
    dataPlane.drain = () => {
      if (++looks === 2) throw new Error('ENOMEM');
      return drain();
    };
    await machine.leave(never);
    expect(dataPlane.enabled).toBe(false);
  });

  test('resets in a hurry what does not leave', async () => {
    const { dataPlane, clock, machine } = await holding();
    dataPlane.around = { pinned: false, cgroup: 'same' };
    const hurry = new AbortController();
    const leaving = machine.leave(hurry.signal);
    await until(() => machine.phase.remaining === 4);
    clock.now += 60_000;
    await until(() => machine.phase.held.length === 2);
    hurry.abort();
    clock.now += 1000;
    await leaving;
    expect(dataPlane.enabled).toBe(false);
  });
});

describe('a cgroup that was made anew', () => {
  test('is attached to when every connection has left the old one', async () => {
    const dataPlane = new FakeDataPlane();
    const { pause, letGo } = gate();
    const { machine, states } = machineOn(dataPlane, pause);
    await machine.enable();
    dataPlane.kernel.draining = [1, 0];
    machine.renew();
    machine.renew();
    await until(() => machine.phase.remaining === 1);
    letGo();
    await until(() => machine.phase.state === 'on');
    expect(states.filter((line) => !line.startsWith('The cgroup'))).toEqual([
      'enabling',
      'on',
      'draining',
      'off',
      'enabling',
      'on',
    ]);
    expect(dataPlane.calls.enable).toBe(2);
  });

  test('is left alone when somebody switches off meanwhile', async () => {
    const dataPlane = new FakeDataPlane();
    const { pause, letGo } = gate();
    const { machine } = machineOn(dataPlane, pause);
    await machine.enable();
    dataPlane.kernel.draining = [1, 0];
    machine.renew();
    await until(() => machine.phase.remaining === 1);
    const disabling = machine.disable();
    letGo();
    await disabling;
    await until(() => machine.phase.state === 'off');
    expect(kept).toMatchObject({ on: false });
    expect(dataPlane.enabled).toBe(false);
  });
});

describe('a daemon that is started again', () => {
  test('takes over what runs, and since when', async () => {
    const kernel = new FakeKernel();
    const first = machineOn(new FakeDataPlane(kernel));
    await first.machine.enable();
    kept = { on: true, since: 77 };
    await first.machine.stop();

    const second = machineOn(new FakeDataPlane(kernel));
    expect(second.machine.start()).toBe(true);
    expect(second.machine.phase).toMatchObject({ state: 'on', since: 77 });
    expect(hooks).toEqual(['enabled']);
  });

  test('switches on what was on before the host was started again', async () => {
    kept = { on: true, since: 77 };
    const { machine } = machineOn(new FakeDataPlane());
    expect(machine.start()).toBe(false);
    await until(() => machine.phase.state === 'on');
    expect(hooks).toEqual(['enabled']);
  });

  test('removes what runs although it was switched off', async () => {
    const kernel = new FakeKernel();
    kernel.pinned = true;
    kept = { on: false, since: 77 };
    const { machine } = machineOn(new FakeDataPlane(kernel));
    expect(machine.start()).toBe(true);
    await until(() => machine.phase.state === 'off');
    expect(kernel.pinned).toBe(false);
  });

  test('lets run what runs when nobody remembers what was wanted', () => {
    const kernel = new FakeKernel();
    kernel.pinned = true;
    const { machine } = machineOn(new FakeDataPlane(kernel));
    machine.start();
    expect(machine.phase.state).toBe('on');
  });

  test('says so when it cannot take over', () => {
    const dataPlane = new FakeDataPlane();
    dataPlane.failing.adopt = kernelSays('The pinned programs are of another version.');
    const { machine } = machineOn(dataPlane);
    expect(machine.start()).toBe(false);
    expect(machine.phase).toMatchObject({
      state: 'failed',
      failure: { message: 'The pinned programs are of another version.' },
    });
  });

  /** Started where it cannot take over what runs, because of something that passes. */
  function short() {
    const kernel = new FakeKernel();
    kernel.pinned = true;
    kept = { on: true, since: 77 };
    const dataPlane = new FakeDataPlane(kernel);
    dataPlane.failing.adopt = kernelSays('No memory.');
    const { machine } = machineOn(dataPlane);
    machine.start();
    return { kernel, dataPlane, machine };
  }

  test('takes over what it could not take over at first when somebody switches on', async () => {
    const { dataPlane, machine } = short();
    await machine.enable();
    expect(machine.phase).toMatchObject({ state: 'on', since: 77, failure: null });
    expect(dataPlane.calls.enable).toBe(0);
    await machine.enable();
    expect(hooks).toEqual(['taken over']);
  });

  test('takes it over to remove it when somebody switches off', async () => {
    const { kernel, machine } = short();
    await machine.disable();
    expect(machine.phase.state).toBe('off');
    expect(kernel.pinned).toBe(false);
    expect(hooks).toEqual(['taken over', 'drained', 'disabled']);
  });

  test.each(['enable', 'disable'] as const)(
    'says to %s why it still cannot take over, and tries again',
    async (verb) => {
      const { kernel, dataPlane, machine } = short();
      dataPlane.failing.adopt = kernelSays('Still no memory.');
      await expect(machine[verb]()).rejects.toThrow('Still no memory.');
      expect(machine.phase).toMatchObject({ state: 'failed', failure: { message: 'Still no memory.' } });
      expect(kernel).toMatchObject({ pinned: true, killSwitch: false });
      expect(dataPlane.calls.enable).toBe(0);
      expect(hooks).toEqual([]);
      await machine.enable();
      expect(machine.phase).toMatchObject({ state: 'on', failure: null });
      expect(hooks).toEqual(['taken over']);
    },
  );

  test('switches on anew when what it could not take over is gone', async () => {
    const { kernel, dataPlane, machine } = short();
    kernel.pinned = false;
    await machine.enable();
    expect(machine.phase.state).toBe('on');
    expect(dataPlane.calls.enable).toBe(1);
    expect(hooks).toEqual(['enabled']);
  });

  test('stopping while draining leaves the rest to the next daemon', async () => {
    const kernel = new FakeKernel();
    const dataPlane = new FakeDataPlane(kernel);
    const { pause, letGo } = gate();
    const { machine } = machineOn(dataPlane, pause);
    await machine.enable();
    kernel.draining = [1];
    const disabling = expect(machine.disable()).rejects.toThrow('The daemon stops.');
    await until(() => machine.phase.remaining === 1);
    const stopping = machine.stop();
    letGo();
    await Promise.all([stopping, disabling]);
    expect(kernel.pinned).toBe(true);

    kernel.draining = [0];
    const next = machineOn(new FakeDataPlane(kernel));
    next.machine.start();
    await until(() => next.machine.phase.state === 'off');
    expect(kernel.pinned).toBe(false);
  });
});
