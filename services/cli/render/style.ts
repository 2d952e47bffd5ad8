/** Colours for a terminal, or nothing: each function wraps its text and never changes its width. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const same = (text: string): string => text;
const wrap = (open: number, close: number) => (text: string) =>
  text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;

export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

const COLOURED: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  red: wrap(31, 39),
  green: wrap(32, 39),
  yellow: wrap(33, 39),
  cyan: wrap(36, 39),
};

export function styleFor(coloured: boolean): Style {
  return coloured ? COLOURED : PLAIN;
}

/** Colours only for a terminal that knows them, and unless NO_COLOR (https://no-color.org) or --no-color says otherwise. */
export function wantsColour(isTty: boolean, env: NodeJS.ProcessEnv, option: boolean): boolean {
  return isTty && option && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** Whether the terminal shows more than ASCII, by the locale as POSIX orders its variables. */
export function speaksUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale);
}

/** The colour of an order's status: green and red for the ends, yellow for what needs patience. */
export function statusColour(style: Style, status: string): (text: string) => string {
  switch (status) {
    case 'FILLED':
      return style.green;
    case 'CANCELLED':
      return style.red;
    case 'FAILED':
      return style.yellow;
    case 'CONFIRMING':
      return style.cyan;
    default:
      return same;
  }
}
