import { expect } from 'chai';
import { isClassified } from '../auth/method-roles.js';
import { listMethods } from './method-catalogue.js';
import { CHANGING_METHODS, effectOf } from './method-effects.js';

describe('O1 what methods do', () => {
  it('is declared for every method of the API', () => {
    const silent = listMethods().filter(({ name }) => effectOf(name) === undefined);
    expect(silent.map(({ name }) => name)).to.deep.equal([]);
  });

  it('is declared for nothing else', () => {
    expect(effectOf('exitlane.v1.OrderService/DropOrders')).to.equal(undefined);
    const known = listMethods().map(({ name }) => name);
    expect(known).to.include.members(CHANGING_METHODS.map((method) => `exitlane.v1.${method}`));
    expect(CHANGING_METHODS.every((method) => isClassified(`exitlane.v1.${method}`))).to.equal(true);
  });

  it('agrees with how methods are named: what gets, lists, watches or streams changes nothing', () => {
    const reading = listMethods().filter(({ method }) => /^(Get|List|Watch|Stream)/.test(method));
    for (const { name } of reading) expect(effectOf(name), name).to.equal('reads');
    expect(listMethods().filter(({ name }) => effectOf(name) === 'reads')).to.have.length(reading.length);
  });
});
