import type { ConnectionView } from '@sidestep/shared';
import { useMutation } from '@tanstack/react-query';
import { Columns3, Download, Pause, Play } from 'lucide-react';
import { download } from '@/lib/download.ts';
import { Button } from '@/ui/button.tsx';
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuLine } from '@/ui/menu.tsx';
import { columns, TRAITS } from './columns.tsx';
import { allConnections, toCsv } from './export.ts';

interface ToolbarProps {
  view: ConnectionView;
  paused: boolean;
  onPause: () => void;
  visibility: Record<string, boolean>;
  onVisibility: (visibility: Record<string, boolean>) => void;
  onClosed: (closed: boolean) => void;
}

/** Pause, export, columns. */
export function Toolbar({ view, paused, onPause, visibility, onVisibility, onClosed }: ToolbarProps) {
  const save = useMutation({
    mutationFn: async (format: 'csv' | 'json') => {
      const rows = await allConnections(view);
      if (format === 'csv') download('connections.csv', 'text/csv', toCsv(rows));
      else download('connections.json', 'application/json', `${JSON.stringify(rows, null, 2)}\n`);
    },
  });
  return (
    <>
      <Button onClick={onPause} aria-pressed={paused} title="p">
        {paused ? <Play /> : <Pause />}
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Menu
        trigger={
          <Button size="icon" aria-label="Export" title="Export" disabled={save.isPending}>
            <Download />
          </Button>
        }
      >
        <MenuLabel>What the filter shows, all pages</MenuLabel>
        <MenuItem onSelect={() => save.mutate('csv')}>CSV</MenuItem>
        <MenuItem onSelect={() => save.mutate('json')}>JSON</MenuItem>
      </Menu>
      <Menu
        trigger={
          <Button size="icon" aria-label="Columns" title="Columns">
            <Columns3 />
          </Button>
        }
      >
        <MenuCheck checked={view.includeClosed} onChange={onClosed}>
          Recently closed
        </MenuCheck>
        <MenuLine />
        <MenuLabel>Columns</MenuLabel>
        {columns.map(({ id = '' }) => (
          <MenuCheck
            key={id}
            checked={visibility[id] !== false}
            onChange={(shown) => onVisibility({ ...visibility, [id]: shown })}
          >
            {TRAITS[id]?.words}
          </MenuCheck>
        ))}
      </Menu>
    </>
  );
}
