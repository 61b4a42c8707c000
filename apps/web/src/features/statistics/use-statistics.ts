import type { StatisticsHistory, StatisticsPoint, StatisticsRange } from '@sidestep/shared';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useStatus } from '@/features/acceleration/status.tsx';
import { client } from '@/lib/client.ts';
import { keepSubscribed } from '@/lib/keep-subscribed.ts';
import { addPoint } from './series.ts';

/** How often the longer ranges are asked for again: their points are minutes apart. */
const REFRESH: Record<StatisticsRange, number | false> = {
  '5m': false,
  '1h': 12_000,
  '24h': 60_000,
  '7d': 60_000,
};

/** The history of one range, kept up to date. */
export function useStatistics(range: StatisticsRange): StatisticsHistory | null {
  const queries = useQueryClient();
  const state = useStatus()?.state;
  const history = useQuery({
    queryKey: ['statistics', range],
    queryFn: () => client().statistics.history.query({ range }),
    refetchInterval: REFRESH[range],
    staleTime: 0,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of state sets a mark, which comes with the history only
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ['statistics'] });
  }, [queries, state]);
  return history.data ?? null;
}

/** The last second, followed live; it also goes into the history of the last five minutes. */
export function useLastSecond(): StatisticsPoint | null {
  const queries = useQueryClient();
  const [last, setLast] = useState<StatisticsPoint | null>(null);
  useEffect(
    () =>
      keepSubscribed((ending) =>
        client().statistics.follow.subscribe(undefined, {
          ...ending,
          onData(point) {
            setLast(point);
            queries.setQueryData<StatisticsHistory>(
              ['statistics', '5m'],
              (history) => history && addPoint(history, point),
            );
          },
        }),
      ),
    [queries],
  );
  return last;
}
