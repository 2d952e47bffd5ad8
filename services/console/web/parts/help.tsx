import { KEYS } from '../state/keys.js';
import { Dialog } from './dialog.js';

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <footer>
        <button type="button" class="primary" autofocus onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
