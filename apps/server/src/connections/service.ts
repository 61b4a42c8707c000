import type { ConnectionFrame, ConnectionPage, ConnectionView } from '@sidestep/shared';

export interface ConnectionService {
  list(view: ConnectionView): Promise<ConnectionPage>;
  watch(view: ConnectionView, signal: AbortSignal): AsyncIterable<ConnectionFrame>;
}
