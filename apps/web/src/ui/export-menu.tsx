import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { Button } from './button.tsx';
import { Menu, MenuItem, MenuLabel } from './menu.tsx';

interface ExportMenuProps<Format extends string> {
  /** What is taken away. */
  what: string;
  formats: readonly Format[];
  onSave: (format: Format) => Promise<void>;
}

/** Takes away what a page shows. While it is fetched the button waits; where that fails it says so. */
export function ExportMenu<Format extends string>({ what, formats, onSave }: ExportMenuProps<Format>) {
  const save = useMutation({ mutationFn: onSave });
  return (
    <>
      {save.isError && (
        <span role="alert" className="text-xs text-bad">
          The export failed. Try again.
        </span>
      )}
      <Menu
        trigger={
          <Button size="icon" aria-label="Export" title="Export" disabled={save.isPending}>
            <Download />
          </Button>
        }
      >
        <MenuLabel>{what}</MenuLabel>
        {formats.map((format) => (
          <MenuItem key={format} onSelect={() => save.mutate(format)}>
            {format}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}
