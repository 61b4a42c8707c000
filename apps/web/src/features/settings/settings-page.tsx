'use client';

import { settingsSchema } from '@sidestep/shared';
import type { ReactNode } from 'react';
import { useStatus } from '@/features/acceleration/status.tsx';
import { type Theme, useTheme } from '@/features/navigation/theme.ts';
import { FailureNotice } from '@/ui/failure-notice.tsx';
import { PageHeader } from '@/ui/page-header.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { Switch } from '@/ui/switch.tsx';
import { ToggleGroup } from '@/ui/toggle-group.tsx';
import { KeptPorts } from './kept-ports.tsx';
import { QueueCap } from './queue-cap.tsx';
import { Splicers } from './splicers.tsx';
import { useSettings } from './use-settings.ts';

const THEMES: { value: Theme; words: string }[] = [
  { value: 'system', words: 'As the system' },
  { value: 'dark', words: 'Dark' },
  { value: 'light', words: 'Light' },
];

/** What a person may change while the daemon runs, and where it lives. */
export function SettingsPage() {
  const { settings, update, ready, failure } = useSettings();
  const [theme, setTheme] = useTheme();
  return (
    <div className="overflow-y-auto">
      <PageHeader title="Settings" />
      <div className="flex max-w-3xl flex-col gap-4 px-4 pb-8 sm:px-6">
        {failure && <FailureNotice failure={failure} />}
        <Group title="Acceleration">
          <Setting
            name="Allow blocking readers"
            means="Also accelerates connections whose reader waits inside recv. Such programs can see EAGAIN or short reads that they never saw before. Applies to connections opened from then on."
          >
            {settings ? (
              <Switch
                label="Allow blocking readers"
                checked={settings.allowBlockingReaders}
                disabled={!ready}
                onChange={(allowBlockingReaders) => update({ allowBlockingReaders })}
              />
            ) : (
              <Skeleton className="h-6 w-10" />
            )}
          </Setting>
          <Setting
            name="Queue cap"
            means="Most data that may wait unread at one receiver before TCP and its back pressure take over: 64 KiB to 64 MiB. Each message counts as a kilobyte more than its data."
          >
            {settings ? (
              <QueueCap
                value={settings.queueCap}
                initial={settingsSchema.parse({}).queueCap}
                ready={ready}
                onChange={(queueCap, onSaved) => update({ queueCap }, onSaved)}
              />
            ) : (
              <Skeleton className="h-8 w-48" />
            )}
          </Setting>
          <Setting
            name="Keep on the stack"
            means="Ports of servers whose connections use plain TCP, such as 5432, 6000-6010. Open ones leave the bypass within moments and lose nothing; they may come back once you take the port out."
          >
            {settings ? (
              <KeptPorts
                value={settings.keepOnStack}
                ready={ready}
                onChange={(keepOnStack, seen, onSaved) =>
                  update({ keepOnStack, keepOnStackSeen: [...seen] }, onSaved)
                }
              />
            ) : (
              <Skeleton className="h-8 w-48" />
            )}
          </Setting>
        </Group>
        <Group title="Programs that splice">
          <Splicers />
        </Group>
        <Group title="This browser">
          <Setting name="Colours" means="Kept in this browser only.">
            <ToggleGroup label="Colours" value={theme} onChange={setTheme} options={THEMES} />
          </Setting>
        </Group>
        <About />
      </div>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="rounded-md border bg-surface">
      <h2 className="px-4 pt-3 font-medium">{title}</h2>
      <div className="divide-y">{children}</div>
    </section>
  );
}

function Setting({ name, means, children }: { name: string; means: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-8 gap-y-2 px-4 py-3">
      <div className="min-w-60 flex-1">
        <h3>{name}</h3>
        <p className="text-xs text-muted">{means}</p>
      </div>
      {children}
    </div>
  );
}

/** Where this daemon lives, to find it on the host. */
function About() {
  const status = useStatus();
  if (status === null) return null;
  const facts: [string, string | number][] = [
    ['Version', status.version],
    ['Host', status.host.name],
    ['Kernel', status.host.kernel],
    ['Process', status.pid],
    ['Cgroup', status.cgroup],
    ['Pin folder', status.pinDir],
  ];
  return (
    <Group title="The daemon">
      <dl className="grid grid-cols-[auto_1fr] gap-x-8 gap-y-1 px-4 py-3">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="tabular min-w-0 font-mono text-xs leading-5 break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </Group>
  );
}
