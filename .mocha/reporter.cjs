// Mocha's dot reporter, which tells a failure as soon as it happens and closes with one plain line: 'N passed, N failed'.
const { reporters } = require('mocha');

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.on('fail', (test, error) => {
      process.stdout.write(`\n  failed: ${test.fullTitle()}\n          ${String(error?.message).split('\n')[0]}\n  `);
    });
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      process.stdout.write(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
    });
  }
};
