import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { Failpoint } from '../../../shared/core/failpoints.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { type Random, seededRandom } from '../../../shared/core/random.js';
import { openDatabase } from '../../../shared/store/database.js';
import { runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { landedSwaps } from '../crash/ledger.js';
import type { Service } from '../crash/process.js';
import { Stack } from '../crash/stack.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { expectFilledOnce } from '../crash/truth.js';
import { type EndFigures, expectEndTruth, expectVerified, settled } from './end-truth.js';
import { drawEntry, drawExit, type Request } from './load.js';
import { nameOf, type Scene } from './scenes.js';
import { type Answer, Trader } from './trader.js';
import { Witness } from './witness.js';

const SLOT_MS = 50;
/** More than a blockhash lives plus the depth of finality. */
const LATE_BLOCKS = 250;
/** Long enough to see a failed order before it is tried again. */
const PROCESSOR_ENV = { RETRY_FIRST_DELAY_MS: '1500', RETRY_MAX_DELAY_MS: '1500' };
const SLOW_QUOTE_MS = 1_000;
const SETTLED_WITHIN_MS = 40_000;

interface World {
  readonly stack: Stack;
  readonly trader: Trader;
  readonly witness: Witness;
}

export interface SceneFigures {
  /** Milliseconds from the kill until the order had ended. */
  readonly recoveredMs: number;
}

/**
 * Kills at named points: for each scene the process that owns the failpoint is started with it, one order is led there, the
 * process is killed while it stands on the point, and started again without it. The order must then end filled, once.
 */
export class PlacedKills {
  readonly seed: number;
  readonly #world: World;
  readonly #folder: string;
  readonly #random: Random;
  #scenes = 0;
  #failed: Error | undefined;

  private constructor(world: World, folder: string, random: Random) {
    this.#world = world;
    this.#folder = folder;
    this.#random = random;
    this.seed = random.seed;
  }

  static async start(seed?: number): Promise<PlacedKills> {
    const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-chaos-'));
    const stack = await Stack.start({ slotMs: SLOT_MS, processorEnv: PROCESSOR_ENV });
    const witness = new Witness(path.join(folder, 'witness.jsonl'));
    const trader = new Trader(stack.requestorAddresses, witness);
    return new PlacedKills({ stack, trader, witness }, folder, seededRandom(seed));
  }

  get logs(): string {
    return this.#world.stack.logs;
  }

  /**
   * Plays one scene: with an exit where `exits` and a position is open, else with an entry. Once one has failed, the others are
   * refused: what they would see is its remains.
   */
  async play(scene: Scene, exits: boolean): Promise<SceneFigures> {
    if (this.#failed !== undefined) throw this.#failed;
    try {
      return await this.#play(scene, exits);
    } catch (error) {
      this.#failed = new Error(`at ${nameOf(scene)}, seed ${this.seed}: ${messageOf(error)}`, { cause: error });
      throw this.#failed;
    }
  }

  async #play(scene: Scene, exits: boolean): Promise<SceneFigures> {
    const { stack, trader } = this.#world;
    const { venue, bot } = stack;
    const service = scene.failpoint.startsWith('requestor.') ? stack.requestor : stack.processor;
    this.#scenes += 1;
    const request = await this.#draw(`placed-${this.#scenes}`, exits);
    const answer = await this.#lead(scene, request, service);
    await this.#expectStanding(scene, request.orderReqId);

    await venue.pause();
    const killedAt = performance.now();
    await service.kill();
    await venue.disarmAll();
    if (scene.late) await venue.advance(LATE_BLOCKS);
    await Promise.all([stack.processor, stack.requestor].map((each) => (each.isAlive ? undefined : each.start())));
    await venue.resume();

    const { order, duplicate } = await answer();
    const known = acceptedBefore(scene);
    if (known !== undefined) expect(duplicate, 'the repeated request found its order').to.equal(known);
    const bystander = await trader.submit(drawEntry(`bystander-${this.#scenes}`, this.#random));
    const followers = [order, bystander.order].map(({ orderReqId }) => bot.follow(orderReqId));
    for (const follower of followers) await follower.until(OrderStatus.FILLED);
    const recoveredMs = performance.now() - killedAt;
    for (const follower of followers) await expectWholeStream(bot, follower);
    await settled(this.#world, SETTLED_WITHIN_MS);

    const ended = await bot.order(order.orderReqId);
    expectFilledOnce(ended, venue.ledger());
    expect(ended.orderId).to.equal(order.orderId);
    expect(ended.attempts, 'signed transactions').to.have.length(scene.attempts);
    expect(ended.attemptCount, `failed executions (${ended.lastError})`).to.equal(scene.failures);
    return { recoveredMs };
  }

  /** Checks the whole world at rest. */
  async finish(): Promise<EndFigures> {
    await settled(this.#world, SETTLED_WITHIN_MS);
    const { stack, trader, witness } = this.#world;
    const { bot, venue, databaseUrl } = stack;
    const end = await expectEndTruth({ bot, venue, trader, witness });
    await expectVerified(await openDatabase({ databaseUrl, logger: silentLogger }), { venue, witness });
    return end;
  }

  async close(): Promise<void> {
    const { stack, trader, witness } = this.#world;
    trader.close();
    await stack.close();
    witness.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #draw(orderReqId: string, exits: boolean): Promise<Request> {
    const positions = exits ? await this.#world.trader.openPositions() : [];
    const held = positions.filter(({ availableTokens }) => Number(availableTokens) > 0);
    const position = held[this.#random.int(0, Math.max(0, held.length - 1))];
    return position ? drawExit(orderReqId, position, this.#random) : drawEntry(orderReqId, this.#random);
  }

  /** Leads the order to the failpoint, on which the service stands when this resolves. Returns how to get the answer. */
  async #lead(scene: Scene, request: Request, service: Service): Promise<() => Promise<Answer>> {
    const { stack, trader } = this.#world;
    const { venue, bot, processor, requestor } = stack;
    const submit = () => kept(trader.submit(request));
    const noRoute = () => venue.arm({ fault: 'no_route', count: 1 });
    switch (scene.way) {
      case 'ordinary':
      case 'no-route': {
        await restartWith(service, scene.failpoint);
        if (scene.way === 'no-route') await noRoute();
        const answer = submit();
        await standing(service, scene.failpoint);
        return answer;
      }
      case 'waiting': {
        await restartWith(requestor, 'requestor.intake.after');
        const answer = submit();
        await standing(requestor, 'requestor.intake.after');
        await restartWith(requestor, scene.failpoint);
        await standing(requestor, scene.failpoint);
        return answer;
      }
      case 'redial': {
        await restartWith(requestor, scene.failpoint);
        await venue.pause();
        const answer = submit();
        const { order } = await answer();
        await bot.follow(order.orderReqId).until(OrderStatus.CONFIRMING);
        await processor.kill();
        await standing(requestor, scene.failpoint);
        return answer;
      }
      case 'due': {
        await venue.arm({ fault: 'slow', on: 'quote', ms: SLOW_QUOTE_MS });
        await noRoute();
        const answer = submit();
        const { order } = await answer();
        await eventually(
          'the slow quote',
          async () => !(await venue.state()).faults.some(({ spec }) => spec.fault === 'slow'),
        );
        await requestor.kill();
        await bot.follow(order.orderReqId).until(OrderStatus.FAILED);
        await restartWith(requestor, scene.failpoint);
        await standing(requestor, scene.failpoint);
        return answer;
      }
    }
  }

  async #expectStanding({ stands, landed }: Scene, orderReqId: string): Promise<void> {
    const { databaseUrl, venue } = this.#world.stack;
    const orders = await runOnPostgres(databaseUrl, 'SELECT status FROM orders WHERE order_req_id = $1', [orderReqId]);
    expect(stands, 'what the database says at the failpoint').to.include(orders[0]?.status ?? 'none');
    const attempts = await runOnPostgres(
      databaseUrl,
      'SELECT signature FROM attempts JOIN orders USING (order_id) WHERE order_req_id = $1',
      [orderReqId],
    );
    const signatures = new Set(attempts.map(({ signature }) => signature));
    const swaps = landedSwaps(venue.ledger()).filter(({ signature }) => signatures.has(signature));
    if (landed !== undefined) expect(swaps, 'swaps of the order at the failpoint').to.have.length(landed);
  }
}

/** Whether the request that was repeated after the kill had made the order already; undefined: it may have been answered before. */
function acceptedBefore({ failpoint, way }: Scene): boolean | undefined {
  if (failpoint === 'requestor.intake.before') return false;
  return failpoint === 'requestor.intake.after' || way === 'waiting' ? true : undefined;
}

async function restartWith(service: Service, failpoint: Failpoint): Promise<void> {
  await service.kill();
  service.launch({ EXITLANE_FAILPOINT: failpoint });
}

async function standing(service: Service, failpoint: Failpoint): Promise<void> {
  await service.printed(`failpoint ${failpoint}`);
}

/** The promise, to be asked for later: a rejection meanwhile is not an unhandled one. */
function kept<T>(promise: Promise<T>): () => Promise<T> {
  promise.catch(() => undefined);
  return () => promise;
}
