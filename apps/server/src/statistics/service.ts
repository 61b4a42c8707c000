import type { StatisticsHistory, StatisticsPoint, StatisticsRange } from '@sidestep/shared';

export interface StatisticsService {
  history(range: StatisticsRange): Promise<StatisticsHistory>;
  follow(signal: AbortSignal): AsyncIterable<StatisticsPoint>;
}
