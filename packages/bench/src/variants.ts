/**
 * What is compared: the plain stack; the redirect of the textbooks, without any guard; Sidestep with its standard settings, which may
 * well choose the stack; and what a program would gain if somebody rewrote it for UNIX sockets.
 */
export const VARIANTS = ['TCP', 'textbook', 'Sidestep', 'UNIX'] as const;
export type Variant = (typeof VARIANTS)[number];

export const OVER_IP: readonly Variant[] = ['TCP', 'textbook', 'Sidestep'];
