import { type Settings, type SettingsPatch, settingsSchema } from '@sidestep/shared';
import type { Facts } from '../state/facts.ts';
import type { SettingsService } from './service.ts';

const NAME = 'settings';

/** The settings of this state folder. What cannot be applied to the running data plane is not saved. */
export class SettingsStore implements SettingsService {
  readonly #facts: Facts;
  readonly #apply: () => void;
  #current: Settings;

  /** `apply` brings the current settings to the data plane. */
  constructor(facts: Facts, apply: () => void) {
    this.#facts = facts;
    this.#apply = apply;
    this.#current = settingsSchema.catch(settingsSchema.parse({})).parse(facts.get(NAME) ?? {});
  }

  get current(): Settings {
    return this.#current;
  }

  async get(): Promise<Settings> {
    return this.#current;
  }

  async update({ allowBlockingReaders, queueCap }: SettingsPatch): Promise<Settings> {
    const before = this.#current;
    this.#current = {
      allowBlockingReaders: allowBlockingReaders ?? before.allowBlockingReaders,
      queueCap: queueCap ?? before.queueCap,
    };
    try {
      this.#apply();
    } catch (error) {
      this.#current = before;
      throw error;
    }
    this.#facts.set(NAME, this.#current);
    return this.#current;
  }
}
