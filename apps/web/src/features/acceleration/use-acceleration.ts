import type { Status } from '@sidestep/shared';
import { useEffect, useState } from 'react';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';
import { useRemembered } from '@/lib/remembered.ts';
import { useWish } from '@/lib/use-wish.ts';
import { useStatus } from './status.tsx';

/** What the switch shows: the daemon's states, and two that are off and cannot be turned on: for the host or for the kernel. */
export type SwitchState = Status['state'] | 'unavailable' | 'inspect only' | 'unknown';

/** Whether connections are seen and counted: until the last one has left the bypass. */
export function isWatching(state: SwitchState | undefined): boolean {
  return state === 'on' || state === 'draining';
}

function stateOf(status: Status | null): SwitchState {
  if (status === null) return 'unknown';
  if (status.inspectOnly !== null) return 'inspect only';
  return status.state === 'off' && status.failure !== null ? 'unavailable' : status.state;
}

/** The switch: its state, what it waits for, and what turning it does. */
export function useAcceleration() {
  const status = useStatus();
  const [informed, setInformed] = useRemembered('sidestep.informed', false);
  const [asking, setAsking] = useState(false);
  const enable = useWish(() => client().acceleration.enable.mutate());
  const disable = useWish((how: { now: boolean }) => client().acceleration.disable.mutate(how));
  const { unheard } = enable;
  const state = stateOf(status);
  useForgotten(status, [enable, disable]);

  const turnOn = () => {
    setAsking(false);
    setInformed(true);
    disable.reset();
    enable.mutate();
  };
  const turn = (on: boolean) => {
    if (!on) {
      setAsking(false);
      enable.reset();
      disable.mutate({ now: false });
    } else if (informed) turnOn();
    else setAsking(true);
  };

  const starting = enable.isPending && (state === 'off' || state === 'failed' || state === 'unavailable');
  const stopping = disable.isPending && state === 'on';
  const error = enable.error ?? disable.error;
  return {
    status,
    state,
    on: state === 'on' ? !stopping : state === 'enabling' || starting,
    pending: starting || stopping || state === 'enabling' || state === 'draining',
    disabled:
      unheard ||
      state === 'unknown' ||
      state === 'inspect only' ||
      state === 'enabling' ||
      starting ||
      stopping,
    /** The first time: what it means has to be said before it is done. */
    asking,
    cancel: () => setAsking(false),
    turn,
    turnOn,
    /** Nobody would hear what is clicked now. */
    unheard,
    /** Ends the connections that keep it from being turned off. */
    reset: () => disable.mutate({ now: true }),
    /** Why it is not as wished; the status speaks first, and what it says of the kernel says it all. */
    failure: starting
      ? null
      : (status?.failure ?? (!unheard && state !== 'inspect only' ? failureOf(error) : null)),
  };
}

/** Why a wish failed says nothing any more once the state is another one, by whomever it was changed. */
function useForgotten(status: Status | null, wishes: { isError: boolean; reset: () => void }[]): void {
  const stands = status && `${status.state} ${status.since}`;
  const [last, setLast] = useState(stands);
  useEffect(() => {
    if (stands === last) return;
    setLast(stands);
    for (const wish of wishes) if (wish.isError) wish.reset();
  });
}
