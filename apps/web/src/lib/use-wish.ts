import { useMutation } from '@tanstack/react-query';
import { linkStore, useLink } from './link.ts';

/** Nobody heard it, so nothing was changed. */
export class Unheard extends Error {}

interface Then<Answer> {
  onSuccess?: (answer: Answer) => unknown;
  onError?: () => unknown;
}

/**
 * Something that a person wants the daemon to do. Refused at once while the daemon is away: the client would keep it and send it when
 * the daemon is back, however late, to somebody who has long given it up. `unheard` says so beforehand.
 */
export function useWish<Answer, Wish = void>(send: (wish: Wish) => Promise<Answer>, then: Then<Answer> = {}) {
  const unheard = useLink().phase !== 'open';
  const mutation = useMutation({
    ...then,
    mutationFn: async (wish: Wish) => {
      if (linkStore.get().phase !== 'open') throw new Unheard();
      return send(wish);
    },
  });
  return { ...mutation, unheard };
}
