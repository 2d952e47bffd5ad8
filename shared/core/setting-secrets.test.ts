import { expect } from 'chai';
import fc from 'fast-check';
import { holdsSecret, MASK, maskedValue } from './setting-secrets.js';

const shown = (value: string) => maskedValue('address', value);

describe('O4 secrets in settings', () => {
  const PASSWORDS = [
    'pa^ss|w',
    'p=a;ss',
    'pässword',
    'p%5Ess',
    'p@ss',
    'p:a:ss',
    '12,ftp',
    'a',
    '%%%',
    'pa ss',
    '£$%&',
  ];
  for (const password of PASSWORDS) {
    it(`hides the password ${password} of a database, and nothing else of its address`, () => {
      const address = `postgresql://exitlane:${password}@db.example.org:5432/exitlane`;
      expect(shown(address)).to.equal(`postgresql://exitlane:${MASK}@db.example.org:5432/exitlane`);
      expect(holdsSecret('address', address)).to.equal(true);
    });
  }

  it('shows addresses that carry nothing secret as they were written', () => {
    for (const address of [
      'postgresql://me@db/x',
      'postgresql:///exitlane',
      'https://api.example.org',
      'https://API.example.org:8443/',
      'https://one.example.org,http://127.0.0.1:8899',
    ]) {
      expect(shown(address)).to.equal(address);
      expect(holdsSecret('address', address), address).to.equal(false);
    }
  });

  it('hides keys wherever a provider puts them', () => {
    const cases = {
      'https://KEY@rpc.example.org': `https://${MASK}@rpc.example.org`,
      'https://me:KEY@rpc.example.org/': `https://${MASK}@rpc.example.org/`,
      'https://rpc.example.org/short/v2': `https://rpc.example.org/${MASK}/${MASK}`,
      'https://rpc.example.org/?api-key=K&x=&flag&=v#frag': `https://rpc.example.org/?api-key=${MASK}&x=&${MASK}&=${MASK}#${MASK}`,
      'https://one.example.org/KEY, wss://two.example.org?k=KEY': `https://one.example.org/${MASK},wss://two.example.org?k=${MASK}`,
      'https://rpc.example.org/@KEY': MASK,
      'https://rpc.example.org\\KEY': `https://rpc.example.org\\${MASK}`,
      'postgresql://me@db/x?password=KEY': `postgresql://me@db/x?password=${MASK}`,
      'postgresql://u:1/KEY@db/x': MASK,
      'host=db password=KEY': MASK,
      'https:rpc.example.org/KEY': MASK,
      KEY: MASK,
    };
    for (const [address, wanted] of Object.entries(cases)) {
      expect(shown(address)).to.equal(wanted);
      expect(holdsSecret('address', address), address).to.equal(true);
    }
  });

  it('P: no secret part of three characters or more survives', () => {
    // A part that is in the rest of the address, or in the mask, is shown there whatever is done; a scheme makes a list of it.
    const about = (secret: string) =>
      `${MASK}postgresql://https://user:@host.example:1/db?sslmode=&#,${MASK}`.includes(secret);
    const secret = fc
      .oneof(
        fc.string({ minLength: 3 }),
        fc.string({ minLength: 3, unit: 'grapheme' }),
        fc.webUrl().map((url) => url.slice(7)),
      )
      .filter(
        (text) => text.trim().length >= 3 && !about(text.trim()) && !text.includes('://') && !/^[/\\]+$/.test(text),
      );
    const places: readonly ((text: string) => string)[] = [
      (text) => `postgresql://user:${text}@host.example/db`,
      (text) => `postgresql://user@host.example/db?password=${text.replaceAll(/[&#]/g, 'x')}`,
      (text) => `https://${text.replaceAll(/[?#]/g, 'x')}@host.example`,
      (text) => `https://user:${text.replaceAll(/[?#]/g, 'x')}@host.example/db`,
      (text) => `https://host.example/${text.replaceAll(/[/\\?#]/g, 'x')}`,
      (text) => `https://host.example/db/${text.replaceAll(/[/\\?#]/g, 'x')},https://host.example`,
      (text) => `https://host.example/?${text.replaceAll(/[&#=]/g, 'x')}`,
      (text) => `https://host.example/#${text}`,
    ];
    const run = (text: string, place: (text: string) => string) => {
      // The parts that a place has no room for were replaced: what is looked for is what it holds.
      const address = place(text);
      const [before = '', after = ''] = place('\0').split('\0');
      const held = address.slice(before.length, address.length - after.length).trim();
      if (held.length < 3 || about(held)) return;
      expect(shown(address)).to.not.contain(held);
      expect(holdsSecret('address', address)).to.equal(true);
    };
    fc.assert(fc.property(secret, fc.constantFrom(...places), run), { numRuns: 3_000 });
  });
});
