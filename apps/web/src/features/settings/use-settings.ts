import type { SettingsPatch } from '@sidestep/shared';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';
import { useWish } from '@/lib/use-wish.ts';

const KEY = ['settings'];
const LOOK_MS = 5000;

/** The settings as the daemon holds them, and how to change one. */
export function useSettings() {
  const queries = useQueryClient();
  // Somebody else may change them, on the command line for example.
  const settings = useQuery({
    queryKey: KEY,
    queryFn: () => client().settings.get.query(),
    refetchInterval: LOOK_MS,
  });
  const update = useWish((patch: SettingsPatch) => client().settings.update.mutate(patch), {
    onSuccess: (now) => queries.setQueryData(KEY, now),
    // It may have been refused because of what somebody else has changed.
    onError: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  return {
    settings: settings.data ?? null,
    /** `onSaved` is called once the daemon has it. */
    update: (patch: SettingsPatch, onSaved = () => {}) => update.mutate(patch, { onSuccess: onSaved }),
    /** Somebody hears it, and nothing is on its way. */
    ready: !update.unheard && !update.isPending,
    failure: failureOf(update.error),
  };
}
