import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Keypair, PublicKey } from '@solana/web3.js';
import { type Clock, systemClock } from '../../shared/core/clock.js';
import { SOL_DECIMALS } from '../../shared/core/decimals.js';
import { type Logger, silentLogger } from '../../shared/core/logger.js';
import { seededRandom } from '../../shared/core/random.js';
import { BlockClock, FIRST_HEIGHT } from './block-clock.js';
import { Chain, type Finality } from './chain.js';
import { type ChainState, readChainFile, writeChainFile } from './chain-file.js';
import type { ChaosKind } from './chaos-specs.js';
import { Control } from './control.js';
import { Faults } from './faults.js';
import { createHttpServer } from './http.js';
import { Ledger } from './ledger.js';
import { listen } from './listen.js';
import { lockDirectory } from './lock.js';
import { Market } from './market.js';
import { PriceWalk } from './prices.js';
import { requestAirdrop } from './rpc/send.js';
import { Scenario } from './scenario.js';
import { readScenarioFile } from './scenario-file.js';
import { ChainSeed } from './seed.js';
import { Vm } from './vm.js';
import { loadOrCreateWallet } from './wallet.js';

export interface SandboxOptions {
  /** Folder for `chain.json`, `ledger.jsonl` and (by default) `wallet.json`; made if missing. */
  readonly dataDir: string;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Default 8899, Solana's; 0 takes any free port. */
  readonly port?: number;
  /** Time between blocks in milliseconds; default 400, as on mainnet. */
  readonly slotMs?: number;
  /** Same number, same keys, blockhashes and price walk. Without it each new chain is different. */
  readonly seed?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Standard deviation of a price after one second, as a fraction; default 0.003, 0 for prices that stand still. */
  readonly volatility?: number;
  /** Whole SOL that the wallet starts with on a new chain; default 1000. */
  readonly fundedSol?: number;
  /** Keypair file of the wallet; default `wallet.json` in `dataDir`. Loaded if it exists, else written. */
  readonly walletPath?: string;
  /** Default: confirmed after 1 block, finalized after 32. At most 150. */
  readonly finality?: Partial<Finality>;
  /** Starts with the block timer stopped: blocks come from `control.advanceBlocks` only. */
  readonly paused?: boolean;
  /** File with steps to carry out at given blocks; README.md has the shape. Counted anew with every start. */
  readonly scenarioFile?: string;
  /** Faults by chance from the start: same number and same calls, same faults. Default: none. */
  readonly chaosSeed?: number;
  /** Part of the calls and transactions that meet a fault by chance; default 0.1. */
  readonly chaosIntensity?: number;
  /** Kinds of faults that chance leaves out; default none. */
  readonly chaosExclude?: readonly ChaosKind[];
}

export interface Sandbox {
  /** Base URL: the RPC endpoint itself, with Jupiter at `/swap/v1` and `/price/v3`. */
  readonly url: string;
  readonly port: number;
  readonly wallet: PublicKey;
  readonly walletPath: string;
  readonly control: Control;
  /** The independent record of what landed. */
  readonly ledger: Pick<Ledger, 'path' | 'lines'>;
  /** Stops blocks and server, writes the chain's state down, and releases everything. Can be called twice. */
  close(): Promise<void>;
}

/** How many heights one write of chain.json reserves: what a chain skips at most after a kill. */
const HEIGHTS_RESERVED = 32;

const DEFAULT_FINALITY: Finality = { confirmedBlocks: 1, finalizedBlocks: 32 };

