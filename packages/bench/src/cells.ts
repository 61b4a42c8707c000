import type { Cell } from './cell.ts';
import { idleDaemon } from './idle-daemon.ts';
import { requestResponse } from './request-response.ts';
import { streams } from './streams.ts';

/** In the order in which they are measured. */
export const CELLS: readonly Cell[] = [requestResponse, streams, idleDaemon];
