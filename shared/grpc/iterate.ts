/** Why the body of `stoppable` was told to stop when its consumer simply left. */
const LEFT = Symbol('the consumer left');

/**
 * An async iterable whose body can be stopped at any time. Every iteration runs the body anew with a signal of its own, which
 * aborts when the outer signal does, or when the consumer leaves (`break`, `return()`) - at once, even while the body waits:
 * `return()` of a plain generator would queue behind that wait.
 */
export function stoppable<T>(
  outer: AbortSignal | undefined,
  body: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => iterate(outer, body) };
}

function iterate<T>(
  outer: AbortSignal | undefined,
  body: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterator<T, void, undefined> {
  const controller = new AbortController();
  const onOuterAbort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) onOuterAbort();
  else outer?.addEventListener('abort', onOuterAbort, { once: true });
  const generator = body(controller.signal);
  const done = (): IteratorReturnResult<void> => {
    outer?.removeEventListener('abort', onOuterAbort);
    return { done: true, value: undefined };
  };
  return {
    async next() {
      try {
        const result = await generator.next();
        return result.done ? done() : result;
      } catch (error) {
        done();
        if (controller.signal.reason === LEFT) return done();
        throw error;
      }
    },
    async return() {
      controller.abort(LEFT);
      try {
        await generator.return();
      } catch (error) {
        if (controller.signal.reason !== LEFT) throw error;
      }
      return done();
    },
  };
}