/**
 * Starts the local venue: Solana's JSON-RPC and Jupiter's swap API over a chain of its own. If `dataDir` holds a chain, it
 * goes on from there: same accounts, same history, blockhashes that were alive still alive.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const unlock = await lockDirectory(options.dataDir);
  try {
    return await startLocked(options, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function startLocked(options: SandboxOptions, unlock: () => Promise<void>): Promise<Sandbox> {
  const { dataDir, clock = systemClock, logger = silentLogger, host = '127.0.0.1', slotMs = 400 } = options;
  const finality = { ...DEFAULT_FINALITY, ...options.finality };
  checkNumbers(slotMs, finality);
  const files = {
    chain: path.join(dataDir, 'chain.json'),
    ledger: path.join(dataDir, 'ledger.jsonl'),
    wallet: options.walletPath ?? path.join(dataDir, 'wallet.json'),
  };
  const scenario = scenarioOf(options, logger);
  const saved = readChainFile(files.chain);
  const seed = saved ? savedSeed(saved, options, files.chain) : ChainSeed.from(options.seed);
  const ledger = new Ledger(files.ledger);
  const wallet = loadOrCreateWallet(files.wallet, seed.keypair('wallet'));
  const prices = new PriceWalk(
    seededRandom(seed.number(`walk from ${saved?.heightReserved ?? FIRST_HEIGHT}`)),
    options.volatility ?? 0.003,
  );
  if (saved) prices.restore(saved.prices);
  const market = new Market(seed, prices);
  const origin = originOf(saved, wallet, options);
  const faults = new Faults();
  const vm = new Vm();
  const height = saved?.heightReserved ?? FIRST_HEIGHT;
  const blocks = new BlockClock({ clock, seed, slotMs, height, onDue: () => chain.produceBlock() });

  let reserved = height;
  const save = (heightReserved: number) => {
    writeChainFile(files.chain, { version: 1, seed: seed.hex, ...origin, heightReserved, prices: prices.snapshot() });
    reserved = heightReserved;
  };
  const onBlock = () => {
    if (blocks.height >= reserved) save(blocks.height + HEIGHTS_RESERVED);
    scenario?.onBlock(blocks.height);
  };
  const onSubmit = (signature: string) => scenario?.onTransaction(signature);
  const chain: Chain = new Chain({ vm, blocks, market, ledger, faults, finality, logger, onBlock, onSubmit });
  market.writeGenesis(vm, new PublicKey(origin.wallet), BigInt(origin.fundedLamports));
  vm.setClock(blocks.slot, blocks.unixSeconds);
  chain.restore();
  save(height + HEIGHTS_RESERVED);

  const address = wallet.publicKey.toBase58();
  const control = new Control({ chain, blocks, market, faults, wallet: address, scenario, logger });
  const rpc = { chain, blocks, market, vm };
  const server = createHttpServer({ jupiter: { chain, blocks, market, faults }, rpc, faults, control, clock, logger });
  const port = await listen(server, host, options.port ?? 8899);
  if (!vm.account(wallet.publicKey.toBase58())) {
    requestAirdrop(rpc, [wallet.publicKey.toBase58(), Number(origin.fundedLamports)]);
  }
  if (options.paused) blocks.pause();
  blocks.start();
  startChaos(control, options);
  scenario?.start(control, blocks.height);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  logger.info({ url, wallet: wallet.publicKey.toBase58(), slotMs, height, resumed: saved !== undefined }, 'ready');

  let closing: Promise<void> | undefined;
  const shutDown = async () => {
    blocks.stop();
    await server.close();
    save(blocks.height);
    ledger.close();
    await unlock();
    logger.info({ height: blocks.height }, 'closed');
  };
  const close = () => {
    closing ??= shutDown();
    return closing;
  };
  return { url, port, wallet: wallet.publicKey, walletPath: files.wallet, control, ledger, close };
}

function scenarioOf({ scenarioFile }: SandboxOptions, logger: Logger): Scenario | undefined {
  return scenarioFile === undefined ? undefined : new Scenario(readScenarioFile(scenarioFile), logger);
}

function startChaos(control: Control, { chaosSeed: seed, chaosIntensity, chaosExclude }: SandboxOptions): void {
  if (seed === undefined) return;
  control.startChaos({
    seed,
    ...(chaosIntensity === undefined ? {} : { intensity: chaosIntensity }),
    ...(chaosExclude === undefined ? {} : { exclude: [...chaosExclude] }),
  });
}

/** Who was funded when the chain began. */
function originOf(saved: ChainState | undefined, wallet: Keypair, options: SandboxOptions) {
  if (saved) return { wallet: saved.wallet, fundedLamports: saved.fundedLamports };
  const sol = options.fundedSol ?? 1_000;
  if (!Number.isInteger(sol) || sol < 1 || sol > 1_000_000) {
    throw new RangeError('fundedSol must be a whole number from 1 to 1,000,000');
  }
  const fundedLamports = (BigInt(sol) * 10n ** BigInt(SOL_DECIMALS)).toString();
  return { wallet: wallet.publicKey.toBase58(), fundedLamports };
}

function savedSeed(saved: ChainState, options: SandboxOptions, file: string): ChainSeed {
  const seed = new ChainSeed(saved.seed);
  if (options.seed !== undefined && ChainSeed.from(options.seed).hex !== seed.hex) {
    throw new Error(
      `${file} holds a chain of another seed: leave the seed out to go on with it, or use another data directory`,
    );
  }
  return seed;
}

function checkNumbers(slotMs: number, { confirmedBlocks, finalizedBlocks }: Finality): void {
  if (!Number.isInteger(slotMs) || slotMs < 1) throw new RangeError('slotMs must be a whole number of at least 1');
  const ordered = 0 <= confirmedBlocks && confirmedBlocks <= finalizedBlocks && finalizedBlocks <= 150;
  if (!ordered || !Number.isInteger(confirmedBlocks) || !Number.isInteger(finalizedBlocks)) {
    throw new RangeError('finality: 0 <= confirmedBlocks <= finalizedBlocks <= 150, whole numbers');
  }
}
