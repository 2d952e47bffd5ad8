import { z } from 'zod';
import { chaosSettings } from './chaos-specs.js';
import { type Control, priceChange, withMintAddress } from './control.js';
import { movableMintNamed } from './control-mints.js';
import { faultSpec } from './fault-specs.js';

/** A body that was checked, ready to be carried out. */
export type PreparedAction = (control: Control) => unknown;

/** Checks a body and its tokens. Throws a ZodError or a ControlError that names the field. */
type Action = (body: unknown) => PreparedAction;

function action<Schema extends z.ZodType>(
  schema: Schema,
  run: (control: Control, body: z.infer<Schema>) => unknown,
  check: (body: z.infer<Schema>) => unknown = () => undefined,
): Action {
  return (body) => {
    const parsed = schema.parse(body ?? {});
    check(parsed);
    return (control) => run(control, parsed);
  };
}

const nothing = z.object({});
const blocks = z.strictObject({ blocks: z.number().int().min(1).max(10_000).default(1) });
const volatility = z.strictObject({ volatility: z.number().min(0).max(1) });

/** What can be done to the sandbox: `POST /control/<name>`, and the `action` of a scenario's step. */
export const CONTROL_ACTIONS = {
  price: action(
    priceChange,
    (control, body) => control.movePrice(body),
    ({ mint, price, multiply }) => mint !== undefined && (price ?? multiply) !== undefined && movableMintNamed(mint),
  ),
  volatility: action(volatility, (control, body) => {
    control.setVolatility(body.volatility);
    return control.state();
  }),
  pause: action(nothing, (control) => control.pauseBlocks()),
  resume: action(nothing, (control) => control.resumeBlocks()),
  advance: action(blocks, (control, body) => control.advanceBlocks(body.blocks)),
  faults: action(faultSpec, (control, body) => control.addFault(body), withMintAddress),
  'faults/reset': action(nothing, (control) => ({ removed: control.resetFaults() })),
  chaos: action(chaosSettings, (control, body) => control.startChaos(body)),
  'chaos/stop': action(nothing, (control) => ({ drawn: control.stopChaos() })),
} as const satisfies Readonly<Record<string, Action>>;

export type ControlActionName = keyof typeof CONTROL_ACTIONS;

export const CONTROL_ACTION_NAMES = Object.keys(CONTROL_ACTIONS) as ControlActionName[];
