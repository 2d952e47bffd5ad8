import { useState } from 'preact/hooks';
import { messageOf, post } from '../state/http.js';
import { toast } from '../state/store.js';

export interface Act {
  /** Under way: nothing else may be started from the same place. */
  readonly busy: boolean;
  /** What went wrong the last time; empty if nothing did. */
  readonly problem: string;
  /** Sends it; true if it was done. */
  readonly run: (url: string, body: unknown, done: string) => Promise<boolean>;
  readonly forget: () => void;
}

/** Sends what a person wants, once at a time, and says how it went. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  return {
    busy,
    problem,
    forget: () => setProblem(''),
    async run(url, body, done) {
      setBusy(true);
      setProblem('');
      try {
        await post(url, body);
        toast('good', done);
        return true;
      } catch (error) {
        setProblem(messageOf(error));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
