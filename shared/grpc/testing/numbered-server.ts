/**
 * A process of its own that serves numbered streams, so that a test can kill or freeze it:
 * `node numbered-server.js <port> <head> <pause at>`. Each stream goes from its cursor to `head`; after the message `pause at`
 * it waits for ever. The address is printed when it serves.
 */
import type { StreamOrderRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { DeliveryServiceService } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { silentLogger } from '../../core/logger.js';
import { startGrpcServer } from '../server.js';
import { serverStream } from '../stream.js';
import { deliveryHandlers, messageFrame, sequenceOf, startOf } from './delivery.js';

const [port = '0', head = '0', pauseAt = '0'] = process.argv.slice(2);

const implementation = deliveryHandlers({
  streamOrder: serverStream(
    async (request: StreamOrderRequest, ctx, out) => {
      for (let sequence = request.afterSequence + 1n; sequence <= BigInt(head); sequence += 1n) {
        await out.write(messageFrame(sequence));
        if (sequence !== BigInt(pauseAt)) continue;
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      }
    },
    { sequenceOf, startOf },
  ),
});

const services = [{ definition: DeliveryServiceService, implementation }];
const server = await startGrpcServer({ port: Number(port), name: 'numbered server', logger: silentLogger, services });
console.log(server.address);
