import type { AccelerationService } from './acceleration/service.ts';
import type { CheckUpService } from './check-up/service.ts';
import type { ConnectionService } from './connections/service.ts';
import type { EventService } from './events/service.ts';
import type { SettingsService } from './settings/service.ts';
import type { SplicerService } from './splicers/service.ts';
import type { StatisticsService } from './statistics/service.ts';
import type { TraceService } from './trace/service.ts';

/** The nouns of the product, one service each; made in main.ts. */
export interface Services {
  readonly acceleration: AccelerationService;
  readonly checkUp: CheckUpService;
  readonly connections: ConnectionService;
  readonly events: EventService;
  readonly settings: SettingsService;
  readonly splicers: SplicerService;
  readonly statistics: StatisticsService;
  readonly trace: TraceService;
}
