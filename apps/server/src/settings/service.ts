import type { Settings, SettingsPatch } from '@sidestep/shared';

export interface SettingsService {
  get(): Promise<Settings>;
  update(patch: SettingsPatch): Promise<Settings>;
}
