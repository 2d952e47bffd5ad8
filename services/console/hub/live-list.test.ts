import { expect } from 'chai';
import { LiveList } from './live-list.js';

interface Item {
  readonly id: string;
  readonly live: boolean;
  readonly version: number;
}

const item = (id: string, version: number, live = true): Item => ({ id, live, version });

describe('P6 a list that follows a stream', () => {
  /** What the service would answer. */
  let service: Map<string, Item>;
  let reads: string[];
  let list: LiveList<Item>;
  beforeEach(() => {
    service = new Map();
    reads = [];
    list = new LiveList<Item>({
      idOf: ({ id }) => id,
      isLive: ({ live }) => live,
      supersedes: (next, held) => next.version >= held.version,
      importance: (one, other) => (one.id < other.id ? -1 : 1),
      liveMax: 3,
      endedMax: 2,
      recent: async () => [...service.values()],
      async read(id) {
        reads.push(id);
        return service.get(id);
      },
    });
  });

  const held = () =>
    list
      .snapshot()
      .upsert.map(({ id }) => id)
      .sort();

  it('tells each change once', () => {
    list.put(item('a', 1));
    expect(list.take()).to.deep.include({ upsert: [item('a', 1)], remove: [], reset: false });
    expect(list.take()).to.equal(undefined);
    list.put(item('a', 2));
    expect(list.take()?.upsert).to.deep.equal([item('a', 2)]);
  });

  it('keeps the newer of two looks, whichever comes first', () => {
    list.put(item('a', 2, false));
    list.put(item('a', 1));
    expect(list.get('a')).to.deep.equal(item('a', 2, false));
  });

  it('reads anew what a new connection does not name: it has ended while nobody looked', async () => {
    list.put(item('ended', 1));
    list.put(item('goes-on', 1));
    list.put(item('forgotten', 1));
    list.take();
    service.set('ended', item('ended', 2, false));
    list.begin();
    list.put(item('goes-on', 2));
    await list.complete();
    expect(reads.sort()).to.deep.equal(['ended', 'forgotten']);
    const patch = list.take();
    expect(patch?.upsert).to.deep.include(item('ended', 2, false));
    expect(patch?.remove).to.deep.equal(['forgotten']);
  });

  it('asks for nothing when everything live was named', async () => {
    list.begin();
    list.put(item('a', 1));
    list.put(item('b', 1, false));
    await list.complete();
    await list.complete();
    expect(reads, 'named in the first round, so read in the second').to.deep.equal(['a']);
  });

  it('finds by a refresh what came and went unseen', async () => {
    service.set('unseen', item('unseen', 3, false));
    await list.refresh();
    expect(held()).to.deep.equal(['unseen']);
  });

  it('holds no more than it may: the most important live ones, the newest ended ones', () => {
    for (const id of ['e', 'd', 'c', 'b', 'a']) list.put(item(id, 1));
    for (const id of ['x1', 'x2', 'x3']) list.put(item(id, 1, false));
    expect(held()).to.deep.equal(['a', 'b', 'c', 'x2', 'x3']);
    expect(list.take()?.remove.slice().sort()).to.deep.equal(['d', 'e', 'x1']);
  });

  it('says when it becomes current or ceases to be, though nothing in it has changed', () => {
    list.take();
    list.currency = 'live';
    expect(list.take()).to.deep.equal({ reset: false, upsert: [], remove: [], currency: 'live' });
    list.currency = 'waiting';
    expect(list.take()?.currency).to.equal('waiting');
  });
});
