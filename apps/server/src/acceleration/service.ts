import type { Status } from '@sidestep/shared';

export interface AccelerationService {
  status(): Promise<Status>;
  watch(signal: AbortSignal): AsyncIterable<Status>;
  enable(): Promise<Status>;
  disable(how?: { now: boolean }): Promise<Status>;
}
