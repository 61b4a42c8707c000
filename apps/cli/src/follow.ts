/** The part of a tRPC subscription that a command listens to. */
interface Listener<Data> {
  onData(data: Data): void;
  onError(error: unknown): void;
}

/** Listens until the person has had enough (Ctrl-C), and then resolves. Rejects with the subscription's error. */
export async function follow<Data>(
  subscribe: (listener: Listener<Data>) => { unsubscribe(): void },
  onData: (data: Data) => void,
): Promise<void> {
  const end = Promise.withResolvers<void>();
  const subscription = subscribe({ onData, onError: end.reject });
  process.once('SIGINT', () => end.resolve());
  process.once('SIGTERM', () => end.resolve());
  try {
    await end.promise;
  } finally {
    subscription.unsubscribe();
  }
}
