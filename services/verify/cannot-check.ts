/** The checker could not look: a file is missing or broken. It says nothing about what was to be checked. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
}
