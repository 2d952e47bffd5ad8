import { useState } from 'preact/hooks';
import { messageOf, signIn } from '../state/http.js';
import { connect } from '../state/stream.js';
import { Logo } from './icons.js';

/** Asks for a token, where the console has users. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setProblem('');
    try {
      await signIn(token);
      await connect();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Logo />
        <h1>Exitlane</h1>
        <label>
          Token
          <input
            type="password"
            autocomplete="current-password"
            autofocus
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {problem !== '' && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy || token === ''}>
          Sign in
        </button>
      </form>
    </main>
  );
}
