const KIB = 1024;

/** `1 B`, `4 KiB`, `16 MiB`: the largest unit that leaves a whole number. */
export function sizeWords(bytes: number): string {
  if (bytes % (KIB * KIB) === 0) return `${bytes / KIB / KIB} MiB`;
  return bytes % KIB === 0 ? `${bytes / KIB} KiB` : `${bytes} B`;
}

const SIZES = [1, 64, 512, 1448, 4 * KIB, 16 * KIB, 64 * KIB, KIB * KIB] as const;

/** Of one request and of one answer, in bytes. */
export const MESSAGE_SIZES: readonly number[] = SIZES;
/** Of one write, in bytes. */
export const WRITE_SIZES: readonly number[] = [...SIZES, 16 * KIB * KIB];
