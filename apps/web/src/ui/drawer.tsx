import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

interface DrawerProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** Slides in from the right and leaves the page beside it alive; the whole screen on a phone. Esc closes. */
export function Drawer({ title, onClose, children }: DrawerProps) {
  return (
    <Primitive.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <Primitive.Portal>
        <Primitive.Content
          aria-describedby={undefined}
          onInteractOutside={(event) => event.preventDefault()}
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className="slide-in fixed inset-y-0 right-0 z-30 flex w-full flex-col border-l bg-surface shadow-overlay sm:w-[440px]"
        >
          <header className="flex items-center justify-between gap-3 border-b py-3 pr-3 pl-4">
            <Primitive.Title asChild>
              <h2 className="min-w-0 flex-1 text-base font-medium">{title}</h2>
            </Primitive.Title>
            <Primitive.Close asChild>
              <Button look="quiet" size="icon" aria-label="Close">
                <X />
              </Button>
            </Primitive.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
