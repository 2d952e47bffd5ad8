import { expect } from 'chai';
import { diagnose, diagnoseTransaction, type Phase, type Verdict } from './errors.js';
import { JUPITER_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './spl.js';
import { RpcError, VenueError, type VenueErrorKind } from './venue-error.js';

const AMM = '675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8';
const failedIn = (program: string) => [
  `Program ${program} invoke [1]`,
  `Program ${program} failed: custom program error`,
];

describe('E2 error table', () => {
  const http: [Phase, VenueErrorKind, string, Verdict][] = [
    ['quote', 'NO_ROUTE', 'NO_ROUTE', 'retry-new-quote'],
    ['quote', 'NOT_TRADABLE', 'TOKEN_NOT_TRADABLE', 'definitive'],
    ['quote', 'RATE_LIMITED', 'QUOTE_FAILED', 'retry-new-quote'],
    ['quote', 'UNAVAILABLE', 'QUOTE_FAILED', 'retry-new-quote'],
    ['quote', 'GARBAGE', 'QUOTE_FAILED', 'retry-new-quote'],
    ['quote', 'BAD_REQUEST', 'QUOTE_FAILED', 'retry-new-quote'],
    ['swap', 'NOT_TRADABLE', 'TOKEN_NOT_TRADABLE', 'definitive'],
    ['swap', 'UNAVAILABLE', 'SWAP_BUILD_FAILED', 'retry-new-quote'],
    ['simulate', 'UNAVAILABLE', 'SWAP_BUILD_FAILED', 'retry-new-quote'],
    ['send', 'UNAVAILABLE', 'EXECUTOR_ERROR', 'unknown'],
    ['send', 'BAD_REQUEST', 'EXECUTOR_ERROR', 'unknown'],
  ];
  for (const [phase, kind, reason, verdict] of http) {
    it(`${kind} in ${phase}: ${reason}, ${verdict}`, () => {
      expect(diagnose(phase, new VenueError(kind, 'it said no'))).to.include({ reason, verdict });
    });
  }

  const preflight = (err: unknown, logs: string[] = []) =>
    new RpcError(-32002, 'Transaction simulation failed', { err, logs });
  const rpc: [string, Phase, RpcError, string, Verdict][] = [
    ['BlockhashNotFound', 'send', preflight('BlockhashNotFound'), 'EXECUTOR_ERROR', 'resend-same'],
    ['AlreadyProcessed', 'send', preflight('AlreadyProcessed'), 'EXECUTOR_ERROR', 'unknown'],
    ['InsufficientFundsForFee', 'send', preflight('InsufficientFundsForFee'), 'INSUFFICIENT_FUNDS', 'unknown'],
    ['slippage', 'send', preflight({ InstructionError: [4, { Custom: 6001 }] }), 'SLIPPAGE_EXCEEDED', 'unknown'],
    [
      'slippage in the text alone',
      'simulate',
      new RpcError(-32002, 'Error processing Instruction 4: custom program error: 0x1771', undefined),
      'SLIPPAGE_EXCEEDED',
      'retry-new-quote',
    ],
    ['signature', 'send', new RpcError(-32003, 'no', undefined), 'EXECUTOR_ERROR', 'unknown'],
    [
      'node behind',
      'simulate',
      new RpcError(-32005, 'behind', { numSlotsBehind: 9 }),
      'SWAP_BUILD_FAILED',
      'resend-same',
    ],
    ['version', 'landed', new RpcError(-32015, 'version', undefined), 'LANDED_WITH_ERROR', 'unknown'],
    ['too large', 'simulate', new RpcError(-32602, 'too large', undefined), 'SIMULATION_FAILED', 'retry-new-quote'],
    ['node in trouble', 'simulate', new RpcError(-32603, 'no', undefined), 'SWAP_BUILD_FAILED', 'retry-new-quote'],
    ['context slot', 'simulate', new RpcError(-32016, 'slot', undefined), 'SWAP_BUILD_FAILED', 'resend-same'],
    ['-32002 without data', 'send', new RpcError(-32002, 'failed', undefined), 'EXECUTOR_ERROR', 'unknown'],
    ['never heard of', 'send', new RpcError(-31337, 'what', undefined), 'EXECUTOR_ERROR', 'unknown'],
    ['never heard of', 'simulate', new RpcError(-31337, 'what', undefined), 'SIMULATION_FAILED', 'retry-new-quote'],
  ];
  for (const [what, phase, error, reason, verdict] of rpc) {
    it(`${error.code} ${what} in ${phase}: ${reason}, ${verdict}`, () => {
      expect(diagnose(phase, error)).to.include({ reason, verdict });
    });
  }

  const custom = (code: number) => ({ InstructionError: [2, { Custom: code }] });
  const landed: [string, Parameters<typeof diagnoseTransaction>[1], string[], string[], string][] = [
    ['6001 of Jupiter', custom(6001), failedIn(JUPITER_PROGRAM), [], 'SLIPPAGE_EXCEEDED'],
    ['6001 of Jupiter, known by its instruction', custom(6001), [], ['', '', JUPITER_PROGRAM], 'SLIPPAGE_EXCEEDED'],
    [
      '6001 of a pool below Jupiter',
      custom(6001),
      [...failedIn(AMM), ...failedIn(JUPITER_PROGRAM)],
      [],
      'LANDED_WITH_ERROR',
    ],
    [
      '1 of SPL Token below Jupiter',
      custom(1),
      [...failedIn(TOKEN_PROGRAM), ...failedIn(JUPITER_PROGRAM)],
      [],
      'INSUFFICIENT_FUNDS',
    ],
    ['1 of Token-2022', custom(1), failedIn(TOKEN_2022_PROGRAM), [], 'INSUFFICIENT_FUNDS'],
    ['1 of System', custom(1), [], ['', '', SYSTEM_PROGRAM], 'INSUFFICIENT_FUNDS'],
    ['1 of some pool', custom(1), failedIn(AMM), [], 'LANDED_WITH_ERROR'],
    ['1 of nobody knows whom', custom(1), [], [], 'LANDED_WITH_ERROR'],
    ['InsufficientFunds', { InstructionError: [0, 'InsufficientFunds'] }, [], [], 'INSUFFICIENT_FUNDS'],
    ['compute exceeded', { InstructionError: [0, 'ComputationalBudgetExceeded'] }, [], [], 'LANDED_WITH_ERROR'],
    ['rent', { InsufficientFundsForRent: { account_index: 0 } }, [], [], 'INSUFFICIENT_FUNDS'],
    ['something new', 'BrandNewError', [], [], 'LANDED_WITH_ERROR'],
    ['something odd', { InstructionError: 'odd' }, [], [], 'LANDED_WITH_ERROR'],
  ];
  for (const [what, error, logs, programs, reason] of landed) {
    it(`landed with ${what}: ${reason}`, () => {
      expect(diagnoseTransaction('landed', error, { logs, programs }).reason).to.equal(reason);
    });
  }

  it('E3 a wallet short of funds is no reason to give an order up: the next exit that lands brings some', () => {
    const short = ['InsufficientFundsForFee', 'AccountNotFound', { InstructionError: [2, 'InsufficientFunds'] }];
    for (const error of short) {
      for (const phase of ['simulate', 'landed'] as const) {
        const found = diagnoseTransaction(phase, error, { logs: [], programs: [] });
        expect(found).to.include({ reason: 'INSUFFICIENT_FUNDS', verdict: 'retry-new-quote' });
      }
    }
  });

  it('E7 an error of a send never says that nothing was sent, whatever it is', () => {
    const names = ['InsufficientFundsForFee', 'AccountNotFound', 'SignatureFailure', 'BrandNewError'];
    for (const error of [...names, custom(6001), { InstructionError: [0, 'InsufficientFunds'] }]) {
      expect(diagnoseTransaction('send', error, { logs: [], programs: [] }).verdict).to.equal('unknown');
    }
    for (const code of [-32003, -32015, -32600, -32601, -32602, -32603]) {
      expect(diagnose('send', new RpcError(code, 'no', undefined))?.verdict).to.equal('unknown');
    }
  });

  it('an error of ours is not a venue’s', () => {
    expect(diagnose('quote', new TypeError('bug'))).to.equal(undefined);
  });
});
