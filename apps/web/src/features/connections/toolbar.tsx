import type { ConnectionView } from '@sidestep/shared';
import { Columns3 } from 'lucide-react';
import { downloadTable, TABLE_FORMATS } from '@/lib/download.ts';
import { Button } from '@/ui/button.tsx';
import { ExportMenu } from '@/ui/export-menu.tsx';
import { Menu, MenuCheck, MenuLabel, MenuLine } from '@/ui/menu.tsx';
import { PauseButton } from '@/ui/pause-button.tsx';
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
  return (
    <>
      <PauseButton {...{ paused, onPause }} />
      <ExportMenu
        what="What the filter shows, all pages"
        formats={TABLE_FORMATS}
        onSave={async (format) => downloadTable('connections', format, await allConnections(view), toCsv)}
      />
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
