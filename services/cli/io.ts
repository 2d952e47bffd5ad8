/** What a verb sees of its process; tests hand in their own. */
export interface Io {
  readonly stdout: TextOut;
  readonly stderr: TextOut;
  readonly stdin: AsyncIterable<Buffer | string>;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts with an `Interrupted` on Ctrl-C, SIGTERM, or when nobody reads standard output any more. */
  readonly signal: AbortSignal;
}

export interface TextOut {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

/** Terminals narrower than this get lines that wrap: there is nothing sensible left to cut. */
const COLUMNS_MIN = 60;

/** Columns lines must fit into; undefined when the output goes to a file or another program, which want all of it. */
export function widthOfOutput(out: TextOut): number | undefined {
  return out.isTTY ? Math.max(COLUMNS_MIN, out.columns ?? 80) : undefined;
}

/** Reads a whole input as text. */
export async function readAll(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const part of input) text += part.toString();
  return text;
}
