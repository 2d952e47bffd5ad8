import { expect } from 'chai';
import fc from 'fast-check';
import { box } from './box.js';
import { type Column, facts, table } from './table.js';
import { widthOf } from './text.js';

interface Row {
  readonly id: string;
  readonly note: string;
  readonly price: string;
}

const COLUMNS: Column<Row>[] = [
  { title: 'ID', cell: ({ id }) => id, squeeze: 'shorten', least: 6 },
  { title: 'NOTE', cell: ({ note }) => note, least: 4 },
  { title: 'PRICE', cell: ({ price }) => price, align: 'right', leaves: 1 },
];

describe('tables', () => {
  it('aligns columns under their titles', () => {
    const rows = [
      { id: 'a', note: 'first', price: '1' },
      { id: 'bbb', note: '', price: '22.5' },
    ];
    expect(table(COLUMNS, rows)).to.deep.equal(['ID   NOTE   PRICE', 'a    first      1', 'bbb          22.5']);
  });

  it('squeezes what may be squeezed before a column leaves', () => {
    const rows = [{ id: 'abcdefghijklmnop', note: 'note', price: '1' }];
    const [title, line] = table(COLUMNS, rows, { width: 25 });
    expect(title).to.equal('ID            NOTE  PRICE');
    expect(line).to.equal('abcdef…lmnop  note      1');
    expect(table(COLUMNS, rows, { width: 14 })[0]).to.equal('ID        NOTE');
  });

  it('leaves out a column that is empty all the way down', () => {
    expect(table(COLUMNS, [{ id: 'a', note: '', price: '1' }])).to.deep.equal(['ID  PRICE', 'a       1']);
  });

  it('never exceeds the width when every column can give way', () => {
    const row = fc.record({ id: fc.string({ unit: 'grapheme' }), note: fc.string(), price: fc.string() });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 20, max: 120 }), (rows, width) => {
        const clean = rows.map(({ id, note, price }) => ({ id: id.replace(/[^\x20-\x7e]/g, 'x'), note, price }));
        for (const line of table(COLUMNS, clean, { width })) expect(widthOf(line)).to.be.at.most(width);
      }),
    );
  });

  it('lines facts up and drops those without a value', () => {
    const lines = facts(
      [
        ['id', '1'],
        ['nothing', ''],
        ['token', 'BONK'],
      ],
      (text) => text,
    );
    expect(lines).to.deep.equal(['id     1', 'token  BONK']);
  });

  it('frames lines, in ASCII where the terminal shows no more', () => {
    expect(box(['NOT FOR', 'PRODUCTION'], true)[0]).to.equal('╭────────────╮');
    expect(box(['NOT FOR', 'PRODUCTION'], false)).to.deep.equal([
      '+------------+',
      '| NOT FOR    |',
      '| PRODUCTION |',
      '+------------+',
    ]);
  });
});
