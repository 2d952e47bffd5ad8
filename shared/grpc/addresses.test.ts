import { expect } from 'chai';
import { addressProblem, serversAt } from './addresses.js';

describe('O3 where servers are, as settings spell it', () => {
  const good: Record<string, Partial<ReturnType<typeof serversAt>>> = {
    '127.0.0.1:50052': { target: '127.0.0.1:50052', each: ['127.0.0.1:50052'], balanced: false, loopback: true },
    'localhost:50052': { target: 'localhost:50052', balanced: false, loopback: true },
    '[::1]:50052': { target: '[::1]:50052', balanced: false, loopback: true },
    '10.0.0.1:50052': { target: '10.0.0.1:50052', balanced: false, loopback: false },
    'processor:50052': { target: 'processor:50052', each: ['processor:50052'], balanced: true, loopback: false },
    'dns:///processor.example:1': {
      target: 'dns:///processor.example:1',
      each: ['processor.example:1'],
      balanced: true,
      loopback: false,
    },
    '127.0.0.1:1,127.0.0.1:2': {
      target: 'ipv4:127.0.0.1:1,127.0.0.1:2',
      each: ['127.0.0.1:1', '127.0.0.1:2'],
      balanced: true,
      loopback: true,
    },
    'localhost:1, 10.0.0.2:2': { target: 'ipv4:127.0.0.1:1,10.0.0.2:2', balanced: true, loopback: false },
    '[::1]:1,[fd00::2]:2': { target: 'ipv6:[::1]:1,[fd00::2]:2', each: ['[::1]:1', '[fd00::2]:2'], balanced: true },
  };
  for (const [text, expected] of Object.entries(good)) {
    it(`takes ${text}`, () => {
      expect(serversAt(text)).to.deep.include(expected);
      expect(addressProblem(text)).to.equal(undefined);
    });
  }

  const many = Array.from({ length: 33 }, (_, index) => `10.0.0.1:${index + 1}`).join(',');
  const bad: [string, RegExp][] = [
    ['', /^must be host:port/],
    ['nonsense', /nonsense is not$/],
    ['host:0', /host:0 is not$/],
    ['host:99999', /host:99999 is not$/],
    ['http://host:1', /http:\/\/host:1 is none of these/],
    ['ipv4:127.0.0.1:1', /is not$/],
    ['[nonsense]:1', /\[nonsense\] is no IPv6 address/],
    ['127.0.0.1:1,', /^must be host:port/],
    ['127.0.0.1:1,processor:2', /holds the name processor in a list.*dns:\/\/\/processor:2/],
    ['dns:///a:1,b:1', /more than one name/],
    ['127.0.0.1:1,dns:///b:1', /only dns:\/\/\/ may stand in front, alone/],
    ['127.0.0.1:1,[::1]:2', /mixes IPv4 and IPv6/],
    ['127.0.0.1:1,localhost:1', /holds 127.0.0.1:1 twice/],
    [many, /holds 33 addresses, and takes 32 at most/],
  ];
  for (const [text, problem] of bad) {
    it(`says what is wrong with ${text.length > 60 ? 'too many' : `"${text}"`}`, () => {
      expect(addressProblem(text)).to.match(problem);
      expect(() => serversAt(text)).to.throw(problem);
    });
  }
});
