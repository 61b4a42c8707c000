import { type Settings, type SettingsPatch, settingsSchema } from '@sidestep/shared';
import { Refusal } from '../refusal.ts';
import type { Facts } from '../state/facts.ts';
import { diskTrouble } from '../state/trouble.ts';
import type { SettingsService } from './service.ts';

const NAME = 'settings';

/** The settings of this state folder. What cannot be saved is not applied, and what cannot be applied is not kept. */
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

  async update({ allowBlockingReaders, queueCap, keepOnStack }: SettingsPatch): Promise<Settings> {
    const before = this.#current;
    this.#current = {
      allowBlockingReaders: allowBlockingReaders ?? before.allowBlockingReaders,
      queueCap: queueCap ?? before.queueCap,
      keepOnStack: keepOnStack ?? before.keepOnStack,
    };
    try {
      this.#save();
      this.#apply();
    } catch (error) {
      this.#current = before;
      this.#facts.set(NAME, before);
      throw error;
    }
    return this.#current;
  }

  #save(): void {
    try {
      this.#facts.save(NAME, this.#current);
    } catch (error) {
      const { words, remedy } = diskTrouble(error);
      throw new Refusal(
        `The settings stay as they were, for they could not be saved: ${words}.`,
        `${remedy} in the state folder, then try again.`,
        { cause: error },
      );
    }
  }
}
