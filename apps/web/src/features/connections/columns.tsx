import type { ConnectionSort } from '@sidestep/shared';
import {
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  tableFeatures,
} from '@tanstack/react-table';
import { useNow } from '@/lib/now.ts';
import { Ago } from '@/ui/ago.tsx';
import { Figure } from '@/ui/figure.tsx';
import { EndName } from './end-name.tsx';
import type { Row } from './page.ts';
import { byteRateOf, bytesOf, messageRateOf, messagesOf } from './pairs.ts';
import { RoadCell } from './road-cell.tsx';

export const features = tableFeatures({ columnVisibilityFeature, columnSizingFeature });
const column = createColumnHelper<typeof features, Row>();

/** What a column needs beyond its cell. */
export interface ColumnTraits {
  readonly words: string;
  /** What the header says on hover. */
  readonly means?: string;
  readonly sort?: ConnectionSort;
  readonly right?: boolean;
  /** Takes a share of the room that is left. */
  readonly grows?: boolean;
}

export const TRAITS: Record<string, ColumnTraits> = {
  client: { words: 'Client', sort: 'client', grows: true, means: 'The program that connected' },
  server: { words: 'Server', sort: 'server', grows: true, means: 'The program that listens' },
  road: {
    words: 'Road',
    sort: 'path',
    means: 'The path that the next message of each direction takes',
  },
  messageRate: {
    words: 'Msg/s',
    sort: 'messageRate',
    right: true,
    means: 'Messages per second, both directions',
  },
  byteRate: {
    words: 'Bytes/s',
    sort: 'byteRate',
    right: true,
    means: 'Payload bytes per second, both directions',
  },
  messages: { words: 'Messages', right: true, means: 'Messages since the connection opened' },
  bytes: { words: 'Bytes', sort: 'bytes', right: true, means: 'Payload bytes since the connection opened' },
  age: { words: 'Age', sort: 'age', right: true, means: 'Since the connection opened' },
  netns: { words: 'Namespaces', means: 'The network namespace of each end' },
  id: { words: 'Id', means: 'The cookie of the client’s socket' },
};

/** The columns that are shown until somebody chooses others. */
export const HIDDEN_AT_FIRST = { messages: false, netns: false, id: false };

export const columns = column.columns([
  column.display({
    id: 'client',
    size: 200,
    cell: ({ row }) => <EndName end={row.original.connection.client} />,
  }),
  column.display({
    id: 'server',
    size: 200,
    cell: ({ row }) => <EndName end={row.original.connection.server} />,
  }),
  column.display({
    id: 'road',
    size: 264,
    cell: ({ row }) => <RoadCell connection={row.original.connection} />,
  }),
  column.display({
    id: 'messageRate',
    size: 84,
    cell: ({ row }) => <Figure value={messageRateOf(row.original.connection)} of="messages per second" />,
  }),
  column.display({
    id: 'byteRate',
    size: 92,
    cell: ({ row }) => <Figure value={byteRateOf(row.original.connection)} of="bytes per second" bytes />,
  }),
  column.display({
    id: 'messages',
    size: 92,
    cell: ({ row }) => <Figure value={messagesOf(row.original.connection)} of="messages" />,
  }),
  column.display({
    id: 'bytes',
    size: 84,
    cell: ({ row }) => <Figure value={bytesOf(row.original.connection)} of="bytes" bytes />,
  }),
  column.display({
    id: 'age',
    size: 80,
    cell: ({ row }) => <RowAge row={row.original} />,
  }),
  column.display({
    id: 'netns',
    size: 120,
    cell: ({ row }) => {
      const { client, server } = row.original.connection;
      return (
        <span className="truncate font-mono text-xs">
          {client.netns === server.netns ? client.netns : `${client.netns} → ${server.netns}`}
        </span>
      );
    },
  }),
  column.display({
    id: 'id',
    size: 96,
    cell: ({ row }) => <span className="truncate font-mono text-xs">{row.original.connection.id}</span>,
  }),
]);

function RowAge({ row }: { row: Row }) {
  const now = useNow();
  if (row.gone === 'moved') return <span className="text-muted">moved</span>;
  if (row.gone === 'closed' || !row.connection.open) return <span className="text-muted">closed</span>;
  return <Ago at={Date.parse(row.connection.openedAt)} now={now} bare />;
}
