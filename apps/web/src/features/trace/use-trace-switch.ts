import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';
import { useWish } from '@/lib/use-wish.ts';

const KEY = ['trace', 'status'];

/** Whether the kernel programs write lines, and the way to change it. */
export function useTraceSwitch() {
  const queries = useQueryClient();
  // Somebody else may turn it, on the command line for example.
  const status = useQuery({
    queryKey: KEY,
    queryFn: () => client().trace.status.query(),
    refetchInterval: 5000,
  });
  const turn = useWish((on: boolean) => client().trace.switch.mutate({ on }), {
    onSuccess: (now) => queries.setQueryData(KEY, now),
  });
  return {
    status: status.data ?? null,
    /** Somebody would hear it, and nothing is on its way. */
    ready: !turn.unheard && !turn.isPending,
    failure: failureOf(turn.error),
    turn: (on: boolean) => turn.mutate(on),
  };
}
