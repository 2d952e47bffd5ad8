import type { ComponentChildren } from 'preact';
import { useSelect } from '../state/hooks.js';
import { connect } from '../state/stream.js';
import { timeOfDay } from './basics.js';

/** What is not there, since when, and what that means for what is shown. Lies over the page, so that nothing jumps. */
export function Banner() {
  const link = useSelect((state) => state.link);
  const linkSince = useSelect((state) => state.linkSince);
  const services = useSelect((state) => state.services);
  if (link === 'lost') {
    return (
      <Bar tone="bad">
        <b>No connection to the console since {timeOfDay(linkSince)}.</b> What you see is from then. Trying again.
      </Bar>
    );
  }
  if (link === 'paused') {
    return (
      <Bar tone="warn">
        <b>This tab rests since {timeOfDay(linkSince)}</b>, because too many others are open.{' '}
        <button type="button" class="small" onClick={() => void connect()}>
          Wake it up
        </button>
      </Bar>
    );
  }
  const requestor = services.find(({ service }) => service === 'requestor');
  const processor = services.find(({ service }) => service === 'processor');
  if (requestor?.up === false) {
    return (
      <Bar tone="bad">
        <b>Requestor down since {timeOfDay(requestor.since)}.</b> Queue, orders, positions and alerts are from then. It
        heals by itself.
      </Bar>
    );
  }
  if (processor?.up === false) {
    return (
      <Bar tone="bad">
        <b>Processor down since {timeOfDay(processor.since)}.</b> No order executes; transactions that were sent go on
        and are looked up when it is back.
      </Bar>
    );
  }
  return null;
}

function Bar({ tone, children }: { readonly tone: string; readonly children: ComponentChildren }) {
  return (
    <div class={`banner ${tone}`} role="alert">
      <p>{children}</p>
    </div>
  );
}
