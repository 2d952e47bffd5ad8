import { box } from './box.js';
import type { Style } from './style.js';
import { facts } from './table.js';

/** What the banner tells of a running stack. */
export interface Running {
  readonly requestorAddress: string;
  readonly processorAddress: string;
  readonly sandboxUrl: string;
  readonly consoleUrl: string;
  readonly walletAddress: string;
  readonly dataDir: string;
}

const BONK = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263';

/** What `exitlane dev` shows when it is ready: what it is, where it is, and lines to paste. */
export function devBanner(
  running: Running,
  command: string,
  { style, utf8 }: { style: Style; utf8: boolean },
): string[] {
  const { requestorAddress: requestor, processorAddress: processor } = running;
  const submit = `{"order_req_id":"first","order_type":"ORDER_TYPE_ENTRY","token_address":"${BONK}","amount_sol":"0.5"}`;
  return [
    ...box(['NOT FOR PRODUCTION - sandbox venue, no real money, no authentication'], utf8, style.yellow),
    '',
    ...facts(
      [
        ['requestor', requestor],
        ['processor', processor],
        ['sandbox', running.sandboxUrl],
        ['console', running.consoleUrl],
        ['wallet', running.walletAddress],
        ['data dir', running.dataDir],
      ],
      style.dim,
    ),
    '',
    `${style.bold('Watch it in a browser')}  ${running.consoleUrl}`,
    '',
    style.bold('Try it from another terminal'),
    `  ${command} submit entry --token BONK --sol 0.5 --id first --watch`,
    `  ${command} positions`,
    `  ${command} queue --watch`,
    `  ${command} call --describe SubmitOrder`,
    '',
    style.bold('The same with grpcurl'),
    `  grpcurl -plaintext ${requestor} list`,
    `  grpcurl -plaintext ${requestor} describe exitlane.v1.OrderService.SubmitOrder`,
    `  grpcurl -plaintext -d '${submit}' ${requestor} exitlane.v1.OrderService/SubmitOrder`,
    `  grpcurl -plaintext -d '{"order_req_id":"first"}' ${processor} exitlane.v1.DeliveryService/StreamOrder`,
    '',
    'Ctrl-C stops it.',
  ];
}
