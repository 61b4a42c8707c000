import {
  MOST_PORTS,
  portsInWords,
  type Settings,
  type SettingsPatch,
  samePorts,
  settingsSchema,
} from '@sidestep/shared';
import { z } from 'zod';
import type { Log } from '../log.ts';
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
  constructor(facts: Facts, apply: () => void, log: Log = () => {}) {
    this.#facts = facts;
    this.#apply = apply;
    this.#current = readSettings(facts.get(NAME) ?? {}, log);
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

const DEFAULTS = settingsSchema.parse({});
const EVERY_PORT = [{ first: 1, last: MOST_PORTS }];

/**
 * Each by itself: another version may have kept what this one does not know. Ports that somebody kept on the stack had a reason: where it is not known which they are, all are kept there.
 */
function readSettings(kept: unknown, log: Log): Settings {
  const whole = settingsSchema.safeParse(kept);
  if (whole.success) return whole.data;
  const { allowBlockingReaders, queueCap, keepOnStack } = settingsSchema.shape;
  const fields = z.record(z.string(), z.unknown()).catch({}).parse(kept);
  const read = {
    allowBlockingReaders: allowBlockingReaders
      .catch(DEFAULTS.allowBlockingReaders)
      .parse(fields.allowBlockingReaders),
    queueCap: queueCap.catch(DEFAULTS.queueCap).parse(fields.queueCap),
    keepOnStack: keepOnStack.catch(EVERY_PORT).parse(fields.keepOnStack),
  };
  log(
    `Not all settings that were kept can be read (${JSON.stringify(kept)}). What cannot is as at the first start, or, for the ports kept on the stack, all of them: ` +
      `look at ./sidestep settings. Ports kept on the stack: ${portsInWords(read.keepOnStack)}.`,
  );
  return read;
}

/** The ports are replaced as a whole: who has not seen what somebody else put there would take it out unawares. */
function refuseOvertaken({ keepOnStack, keepOnStackSeen }: SettingsPatch, now: Settings): void {
  if (keepOnStack === undefined || keepOnStackSeen === undefined) return;
  if (samePorts(keepOnStackSeen, now.keepOnStack)) return;
  throw new Refusal(
    `The ports stay as they were, for somebody has changed them meanwhile: now ${portsInWords(now.keepOnStack)}.`,
    'Look what is there now, bring in your change, and save again.',
  );
}
