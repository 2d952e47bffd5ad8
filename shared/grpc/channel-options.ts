import type { ChannelOptions } from '@grpc/grpc-js';
import { GRPC_CLIENT_RECEIVE_BYTES_MAX, GRPC_KEEPALIVE_TIME_MS, GRPC_KEEPALIVE_TIMEOUT_MS } from '../core/limits.js';
import { serversAt } from './addresses.js';
import {
  BALANCED_KEEPALIVE_TIME_MS,
  BALANCED_KEEPALIVE_TIMEOUT_MS,
  DNS_LOOKUP_INTERVAL_MS,
  RECONNECT_INITIAL_MS,
  RECONNECT_LOOPBACK_MS_MAX,
  RECONNECT_MS_MAX,
} from './bounds.js';

/**
 * Calls go round the servers that are connected. Health is not asked for on top of that: grpc-js has no such check, and it would come
 * later than what is there. A server that drains says so on the connection in the same instant in which its health turns (GOAWAY),
 * one that was killed breaks it, a frozen one is given up by keepalive; and one that lives without its database refuses with
 * UNAVAILABLE, whereupon the next try goes to its neighbour.
 */
const ROUND_ROBIN = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/**
 * Every channel default that matters here, stated.
 * @param address see `serversAt`
 */
export function channelOptions(address: string): ChannelOptions {
  const { balanced, loopback } = serversAt(address);
  return {
    'grpc.max_receive_message_length': GRPC_CLIENT_RECEIVE_BYTES_MAX,
    // A frozen server is noticed by an idle client too, before it needs the answer.
    'grpc.keepalive_time_ms': balanced ? BALANCED_KEEPALIVE_TIME_MS : GRPC_KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': balanced ? BALANCED_KEEPALIVE_TIMEOUT_MS : GRPC_KEEPALIVE_TIMEOUT_MS,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_INITIAL_MS,
    'grpc.max_reconnect_backoff_ms': loopback ? RECONNECT_LOOPBACK_MS_MAX : RECONNECT_MS_MAX,
    'grpc.dns_min_time_between_resolutions_ms': DNS_LOOKUP_INTERVAL_MS,
    // No service config is kept in DNS: its TXT lookup would only delay the first call.
    'grpc.service_config_disable_resolution': 1,
    ...(balanced ? { 'grpc.service_config': ROUND_ROBIN } : {}),
    // A proxy from the environment has no business between two processes of one machine.
    ...(loopback ? { 'grpc.enable_http_proxy': 0 } : {}),
  };
}
