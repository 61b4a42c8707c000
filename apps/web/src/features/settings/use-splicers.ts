import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';
import { useWish } from '@/lib/use-wish.ts';

const KEY = ['splicers'];
const LOOK_MS = 5000;

/** The programs that splice, and how to release one. */
export function useSplicers() {
  const queries = useQueryClient();
  const splicers = useQuery({
    queryKey: KEY,
    queryFn: () => client().splicers.list.query(),
    refetchInterval: LOOK_MS,
  });
  const release = useWish((program: string) => client().splicers.release.mutate({ program }), {
    onSuccess: (left) => queries.setQueryData(KEY, left),
  });
  return {
    splicers: splicers.data ?? null,
    release: (program: string) => release.mutate(program),
    unheard: release.unheard,
    failure: failureOf(release.error),
  };
}
