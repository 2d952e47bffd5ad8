import pg from 'pg';

const LOOK_MS = 50;

/** P4, seen from outside: the most orders that held a slot at once. */
export class SlotCount {
  most = 0;
  readonly #client: pg.Client;
  #stopped = false;
  #counting: Promise<void> = Promise.resolve();

  private constructor(databaseUrl: string) {
    this.#client = new pg.Client({ connectionString: databaseUrl, application_name: 'slot-count' });
  }

  static async start(databaseUrl: string): Promise<SlotCount> {
    const count = new SlotCount(databaseUrl);
    await count.#client.connect();
    count.#counting = count.#count();
    return count;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#counting;
    await this.#client.end();
  }

  async #count(): Promise<void> {
    while (!this.#stopped) {
      const { rows } = await this.#client.query<{ held: number }>(
        'SELECT count(*)::integer AS held FROM orders WHERE holds_slot',
      );
      this.most = Math.max(this.most, rows[0]?.held ?? 0);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
