/** Lets whatever waits for this thread go first: between two parts of long work, or before one that somebody else need not wait for. */
export const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
