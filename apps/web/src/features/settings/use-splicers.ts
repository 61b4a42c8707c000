import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';

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
  const release = useMutation({
    mutationFn: (program: string) => client().splicers.release.mutate({ program }),
    onSuccess: (left) => queries.setQueryData(KEY, left),
  });
  return {
    splicers: splicers.data ?? null,
    release: (program: string) => release.mutate(program),
    failure: failureOf(release.error),
  };
}
