import type { CheckUpState } from '@sidestep/shared';

export interface CheckUpService {
  state(): CheckUpState;
  /** The state now and whenever it changes. */
  watch(signal: AbortSignal): AsyncIterable<CheckUpState>;
  /** Makes every probe again and answers with what came of it; a call while they are being made joins it. */
  run(): Promise<CheckUpState>;
}
