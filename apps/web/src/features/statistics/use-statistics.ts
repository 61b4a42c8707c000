import type { StatisticsHistory, StatisticsPoint, StatisticsRange } from '@sidestep/shared';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useStatus } from '@/features/acceleration/status.tsx';
import { isWatching } from '@/features/acceleration/use-acceleration.ts';
import { client } from '@/lib/client.ts';
import { keepSubscribed } from '@/lib/keep-subscribed.ts';
import { addPoint } from './series.ts';

/** How often a range is asked for again, in milliseconds. */
const REFRESH: Record<StatisticsRange, number> = {
  // Each second brings a point, unless acceleration is off: then only the time goes on.
  '5m': 5000,
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
    refetchInterval: range === '5m' && isWatching(state) ? false : REFRESH[range],
    staleTime: 0,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of state sets a mark, which comes with the history only
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ['statistics'] });
  }, [queries, state]);
  return history.data ?? null;
}

/** The last second that was counted, followed live, until acceleration is off; it also goes into the history of the last five minutes. */
export function useLastSecond(): StatisticsPoint | null {
  const queries = useQueryClient();
  const state = useStatus()?.state;
  const [last, setLast] = useState<StatisticsPoint | null>(null);
  useEffect(() => {
    if (state === 'off') setLast(null);
  }, [state]);
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
