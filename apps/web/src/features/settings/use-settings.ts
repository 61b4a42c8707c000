import type { SettingsPatch } from '@sidestep/shared';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';

const KEY = ['settings'];

/** The settings as the daemon holds them, and how to change one. */
export function useSettings() {
  const queries = useQueryClient();
  const settings = useQuery({ queryKey: KEY, queryFn: () => client().settings.get.query() });
  const update = useMutation({
    mutationFn: (patch: SettingsPatch) => client().settings.update.mutate(patch),
    onSuccess: (now) => queries.setQueryData(KEY, now),
  });
  return {
    settings: settings.data ?? null,
    update: (patch: SettingsPatch) => update.mutate(patch),
    failure: failureOf(update.error),
  };
}
