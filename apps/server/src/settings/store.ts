import { portsInWords, type Settings, type SettingsPatch, settingsSchema } from '@sidestep/shared';
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

  async update(patch: SettingsPatch): Promise<Settings> {
    const { allowBlockingReaders, queueCap, keepOnStack } = patch;
    const before = this.#current;
    refuseOvertaken(patch, before);
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

/** The ports are replaced as a whole: who has not seen what somebody else put there would take it out unawares. */
function refuseOvertaken({ keepOnStack, keepOnStackSeen }: SettingsPatch, now: Settings): void {
  if (keepOnStack === undefined || keepOnStackSeen === undefined) return;
  const ports = portsInWords(now.keepOnStack);
  if (portsInWords(keepOnStackSeen) === ports) return;
  throw new Refusal(
    `The ports stay as they were, for somebody has changed them meanwhile: now ${ports}.`,
    'Look what is there now, bring in your change, and save again.',
  );
}
