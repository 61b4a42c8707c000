import type { Page } from '@playwright/test';

/** The ports that are kept on the stack, in the settings: the field, and what saves it. */
export function keptPorts(page: Page) {
  return {
    ports: page.getByRole('textbox', { name: 'Server ports to keep on the stack' }),
    save: page.getByRole('button', { name: 'Save ports' }),
  };
}
