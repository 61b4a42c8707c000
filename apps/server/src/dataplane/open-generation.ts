import { DataPlaneError } from './dataplane.ts';
import { Generation } from './generation.ts';
import { unpin } from './pin-folders.ts';
import { Pins } from './pins.ts';

/** Of what was just loaded, and is worth nothing to anybody who cannot open it: then it goes again. */
export function loaded(pins: Pins): Generation {
  try {
    return openedFrom(pins);
  } catch (error) {
    unpin(pins.dir);
    throw error;
  }
}

export function openedFrom(pins: Pins): Generation {
  try {
    return new Generation(pins);
  } catch (error) {
    pins[Symbol.dispose]();
    throw error;
  }
}

/** What is pinned there. Throws `DataPlaneError` where that is another version's, which this one does not understand. */
export function open(dir: string): Generation {
  try {
    return openedFrom(Pins.open(dir));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataPlaneError({
      message: `Another version of Sidestep runs in the kernel, pinned in ${dir}, and this one does not understand it: ${error.message}`,
      remedy: 'Start that version again and disable it, then start this one.',
      log: null,
    });
  }
}
