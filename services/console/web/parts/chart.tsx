import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { SampleView } from '../../model/view.js';
import { onThemeChange } from '../state/theme.js';
import { timeOfDay } from './basics.js';

export interface Line {
  readonly label: string;
  /** Name of a CSS variable. */
  readonly colour: string;
  readonly pick: (sample: SampleView) => number | null;
}

const HEIGHT_PX = 128;
/** The span that is drawn grows with what is known, between these, milliseconds. */
const SPAN_MS_MIN = 3 * 60_000;
const SPAN_MS_MAX = 15 * 60_000;

/** Lines over the last quarter of an hour, the current values above, the ones under the pointer when there is one. */
export function Chart({
  title,
  samples,
  lines,
  format,
  least,
}: {
  readonly title: string;
  readonly samples: readonly SampleView[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The scale reaches at least up to here. */
  readonly least: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [hovered, setHovered] = useState<number | null>(null);
  const data = dataOf(samples, lines);
  const held = useRef(data);
  held.current = data;
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(element, lines, format, least, setHovered), held.current, element);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    const unlisten = onThemeChange(make);
    return () => {
      resized.disconnect();
      unlisten();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [samples]);
  const sample = samples[hovered ?? samples.length - 1];
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="when">{hovered !== null && sample ? timeOfDay(sample.at) : 'now'}</span>
        <span class="legend">
          {lines.map(({ label, colour, pick }) => {
            const value = sample ? pick(sample) : null;
            return (
              <span key={label} style={{ '--line': `var(${colour})` }}>
                {label} <b class="num">{value === null ? '–' : format(value)}</b>
              </span>
            );
          })}
        </span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}, last 15 minutes`} />
    </figure>
  );
}

function dataOf(samples: readonly SampleView[], lines: readonly Line[]): uPlot.AlignedData {
  return [samples.map(({ at }) => at), ...lines.map(({ pick }) => samples.map(pick))] as uPlot.AlignedData;
}

function optionsFor(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
  least: number,
  onHover: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('--line-soft'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    ms: 1,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? null)] },
    scales: {
      x: {
        time: true,
        range: (_plot, min, max) => [max - Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, max - min)), max],
      },
      y: { range: (_plot, _min, max) => [0, Math.max(least, (max ?? 0) * 1.15)] },
    },
    axes: [
      { ...axis, space: 70, size: 22, gap: 4, values: (_plot, ticks) => ticks.map((at) => clock(at)) },
      { ...axis, space: 28, size: 48, gap: 4, values: (_plot, ticks) => ticks.map((value) => format(value)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        stroke: colour(line.colour),
        fill: `${colour(line.colour)}1f`,
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

function clock(at: number): string {
  return timeOfDay(at).slice(0, 5);
}
