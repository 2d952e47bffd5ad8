import { type Keypair, PublicKey } from '@solana/web3.js';
import { encodeRate, JUPITER_PROGRAM } from './guard-program.js';
import { SANDBOX_MINTS, type SandboxMint, SOL_MINT } from './mints.js';
import type { PriceWalk } from './prices.js';
import { marketRate } from './quote-math.js';
import type { ChainSeed } from './seed.js';
import { associatedTokenAddress, mintData, TOKEN_ACCOUNT_BYTES, TOKEN_PROGRAM, tokenAccountData } from './spl.js';
import { type AccountState, SYSTEM_PROGRAM, type Vm } from './vm.js';

/** What each vault holds at the start, in base units: more than anyone buys. */
const VAULT_UNITS = 4_000_000_000_000_000_000n;

/** Lamports are JSON numbers in the RPC answers, so the SOL vault stays below 2^53. */
const SOL_VAULT_LAMPORTS = 5_000_000_000_000_000n;

/** SOL the faucet of `requestAirdrop` starts with, in lamports. */
const FAUCET_LAMPORTS = 4_000_000_000_000_000n;

const ORACLE_LAMPORTS = 10_000_000n;

/** One of Jito's tip accounts; it exists on mainnet, so a small tip must not fail for want of rent. */
export const JITO_TIP_ACCOUNT = new PublicKey('96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5');
const TIP_ACCOUNT_LAMPORTS = 1_000_000_000n;

/**
 * The pools and oracles of the sandbox. One authority owns a vault for every token; every ordered pair of tokens has an
 * oracle account that the guard program reads. All addresses follow from the chain's seed.
 */
export class Market {
  readonly authority: Keypair;
  readonly faucet: Keypair;
  readonly prices: PriceWalk;
  readonly #seed: ChainSeed;
  readonly #oracles = new Map<string, { input: SandboxMint; output: SandboxMint }>();

  constructor(seed: ChainSeed, prices: PriceWalk) {
    this.#seed = seed;
    this.prices = prices;
    this.authority = seed.keypair('pool');
    this.faucet = seed.keypair('faucet');
    for (const input of SANDBOX_MINTS) {
      for (const output of SANDBOX_MINTS) {
        if (input !== output) this.#oracles.set(this.oracle(input, output).toBase58(), { input, output });
      }
    }
  }

  /** Output base units per input base unit, times 2^64, now. */
  rate(input: SandboxMint, output: SandboxMint): bigint {
    const priced = (mint: SandboxMint) => ({ mint, solPrice: this.prices.solPrice(mint) });
    return marketRate(priced(input), priced(output));
  }

  oracle(input: SandboxMint, output: SandboxMint): PublicKey {
    return new PublicKey(this.#seed.address(`oracle ${input.symbol} ${output.symbol}`));
  }

  vault(mint: SandboxMint): PublicKey {
    return associatedTokenAddress(this.authority.publicKey, new PublicKey(mint.address));
  }

  /** Address of the pool of a pair, for the route plan: stands for the AMM account. */
  pool(one: SandboxMint, other: SandboxMint): string {
    return this.#seed.address(`pool ${[one.symbol, other.symbol].sort().join(' ')}`);
  }

  /** Writes the current rate into those of `keys` that are oracles. Done before every run, so that they are never stale. */
  refreshOracles(vm: Vm, keys: readonly string[]): void {
    for (const key of keys) {
      const pair = this.#oracles.get(key);
      if (!pair) continue;
      const data = encodeRate(this.rate(pair.input, pair.output));
      vm.setAccount(key, { lamports: ORACLE_LAMPORTS, owner: JUPITER_PROGRAM.toBase58(), data, executable: false });
    }
  }

  isOracle(key: string): boolean {
    return this.#oracles.has(key);
  }

  /** The state before the first block: mints, full vaults, the faucet, and the funded wallet. */
  writeGenesis(vm: Vm, wallet: PublicKey, lamports: bigint): void {
    const token = (balance: bigint, data: Uint8Array): AccountState => {
      return { lamports: balance, owner: TOKEN_PROGRAM.toBase58(), data, executable: false };
    };
    const plain = (balance: bigint): AccountState => {
      return { lamports: balance, owner: SYSTEM_PROGRAM, data: new Uint8Array(), executable: false };
    };
    const rent = vm.rentExemption(TOKEN_ACCOUNT_BYTES);
    for (const mint of SANDBOX_MINTS) {
      const key = new PublicKey(mint.address);
      const native = mint.address === SOL_MINT;
      const units = native ? SOL_VAULT_LAMPORTS : VAULT_UNITS;
      const supply = mintData(units, mint.decimals);
      if (!native) vm.setAccount(mint.address, token(vm.rentExemption(supply.length), supply));
      const vault = tokenAccountData(key, this.authority.publicKey, units, native ? rent : undefined);
      vm.setAccount(this.vault(mint).toBase58(), token(native ? units + rent : rent, vault));
    }
    vm.setAccount(this.faucet.publicKey.toBase58(), plain(FAUCET_LAMPORTS));
    vm.setAccount(JITO_TIP_ACCOUNT.toBase58(), plain(TIP_ACCOUNT_LAMPORTS));
    vm.setAccount(wallet.toBase58(), plain(lamports));
  }
}
