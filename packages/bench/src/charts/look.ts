import type { Variant } from '../variants.ts';

/** Colours that are told apart by those who see fewer (Okabe and Ito), and shapes for those who see none. */
export const LOOKS: Readonly<Record<Variant, { readonly color: string; readonly marker: Marker }>> = {
  TCP: { color: '#0072b2', marker: 'circle' },
  textbook: { color: '#d55e00', marker: 'square' },
  Sidestep: { color: '#009e73', marker: 'diamond' },
  UNIX: { color: '#7f7f7f', marker: 'triangle' },
};
export type Marker = 'circle' | 'square' | 'diamond' | 'triangle';

export const NAMES: Readonly<Record<Variant, string>> = {
  TCP: 'plain TCP',
  textbook: 'textbook redirect',
  Sidestep: 'Sidestep',
  UNIX: 'UNIX socket',
};

export const INK = '#1f2328';
export const FAINT_INK = '#59636e';
export const GRID = '#d8dee4';
/** The page around may be light or dark, so a chart brings its own background. */
export const PAPER = '#ffffff';
export const FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif';
