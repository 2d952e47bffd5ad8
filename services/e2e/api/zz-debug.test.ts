import { startStack } from './stack.js';
import { makeBusy } from './busy.js';
import { messagesOf } from './support.js';
describe('dbg', () => {
  it('x', async () => {
    const stack = await startStack();
    const busy = await makeBusy(stack);
    const t = Date.now();
    try { await busy.block(); } catch (e) { console.log(String(e)); }
    for (const n of [1, 2, 3]) {
      const m = await messagesOf(stack, `blocker-${n}-round-1`, 0n, (x) => x.text === 'CONFIRMING' ).catch(e => { console.log(String(e)); return []; });
      for (const x of m) console.log(n, x.createdAt!.getTime() - t, x.text, x.content?.$case === 'status' ? `${x.content.value.reason} ${x.content.value.detail}` : '');
    }
    await stack.close();
  });
});
