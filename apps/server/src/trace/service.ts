import type { TraceBatch, TraceStatus } from '@sidestep/shared';

export interface TraceService {
  status(): Promise<TraceStatus>;
  switch(on: boolean): Promise<TraceStatus>;
  list(limit: number): Promise<TraceBatch>;
  follow(after: number | null, signal: AbortSignal): AsyncIterable<{ last: number; batch: TraceBatch }>;
}
