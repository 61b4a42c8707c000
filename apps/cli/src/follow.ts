/** The part of a tRPC subscription that a command listens to. */
interface Listener<Data> {
  onData(data: Data): void;
  onError(error: unknown): void;
}

/** Resolves when the person has had enough (Ctrl-C). From here on that is a way to end well, however early it comes. */
export function interruption(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

/** Listens until it is interrupted, and then resolves. Rejects with the subscription's error. */
export async function follow<Data>(
  interrupted: Promise<void>,
  subscribe: (listener: Listener<Data>) => { unsubscribe(): void },
  onData: (data: Data) => void,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const subscription = subscribe({ onData, onError: failed.reject });
  try {
    await Promise.race([interrupted, failed.promise]);
  } finally {
    subscription.unsubscribe();
  }
}
