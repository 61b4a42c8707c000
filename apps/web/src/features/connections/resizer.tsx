import type { KeyboardEvent, PointerEvent } from 'react';

const NARROWEST = 56;
const WIDEST = 1000;
/** Pixels that an arrow key moves the edge. */
const STEP = 16;

const within = (width: number) => Math.min(Math.max(Math.round(width), NARROWEST), WIDEST);

interface ResizerProps {
  /** What the column is called. */
  words: string;
  /** Pixels. */
  width: number;
  onResize: (width: number) => void;
}

/** The right edge of a column's head: the pointer drags it, arrow keys move it, Home and End go as far as they can. */
export function Resizer({ words, width, onResize }: ResizerProps) {
  const onPointerDown = (event: PointerEvent<HTMLSpanElement>) => {
    const handle = event.currentTarget;
    const from = event.clientX - width;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = ({ clientX }) => onResize(within(clientX - from));
    handle.onpointerup = () => {
      handle.onpointermove = null;
    };
  };
  const onKeyDown = (event: KeyboardEvent<HTMLSpanElement>) => {
    const wished = { ArrowLeft: width - STEP, ArrowRight: width + STEP, Home: NARROWEST, End: WIDEST }[
      event.key
    ];
    if (wished === undefined) return;
    event.preventDefault();
    // Home and End would choose a row.
    event.stopPropagation();
    onResize(within(wished));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a line between paragraphs is not an edge that moves
    <span
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${words}`}
      aria-valuenow={width}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      aria-valuetext={`${width} pixels`}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      className="absolute inset-y-1.5 -right-1 z-10 w-2 cursor-col-resize touch-none border-r border-transparent hover:border-line-strong focus-visible:rounded-sm"
    />
  );
}
