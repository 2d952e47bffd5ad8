import type { JsonValue } from '@bufbuild/protobuf';
import type { Output } from '../output.js';
import { duration } from '../render/format.js';
import { wrap } from '../render/text.js';
import { SLOTS } from './plan.js';
import { rankingLines } from './rows.js';
import type { Outcome } from './scenario.js';
import { BLOCK_MS } from './stack.js';

const KEPT = 'priority kept: emergency, stop-loss, take-profit, manual exits before all waiting entries';

/** @param starts whether everything is started for the demo first */
export function openingLines({ style }: Output, starts: boolean): string[] {
  const blocks = starts ? `, a block every ${BLOCK_MS} ms` : '';
  return [
    style.bold('Exitlane demo: exits before entries, and no order lands twice'),
    style.dim(`${SLOTS} slots, a local sandbox for a venue${blocks}. No real money.`),
    ...(starts ? ['', style.dim('   starting everything; making a new database takes some seconds ...')] : []),
  ];
}

/** How a performance ends. */
export interface Ending {
  /** It was on a stack of its own, which is gone. */
  readonly starts: boolean;
  /** What remains. */
  readonly ending: string;
}

/** Table, verdict, and how to go on. */
export function closingLines(outcome: Outcome, tookMs: number, { starts, ending }: Ending, out: Output): string[] {
  const { style, utf8 } = out;
  const { kept, problems } = outcome.verdict;
  const mark = kept ? (utf8 ? '✓' : 'ok:') : utf8 ? '✗' : 'FAILED:';
  const verdict = kept
    ? wrap(`${mark} ${KEPT}`, out.width ?? 100).map((line) => style.green(line))
    : problems.map((problem) => style.red(`${mark} ${problem}`));
  return [
    '',
    style.bold('Started in this order (by dispatch_sequence, the number of the claim):'),
    ...rankingLines(outcome.line, out),
    '',
    ...verdict,
    ...(kept ? [style.dim(`  in ${duration(tookMs)}; ${ending}`), '', ...nextSteps(out, starts)] : []),
  ];
}

function nextSteps({ style }: Output, starts: boolean): string[] {
  return [
    style.bold('Go on'),
    ...(starts ? ['  make dev          the same stack until Ctrl-C; then, in another terminal:'] : []),
    '  npx exitlane submit entry --token BONK --sol 0.5 --watch',
    '  npx exitlane positions',
    '  npx exitlane queue --watch',
    '  README.md         what it is, how it works, how to run it for real',
  ];
}

/** The outcome for programs. */
export function outcomeJson({ verdict, line }: Outcome): JsonValue {
  return {
    priority_kept: verdict.kept,
    problems: [...verdict.problems],
    orders: line
      .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
      .map(({ plan, orderReqId, rank, order, quoted, filled, slippageBps, signature }) => ({
        rank: rank ?? null,
        order_req_id: orderReqId,
        name: plan.name,
        priority: order?.priority ?? null,
        dispatch_sequence: String(order?.dispatchSequence ?? ''),
        token: plan.token,
        quoted_price: quoted,
        filled_price: filled,
        slippage_bps: slippageBps ?? null,
        tx_signature: signature,
      })),
  };
}
