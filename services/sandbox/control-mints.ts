import { SANDBOX_MINTS, type SandboxMint } from './mints.js';

/** A request the control endpoint refuses; `field` names what is wrong. */
export class ControlError extends Error {
  override readonly name = 'ControlError';

  constructor(
    readonly field: string,
    message: string,
  ) {
    super(`${field}: ${message}`);
  }
}

/** A token by mint address or symbol; `SOL` is wrapped SOL. Throws a ControlError. */
export function mintNamed(name: string): SandboxMint {
  const found = SANDBOX_MINTS.find((mint) => mint.address === name || mint.symbol === name.toUpperCase());
  if (!found) {
    const symbols = SANDBOX_MINTS.map((mint) => mint.symbol).join(', ');
    throw new ControlError('mint', `unknown token; the sandbox has ${symbols}`);
  }
  return found;
}

/** A token whose price can be moved. Throws a ControlError. */
export function movableMintNamed(name: string): SandboxMint {
  const mint = mintNamed(name);
  if (mint.startPriceSol === 'pegged') {
    throw new ControlError('mint', `${mint.symbol} is worth 1 USD by definition: move SOL instead`);
  }
  return mint;
}
