import { z } from 'zod';
import { portRangesSchema } from './ports.ts';

/** What a person may change while the daemon runs. Kept in the state folder. */
export const settingsSchema = z.object({
  /** Accelerate connections whose reader blocks in `recv`. Off by default: such readers can see EAGAIN or short reads. Applies to new connections. */
  allowBlockingReaders: z.boolean().default(false),
  /** Most bytes that may wait in one receiver's queue before TCP takes over, in bytes; each message counts as 1024 more than its data. */
  queueCap: z.number().int().min(65_536).max(67_108_864).default(16_777_216),
  /** Connections to servers with these ports stay on the stack. Open ones leave the bypass at once, and may come back when their port is taken out. */
  keepOnStack: portRangesSchema.default([]),
});
export type Settings = z.infer<typeof settingsSchema>;

export const settingsPatchSchema = z.object({
  allowBlockingReaders: z.boolean().optional(),
  queueCap: z.number().int().min(65_536).max(67_108_864).optional(),
  keepOnStack: portRangesSchema.optional(),
  /** What `keepOnStack` was where the change was made: it is refused if that is no longer so. Without it the change holds in any case. */
  keepOnStackSeen: portRangesSchema.optional(),
});
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;
