import { messageOf } from '../../shared/core/errors.js';
import { staleFiles } from './settings-docs.js';

/** `make docs` writes what is generated from the settings; `--check` only says what is stale. */
const isCheck = process.argv.includes('--check');

try {
  const stale = staleFiles({ write: !isCheck });
  for (const name of stale) console.log(isCheck ? `${name} is stale: run make docs` : `wrote ${name}`);
  if (isCheck && stale.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
